"""A count in files: its papers as BLT and CSV, its stages as CSV, everything as JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from django.utils.translation import gettext as _

from .. import stored
from ..exchange import blt, rankings_csv
from ..exchange.model import Election
from ..models import Count, Question
from ..selectors.outcomes import outcome
from ..selectors.papers import papers_of

KINDS = {
    "blt": ("text/plain; charset=utf-8", "papers.blt"),
    "csv": ("text/csv; charset=utf-8", "papers.csv"),
    "stages": ("text/csv; charset=utf-8", "stages.csv"),
    "json": ("application/json", "count.json"),
    "pdf": ("application/pdf", "result.pdf"),
}


def kinds_of(question: Question) -> list[str]:
    """Which files a question's count has: scores have no BLT."""
    return [kind for kind in KINDS if kind != "blt" or question.method != Question.Method.SCORE]


def election(count: Count) -> Election:
    """The papers that were counted, without a name on any of them."""
    result = stored.load(count.result)
    return Election(
        candidates=result.candidates,
        ballots=papers_of(count.question),
        seats=result.seats,
        title=count.question.title,
        withdrawn=result.withdrawn,
        scored=count.question.method == Question.Method.SCORE,
        method=count.method,
    )


def papers_blt(count: Count) -> Iterator[str]:
    """The papers as a BLT file that any counting program reads."""
    return iter(blt.write(election(count)))


def papers_csv(count: Count) -> Iterator[str]:
    """The papers as CSV, one different paper a line with its number."""
    return iter(rankings_csv.write(election(count)))


def stages_csv(count: Count) -> Iterator[str]:
    """The stage table: candidates down, stages across, exact figures."""
    shown = outcome(count.question, count.result)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([_("candidate"), *(_("stage %s") % (at + 1) for at in range(len(shown.stages)))])
    for row in shown.rows:
        writer.writerow([_harmless(row.name), *(cell.exact for cell in row.cells)])
    exhausted = [shown.result.show(each.exhausted) for each in shown.result.rounds]
    writer.writerow([_("no further choice"), *exhausted])
    yield "\ufeff" + out.getvalue()


def _harmless(name: str) -> str:
    """A name a spreadsheet does not take for a formula."""
    return f"'{name}" if name[:1] in "=+-@" else name


def facts(count: Count) -> dict:
    """Everything needed to check and repeat the count, as JSON values."""
    ballot = count.ballot
    return {
        "ballot": {
            "title": ballot.title,
            "kind": ballot.kind,
            "manifest": ballot.manifest,
            "manifest_hash": ballot.manifest_hash,
        },
        "question": {"id": count.question_id, "title": count.question.title},
        "papers_hash": count.papers_hash,
        "seed": count.seed,
        "counted_at": count.counted_at.isoformat(),
        "carried": count.result["carried"],
        **count.result["published"],
    }
