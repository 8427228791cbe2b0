"""Who holds and held which office, with the address the register has for them: the register's other half."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from coop.kernel.models import Office
from members.models import Party, PartyAddress


@dataclass(frozen=True)
class OfficerLine:
    """One office held by one person; the address is empty for whoever is not on the register."""

    membership_id: int
    role: str
    name: str
    email: str
    street: str
    postcode: str
    place: str
    country: str
    starts_on: date
    ends_on: date | None


def officers(coop, as_at: date) -> list[OfficerLine]:
    """Everybody who took an office by that day, by office and day; an end that came later
    is not shown, as it was not known then. Three queries, however many there are."""
    held = (
        Office.objects.filter(coop=coop, starts_on__lte=as_at)
        .select_related("user")
        .order_by("role", "starts_on", "pk")
    )
    rows = list(held)
    people = {
        each.account_id: each for each in Party.objects.filter(coop=coop, account__in=[row.user_id for row in rows])
    }
    known = PartyAddress.objects.filter(party__in=people.values(), valid_from__lte=as_at, corrected_by=None)
    newest = known.order_by("party_id", "-valid_from", "-pk").distinct("party_id")
    lives = {each.party_id: each for each in newest}
    found = []
    for row in rows:
        party = people.get(row.user_id)
        address = lives.get(party.pk) if party is not None else None
        found.append(
            OfficerLine(
                0,
                str(row.get_role_display()),
                party.name if party is not None else row.user.display_name,
                row.user.email,
                address.street if address is not None else "",
                address.postcode if address is not None else "",
                address.place if address is not None else "",
                address.country if address is not None else "",
                row.starts_on,
                row.ends_on if row.ends_on is not None and row.ends_on <= as_at else None,
            )
        )
    return found
