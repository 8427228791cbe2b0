"""Recurring dues: by-laws to rule, run, charge, payment, waiver; and what the database refuses."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from coop.kernel import clock, jobs
from coop.kernel.errors import Refused
from coop.kernel.models import Job
from coop.kernel.tenancy import Actor
from ledger import dues_terms
from ledger.dues_words import why
from ledger.instalments import Part
from ledger.models import DuesCharge, DuesRun, DuesWaiver, Entry, MemberFee
from ledger.reminder_words import reminder
from ledger.selectors.charging import propose
from ledger.selectors.debits import collectable
from ledger.selectors.dues import owed_by, unpaid
from ledger.selectors.shares import reconciliation
from ledger.services.accounts import account, member_account
from ledger.services.dues import ask_to_charge, charge_dues, let_off, waive_dues
from ledger.services.mandates import give_mandate
from ledger.services.posting import Line, post_entry, reverse_entry
from ledger.services.shares import reverse_payment
from ledger.splitting import split
from members.services.leaving import give_notice
from tests.cast import make_user, signed_in
from tests.ledger.debit_factories import IBANS
from tests.ledger.dues_factories import charged, dues_of
from tests.ledger.factories import make_payment, make_shareholder
from tests.ledger.surplus.test_races import at_once, errors, fresh, refusals
from tests.members.factories import make_class

pytestmark = pytest.mark.django_db(databases=["default", "owner"])
MONTH = date(2026, 1, 1)
AT = "2026-01-10"


@pytest.fixture
def then():
    with clock.at(clock.now().replace(year=2026, month=1, day=10, hour=12)):
        yield


@pytest.fixture
def anna(coop, lena, then):
    return make_shareholder(coop, name="Anna Dues", on=date(2025, 3, 1))


def test_periods_follow_the_fiscal_year():
    assert dues_terms.span(12, date(2026, 2, 9), 6) == (date(2025, 7, 1), date(2026, 6, 30))
    assert dues_terms.span(3, date(2026, 2, 9), 12) == (date(2026, 1, 1), date(2026, 3, 31))
    assert dues_terms.span(1, date(2026, 2, 9), 3) == (date(2026, 2, 1), date(2026, 2, 28))


@pytest.mark.parametrize(
    ("joined", "left", "joining", "leaving", "months"),
    [
        ("2020-05-03", None, "months", "months", 12),
        ("2026-05-03", None, "whole", "whole", 12),
        ("2026-05-03", None, "months", "whole", 8),
        ("2026-05-03", None, "next", "whole", 0),
        ("2026-01-01", None, "next", "whole", 12),
        ("2020-05-03", "2026-02-28", "whole", "months", 2),
        ("2020-05-03", "2026-02-28", "whole", "whole", 12),
        ("2026-05-03", "2026-06-30", "months", "months", 2),
        ("2027-01-01", None, "whole", "whole", 0),
        ("2020-01-01", "2025-12-31", "whole", "whole", 0),
    ],
)
def test_joining_and_leaving_within_a_period(joined, left, joining, leaving, months):
    found = dues_terms.share(
        rate=2500, starts=MONTH, ends=date(2026, 12, 31), joined=date.fromisoformat(joined),
        left=date.fromisoformat(left) if left else None, joining=joining, leaving=leaving,
    )  # fmt: skip
    assert (found.months if found else 0) == months
    assert (found.amount if found else 0) == 2500 * months // 12


def test_a_payment_goes_to_the_fee_and_then_to_what_is_oldest():
    dues = [Part(date(2026, 1, 31), 600), Part(date(2026, 2, 28), 600)]
    shares = [Part(date(2026, 1, 15), 5000), Part(date(2026, 2, 28), 5000)]
    for amount, wanted in (
        (900, (900, 0, 0, 0)),
        (6200, (1000, 200, 5000, 0)),
        (7000, (1000, 1000, 5000, 0)),
        (99_999, (1000, 1200, 10_000, 87_799)),
    ):
        found = split(amount, fee=1000, dues=dues, shares=shares)
        assert (found.fee, found.dues, found.capital, found.kept) == wanted


def test_a_run_charges_everybody_once_and_says_why(coop, lena, anna):
    bert = make_shareholder(coop, name="Bert Late", on=date(2026, 1, 5))
    free = make_shareholder(coop, name="Cleo Free", on=date(2025, 3, 1))
    dues_of(lena, anna, every=12, amount=2400, joining="months", reduced=1200)
    let_off(actor=lena, membership=free, kind="exempt", ground="hardship", decision="Board 7", starts=MONTH)
    let_off(actor=lena, membership=bert, kind="reduced", ground="training", decision="Board 8", starts=MONTH)
    proposal = propose(coop, MONTH)
    assert [(x.membership.pk, x.amount) for x in proposal.lines] == [(anna.pk, 2400), (bert.pk, 1200)]
    assert [each.pk for each, _relief in proposal.exempt] == [free.pk]
    assert why(proposal.lines[1]) == "Dues for 1 Jan 2026 to 31 Dec 2026: €12.00, reduced: in education or training."
    run = charged(lena, MONTH)
    assert (run.state, run.count, run.total) == ("posted", 2, 3600)
    assert owed_by(anna, date(2026, 1, 10)).dues == 2400
    assert [d.membership.pk for d in unpaid(coop, date(2026, 1, 10)) if d.owed.dues] == [anna.pk, bert.pk]
    assert charge_dues(actor=lena, run_id=run.pk).pk == run.pk  # again: nothing new
    assert DuesCharge.objects.count() == 2 == Entry.objects.filter(kind="dues").count()
    with pytest.raises(Refused, match="Nobody is to be charged"):
        ask_to_charge(actor=lena, month=date(2026, 6, 1), seen=propose(coop, date(2026, 6, 1)).hash)


def test_a_list_that_changed_since_is_not_charged(coop, lena, anna):
    dues_of(lena, anna, every=1, amount=500)
    seen = propose(coop, MONTH).hash
    job = ask_to_charge(actor=lena, month=MONTH, seen=seen)
    make_shareholder(coop, name="Dora New", on=date(2026, 1, 2))
    run = DuesRun.objects.get()
    with pytest.raises(Refused, match="has changed"):
        charge_dues(actor=jobs.actor_of(Job.objects.get(pk=job.pk)), run_id=run.pk)
    run.refresh_from_db()
    assert (run.state, DuesCharge.objects.count(), Entry.objects.filter(kind="dues").count()) == ("cancelled", 0, 0)


def test_a_run_whose_work_stopped_gives_way(coop, lena, anna):
    dues_of(lena, anna)
    ask = {"actor": lena, "month": MONTH, "seen": propose(coop, MONTH).hash}
    job = ask_to_charge(**ask)
    with pytest.raises(Refused, match="being charged"):
        ask_to_charge(**ask)
    Job.objects.filter(pk=job.pk).update(state="failed")
    again = ask_to_charge(**ask)
    assert list(DuesRun.objects.order_by("number").values_list("state", flat=True)) == ["cancelled", "draft"]
    assert charge_dues(actor=lena, run_id=again.args[0]).state == "posted"


def test_a_collection_asks_for_dues_that_are_due(coop, lena, anna):
    dues_of(lena, anna)
    charged(lena, MONTH)
    give_mandate(actor=lena, membership=anna, iban=IBANS[1], signed_on=date(2026, 1, 10))
    assert [each.amount for each in collectable(coop, date(2026, 1, 11))] == []
    assert [each.amount for each in collectable(coop, date(2026, 2, 20))] == [2400]


def test_paid_reversed_and_waived(coop, lena, anna):
    """What is owed is what the account says: after a payment, its reversal, a waiver of what is open, and of what is
    paid."""
    today = date(2026, 1, 10)
    dues_of(lena, anna, every=12, amount=2400)
    charged(lena, MONTH)
    charge = DuesCharge.objects.get(membership=anna)
    paid = make_payment(anna, 1000, on=today)
    assert (paid.dues, paid.fee, paid.capital, paid.kept) == (1000, 0, 0, 0)
    assert owed_by(anna, today).dues == 1400
    reverse_payment(actor=lena, entry=paid.entry, on=today, because="bounced")
    assert [part.amount for part in owed_by(anna, today).claims] == [2400]
    waive_dues(actor=lena, charge=charge, kind="waived", decision="Board 9", amount=400, on=today)
    assert owed_by(anna, today).dues == 2000
    make_payment(anna, 2000, on=today)
    given = waive_dues(actor=lena, charge=charge, kind="waived", decision="Board 10", amount=500, on=today)
    assert owed_by(anna, today).dues == 0
    back = given.entry.lines.filter(account__purpose="member_credit").get()
    assert (back.amount, back.account.membership_id) == (-500, anna.pk)
    with pytest.raises(Refused, match="15.00 is left"):
        waive_dues(actor=lena, charge=charge, kind="waived", decision="Board 11", amount=1501, on=today)
    with pytest.raises(Refused, match="waive the dues"):
        reverse_entry(actor=lena, entry=charge.entry, on=today, because="no")
    assert reconciliation(coop).agrees
    assert not MemberFee.objects.filter(kind="dues").exists()  # the account says it, nothing else


def test_what_was_paid_in_advance_is_used(coop, lena, anna):
    make_payment(anna, 3000, on=date(2026, 1, 9), overpayment="keep")
    dues_of(lena, anna, every=12, amount=2400)
    charged(lena, MONTH)
    assert owed_by(anna, date(2026, 1, 10)).dues == 0


def test_who_leaves_is_given_back_the_months_after(coop, lena, then):
    quick = make_class(coop, "supporter", notice_rule={"to": "month_end", "months": 1})
    anna = make_shareholder(coop, name="Anna Goes", on=date(2025, 3, 1), member_class=quick)
    dues_of(lena, anna, every=12, amount=2400, leaving="months")
    charged(lena, MONTH)
    make_payment(anna, 2400, on=date(2026, 1, 10))
    give_notice(actor=Actor.system(coop), membership=anna, received_on=date(2026, 1, 10))
    anna.refresh_from_db()
    months = dues_terms.months_between(MONTH, anna.ends_on)
    proposal = propose(coop, date(2026, 2, 1))
    assert [(each.charge.membership_id, each.amount) for each in proposal.back] == [(anna.pk, 2400 - 200 * months)]
    run = charged(lena, date(2026, 2, 1))
    assert (run.count, run.given_back) == (0, 2400 - 200 * months)
    assert (months, DuesWaiver.objects.get().kind) == (2, "left")


RUN = {"month": MONTH, "posted_on": MONTH, "due_on": MONTH, "count": 1, "total": 2400, "hash": "x"}
NAMES = "coop_id membership_id rule_id starts ends months of_months rate amount due_on entry_id"


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"amount": "amount * 2", "rate": "rate * 2"}, "what their entry says"),
        ({"months": "1"}, "duescharge_adds_up"),
        ({"membership_id": "%(other)s"}, "what their entry says"),
        ({"coop_id": "%(elsewhere)s"}, "what their entry says|same_coop"),
        ({}, "by a run under way"),
    ],
)
def test_a_charge_its_entry_does_not_carry_is_refused(coop, other_coop, lena, anna, said, sentence):
    """Raw SQL as the application's role, in place of the charge that was made."""
    dues_of(lena, anna)
    over = charged(lena, MONTH)
    other = make_shareholder(coop, name="Other One", on=date(2025, 3, 1))
    charge = DuesCharge.objects.get()
    lines = [Line(member_account(anna, "member_receivable"), 2400), Line(account(coop, "dues"), -2400)]
    entry = post_entry(actor=lena, on=MONTH, kind="dues", memo="", key=f"dues:{anna.pk}:2027-01-01", lines=lines)
    columns = {name: name for name in NAMES.split()} | said
    sql = (
        f"INSERT INTO ledger_duescharge (run_id, {', '.join(columns)}) SELECT %(run)s, {', '.join(columns.values())}"
        " FROM was"
    )
    with pytest.raises(DatabaseError, match=sentence), transaction.atomic(), connection.cursor() as cursor:
        run = DuesRun.objects.create(coop=coop, number=9, **RUN) if said else over
        values = ", ".join(str(each) for each in (coop.pk, charge.membership_id, charge.rule_id))
        sql = sql.replace(
            "FROM was",
            f"FROM (SELECT {values}, '2027-01-01'::date, '2027-12-31'::date, 12, 12, 2400, 2400, '2027-01-31'::date,"
            f" {entry.pk}) AS was ({NAMES.replace(' ', ', ')})",
        )
        cursor.execute(sql, {"run": run.pk, "other": other.pk, "elsewhere": other_coop.pk})
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_no_day_is_charged_twice_and_no_total_is_bent(coop, lena, anna):
    dues_of(lena, anna)
    run = charged(lena, MONTH)
    for sql, sentence in (
        ("UPDATE ledger_duescharge SET amount = 1", "permission denied"),
        ("DELETE FROM ledger_dueswaiver", "permission denied"),
        ("UPDATE ledger_duesrun SET total = 1", "stay as they are"),
        ("UPDATE ledger_duesrun SET state = 'cancelled'", "stay as they are"),
        ("DELETE FROM ledger_duesrun", "permission denied|Cannot delete"),
        ("UPDATE ledger_duesrule SET amount = 1", "permission denied"),
        ("UPDATE ledger_duesrelief SET kind = 'exempt'", "permission denied"),
    ):
        with pytest.raises(DatabaseError, match=sentence), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    draft = DuesRun.objects.create(coop=coop, number=9, **RUN)
    with pytest.raises(DatabaseError, match="control total disagree"), transaction.atomic():
        DuesRun.objects.filter(pk=draft.pk).update(state="posted")
    made = DuesCharge.objects.get()
    with pytest.raises(DatabaseError, match="never_overlaps"), transaction.atomic():
        made.pk, made.run, made.starts, made._state.adding = None, draft, date(2026, 3, 1), True
        made.entry = post_entry(
            actor=lena, on=MONTH, kind="dues", memo="", key=f"dues:{anna.pk}:2026-03-01",
            lines=[Line(member_account(anna, "member_receivable"), 2400), Line(account(coop, "dues"), -2400)],
        )  # fmt: skip
        made.save(force_insert=True)
    assert run.charges.count() == 1


