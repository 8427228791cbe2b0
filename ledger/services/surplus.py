"""From a treasurer's draft to an approved plan: drawn up, proposed, carried, approved by a second person, frozen.

Every act takes the plan's row first, so two treasurers, a double click and an approval that races a change meet one
after the other. What was proposed is known by its hash; an approval names the hash that was looked at.
"""

from __future__ import annotations

import io
from hashlib import sha256
from typing import Any

import rfc8785
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, jobs, rules
from coop.kernel.errors import Refused
from coop.kernel.models import Job
from ledger import terms as plan_terms
from ledger.allocation import Allocation
from ledger.models import PatronageYear, SurplusPlan
from ledger.selectors import patronage, surplus, voiding
from ledger.services.patronage_rows import open_year
from ledger.surplus_laws import law_of

State = SurplusPlan.State
LETTERS = [chr(code) for code in range(ord("A"), ord("Z") + 1)]
LINE_COLUMNS = (
    "coop_id, plan_id, membership_id, number, basis, shares, holding, carried, debt, interest, allocated, cash,"
    " qualified, nonqualified, netted, rolled_forward"
)
# What the hash covers of each line, one line of text a member, in the order of their numbers.
LINES_DIGEST = """
    SELECT encode(sha256(convert_to(coalesce(string_agg(concat_ws('|', number, membership_id, basis::text, shares::text,
           holding, carried, debt, interest, allocated, cash, qualified, nonqualified, netted, rolled_forward),
           E'\\n' ORDER BY number), ''), 'UTF8')), 'hex') FROM ledger_planline WHERE plan_id = %s
"""


@transaction.atomic
def draw_up(*, actor, year: int, title: str, terms: dict[str, Any]) -> SurplusPlan:
    """A new draft for the year, with a line for every member who gets something. Nothing is promised by it.

    Refused: what the engine refuses, with the name of the line; more than 26 plans a year.
    """
    rules.require(actor, "ledger.propose")
    found = open_year(coop=actor.coop, year=year)
    taken = set(SurplusPlan.objects.filter(year=found).values_list("letter", flat=True))
    letter = next((letter for letter in LETTERS if letter not in taken), None)
    if letter is None:
        raise Refused("too_many_plans", _("There are 26 plans for %(year)s; throw one away first.") % {"year": year})
    plan = SurplusPlan(coop=actor.coop, year=found, letter=letter, created_by=actor.user)
    return _work_out(actor, plan, title, terms)


def terms_to_begin_with(year: PatronageYear) -> dict[str, Any]:
    """What a new plan is prefilled with: the lines the co-op's law asks for, and the result the books show, parted
    into what was earned with members and with others by their turnover."""
    pools = patronage.pools(year)
    result = surplus.result_in_the_books(year)
    elsewhere = surplus.earned_elsewhere(result, pools)
    law = law_of(year.coop)
    accounts = {each.purpose: each for each in surplus.appropriation_accounts(year.coop) if each.purpose}
    capital = sum(surplus.paid_up_by_number(year.coop, year.ends_on).values())
    steps = []
    for reserve in law.reserves:
        goes_to = accounts.get(reserve.purpose)
        balance = -surplus.balance_of(goes_to) if goes_to else 0
        steps.append(reserve.term(goes_to.code if goes_to else "", balance, capital))
    return {
        "result": {"patronage": result - elsewhere, "nonpatronage": elsewhere, "losses_carried": 0},
        "appropriations": steps,
        "share_interest": None,
        "pools": [{"name": pool.pool, "rest": True} for pool in pools[:1]],
        "settlement": {"cash_percent": "100", "notice": "none"},
    }


@transaction.atomic
def redraw(*, actor, plan: SurplusPlan, title: str, terms: dict[str, Any]) -> SurplusPlan:
    """Work a draft out again, with other terms or on figures that have changed. Refused once it was proposed."""
    rules.require(actor, "ledger.propose", plan)
    PatronageYear.objects.select_for_update(no_key=True).get(pk=plan.year_id)
    found = _locked(actor, plan)
    _only(found, State.DRAFT)
    return _work_out(actor, found, title, terms)


