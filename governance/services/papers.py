"""Papers counted by hand: a BLT file read, compared with the question, shown, imported once, undone before close."""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import PurePath

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coop.kernel import audit, clock, rules
from coop.kernel.errors import Refused

from .. import locks
from ..exchange import blt as blt_format
from ..exchange.model import BadFile
from ..models import Ballot, Option, PaperBatch, PaperPack, Question
from ..selectors.ballots import votes_cast
from ..selectors.papers import papers_in

LARGEST_FILE = 32 * 1024 * 1024


@dataclass(frozen=True)
class PaperPreview:
    """What a file holds, before anything is kept: packs of marks as option positions, papers in all, blank ones."""

    file_name: str
    sha256: str
    packs: tuple[tuple[tuple, int], ...]
    papers: int
    blank: int
    first_choices: tuple[tuple[str, int], ...]
    beyond_roll: int


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


def _quoted(names: list[str]) -> str:
    shown = ", ".join(f"“{name[:60]}”" for name in names[:3])
    return shown + (_(" and %s more") % (len(names) - 3) if len(names) > 3 else "")


def _match(question: Question, names: list[str], withdrawn: set[int], seats: int) -> dict[int, int]:
    """The file's candidate numbers as option positions. Refuses any difference, all of them in one sentence."""
    options: dict[str, Option] = {_folded(option.name): option for option in question.options.all()}
    in_file = {_folded(name): at for at, name in enumerate(names)}
    extra = [name for name in names if _folded(name) not in options]
    missing = [option.name for key, option in options.items() if key not in in_file]
    if extra or missing:
        parts = []
        if extra:
            parts.append(_("names %s, not on the ballot") % _quoted(extra))
        if missing:
            parts.append(_("does not name %s, on the ballot") % _quoted(missing))
        raise Refused("other_candidates", _("The file %s.") % _(" and ").join(parts), "file")
    if seats != question.seats:
        values = {"file": seats, "ballot": question.seats}
        raise Refused("other_seats", _("The file fills %(file)s seats, the ballot %(ballot)s.") % values, "file")
    out = {options[_folded(names[at])].position for at in withdrawn}
    gone = {option.position for option in options.values() if option.withdrawn}
    if out - gone or (withdrawn and gone - out):
        who = [option.name for option in options.values() if option.position in out ^ gone]
        raise Refused("other_withdrawn", _("File and ballot differ on whether %s withdrew.") % _quoted(who), "file")
    return {at: options[key].position for key, at in in_file.items()}


def _remap(ranking: tuple, places: dict[int, int], question: Question) -> tuple:
    equal = any(isinstance(part, tuple) and len(part) > 1 for part in ranking)
    if equal and question.method != Question.Method.SCHULZE:
        raise Refused("equal_ranks", _("The file has papers with equal ranks, which this rule cannot count."), "file")
    flat = (part if isinstance(part, tuple) else (part,) for part in ranking)
    mapped = [tuple(sorted(places[at] for at in group)) for group in flat]
    return tuple(group if len(group) > 1 else group[0] for group in mapped)


