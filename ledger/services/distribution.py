"""An approved plan becomes one entry in the books, all of it or nothing, once; and is undone only by its mirror.

Runs in the worker, outside any transaction: the accounts first, then the lines, then the moment in which the entry
appears and the plan becomes ``posted``. Up to ``settings.EVERYDAY_MEMBERS`` it is an ordinary entry in one transaction;
more are built aside and joined, so that nobody else waits (``posting.post_in_bulk``). Killed anywhere before that
moment, nothing is visible and the run begins anew; killed after it, the next run finds the plan posted and leaves.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, rules
from coop.kernel.errors import Refused
from coop.kernel.models import Cooperative
from ledger.models import Account, Entry, SurplusPlan
from ledger.selectors import voiding
from ledger.services.accounts import account, member_accounts_of_many
from ledger.services.posting import BUILDING, Line, Query, mirror, post_entry, post_in_bulk
from ledger.services.surplus import State, hash_of, refuse_moved_on

# What a line puts on which of the member's accounts, as a credit. ``released`` is what earlier years had rolled forward
# and is paid now, because this year's cash part is paid too (ledger.reports.surplus says it the same way).
RELEASED = "CASE WHEN l.cash + l.netted > 0 THEN l.carried ELSE 0 END"
CREDITS = {
    "patronage_payable": f"l.cash + {RELEASED}",
    "share_interest_payable": "l.interest",
    "retained_equity": "l.qualified + l.nonqualified",
    "member_receivable": "l.netted",
    "roll_forward": f"l.rolled_forward - {RELEASED}",
}
SLICE = 250_000  # lines whose accounts are made in one statement: each reads all accounts of the co-op once
BY_YEAR = frozenset({"retained_equity"})  # kept refunds are paid back by the year they come from


def open_accounts(*, actor, plan_id: int, progress: Callable[[int, int | None], None] | None = None) -> None:
    """Open every account an approved plan will post to, while nobody waits for it; opened already, nothing happens.

    Posting would do it too. A million of them take longer than the posting itself, and no money is in them.
    """
    rules.require(actor, "ledger.open_accounts")
    plan = SurplusPlan.objects.select_related("year", "coop").get(coop=actor.coop, pk=plan_id)
    if plan.state != State.APPROVED:
        return
    purposes = _purposes(plan)
    _make_accounts(plan, purposes, _teller(progress, plan.line_count * len(purposes)))


def post_distribution(
    *, actor, plan_id: int, on: date, progress: Callable[[int, int | None], None] | None = None
) -> Entry:
    """Post an approved plan on the day ``on`` and return its entry; posted already, return that.

    Refused: a plan that is not approved, one whose terms or lines no longer give its hash, a closed period.
    """
    rules.require(actor, "ledger.keep_books")
    plan = SurplusPlan.objects.select_related("year", "coop", "entry").get(coop=actor.coop, pk=plan_id)
    if plan.entry is not None:
        return plan.entry
    if plan.state != State.APPROVED:
        raise Refused("not_approved", _("Plan %(plan)s is not approved.") % {"plan": plan.letter})
    if hash_of(plan) != plan.hash:
        raise Refused("not_what_was_approved", _("This is not the plan that was approved; nothing was posted."))
    step = plan.line_count  # progress: the accounts are one part, the lines two, what follows is the last
    tell = _teller(progress, step * 4)
    purposes = _purposes(plan)
    _make_accounts(plan, purposes, lambda done: tell(done // len(purposes)))
    tell(step)
    act = {
        "actor": actor,
        "on": on,
        "kind": "distribution",
        "memo": _("Surplus of %(year)s, plan %(plan)s") % {"year": plan.year.year, "plan": plan.letter},
        "key": plan.posting_key,
    }
    try:
        if plan.line_count <= settings.EVERYDAY_MEMBERS:
            entry = _post_everyday(act, plan, purposes)
        else:
            steps = itertools.count(1)
            entry = post_in_bulk(
                **act,
                rows=_rows(plan, purposes),
                says=plan.hash,
                progress=lambda done: tell(step + min(done, step * 2)),
                stepped=lambda: tell(step * 3 + step * next(steps) // (BUILDING + 1)),
                sealing=lambda entry: _posted(actor, plan_id, entry),
            )
        tell(step * 4)
        return entry
    except Refused:
        posted = SurplusPlan.objects.select_related("entry").get(pk=plan_id).entry
        if posted is None:
            raise
        return posted  # another run was quicker


def _teller(progress: Callable[[int, int | None], None] | None, total: int) -> Callable[[int], None]:
    def tell(done: int) -> None:
        if progress:
            progress(done, total)

    tell(0)
    return tell


@transaction.atomic
def _post_everyday(act: dict[str, Any], plan: SurplusPlan, purposes: list[str]) -> Entry:
    found = []
    with connection.cursor() as cursor:
        for rows in _rows(plan, purposes):
            cursor.execute(rows.sql, rows.params)
            found += cursor.fetchall()
    accounts = Account.objects.in_bulk([account_id for account_id, _amount in found])
    entry = post_entry(**act, lines=[Line(accounts[account_id], int(amount)) for account_id, amount in found])
    _posted(act["actor"], plan.pk, entry)
    return entry


def _purposes(plan: SurplusPlan) -> list[str]:
    """The purposes on which the plan puts anything at all."""
    parts = ", ".join(f"bool_or(({amount}) <> 0)" for amount in CREDITS.values())
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {parts} FROM ledger_planline l WHERE l.plan_id = %s", [plan.pk])  # noqa: S608
        return [purpose for purpose, any_ in zip(CREDITS, cursor.fetchone(), strict=True) if any_]


def _make_accounts(plan: SurplusPlan, purposes: list[str], tell: Callable[[int], None]) -> None:
    """Every member who gets a line has the account it goes to; what is there stays. ``tell`` hears of lines done."""
    done = 0
    for purpose in purposes:
        who = (
            f"SELECT l.membership_id FROM ledger_planline l WHERE l.plan_id = %(plan)s AND ({CREDITS[purpose]}) <> 0"  # noqa: S608
            " AND l.number BETWEEN %(first)s AND %(last)s"
        )
        for first, last, lines in _slices(plan):
            which = {"plan": plan.pk, "first": first, "last": last}
            member_accounts_of_many(plan.coop, purpose, who, which, year=_year(plan, purpose))
            done += lines
            tell(done)


def _slices(plan: SurplusPlan) -> list[tuple[int, int, int]]:
    """The plan's lines in parts that take seconds each: (first number, last number, how many lines)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(number), max(number), count(*) FROM (SELECT number, (row_number() OVER (ORDER BY number) - 1)"
            " / %s AS slice FROM ledger_planline WHERE plan_id = %s) l GROUP BY slice ORDER BY slice",
            [SLICE, plan.pk],
        )
        return cursor.fetchall()


