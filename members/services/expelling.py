"""Expelling a member: every step has its day, nobody is expelled unheard, and nobody is gone before the appeal."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, rules
from coop.kernel.errors import Refused
from coop.kernel.models import Cooperative
from coop.kernel.tenancy import Actor
from members import notices
from members.models import ExpulsionCase, Membership, MembershipEvent
from members.notice.rule import month_end
from members.replay import in_force
from members.selectors import terms_in_force

from . import history
from .standing import refuse_ended, refuse_future, subject_of

State, Outcome = ExpulsionCase.State, ExpulsionCase.Outcome
TIME_TO_ANSWER = timedelta(days=14)


@transaction.atomic
def open_case(
    *, actor, membership: Membership, on: date, hearing_on: date, grounds: str, resolution: str
) -> ExpulsionCase:
    """The board opens a case: the member reads the grounds and has at least 14 days until the hearing.

    The membership goes on as it is; suspending it is an act of its own.
    """
    rules.require(actor, "members.decide", membership)
    membership = history.lock(membership)
    refuse_ended(membership)
    _refuse_dead(membership)
    refuse_future(membership, on)
    _need(grounds, "grounds", _("Say what the member did and which rule it breaks; they will read it."))
    _need(resolution, "resolution", _("Name the resolution that decided it."))
    if hearing_on < on + TIME_TO_ANSWER:
        raise Refused(
            "too_little_time",
            _("The member needs at least 14 days to answer, so until %s.") % _day(on + TIME_TO_ANSWER),
            "hearing_on",
        )
    if membership.state not in (Membership.State.ACTIVE, Membership.State.SUSPENDED, Membership.State.ADMITTED):
        raise Refused("wrong_state", _("This membership cannot be ended this way."))
    if ExpulsionCase.objects.filter(membership=membership).exclude(state=State.CLOSED).exists():
        raise Refused("case_open", _("A case about this member is open already."))
    terms = terms_in_force(membership.coop, on).get(membership.member_class_id)
    case = ExpulsionCase.objects.create(
        coop_id=actor.coop_id,
        membership=membership,
        was_active=membership.state == Membership.State.ACTIVE,
        opened_on=on,
        hearing_on=hearing_on,
        appeal_to=terms.appeal_to if terms is not None else "general meeting",
        opened_by_id=actor.user_id,
    )
    _tell(actor, case, "expulsion_opened", on, {"because": grounds.strip()}, decision_ref=resolution.strip(), on=on)
    return case


@transaction.atomic
def record_hearing(*, actor, case: ExpulsionCase, on: date, how: str, statement: str = "") -> ExpulsionCase:
    """The member was heard, in person or in writing, or let the day pass; what they said in a few sentences."""
    case = _lock(actor, case, State.OPEN)
    refuse_future(case.membership, on)
    if how not in ExpulsionCase.How.values:
        raise Refused("how_unknown", _("Say how the member was heard."), "how")
    if how == ExpulsionCase.How.ABSENT and on < case.hearing_on:
        raise Refused("too_early", _("The member has until %s to come or to write.") % _day(case.hearing_on), "on")
    if on < case.opened_on:
        raise Refused("before_opening", _("Nobody is heard before the case is opened."), "on")
    if how != ExpulsionCase.How.ABSENT:
        _need(statement, "statement", _("Write down in a few sentences what the member said."))
    case.state, case.heard_on, case.heard_how = State.HEARD, on, how
    case.save()
    _tell(actor, case, "heard", on, {"because": statement.strip()} if statement.strip() else None, reason_code=how)
    return case


@transaction.atomic
def drop_case(*, actor, case: ExpulsionCase, on: date, resolution: str, because: str) -> ExpulsionCase:
    """The board lets it be. The membership goes on; a suspension is lifted separately."""
    case = _lock(actor, case, State.OPEN, State.HEARD)
    _check_decision(case, on, resolution, because)
    case.state, case.outcome, case.decided_on, case.resolution = State.CLOSED, Outcome.DROPPED, on, resolution.strip()
    case.save()
    _tell(actor, case, "expulsion_dropped", on, {"because": because.strip()}, decision_ref=case.resolution, on=on)
    return case


@transaction.atomic
def expel(*, actor, case: ExpulsionCase, on: date, resolution: str, because: str) -> ExpulsionCase:
    """The board expels, after the hearing. Rights rest at once; the last day comes after the time to appeal.

    In Germany a membership ends this way only at the end of a fiscal year (GenG § 68 (1)); elsewhere on the last day
    for an appeal. Notice given before may end it sooner.
    """
    case = _lock(actor, case, State.HEARD)
    refuse_ended(case.membership)
    _refuse_dead(case.membership)
    _check_decision(case, on, resolution, because)
    if case.heard_on is None or on < case.heard_on:
        raise Refused("before_hearing", _("The board decides after the hearing."), "on")
    membership = case.membership
    terms = terms_in_force(membership.coop, on).get(membership.member_class_id)
    case.appeal_by = on + timedelta(days=max(1, terms.appeal_within_days if terms is not None else 28))
    last_day = last_day_after(membership.coop, case.appeal_by)
    if membership.ends_on is not None:
        last_day = max(case.appeal_by, min(last_day, membership.ends_on))
    case.decided_on, case.resolution, case.last_day = on, resolution.strip(), last_day
    words = {"because": because.strip()}
    _tell(
        actor,
        case,
        "expelled",
        on,
        words,
        decision_ref=case.resolution,
        on=on,
        ends_on=last_day,
        ending=Membership.Ending.EXPELLED,
        saved=lambda: _move(case, State.EXPELLED),
    )
    return case


@transaction.atomic
def appeal(*, actor, case: ExpulsionCase, on: date, because: str) -> ExpulsionCase:
    """The member appeals in time, by themselves or on paper. Nobody leaves while an appeal is undecided."""
    if not rules.may(actor, "members.keep_register", case.membership):
        rules.require(actor, "members.see_self", case.membership)
    case = _lock(actor, case, State.EXPELLED, decides=False)
    refuse_ended(case.membership)
    _refuse_dead(case.membership)
    refuse_future(case.membership, on)
    if case.decided_on is None or case.appeal_by is None or not case.decided_on <= on <= case.appeal_by:
        raise Refused("too_late", _("An appeal was possible until %s.") % _day(case.appeal_by or on), "on")
    _need(because, "because", _("Say why the decision is wrong."))
    case.appealed_on = on
    _move(case, State.APPEALED)
    _tell(actor, case, "appealed", on, {"because": because.strip()})
    return case


@transaction.atomic
def decide_appeal(
    *, actor, case: ExpulsionCase, on: date, resolution: str, upheld: bool, because: str
) -> ExpulsionCase:
    """The body of appeal decided: the expulsion stands, or the member is back in the standing there was before.

    Where the member died meanwhile the decision is written down, and the death goes on to say when the membership ends.
    """
    case = _lock(actor, case, State.APPEALED)
    _check_decision(case, on, resolution, because)
    if case.appealed_on is None or on < case.appealed_on or case.last_day is None:
        raise Refused("before_appeal", _("The appeal only came on %s.") % _day(case.appealed_on or on), "on")
    case.appeal_decided_on, case.appeal_resolution = on, resolution.strip()
    case.outcome = Outcome.EXPELLED if upheld else Outcome.OVERTURNED
    facts: dict = {"decided_by": case.appeal_to, "decided_on": on, "decision_ref": case.appeal_resolution}
    died = case.membership.party.died_on is not None
    if died:
        facts |= {"ends_on": case.membership.ends_on, "ending": case.membership.ending}
    elif upheld:
        facts |= _end_by(case, on)
    words = {"because": because.strip()}
    _move(case, State.CLOSED)
    _tell(actor, case, "appeal_decided", on, words, reason_code="upheld" if upheld else "overturned", **facts)
    if not upheld and not died:
        _give_back(actor, case, on, facts)
    return case


def decide_again(actor, membership: Membership, event: MembershipEvent) -> None:
    """An appeal was decided while the member was thought dead: it means what it means for somebody who lives.

    Part of taking the death back: an entry in the place of ``event``, and what an overturned expulsion gives back.
    """
    found = ExpulsionCase.objects.filter(membership=membership, appeal_decided_on=event.effective_on)
    case = found.latest("pk")  # none is opened after a death
    case.membership, on = membership, event.effective_on
    facts: dict = {"decided_by": event.decided_by, "decided_on": event.decided_on, "decision_ref": event.decision_ref}
    upheld = case.outcome == Outcome.EXPELLED
    words = {"because": _("The member lives, so the decision holds in full.")}
    _go_on(
        actor,
        case,
        "appeal_decided",
        on,
        words,
        corrects=event,
        reason_code=event.reason_code,
        **facts,
        **(_end_by(case, on) if upheld else {}),
    )
    if not upheld:
        _give_back(actor, case, on, facts)


def _end_by(case: ExpulsionCase, on: date) -> dict:
    """When an expulsion upheld on that day ends the membership."""
    last_day = case.last_day or on
    return {"ends_on": last_day if last_day >= on else last_day_after(case.membership.coop, on), "ending": "expelled"}


def _give_back(actor, case: ExpulsionCase, on: date, facts: dict) -> None:
    """The standing there was before the case: in good standing, and leaving where notice was given."""
    if case.was_active:
        _go_on(actor, case, "reinstated", on, None, reason_code="appeal", **facts)
    _notice_stands(actor, case, on)


def _notice_stands(actor, case: ExpulsionCase, on: date) -> None:
    """Whoever had given notice before is leaving by it again: what the appeal took away was the expulsion alone."""
    told = in_force(case.membership.events.all(), on)
    said = [each for each in told if each.kind in ("notice_given", "notice_withdrawn")]
    if said and said[-1].kind == "notice_given" and said[-1].ends_on >= on:
        words = {"because": _("The notice of %s stands.") % _day(said[-1].effective_on)}
        _go_on(actor, case, "notice_given", on, words, ends_on=said[-1].ends_on, ending="resigned")


def close_cases(coop: Cooperative) -> int:
    """Cases whose time to appeal has passed without one are closed: the expulsion stands. How many were."""
    today, actor = clock.today(coop), Actor.system(coop)
    due = ExpulsionCase.objects.filter(coop=coop, state=State.EXPELLED, appeal_by__lt=today)
    return sum(_close(actor, pk, today) for pk in due.values_list("pk", flat=True))


@transaction.atomic
def _close(actor, pk: int, today: date) -> int:
    locked = ExpulsionCase.objects.select_for_update(no_key=True, skip_locked=True)
    case = locked.filter(pk=pk, state=State.EXPELLED, appeal_by__lt=today).first()
    if case is None:
        return 0
    case.outcome = Outcome.EXPELLED
    _move(case, State.CLOSED)
    audit.record(actor=actor, kind="members.case_closed", subject=f"membership:{case.membership_id}", case=case.pk)
    return 1


def last_day_after(coop: Cooperative, day: date) -> date:
    """The first day on or after ``day`` on which an expulsion may end a membership."""
    if not coop.law.startswith("de-"):
        return day
    this_year = month_end(day.year, coop.fiscal_year_end_month)
    return this_year if day <= this_year else month_end(day.year + 1, coop.fiscal_year_end_month)


def _lock(actor, case: ExpulsionCase, *states: str, decides: bool = True) -> ExpulsionCase:
    if decides:
        rules.require(actor, "members.decide", case.membership)
    membership = history.lock(case.membership)
    case = ExpulsionCase.objects.select_for_update(no_key=True).get(pk=case.pk, coop_id=actor.coop_id)
    case.membership = membership
    if case.state not in states:
        raise Refused(
            "wrong_step", _("This case is “%s”; that step is not the next.") % case.get_state_display().lower()
        )
    return case


def _refuse_dead(membership: Membership) -> None:
    if membership.party.died_on is not None:
        raise Refused("died", _("This member has died; nobody is expelled after death."))


def _check_decision(case: ExpulsionCase, on: date, resolution: str, because: str) -> None:
    refuse_future(case.membership, on)
    if on < (case.heard_on or case.opened_on):
        raise Refused("before_opening", _("That day lies before the step it follows."), "on")
    _need(resolution, "resolution", _("Name the resolution that decided it."))
    _need(because, "because", _("Say why, in a sentence the member will read."))


def _need(text: str, field: str, sentence: str) -> None:
    if not text.strip():
        raise Refused(f"{field}_missing", sentence, field)


def _day(value: date) -> str:
    return date_format(value, "j F Y")


def _move(case: ExpulsionCase, state: str) -> None:
    case.state = state
    case.save()


def _go_on(actor, case: ExpulsionCase, kind: str, effective_on: date, note: dict | None, **facts) -> None:
    facts |= {"kind": kind, "effective_on": effective_on, "note": note}
    history.go_on(actor=actor, membership=case.membership, **facts)


def _tell(actor, case, kind: str, effective_on: date, note: dict | None, *, on=None, saved=None, **facts) -> None:
    """Append the step to the history, project it, write to the member, and record it."""
    if on is not None:
        facts |= {"decided_by": "board", "decided_on": on}
    _go_on(actor, case, kind, effective_on, note, **facts)
    if saved is not None:
        saved()
    notices.case_step(case, kind, (note or {}).get("because", ""))
    audit.record(actor=actor, kind=f"members.{kind}", subject=subject_of(case.membership), case=case.pk, **(note or {}))
