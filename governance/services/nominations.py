"""Nominations: called by the by-laws' days, made, accepted, seconded, withdrawn, and settled into the paper."""

from __future__ import annotations

import secrets as chance
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, rules
from coop.kernel.errors import Refused
from coop.kernel.models import Office
from members.models import Membership, MembershipClass
from members.selectors import membership_by_number, membership_of

from .. import locks, notices
from ..models import Ballot, Nomination, NominationCall, Option, Question, Second
from ..pictures import BadPicture, portrait
from ..selectors import nominations as known
from ..tally.ties import lot_order
from ..words import local


@transaction.atomic
def call_nominations(
    *,
    actor,
    question: Question,
    opens_days: int,
    closes_days: int,
    seconders: int = 0,
    classes: Sequence[MembershipClass] = (),
    member_for_months: int = 0,
    minimum_age: int = 0,
    not_employed: bool = False,
    office: str = "",
    order: str = NominationCall.Order.LOT,
    cite: str = "",
) -> NominationCall:
    """Call for nominations as the by-laws say, in days before the meeting (or the opening of a ballot without one).

    The call opens with the first of those days and closes at the end of the last. Setting it again is allowed until
    somebody is put forward. Where the seats are an ``office``, what comes before that is asked of whoever stands, from
    the nomination on. Refuses a motion, a released ballot, days the wrong way round and a call that would be over
    already.
    """
    rules.require(actor, "governance.run_ballots", question)
    ballot = _draft_of(question)
    if question.is_motion:
        raise Refused("motion", _("Nobody stands for a motion."))
    if office and office not in Office.Role.values:
        raise Refused("office", _("There is no such office."), "office")
    if opens_days <= closes_days:
        raise Refused("days", _("Nominations open on an earlier day than they close: say more days."), "opens_days")
    event = ballot.meeting.starts_at if ballot.meeting else ballot.opens_at
    if event is None:
        raise Refused(
            "no_day", _("Say first for which meeting the ballot is, or when it opens: the days count from it.")
        )
    day = clock.local_day(event, actor.coop)
    opens_at, closes_at = (
        _midnight(actor, day - timedelta(opens_days)),
        _midnight(actor, day - timedelta(closes_days - 1)),
    )
    if closes_at <= clock.now():
        values = {"last": closes_days, "at": local(closes_at, actor.coop)}
        text = _("%(last)s days before was %(at)s: such a call would be over already.")
        raise Refused("over", text % values, "closes_days")
    facts = {
        "opens_days": opens_days,
        "closes_days": closes_days,
        "opens_at": opens_at,
        "closes_at": closes_at,
        "as_of": day - timedelta(closes_days),
        "seconders": seconders,
        "classes": sorted(each.pk for each in classes if each.coop_id == actor.coop_id),
        "member_for_months": member_for_months,
        "minimum_age": minimum_age,
        "not_employed": not_employed,
        "office": office,
        "order": order,
        "cite": cite,
    }
    if Nomination.objects.filter(call__question=question).exists():
        raise Refused("made", _("Somebody has been put forward; the rule they were put forward under stands."))
    call, _new = NominationCall.objects.update_or_create(question=question, coop=actor.coop, defaults=facts)
    said = facts | {"opens_at": opens_at.isoformat(), "closes_at": closes_at.isoformat(), "as_of": str(facts["as_of"])}
    audit.record(actor=actor, kind="governance.nominations_called", subject=f"question:{question.pk}", **said)
    return call


def _draft_of(question: Question) -> Ballot:
    ballot = (
        Ballot.objects.select_for_update(no_key=True, of=("self",))
        .select_related("meeting", "coop")
        .get(pk=question.ballot_id)
    )
    if not ballot.is_draft:
        raise Refused("released", _("The ballot has been released; who stands in it is settled."), status=409)
    return ballot


def _midnight(actor, day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=ZoneInfo(actor.coop.time_zone))


