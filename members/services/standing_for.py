"""Who stands for whom: an organisation's representative, a minor's guardian, joint holders; from a day to a day."""

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
from members.ages import MAJORITY, age_on, comes_of_age_on
from members.models import Application, Party, Relationship

from . import parties

Kind = Relationship.Kind


@transaction.atomic
def name_stand_in(
    *, actor, party: Party, kind: str, on: date, evidence: str, by: Party | None = None, person: dict | None = None
) -> Relationship:
    """From ``on`` somebody represents an organisation, is a minor's guardian, or holds jointly with a member.

    ``by`` is somebody on record, or ``person`` (given_names, family_name, email) is put on record. A representative
    takes the place of the one before, who stands until the day before; the membership and its vote stay the party's.
    Named from the very day of the one before, it puts a mistake right: that entry stays, and counts on no day.
    """
    rules.require(actor, "members.keep_register", party)
    party = (
        Party.objects.select_for_update(no_key=True, of=("self",))
        .select_related("coop")
        .get(pk=party.pk, coop_id=actor.coop_id)
    )
    parties.refuse_merged(party)
    if party.died_on is not None:
        raise Refused("died", _("This member has died; name the heirs, and who stands for them."))
    _refuse_unfit(party, kind, on)
    if not evidence.strip():
        raise Refused(
            "evidence_missing", _("Say what shows it: a resolution, an extract, a court’s letter."), "evidence"
        )
    by = by or parties.put_on_record(actor, person or {}, on)
    rules.require(actor, "members.keep_register", by)
    if by.pk == party.pk or by.kind != Party.Kind.PERSON or by.died_on or by.erased_at or by.merged_into_id:
        raise Refused("cannot_stand", _("%s cannot stand for somebody here.") % by.name, "number")
    now = Relationship.objects.select_for_update(no_key=True, of=("self",)).filter(
        object=party, kind=kind, ends_on__isnull=True
    )
    if now.filter(subject=by).exists():
        raise Refused("stands_already", _("%s does so already.") % by.name, "number")
    mistaken = []
    if kind == Kind.REPRESENTS:
        for before in now.select_related("subject"):
            if before.starts_on > on:
                raise Refused(
                    "before_the_last",
                    _("%(name)s was named from %(day)s. If that was a mistake, name the right person from that day.")
                    % {"name": before.subject.name, "day": date_format(before.starts_on, "j F Y")},
                    "on",
                )
            before.ends_on = on - timedelta(days=1)
            before.save(update_fields=["ends_on"])
            mistaken += [before.pk] if before.was_mistaken else []
    made = Relationship.objects.create(
        coop_id=actor.coop_id,
        kind=kind,
        subject=by,
        object=party,
        starts_on=on,
        evidence=evidence.strip()[:300],
        recorded_by_id=actor.user_id,
    )
    audit.record(
        actor=actor,
        kind="members.stand_in_named",
        subject=f"party:{party.pk}",
        how=kind,
        by=by.pk,
        since=on.isoformat(),
        mistaken=mistaken,
    )
    return made


def name_guardian(*, actor, party: Party, application: Application, on: date) -> None:
    """The guardian who applied for a minor stands for the member from the admission; part of the admission."""
    said = dict(application.guardian)
    evidence = said.pop("evidence")
    guardian = None
    if said["email"]:
        whole = Party.objects.filter(merged_into=None, erased_at=None)
        known = whole.filter(coop_id=actor.coop_id, email__iexact=said["email"], kind="person")
        guardian = known.filter(name=f"{said['given_names']} {said['family_name']}".strip()).first()
    Relationship.objects.create(
        coop_id=actor.coop_id,
        kind=Kind.GUARDIAN,
        subject=guardian or parties.put_on_record(actor, said, on),
        object=party,
        starts_on=on,
        evidence=evidence,
        recorded_by_id=actor.user_id,
    )


def _refuse_unfit(party: Party, kind: str, on: date) -> None:
    today = clock.today(party.coop)
    if kind not in (Kind.REPRESENTS, Kind.GUARDIAN, Kind.JOINT):
        raise Refused("kind_unknown", _("Say how they stand for each other."), "kind")
    if kind == Kind.REPRESENTS and party.kind != Party.Kind.ORGANISATION:
        raise Refused("not_an_organisation", _("Only an organisation has a representative."), "kind")
    if kind == Kind.GUARDIAN and (party.born_on is None or age_on(party.born_on, today) >= MAJORITY):
        raise Refused("not_a_minor", _("Only a minor, born on a day we know, has a guardian."), "kind")
    if on > today:
        raise Refused("in_the_future", _("That day is still to come; record it when it has come."), "on")


@transaction.atomic
def end_stand_in(*, actor, relationship: Relationship, on: date) -> Relationship:
    """The last day on which somebody stood for another."""
    rules.require(actor, "members.keep_register", relationship)
    found = Relationship.objects.select_for_update(no_key=True, of=("self",)).select_related("coop", "object")
    relationship = found.get(pk=relationship.pk, coop_id=actor.coop_id)
    if relationship.ends_on is not None:
        raise Refused("ended_already", _("That has ended already."))
    if not relationship.starts_on <= on <= clock.today(relationship.coop):
        raise Refused("day_outside", _("The last day lies between the first day and today."), "on")
    relationship.ends_on = on
    relationship.save(update_fields=["ends_on"])
    audit.record(
        actor=actor,
        kind="members.stand_in_ended",
        subject=f"party:{relationship.object_id}",
        how=relationship.kind,
        last_day=on.isoformat(),
    )
    return relationship


def come_of_age(coop: Cooperative) -> int:
    """Guardians stand until the day before somebody is of full age; then the member is written to. How many were."""
    today, actor, done = clock.today(coop), Actor.system(coop), 0
    waiting = Relationship.objects.filter(coop=coop, kind=Kind.GUARDIAN, ends_on__isnull=True)
    for each in waiting.filter(object__born_on__isnull=False).select_related("object"):
        if each.object.born_on is not None and comes_of_age_on(each.object.born_on) <= today:
            done += _end_guardian(actor, each.pk)
    return done


@transaction.atomic
def _end_guardian(actor, pk: int) -> int:
    each = Relationship.objects.select_for_update(no_key=True, skip_locked=True, of=("self",)).select_related(
        "object__coop"
    )
    found = each.filter(pk=pk, ends_on__isnull=True).first()
    if found is None or found.object.born_on is None:
        return 0
    last = comes_of_age_on(found.object.born_on) - timedelta(days=1)
    found.ends_on = max(found.starts_on, last)
    found.save(update_fields=["ends_on"])
    notices.of_age(found.object)
    audit.record(actor=actor, kind="members.came_of_age", subject=f"party:{found.object_id}", since=last.isoformat())
    return 1
