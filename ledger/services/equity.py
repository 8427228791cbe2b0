"""Paying back kept refunds: worked out by the plan's order, approved by a second officer, then owed to the members."""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from typing import Any

import rfc8785
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, jobs, rules
from coop.kernel.errors import Refused
from coop.kernel.models import Cooperative, Job
from ledger.allocation.equity import HYBRID, ORDERS, paid_back
from ledger.models import Account, Entry, EquityLine, EquityPlan
from ledger.selectors import equity as selectors
from ledger.services.accounts import member_accounts
from ledger.services.posting import Line, post_entry

State = EquityPlan.State
WHO = ("all", "estates", "age")


@transaction.atomic
def draw_up(
    *,
    actor,
    decided: str,
    order: str,
    who: str = "all",
    amount: int | None = None,
    oldest_percent: int = 50,
    age: int | None = None,
) -> EquityPlan:
    """Work a payback out over everything kept today, a line for each member and year. Nothing is owed by it yet.

    ``amount``: how much altogether, None for everything of those it is for. ``decided``: the resolution behind it.
    Refused: another payback under way, an unknown order, nothing kept by those it is for, more than is kept.
    """
    rules.require(actor, "ledger.propose")
    coop = Cooperative.objects.select_for_update(no_key=True).get(pk=actor.coop_id)
    decided = " ".join(decided.split())[:120]
    if not decided:
        raise Refused("decided", _("Name the decision behind it, such as the board’s resolution."), "decided")
    if order not in ORDERS or who not in WHO or not 0 <= oldest_percent <= 100:
        raise Refused("order", _("Choose who is paid back, and in which order."), "order")
    if who == "age" and not 18 <= (age or 0) <= 120:
        raise Refused("age", _("Say from which age on, between 18 and 120."), "age")
    if plans_under_way(coop):
        raise Refused("one_at_a_time", _("Another payback is under way; post it or throw it away first."), status=409)
    held, members = selectors.held(coop, who, _born_by(clock.today(coop), age) if who == "age" and age else None)
    outstanding = sum(held.values())
    if not outstanding:
        raise Refused("nothing", _("Nothing is kept for those it is for."), "who")
    wanted = outstanding if amount is None else amount
    if not 0 < wanted <= outstanding:
        raise Refused("amount", _("That is nothing, or more than is kept for them."), "amount")
    parts = paid_back(held, order, wanted, oldest_percent)
    terms: dict[str, Any] = {"who": who, "order": order, "amount": amount}
    terms |= {"oldest_percent": oldest_percent} if order == HYBRID else {}
    terms |= {"age": age} if who == "age" else {}
    number = (EquityPlan.objects.filter(coop=coop).aggregate(n=Max("number"))["n"] or 0) + 1
    plan = EquityPlan(coop=coop, number=number, decided=decided, terms=terms, outstanding=outstanding, total=wanted)
    plan.count, plan.proposed_by = len({member for _year, member in parts}), actor.user
    rows = [[member, year, held[year, member], part] for (year, member), part in parts.items()]
    plan.hash = _hash(plan, rows)
    plan.save()
    EquityLine.objects.bulk_create(
        [
            EquityLine(
                coop=coop, plan=plan, membership_id=members[member], number=member, year=year, held=there, amount=part
            )
            for member, year, there, part in rows
        ],
        batch_size=2000,
    )
    _say(actor, "ledger.payback_drawn_up", plan)
    return plan


def plans_under_way(coop) -> bool:
    """Whether a payback is a draft or approved and not yet posted."""
    return EquityPlan.objects.filter(coop=coop, state__in=(State.DRAFT, State.APPROVED)).exists()


def _born_by(today: date, age: int) -> date:
    try:
        return today.replace(year=today.year - age)
    except ValueError:
        return today.replace(year=today.year - age, day=28)


def _hash(plan: EquityPlan, rows: list[list[int]]) -> str:
    said = {
        "coop": plan.coop.slug,
        "payback": plan.number,
        "decided": plan.decided,
        "terms": plan.terms,
        "total": str(plan.total),
        "lines": [[str(figure) for figure in row] for row in sorted(rows)],
    }
    return sha256(rfc8785.dumps(said)).hexdigest()


def hash_of(plan: EquityPlan) -> str:
    """SHA-256 of the canonical JSON of the terms and every line as stored."""
    return _hash(plan, [list(row) for row in plan.lines.values_list("number", "year", "held", "amount")])


def _locked(actor, plan: EquityPlan) -> EquityPlan:
    found = EquityPlan.objects.select_for_update(no_key=True, of=("self",)).select_related("coop", "entry")
    return found.get(coop=actor.coop, pk=plan.pk)


def _only(plan: EquityPlan, *states: str) -> None:
    if plan.state not in states:
        state = plan.get_state_display().lower()
        raise Refused("not_now", _("This payback is in another state: %(state)s.") % {"state": state}, status=409)