def _me(actor) -> Membership:
    mine = membership_of(actor)
    if mine is None or mine.state != Membership.State.ACTIVE:
        raise Refused("no_member", _("Only a member in good standing takes part in nominations."), status=403)
    return mine


def hold_open(call: NominationCall, now: datetime) -> NominationCall:
    """The call, held so that it is neither settled nor changed meanwhile; refuses out of its time.

    The ballot before the call, as whoever settles, steps back or releases takes them.
    """
    locks.shared(call.question.ballot_id, call.coop_id)
    call = (
        NominationCall.objects.select_for_update(no_key=True, of=("self",))
        .select_related("question__ballot", "coop")
        .get(pk=call.pk)
    )
    phase = call.phase(now)
    if phase == "announced":
        raise Refused("early", _("Nominations open on %s.") % local(call.opens_at, call.coop))
    if phase != "open":
        raise Refused("late", _("Nominations closed on %s.") % local(call.closes_at, call.coop), status=409)
    return call


def _held(actor, nomination: Nomination, *, now: datetime | None = None) -> Nomination:
    """The nomination, held, with its call before it; ``now`` where only an open call will do. Refuses an ended one."""
    calls = NominationCall.objects.select_for_update(no_key=True, of=("self",)).select_related(
        "question__ballot", "coop"
    )
    call = hold_open(nomination.call, now) if now is not None else calls.get(pk=nomination.call_id)
    rows = Nomination.objects.select_for_update(no_key=True, of=("self",)).select_related(
        "nominee__party", "nominee__member_class", "proposer__party"
    )
    found = rows.defer("photo").get(pk=nomination.pk, coop_id=actor.coop_id)
    found.call = call
    if not found.open:
        raise Refused("ended", _("This nomination has ended: %s.") % found.get_ended_display(), status=409)
    return found


@transaction.atomic
def nominate(*, actor, call: NominationCall, number: int, name: str) -> Nomination:
    """Put a member forward, oneself too, named by number and a part of the name; nothing changes until they accept.

    Refuses out of time, whoever may not stand (with every reason), and a second nomination while one is open.
    """
    rules.require(actor, "governance.vote", call)
    me, now = _me(actor), clock.now()
    nominee, words = membership_by_number(actor.coop, number), name.casefold().split()
    if nominee is None or not words or not set(words) <= set(str(nominee.party).casefold().split()):
        raise Refused("nobody", _("No member has this number and this name; look at both again."), "number")
    call = hold_open(call, now)
    can = known.eligibility(call, nominee)
    if not can.may:
        raise Refused("may_not_stand", f"{nominee.party}: {can.against}", "number")
    if call.nominations.open().filter(nominee=nominee).exists():
        raise Refused("twice", _("%s has been put forward already.") % nominee.party, "number", status=409)
    made = Nomination.objects.create(
        coop=actor.coop, call=call, nominee=nominee, proposer=me, proposed_at=now, proposed_by=actor.user
    )
    if nominee.pk != me.pk:
        notices.nomination(made, "made", nominee)
    recorded(actor, "made", made, proposer=me.number)
    return made


@transaction.atomic
def accept_nomination(
    *,
    actor,
    nomination: Nomination,
    sentence: str,
    statement: str = "",
    photo: bytes | None = None,
    photo_alt: str = "",
    drop_photo: bool = False,
    declared: bool = False,
) -> Nomination:
    """The nominee accepts and says who they are; until the close they may come back and say it otherwise.

    A photo is encoded anew, small, and needs words for whoever cannot see it. Refuses whoever may not stand, a missing
    declaration where the by-laws bar employees, and a file that is no picture.
    """
    now = clock.now()
    nomination = _held(actor, nomination, now=now)
    _only_nominee(actor, nomination)
    can = known.eligibility(nomination.call, nomination.nominee)
    if not can.may:
        raise Refused("may_not_stand", can.against)
    if nomination.call.not_employed and not (declared or nomination.declared):
        text = _("The by-laws let nobody stand whom the co-op employs. Declare that it does not employ you.")
        raise Refused("declared", text, "declared")
    sentence = " ".join(sentence.split())
    if not sentence:
        raise Refused("sentence", _("Say in a sentence who you are: it stands on the paper."), "sentence")
    first = nomination.accepted_at is None
    if first:
        nomination.accepted_at, nomination.declared = now, declared
    nomination.said_at, nomination.sentence, nomination.statement = now, sentence[:400], statement.strip()[:4000]
    fields = ["accepted_at", "declared", "said_at", "sentence", "statement", "photo_alt"]
    fields += _set_photo(nomination, photo, photo_alt, drop=drop_photo)
    nomination.save(update_fields=fields)
    if first and nomination.proposer_id != nomination.nominee_id:
        notices.nomination(nomination, "accepted", nomination.proposer)
    recorded(actor, "accepted" if first else "reworded", nomination)
    return nomination


