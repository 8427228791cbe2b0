"""What was true of a party on a day: the newest row that had begun by then and was not corrected."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from django.db.models import Case, F, QuerySet, Value, When
from django.db.models.functions import TruncDate

from members.models import Party, PartyAddress, PartyContact, PartyName


def _begun_first(on: date) -> Case:
    """An ordering that puts what had begun by a day before what is announced for a later one."""
    return Case(When(valid_from__lte=on, then=Value(0)), default=Value(1))


def _in_force(rows, on: date, or_later: bool):
    rows = rows.filter(corrected_by__isnull=True)
    if not or_later:
        rows = rows.filter(valid_from__lte=on)
    return rows.order_by(*([_begun_first(on)] if or_later else []), "-valid_from", "-id").first()


def name_of(party: Party, on: date, *, or_later: bool = False) -> PartyName | None:
    """The party's name on that day; ``or_later`` takes one that begins later where none had begun."""
    return _in_force(PartyName.objects.filter(party=party), on, or_later)


def address_of(party: Party, on: date, *, or_later: bool = False) -> PartyAddress | None:
    """The party's postal address on that day."""
    return _in_force(PartyAddress.objects.filter(party=party), on, or_later)


def contact_of(party: Party, kind: str, on: date, *, or_later: bool = False) -> PartyContact | None:
    """The party's e-mail address or telephone number on that day."""
    return _in_force(PartyContact.objects.filter(party=party, kind=kind), on, or_later)


def newest_addresses(coop_id: int | None, on: date | None = None) -> QuerySet[PartyAddress]:
    """Everybody's newest postal address, one a party; with ``on``, one that begins later only where none had begun."""
    addresses = PartyAddress.objects.filter(coop_id=coop_id, corrected_by=None)
    begun = [_begun_first(on)] if on is not None else []
    return addresses.order_by("party_id", *begun, "-valid_from", "-pk").distinct("party_id")


def announced(coop, since: date, on: date) -> set[int]:
    """Whose name or address, written down before, began to hold on a day after ``since``, by ``on``: keys of parties.

    Two queries.
    """
    written = TruncDate("recorded_at", tzinfo=ZoneInfo(coop.time_zone))
    found: set[int] = set()
    for model in (PartyName, PartyAddress):
        begun = model._default_manager.filter(coop=coop, valid_from__gt=since, valid_from__lte=on)
        ahead = begun.annotate(written=written).filter(written__lt=F("valid_from"))
        found.update(ahead.values_list("party_id", flat=True))
    return found


def reached_at(party: Party) -> list[tuple[date, str]]:
    """Every e-mail address the register ever had for the party, corrected ones aside, with the day it began."""
    rows = PartyContact.objects.filter(party=party, kind=PartyContact.Kind.EMAIL, corrected_by__isnull=True)
    return list(rows.order_by("valid_from", "id").values_list("valid_from", "value"))
