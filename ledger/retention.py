"""How long the law wants the papers of the books kept. Pure: days in, day and citation out.

A starting point with its source; an adviser's word comes first, and a running inspection may want more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class PaperTime:
    """``years`` from the end of the calendar year in which a paper was entered."""

    years: int
    cite: str


PAPERS = {
    "de": PaperTime(8, "HGB § 257 (4), AO § 147 (3)"),
    "uk": PaperTime(6, "Finance Act 1998 Sch. 18 para. 21"),
    "ca": PaperTime(6, "Income Tax Act s. 230 (4)"),
    "us": PaperTime(7, "26 CFR § 1.6001-1 (e)"),
}
USUAL = PaperTime(10, "")


def paper_time(law: str) -> PaperTime:
    """The rule under a law pack's code, such as ``de-geng``."""
    return PAPERS.get(law.partition("-")[0], USUAL)


def paper_kept_until(law: str, entered_on: date) -> date:
    """The last day on which the law wants a paper of the books that was entered on that day."""
    return date(entered_on.year + paper_time(law).years, 12, 31)