def _only_nominee(actor, nomination: Nomination) -> None:
    mine = membership_of(actor)
    if mine is None or mine.pk != nomination.nominee_id:
        raise Refused("not_yours", _("Only whoever was put forward decides that."), status=403)


def _set_photo(nomination: Nomination, photo: bytes | None, alt: str, *, drop: bool) -> list[str]:
    kept = photo or Nomination.objects.filter(pk=nomination.pk, photo__isnull=False).exists()
    if drop or not kept:
        nomination.photo, nomination.photo_alt = None, ""
        return ["photo"]
    nomination.photo_alt = " ".join(alt.split())[:200]
    if not nomination.photo_alt:
        text = _("Say in a few words what the photo shows, for whoever cannot see it.")
        raise Refused("photo_alt", text, "photo_alt")
    if not photo:
        return []
    try:
        nomination.photo = portrait(photo)
    except BadPicture as bad:
        sentence = {
            "large": _("The photo is larger than 8 MB. Send a smaller one."),
            "unfolds": _("The photo has more than 40 million pixels. Send a smaller one."),
            "no_picture": _("This is no picture we can read. Send a JPEG, PNG or WebP file."),
        }[str(bad)]
        raise Refused("photo", sentence, "photo") from bad
    return ["photo"]


@transaction.atomic
def second_nomination(*, actor, nomination: Nomination) -> Second:
    """A member confirms that they want the nominee to stand. Twice is once. Refuses nominee and proposer."""
    rules.require(actor, "governance.vote", nomination)
    me, now = _me(actor), clock.now()
    nomination = _held(actor, nomination, now=now)
    if me.pk in (nomination.nominee_id, nomination.proposer_id):
        raise Refused("own", _("A nomination is seconded by somebody else than its two people."), status=403)
    if (already := Second.objects.filter(nomination=nomination, membership=me).first()) is not None:
        return already
    made = Second.objects.create(
        coop=actor.coop, nomination=nomination, membership=me, confirmed_at=now, confirmed_by=actor.user
    )
    recorded(actor, "seconded", nomination, by=me.number)
    return made


@transaction.atomic
def step_back(*, actor, nomination: Nomination) -> Nomination:
    """The nominee declines, or withdraws at any time before the ballot is released; the paper closes up behind them."""
    _draft_of(nomination.call.question)
    nomination = _held(actor, nomination)
    _only_nominee(actor, nomination)
    how = Nomination.Ended.WITHDRAWN if nomination.accepted_at else Nomination.Ended.DECLINED
    return _end(actor, nomination, how, "")


@transaction.atomic
def strike_out_nomination(*, actor, nomination: Nomination, because: str) -> Nomination:
    """The returning officer strikes a nomination out before the release, with a reason; the nominee is told."""
    rules.require(actor, "governance.run_ballots", nomination)
    because = " ".join(because.split())
    if not because:
        raise Refused("because", _("Say why; the member is told."), "because")
    _draft_of(nomination.call.question)
    nomination = _held(actor, nomination)
    ended = _end(actor, nomination, Nomination.Ended.REFUSED, because[:300])
    notices.nomination(ended, "ended", ended.nominee)
    return ended


