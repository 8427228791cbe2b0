"""Death: what it ends, who the heirs are, and the way back where it was written down for somebody who lives.

Nothing is removed: an entry that never should have been is struck out by a later one, so that the register as it was
known in between still shows it. Who may act and who votes is asked of ``Party.died_on``, so both come back with it.
"""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, rules
from coop.kernel.errors import Refused
from coop.kernel.models import Cooperative
from members import notices
from members.models import Membership, MembershipEvent, Party, Relationship
from members.notice.rule import month_end
from members.replay import in_force
from members.selectors.after_death import final_steps

from . import expelling, history, parties
from .standing import subject_of

Ending, Kind, Bond = Membership.Ending, MembershipEvent.Kind, Relationship.Kind
HEIRS = (Bond.HEIR, Bond.HEIRS_REPRESENTATIVE)


@transaction.atomic
def record_death(*, actor, party: Party, died_on: date, evidence: str) -> list[Membership]:
    """A member has died. Each open membership gets its last day, and the votes end at once.

    In Germany the heirs hold the membership until the fiscal year ends (GenG § 77 (1)); elsewhere it ends that day.
    From then on the login acts for nobody here. Refused for a day to come, or one before an admission.
    """
    rules.require(actor, "members.keep_register", party)
    party = _lock(actor, party)
    memberships = [history.lock(each) for each in party.memberships.exclude(state="ended").order_by("pk")]
    _refuse_death(party, memberships, died_on, evidence)
    party.died_on = died_on
    party.save(update_fields=["died_on"])
    last_day = last_day_after(party.coop, died_on)
    ended = []
    for membership in memberships:
        if not membership.stands_on(died_on):
            continue
        history.go_on(
            actor=actor,
            membership=membership,
            kind="died",
            effective_on=died_on,
            ends_on=min(last_day, membership.ends_on) if membership.ends_on else last_day,
            ending=Ending.DIED,
            note={"because": evidence.strip()},
        )
        ended.append(membership)
    audit.record(
        actor=actor,
        kind="members.died",
        subject=f"party:{party.pk}",
        died_on=died_on.isoformat(),
        evidence=evidence.strip(),
        numbers=[each.number for each in ended],
    )
    return ended


def _refuse_death(party: Party, memberships: list[Membership], died_on: date, evidence: str) -> None:
    parties.refuse_merged(party)
    if party.kind != Party.Kind.PERSON:
        raise Refused("not_a_person", _("Only people die; an organisation is dissolved."))
    if party.died_on is not None:
        raise Refused("died_already", _("This death is already on the register."))
    if died_on > clock.today(party.coop):
        raise Refused("in_the_future", _("That day is still to come."), "died_on")
    if not evidence.strip():
        raise Refused("evidence_missing", _("Say what the death was seen from, for example a certificate."), "evidence")
    for membership in memberships:
        if died_on < membership.admitted_on:
            raise Refused(
                "before_admission",
                _("Member %(number)s was admitted on %(day)s, after that day; compare the date, or the person.")
                % {"number": membership.number_text, "day": _day(membership.admitted_on)},
                "died_on",
            )


def last_day_after(coop: Cooperative, died_on: date) -> date:
    """The last day of a membership whose holder died on ``died_on``, where nothing ends it sooner."""
    if not coop.law.startswith("de-"):
        return died_on
    this_year = month_end(died_on.year, coop.fiscal_year_end_month)
    return this_year if died_on <= this_year else month_end(died_on.year + 1, coop.fiscal_year_end_month)


