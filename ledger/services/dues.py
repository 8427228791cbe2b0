"""Dues: rules by by-laws, members let off, a month charged at once by the worker, and what is not asked for any more.

Everything is an entry on the member's account of debts; what is still owed is read there (``selectors.dues``), so a
payment, a reminder or a collection knows of it without being told.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from django.db import connection, transaction
from django.db.models import Max, Sum
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, jobs, money, rules
from coop.kernel.errors import Refused
from coop.kernel.models import Job
from ledger.dues_words import period_said
from ledger.models import Account, DuesCharge, DuesRelief, DuesRule, DuesRun, DuesWaiver
from ledger.selectors.charging import Proposal, propose
from ledger.selectors.claims import open_claims
from ledger.services.accounts import account, member_account, member_accounts
from ledger.services.posting import Line, post_entry
from ledger.services.posting_many import Draft, post_entries
from ledger.services.shares import check_not_future, take_holding
from members.models import ByLaws, MembershipClass

State = DuesRun.State
DUES_LOCK = 7020  # one run after the other in a co-op


@transaction.atomic
def set_dues(
    *,
    actor,
    bylaws: ByLaws,
    member_class: MembershipClass,
    every: int,
    amount: int,
    joining: str,
    leaving: str,
    reduced: int | None = None,
    days_to_pay: int = 30,
) -> DuesRule:
    """Write down what a class pays under a version of the by-laws, once for each version. Amounts in minor units.

    It holds for periods that begin when those by-laws are in force, until others say otherwise; nought ends it.
    """
    rules.require(actor, "ledger.keep_books", bylaws)
    if not 0 <= amount <= money.LARGEST:
        raise Refused("amount", _("Dues are not less than nothing."), "amount")
    if reduced is not None and not 0 <= reduced <= amount:
        raise Refused("reduced", _("Reduced dues are not more than the dues."), "reduced")
    if every not in DuesRule.Every.values:
        raise Refused("every", _("Dues are paid every month, quarter or year."), "every")
    if not 1 <= days_to_pay <= 365:
        raise Refused("days_to_pay", _("Members have between 1 and 365 days to pay."), "days_to_pay")
    if DuesRule.objects.filter(bylaws=bylaws, member_class=member_class).exists():
        sentence = _("What %(class)s pay under these by-laws is written down already; new by-laws change it.")
        raise Refused("there", sentence % {"class": member_class.name}, "member_class", status=409)
    made = DuesRule.objects.create(
        coop=actor.coop, bylaws=bylaws, member_class=member_class, every=every, amount=amount, reduced=reduced,
        joining=joining, leaving=leaving, days_to_pay=days_to_pay, actor=actor.user,
    )  # fmt: skip
    audit.record(
        actor=actor, kind="ledger.dues_set", subject=f"dues-rule:{made.pk}", bylaws=bylaws.version,
        member_class=member_class.slug, every=every, amount=str(amount),
    )  # fmt: skip
    return made


@transaction.atomic
def let_off(
    *, actor, membership, kind: str, ground: str, decision: str, starts: date, until: date | None = None
) -> DuesRelief:
    """Let a member off their dues, ask reduced ones, or the full ones again, for periods that begin from a day on."""
    rules.require(actor, "ledger.keep_books", membership)
    decision = " ".join(decision.split())[:120]
    if not decision:
        raise Refused("decision", _("Name the decision, such as “Board, 3 May 2026, item 4”."), "decision")
    if until is not None and until < starts:
        raise Refused("until", _("It cannot end before it begins."), "until")
    made = DuesRelief.objects.create(
        coop=actor.coop, membership=membership, kind=kind, ground=ground, decision=decision, starts=starts, until=until,
        actor=actor.user,
    )  # fmt: skip
    audit.record(
        actor=actor, kind="ledger.dues_let_off", subject=f"membership:{membership.pk}", what=kind, ground=ground,
        decision=decision, starts=starts.isoformat(), until=until.isoformat() if until else "",
    )  # fmt: skip
    return made


@transaction.atomic
def ask_to_charge(*, actor, month: date, seen: str, on: date | None = None) -> Job:
    """Charge the dues of a month exactly as they were looked at (``seen``, the proposal's hash); the worker does it.

    Refused: nothing to charge, another list than was seen, a run under way, a day to come.
    """
    rules.require(actor, "ledger.keep_books")
    _one_at_a_time(actor.coop)
    on = on or clock.today(actor.coop)
    check_not_future(actor.coop, on)
    _none_under_way(actor)
    proposal = propose(actor.coop, month, on=on)
    if proposal.is_empty:
        raise Refused("nothing", _("Nobody is to be charged for this month any more."), "month")
    _as_seen(proposal, seen)
    last = DuesRun.objects.filter(coop=actor.coop).aggregate(n=Max("number"))["n"] or 0
    due = min((line.due_on for line in proposal.lines), default=on)
    run = DuesRun.objects.create(
        coop=actor.coop, number=last + 1, month=proposal.month, posted_on=on, due_on=due, count=len(proposal.lines),
        total=proposal.total, given_back=proposal.total_back, hash=proposal.hash, asked_by=actor.user,
    )  # fmt: skip
    title = _("Charging the dues of %(month)s") % {"month": date_format(run.month, "F Y")}
    return jobs.enqueue("ledger.charge_dues", run.pk, actor=actor, title=title, total=run.count)


def _none_under_way(actor) -> None:
    """A run whose work has stopped for good gives way; one the worker still has is waited for."""
    run = DuesRun.objects.filter(coop=actor.coop, state=State.DRAFT).first()
    if run is None:
        return
    job = Job.objects.filter(coop=actor.coop, kind="ledger.charge_dues", args__0=run.pk).order_by("-pk").first()
    if job is not None and job.state != Job.State.FAILED:
        raise Refused("under_way", _("Dues are being charged; wait until that is done."), status=409)
    run.state, run.because = State.CANCELLED, _("The worker stopped; nothing was charged.")
    run.save(update_fields=["state", "because"])
    audit.record(actor=actor, kind="ledger.dues_not_charged", subject=f"dues-run:{run.pk}", why=run.because)


def _one_at_a_time(coop) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [DUES_LOCK, coop.pk % 2147483647])


def _as_seen(proposal: Proposal, seen: str) -> None:
    if proposal.hash != seen:
        raise Refused("not_what_was_seen", _("The list has changed since you looked at it; read it again."), status=409)


def charge_dues(*, actor, run_id: int, progress: Callable[[int, int | None], None] | None = None) -> DuesRun:
    """Post a run: one entry a member, all or none; what those who left paid too much is given back. Again: nothing new.

    A list that is not the one that was seen any more is not charged, and the run says so.
    """
    rules.require(actor, "ledger.keep_books")
    try:
        return _charge(actor, run_id, progress)
    except Refused as refused:
        with transaction.atomic():
            run = DuesRun.objects.select_for_update(no_key=True, of=("self",)).get(coop=actor.coop, pk=run_id)
            if run.state == State.DRAFT:
                run.state, run.because = State.CANCELLED, refused.message[:300]
                run.save(update_fields=["state", "because"])
                audit.record(actor=actor, kind="ledger.dues_not_charged", subject=f"dues-run:{run.pk}", why=run.because)
        raise


@transaction.atomic
def _charge(actor, run_id: int, progress) -> DuesRun:
    _one_at_a_time(actor.coop)
    run = (
        DuesRun.objects.select_for_update(no_key=True, of=("self",))
        .select_related("coop")
        .get(coop=actor.coop, pk=run_id)
    )
    if run.state == State.POSTED:
        return run
    if run.state != State.DRAFT:
        raise Refused("over", run.because or _("This run is over."), status=409)
    proposal = propose(actor.coop, run.month, on=run.posted_on)
    _as_seen(proposal, run.hash)
    take_holding(*(line.membership for line in [*proposal.lines, *(each.charge for each in proposal.back)]))
    _post(actor, run, proposal.lines)
    if progress:
        progress(len(proposal.lines), run.count)
    for each in proposal.back:
        _waive(actor, each.charge, DuesWaiver.Kind.LEFT, each.amount, _left_on(each.charge), run.posted_on)
    run.state = State.POSTED
    run.save(update_fields=["state"])
    audit.record(
        actor=actor, kind="ledger.dues_charged", subject=f"dues-run:{run.pk}", number=run.number, count=run.count,
        month=run.month.isoformat(), total=str(run.total), given_back=str(run.given_back), hash=run.hash,
    )  # fmt: skip
    return run


def _left_on(charge: DuesCharge) -> str:
    return _("left on %(day)s") % {"day": date_format(charge.membership.ends_on or charge.ends, "j M Y")}


def _post(actor, run: DuesRun, lines: list[DuesCharge]) -> None:
    coop, income = run.coop, account(run.coop, "dues")
    member_accounts(coop, "member_receivable", [line.membership_id for line in lines])
    own = {a.membership_id: a for a in _accounts(coop, "member_receivable")}
    credits = _credits(coop, [line.membership_id for line in lines])
    drafts, used = [], []
    for line in lines:
        memo = _("Dues, member %(number)s, %(period)s") % {
            "number": line.membership.number, "period": period_said(line),
        }  # fmt: skip
        debt, key = own[line.membership_id], f"{line.membership_id}:{line.starts}"
        drafts.append(
            Draft(run.posted_on, "dues", memo, [Line(debt, line.amount), Line(income, -line.amount)], f"dues:{key}")
        )
        advance, held = credits.get(line.membership_id, (None, 0))
        if advance is not None and held > 0:
            part = min(held, line.amount)
            memo = _("Paid in advance, used for dues, member %(number)s") % {"number": line.membership.number}
            used.append(
                Draft(run.posted_on, "dues", memo, [Line(advance, part), Line(debt, -part)], f"dues-advance:{key}")
            )
    entries = post_entries(actor=actor, drafts=[*drafts, *used])
    for line, entry in zip(lines, entries[: len(lines)], strict=True):
        line.run, line.entry_id = run, entry
    DuesCharge.objects.bulk_create(lines, batch_size=2000)


def _accounts(coop, purpose: str):
    return Account.objects.filter(coop=coop, purpose=purpose, membership__isnull=False, year=None)


def _credits(coop, memberships: list[int]) -> dict:
    """What members paid in advance: their account, and how much is on it."""
    found = _accounts(coop, "member_credit").filter(membership__in=memberships, currency=coop.currency)
    return {each.membership_id: (each, -(each.held or 0)) for each in found.annotate(held=Sum("lines__amount"))}


@transaction.atomic
def waive_dues(*, actor, charge: DuesCharge, kind: str, decision: str, amount: int, on: date) -> DuesWaiver:
    """Do not ask for a charge, or a part of it, any more: let off, written off, given back on leaving, or a mistake.

    What is still owed shrinks; what was paid already becomes the member's credit, to be paid back or used. The income
    of dues is less by it. Refuses more than is left of the charge, and a day before it was charged.
    """
    rules.require(actor, "ledger.keep_books", charge)
    found = DuesCharge.objects.select_related("membership__coop", "entry", "rule__member_class", "relief")
    charge = found.get(coop=actor.coop, pk=charge.pk)
    decision = " ".join(decision.split())[:120]
    if not decision:
        raise Refused("decision", _("Say why, and who decided."), "decision")
    check_not_future(actor.coop, on)
    if on < charge.entry.posted_on:
        day = date_format(charge.entry.posted_on)
        raise Refused("too_early", _("It was charged on %(day)s.") % {"day": day}, "on")
    return _waive(actor, charge, kind, amount, decision, on)


def _waive(actor, charge: DuesCharge, kind: str, amount: int, decision: str, on: date) -> DuesWaiver:
    membership, coop = charge.membership, actor.coop
    take_holding(membership)
    before = DuesWaiver.objects.filter(charge=charge)
    left = charge.amount - (before.aggregate(total=Sum("amount"))["total"] or 0)
    if not 0 < amount <= left:
        sentence = _("Of this charge %(left)s is left.") % {"left": money.format_minor(left, coop.currency)}
        raise Refused("amount", sentence, "amount")
    owed = sum(part.amount for part in open_claims(coop, membership).get(membership.pk, ()))
    to_debt = min(amount, owed)
    to: list[Line] = []
    if to_debt:
        to.append(Line(member_account(membership, "member_receivable"), -to_debt))
    if amount > to_debt:
        to.append(Line(member_account(membership, "member_credit"), to_debt - amount))
    memo = _("Dues %(what)s, member %(number)s, %(period)s") % {
        "what": DuesWaiver.Kind(kind).label, "number": membership.number, "period": period_said(charge),
    }  # fmt: skip
    entry = post_entry(
        actor=actor, on=on, kind="dues_waived", memo=memo, lines=[Line(account(coop, "dues"), amount), *to],
        key=f"dues-waiver:{charge.pk}:{before.count() + 1}",
    )  # fmt: skip
    made = DuesWaiver.objects.create(
        coop=coop, charge=charge, kind=kind, amount=amount, decision=decision, entry=entry, actor=actor.user
    )
    audit.record(
        actor=actor, kind="ledger.dues_waived", subject=f"membership:{membership.pk}", what=kind, amount=str(amount),
        decision=decision, entry=entry.pk,
    )  # fmt: skip
    return made
