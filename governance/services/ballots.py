"""Making a ballot, and releasing it: from then on nothing that was put to the vote changes."""

from __future__ import annotations

import secrets as chance
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coop.kernel import audit, clock, jobs, rules
from coop.kernel.errors import Refused

from .. import locks
from ..digests import canonical, sha256
from ..models import Ballot, Meeting, Nomination, NominationCall, Option, Question, ResolutionType, Roll
from ..selectors import secret as known
from ..selectors.ballots import issues_before_opening, with_questions
from ..selectors.objections import corrections_of
from ..tally import commitment
from . import secret

MOTION_OPTIONS = ("For", "Against", "Abstain")
CHANGEABLE = {"title", "introduction", "opens_at", "closes_at", "roll", "meeting", "kind"}


def _draft(actor, ballot: Ballot) -> Ballot:
    """The ballot, locked and still a draft; refuses otherwise."""
    rules.require(actor, "governance.run_ballots", ballot)
    locked = Ballot.objects.select_for_update(no_key=True).get(pk=ballot.pk, coop=actor.coop)
    if not locked.is_draft:
        raise Refused("released", _("This ballot has been released; what was put to the vote is not changed."))
    return locked


def _check_times(opens_at: datetime | None, closes_at: datetime | None) -> None:
    if opens_at is not None and closes_at is not None and closes_at <= opens_at:
        raise Refused("closes_first", _("The ballot closes before it opens."), "closes_at")


def _check_kind(kind: str) -> None:
    if kind not in Ballot.Kind.values:
        raise Refused("kind", _("A ballot is recorded or secret, not “%s”.") % kind, "kind")


@transaction.atomic
def create_ballot(
    *,
    actor,
    title: str,
    meeting: Meeting | None = None,
    roll: Roll | None = None,
    introduction: str = "",
    opens_at: datetime | None = None,
    closes_at: datetime | None = None,
    kind: str = Ballot.Kind.RECORDED,
) -> Ballot:
    """Begin a ballot as a draft, recorded or secret. Without a roll it takes its meeting's, where that is frozen."""
    rules.require(actor, "governance.run_ballots", meeting)
    _check_kind(kind)
    _check_times(opens_at, closes_at)
    if roll is None and meeting is not None:
        roll = Roll.objects.filter(meeting=meeting, frozen_at__isnull=False).first()
    ballot = Ballot.objects.create(
        coop=actor.coop,
        meeting=meeting,
        roll=roll,
        title=title.strip(),
        introduction=introduction,
        opens_at=opens_at,
        closes_at=closes_at,
        kind=kind,
        created_by=actor.user,
    )
    audit.record(actor=actor, kind="governance.ballot_created", subject=f"ballot:{ballot.pk}", title=ballot.title)
    return ballot


@transaction.atomic
def change_ballot(*, actor, ballot: Ballot, **changes) -> Ballot:
    """Change a draft's title, words, times, meeting, roll or kind."""
    ballot = _draft(actor, ballot)
    if unknown := set(changes) - CHANGEABLE:
        raise TypeError(f"A draft's {', '.join(sorted(unknown))} cannot be changed here.")
    for name, value in changes.items():
        setattr(ballot, name, value)
    _check_kind(ballot.kind)
    _check_times(ballot.opens_at, ballot.closes_at)
    ballot.save(update_fields=list(changes))
    return ballot


@transaction.atomic
def delete_ballot(*, actor, ballot: Ballot) -> None:
    """Throw a draft away."""
    ballot = _draft(actor, ballot)
    pk, title = ballot.pk, ballot.title
    _drop_calls(question__ballot=ballot)
    Option.objects.filter(question__ballot=ballot).delete()
    ballot.questions.all().delete()
    ballot.delete()
    audit.record(actor=actor, kind="governance.ballot_deleted", subject=f"ballot:{pk}", title=title)


