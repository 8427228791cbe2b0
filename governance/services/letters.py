"""Voting letters of a secret ballot: printed once, spoiled with a reason, and the one way in for who types a code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from coop.kernel import audit, clock, limits, rules
from coop.kernel.errors import Refused
from coop.kernel.tenancy import Actor

from .. import codes, keyring, locks, notices
from ..documents_letters import voting_letters_pdf
from ..models import Ballot, RollEntry, VotingLetter
from ..selectors import letters as known
from ..selectors.ballots import standing
from ..words import local
from .secret import Issued, issue, letter_is_dead, open_line

AT_ONCE = 100  # letters in one file, which takes a few seconds to set
WRONG_AN_HOUR = 20  # codes from one network: a home for the elderly has one, and its people mistype


@dataclass(frozen=True, slots=True)
class Printed:
    """A print run: its number, the PDF that exists nowhere else, how many letters, and how many people are left."""

    batch: int
    pdf: bytes
    letters: int
    left: int


@transaction.atomic
def make_voting_letters(*, actor, ballot: Ballot, address: str) -> Printed:
    """A letter with a one-time code for everybody on the roll whom no e-mail reaches and who has none: one file.

    ``address`` is the page on which the code is typed. The codes stand in the file alone; the database keeps their
    digests, and keeps none where the file could not be made. Refuses a ballot that is not released and secret or has
    closed, and a run for nobody. At most ``AT_ONCE`` a file; ``left`` says how many wait for the next.
    """
    rules.require(actor, "governance.run_ballots", ballot)
    ballot = _before_the_close(actor, ballot)
    waiting = list(known.without_letter(ballot)[: AT_ONCE + 1])
    if not waiting:
        raise Refused("nobody", _("Everybody whom no e-mail reaches has a letter, or was struck off already."))
    printed = _print(actor, ballot, waiting[:AT_ONCE], address)
    facts = {"letters": printed.letters, "run": printed.batch}
    audit.record(actor=actor, kind="governance.voting_letters_made", subject=f"ballot:{ballot.pk}", **facts)
    return printed


@transaction.atomic
def reissue_voting_letter(*, actor, ballot: Ballot, number: int, because: str, address: str) -> Printed:
    """One letter for one line, whoever is on it; the one that stood is spoiled with the reason. Both are on record.

    Whoever has an e-mail address is told. Refuses who is not on the roll or may not vote, and a line struck off
    already: a credential or a paper is given once.
    """
    rules.require(actor, "governance.run_ballots", ballot)
    ballot = _before_the_close(actor, ballot)
    reason = _reason(because)
    entry = open_line(ballot, number)
    spoiled = _spoil(actor, VotingLetter.objects.filter(ballot=ballot, entry=entry), reason)
    printed = _print(actor, ballot, [entry], address)
    made = known.on_line(ballot, number)
    if made is not None:
        made.ballot, made.entry = ballot, entry
        notices.voting_letter_made(made)
    facts = {"number": entry.number, "run": printed.batch, "spoiled": spoiled, "because": reason}
    audit.record(actor=actor, kind="governance.voting_letter_reissued", subject=f"ballot:{ballot.pk}", **facts)
    return printed


@transaction.atomic
def spoil_voting_letters(
    *, actor, ballot: Ballot, because: str, batch: int | None = None, number: int | None = None
) -> int:
    """Kill the codes of one print run, or of one line, that were not used; how many. None of them opens anything now.

    Refuses where there is no such letter left, and an empty reason. Until the close the same people can get new ones.
    """
    rules.require(actor, "governance.run_ballots", ballot)
    ballot = _before_the_close(actor, ballot)
    reason = _reason(because)
    if (batch is None) == (number is None):
        raise Refused("which", _("Say which print run, or which member number: one of the two."), "batch")
    which = {"entry__number": number} if batch is None else {"batch": batch}
    rows = VotingLetter.objects.filter(ballot=ballot, **which)
    spoiled = _spoil(actor, rows, reason)
    if not spoiled:
        field = "batch" if number is None else "number"
        raise Refused("no_letter", _("No letter that could still be used is there."), field)
    facts = {"letters": spoiled, "run": batch, "number": number, "because": reason}
    audit.record(actor=actor, kind="governance.voting_letters_spoiled", subject=f"ballot:{ballot.pk}", **facts)
    return spoiled


def _before_the_close(actor, ballot: Ballot) -> Ballot:
    """The ballot, held so that it neither closes nor gets a second run at the same time."""
    ballot = locks.shared(ballot.pk, actor.coop_id)
    locks.advisory(locks.LETTER_CLASS, ballot.pk)
    if not ballot.is_secret:
        raise Refused("not_secret", _("Voting letters belong to a secret ballot."))
    if ballot.phase(clock.now()) not in ("announced", "open"):
        raise Refused("not_open", _("Voting letters are made after the release and before the close."), status=409)
    return ballot


def _reason(because: str) -> str:
    reason = " ".join(because.split())[:300]
    if not reason:
        raise Refused("because", _("Say why: the reason stays on record."), "because")
    return reason


def _spoil(actor, rows, reason: str) -> int:
    """Spoil those of these letters that stand and were not used; each under its line's lock, as a code is used."""
    open_now = rows.filter(spoiled_at__isnull=True, strike_off__isnull=True).order_by("entry_id")
    for entry in list(open_now.values_list("entry_id", flat=True)):
        locks.advisory(locks.ENTRY_CLASS, entry)
    keys = list(open_now.values_list("pk", flat=True))
    facts = {"spoiled_at": clock.now(), "spoiled_by": actor.user, "spoiled_because": reason}
    return VotingLetter.objects.filter(pk__in=keys).update(**facts)


