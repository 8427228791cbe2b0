"""A frozen roll, published for objection: objections with a reason, rulings with one, and what is corrected then."""

from __future__ import annotations

import json
import secrets
from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, jobs, rules
from coop.kernel.errors import Refused
from coop.kernel.tenancy import Actor
from members.models import Membership
from members.selectors import RollLine, membership_by_number, membership_of, roll_candidates

from .. import notices
from ..digests import entry_digest
from ..models import Ballot, Objection, Roll, RollCorrection, RollEntry, RollPublication, Ruling
from ..selectors import objections as known
from ..selectors.weights import in_force
from ..words import local
from .rolls import line_with


@transaction.atomic
def publish_roll(*, actor, roll: Roll, until: datetime) -> RollPublication:
    """Lay a frozen roll open to the members, who can object until a moment. No ballot on it is released before that.

    Everybody on it is written to, with what their line says. Refuses a roll that is published already or on which a
    ballot has been released, and a moment that has passed.
    """
    rules.require(actor, "governance.run_ballots", roll)
    roll = _at_rest(actor, roll)
    if RollPublication.objects.filter(roll=roll).exists():
        raise Refused("published", _("This roll has been published; objections run as it was said then."), status=409)
    now = clock.now()
    if until <= now:
        raise Refused("until", _("Leave the members some time to object."), "until")
    made = RollPublication.objects.create(
        coop=actor.coop, roll=roll, until=until, published_at=now, published_by=actor.user
    )
    jobs.enqueue("governance.announce_roll", made.pk, actor=actor, title=_("Letters: “%s” is open") % roll.title)
    facts = {"until": until.isoformat(), "hash": roll.hash}
    audit.record(actor=actor, kind="governance.roll_published", subject=f"roll:{roll.pk}", **facts)
    return made


@transaction.atomic
def announce_roll(*, publication_id: int) -> int:
    """Write to everybody on a published roll what their line says, once, while they can object. Returns how many."""
    made = RollPublication.objects.select_related("roll__coop").get(pk=publication_id)
    Roll.objects.select_for_update(no_key=True).get(pk=made.roll_id)  # two workers write one after the other
    if clock.now() >= made.until:
        return 0
    sent = notices.roll_published(made)
    if sent:
        actor = Actor.system(made.roll.coop)
        audit.record(actor=actor, kind="governance.roll_announced", subject=f"roll:{made.roll_id}", letters=sent)
    return sent


def _at_rest(actor, roll: Roll) -> Roll:
    """The frozen roll, held so that no ballot on it is released meanwhile; refuses where one was."""
    roll = Roll.objects.select_for_update(no_key=True, of=("self",)).get(pk=roll.pk, coop=actor.coop)
    roll.coop = actor.coop
    if roll.frozen_at is None:
        raise Refused("not_frozen", _("The roll is not frozen yet."))
    if Ballot.objects.filter(roll=roll).released().exists():
        sentence = _("A ballot on this roll has been released; it stands as it is.")
        raise Refused("in_use", sentence, status=409)
    return roll


@transaction.atomic
def object_to_roll(*, actor, roll: Roll, because: str, about: int | None = None, by: int | None = None) -> Objection:
    """Say that a line of a published roll is wrong or missing, and why.

    ``about`` is the member number of the line, one's own where it is left out. An officer enters what came on paper
    for the member of number ``by``. Refuses a roll that is not published or whose time for objections is over, and a
    second objection of the same member to the same line.
    """
    member = _who(actor, by)
    reason = " ".join(because.split())[:600]
    if not reason:
        raise Refused("because", _("Say what is wrong, and why."), "because")
    subject = member if about is None else membership_by_number(actor.coop, about)
    if subject is None:
        raise Refused("nobody", _("No member has the number %s.") % about, "about")
    roll = _at_rest(actor, roll)
    published, now = RollPublication.objects.filter(roll=roll).first(), clock.now()
    if published is None:
        raise Refused("not_published", _("This roll has not been published for objection."))
    if now >= published.until:
        values = local(published.until, actor.coop)
        raise Refused("over", _("Objections to this roll were to come before %s.") % values, status=409)
    if Objection.objects.filter(roll=roll, membership=member, about=subject).exists():
        raise Refused("twice", _("You have objected to this line already; it is being looked at."), status=409)
    made = Objection.objects.create(
        coop=actor.coop,
        roll=roll,
        membership=member,
        about=subject,
        because=reason,
        made_at=now,
        made_by=actor.user,
    )
    facts = {"objection": made.pk, "by": member.number, "about": subject.number}
    audit.record(actor=actor, kind="governance.roll_objected", subject=f"roll:{roll.pk}", **facts)
    return made


