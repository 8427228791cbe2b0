"""The story the walk tells: who joins, what they vote, what the year brought; every figure worked out by hand.

Shares cost 50.00, two at least, and joining 10.00. Yusuf has three of five first choices for two seats, so the quota
is 5 / (2 + 1) + 1 = 2 and one vote of his is handed on at 1 / 3. The surplus is what the books show: 5,380.33 sold to
members and 619.67 to others, and five entry fees, less 5,049.99 of costs: 1,000.01. A fifth of it, rounded up, is
200.01; three per cent on 600.00 of paid-up shares is 18.00; 782.00 is left to share by purchases.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

HERE = ZoneInfo("Europe/Berlin")
PASSWORD = "four unconnected plain words"
COOP = "/riverside"


@dataclass(frozen=True)
class Member:
    """One applicant. Money as it is written on pages; ``spent`` as it stands in the till's file."""

    number: int
    given: str
    family: str
    shares: int
    pays: tuple[str, ...]
    spent: str
    interest: str = ""
    refund: str = ""
    cash: str = ""
    kept: str = ""

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"

    @property
    def email(self) -> str:
        return f"{self.given}@members.example".lower()


AMARA = Member(1, "Amara", "Okafor", 4, ("210.00",), "1000.00", "6.00", "145.34", "72.67", "72.67")
YUSUF = Member(2, "Yusuf", "Bakr", 2, ("110.00",), "2345.67", "3.00", "340.93", "170.47", "170.46")
ELSA = Member(3, "Elsa", "Nyström", 2, ("60.00", "50.00"), "800.10", "3.00", "116.29", "58.15", "58.14")
GITA = Member(4, "Gita", "Mohan", 2, ("110.00",), "0", "3.00", "", "", "")
TOMASZ = Member(5, "Tomasz", "Zielinski", 2, ("110.00",), "1234.56", "3.00", "179.44", "89.72", "89.72")
ONLINE, ON_PAPER = (AMARA, YUSUF, ELSA), (GITA, TOMASZ)
MEMBERS = (*ONLINE, *ON_PAPER)
RIVAL = Member(0, "Rolf", "Kramer", 2, (), "")
REASON = "He runs a shop that competes with ours."

CANDIDATES = (YUSUF, ELSA, GITA, TOMASZ)
MOTION = "A fifth goes to the reserve, three per cent to paid-up shares, and the rest to members by their purchases."
PAPERS = f"""4 2
1 1 3 0
1 3 2 0
0
{chr(10).join(f'"{each.name}"' for each in CANDIDATES)}
"Two seats on the board"
"""
# Candidate → what stands in the table at each stage.
STAGES = {
    YUSUF: ("3 elected", "2 −1", "2", "2"),
    GITA: ("1", "1.66666 +0.66666", "1.66666", "2.66666 elected"),
    ELSA: ("1", "1.33333 +0.33333", "1.33333", "out"),
    TOMASZ: ("0", "0", "out", "out"),
}


def till() -> bytes:
    """The year's purchases as the till writes them, with non-members and its own total."""
    lines = ["member;name;purchases", *(f"{each.number};{each.name};{each.spent}" for each in MEMBERS)]
    return "\n".join([*lines, "non-members;;619.67", "total;;6000.00"]).encode()


def now() -> datetime:
    """The present moment where the co-op is."""
    return datetime.now(HERE)


def as_typed(moment: datetime) -> str:
    """What a browser's date-and-time field holds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S" if moment.second else "%Y-%m-%dT%H:%M")
