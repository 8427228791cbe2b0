"""Ages. Pure: days in, years and days out."""

from __future__ import annotations

from datetime import date

MAJORITY = 18  # BGB § 2; Family Law Reform Act 1969 s. 1
OLDEST = 120  # years; nobody is known for certain to have lived longer but one (122)


def age_on(born_on: date, on: date) -> int:
    """Completed years on a day. Who was born on 29 February completes a year on 1 March of common years."""
    return on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day))


def comes_of_age_on(born_on: date) -> date:
    """The first day of full age."""
    try:
        return born_on.replace(year=born_on.year + MAJORITY)
    except ValueError:
        return date(born_on.year + MAJORITY, 3, 1)
