"""The board decides: a sheet of many applications, one resolution, members with numbers at the end."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import rfc8785
from django.db import IntegrityError, transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, rules
from coop.kernel.errors import Refused
from members import notices
from members.models import Application, BoardSheet, Membership, Party
from members.selectors import terms_in_force

from . import history, learning, numbers, parties, standing_for

State = Application.State


@dataclass(frozen=True)
class Decision:
    """What the body decided about one application: ``admit``, ``refuse`` (with the reason) or ``postpone``."""

    verdict: str
    reason: str = ""


ADMIT, REFUSE, POSTPONE = "admit", "refuse", "postpone"


@transaction.atomic
def create_sheet(
    *, actor, meeting_on: date, body: str = "board", applications: Iterable[Application] = ()
) -> BoardSheet:
    """A sheet for one meeting of the admitting body, with these applications on it."""
    rules.require(actor, "members.keep_register")
    sheet = BoardSheet.objects.create(coop_id=actor.coop_id, meeting_on=meeting_on, body=body)
    applications = list(applications)
    if applications:
        put_on_sheet(actor=actor, sheet=sheet, applications=applications)
    audit.record(
        actor=actor,
        kind="members.sheet_created",
        subject=f"sheet:{sheet.pk}",
        meeting_on=meeting_on.isoformat(),
        applications=[each.pk for each in applications],
    )
    return sheet


@transaction.atomic
def put_on_sheet(*, actor, sheet: BoardSheet, applications: Iterable[Application]) -> int:
    """Put waiting applications before the body. Returns how many; one already on this sheet is not counted."""
    rules.require(actor, "members.keep_register", sheet)
    sheet = _lock_draft(actor, sheet)
    put = 0
    for application in _lock_all(actor, [each.pk for each in applications]):
        if not application.is_open:
            raise Refused("already_decided", _("%s has been decided already.") % application.full_name)
        if application.sheet_id == sheet.pk:
            continue
        if application.sheet_id is not None:
            raise Refused("on_another_sheet", _("%s is already on another sheet.") % application.full_name)
        application.sheet, application.state = sheet, State.ON_SHEET
        application.save(update_fields=["sheet", "state"])
        put += 1
    return put


@transaction.atomic
def take_off_sheet(*, actor, application: Application) -> Application:
    """Take an application off its sheet; it waits again, with the clock it had."""
    rules.require(actor, "members.keep_register", application)
    (application,) = _lock_all(actor, [application.pk])
    if application.state != State.ON_SHEET:
        raise Refused("not_on_sheet", _("%s is on no sheet.") % application.full_name)
    application.sheet, application.state = None, State.RECEIVED
    application.save(update_fields=["sheet", "state"])
    return application


@transaction.atomic
def decide_sheet(
    *, actor, sheet: BoardSheet, decisions: Mapping[int, Decision], resolution: str, on: date
) -> BoardSheet:
    """Record what the body decided on ``on`` by ``resolution``, for every application of the sheet (by its key).

    The admitted get their numbers in the order they applied, become members from ``on`` and are written to; the
    refused get the reason and the day until which they may appeal; the postponed wait again. All or nothing.
    """
    rules.require(actor, "members.decide", sheet)
    sheet = _lock_draft(actor, sheet)
    applications = _lock_all(actor, sheet.applications.values_list("pk", flat=True))
    resolution = resolution.strip()
    _refuse_sheet(sheet, applications, decisions, resolution, on)
    digest = _digest(sheet, applications, decisions, resolution, on)
    facts = {"decided_by": sheet.body, "decided_on": on, "decision_ref": resolution, "decision_hash": digest}
    terms = terms_in_force(sheet.coop, on)
    admitted = sum(decisions[each.pk].verdict == ADMIT for each in applications)
    given = list(numbers.take(sheet.coop, admitted)) if admitted else []
    left = iter(given)
    for application in applications:
        decision = decisions[application.pk]
        if decision.verdict == ADMIT:
            _admit(actor, application, next(left), on, facts)
        elif decision.verdict == REFUSE:
            days = terms[application.member_class_id].appeal_within_days
            _refuse(actor, application, decision.reason.strip(), on, on + timedelta(days=days), facts)
        else:
            application.sheet, application.state = None, State.RECEIVED
            application.save(update_fields=["sheet", "state"])
    sheet.state, sheet.decided_on, sheet.resolution, sheet.text_hash = "decided", on, resolution, digest
    sheet.recorded_at, sheet.recorded_by_id = clock.now(), actor.user_id
    sheet.save()
    audit.record(
        actor=actor,
        kind="members.sheet_decided",
        subject=f"sheet:{sheet.pk}",
        resolution=resolution,
        decided_on=on.isoformat(),
        hash=digest,
        admitted=given,
        refused=[each.pk for each in applications if decisions[each.pk].verdict == REFUSE],
        postponed=[each.pk for each in applications if decisions[each.pk].verdict == POSTPONE],
    )
    return sheet


@transaction.atomic
def admit(*, actor, application: Application, resolution: str, on: date) -> Membership:
    """The body admits one applicant by a resolution of its own: a sheet with one line. Returns the membership."""
    sheet = create_sheet(actor=actor, meeting_on=on, applications=[application])
    decide_sheet(actor=actor, sheet=sheet, decisions={application.pk: Decision(ADMIT)}, resolution=resolution, on=on)
    return Membership.objects.select_related("party", "member_class").get(application=application.pk)


def _lock_draft(actor, sheet: BoardSheet) -> BoardSheet:
    locked = BoardSheet.objects.select_for_update(of=("self",)).select_related("coop")
    sheet = locked.get(pk=sheet.pk, coop_id=actor.coop_id)
    if sheet.state != BoardSheet.State.DRAFT:
        raise Refused("sheet_decided", _("This sheet has been decided; a decision is not changed, only followed."))
    return sheet


def _lock_all(actor, keys) -> list[Application]:
    """The applications, locked in one order so that two sheets cannot wait for each other."""
    locked = Application.objects.select_for_update(of=("self",)).select_related("member_class", "coop", "party")
    found = list(locked.filter(pk__in=list(keys), coop_id=actor.coop_id).order_by("pk"))
    return found


def _refuse_sheet(sheet, applications, decisions, resolution: str, on: date) -> None:
    if not applications:
        raise Refused("sheet_empty", _("There is no application on this sheet yet."))
    if not resolution:
        raise Refused("resolution_missing", _("Name the resolution, as the minutes do."), "resolution")
    if len(resolution) > 80:
        raise Refused("resolution_long", _("The name of a resolution has at most 80 characters."), "resolution")
    if on > clock.today(sheet.coop):
        raise Refused("in_the_future", _("The decision cannot lie in the future; record it once it is made."), "on")
    for application in applications:
        _refuse_line(application, decisions.get(application.pk), on)


def _refuse_line(application: Application, decision: Decision | None, on: date) -> None:
    who = application.full_name
    if decision is None or decision.verdict not in (ADMIT, REFUSE, POSTPONE):
        raise Refused("decision_missing", _("Say what was decided about %s.") % who, f"verdict_{application.pk}")
    if decision.verdict == REFUSE and not decision.reason.strip():
        raise Refused(
            "reason_missing", _("Say why %s was refused; they are owed a reason.") % who, f"reason_{application.pk}"
        )
    if decision.verdict == ADMIT and application.guardian and not application.checks.filter(code="guardian").exists():
        raise Refused(
            "guardian_unseen",
            _("%s is a minor; somebody has to look at the guardian’s consent first, and tick it.") % who,
            f"verdict_{application.pk}",
        )
    if decision.verdict == ADMIT:
        learning.refuse_admission(application, on)
    if on < application.received_on:
        raise Refused(
            "before_application",
            _("%(who)s only applied on %(day)s, after that decision.")
            % {"who": who, "day": date_format(application.received_on, "j F Y")},
            "on",
        )


def _digest(sheet, applications, decisions, resolution: str, on: date) -> str:
    """SHA-256 of what was decided, so that minutes and register can be held against each other."""
    body = {
        "body": sheet.body,
        "on": on.isoformat(),
        "resolution": resolution,
        "applications": [[str(each.reference), decisions[each.pk].verdict] for each in applications],
    }
    return hashlib.sha256(rfc8785.dumps(body)).hexdigest()


def _admit(actor, application: Application, number: int, on: date, facts: dict) -> Membership:
    party = _party_for(actor, application, on)
    if application.account_id and party.account_id is None:
        if not Party.objects.filter(coop_id=actor.coop_id, account_id=application.account_id).exists():
            party.account_id = application.account_id
            party.save(update_fields=["account"])
    membership = Membership(
        coop_id=actor.coop_id,
        stream=application.stream,
        number=number,
        party=party,
        member_class=application.member_class,
        state=Membership.State.ADMITTED,
        admitted_on=on,
        shares_wanted=application.shares_wanted,
        instalments=application.instalments,
    )
    try:
        with transaction.atomic():
            membership.save(force_insert=True)
    except IntegrityError as clash:
        if "membership_one_open_a_class" not in str(clash):
            raise
        raise Refused(
            "member_already",
            _("%(who)s is a %(class)s member already; one membership of a class is enough.")
            % {"who": application.full_name, "class": application.member_class.name.lower()},
            f"verdict_{application.pk}",
        ) from clash
    event = history.append(
        actor=actor,
        stream=application.stream,
        membership=membership,
        kind="admitted",
        effective_on=on,
        member_class=application.member_class,
        **facts,
    )
    Membership.objects.filter(pk=membership.pk).update(last_seq=event.seq)
    membership.last_seq = event.seq
    application.state, application.decided_on = State.ADMITTED, on
    application.party, application.membership = party, membership
    application.save(update_fields=["state", "decided_on", "party", "membership"])
    learning.pass_to_party(application, party)
    notices.admitted(application)
    return membership


def _party_for(actor, application: Application, on: date) -> Party:
    """The party the secretary recognised, brought up to what the application says, or a new one."""
    said: dict[str, Any] = {
        "name": {name: getattr(application, name) for name in parties.NAMES},
        "address": {name: getattr(application, name) for name in parties.ADDRESS},
        "email": application.email,
        "phone": application.phone,
    }
    if application.party_id is None:
        party = parties.create_party(actor=actor, kind=application.kind, on=on, **said)
        _of_a_minor(actor, party, application, on)
        return party
    told = {key: value for key, value in said.items() if value and (key != "address" or any(value.values()))}
    # Afresh and locked, so that nobody merges it away meanwhile: the application's own copy may be from before a merge.
    known = Party.objects.select_for_update(of=("self",)).select_related("coop", "merged_into__coop")
    party = known.get(pk=application.party_id)
    party = party.merged_into or party
    parties.record(actor=actor, party=party, on=on, **told)
    _of_a_minor(actor, party, application, on)
    return party


def _of_a_minor(actor, party: Party, application: Application, on: date) -> None:
    """The birthday the application says, and the guardian who stands for the member from now on."""
    if application.born_on is not None and party.born_on is None:
        party.born_on = application.born_on
        party.save(update_fields=["born_on"])
    if application.guardian and not party.related.filter(kind="guardian", ends_on=None).exists():
        standing_for.name_guardian(actor=actor, party=party, application=application, on=on)


def _refuse(actor, application: Application, reason: str, on: date, appeal_by: date, facts: dict) -> None:
    history.append(
        actor=actor,
        stream=application.stream,
        kind="refused",
        effective_on=on,
        note={"because": reason},
        **facts,
    )
    application.state, application.decided_on = State.REFUSED, on
    application.refusal, application.appeal_by = reason, appeal_by
    application.save(update_fields=["state", "decided_on", "refusal", "appeal_by"])
    notices.refused(application)
