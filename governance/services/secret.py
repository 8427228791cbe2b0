"""Releasing a secret ballot, and taking a credential for it: what happens on the roll's side."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coop.kernel import audit, clock, rules
from coop.kernel.errors import Refused
from coop.kernel.tenancy import Actor
from members.selectors import membership_of

from .. import boxes, keyring, locks, notices
from ..ballotbox import blind, board, keys, sealing
from ..models import Ballot, BoardEntry, Proxy, RollEntry, StrikeOff, VotingLetter
from ..selectors import secret as known
from ..selectors.ballots import Standing, with_questions
from ..selectors.proxies import cast_already, standing_beside_proxy
from .voting import refuse_unless_open, whose, why_not_now


def prepare(ballot: Ballot) -> dict:
    """Make the ballot's keys, put the private halves on the disk, and return what its manifest says of them.

    The keys are on the disk before the release commits; keys of a release that did not are swept.
    """
    questions = with_questions(ballot)
    names = known.groups(questions)
    sealing_key, credentials = keys.generate(), [keys.generate() for _name in names]
    keyring.create(ballot.pk, sealing=sealing_key, credentials=credentials)
    length = known.paper_bytes(questions)
    return {
        "suite": blind.SUITE,
        "seal": sealing.SUITE,
        "credentials": [
            {"class": name, **keys.facts(key.public_key())} for name, key in zip(names, credentials, strict=True)
        ],
        "sealing": keys.facts(sealing_key.public_key()),
        "paper_bytes": length,
        "sealed_bytes": sealing.sealed_length(sealing_key.public_key(), length),
        "together": known.published_together(ballot, questions),
        "least": settings.BALLOT_LEAST,
    }


def released(ballot: Ballot) -> None:
    """The box, and the board's first line; in the transaction of the release."""
    boxes.make(ballot.pk)
    facts = {"manifest": ballot.manifest_hash, "roll": ballot.voters.hash}
    post(ballot, "released", facts | {"tie_commitment": ballot.tie_commitment})


def post(ballot: Ballot, event: str, facts: dict) -> BoardEntry:
    """Add a line to the ballot's bulletin board, under the ballot's lock."""
    last = BoardEntry.objects.filter(ballot=ballot).order_by("-position").first()
    entry = {
        "event": event,
        "at": clock.now().isoformat(timespec="seconds"),
        "facts": facts,
        "before": last.hash if last else board.NOTHING,
    }
    return BoardEntry.objects.create(
        coop_id=ballot.coop_id,
        ballot=ballot,
        position=last.position + 1 if last else 1,
        entry=entry,
        hash=board.entry_hash(entry),
    )


@dataclass(frozen=True, slots=True)
class Issued:
    """The blind signatures, in the order they were asked for, and the place of the key that made them."""

    signatures: tuple[bytes, ...]
    credential: int
    again: bool


@transaction.atomic
def issue_credential(*, actor, ballot: Ballot, blinded: Sequence[bytes], proxy: Proxy | None = None) -> Issued:
    """Sign the actor's blinded token and strike them off the roll; with a ``proxy`` they hold, its principal.

    ``blinded`` is one message, or in a federation as many as the line has votes, all different. The same blinded
    messages always get the same signatures back, so a broken line costs nothing; others are refused. Refuses who is
    not on the roll, who may not vote, who was struck off for a paper, whose proxy stands or has taken their vote, a
    proxy that does not stand, a ballot that is not open by the clock under its lock, and a blinded message that is
    none.
    """
    rules.require(actor, "governance.vote", ballot)
    ballot = locks.shared(ballot.pk, actor.coop_id)
    if not ballot.is_secret or not ballot.roll_id:
        raise Refused("not_secret", _("This ballot is not secret and needs no credential."))
    proxy, mine = whose(actor, ballot, proxy)
    return issue(actor, ballot, mine, membership_of(actor), blinded, proxy=proxy)


def issue(
    actor,
    ballot: Ballot,
    mine: Standing,
    membership,
    blinded: Sequence[bytes],
    *,
    proxy: Proxy | None = None,
    letter: VotingLetter | None = None,
) -> Issued:
    """Sign for the line of this standing and strike it off; in a transaction that holds the ballot's shared lock.

    ``membership`` is who votes for themselves; by a ``proxy`` or the code of a ``letter`` the strike-off says so.
    """
    refused = why_not_now(ballot, mine, clock.now())
    if refused is not None or mine.entry is None:
        raise refused or Refused("not_on_roll", mine.sentence, status=403)
    locks.advisory(locks.ENTRY_CLASS, mine.entry.pk)
    struck, asked = known.struck(ballot, mine.entry), hashlib.sha256(b"".join(blinded)).hexdigest()
    if struck is not None and struck.blinded_hash != asked:
        raise _already(struck, proxy)
    if struck is None and proxy is None:
        beside = standing_beside_proxy(ballot, membership, mine, None)
        if not beside.may:
            raise Refused("by_proxy", beside.sentence, status=409)
    _refuse_unless_units(mine.entry, blinded)
    credential = known.group_of(ballot.manifest, mine.entry)
    try:
        key = keyring.credential(ballot.pk, credential)
        signatures = tuple(blind.sign(key, each) for each in blinded)
    except blind.BadBlind as bad:
        raise Refused("blinded", _("The blinded token cannot be signed: %s") % bad) from bad
    if struck is None:
        facts = {"channel": StrikeOff.Channel.ONLINE, "blinded_hash": asked, "proxy": proxy, "letter": letter}
        strike_off(actor, ballot, mine.entry, **facts)
        notices.credential_issued(ballot, mine.entry, proxy, letter)
        audit.record(
            actor=actor,
            kind="governance.credential_issued",
            subject=f"ballot:{ballot.pk}",
            number=mine.entry.number,
            **({"units": mine.entry.votes} if mine.entry.votes > 1 else {}),
            channel="proxy" if proxy else "letter" if letter else "online",
        )
    return Issued(signatures, credential, struck is not None)


