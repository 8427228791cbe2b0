"""The board decides: a sheet of many applications, one resolution, members with numbers at the end."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any, cast

import rfc8785
from django.db import IntegrityError, transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, rules
from coop.kernel.errors import Refused
from members import notices
from members.models import Application, BoardSheet, ClassTerms, CourseRequirement, Membership, MembershipEvent, Party
from members.selectors import terms_in_force
from members.selectors.learning import before_admissions

from . import history, learning, numbers, parties, standing_for

State = Application.State


@dataclass(frozen=True)
class Decision:
    """What the body decided about one application: ``admit``, ``refuse`` (with the reason) or ``postpone``."""

    verdict: str
    reason: str = ""


VERDICTS = ADMIT, REFUSE, POSTPONE = "admit", "refuse", "postpone"


@transaction.atomic
def create_sheet(
    *, actor, meeting_on: date, body: str = "board", applications: Iterable[Application] = ()
) -> BoardSheet:
    """A sheet for one meeting of the admitting body, with these applications on it."""
    rules.require(actor, "members.keep_register")
    sheet = BoardSheet.objects.create(coop_id=actor.coop_id, meeting_on=meeting_on, body=body)
    keys = [each.pk for each in applications]
    _put(sheet, _lock_all(actor, pk__in=keys))
    audit.record_all(actor, _created(sheet, keys))
    return sheet


@transaction.atomic
def put_on_sheet(*, actor, sheet: BoardSheet, applications: Iterable[Application]) -> int:
    """Put waiting applications before the body. Returns how many; one already on this sheet is not counted."""
    rules.require(actor, "members.keep_register", sheet)
    sheet = _lock_draft(actor, sheet)
    return _put(sheet, _lock_all(actor, pk__in=[each.pk for each in applications]))


def _put(sheet: BoardSheet, applications: Iterable[Application]) -> int:
    put = 0
    for application in applications:
        _refuse_elsewhere(application, sheet)
        if application.sheet_id != sheet.pk:
            application.sheet, application.state = sheet, State.ON_SHEET
            application.save(update_fields=["sheet", "state"])
            put += 1
    return put


def _refuse_elsewhere(application: Application, sheet: BoardSheet | None) -> None:
    if not application.is_open:
        raise Refused("already_decided", _("%s has been decided already.") % application.full_name)
    if application.sheet_id is not None and (sheet is None or application.sheet_id != sheet.pk):
        raise Refused("on_another_sheet", _("%s is already on another sheet.") % application.full_name)


def _created(sheet: BoardSheet, keys: list[int]) -> audit.Said:
    said = {"meeting_on": sheet.meeting_on.isoformat(), "applications": keys}
    return audit.Said("members.sheet_created", f"sheet:{sheet.pk}", said)


@transaction.atomic
def take_off_sheet(*, actor, application: Application) -> Application:
    """Take an application off its sheet; it waits again, with the clock it had."""
    rules.require(actor, "members.keep_register", application)
    (application,) = _lock_all(actor, pk=application.pk)
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
    applications = _lock_all(actor, sheet=sheet)
    audit.record_all(actor, _decide(actor, sheet, applications, decisions, resolution, on))
    return sheet


@transaction.atomic
def admit(*, actor, application: Application, resolution: str, on: date) -> Membership:
    """The body admits one applicant by a resolution of its own: a sheet with one line. Returns the membership."""
    rules.require(actor, "members.keep_register")
    rules.require(actor, "members.decide")
    applications = _lock_all(actor, pk=application.pk)
    for each in applications:
        _refuse_elsewhere(each, None)
    sheet = BoardSheet(coop=actor.coop, meeting_on=on)
    decided = _decide(actor, sheet, applications, {application.pk: Decision(ADMIT)}, resolution, on)
    audit.record_all(actor, _created(sheet, [application.pk]), decided)
    return cast(Membership, applications[0].membership)


def _decide(
    actor,
    sheet: BoardSheet,
    applications: list[Application],
    decisions: Mapping[int, Decision],
    resolution: str,
    on: date,
) -> audit.Said:
    """Save the sheet as decided and carry out every line of it; what the audit trail is to say. All are locked."""
    resolution = resolution.strip()
    _refuse_sheet(sheet, applications, decisions, resolution, on)
    digest = _digest(sheet, applications, decisions, resolution, on)
    sheet.state, sheet.decided_on, sheet.resolution, sheet.text_hash = "decided", on, resolution, digest
    sheet.recorded_at, sheet.recorded_by_id = clock.now(), actor.user_id
    sheet.save()  # before the letters, which name the resolution
    facts = {"decided_by": sheet.body, "decided_on": on, "decision_ref": resolution, "decision_hash": digest}
    terms = cache(lambda day: terms_in_force(sheet.coop, day))

    def terms_of(application: Application) -> ClassTerms:
        """Those of the day it arrived, or else of the decision: a class may have come with later by-laws."""
        key = application.member_class_id
        return terms(application.received_on).get(key) or terms(on)[key]

    by = {verdict: [each for each in applications if decisions[each.pk].verdict == verdict] for verdict in VERDICTS}
    given = list(numbers.take(sheet.coop, len(by[ADMIT]))) if by[ADMIT] else []
    last, left = history.last_of(each.stream for each in applications), iter(given)
    for application in applications:
        decision, before = decisions[application.pk], last[application.stream]
        application.sheet = sheet
        if decision.verdict == ADMIT:
            _admit(actor, application, next(left), on, before, facts)
            notices.admitted(application, terms_of(application))
        elif decision.verdict == REFUSE:
            appeal_by = on + timedelta(days=terms(on)[application.member_class_id].appeal_within_days)
            _refuse(actor, application, decision.reason.strip(), on, appeal_by, before, facts)
            notices.refused(application, terms_of(application))
        else:
            application.sheet, application.state = None, State.RECEIVED
            application.save(update_fields=["sheet", "state"])
    if by[ADMIT]:
        learning.pass_to_parties(by[ADMIT])
    return audit.Said(
        "members.sheet_decided",
        f"sheet:{sheet.pk}",
        {
            "resolution": resolution,
            "decided_on": on.isoformat(),
            "hash": digest,
            "admitted": given,
            "refused": [each.pk for each in by[REFUSE]],
            "postponed": [each.pk for each in by[POSTPONE]],
        },
    )


def _lock_draft(actor, sheet: BoardSheet) -> BoardSheet:
    locked = BoardSheet.objects.select_for_update(no_key=True, of=("self",)).select_related("coop")
    sheet = locked.get(pk=sheet.pk, coop_id=actor.coop_id)
    if sheet.state != BoardSheet.State.DRAFT:
        raise Refused("sheet_decided", _("This sheet has been decided; a decision is not changed, only followed."))
    return sheet


def _lock_all(actor, **which) -> list[Application]:
    """The applications, locked in one order so that two sheets cannot wait for each other."""
    locked = Application.objects.select_for_update(no_key=True, of=("self",)).select_related(
        "member_class", "coop", "party"
    )
    return list(locked.filter(**which, coop_id=actor.coop_id).order_by("pk"))


def _refuse_sheet(sheet, applications, decisions, resolution: str, on: date) -> None:
    if not applications:
        raise Refused("sheet_empty", _("There is no application on this sheet yet."))
    if not resolution:
        raise Refused("resolution_missing", _("Name the resolution, as the minutes do."), "resolution")
    if len(resolution) > 80:
        raise Refused("resolution_long", _("The name of a resolution has at most 80 characters."), "resolution")
    if on > clock.today(sheet.coop):
        raise Refused("in_the_future", _("The decision cannot lie in the future; record it once it is made."), "on")
    asked = list(before_admissions(sheet.coop, on))
    for application in applications:
        _refuse_line(application, decisions.get(application.pk), on, asked)


def _refuse_line(application: Application, decision: Decision | None, on: date, asked: list[CourseRequirement]) -> None:
    who = application.full_name
    if decision is None or decision.verdict not in VERDICTS:
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
        learning.refuse_admission(application, on, asked)
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


def _admit(actor, application: Application, number: int, on: date, before: MembershipEvent, facts: dict) -> None:
    party = _party_for(actor, application, on)
    membership = Membership(
        coop=actor.coop,
        stream=application.stream,
        number=number,
        party=party,
        member_class=application.member_class,
        state=Membership.State.ADMITTED,
        admitted_on=on,
        shares_wanted=application.shares_wanted,
        instalments=application.instalments,
        last_seq=before.seq + 1,
    )
    try:
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
    history.append(
        actor=actor,
        stream=application.stream,
        membership=membership,
        kind="admitted",
        effective_on=on,
        member_class=application.member_class,
        after=before,
        **facts,
    )
    application.state, application.decided_on = State.ADMITTED, on
    application.party, application.membership = party, membership
    application.save(update_fields=["state", "sheet", "decided_on", "party", "membership"])


def _party_for(actor, application: Application, on: date) -> Party:
    """The party the secretary recognised, brought up to what the application says, or a new one."""
    said: dict[str, Any] = {
        "name": {name: getattr(application, name) for name in parties.NAMES},
        "address": {name: getattr(application, name) for name in parties.ADDRESS},
        "email": application.email,
        "phone": application.phone,
    }
    account = _free_login(actor, application)
    if application.party_id is None:
        said |= {"account_id": account, "born_on": application.born_on}
        party = parties.create_party(actor=actor, kind=application.kind, on=on, **said)
        _of_a_minor(actor, party, application, on)
        return party
    told = {key: value for key, value in said.items() if value and (key != "address" or any(value.values()))}
    # Afresh and locked, so that nobody merges it away meanwhile: the application's own copy may be from before a merge.
    known = Party.objects.select_for_update(no_key=True, of=("self",)).select_related("coop", "merged_into__coop")
    party = known.get(pk=application.party_id)
    party = party.merged_into or party
    parties.record(actor=actor, party=party, on=on, **told)
    if account is not None and party.account_id is None:
        party.account_id = account
        party.save(update_fields=["account"])
    _of_a_minor(actor, party, application, on)
    return party


def _free_login(actor, application: Application) -> int | None:
    """The login that applied, unless it is somebody's here already."""
    account = application.account_id
    taken = account and Party.objects.filter(coop_id=actor.coop_id, account_id=account).exists()
    return None if taken else account


def _of_a_minor(actor, party: Party, application: Application, on: date) -> None:
    """The birthday the application says, and the guardian who stands for the member from now on."""
    if application.born_on is not None and party.born_on is None:
        party.born_on = application.born_on
        party.save(update_fields=["born_on"])
    if application.guardian and not party.related.filter(kind="guardian", ends_on=None).exists():
        standing_for.name_guardian(actor=actor, party=party, application=application, on=on)


def _refuse(
    actor,
    application: Application,
    reason: str,
    on: date,
    appeal_by: date,
    before: MembershipEvent,
    facts: dict,
) -> None:
    history.append(
        actor=actor,
        stream=application.stream,
        kind="refused",
        effective_on=on,
        note={"because": reason},
        after=before,
        **facts,
    )
    application.state, application.decided_on = State.REFUSED, on
    application.refusal, application.appeal_by = reason, appeal_by
    application.save(update_fields=["state", "decided_on", "refusal", "appeal_by"])