def _locked(actor, plan: SurplusPlan) -> SurplusPlan:
    found = SurplusPlan.objects.select_for_update(no_key=True, of=("self",)).select_related("year", "coop")
    return found.get(coop=actor.coop, pk=plan.pk)


def _only(plan: SurplusPlan, *states: str) -> None:
    if plan.state not in states:
        raise Refused(
            "not_now",
            _("Plan %(plan)s is in another state: %(state)s.")
            % {"plan": plan.letter, "state": plan.get_state_display().lower()},
            status=409,
        )


def _work_out(actor, plan: SurplusPlan, title: str, terms: dict[str, Any]) -> SurplusPlan:
    title = " ".join(title.split())[:80]
    if not title:
        raise Refused("no_title", _("Say in a few words what the plan is about."), "title")
    terms = plan_terms.checked(terms)
    figures = surplus.figures(plan.year)
    members = surplus.member_ids(actor.coop, figures)
    allocation = plan_terms.carry_out(
        currency=actor.coop.currency, ends_on=plan.year.ends_on, terms=terms, figures=figures
    )
    plan.title, plan.terms, plan.changed_at = title, terms, clock.now()
    plan.result = surplus.result_of(allocation, terms, figures, patronage.pools(plan.year))
    plan.basis_version, plan.line_count = plan.year.version, len(allocation.members)
    plan.save()
    plan.lines.all()._raw_delete(plan.lines.db)
    _copy_lines(plan, allocation, members, figures)
    return plan


def _copy_lines(plan: SurplusPlan, allocation: Allocation, members, figures: plan_terms.Figures) -> None:
    pools = [(dict(pool.basis.figures), dict(pool.by_member)) for pool in allocation.pools]
    lines = io.StringIO()
    for number, allocated, interest, cash, qualified, nonqualified, netted, rolled in allocation.rows():
        basis = ",".join(str(figures_.get(number, 0)) for figures_, _shares in pools)
        shares = ",".join(str(shares_.get(number, 0)) for _figures, shares_ in pools)
        lines.write(
            f"{plan.coop_id}\t{plan.pk}\t{members[number]}\t{number}\t{{{basis}}}\t{{{shares}}}\t"
            f"{figures.holdings.get(number, 0)}\t{figures.carried.get(number, 0)}\t{figures.debts.get(number, 0)}\t"
            f"{interest}\t{allocated}\t{cash}\t{qualified}\t{nonqualified}\t{netted}\t{rolled}\n"
        )
    lines.seek(0)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY ledger_planline ({LINE_COLUMNS}) FROM STDIN", lines)


@transaction.atomic
def throw_away(*, actor, plan: SurplusPlan) -> None:
    """Delete a draft with its lines. Refused once it was proposed."""
    rules.require(actor, "ledger.propose", plan)
    found = _locked(actor, plan)
    _only(found, State.DRAFT)
    letter, year = found.letter, found.year.year
    found.delete()
    audit.record(actor=actor, kind="ledger.plan_thrown_away", subject=f"surplus-plan:{plan.pk}", year=year, plan=letter)


@transaction.atomic
def propose(*, actor, plan: SurplusPlan) -> SurplusPlan:
    """Put a draft before the members. From here on its terms and lines are frozen under their hash.

    Refused: a draft drawn up on figures that have changed since (draw it up again), and whatever
    ``issues_before_proposing`` lists. Asked twice, it is proposed once.
    """
    rules.require(actor, "ledger.propose", plan)
    PatronageYear.objects.select_for_update(no_key=True).get(pk=plan.year_id)
    found = _locked(actor, plan)
    if found.state == State.PROPOSED:
        return found
    _only(found, State.DRAFT)
    for issue in surplus.issues_before_proposing(found):
        raise Refused("not_ready", issue)
    found.state, found.proposed_at, found.proposed_by = State.PROPOSED, clock.now(), actor.user
    found.hash = hash_of(found)
    found.save(update_fields=["state", "proposed_at", "proposed_by", "hash"])
    _say(actor, "ledger.plan_proposed", found)
    return found