def _who(actor, by: int | None) -> Membership:
    """Whose objection it is: the actor's own, or the member's for whom an officer enters it."""
    if by is not None:
        rules.require(actor, "governance.run_ballots")
        found = membership_by_number(actor.coop, by)
        if found is None:
            raise Refused("nobody", _("No member has the number %s.") % by, "by")
        return found
    rules.require(actor, "governance.vote")
    found = membership_of(actor)
    if found is None:
        raise Refused("no_member", _("Only a member objects to a roll."), status=403)
    return found


@transaction.atomic
def rule_on_objection(*, actor, objection: Objection, upheld: bool, because: str) -> Ruling:
    """Uphold an objection, which corrects the line, or turn it down; with a reason that the member is told.

    An upheld one makes the line say what the register says today about the record date. So the register is put right
    first, with its own record of why; where it still says what the line says, nothing is corrected and this is
    refused. Refuses one's own objection, a second ruling, and a roll on which a ballot has been released.
    """
    rules.require(actor, "governance.run_ballots", objection)
    reason = " ".join(because.split())[:600]
    if not reason:
        raise Refused("because", _("Say why you decide so: the member is told."), "because")
    objection = known.with_people(Objection.objects.filter(pk=objection.pk, coop=actor.coop)).get()
    roll = _at_rest(actor, objection.roll)
    if Ruling.objects.filter(objection=objection).exists():
        raise Refused("ruled", _("This objection has been decided."), status=409)
    if actor.user_id is not None and objection.membership.party.account_id == actor.user_id:
        raise Refused("own", _("Nobody decides about their own objection; another returning officer does."), status=403)
    ruling = Ruling.objects.create(
        coop=actor.coop,
        objection=objection,
        upheld=upheld,
        because=reason,
        ruled_at=clock.now(),
        ruled_by=actor.user,
    )
    facts: dict = {"objection": objection.pk, "about": objection.about.number, "upheld": upheld, "because": reason}
    if upheld:
        made = _correct(actor, roll, ruling, objection.about)
        facts |= {"was": made.was_hash, "hash": made.hash}
    notices.objection_ruled(ruling, objection)
    audit.record(actor=actor, kind="governance.objection_ruled", subject=f"roll:{roll.pk}", **facts)
    return ruling


def _correct(actor, roll: Roll, ruling: Ruling, about: Membership) -> RollCorrection:
    entry = RollEntry.objects.filter(roll=roll, membership=about).first()
    line = next(iter(roll_candidates(actor.coop, roll.record_date, membership=about)), None)
    said = _says(line, entry, roll)
    if entry is not None and (entry.eligible, entry.class_name, entry.votes) == (
        said["eligible"],
        said["class_name"],
        said["votes"],
    ):
        text = _("The register says the same as the line. Put the register right first, then uphold the objection.")
        raise Refused("same", text)
    name, salt = (entry.name, entry.salt) if entry is not None else (str(about.party), secrets.token_hex(16))
    if not salt:
        raise Refused("erased", _("This person was erased; the line stays as it is."))
    said["reasons"] = [*said["reasons"], _("Corrected on an objection: %s") % ruling.because]
    digest = entry_digest(salt=salt, number=about.number, name=name, **said)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT governance_correct_roll(%s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s, %s, %s)",
            [
                actor.coop_id,
                ruling.pk,
                name,
                said["class_name"],
                said["eligible"],
                said["votes"],
                json.dumps(said["reasons"]),
                salt,
                digest,
                ruling.ruled_at,
                actor.user_id,
            ],
        )
        (made,) = cursor.fetchone()
    return RollCorrection.objects.get(pk=made)


def _says(line: RollLine | None, entry: RollEntry | None, roll: Roll) -> dict:
    """Class, vote, number of votes and reasons as the register has them now for the record date."""
    if line is not None:
        weight = in_force(roll.coop_id, roll.record_date, line.membership_id).get(line.membership_id)
        votes, reasons = line_with(weight, line)
        return {"class_name": line.class_name, "eligible": line.eligible, "reasons": reasons, "votes": votes}
    if entry is None:
        raise Refused("not_on_register", _("The register does not have this member on the record date either."))
    gone = _("Not on the register on %s.") % roll.record_date.isoformat()
    return {"class_name": entry.class_name, "eligible": False, "reasons": [gone], "votes": 1}
