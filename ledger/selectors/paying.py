"""How a member pays: into which account, with which reference, and the square a banking app reads."""

from __future__ import annotations

from dataclasses import dataclass

from coop.kernel import square
from ledger import epc, references
from ledger.models import BankAccount

from .bank import paying_in


@dataclass(frozen=True, slots=True)
class HowToPay:
    """What stands on a transfer. ``path`` draws the EPC square of ``size`` modules, empty where there is none."""

    bank_account: BankAccount
    reference: str
    amount: int
    path: str = ""
    size: int = 0

    @property
    def printed(self) -> str:
        return references.printed(self.reference)


def how_to_pay(membership, amount: int) -> HowToPay | None:
    """What this member writes on a transfer of ``amount``; nothing while the co-op named no account. One query."""
    into = paying_in(membership.coop)
    reference = references.of_member(membership.number)
    if into is None or not reference:
        return None
    if not (into.is_iban and into.currency == "EUR" and 0 < amount <= epc.MOST_CENTS):
        return HowToPay(into, reference, amount)
    said = epc.payload(holder=into.holder, iban=into.number, bic=into.bic, amount=amount, reference=reference)
    rows = square.modules(said)
    return HowToPay(into, reference, amount, square.svg_path(rows), len(rows))