def _fill(question: Question, options: Sequence[dict]) -> None:
    """Write a question's options anew, in the order given. Refuses a name twice and an empty one."""
    names = [" ".join(option["name"].split()) for option in options]
    for at, name in enumerate(names):
        if not name:
            raise Refused("no_name", _("Option %s has no name.") % (at + 1), "options")
        if name.casefold() in {other.casefold() for other in names[:at]}:
            raise Refused("named_twice", _("“%s” stands on the paper twice.") % name, "options")
    question.options.all().delete()
    Option.objects.bulk_create(
        Option(
            coop_id=question.coop_id,
            question=question,
            position=at,
            name=name,
            statement=option.get("statement", "").strip(),
            membership=option.get("membership"),
            withdrawn=bool(option.get("withdrawn", False)),
        )
        for at, (name, option) in enumerate(zip(names, options, strict=True))
    )


def _check_question(method: str, seats: int, resolution_type: ResolutionType | None) -> None:
    if method not in Question.Method.values:
        raise Refused("method", _("There is no rule called “%s”.") % method, "method")
    if seats < 1:
        raise Refused("seats", _("A question fills at least one seat."), "seats")
    if method in (Question.Method.IRV, Question.Method.PLURALITY) and seats > 1:
        raise Refused("one_seat", _("This rule fills one seat only; for several, take another."), "seats")
    if method == Question.Method.MOTION and seats != 1:
        raise Refused("motion_seats", _("A motion has no seats."), "seats")
    if method != Question.Method.MOTION and resolution_type is not None:
        raise Refused("not_a_motion", _("Only a motion has a kind of resolution."), "resolution_type")


@transaction.atomic
def add_question(
    *,
    actor,
    ballot: Ballot,
    method: str,
    title: str,
    text: str = "",
    seats: int = 1,
    options: Sequence[dict] = (),
    resolution_type: ResolutionType | None = None,
    settings: dict | None = None,
) -> Question:
    """Put one more question on a draft. A motion gets its three answers.

    For the others ``options`` are dicts with ``name`` and, as wanted, ``statement``, ``membership``, ``withdrawn``.
    """
    ballot = _draft(actor, ballot)
    _check_question(method, seats, resolution_type)
    last = ballot.questions.aggregate(last=Max("position"))["last"] or 0
    question = Question.objects.create(
        coop=actor.coop,
        ballot=ballot,
        position=last + 1,
        method=method,
        title=title.strip(),
        text=text,
        seats=seats,
        resolution_type=resolution_type,
        settings=settings or {},
    )
    motion = [{"name": name} for name in MOTION_OPTIONS]
    _fill(question, motion if question.is_motion else options)
    return question


@transaction.atomic
def change_question(*, actor, question: Question, **changes) -> Question:
    """Change a draft's question: title, text, seats, method (not from or to a motion), kind of resolution."""
    _draft(actor, question.ballot)
    method = changes.get("method", question.method)
    if (method == Question.Method.MOTION) != question.is_motion:
        raise Refused("other_kind", _("A motion stays a motion; remove it and add another question."), "method")
    _check_question(
        method, changes.get("seats", question.seats), changes.get("resolution_type", question.resolution_type)
    )
    for name, value in changes.items():
        setattr(question, name, value)
    question.save(update_fields=list(changes))
    return question


@transaction.atomic
def change_election(*, actor, question: Question, options: Sequence[dict], **changes) -> Question:
    """Change an election's question and who stands in it, both or neither."""
    changed = change_question(actor=actor, question=question, **changes)
    set_options(actor=actor, question=changed, options=options)
    return changed


@transaction.atomic
def set_options(*, actor, question: Question, options: Sequence[dict]) -> None:
    """Write down who stands, in the order of the paper; replaces what stood there."""
    _draft(actor, question.ballot)
    if question.is_motion:
        raise Refused("motion_options", _("A motion is answered for, against or abstain."), "options")
    if NominationCall.objects.filter(question=question).exists():
        raise Refused("nominated", _("Who stands here comes from the nominations."), "options")
    _fill(question, options)


@transaction.atomic
def move_question(*, actor, question: Question, up: bool) -> None:
    """Swap a question with its neighbour."""
    ballot = _draft(actor, question.ballot)
    order = list(ballot.questions.order_by("position"))
    at = next(index for index, each in enumerate(order) if each.pk == question.pk)
    other = at - 1 if up else at + 1
    if 0 <= other < len(order):
        order[at].position, order[other].position = order[other].position, order[at].position
        Question.objects.bulk_update([order[at], order[other]], ["position"])


