"""Raw SQL against pay-outs, as the application's role and as the owner; and two people pressing at once."""

from __future__ import annotations

import pytest
from django.db import IntegrityError

from coop.kernel import clock
from coop.kernel.models import Job
from ledger.models import Entry, PayoutRun
from ledger.services import payout_posting, payouts
from tests.ledger.attacking import all_refused
from tests.ledger.conftest import TABLES
from tests.ledger.payout_factories import make_run, owe, paid, ready, with_iban
from tests.ledger.surplus.test_races import at_once, errors, fresh, refusals

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
OURS = ("ledger_payoutrun", "ledger_payoutline", "ledger_payoutdetails", "ledger_payoutreturn", "ledger_payingaccount")


@pytest.fixture(autouse=True)
def all_tables(monkeypatch):
    """A refused attack leaves our tables as they were, too."""
    monkeypatch.setattr("tests.ledger.conftest.TABLES", (*TABLES, *OURS))


@pytest.fixture
def run(coop, lena, buyers):
    ready(coop, lena)
    owe(coop, buyers[1], refund=34_76)
    owe(coop, buyers[2], refund=5_00)
    with_iban(lena, buyers[1])
    return make_run(lena)


FROZEN = [
    "total = total + 1", "count = 9", "netted = 1", "held_total = 0", "pay_on = pay_on + 1", "way = 'cheque'",
    "bank_id = bank_id + 1",
    "file_digest = repeat('0', 64)", "hash = repeat('0', 64)", "number = 9", "prepared_by_id = NULL",
    "more_than = 5", "coop_id = coop_id + 1",
]  # fmt: skip
LINES = [
    "UPDATE ledger_payoutline SET amount = amount + 1, refund = refund + 1",
    "DELETE FROM ledger_payoutline",
    "TRUNCATE ledger_payoutline CASCADE",
    "DELETE FROM ledger_payoutrun",
    "TRUNCATE ledger_payoutrun CASCADE",
    "UPDATE ledger_payoutdetails SET iban = 'DE00'",
    "TRUNCATE ledger_payoutdetails",
    "UPDATE ledger_payingaccount SET iban = 'DE00'",
    "DELETE FROM ledger_payingaccount",
    "UPDATE ledger_payoutfile SET content = ''",
]
RELEASE = "UPDATE ledger_payoutrun SET state = 'released', released_at = now(), released_by_id = {who} WHERE id = {run}"
ADDED = (
    "INSERT INTO ledger_payoutline (coop_id, run_id, membership_id, number, refund, interest, netted, amount, waiting,"
    " held) SELECT coop_id, {run}, (SELECT max(id) FROM members_membership), 3, {refund}, 0, {netted}, {amount},"
    " 0, '' FROM ledger_payoutline LIMIT 1"
)


def test_a_run_and_its_lines_are_not_changed(run):
    all_refused([f"UPDATE ledger_payoutrun SET {change} WHERE id = {run.pk}" for change in FROZEN])
    all_refused(LINES)


def test_nobody_releases_their_own_run_and_nobody_nameless(run, lena):
    for who in (lena.user_id, "NULL"):
        all_refused([RELEASE.format(who=who, run=run.pk)], "payoutrun_released_by_somebody_else")


def test_a_line_slipped_in_stops_the_release(run, jonas):
    all_refused(
        [
            (
                ADDED.format(run=run.pk, refund=100, netted=0, amount=100),
                RELEASE.format(who=jonas.user_id, run=run.pk),
            )
        ],
        "a pay-out run and its lines disagree",
    )
    all_refused([ADDED.format(run=run.pk, refund=100, netted=0, amount=101)], "payoutline_adds_up")
    all_refused([ADDED.format(run=run.pk, refund=-100, netted=0, amount=-100)], "not_negative")


def test_a_paid_run_takes_no_more_lines_and_goes_nowhere(run, jonas):
    run = paid(run, jonas)
    all_refused([ADDED.format(run=run.pk, refund=100, netted=0, amount=100)], "while it is a draft")
    states = ("draft", "released", "cancelled")
    all_refused([f"UPDATE ledger_payoutrun SET state = '{each}' WHERE id = {run.pk}" for each in states])
    all_refused([f"UPDATE ledger_payoutrun SET released_by_id = NULL WHERE id = {run.pk}"])


