"""Mandates, what could be collected by them, and collections."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, QuerySet

from ledger.models import BankAccount, DebitLine, DebitRun, Mandate
from ledger.selectors.dues import unpaid


def mandates(coop) -> QuerySet[Mandate]:
    """Every mandate, newest first, with its member."""
    return Mandate.objects.filter(coop=coop).select_related("membership__party", "membership__coop")


def mandate_of(membership) -> Mandate | None:
    """The member's mandate that stands, if there is one."""
    return Mandate.objects.filter(membership=membership, revoked_at=None).first()


def creditor_account(coop) -> BankAccount | None:
    """The account collected into: one in euro with an IBAN and a creditor identifier, the members' own first."""
    found = BankAccount.objects.filter(coop=coop, is_iban=True, currency="EUR").exclude(creditor_id="")
    return found.select_related("account").order_by("-is_default", "id").first()


@dataclass(frozen=True, slots=True)
class Collectable:
    """A member with a mandate who owes ``amount`` minor units that are due; ``first``: nothing was collected by it."""

    mandate: Mandate
    amount: int
    first: bool


def collectable(coop, on: date) -> list[Collectable]:
    """Everybody with a mandate that stands and something due by ``on``, by number. A debit that came back is no first
    use of the mandate that worked."""
    worked = DebitLine.objects.filter(mandate=OuterRef("pk"), run__state=DebitRun.State.BOOKED, returned=None)
    rows = mandates(coop).filter(revoked_at=None, membership__party__died_on=None).annotate(worked=Exists(worked))
    by_member = {each.membership_id: each for each in rows}
    found = []
    for debtor in unpaid(coop, on):
        mandate = by_member.get(debtor.membership.pk)
        if mandate is not None and debtor.owed.due > 0:
            found.append(Collectable(mandate, debtor.owed.due, not mandate.worked))
    return found


def runs(coop) -> QuerySet[DebitRun]:
    """Every collection, newest first."""
    return DebitRun.objects.filter(coop=coop).select_related(
        "bank_account__account", "prepared_by", "released_by", "coop"
    )


def lines(run: DebitRun) -> QuerySet[DebitLine]:
    """A collection's lines by member number, with what came back."""
    return run.lines.select_related("membership__party", "membership__coop", "mandate", "returned").order_by("number")