def hash_of(plan: SurplusPlan) -> str:
    """SHA-256 of the canonical JSON (RFC 8785) of terms, result and a digest over every line, in member order."""
    with connection.cursor() as cursor:
        cursor.execute(LINES_DIGEST, [plan.pk])
        (lines,) = cursor.fetchone()
    said = {
        "coop": plan.coop.slug,
        "year": plan.year.year,
        "plan": plan.letter,
        "title": plan.title,
        "terms": plan.terms,
        "result": plan.result,
        "lines": lines,
    }
    return sha256(rfc8785.dumps(said)).hexdigest()


@transaction.atomic
def take_back(*, actor, plan: SurplusPlan, because: str) -> SurplusPlan:
    """Make a proposal a draft again, as long as the members have not decided on it."""
    rules.require(actor, "ledger.propose", plan)
    found = _locked(actor, plan)
    _only(found, State.PROPOSED)
    because = _reason(because)
    was = found.hash
    found.state, found.hash = State.DRAFT, ""
    found.save(update_fields=["state", "hash"])
    _say(actor, "ledger.plan_taken_back", found, was=was, because=because)
    return found


def _reason(because: str) -> str:
    because = " ".join(because.split())[:300]
    if not because:
        raise Refused("no_reason", _("Say why."), "because")
    return because


@transaction.atomic
def link_resolution(*, actor, plan: SurplusPlan, resolution) -> SurplusPlan:
    """Join the plan to the members' resolution that carried it.

    Refused: a resolution that was not carried, one another plan stands on, a year that has its plan already.
    """
    rules.require(actor, "ledger.propose", plan)
    found = _locked(actor, plan)
    if found.state == State.RESOLVED and found.resolution_id == resolution.pk:
        return found
    _only(found, State.PROPOSED)
    if resolution.coop_id != found.coop_id or not resolution.carried:
        raise Refused("not_carried", _("The members did not carry this motion."), "resolution")
    if not resolution.stands:
        raise Refused("not_certified", _("Two officers have not certified this result yet."), "resolution")
    if resolution.decided_on <= found.year.starts_on:
        raise Refused(
            "too_early",
            _("This motion was decided before the year %(year)s began.") % {"year": found.year.year},
            "resolution",
        )
    found.state, found.resolution = State.RESOLVED, resolution
    found.resolved_at, found.resolved_by = clock.now(), actor.user
    try:
        with transaction.atomic():
            found.save(update_fields=["state", "resolution", "resolved_at", "resolved_by"])
    except IntegrityError as taken:
        raise Refused(
            "taken", _("Another plan stands on this resolution, or this year has its plan already."), "resolution"
        ) from taken
    _say(actor, "ledger.plan_resolved", found, resolution=resolution.number, text_hash=resolution.text_hash)
    return found


@transaction.atomic
def approve(*, actor, plan: SurplusPlan, seen: str) -> SurplusPlan:
    """A second person's approval of exactly the plan whose hash they saw. Asked twice by the same one, it stands once.

    Refused: whoever drew up or proposed it; a hash that is not the plan's; a plan whose lines no longer give its hash.
    """
    rules.require(actor, "ledger.approve", plan)
    found = _locked(actor, plan)
    if found.state == State.APPROVED and found.approved_by_id == actor.user_id:
        return found
    _only(found, State.RESOLVED)
    if actor.user_id in (found.created_by_id, found.proposed_by_id):
        raise Refused("same_person", _("You drew this plan up; somebody else has to approve it."), status=403)
    if seen != found.hash or hash_of(found) != found.hash:
        raise Refused("not_what_was_seen", _("This is not the plan you looked at; read it again."), status=409)
    found.state, found.approved_at, found.approved_by = State.APPROVED, clock.now(), actor.user
    found.save(update_fields=["state", "approved_at", "approved_by"])
    if found.line_count > settings.EVERYDAY_MEMBERS:
        title = _("Opening accounts for plan %(plan)s, %(year)s") % {"plan": found.letter, "year": found.year.year}
        jobs.enqueue("ledger.open_accounts", found.pk, actor=actor, title=title)
    _say(actor, "ledger.plan_approved", found)
    return found