@transaction.atomic
def name_heir(
    *,
    actor,
    deceased: Party,
    on: date,
    evidence: str,
    heir: Party | None = None,
    person: dict | None = None,
    represents: bool = False,
) -> Relationship:
    """Write down an heir, and whether this one stands for all of them. One representative at a time.

    ``heir`` is somebody on record, or ``person`` (given_names, family_name, email) is put on record.
    """
    rules.require(actor, "members.keep_register", deceased)
    deceased = _lock(actor, deceased)
    if deceased.died_on is None:
        raise Refused("alive", _("Nobody has heirs before the death is on the register."))
    if on < deceased.died_on or on > clock.today(deceased.coop):
        raise Refused(
            "day_outside", _("Somebody is an heir from the day of the death on, and not from a day to come."), "on"
        )
    heir = heir or parties.put_on_record(actor, person or {}, on)
    rules.require(actor, "members.keep_register", heir)
    if heir.pk == deceased.pk or heir.died_on is not None or heir.erased_at or heir.merged_into_id:
        raise Refused("heir_impossible", _("This person cannot be the heir."), "number")
    kind = Bond.HEIRS_REPRESENTATIVE if represents else Bond.HEIR
    bonds = Relationship.objects.filter(object=deceased)
    if represents and bonds.filter(kind=kind).filter(Q(ends_on=None) | Q(ends_on__gte=on)).exists():
        raise Refused("represented", _("Somebody already stands for the heirs; end that first."), "number")
    if bonds.filter(kind=kind, subject=heir, ends_on=None).exists():
        raise Refused("heir_already", _("%s is on the register as that already.") % heir.name, "number")
    relationship = Relationship.objects.create(
        coop_id=actor.coop_id,
        kind=kind,
        subject=heir,
        object=deceased,
        starts_on=on,
        evidence=evidence.strip()[:300],
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


@transaction.atomic
def take_back_death(*, actor, party: Party, because: str) -> list[Membership]:
    """The death was written down for somebody who lives: every entry that rests on it is struck out, with a reason.

    Each membership stands again as if the death had never been recorded, an appeal decided meanwhile included; a notice
    given before runs on. Heirs named are none from today, and the member is written to. Refused where something that
    rests on the death cannot be undone: a membership passed on, shares paid out, the person erased. Returns the
    memberships that stand again.
    """
    rules.require(actor, "members.keep_register", party)
    party = _lock(actor, party)
    parties.refuse_merged(party)
    if party.erased_at is not None:
        raise Refused("erased", _("This person was erased, so nobody is left whose death could be taken back."))
    if party.died_on is None:
        raise Refused("alive", _("No death of this person is on the register."))
    if not because.strip():
        raise Refused("because_missing", _("Say how the mistake came about and what shows it."), "because")
    held = [history.lock(each) for each in party.memberships.order_by("pk")]  # nothing passes on from here
    for sentence in final_steps(party):
        raise Refused("cannot_be_undone", sentence)
    died_on, today = party.died_on, clock.today(party.coop)
    party.died_on = None
    party.save(update_fields=["died_on"])
    note = {"because": because.strip()}
    back = [each for each in held if _strike_out(actor, each, note)]
    heirs = Relationship.objects.select_for_update(no_key=True, of=("self",)).filter(
        object=party, kind__in=HEIRS, ends_on=None
    )
    for each in heirs:
        each.ends_on = max(each.starts_on, today - timedelta(days=1))
        each.save(update_fields=["ends_on"])
    for membership in back:
        membership.party = party
        notices.death_taken_back(membership)
    audit.record(
        actor=actor,
        kind="members.death_taken_back",
        subject=f"party:{party.pk}",
        died_on=died_on.isoformat(),
        numbers=[each.number for each in back],
        heirs=[each.pk for each in heirs],
        **note,
    )
    return back


def _strike_out(actor, membership: Membership, note: dict) -> bool:
    """Strike out what rests on the death in one membership's history; was there anything?"""
    told = in_force(membership.events.all(), date.max)
    died = next((each for each in told if each.kind == Kind.DIED), None)
    if died is None:
        return False
    after = [each for each in told if each.seq > died.seq]
    for event in after:
        if event.kind == Kind.HEIR_NAMED or event.kind == Kind.EXIT_EFFECTIVE and event.ending == Ending.DIED:
            _correct(actor, membership, event, None)
    _correct(actor, membership, died, note)
    for event in after:
        if event.kind == Kind.APPEAL_DECIDED and event.ending == Ending.DIED:
            expelling.decide_again(actor, membership, event)
    history.project(membership)
    audit.record(actor=actor, kind="members.stands_again", subject=subject_of(membership), number=membership.number)
    return True


def _correct(actor, membership: Membership, event: MembershipEvent, note: dict | None) -> None:
    history.append(
        actor=actor,
        stream=membership.stream,
        membership=membership,
        kind=Kind.CORRECTED,
        effective_on=event.effective_on,
        corrects=event,
        note=note,
    )


def _lock(actor, party: Party) -> Party:
    found = Party.objects.select_for_update(no_key=True, of=("self",)).select_related("coop")
    return found.get(pk=party.pk, coop_id=actor.coop_id)


def _day(value: date) -> str:
    return date_format(value, "j F Y")
