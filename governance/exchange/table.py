"""A result as text for a terminal: who is elected, the table of stages, the reasons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from governance.tally import Result
from governance.tally.words import number

COLUMNS = 8  # stages side by side; more go below


def render(result: Result) -> str:
    """The whole result as readable text."""
    return "\n".join(_lines(result)) + "\n"


def _lines(result: Result) -> Iterator[str]:
    if result.title:
        yield result.title
    places = "1 seat" if result.seats == 1 else f"{number(result.seats)} seats"
    yield f"{result.method}: {places}, {number(result.ballots)} papers, {number(result.valid)} valid" + (
        f", quota {result.show_quota()}" if result.quota is not None else ""
    )
    if result.carried is not None:
        yield "Carried" if result.carried else "Not carried"
    else:
        yield "Elected: " + (", ".join(result.winner_names) or "nobody")
    yield from _stages(result)
    for i, round_ in enumerate(result.rounds, 1):
        yield f"{i}. {round_.note}"
    yield from result.explanation
    yield from _ranking(result)
    yield from _matrix(result)
    for tie in result.ties:
        names = ", ".join(result.candidates[i] for i in tie.between)
        yield f"Tie in stage {tie.round} between {names} ({tie.purpose}): {result.candidates[tie.chosen]}, by {tie.by}"


def _stages(result: Result) -> Iterator[str]:
    standing = [i for i in range(len(result.candidates)) if i not in result.withdrawn]
    for begin in range(0, len(result.rounds), COLUMNS):
        stages = result.rounds[begin : begin + COLUMNS]
        yield ""
        rows = [["", *(str(r.number) for r in stages)]]
        for i in standing:
            cells = [_cell(result, r.votes[i], i in r.elected, i in r.eliminated) for r in stages]
            rows.append([result.candidates[i], *cells])
        rows.append(["exhausted", *(result.show(r.exhausted) + " " for r in stages)])
        yield from _table(rows)
    if result.rounds:
        yield "(* elected, - out)"
        yield ""


def _cell(result: Result, votes: int | None, elected: bool, out: bool) -> str:
    return f"{result.show(votes or 0)}{'*' if elected else '-' if out else ' '}"


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[c]) for row in rows) for c in range(len(rows[0]))]
    for row in rows:
        first = row[0].ljust(widths[0])
        yield "  ".join([first, *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))]).rstrip()


def _ranking(result: Result) -> Iterator[str]:
    if result.ranking is not None:
        yield "Ranking: " + "; ".join(" = ".join(result.candidates[i] for i in tier) for tier in result.ranking)
    if result.dropped:
        yield "Dropped: " + ", ".join(result.candidates[i] for i in result.dropped)


def _matrix(result: Result) -> Iterator[str]:
    if result.pairwise is None:
        return
    yield ""
    yield "Papers that prefer the option of the row to the option of the column:"
    head = ["", *(str(i + 1) for i in range(len(result.candidates)))]
    rows = [[f"{i + 1} {name}", *map(str, result.pairwise[i])] for i, name in enumerate(result.candidates)]
    yield from _table([head, *rows])