def _print(actor, ballot: Ballot, entries: list[RollEntry], address: str) -> Printed:
    key, now = keyring.letters(ballot.pk), clock.now()
    last = VotingLetter.objects.filter(ballot=ballot).order_by("-batch").values_list("batch", flat=True).first()
    batch, lives = (last or 0) + 1, known.addresses(actor.coop_id, clock.today(actor.coop))
    made, sheets = [], []
    for entry in entries:
        code = codes.make()
        facts = {"coop_id": ballot.coop_id, "ballot": ballot, "entry": entry, "made_at": now, "made_by": actor.user}
        made.append(VotingLetter(batch=batch, digest=codes.digest(key, code), **facts))
        sheets.append((entry, lives.get(entry.membership.party_id, []), code))
    try:
        with transaction.atomic():
            VotingLetter.objects.bulk_create(made)
    except IntegrityError as late:
        if "was not struck off" not in str(late):
            raise
        text = _("Somebody voted this very moment who would have got a letter. Nothing was made; do it once more.")
        raise Refused("quicker", text, status=409) from late
    with override(ballot.coop.language):
        pdf = voting_letters_pdf(ballot, sheets, address, now)
    return Printed(batch, pdf, len(made), known.without_letter(ballot).count())


# --- who types a code -------------------------------------------------------------------------------------------------


def open_by_code(*, coop, typed: str, address: str) -> VotingLetter:
    """The letter of this code, while its ballot takes votes. ``address`` is the network it comes from, for the limit.

    A code that is wrong, spoiled, of a ballot that closed or of another co-op gets one and the same answer. Refuses a
    network from which too many such codes came, and, with the hour, a ballot that has not opened.
    """
    if limits.one_more("voting-letter", coop, address) > WRONG_AN_HOUR:
        text = _("Too many wrong codes came from your network in the last hour. Try again later, or ask for a paper.")
        raise Refused("too_many", text, "code", status=429)
    now = clock.now()
    ballots = Ballot.objects.filter(coop=coop, kind=Ballot.Kind.SECRET, state=Ballot.State.OPEN, closes_at__gt=now)
    with_letters = ballots.filter(voting_letters__isnull=False).values_list("pk", flat=True).distinct()
    digests = [codes.digest(keyring.letters(ballot_id), typed) for ballot_id in with_letters]
    pk = VotingLetter.objects.filter(coop=coop, digest__in=digests).values_list("pk", flat=True).first()
    found = known.standing(coop, pk) if pk else None
    if found is None or found.ballot.phase(now) not in ("announced", "open"):
        raise letter_is_dead()
    limits.one_less("voting-letter", coop, address)
    if found.ballot.phase(now) == "announced":
        values = {"title": found.ballot.title, "at": local(found.ballot.opening, coop)}
        text = _("Your code is right. “%(title)s” opens on %(at)s; type it again then.")
        raise Refused("not_open_yet", text % values, "code", status=409)
    return found


@transaction.atomic
def issue_by_letter(*, coop, letter: VotingLetter, blinded: Sequence[bytes]) -> Issued:
    """Sign the blinded tokens of whoever typed this letter's code, and strike the letter's line off: that uses it up.

    As ``issue_credential`` in everything else: the same blinded message gets the same signature again, another one is
    refused, and so is a line struck off for a login, a proxy or a paper, and a letter that was spoiled.
    """
    actor = Actor.system(coop)
    ballot = locks.shared(letter.ballot_id, coop.pk)
    standing_now = known.standing(coop, letter.pk)
    if standing_now is None:
        raise letter_is_dead()
    membership = standing_now.entry.membership
    return issue(actor, ballot, standing(ballot, membership), membership, blinded, letter=standing_now)