def test_more_than_was_charged_is_not_waived_by_raw_sql(coop, lena, anna):
    today = date(2026, 1, 10)
    dues_of(lena, anna)
    charged(lena, MONTH)
    charge = DuesCharge.objects.get()
    waiver = waive_dues(actor=lena, charge=charge, kind="waived", decision="B", amount=2000, on=today)
    for amount in (401, 400):  # too much; and right, but without an entry of its own
        again = DuesWaiver(coop=coop, charge=charge, kind="waived", decision="B", amount=amount, entry=waiver.entry)
        with pytest.raises(DatabaseError, match="no more is waived"), transaction.atomic():
            again.save(force_insert=True)


def test_the_member_the_treasurer_and_the_reminder_say_the_same(coop, lena, then):
    user = make_user("uma")
    uma = make_shareholder(coop, name="Uma Owes", user=user, on=date(2025, 3, 1))
    dues_of(lena, uma)
    charged(lena, MONTH)
    sentence = "Dues for 1 Jan 2026 to 31 Dec 2026: €24.00."
    mine = signed_in(user).get(reverse("ledger:money", kwargs={"coop": coop.slug})).content.decode()
    hers = signed_in(lena.user).get(reverse("ledger:holding", kwargs={"coop": coop.slug, "number": uma.number}))
    assert sentence in mine
    assert sentence in hers.content.decode()
    desk = signed_in(lena.user).get(reverse("ledger:desk", kwargs={"coop": coop.slug}))
    assert desk.context["dues"] == 2400
    assert "Dues still to pay" in desk.content.decode()
    late = date(2026, 2, 20)
    (debtor,) = [each for each in unpaid(coop, late) if each.owed.due]
    sheet = reminder(debtor, late)
    assert sheet["due"]["rows"] == [[sentence, "€24.00"]]
    assert sheet["due"]["sum"][1] == "€24.00"