@transaction.atomic
def post(*, actor, plan: SurplusPlan) -> Job:
    """Ask for the posting. However often it is asked, it is one job while it is open, and one entry ever."""
    rules.require(actor, "ledger.keep_books")
    found = _locked(actor, plan)
    if found.state == State.POSTED:
        raise Refused("is_posted", _("Plan %(plan)s is posted already.") % {"plan": found.letter}, status=409)
    _only(found, State.APPROVED)
    title = _("Posting plan %(plan)s for %(year)s") % {"plan": found.letter, "year": found.year.year}
    today = clock.today(actor.coop).isoformat()
    return jobs.enqueue("ledger.post_distribution", found.pk, today, actor=actor, title=title, total=found.line_count)


@transaction.atomic
def void(*, actor, plan: SurplusPlan, because: str) -> Job | None:
    """Give a carried plan up. Before it is posted, at once; after, by a job that reverses its entry.

    Refused: a posted plan whose money has moved on, or while a pay-out is under way.
    """
    rules.require(actor, "ledger.void", plan)
    found = _locked(actor, plan)
    because = _reason(because)
    _only(found, State.RESOLVED, State.APPROVED, State.POSTED)
    if found.state == State.POSTED:
        if found.line_count <= settings.EVERYDAY_MEMBERS:  # of very many, the job looks before it begins
            refuse_moved_on(found)
        title = _("Voiding plan %(plan)s for %(year)s") % {"plan": found.letter, "year": found.year.year}
        today = clock.today(actor.coop).isoformat()
        return jobs.enqueue(
            "ledger.void_distribution", found.pk, today, because, actor=actor, title=title, total=found.line_count
        )
    found.state, found.voided_at, found.voided_by = State.VOID, clock.now(), actor.user
    found.because = because
    found.save(update_fields=["state", "voided_at", "voided_by", "because"])
    _say(actor, "ledger.plan_voided", found, because=because)
    return None


def refuse_moved_on(plan: SurplusPlan) -> None:
    """Refuse to void a plan that was paid out, or that a pay-out under way may be paying."""
    run = voiding.payout_under_way(plan.coop)
    if run is not None:
        raise Refused(
            "payout_under_way",
            _("Pay-out %(number)s is under way; throw it away, or wait until it is posted.") % {"number": run.number},
            status=409,
        )
    numbers = voiding.moved_on(plan)
    if numbers:
        raise Refused(
            "moved_on",
            _(
                "Plan %(plan)s cannot be voided: what it gave has left the members’ accounts (member %(numbers)s)."
                " Money the bank has paid is not undone in the books; correct it in the next year’s plan."
            )
            % {"plan": plan.letter, "numbers": ", ".join(map(str, numbers))},
            status=409,
        )


def why_not_void(plan: SurplusPlan) -> str:
    """The sentence with which voiding a plan would be refused, for its page; of very many members the job looks."""
    if plan.state != State.POSTED or plan.line_count > settings.EVERYDAY_MEMBERS:
        return ""
    try:
        refuse_moved_on(plan)
    except Refused as refused:
        return refused.message
    return ""


def _say(actor, kind: str, plan: SurplusPlan, **more) -> None:
    audit.record(
        actor=actor,
        kind=kind,
        subject=f"surplus-plan:{plan.pk}",
        year=plan.year.year,
        plan=plan.letter,
        hash=plan.hash,
        **more,
    )
