"""Casting a recorded vote: on the roll, while open, one current paper a person, changed by casting again."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, rules
from coop.kernel.errors import Refused
from members.selectors import membership_of

from .. import locks
from ..digests import receipt_hash
from ..models import Ballot, Proxy, RecordedVote, RollEntry
from ..selectors.ballots import Standing, current_vote, standing, with_questions
from ..selectors.proxies import cast_already, standing_beside_proxy, standing_by_proxy
from ..words import local as _local
from .marks import clean_marks

ANY = object()  # the caller does not say which paper it believes to be current


def refuse_unless_open(ballot: Ballot, now) -> None:
    """Refuses, with the hour, a ballot that does not take votes at ``now``."""
    phase = ballot.phase(now)
    if phase == "open":
        return
    values = {"title": ballot.title}
    if phase == "draft":
        raise Refused("not_open", _("“%(title)s” has not been released yet.") % values)
    if phase == "announced":
        values["at"] = _local(ballot.opening, ballot.coop)
        raise Refused("not_open_yet", _("“%(title)s” opens on %(at)s; your paper was not cast.") % values)
    values["at"] = _local(ballot.closing, ballot.coop)
    raise Refused("closed", _("“%(title)s” closed on %(at)s; this paper came too late and was not cast.") % values)


def why_not_now(ballot: Ballot, mine: Standing, now) -> Refused | None:
    """The refusal somebody of this standing would get at ``now``, or None."""
    try:
        refuse_unless_open(ballot, now)
    except Refused as refused:
        return refused
    return None if mine.may else Refused("not_on_roll", mine.sentence, status=403)


@transaction.atomic
def cast_recorded(
    *,
    actor,
    ballot: Ballot,
    marks: Mapping[Any, Any],
    replacing: int | None | object = ANY,
    proxy: Proxy | None = None,
) -> RecordedVote:
    """Cast the actor's paper, or change it: the last one cast before closing counts.

    ``marks`` holds for each question's id a list of option positions (see ``RecordedVote``). ``replacing`` is the id of
    the paper the voter believes to be theirs, ``None`` for none: if another was cast since, this one is refused, so
    that a forgotten tab overwrites nothing. The same marks again are the same vote. By a ``proxy`` the actor holds it
    is the principal's paper, on the principal's line of the roll. Refuses who is not on the roll, who may not vote, a
    proxy that does not stand, a member whose proxy stands or has voted, a ballot that is not open by the clock under
    its lock, and marks that do not fit.
    """
    rules.require(actor, "governance.vote", ballot)
    ballot = locks.shared(ballot.pk, actor.coop_id)
    if ballot.is_secret:
        raise Refused("secret", _("This ballot is secret: vote on its page, in a browser that seals your paper."))
    proxy, mine = whose(actor, ballot, proxy)
    refused = why_not_now(ballot, mine, clock.now())
    if refused is not None or mine.entry is None:
        raise refused or Refused("not_on_roll", mine.sentence, status=403)
    locks.advisory(locks.ENTRY_CLASS, mine.entry.pk)
    current = current_vote(ballot, mine.entry)
    _refuse_the_other(ballot, membership_of(actor), mine, current, proxy)
    cleaned = clean_marks(with_questions(ballot), marks)
    if current is not None and current.marks == cleaned:
        return current  # pressed twice, or sent again over a bad line
    if replacing is not ANY and replacing != (current.pk if current else None):
        raise _cast_elsewhere(ballot, current)
    vote = _write(actor, ballot, mine.entry, cleaned, current, clock.now(), proxy)
    audit.record(
        actor=actor,
        kind="governance.vote_changed" if current else "governance.vote_cast",
        subject=f"ballot:{ballot.pk}",
        number=mine.entry.number,
        receipt=vote.receipt,
        channel="proxy" if proxy else "online",
    )
    return vote


def whose(actor, ballot: Ballot, proxy: Proxy | None) -> tuple[Proxy | None, Standing]:
    """The proxy, held so that nobody ends it meanwhile, and the standing of the line on the roll it is cast for."""
    mine = membership_of(actor)
    if not ballot.roll_id:
        return proxy, Standing(False, "")
    if proxy is None:
        return None, standing(ballot, mine)
    held = Proxy.objects.select_for_update(no_key=True, of=("self",)).with_people()
    held = held.filter(pk=proxy.pk, coop=actor.coop, holder=mine).first()
    if held is None:
        raise Refused("no_proxy", _("You hold no such proxy."), status=403)
    return held, standing_by_proxy(ballot, held)


def _refuse_the_other(ballot: Ballot, membership, mine: Standing, current: RecordedVote | None, proxy) -> None:
    """One member, one vote: the member's own paper and the proxy's never stand side by side."""
    if proxy is not None:
        if current is not None and current.proxy_id != proxy.pk:
            raise Refused("voted", cast_already(proxy), status=409)
        return
    beside = standing_beside_proxy(ballot, membership, mine, current)
    if not beside.may:
        raise Refused("by_proxy", beside.sentence, status=409)


def _cast_elsewhere(ballot: Ballot, current: RecordedVote | None) -> Refused:
    if current is None:
        return Refused("no_such_paper", _("The paper you wanted to change is not there. Look at the ballot again."))
    sentence = _(
        "You cast another paper at %s, perhaps in another window. It stands. Look at it before you change it."
    ) % _local(current.cast_at, ballot.coop)
    return Refused("cast_elsewhere", sentence, status=409)


def _write(actor, ballot: Ballot, entry: RollEntry, marks: dict, current, now, proxy) -> RecordedVote:
    nonce = secrets.token_hex(16)
    try:
        with transaction.atomic():
            return RecordedVote.objects.create(
                coop=actor.coop,
                ballot=ballot,
                entry=entry,
                replaces=current,
                proxy=proxy,
                marks=marks,
                nonce=nonce,
                receipt=receipt_hash(
                    manifest=ballot.manifest_hash, number=entry.number, marks=marks, nonce=nonce, cast_at=now
                ),
                cast_at=now,
                cast_by=actor.user,
            )
    except IntegrityError as late:
        if "takes it back before voting" in str(late):  # the holder accepted between our look and the paper
            text = _(
                "Your proxy was accepted this very moment. Take it back under “Proxies”, and you can vote yourself."
            )
            raise Refused("by_proxy", text, status=409) from late
        # Between our look at the clock and the database's own the closing second may pass.
        if "the ballot is not open" not in str(late):
            raise
        refuse_unless_open(ballot, ballot.closes_at)
        raise