@transaction.atomic
def approve(*, actor, plan: EquityPlan, seen: str) -> EquityPlan:
    """A second officer's approval of exactly the plan whose hash they saw. Asked twice by the same one, it stands once.

    Refused: whoever drew it up, another hash.
    """
    rules.require(actor, "ledger.approve", plan)
    found = _locked(actor, plan)
    if found.state == State.APPROVED and found.approved_by_id == actor.user_id:
        return found
    _only(found, State.DRAFT)
    if seen != found.hash or hash_of(found) != found.hash:
        raise Refused("not_what_was_seen", _("This is not the payback you looked at; read it again."), status=409)
    found.state, found.approved_at, found.approved_by = State.APPROVED, clock.now(), actor.user
    found.save(update_fields=["state", "approved_at", "approved_by"])
    _say(actor, "ledger.payback_approved", found)
    return found


@transaction.atomic
def cancel(*, actor, plan: EquityPlan, because: str) -> EquityPlan:
    """Throw a payback away that was not posted; everything stays kept."""
    rules.require(actor, "ledger.propose", plan)
    found, because = _locked(actor, plan), " ".join(because.split())[:300]
    if not because:
        raise Refused("no_reason", _("Say why."), "because")
    _only(found, State.DRAFT, State.APPROVED)
    found.state, found.because = State.CANCELLED, because
    found.save(update_fields=["state", "because"])
    _say(actor, "ledger.payback_cancelled", found, because=because)
    return found


@transaction.atomic
def ask_to_post(*, actor, plan: EquityPlan) -> Job:
    """Have the worker post an approved payback. Asked twice while it runs, it is one job."""
    rules.require(actor, "ledger.keep_books")
    found = _locked(actor, plan)
    _only(found, State.APPROVED)
    title = _("Posting payback %(number)s") % {"number": found.number}
    return jobs.enqueue("ledger.post_payback", found.pk, actor=actor, title=title, total=found.count)


@transaction.atomic
def post(*, actor, plan: EquityPlan) -> Entry:
    """Make what was approved payable, in one entry; posted already, return that. The next pay-out pays it.

    Refused: one that is not approved, one whose lines no longer give its hash, one over more than is still kept.
    """
    rules.require(actor, "ledger.keep_books")
    coop = Cooperative.objects.select_for_update(no_key=True).get(pk=actor.coop_id)
    found = _locked(actor, plan)
    if found.entry is not None:
        return found.entry
    _only(found, State.APPROVED)
    if hash_of(found) != found.hash:
        raise Refused("not_what_was_approved", _("This is not the payback that was approved; nothing was posted."))
    short = selectors.no_longer_held(found)
    if short:
        numbers = ", ".join(map(str, short))
        said = _("Less is kept than this pays back (member %(numbers)s); throw it away and draw up another.")
        raise Refused("no_longer_held", said % {"numbers": numbers}, status=409)
    memo = _("Kept refunds paid back, %(number)s: %(decided)s") % {"number": found.number, "decided": found.decided}
    entry = post_entry(
        actor=actor,
        on=clock.today(coop),
        kind="payback",
        memo=memo,
        lines=_entry_lines(found),
        key=found.posting_key,
    )
    found.state, found.entry, found.posted_at = State.POSTED, entry, clock.now()
    found.save(update_fields=["state", "entry", "posted_at"])
    _say(actor, "ledger.payback_posted", found, entry=entry.pk)
    return entry


def _entry_lines(plan: EquityPlan) -> list[Line]:
    """Out of each member's kept refunds of the year, onto what the co-op owes them."""
    lines = list(plan.lines.select_related("membership").order_by("number", "year"))
    numbers = {line.membership_id: line.number for line in lines}
    member_accounts(plan.coop, "patronage_payable", numbers.keys())
    kept = Account.objects.filter(coop=plan.coop, purpose="retained_equity", membership__in=numbers)
    owed = Account.objects.filter(coop=plan.coop, purpose="patronage_payable", membership__in=numbers, year=None)
    from_account = {(each.membership_id, each.year or 0): each for each in kept}
    to_account = {each.membership_id: each for each in owed.filter(currency=plan.coop.currency)}
    sums: dict[int, int] = {}
    for line in lines:
        sums[line.membership_id] = sums.get(line.membership_id, 0) + line.amount
    out = [Line(from_account[line.membership_id, line.year], line.amount) for line in lines]
    return [*out, *(Line(to_account[member], -amount) for member, amount in sums.items())]


def _say(actor, kind: str, plan: EquityPlan, **more: Any) -> None:
    audit.record(
        actor=actor,
        kind=kind,
        subject=f"payback:{plan.pk}",
        number=plan.number,
        total=str(plan.total),
        hash=plan.hash,
        **more,
    )