def refuse_large(size: int) -> None:
    """Refuses a file that is too large to be read at all."""
    if size > LARGEST_FILE:
        raise Refused("too_large", _("The file is larger than %s MB.") % (LARGEST_FILE // 2**20), "file")


def read_paper(*, actor, question: Question, blt: bytes, file_name: str = "") -> PaperPreview:
    """Read a BLT file against a question and keep nothing. Refuses, in one sentence, whatever does not fit."""
    rules.require(actor, "governance.run_ballots", question)
    if not question.is_ranked:
        raise Refused("not_ranked", _("A BLT file holds rankings; “%s” is not ranked.") % question.title, "file")
    refuse_large(len(blt))
    try:
        election = blt_format.read(io.BytesIO(blt))
    except BadFile as bad:
        raise Refused("bad_blt", _("The file cannot be read: %s") % bad, "file") from bad
    places = _match(question, list(election.candidates), set(election.withdrawn), election.seats or question.seats)
    packs: Counter[tuple] = Counter()
    for ranking, count in election.ballots.items():
        packs[_remap(ranking, places, question)] += count
    papers = sum(packs.values())
    if not papers:
        raise Refused("no_papers", _("The file holds no papers."), "file")
    firsts: Counter[int] = Counter()
    for ranking, count in packs.items():
        if ranking and isinstance(ranking[0], int):
            firsts[ranking[0]] += count
    ballot = question.ballot
    beyond = papers + papers_in(question) + votes_cast(ballot) - (ballot.roll.votes if ballot.roll else 0)
    return PaperPreview(
        file_name=PurePath(file_name.replace("\\", "/")).name[:200] or "papers.blt",
        sha256=hashlib.sha256(blt).hexdigest(),
        packs=tuple(sorted(packs.items(), key=lambda pack: (-pack[1], json.dumps(pack[0])))),
        papers=papers,
        blank=packs.get((), 0),
        first_choices=tuple((option.name, firsts[option.position]) for option in question.options.all()),
        beyond_roll=max(0, beyond),
    )


def _refuse_unless_released(ballot: Ballot) -> None:
    if ballot.is_secret:
        raise Refused("secret", _("Papers from a file cannot join a secret ballot: nobody was struck off for them."))
    if ballot.state == Ballot.State.DRAFT:
        raise Refused("draft", _("Release the ballot first: papers are read against what was put to the vote."))
    if ballot.state != Ballot.State.OPEN:
        raise Refused("closed", _("“%s” is closed; no papers come in or go out any more.") % ballot.title)


def _imported_already() -> Refused:
    return Refused("imported_already", _("This very file is in already; nothing was added."), "file")


@transaction.atomic
def import_paper(
    *, actor, question: Question, blt: bytes, file_name: str = "", beyond_roll_because: str = ""
) -> PaperBatch:
    """Take in the papers of one BLT file, all or none.

    Candidates are matched by name; any difference is refused. So is a file already in, a ballot that is not released
    or is closed, and, without a reason in ``beyond_roll_because``, more papers than the roll has voters.
    """
    rules.require(actor, "governance.run_ballots", question)
    ballot = locks.shared(question.ballot_id, actor.coop_id)
    _refuse_unless_released(ballot)
    if ballot.phase(clock.now()) == "closing":
        raise Refused("closed", _("“%s” has closed; no papers come in any more.") % ballot.title)
    question = Question.objects.prefetch_related("options").select_related("ballot__roll").get(pk=question.pk)
    known = PaperBatch.objects.filter(question=question, undone_at__isnull=True)
    if known.filter(sha256=hashlib.sha256(blt).hexdigest()).exists():
        raise _imported_already()
    seen = read_paper(actor=actor, question=question, blt=blt, file_name=file_name)
    if seen.beyond_roll and not beyond_roll_because.strip():
        text = ngettext(
            "With this file there are %(n)s more paper than voters on the roll; say why before it is taken in.",
            "With this file there are %(n)s more papers than voters on the roll; say why before they are taken in.",
            seen.beyond_roll,
        )
        raise Refused("beyond_roll", text % {"n": f"{seen.beyond_roll:,}"}, "beyond_roll_because")
    try:
        with transaction.atomic():
            batch = PaperBatch.objects.create(
                coop=actor.coop,
                ballot=ballot,
                question=question,
                file_name=seen.file_name,
                sha256=seen.sha256,
                papers=seen.papers,
                blank=seen.blank,
                beyond_roll_because=beyond_roll_because.strip() if seen.beyond_roll else "",
                imported_at=clock.now(),
                imported_by=actor.user,
            )
    except IntegrityError as twice:  # two at once
        raise _imported_already() from twice
    PaperPack.objects.bulk_create(
        (PaperPack(coop=actor.coop, batch=batch, mark=list(mark), count=count) for mark, count in seen.packs),
        batch_size=2000,
    )
    batch.sealed = True
    batch.save(update_fields=["sealed"])
    audit.record(
        actor=actor,
        kind="governance.papers_imported",
        subject=f"ballot:{ballot.pk}",
        question=question.pk,
        file=seen.file_name,
        sha256=seen.sha256,
        papers=seen.papers,
        blank=seen.blank,
        beyond_roll_because=batch.beyond_roll_because,
    )
    return batch


@transaction.atomic
def undo_paper(*, actor, batch: PaperBatch, because: str) -> PaperBatch:
    """Take a file's papers out again, before the ballot closes, with a reason. The rows stay; they do not count."""
    rules.require(actor, "governance.run_ballots", batch)
    because = because.strip()
    if not because:
        raise Refused("no_reason", _("Say why these papers are taken out again."), "because")
    ballot = locks.shared(batch.ballot_id, actor.coop_id)
    _refuse_unless_released(ballot)
    taken = PaperBatch.objects.filter(pk=batch.pk, coop=actor.coop, sealed=True, undone_at__isnull=True)
    if taken.update(undone_at=clock.now(), undone_by=actor.user, undone_because=because[:300]) != 1:
        raise Refused("undone_already", _("These papers have been taken out already."))
    audit.record(
        actor=actor,
        kind="governance.papers_undone",
        subject=f"ballot:{ballot.pk}",
        file=batch.file_name,
        sha256=batch.sha256,
        papers=batch.papers,
        because=because,
    )
    batch.refresh_from_db()
    return batch
