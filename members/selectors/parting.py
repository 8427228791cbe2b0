"""After a membership has ended: what is still to be paid to whoever left, in words.

The register knows the last day and the by-laws' time for paying back; what there is to pay the books say (``also``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from members.models import Membership


@dataclass(frozen=True)
class StillOwed:
    """One thing that is not settled yet: how much and by when, and why just then."""

    sentence: str
    why: str = ""


_sources: list[Callable[[Membership, date], Iterable[StillOwed]]] = []


def also(source: Callable[[Membership, date], Iterable[StillOwed]]) -> None:
    """Let an app to the right say what it still owes; called once, at start."""
    if source not in _sources:
        _sources.append(source)


def still_owed(membership: Membership, on: date) -> list[StillOwed]:
    """What is still to be paid to the holder of an ended membership, as it stands on that day."""
    return [each for source in _sources for each in source(membership, on)]
