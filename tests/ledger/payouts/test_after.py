"""What a pay-out leaves behind: a plan that cannot be voided, books others re-add, and nothing of who was erased."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.urls import reverse

from coop import privacy
from coop.kernel import clock
from coop.kernel.errors import Refused
from ledger.models import Account, PayoutDetails, PayoutFile, Posting
from ledger.selectors import payouts as selectors
from ledger.services import distribution, payout_details, payouts, surplus
from ledger.services.accounts import account, create_account
from ledger.services.posting import Line, post_entry
from members import services as members
from members.models import Party
from members.selectors.rights import traces
from tests.ledger.payout_factories import IBANS, make_run, owe, paid, ready, with_iban
from tests.ledger.surplus_factories import make_import, make_plan, posted
from tests.ledger.test_journal_export import READERS, ours, written
from tests.members.factories import dead, erased

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def log(settings, tmp_path):
    settings.ERASURE_LOG = str(tmp_path / "erasures.jsonl")


@pytest.fixture
def plan(coop, lena, jonas, buyers):
    """A posted plan; Amara and Ben have named an account."""
    make_import(lena, {1: "2000.00", 2: "500.00", 3: "20.00"})
    ready(coop, lena)
    with_iban(lena, buyers[1], 0)
    with_iban(lena, buyers[2], 1)
    return posted(make_plan(lena), lena, jonas)


def void(lena, plan):
    return distribution.void_distribution(
        actor=lena, plan_id=plan.pk, because="The result was wrong.", on=clock.today(plan.coop)
    )


def test_a_plan_that_was_paid_out_is_not_voided_and_its_page_says_so(plan, lena, jonas, coop, client_of):
    run = make_run(lena)
    with pytest.raises(Refused, match="Pay-out 1 is under way"):
        surplus.void(actor=lena, plan=plan, because="wrong")
    paid(run, jonas)
    lines = Posting.objects.count()
    for act in (lambda: surplus.void(actor=lena, plan=plan, because="wrong"), lambda: void(lena, plan)):
        with pytest.raises(Refused, match=r"has left the members’ accounts \(member 1, 2\)"):
            act()
    assert Posting.objects.count() == lines
    where = reverse("ledger:plan-void", kwargs={"coop": coop.slug, "pk": plan.pk})
    assert "This cannot be undone any more" in client_of(lena).get(where).content.decode()
    answer = client_of(lena).post(where, {"because": "wrong"})
    assert answer.status_code == 422
    assert "has left the members’ accounts" in answer.content.decode()


def test_when_every_payment_came_back_it_can_be_voided_again(plan, lena, jonas, coop):
    run = paid(make_run(lena), jonas)
    for line in run.lines.filter(amount__gt=0):
        payouts.record_return(actor=lena, line=line, on=clock.today(coop), because="account closed")
    void(lena, plan)
    plan.refresh_from_db()
    assert plan.state == "void"


def test_a_pay_out_that_comes_in_between_stops_the_voiding(plan, lena, monkeypatch):
    monkeypatch.setattr(distribution, "refuse_moved_on", lambda found: make_run(lena))
    lines = Posting.objects.count()
    with pytest.raises(Refused, match="A pay-out came in between"):
        void(lena, plan)
    assert Posting.objects.count() == lines


@pytest.mark.books
def test_three_programs_agree_after_a_pay_out_and_after_a_void(plan, lena, jonas, coop, tmp_path):
    paid(make_run(lena), jonas)
    _agree(coop, tmp_path)
    make_import(lena, {1: "10.00", 3: "90.00"}, year=2024)
    before = {fmt: ours(coop, name) for fmt, (_read, name) in READERS.items()}
    void(lena, posted(make_plan(lena, year=2024), lena, jonas))
    for fmt, (_read, name) in READERS.items():
        after = {named: amount for named, amount in ours(coop, name).items() if amount}
        assert after == {named: amount for named, amount in before[fmt].items() if amount}, "voiding restores balances"
    _agree(coop, tmp_path)


def _agree(coop, tmp_path) -> None:
    for fmt, (read, name) in READERS.items():
        expected = {named: amount for named, amount in ours(coop, name).items() if amount}
        assert len(expected) > 6
        assert read(written(coop, fmt, tmp_path)) == expected, fmt


def test_an_erased_persons_accounts_are_gone_everywhere(plan, lena, jonas, mei, buyers, coop):
    ben = buyers[2]
    with clock.at(clock.now() - timedelta(days=4 * 366 + 200)):
        members.give_notice(actor=mei, membership=ben, received_on=clock.today(coop), because="Moving away.")
    members.end_due(coop)
    ben.refresh_from_db()
    payout_details.record_details(actor=lena, membership=ben, way="sepa", holder="Ben’s Aunt Iphigenia", iban=IBANS[2])
    members.ask_change(actor=mei, party=ben.party, kind="bank", iban=IBANS[3])
    run = make_run(lena)
    with pytest.raises(Refused, match="under way"):
        privacy.erase_person(actor=mei, party=ben.party, scope="all", basis="Asked.")
    assert Party.objects.get(pk=ben.party_id).erased_at is None, "refused as a whole"
    paid(run, jonas)
    words = [IBANS[1], IBANS[2], IBANS[3], "Iphigenia"]
    assert "members_changerequest.said" in traces(words)
    done = privacy.erase_person(actor=mei, party=ben.party, scope="all", basis="Asked.")
    assert done.left == {}
    assert traces(words) == {}
    assert not PayoutDetails.objects.filter(membership=ben).exists()
    assert not PayoutFile.objects.exists(), "the bank's file named the account too"
    run.refresh_from_db()
    assert run.file_digest
    assert PayoutDetails.objects.filter(membership=buyers[1]).exists(), "nobody else's"


def test_the_account_goes_with_the_contact_data_too(lena, mei, buyers, coop):
    ben = buyers[2]
    with_iban(lena, ben, 1)
    with clock.at(clock.now() - timedelta(days=2 * 366)):
        members.give_notice(actor=mei, membership=ben, received_on=clock.today(coop), because="Moving away.")
    members.end_due(coop)
    privacy.erase_person(actor=mei, party=ben.party, scope="contact", basis="Asked.")
    assert Party.objects.get(pk=ben.party_id).erased_at is None, "the register still names him"
    assert not PayoutDetails.objects.exists()
    assert traces([IBANS[1]]) == {}


@pytest.fixture
def everybody(coop, lena, buyers):
    """Amara has died, Ben was erased, Carla named no account, and three more: in debt, another currency, and paid."""
    from tests.members.factories import make_member

    ready(coop, lena)
    more = {n: make_member(coop, name=name, on=date(2022, 6, n)) for n, name in ((4, "Dora"), (5, "Emil"), (6, "Fay"))}
    people = buyers | more
    for number in (1, 2, 3, 4, 6):
        owe(coop, people[number], refund=number * 10_00, debt=15_00 if number == 4 else 0)
    for place, number in enumerate((1, 4, 6)):
        with_iban(lena, people[number], place)
    dead(people[1])
    erased(people[2])
    general = account(coop, "share_interest_payable")
    francs = Account.objects.create(
        coop=coop, code="2110-CHF-5", name="Interest, francs", kind=general.kind, currency="CHF",
        purpose="share_interest_payable", parent=general, membership=people[5], year=2025,
    )  # fmt: skip
    counter = create_account(actor=lena, code="3901", name="Francs", kind="equity", currency="CHF")
    lines = [Line(counter, 7_00), Line(francs, -7_00)]
    post_entry(actor=lena, on=clock.today(coop), kind="manual", memo="francs", key="chf", lines=lines)
    return people


EACH = {
    "deceased": (1, "has died; belongs to the estate"),
    "erased": (2, "was erased from the register"),
    "without bank details": (3, "no bank account known"),
    "with debts": (4, "€15.00"),
    "in another currency": (5, "is owed in another currency"),
    "paid": (6, "•••• 3000"),
}


def test_each_kind_of_member_is_handled_and_shown_on_the_page(everybody, lena, coop, client_of):
    run = make_run(lena, set_off=True)
    said = {line.number: (line.amount, line.netted, line.waiting) for line in run.lines.all()}
    assert said == {
        1: (0, 0, 10_00),
        2: (0, 0, 20_00),
        3: (0, 0, 30_00),
        4: (25_00, 15_00, 0),
        5: (0, 0, 7_00),
        6: (60_00, 0, 0),
    }
    assert run.total == 85_00
    where = reverse("ledger:payout", kwargs={"coop": coop.slug, "pk": run.pk})
    page = client_of(lena).get(where).content.decode()
    for kind, (number, words) in EACH.items():
        row = page[page.index(f">000{number} ") :].partition("</tr>")[0]
        assert words in row or kind == "paid", (kind, row)
    assert "•••• 0201" in page or "•••• " in page
    assert {reason for reason, _count, _total in selectors.held_by_reason(run)} == {
        EACH[kind][1] for kind in ("deceased", "erased", "without bank details", "in another currency")
    }
