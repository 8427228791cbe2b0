"""A surplus plan as the engine sees it: checked, in integers, in member order. ``checking`` builds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from ledger.allocation.columns import NOBODY, ByMember


@dataclass(frozen=True, slots=True)
class Percent:
    """A percentage as it was written, with its exact value."""

    text: str
    numerator: int
    denominator: int  # of the percentage divided by a hundred, so that part = whole * numerator / denominator

    @classmethod
    def of(cls, text: str) -> Percent:
        exact = Fraction(text) / 100
        return cls(text, exact.numerator, exact.denominator)

    def down(self, whole: int) -> int:
        """Return this percentage of a non-negative ``whole``, rounded down: for what may not be exceeded."""
        return whole * self.numerator // self.denominator

    def up(self, whole: int) -> int:
        """Return this percentage of a non-negative ``whole``, rounded up: for what must be reached."""
        return -(-whole * self.numerator // self.denominator)

    def exceeds(self, other: Percent) -> bool:
        return self.numerator * other.denominator > other.numerator * self.denominator

    @property
    def is_whole(self) -> bool:
        return self.numerator == self.denominator


TWENTY = Percent.of("20")  # 26 U.S.C. 1388(c)(1): at least 20 per cent in money


@dataclass(frozen=True, slots=True)
class Until:
    """A fund that is filled only up to a target: ``balance`` is what it holds now."""

    balance: int
    target: int

    @property
    def missing(self) -> int:
        return max(0, self.target - self.balance)


@dataclass(frozen=True, slots=True)
class Appropriation:
    """One step that takes money out before the members: a reserve, a fund, a tax."""

    name: str
    of: str | None
    percent: Percent | None
    amount: int | None
    bound: str
    at_least: int | None
    at_most: int | None
    until: Until | None


@dataclass(frozen=True, slots=True)
class ShareInterest:
    """Interest on paid-up capital: ``holdings`` is paid capital by member, in minor units."""

    rate: Percent
    cap: Percent | None
    holdings: ByMember


@dataclass(frozen=True, slots=True)
class Basis:
    """Patronage by member, multiplied by ten to the power of ``places`` so that every figure is an integer."""

    figures: ByMember
    places: int

    @property
    def total(self) -> int:
        return sum(self.figures.values)

    def text(self, figure: int) -> str:
        """Return a scaled figure as the decimal it stands for."""
        digits = str(figure).rjust(self.places + 1, "0")
        return f"{digits[: -self.places]}.{digits[-self.places :]}" if self.places else digits


@dataclass(frozen=True, slots=True)
class Pool:
    """One pool of the surplus that is shared by patronage; exactly one of percent, amount and rest says its size."""

    name: str
    percent: Percent | None
    amount: int | None
    rest: bool
    basis: Basis


@dataclass(frozen=True, slots=True)
class Settlement:
    """How what a member is allocated is settled."""

    cash_percent: Percent
    notice: str
    minimum_cash_percent: Percent = TWENTY
    no_consent: tuple[int, ...] = ()
    de_minimis: int = 0
    debts: ByMember = NOBODY
    carried: ByMember = NOBODY


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole plan; every amount in minor units of ``currency``."""

    currency: str
    fiscal_year_end: date
    patronage: int
    nonpatronage: int
    losses_carried: int
    appropriations: tuple[Appropriation, ...]
    share_interest: ShareInterest | None
    pools: tuple[Pool, ...]
    settlement: Settlement | None
