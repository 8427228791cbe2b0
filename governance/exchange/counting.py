"""From a file to a result: what ``manage.py count`` does, without the command around it."""

from __future__ import annotations

from collections.abc import Callable
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from governance.tally import METHODS, Result, count

from . import blt, normalised, preflib, rankings_csv
from .model import BadFile, Election
from .rules import method_of, switches_of

READERS: dict[str, Callable[[BinaryIO], Election]] = {
    ".json": normalised.read,
    ".blt": blt.read,
    ".csv": rankings_csv.read,
    ".tsv": rankings_csv.read,
    **{f".{kind}": (lambda stream, kind=kind: preflib.read(stream, kind)) for kind in preflib.KINDS},  # type: ignore[misc]
}


def read(stream: BinaryIO, name: str = "") -> Election:
    """Read an election in the format its name or its beginning shows. Raises BadFile."""
    reader = READERS.get(Path(name).suffix.lower())
    return reader(stream) if reader else _by_beginning(stream)(stream)


def _by_beginning(stream: BinaryIO) -> Callable[[BinaryIO], Election]:
    """The reader for a file whose name says nothing."""
    begin = stream.peek(4096)[:4096] if isinstance(stream, BufferedReader) else stream.read(4096)
    if not isinstance(stream, BufferedReader):
        stream.seek(0)
    begin = begin.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not begin:
        raise BadFile("the file is empty", 1)
    first = begin.splitlines()[0]
    if begin[:1] == b"{":
        return normalised.read
    if first.startswith(b"#") and b":" in first:
        return preflib.read
    if begin[:1].isdigit() and len(first.replace(b",", b" ").split()) == 2:
        return blt.read
    if first.strip().isdigit():
        return preflib.read
    if b"," in first and b"\0" not in begin:
        return rankings_csv.read
    raise BadFile("neither JSON nor BLT, PrefLib or CSV", 1)


def count_election(
    election: Election,
    *,
    method: str | None = None,
    seats: int | None = None,
    seed: str | None = None,
    equal_ranks: str = "refuse",
) -> Result:
    """Count what was read. What is not given comes from the file. Raises BadElection."""
    chosen = method or method_of(election)
    if chosen is None:
        raise BadFile(f"the file does not say how to count it; give --method, one of {', '.join(METHODS)}")
    if election.scored != (chosen == "score"):
        holds, needs = ("scores", "rankings") if election.scored else ("rankings", "scores")
        raise BadFile(f"the file holds {holds}, and {chosen} counts {needs}")
    contest = election.contest(seats=seats, seed=seed, equal_ranks=equal_ranks)
    return count(chosen, contest, **switches_of(election, chosen))


def count_file(
    path: str | Path,
    *,
    method: str | None = None,
    seats: int | None = None,
    seed: str | None = None,
    equal_ranks: str = "refuse",
) -> Result:
    """Read and count a file. Raises BadElection with one sentence, a missing or unreadable file included."""
    try:
        with Path(path).open("rb") as stream:
            election = read(stream, str(path))
    except OSError as fault:
        raise BadFile(f"the file cannot be read: {fault.strerror or type(fault).__name__}") from None
    except ValueError as fault:
        if isinstance(fault, BadFile):
            raise
        raise BadFile("the file cannot be opened under this name") from None
    return count_election(election, method=method, seats=seats, seed=seed, equal_ranks=equal_ranks)