def _end(actor, nomination: Nomination, how: str, because: str) -> Nomination:
    nomination.ended, nomination.ended_because = how, because
    nomination.ended_at, nomination.ended_by = clock.now(), actor.user
    nomination.save(update_fields=["ended", "ended_because", "ended_at", "ended_by"])
    if nomination.place is not None:
        _put_on_paper(nomination.call)
    recorded(actor, "ended", nomination, how=how, **({"because": because} if because else {}))
    return nomination


@transaction.atomic
def settle_nominations(*, actor, call: NominationCall) -> NominationCall:
    """After the close, put whoever accepted and was seconded on the paper, by a lot whose seed is kept or the alphabet.

    Happens once; asked again, it writes the same paper again. Refuses before the close, and while somebody on the way
    to the paper may no longer stand: the returning officer strikes them out first, with a reason.
    """
    rules.require(actor, "governance.run_ballots", call)
    ballot, now = _draft_of(call.question), clock.now()
    call = (
        NominationCall.objects.select_for_update(no_key=True, of=("self",))
        .select_related("question", "coop")
        .get(pk=call.pk)
    )
    if call.phase(now) in ("announced", "open"):
        raise Refused("open", _("Nominations are open until %s.") % local(call.closes_at, call.coop))
    call.question.ballot = ballot
    if call.settled_at is not None:
        _put_on_paper(call)
        return call
    ready = known.ready(call)
    for each in ready:
        if not (can := known.eligibility(call, each.nominee)).may:
            raise Refused("may_not_stand", f"{each.nominee.party}: {can.against}")
    by_lot = call.order == NominationCall.Order.LOT
    call.lot_seed = chance.token_hex(16) if by_lot else ""
    call.settled_at, call.settled_by = now, actor.user
    call.save(update_fields=["settled_at", "settled_by", "lot_seed"])
    for place, each in enumerate(_in_order(ready, call.lot_seed)):
        each.place = place
        each.save(update_fields=["place"])
    _put_on_paper(call)
    audit.record(
        actor=actor,
        kind="governance.nominations_settled",
        subject=f"question:{call.question_id}",
        order=call.order,
        seed=call.lot_seed,
        drawn_from=[each.nominee.number for each in ready],
        paper=[each.nominee.number for each in _in_order(ready, call.lot_seed)],
    )
    return call


def _in_order(ready: list[Nomination], seed: str) -> list[Nomination]:
    """By the lot over those who stand in order of member number (``tally.ties.lot_order``), or by the alphabet."""
    if not seed:
        return sorted(ready, key=lambda each: (each.nominee.party.sort_name, each.nominee.number))
    place = lot_order(len(ready), seed)
    return [each for _place, each in sorted(zip(place, ready, strict=True), key=lambda pair: pair[0])]


def _put_on_paper(call: NominationCall) -> None:
    """Write the question's options anew from who stands. Two of one name are told apart by their numbers."""
    rows = list(call.nominations.open().filter(place__isnull=False).with_people().order_by("place"))
    names = [str(each.nominee.party) for each in rows]
    again = {name.casefold() for name in names if sum(name.casefold() == other.casefold() for other in names) > 1}
    Option.objects.filter(question=call.question).delete()
    Option.objects.bulk_create(
        Option(
            coop_id=call.coop_id,
            question=call.question,
            position=at,
            name=f"{name} ({each.nominee.number_text})" if name.casefold() in again else name[:200],
            statement=each.sentence,
            membership=each.nominee,
        )
        for at, (name, each) in enumerate(zip(names, rows, strict=True))
    )


def recorded(actor, what: str, nomination: Nomination, **more) -> None:
    audit.record(
        actor=actor,
        kind=f"governance.nomination_{what}",
        subject=f"question:{nomination.call.question_id}",
        nominee=nomination.nominee.number,
        **more,
    )
