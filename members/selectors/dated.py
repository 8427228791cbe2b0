"""What was true of a party on a day: the newest row that had begun by then and was not corrected."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet

from members.models import Party, PartyAddress, PartyContact, PartyName


def _in_force(rows, on: date, newest: bool):
    rows = rows.filter(corrected_by__isnull=True)
    if not newest:
        rows = rows.filter(valid_from__lte=on)
    return rows.order_by("-valid_from", "-id").first()


def name_of(party: Party, on: date, *, newest: bool = False) -> PartyName | None:
    """The party's name on that day; ``newest`` also counts one that begins later."""
    return _in_force(PartyName.objects.filter(party=party), on, newest)


def address_of(party: Party, on: date, *, newest: bool = False) -> PartyAddress | None:
    """The party's postal address on that day."""
    return _in_force(PartyAddress.objects.filter(party=party), on, newest)


def contact_of(party: Party, kind: str, on: date, *, newest: bool = False) -> PartyContact | None:
    """The party's e-mail address or telephone number on that day."""
    return _in_force(PartyContact.objects.filter(party=party, kind=kind), on, newest)


def newest_addresses(coop_id: int | None) -> QuerySet[PartyAddress]:
    """Everybody's newest postal address, one a party, whatever day it begins."""
    addresses = PartyAddress.objects.filter(coop_id=coop_id, corrected_by=None)
    return addresses.order_by("party_id", "-valid_from", "-pk").distinct("party_id")


def reached_at(party: Party) -> list[tuple[date, str]]:
    """Every e-mail address the register ever had for the party, corrected ones aside, with the day it began."""
    rows = PartyContact.objects.filter(party=party, kind=PartyContact.Kind.EMAIL, corrected_by__isnull=True)
    return list(rows.order_by("valid_from", "id").values_list("valid_from", "value"))