def test_a_month_is_charged_through_the_pages(coop, lena, anna):
    client, at = signed_in(lena.user), {"coop": coop.slug}
    dues_of(lena, anna, every=1, amount=500)
    page = client.get(reverse("ledger:dues-charge", kwargs=at) + "?month=2026-01").content.decode()
    seen = propose(coop, MONTH, on=date(2026, 1, 10)).hash
    assert seen in page
    assert "€5.00" in page
    wrong = client.post(reverse("ledger:dues-charge", kwargs=at), {"month": "2026-01", "seen": "0" * 64})
    assert (wrong.status_code, DuesRun.objects.count()) == (422, 0)
    client.post(reverse("ledger:dues-charge", kwargs=at), {"month": "2026-01", "seen": seen})
    charge_dues(actor=lena, run_id=DuesRun.objects.get().pk)
    charge = DuesCharge.objects.get()
    said = {"kind": "written_off", "amount": "5.00", "decision": "Board 12", "on": "2026-01-10"}
    client.post(reverse("ledger:dues-waive", kwargs=at | {"pk": charge.pk}), said)
    assert owed_by(anna, date(2026, 1, 10)).dues == 0


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_two_treasurers_at_once_charge_once_and_are_paid_once(coop, lena):
    """Real connections: one run, one charge, and of two payments of the same dues one is refused."""
    with clock.at(clock.now().replace(year=2026, month=1, day=10, hour=12)):
        anna = make_shareholder(coop, name="Anna Race", on=date(2025, 3, 1))
        dues_of(lena, anna)
        today, seen = clock.today(coop), propose(coop, clock.today(coop)).hash
    asked = at_once(*[lambda: ask_to_charge(actor=fresh(lena), month=today, seen=seen, on=today)] * 2)
    assert len(refusals(asked)) == 1
    assert errors(asked) == []
    run = DuesRun.objects.get()
    done = at_once(*[lambda: charge_dues(actor=fresh(lena), run_id=run.pk)] * 2)
    assert [*refusals(done), *errors(done)] == []
    assert DuesCharge.objects.count() == 1
    paid = at_once(*[lambda: make_payment(anna, 2400, on=today)] * 2)
    assert (len(refusals(paid)), errors(paid), owed_by(anna, today).dues) == (1, [], 0)