def _year(plan: SurplusPlan, purpose: str) -> int | None:
    return plan.year.year if purpose in BY_YEAR else None


def _rows(plan: SurplusPlan, purposes: list[str]) -> list[Query]:
    """Every line of the entry: the general ones, then the members' by purpose, as queries over the plan's own lines."""
    general = _general(plan)
    accounts, amounts = [each.pk for each, _amount in general], [amount for _each, amount in general]
    found = [Query("SELECT * FROM unnest(%s::bigint[], %s::bigint[]) AS g (account_id, amount)", [accounts, amounts])]
    for purpose in purposes:
        amount, year = CREDITS[purpose], _year(plan, purpose)
        sql = (
            f"SELECT a.id, -({amount}) FROM ledger_planline l JOIN ledger_account a ON a.coop_id = l.coop_id"  # noqa: S608
            " AND a.membership_id = l.membership_id AND a.purpose = %s AND a.year IS NOT DISTINCT FROM %s"
            f" AND a.share_class_id IS NULL WHERE l.plan_id = %s AND ({amount}) <> 0"
        )
        found.append(Query(sql, [purpose, year, plan.pk]))
    return found


def _general(plan: SurplusPlan) -> list[tuple[Account, int]]:
    """The surplus leaves the year's account; reserves and funds take theirs; the rest is carried forward."""
    result = plan.result
    amounts = [(account(plan.coop, "surplus_of_the_year"), result["earned"])]
    codes = {step["account"] for step in result["appropriations"] if step["amount"]}
    by_code = {each.code: each for each in Account.objects.filter(coop=plan.coop, membership=None, code__in=codes)}
    for step in result["appropriations"]:
        if step["amount"]:
            amounts.append((by_code[step["account"]], -step["amount"]))
    forward = result["losses_taken"] + result["unallocated"]
    amounts.append((account(plan.coop, "unallocated"), -forward))
    return [(each, amount) for each, amount in amounts if amount]