def test_no_run_is_born_released_and_no_two_are_under_way(run):
    columns = (
        "coop_id, way, bank_id, pay_on, more_than, set_off, count, total, netted, held, held_total, file_name,"
        " file_digest, hash, prepared_at, because"
    )
    born = f"INSERT INTO ledger_payoutrun (number, state, {columns}) SELECT 7, '{{}}', {columns} FROM ledger_payoutrun"
    all_refused([born.format("paid")], "begins as a draft")
    all_refused([born.format("draft")], "payoutrun_one_under_way")


def test_an_entry_is_not_passed_off_as_a_pay_out(run, coop, lena, jonas):
    owe(coop, run.lines.get(number=1).membership, refund=1)
    other = Entry.objects.order_by("-pk").first()
    payouts.release(actor=jonas, run=run, seen=run.hash)
    all_refused(
        [f"UPDATE ledger_payoutrun SET state = 'paid', entry_id = {other.pk} WHERE id = {run.pk}"],
        "paid by its own entry",
    )
    line = run.lines.get(number=1)
    all_refused(
        [
            (
                'INSERT INTO ledger_payoutreturn (coop_id, line_id, "on", code, because, entry_id, recorded_at)'
                f" VALUES ({coop.pk}, {line.pk}, now(), '', 'x', {other.pk}, now())",
            )
        ],
        "only a payment that was made comes back",
    )


def test_an_entry_with_a_runs_key_needs_the_run(run, coop, lena):
    from ledger.services.accounts import account
    from ledger.services.posting import Line, post_entry

    lines = [Line(account(coop, "bank"), 5), Line(account(coop, "unallocated"), -5)]
    for key in (f"payout:{run.pk}", "payout-returned:1"):
        with pytest.raises(IntegrityError, match="belongs to its"):
            post_entry(actor=lena, on=clock.today(coop), kind="x", memo="x", lines=lines, key=key)


def test_two_treasurers_draw_up_one_run(coop, lena, buyers):
    ready(coop, lena)
    owe(coop, buyers[1], refund=34_76)
    with_iban(lena, buyers[1])
    answers = at_once(*[lambda: make_run(fresh(lena))] * 3)
    assert errors(answers) == []
    assert refusals(answers) == ["one_at_a_time"] * 2
    assert PayoutRun.objects.count() == 1


def test_two_releases_and_two_workers_post_once(run, jonas, coop):
    seen = run.hash
    answers = at_once(*[lambda: payouts.release(actor=fresh(jonas), run=run, seen=seen)] * 3)
    assert errors(answers) == []
    assert len({job.pk for job in answers if isinstance(job, Job)}) == 1
    today = clock.today(coop)
    post = lambda: payout_posting.post_payout(actor=fresh(jonas), run_id=run.pk, on=today)  # noqa: E731
    answers = at_once(post, post, post)
    assert Entry.objects.filter(key=f"payout:{run.pk}").count() == 1
    assert {getattr(answer, "code", "posted") for answer in answers} <= {"posted", "not_released", "no_longer_owed"}
    run.refresh_from_db()
    assert run.state == PayoutRun.State.PAID


def test_a_release_and_a_throwing_away_leave_one_of_them(run, lena, jonas):
    seen = run.hash
    answers = at_once(
        lambda: payouts.release(actor=fresh(jonas), run=run, seen=seen),
        lambda: payouts.cancel(actor=fresh(lena), run=run, because="race"),
    )
    assert errors(answers) == []
    assert refusals(answers) == ["not_now"]


def test_no_run_leaves_for_an_account_that_is_not_the_members_any_more(run, buyers, lena, jonas):
    with_iban(lena, buyers[1], 2)
    all_refused([RELEASE.format(who=jonas.user_id, run=run.pk)], "a pay-out goes to the accounts known when it leaves")
