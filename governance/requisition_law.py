"""What laws say of members who ask for a meeting: data to start from. The by-laws go first; ask your adviser."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many members; days the board then has, and where that is written."""

    part: int
    whole: int
    call_within_days: int
    cite: str


# GenG § 45 (1) and (2): a tenth of the members, meeting and agenda item alike, stating purpose and reasons; the board
# calls it without delay, for which three weeks are a start. The British Act leaves it to the society's rules.
LAWS = {
    "de-geng": Share(1, 10, 21, "GenG § 45 (1), (2)"),
    "uk-ccbsa": Share(1, 10, 28, "the society's rules (as in common model rules)"),
}


def of_law(law: str) -> Share | None:
    return LAWS.get(law)
