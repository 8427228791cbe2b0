"""What is known of a secret ballot's urn: papers handed out, read by the clerks, differing, settled."""

from __future__ import annotations

import json
from dataclasses import dataclass

from ..models import Ballot, UrnCount, UrnSheet
from . import secret


@dataclass(frozen=True, slots=True)
class Reading:
    """One paper as the clerks have it: how many read it, whether that settles it, and the reading that counts."""

    sheet: int
    hands: int
    agreed: bool
    last: UrnSheet


def handed_out(ballot: Ballot) -> int:
    """How many papers were handed out to those struck off the roll for them, in the room or by post."""
    return sum(n for channel, n in secret.issued(ballot).items() if channel != "online")


def readings(ballot: Ballot) -> list[Reading]:
    """Every paper that was read at least once, by its number."""
    by_sheet: dict[int, list[UrnSheet]] = {}
    for each in UrnSheet.objects.filter(ballot=ballot).order_by("sheet", "hand"):
        by_sheet.setdefault(each.sheet, []).append(each)
    return [Reading(sheet, len(read), agree(read), read[-1]) for sheet, read in by_sheet.items()]


def agree(read: list[UrnSheet]) -> bool:
    same = len({(json.dumps(each.marks), each.class_name) for each in read}) == 1
    return len(read) == 3 or len(read) == 2 and same


def settled(ballot: Ballot) -> UrnCount | None:
    """The settled urn, or None."""
    return UrnCount.objects.filter(ballot=ballot).select_related("settled_by").first()


def awaited(ballot: Ballot) -> bool:
    """Papers were handed out, and nobody has settled what came back."""
    return bool(ballot.is_secret and handed_out(ballot) and settled(ballot) is None)