def _refuse_unless_units(entry: RollEntry, blinded: Sequence[bytes]) -> None:
    """One token for each vote of the line, no fewer and no more, and no two alike."""
    if len(blinded) != entry.votes:
        text = ngettext(
            "This line of the roll has %s vote: that many tokens are signed, all at once.",
            "This line of the roll has %s votes: that many tokens are signed, all at once.",
            entry.votes,
        )
        raise Refused("units", text % entry.votes, "blinded")
    if len(set(blinded)) != len(blinded):
        raise Refused("blinded", _("Two of the blinded tokens are the same. Each vote has a token of its own."))


def open_line(ballot: Ballot, number: int) -> RollEntry:
    """The line of that number, held until the transaction ends: it may vote and was not struck off. Refuses others."""
    entry = RollEntry.objects.filter(roll=ballot.voters, number=number).select_related("membership__party").first()
    if entry is None:
        raise Refused("not_on_roll", _("Number %s is not on the roll.") % number, "number")
    if not entry.eligible:
        raise Refused("may_not_vote", _("%s is on the roll and may not vote.") % entry.name, "number")
    locks.advisory(locks.ENTRY_CLASS, entry.pk)
    struck = known.struck(ballot, entry)
    if struck is not None:
        values = {"name": entry.name, "channel": struck.get_channel_display()}
        raise Refused("struck_off", _("%(name)s was struck off already: %(channel)s.") % values, "number", status=409)
    return entry


def strike_off(actor, ballot: Ballot, entry: RollEntry, **facts) -> StrikeOff:
    """Strike a line off the roll, now; where somebody was quicker, the sentence for the person."""
    try:
        with transaction.atomic():
            now, who = clock.now(), actor.user
            return StrikeOff.objects.create(
                coop=actor.coop, ballot=ballot, entry=entry, units=entry.votes, struck_at=now, struck_by=who, **facts
            )
    except IntegrityError as late:
        if "takes it back before voting" in str(late):  # the holder accepted between our look and the line
            sentence = _("The proxy was accepted this very moment. It is taken back before the member votes.")
            raise Refused("by_proxy", sentence, status=409) from late
        if "only a letter of this line" in str(late):  # it was spoiled between our look and the line
            raise letter_is_dead() from late
        if "the ballot is not open" in str(late):  # the closing second passed between our clock and the database's
            refuse_unless_open(ballot, ballot.closes_at)
        raise


def letter_is_dead() -> Refused:
    """The one answer to a code that is wrong, spoiled, or of another ballot: nobody learns which."""
    sentence = _(
        "This code opens no ballot now. Look at the letter and type its twelve signs once more; if it stays so, ask the"
        " returning officer for a new letter or a paper."
    )
    return Refused("code", sentence, "code")


def _already(struck: StrikeOff, proxy: Proxy | None) -> Refused:
    if proxy is not None and struck.proxy_id != proxy.pk:
        return Refused("voted", cast_already(proxy), status=409)
    if struck.proxy is not None and proxy is None:
        sentence = _("%s took your vote by proxy, so no credential can be issued to you: one member, one vote.")
        return Refused("by_proxy", sentence % struck.proxy.holder.party, status=409)
    if struck.channel != StrikeOff.Channel.ONLINE:
        return Refused(
            "paper_taken", _("You were given a paper for this ballot, so no credential can be issued."), status=409
        )
    sentence = _(
        "Your credential was issued to another browser, or to this one before its memory was cleared. Vote there, or"
        " type the recovery code it offered you. Without either the paper cannot be cast; no second one is issued."
    )
    return Refused("issued", sentence, status=409)


@transaction.atomic
def announce(*, ballot_id: int) -> int:
    """Write the opening letters, once. Returns how many."""
    ballot = locks.alone(ballot_id)
    sent = notices.ballot_released(ballot)
    if sent:
        system = Actor.system(ballot.coop)
        audit.record(actor=system, kind="governance.ballot_announced", subject=f"ballot:{ballot.pk}", letters=sent)
    return sent
