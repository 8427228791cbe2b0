"""How memberships end: notice and its undoing, the day it takes effect, death and heirs."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, rules
from coop.kernel.errors import Refused
from coop.kernel.models import Cooperative
from coop.kernel.tenancy import Actor
from members import notices
from members.models import Membership, Party, Relationship
from members.notice.rule import month_end
from members.selectors.leaving import notice_of

from . import history
from .parties import refuse_merged
from .standing import refuse_ended, refuse_future, subject_of

Ending = Membership.Ending


@transaction.atomic
def give_notice(*, actor, membership: Membership, received_on: date, because: str = "") -> Membership:
    """A member leaves: notice arrived on ``received_on``, and the class's rule says which day is the last.

    The member does it, or the secretary writes down what came on paper. Refused where notice was given before.
    """
    _require_own_or_secretary(actor, membership)
    membership = history.lock(membership)
    refuse_ended(membership)
    refuse_future(membership, received_on, "received_on")
    if membership.ends_on is not None:
        raise Refused("leaving_already", _("This membership is already ending; nothing more needs to be done."))
    if received_on < membership.admitted_on:
        raise Refused("before_admission", _("Notice cannot come before the admission."), "received_on")
    worked_out = notice_of(membership, received_on)
    history.go_on(
        actor=actor,
        membership=membership,
        kind="notice_given",
        effective_on=received_on,
        ends_on=worked_out.last_day,
        ending=Ending.RESIGNED,
        note={"because": because.strip()} if because.strip() else None,
    )
    notices.notice_received(membership, worked_out)
    audit.record(
        actor=actor,
        kind="members.notice_given",
        subject=subject_of(membership),
        number=membership.number,
        received_on=received_on.isoformat(),
        last_day=worked_out.last_day.isoformat(),
    )
    return membership


@transaction.atomic
def withdraw_notice(*, actor, membership: Membership) -> Membership:
    """The member stays after all. Possible until the last day is over."""
    _require_own_or_secretary(actor, membership)
    membership = history.lock(membership)
    refuse_ended(membership)
    if membership.notice_on is None:
        raise Refused("no_notice", _("No notice was given, so there is nothing to take back."))
    history.go_on(
        actor=actor,
        membership=membership,
        kind="notice_withdrawn",
        effective_on=max(clock.today(membership.coop), membership.notice_on),
    )
    notices.notice_withdrawn(membership)
    audit.record(actor=actor, kind="members.notice_withdrawn", subject=subject_of(membership), number=membership.number)
    return membership


def end_due(coop: Cooperative, *, limit: int = 1000) -> int:
    """Write down the memberships whose last day is over. Each is a transaction of its own; may run twice at once."""
    today = clock.today(coop)
    ended = 0
    while ended < limit and _end_next(coop, today):
        ended += 1
    return ended


@transaction.atomic
def _end_next(coop: Cooperative, today: date) -> bool:
    due = Membership.objects.select_for_update(no_key=True, skip_locked=True, of=("self",)).select_related(
        "party", "coop"
    )
    membership = due.filter(coop=coop, ends_on__lt=today).exclude(state="ended").order_by("ends_on", "pk").first()
    if membership is None or membership.ends_on is None:
        return False
    actor = Actor.system(coop)
    history.go_on(
        actor=actor,
        membership=membership,
        kind="exit_effective",
        effective_on=membership.ends_on + timedelta(days=1),
        ends_on=membership.ends_on,
        ending=membership.ending,
    )
    if membership.ending == Ending.RESIGNED:
        notices.membership_ended(membership)
    audit.record(
        actor=actor,
        kind="members.ended",
        subject=subject_of(membership),
        number=membership.number,
        last_day=membership.ends_on.isoformat(),
        ending=membership.ending,
    )
    return True


@transaction.atomic
def record_death(*, actor, party: Party, died_on: date, evidence: str) -> list[Membership]:
    """A member has died. Each open membership gets its last day, and the votes end at once.

    In Germany the heirs hold the membership until the fiscal year ends (GenG § 77 (1)); elsewhere it ends that day.
    """
    rules.require(actor, "members.keep_register", party)
    party = Party.objects.select_for_update(no_key=True).select_related("coop").get(pk=party.pk, coop_id=actor.coop_id)
    refuse_merged(party)
    if party.kind != Party.Kind.PERSON:
        raise Refused("not_a_person", _("Only people die; an organisation is dissolved."))
    if party.died_on is not None:
        raise Refused("died_already", _("This death is already on the register."))
    if died_on > clock.today(party.coop):
        raise Refused("in_the_future", _("That day is still to come."), "died_on")
    if not evidence.strip():
        raise Refused("evidence_missing", _("Say what the death was seen from, for example a certificate."), "evidence")
    party.died_on = died_on
    party.save(update_fields=["died_on"])
    last_day = _last_day_after(party.coop, died_on)
    ended = []
    for membership in party.memberships.exclude(state="ended").order_by("pk"):
        membership = history.lock(membership)
        if not membership.stands_on(died_on):
            continue
        day = min(last_day, membership.ends_on) if membership.ends_on else last_day
        history.go_on(
            actor=actor,
            membership=membership,
            kind="died",
            effective_on=died_on,
            ends_on=day,
            ending=Ending.DIED,
            note={"because": evidence.strip()},
        )
        ended.append(membership)
    audit.record(
        actor=actor,
        kind="members.died",
        subject=f"party:{party.pk}",
        died_on=died_on.isoformat(),
        numbers=[each.number for each in ended],
    )
    return ended


def _last_day_after(coop: Cooperative, died_on: date) -> date:
    if not coop.law.startswith("de-"):
        return died_on
    this_year = month_end(died_on.year, coop.fiscal_year_end_month)
    return this_year if died_on <= this_year else month_end(died_on.year + 1, coop.fiscal_year_end_month)


@transaction.atomic
def name_heir(
    *, actor, deceased: Party, heir: Party, on: date, evidence: str, represents: bool = False
) -> Relationship:
    """Write down an heir, and whether this one stands for all of them. One representative at a time."""
    rules.require(actor, "members.keep_register", deceased)
    rules.require(actor, "members.keep_register", heir)
    if deceased.died_on is None:
        raise Refused("alive", _("Nobody has heirs before the death is on the register."))
    if heir.pk == deceased.pk or heir.died_on is not None:
        raise Refused("heir_impossible", _("This person cannot be the heir."), "heir")
    kind = Relationship.Kind.HEIRS_REPRESENTATIVE if represents else Relationship.Kind.HEIR
    if represents and Relationship.objects.filter(object=deceased, kind=kind, ends_on__isnull=True).exists():
        raise Refused("represented", _("Somebody already stands for the heirs; end that first."), "heir")
    relationship = Relationship.objects.create(
        coop_id=actor.coop_id,
        kind=kind,
        subject=heir,
        object=deceased,
        starts_on=on,
        evidence=evidence.strip(),
        recorded_by_id=actor.user_id,
    )
    for membership in deceased.memberships.exclude(state="ended").order_by("pk"):
        membership = history.lock(membership)
        history.go_on(
            actor=actor,
            membership=membership,
            kind="heir_named",
            effective_on=on,
            note={"because": heir.name},
        )
    audit.record(actor=actor, kind="members.heir_named", subject=f"party:{deceased.pk}", heir=heir.pk, all=represents)
    return relationship


def _require_own_or_secretary(actor, membership: Membership) -> None:
    if not rules.may(actor, "members.keep_register", membership):
        rules.require(actor, "members.see_self", membership)
