"""From approved to posted, and to void by reversal: through both doors of the journal, once, to the cent."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.db.models import Sum

from coop.kernel import audit, clock, jobs
from coop.kernel.errors import Refused
from coop.kernel.models import Job
from ledger import tasks
from ledger.models import Account, BulkBatch, Entry, Posting, SurplusPlan
from ledger.selectors import surplus as selectors
from ledger.services import distribution, surplus
from ledger.services.accounts import account, member_account
from ledger.services.posting import Line, mirror, post_entry, reverse_entry
from tests.ledger.surplus_factories import TERMS, approved, make_import, make_plan, posted

pytestmark = pytest.mark.django_db(transaction=True)
PURCHASES = {1: "2318.40", 2: "640.00", 3: "1.60"}


@pytest.fixture(autouse=True, params=["everyday", "bulk"])
def door(request, settings):
    """Both ways into the journal: the ordinary entry, and the one built aside."""
    if request.param == "bulk":
        settings.EVERYDAY_MEMBERS = 0
    return request.param


@pytest.fixture
def plan(lena, buyers):
    make_import(lena, PURCHASES)
    return make_plan(lena)


def balances(coop):
    """Balance by code, of every account that has one."""
    rows = Posting.objects.filter(coop=coop).values_list("account__code").annotate(balance=Sum("amount"))
    return {code: balance for code, balance in rows if balance}


def run(job):
    """What the worker does with the message."""
    {"ledger.post_distribution": tasks.post_distribution, "ledger.void_distribution": tasks.void_distribution}[
        job.kind
    ](job.pk)
    job.refresh_from_db()
    return job


def test_the_books_take_it_to_the_cent(coop, lena, jonas, plan):
    found = posted(plan, lena, jonas)
    assert (found.state, found.entry.key) == ("posted", f"distribution:{plan.pk}")
    found_balances = balances(coop)
    assert sum(found_balances.values()) == 0
    assert found_balances["3400"] == 4_831_000
    assert (found_balances["3200"], found_balances["3210"]) == (-1_207_750, -241_550)
    assert {code: amount for code, amount in found_balances.items() if code.startswith("2100")} == {
        "2100-000001": -1_324_347,
        "2100-000002": -365_589,
        "2100-000003": -914,
    }
    assert {code: amount for code, amount in found_balances.items() if code.startswith("3100")} == {
        "3100-2025-000001": -1_324_347,
        "3100-2025-000002": -365_589,
        "3100-2025-000003": -914,
    }
    made = Account.objects.filter(coop=coop, membership__isnull=False).values_list("purpose", flat=True)
    assert sorted(made) == ["patronage_payable"] * 3 + ["retained_equity"] * 3  # for those who need them, no others
    assert list(audit.verify(coop)) == []


def test_interest_debts_and_what_was_carried_over(coop, lena, jonas, buyers):
    make_import(lena, PURCHASES)
    settlement = {"cash_percent": "50", "notice": "nonqualified", "de_minimis": 2_000}
    first = posted(make_plan(lena, settlement=settlement), lena, jonas)
    assert selectors.member_balances(coop, "roll_forward") == {3: -1_828}
    debt = member_account(buyers[2], "member_receivable")
    post_entry(
        actor=lena,
        on=clock.today(coop),
        kind="sale",
        memo="on credit",
        lines=[Line(debt, 1_000), Line(account(coop, "bank"), -1_000)],
        key="sale:1",
    )
    make_import(lena, {2: "10.00", 3: "90.00"}, year=2026)
    second = make_plan(
        lena,
        year=2026,
        result={"patronage": 100_000, "nonpatronage": 0, "losses_carried": 30_000},
        appropriations=[],
        settlement={"cash_percent": "50", "notice": "nonqualified", "de_minimis": 2_000},
    )
    lines = {line.number: line for line in second.lines.all()}
    assert (lines[2].allocated, lines[2].netted, lines[2].cash, lines[2].debt) == (7_000, 1_000, 2_500, 1_000)
    assert (lines[3].allocated, lines[3].cash, lines[3].carried) == (63_000, 31_500, 1_828)
    before = balances(coop)
    posted(second, lena, jonas)
    after = {code: amount - before.get(code, 0) for code, amount in balances(coop).items()}
    assert after["3400"] == 100_000
    assert after["3300"] == -30_000  # the loss of earlier years is made good
    assert after["2100-000003"] == -(31_500 + 1_828)
    assert balances(coop).get("2150-000003", 0) == 0
    assert balances(coop).get("1250-000002", 0) == 0
    assert after["2100-000002"] == -2_500
    assert first.entry_id != second.entry_id


def test_asked_twice_it_is_one_job_and_one_entry(coop, lena, jonas, plan):
    found = approved(plan, lena, jonas)
    first, second = surplus.post(actor=lena, plan=found), surplus.post(actor=lena, plan=found)
    assert first.pk == second.pk
    assert (first.title, jobs.actor_of(first).user_id) == ("Posting plan A for 2025", lena.user_id)
    assert run(first).state == "done"
    assert run(second).state == "done"
    assert Entry.objects.filter(kind="distribution").count() == 1
    with pytest.raises(Refused, match="posted already"):
        surplus.post(actor=lena, plan=found)
    entry = distribution.post_distribution(actor=lena, plan_id=found.pk, on=clock.today(coop))
    assert entry.pk == SurplusPlan.objects.get().entry_id


def test_a_closed_year_stops_the_job_with_its_sentence_and_nothing_half_done(coop, lena, jonas, plan, monkeypatch):
    found = approved(plan, lena, jonas)

    def closed(**kwargs):
        raise Refused("closed_period", "The books for this day are closed (2026).")

    monkeypatch.setattr("ledger.services.posting.open_period", closed)
    job = run(surplus.post(actor=lena, plan=found))
    assert (job.state, job.error) == ("failed", "The books for this day are closed (2026).")
    assert not Entry.objects.exists()
    found.refresh_from_db()
    assert found.state == "approved"
    monkeypatch.undo()
    assert run(surplus.post(actor=lena, plan=found)).state == "done"


def test_a_job_of_somebody_who_lost_the_office_stops(coop, lena, jonas, plan):
    found = approved(plan, lena, jonas)
    job = surplus.post(actor=lena, plan=found)
    lena.user.offices.update(ends_on=clock.today(coop) - timedelta(days=1))
    assert run(job).state == "failed"
    assert not Entry.objects.exists()


def test_accounts_are_opened_slice_by_slice_and_each_is_told(coop, lena, jonas, plan, monkeypatch):
    monkeypatch.setattr(distribution, "SLICE", 2)
    found, told = approved(plan, lena, jonas), []
    opened = {"coop": coop, "purpose": "patronage_payable", "membership__isnull": False}
    assert not Account.objects.filter(**opened).exists()
    distribution.open_accounts(actor=jonas, plan_id=found.pk, progress=lambda *moved: told.append(moved))
    purposes = len(distribution._purposes(found))
    total, lines = found.line_count * purposes, found.line_count
    assert lines > 2
    assert told[0] == (0, total)
    assert [done for done, _total in told[1:]] == [
        lines * before + min(lines, upto) for before in range(purposes) for upto in range(2, lines + 2, 2)
    ]
    assert Account.objects.filter(**opened).count() == lines


def test_a_plan_voided_in_the_last_moment_is_not_posted(coop, lena, jonas, plan, monkeypatch):
    found = approved(plan, lena, jonas)
    make = distribution._make_accounts

    def void_first(plan_, purposes, tell):
        make(plan_, purposes, tell)
        surplus.void(actor=jonas, plan=found, because="found a mistake")

    monkeypatch.setattr(distribution, "_make_accounts", void_first)
    job = run(surplus.post(actor=lena, plan=found))
    assert (job.state, job.error) == ("failed", "Plan A is no longer approved.")
    assert not Entry.objects.exists()
    assert not Posting.objects.exists()
    assert not BulkBatch.objects.exclude(state="dropped").exists()


def test_void_reverses_every_line_and_frees_the_resolution(coop, lena, jonas, plan):
    before = balances(coop)
    found = posted(plan, lena, jonas)
    with pytest.raises(Refused, match="give its plan up instead"):  # not behind the plan's back
        reverse_entry(actor=lena, entry=found.entry, on=clock.today(coop), because="no")
    if found.entry.batch == 0:
        with pytest.raises(DatabaseError, match="a distribution is reversed together with its plan"):
            mirror(actor=lena, entry=found.entry, on=clock.today(coop), because="no")
    assert Entry.objects.count() == 1
    job = surplus.void(actor=jonas, plan=found, because="The result was wrong.")
    assert run(job).state == "done"
    found.refresh_from_db()
    assert (found.state, found.reversal.reverses_id) == ("void", found.entry_id)
    assert balances(coop) == before
    assert run(Job.objects.get(pk=job.pk)).state == "done"
    assert Entry.objects.count() == 2
    corrected = surplus.propose(actor=lena, plan=make_plan(lena, title="Corrected"))
    surplus.link_resolution(actor=lena, plan=corrected, resolution=found.resolution)
    with pytest.raises(Refused, match="another state: void"):
        surplus.void(actor=jonas, plan=found, because="again")


def test_a_loss_and_a_plan_without_members_are_posted_too(coop, lena, jonas, buyers):
    make_import(lena, PURCHASES)
    loss = make_plan(lena, result={"patronage": -3_000, "nonpatronage": 0, "losses_carried": 0}, appropriations=[])
    posted(loss, lena, jonas)
    assert balances(coop)["3400"] == -3_000
    only_reserves = make_plan(lena, year=2024, pools=[], appropriations=TERMS["appropriations"])
    posted(only_reserves, lena, jonas)
    assert balances(coop)["3300"] == -3_381_700


def test_progress_is_told(lena, jonas, plan):
    told = []
    found = approved(plan, lena, jonas)
    distribution.post_distribution(
        actor=lena, plan_id=found.pk, on=clock.today(plan.coop), progress=lambda done, total: told.append((done, total))
    )
    (total,) = {total for _done, total in told}
    steps = [done for done, _total in told]
    assert (steps[0], steps[-1]) == (0, total)
    assert steps == sorted(steps)


@pytest.mark.parametrize("door", ["everyday"], indirect=True)
def test_void_before_posting_needs_a_reason_an_office_and_no_entry(coop, lena, jonas, mei, plan):
    found = approved(plan, lena, jonas)
    lines = [Line(account(coop, "bank"), 1), Line(account(coop, "cash"), -1)]
    with pytest.raises(DatabaseError, match="an entry of a distribution belongs to its plan"):
        post_entry(actor=lena, on=clock.today(coop), kind="x", memo="x", lines=lines, key=found.posting_key)
    with pytest.raises(Refused, match="Say why"):
        surplus.void(actor=jonas, plan=found, because="")
    with pytest.raises(PermissionDenied):
        surplus.void(actor=mei, plan=found, because="because")
    assert surplus.void(actor=jonas, plan=found, because="We vote again.") is None
    found.refresh_from_db()
    assert (found.state, found.because, found.entry) == ("void", "We vote again.", None)