@transaction.atomic
def remove_question(*, actor, question: Question) -> None:
    """Take a question off a draft."""
    _draft(actor, question.ballot)
    _drop_calls(question=question)
    question.options.all().delete()
    question.delete()


def _drop_calls(**of) -> None:
    """Take back calls for nominations in which nobody was put forward; refuses where somebody was."""
    calls = NominationCall.objects.filter(**of)
    if Nomination.objects.filter(call__in=calls).exists():
        raise Refused("nominated", _("Members have been put forward for these seats; the question stays."))
    calls.delete()


def manifest_of(ballot: Ballot, tie_commitment: str) -> dict:
    """Everything that is put to the vote and by which rules, as JSON values; its hash stands on every page."""
    roll = ballot.voters
    corrected = corrections_of(roll)
    return {
        "co-op": ballot.coop.slug,
        "ballot": ballot.pk,
        "kind": ballot.kind,
        "title": ballot.title,
        "introduction": ballot.introduction,
        "opens_at": ballot.opening.isoformat(),
        "closes_at": ballot.closing.isoformat(),
        "roll": {
            "record_date": roll.record_date.isoformat(),
            "size": roll.size,
            "eligible": roll.eligible,
            "hash": roll.hash,
            **({"votes": known.votes_on(roll)} if roll.weighted else {}),
            **({"corrections": corrected} if corrected else {}),
        },
        "tie_commitment": tie_commitment,
        "questions": [_question_facts(question) for question in with_questions(ballot)],
    }


def _question_facts(question: Question) -> dict:
    kind = question.resolution_type
    return {
        "id": question.pk,
        "method": question.method,
        "title": question.title,
        "text": question.text,
        "seats": question.seats,
        "settings": question.settings,
        "resolution_type": kind and {"name": kind.name, "conditions": kind.conditions, "cite": kind.cite},
        "options": [
            {"name": option.name, "statement": option.statement, "withdrawn": option.withdrawn}
            for option in question.options.all()
        ],
    }


@transaction.atomic
def open_ballot(*, actor, ballot: Ballot) -> Ballot:
    """Release a draft: freeze its manifest by hash and let it open and close by the clock.

    Refuses, with everything that is missing, what ``issues_before_opening`` lists. An opening time that has passed
    becomes now.
    """
    ballot = _draft(actor, ballot)
    if ballot.roll_id is not None:
        locks.roll(ballot.roll_id)
    now = clock.now()
    missing = [issue for issue in issues_before_opening(ballot, now) if not issue.warning]
    if missing:
        text = ngettext("The ballot is not ready: %s", "The ballot is not ready yet: %s", len(missing))
        raise Refused("not_ready", text % " ".join(issue.sentence for issue in missing))
    if ballot.opening < now:
        ballot.opens_at = now
    ballot.tie_secret = chance.token_hex(32)
    ballot.tie_commitment = commitment(ballot.tie_secret)
    ballot.manifest = manifest_of(ballot, ballot.tie_commitment)
    if ballot.is_secret:
        ballot.manifest["secret"] = secret.prepare(ballot)
    ballot.manifest_hash = sha256(canonical(ballot.manifest))
    ballot.state, ballot.released_at, ballot.released_by = Ballot.State.OPEN, now, actor.user
    ballot.save(
        update_fields="opens_at tie_secret tie_commitment manifest manifest_hash state released_at released_by".split()
    )
    if ballot.is_secret:
        secret.released(ballot)
        jobs.enqueue("governance.announce_ballot", ballot.pk, actor=actor, title=_("Letters: “%s”") % ballot.title)
    audit.record(
        actor=actor,
        kind="governance.ballot_released",
        subject=f"ballot:{ballot.pk}",
        title=ballot.title,
        manifest=ballot.manifest_hash,
        opens_at=ballot.opening.isoformat(),
        closes_at=ballot.closing.isoformat(),
        roll=ballot.voters.hash,
    )
    return ballot
