"""Two treasurers, two tabs, two workers: whatever meets, one thing comes of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from coop.kernel import audit, clock
from coop.kernel.errors import Refused
from coop.kernel.models import Job
from coop.kernel.tenancy import Actor
from ledger import tasks
from ledger.models import BulkBatch, Entry, PatronageImport, PatronageRecord, Posting, SurplusPlan
from ledger.services import distribution, patronage, surplus
from tests.cast import make_officer
from tests.governance.factories import carried_resolution
from tests.ledger.surplus_factories import TERMS, YEAR, approved, carried, csv_of, make_import, make_plan

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*works) -> list:
    """Run every piece of work on a connection of its own, all started together; exceptions are answers too."""
    gate = Barrier(len(works), timeout=60)

    def one(work):
        try:
            connection.ensure_connection()
            gate.wait()
            return work()
        except Exception as failure:  # noqa: BLE001 - the test looks at what came back
            return failure
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(one, works))


def fresh(actor):
    return Actor.of(actor.user, actor.coop)


def refusals(answers):
    return sorted(answer.code for answer in answers if isinstance(answer, Refused))


def errors(answers):
    return [answer for answer in answers if isinstance(answer, Exception) and not isinstance(answer, Refused)]


@pytest.fixture
def draft(lena, buyers):
    make_import(lena, {1: "10.00", 2: "5.00"})
    return make_plan(lena)


def test_one_file_recorded_by_two_treasurers_counts_once(coop, lena, buyers):
    ida = make_officer(coop, "ida", "treasurer")
    data = csv_of({1: "10.00"})

    def check_and_record(actor):
        def work():
            me = fresh(actor)
            checked = patronage.check_file(
                actor=me, year=YEAR, pool="purchases", unit="money", file_name="a.csv", data=data
            )
            return patronage.record_import(actor=me, patronage_import=checked)

        return work

    answers = at_once(*[check_and_record(actor) for actor in (lena, ida) * 4])
    assert errors(answers) == []
    assert PatronageImport.objects.filter(state="recorded").count() == 1
    assert PatronageRecord.objects.count() == 1
    assert list(audit.verify(coop)) == []


def test_a_preview_agreed_to_eight_times_is_recorded_once(lena, buyers):
    checked = patronage.check_file(
        actor=lena, year=YEAR, pool="purchases", unit="money", file_name="a.csv", data=csv_of({1: "1", 2: "2"})
    )
    answers = at_once(*[lambda: patronage.record_import(actor=fresh(lena), patronage_import=checked) for _ in range(8)])
    assert errors(answers) == []
    assert PatronageRecord.objects.count() == 2


def test_a_new_figure_and_a_proposal_never_both(coop, lena, buyers, draft):
    """Either the figure came first and the proposal is refused as stale, or the other way round."""
    for round_ in range(6):
        again = surplus.redraw(actor=lena, plan=draft, title=draft.title, terms=draft.terms)
        answers = at_once(
            lambda plan=again: surplus.propose(actor=fresh(lena), plan=plan),
            lambda n=round_: patronage.correct(
                actor=fresh(lena),
                membership=buyers[3],
                year=YEAR,
                pool="purchases",
                quantity=100 + n,
                because="late",
            ),
        )
        assert errors(answers) == []
        assert refusals(answers) in (["not_ready"], ["plan_stands_on_it"])
        found = SurplusPlan.objects.select_related("year").get(pk=draft.pk)
        if found.state == "proposed":
            assert found.basis_version == found.year.version
            surplus.take_back(actor=lena, plan=found, because="next round")


def test_an_approval_races_a_change_of_the_plan(lena, jonas, draft):
    """What is approved is what was seen, or nothing is."""
    plan = carried(draft, lena)
    answers = at_once(
        lambda: surplus.approve(actor=fresh(jonas), plan=plan, seen=plan.hash),
        lambda: surplus.redraw(actor=fresh(lena), plan=plan, title="Changed", terms=TERMS),
        lambda: surplus.take_back(actor=fresh(lena), plan=plan, because="no"),
        lambda: surplus.void(actor=fresh(lena), plan=plan, because="no"),
        lambda: surplus.approve(actor=fresh(jonas), plan=plan, seen=plan.hash),
    )
    assert errors(answers) == []
    found = SurplusPlan.objects.get(pk=plan.pk)
    assert found.state in ("approved", "void")
    assert (found.title, found.hash, surplus.hash_of(found)) == (plan.title, plan.hash, plan.hash)


def test_two_plans_two_motions_one_is_carried(coop, lena, draft):
    other = make_plan(lena, title="Other")
    both = [surplus.propose(actor=lena, plan=plan) for plan in (draft, other)]
    motions = [carried_resolution(coop, name) for name in ("One", "Two")]
    answers = at_once(
        *[
            lambda plan=plan, motion=motion: surplus.link_resolution(actor=fresh(lena), plan=plan, resolution=motion)
            for plan, motion in zip(both, motions, strict=True)
        ]
    )
    assert errors(answers) == []
    assert refusals(answers) == ["taken"]
    assert sorted(SurplusPlan.objects.values_list("state", flat=True)) == ["proposed", "resolved"]


@pytest.mark.parametrize("everyday", [2_000, 0], ids=["everyday", "bulk"])
def test_five_clicks_and_five_workers_post_once(coop, lena, jonas, draft, everyday, settings):
    settings.EVERYDAY_MEMBERS = everyday
    plan = approved(draft, lena, jonas)
    clicks = at_once(*[lambda: surplus.post(actor=fresh(lena), plan=plan) for _ in range(5)])
    assert errors(clicks) == []
    assert len({job.pk for job in clicks}) == 1
    job = clicks[0]
    at_once(*[lambda: tasks.post_distribution(job.pk) for _ in range(5)])
    # and five more that do not know of the job
    entries = at_once(
        *[
            lambda: distribution.post_distribution(actor=fresh(lena), plan_id=plan.pk, on=clock.today(coop)).pk
            for _ in range(5)
        ]
    )
    assert errors(entries) == []
    assert len(set(entries)) == 1
    job.refresh_from_db()
    plan.refresh_from_db()
    assert (job.state, plan.state, Entry.objects.filter(kind="distribution").count()) == ("done", "posted", 1)
    assert sum(Posting.objects.values_list("amount", flat=True)) == 0


@pytest.mark.parametrize("everyday", [2_000, 0], ids=["everyday", "bulk"])
def test_workers_without_a_job_between_them_post_once(coop, lena, jonas, draft, everyday, settings):
    """The job's lock is one guard; the journal's key and the plan's state hold without it."""
    settings.EVERYDAY_MEMBERS = everyday
    plan = approved(draft, lena, jonas)
    answers = at_once(
        *[
            lambda: distribution.post_distribution(actor=fresh(lena), plan_id=plan.pk, on=clock.today(coop))
            for _ in range(6)
        ]
    )
    assert [answer for answer in errors(answers) if "try again" not in str(answer)] == []
    assert Entry.objects.filter(kind="distribution").count() == 1
    assert SurplusPlan.objects.get().state == "posted"
    assert not BulkBatch.objects.exclude(state__in=["sealed", "dropped"]).exists()
    assert list(audit.verify(coop)) == []


def test_a_void_races_the_posting(coop, lena, jonas, draft):
    plan = approved(draft, lena, jonas)
    job = surplus.post(actor=lena, plan=plan)
    answers = at_once(
        lambda: tasks.post_distribution(job.pk),
        lambda: surplus.void(actor=fresh(jonas), plan=plan, because="wait"),
    )
    assert errors(answers) == []
    found = SurplusPlan.objects.get()
    job.refresh_from_db()
    if found.state == "void":
        assert not Entry.objects.exists()
        assert job.state == "failed"
    else:
        assert (found.state, job.state, Entry.objects.count()) == ("posted", "done", 1)
        voiding = Job.objects.get(kind="ledger.void_distribution")
        tasks.void_distribution(voiding.pk)
        assert SurplusPlan.objects.get().state == "void"
    balances = Posting.objects.filter(coop=coop).values_list("account_id", "amount")
    by_account: dict[int, int] = {}
    for account_id, amount in balances:
        by_account[account_id] = by_account.get(account_id, 0) + amount
    assert set(by_account.values()) <= {0}