def _posted(actor, plan_id: int, entry: Entry) -> None:
    """In the sealing transaction: the plan and its entry change together or not at all."""
    plan = SurplusPlan.objects.select_for_update(no_key=True).get(pk=plan_id)
    if plan.state != State.APPROVED:
        raise Refused("not_approved", _("Plan %(plan)s is no longer approved.") % {"plan": plan.letter})
    plan.state, plan.entry, plan.posted_at = State.POSTED, entry, clock.now()
    plan.save(update_fields=["state", "entry", "posted_at"])
    audit.record(
        actor=actor, kind="ledger.plan_posted", subject=f"surplus-plan:{plan.pk}", hash=plan.hash, entry=entry.pk
    )


def void_distribution(
    *, actor, plan_id: int, because: str, on: date, progress: Callable[[int, int | None], None] | None = None
) -> Entry:
    """Void a posted plan by the exact mirror of its entry, on the day ``on``; voided already, return that mirror.

    Refused: a plan that is not posted, a closed period, one whose money has moved on (``voiding.moved_on``).
    """
    rules.require(actor, "ledger.void")
    plan = SurplusPlan.objects.select_related("year", "coop", "entry", "reversal").get(coop=actor.coop, pk=plan_id)
    if plan.reversal is not None:
        return plan.reversal
    if plan.state != State.POSTED or plan.entry is None:
        raise Refused("not_posted", _("Plan %(plan)s is not posted.") % {"plan": plan.letter})
    began = clock.now()
    refuse_moved_on(plan)
    step = plan.line_count
    tell = _teller(progress, step * 3)
    on = max(on, plan.entry.posted_on)
    if plan.entry.batch == 0:
        with transaction.atomic():
            reversal = mirror(actor=actor, entry=plan.entry, on=on, because=because)
            _voided(actor, plan_id, because, reversal, began)
        tell(step * 3)
        return reversal
    steps = itertools.count(1)
    return post_in_bulk(
        actor=actor,
        on=on,
        kind="reversal",
        memo=because,
        key=f"reverse:{plan.entry.pk}",
        rows=Query(
            "SELECT account_id, -amount FROM ledger_posting WHERE batch = %s AND entry_id = %s ORDER BY n",
            [plan.entry.batch, plan.entry.pk],
        ),
        says=plan.hash,
        reverses=plan.entry,
        progress=lambda done: tell(min(done, step * 2)),
        stepped=lambda: tell(step * 2 + step * next(steps) // (BUILDING + 1)),
        sealing=lambda reversal: _voided(actor, plan_id, because, reversal, began),
    )


@transaction.atomic
def _voided(actor, plan_id: int, because: str, reversal: Entry, began: datetime) -> None:
    # A pay-out is drawn up under the same lock: none is under way now, and none went through since we looked.
    Cooperative.objects.select_for_update(no_key=True).get(pk=actor.coop_id)
    if voiding.payout_under_way(actor.coop) or voiding.paid_since(actor.coop, began):
        raise Refused("payout_under_way", _("A pay-out came in between; nothing was voided. Look again."), status=409)
    plan = SurplusPlan.objects.select_for_update(no_key=True).get(pk=plan_id)
    plan.state, plan.reversal, plan.because = State.VOID, reversal, because
    plan.voided_at, plan.voided_by = clock.now(), actor.user
    plan.save(update_fields=["state", "reversal", "because", "voided_at", "voided_by"])
    audit.record(
        actor=actor,
        kind="ledger.plan_voided",
        subject=f"surplus-plan:{plan.pk}",
        hash=plan.hash,
        reversal=reversal.pk,
        because=because,
    )
