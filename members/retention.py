"""How long the register keeps somebody who has left, by law. Pure: days in, day and citation out.

A starting point with its source; what the by-laws or an adviser say comes first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Retention:
    """``years`` after the exit, counted from the end of its calendar year where ``from_year_end``."""

    years: int
    from_year_end: bool
    cite: str


RETENTION = {
    "de": Retention(3, True, "GenG § 30 (3)"),
    "uk": Retention(6, False, "Limitation Act 1980 s. 5"),
    "ca": Retention(6, False, "S.C. 1998 c. 1 s. 31"),
}
USUAL = Retention(6, False, "")
# No law wants an application kept that came to nothing; whoever was refused may claim for some months (AGG § 21 (5)).
APPLICATION_DAYS = 180


def retention_for(law: str) -> Retention:
    """The rule under a law pack's code, such as ``de-geng``."""
    return RETENTION.get(law.partition("-")[0], USUAL)


def kept_until(law: str, last_day: date) -> date:
    """The last day on which the register has to name somebody whose last day of membership that was."""
    rule = retention_for(law)
    start = date(last_day.year, 12, 31) if rule.from_year_end else last_day
    try:
        return start.replace(year=start.year + rule.years)
    except ValueError:  # 29 February
        return start.replace(year=start.year + rule.years, day=28) + timedelta(days=1)
