"""Shaking the box while it is open, opening it once it has closed, and destroying its keys."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from django.db import transaction
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, jobs, rules
from coop.kernel.errors import Refused
from coop.kernel.models import Job
from coop.kernel.tenancy import Actor

from .. import boxes, keyring, locks
from ..ballotbox import paper, sealing
from ..digests import canonical, sha256
from ..models import Ballot, BoardEntry, BoxOpening, OpenedPack, OpenedPaper, Question
from ..selectors import secret as known
from ..selectors import urn as urns
from ..selectors.ballots import with_questions
from .marks import clean_mark
from .secret import post

ORPHANED_AFTER = 3600  # seconds: keys of a release that never committed


def shake_open() -> int:
    """Shake the box of every secret ballot that is open. Returns how many."""
    open_ones = Ballot.objects.filter(kind=Ballot.Kind.SECRET, state=Ballot.State.OPEN).values_list("pk", flat=True)
    for pk in open_ones:
        with transaction.atomic():
            boxes.shake(pk)
    return len(open_ones)


@dataclass
class _Emptied:
    """What came out of the box: marks and group by receipt, and how many were no papers."""

    papers: dict[str, tuple[list, int]] = field(default_factory=dict)
    spoiled: int = 0


def _nothing(done: int, total: int) -> None:
    """No page waits for the progress."""


@transaction.atomic
def open_box(*, actor, ballot_id: int, progress: Callable[[int, int], None] = _nothing) -> BoxOpening:
    """Open the box of a closed secret ballot, once: unseal, forget the tokens, write down receipts and marks.

    May run twice or die half-way: it is one transaction, and an opened box is left as it is. A paper that does not
    open, that is not written as a paper of this ballot, or that says the same as another one to the last bit of its
    nonce, is counted as spoiled. Refuses a ballot that is not closed, a key that is gone, and a box that holds more
    papers than credentials were issued: then nothing is opened and somebody must look.
    """
    rules.require(actor, "governance.run_ballots")
    ballot = locks.alone(ballot_id)
    if (done := BoxOpening.objects.filter(ballot=ballot).first()) is not None:
        return done
    if not ballot.is_secret or ballot.state != Ballot.State.CLOSED:
        raise Refused("not_closed", _("“%s” is opened once it has closed.") % ballot.title)
    if urns.awaited(ballot):
        raise Refused("urn", _("Papers were handed out. The box is opened once the urn is settled."))
    key = keyring.sealing(ballot.pk)
    boxes.shake(ballot.pk)
    rows = boxes.take(ballot.pk)
    issued = known.issued(ballot)["online"]
    if len(rows) > issued:
        values = {"papers": len(rows), "issued": issued}
        sentence = _("The box holds %(papers)s papers, but only %(issued)s credentials were issued. It stays shut.")
        raise Refused("more_papers", sentence % values)
    questions, out = with_questions(ballot), _Emptied()
    for number, (token_hash, group, sealed) in enumerate(rows):
        if number % 200 == 0:
            progress(number, len(rows))
        bound = sealing.bound_to(ballot.manifest_hash, token_hash)
        _take_out(out, questions, group, partial(sealing.unseal, key, sealed, bound))
    return _write_down(actor, ballot, questions, out, issued)


def _take_out(out: _Emptied, questions: list[Question], group: int, unsealed: Callable[[], bytes]) -> None:
    try:
        marks, nonce = paper.read(unsealed())
        if len(marks) != len(questions):
            raise paper.BadPaper("The paper answers another number of questions.")
        cleaned = [clean_mark(question, mark) for question, mark in zip(questions, marks, strict=True)]
        if cleaned != marks:
            raise paper.BadPaper("The marks are not written as they are kept.")
    except (paper.BadPaper, Refused):
        out.spoiled += 1
        return
    receipt = paper.receipt(marks, nonce)
    if receipt in out.papers:
        out.spoiled += 1
    else:
        out.papers[receipt] = (marks, group)


def _together(ballot: Ballot, out: _Emptied) -> bool:
    """As the manifest said, unless so few took part, of everybody or of a class, that marks would name them."""
    secret, groups = ballot.manifest["secret"], Counter(group for _marks, group in out.papers.values())
    enough = all(count >= secret["least"] for count in groups.values())
    return secret["together"] and enough and urns.handed_out(ballot) == 0


def _write_down(actor, ballot: Ballot, questions: list[Question], out: _Emptied, issued: int) -> BoxOpening:
    together, order = _together(ballot, out), sorted(out.papers)
    OpenedPaper.objects.bulk_create(
        (
            OpenedPaper(
                coop_id=ballot.coop_id, ballot=ballot, receipt=each, marks=out.papers[each][0] if together else None
            )
            for each in order
        ),
        batch_size=2000,
    )
    names = [each["class"] for each in ballot.manifest["secret"]["credentials"]]
    packs: list[OpenedPack] = []
    for at, question in enumerate(questions):
        counted = Counter((json.dumps(marks[at]), names[group]) for marks, group in out.papers.values())
        for (mark, name), count in sorted(counted.items()):
            packs.append(
                OpenedPack(
                    coop_id=ballot.coop_id,
                    ballot=ballot,
                    question=question,
                    class_name=name,
                    mark=json.loads(mark),
                    count=count,
                )
            )
    OpenedPack.objects.bulk_create(packs, batch_size=2000)
    opening = BoxOpening.objects.create(
        coop_id=ballot.coop_id,
        ballot=ballot,
        papers=len(order),
        spoiled=out.spoiled,
        struck_off=issued,
        together=together,
        opened_at=clock.now(),
    )
    boxes.empty(ballot.pk)
    facts = {
        "papers": len(order),
        "spoiled": out.spoiled,
        "struck_off": issued,
        "receipts": sha256(canonical(order)),
    }
    post(ballot, "opened", facts)
    audit.record(actor=actor, kind="governance.box_opened", subject=f"ballot:{ballot.pk}", **facts)
    return opening


@transaction.atomic
def ask_to_open(*, actor, ballot: Ballot) -> Job:
    """Try again to open the box of a closed ballot that could not be opened, and to count it."""
    rules.require(actor, "governance.run_ballots", ballot)
    if not ballot.is_secret or ballot.state != Ballot.State.CLOSED:
        raise Refused("not_closed", _("“%s” is opened once it has closed.") % ballot.title)
    return jobs.enqueue("governance.count_ballot", ballot.pk, actor=actor, title=_("Counting “%s”") % ballot.title)


def destroy_spent_keys() -> int:
    """Destroy the keys of ballots whose box is open, and of releases that never came to be. Returns how many."""
    gone = 0
    for pk in keyring.kept():
        ballot = Ballot.objects.filter(pk=pk).select_related("coop").first()
        if ballot is None or ballot.is_draft:
            gone += _destroy_orphan(pk)
        elif BoxOpening.objects.filter(ballot=ballot).exists():
            gone += destroy_keys(ballot=ballot)
    opened = Ballot.objects.filter(box_opening__isnull=False).select_related("coop")
    for ballot in opened.exclude(pk__in=BoardEntry.objects.filter(entry__event="keys_destroyed").values("ballot")):
        gone += destroy_keys(ballot=ballot)  # the files went, and something died before that was written down
    return gone


def _destroy_orphan(pk: int) -> bool:
    try:
        age = time.time() - (keyring.folder() / str(pk)).stat().st_mtime
    except FileNotFoundError:
        return False
    return age > ORPHANED_AFTER and keyring.destroy(pk)


def destroy_keys(*, ballot: Ballot) -> bool:
    """Overwrite and unlink both keys of an opened ballot, and write that down. May run twice or die half-way.

    The files go first: a crash in between leaves them gone and the line missing, and the next run writes it.
    """
    keyring.destroy(ballot.pk)
    with transaction.atomic():
        ballot = locks.alone(ballot.pk)
        if ballot.board.filter(entry__event="keys_destroyed").exists():
            return False
        secret = ballot.manifest["secret"]
        prints = [secret["sealing"]["fingerprint"], *(each["fingerprint"] for each in secret["credentials"])]
        post(ballot, "keys_destroyed", {"fingerprints": prints})
        audit.record(
            actor=Actor.system(ballot.coop),
            kind="governance.keys_destroyed",
            subject=f"ballot:{ballot.pk}",
            fingerprints=prints,
        )
    return True
