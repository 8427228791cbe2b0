"""What an allocation is: every step with its reason, every member's figures in columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ledger.allocation.columns import NOBODY, ByMember
from ledger.allocation.explaining import Line, explain
from ledger.allocation.plan import Basis, Plan

COLUMNS = ("allocated", "interest", "cash", "qualified", "nonqualified", "netted", "rolled_forward")


@dataclass(frozen=True, slots=True)
class Appropriated:
    """What one appropriation took, and why just that."""

    name: str
    amount: int
    because: str


@dataclass(frozen=True, slots=True)
class Interest:
    """Interest on paid capital, a row for each holding."""

    total: int
    because: str
    rate: str
    holdings: ByMember
    amounts: Sequence[int]

    @classmethod
    def nothing(cls) -> Interest:
        return cls(0, "No interest on paid-up capital.", "0", NOBODY, NOBODY.values)

    @property
    def by_member(self) -> ByMember:
        return ByMember(self.holdings.members, self.amounts)


@dataclass(frozen=True, slots=True)
class SharedPool:
    """One pool shared out, a row for each member with a basis (of 0 too)."""

    name: str
    amount: int
    because: str
    basis: Basis
    shares: Sequence[int]

    @property
    def by_member(self) -> ByMember:
        return ByMember(self.basis.figures.members, self.shares)


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the way down from the result: ``remaining`` is what is left after it."""

    kind: str  # result, losses, appropriation, interest, pool or unallocated
    name: str
    amount: int
    remaining: int
    because: str


@dataclass(frozen=True, slots=True)
class Allocation:
    """A plan carried out.

    surplus = sum of appropriations + interest + sum of pools + unallocated, and for each member and in all
    allocated = cash + qualified + nonqualified + netted + rolled_forward. Interest stands beside that.
    ``columns`` holds one sequence for each of :data:`COLUMNS`, in the order of ``members``.
    """

    plan: Plan
    surplus: int
    losses_remaining: int
    appropriations: tuple[Appropriated, ...]
    share_interest: Interest
    pools: tuple[SharedPool, ...]
    members: Sequence[int]
    columns: dict[str, Sequence[int]]
    totals: dict[str, int]
    unallocated: int
    payment_due: date | None
    steps: tuple[Step, ...]

    def of(self, member: int) -> dict[str, int]:
        """Return the figures of one member; raises KeyError for a member who has no part in the plan."""
        row = ByMember(self.members, self.members).place(member)
        if row is None:
            raise KeyError(member)
        return {name: self.columns[name][row] for name in COLUMNS}

    def explain(self, member: int) -> tuple[Line, ...]:
        """Return the member's own arithmetic, see :func:`explain`; raises KeyError for a stranger to the plan."""
        return explain(self, member)

    def rows(self) -> Iterator[tuple[int, ...]]:
        """Yield (member, allocated, interest, cash, qualified, nonqualified, netted, rolled_forward), ascending."""
        return zip(self.members, *(self.columns[name] for name in COLUMNS), strict=True)

    def as_dict(self) -> dict[str, Any]:
        """Return the answer of ``manage.py allocate``. For very many members, :func:`json_chunks` is leaner."""
        return {
            **self.head(),
            "share_interest": {"total": self.share_interest.total, "members": _texts(self.share_interest.by_member)},
            "pools": [{"name": p.name, "amount": p.amount, "members": _texts(p.by_member)} for p in self.pools],
            "members": {str(row[0]): dict(zip(COLUMNS, row[1:], strict=True)) for row in self.rows()},
            **self.foot(),
        }

    def head(self) -> dict[str, Any]:
        """Return what stands before the members in the answer."""
        return {
            "surplus": self.surplus,
            "losses_remaining": self.losses_remaining,
            "appropriations": [
                {"name": step.name, "amount": step.amount, "because": step.because} for step in self.appropriations
            ],
        }

    def foot(self) -> dict[str, Any]:
        """Return what stands after the members in the answer."""
        return {
            "totals": dict(self.totals),
            "unallocated": self.unallocated,
            "payment_due": self.payment_due.isoformat() if self.payment_due else None,
        }


def _texts(figures: ByMember) -> dict[str, int]:
    return {str(member): amount for member, amount in figures}
