"""A posted plan as an IRS FIRE file: the members a Form 1099-PATR is due for, with the taxpayer numbers brought along.

Rochdale keeps no taxpayer numbers. They come in a CSV of the treasurer's (``member,tin,type,state``) when the file is
made, and are gone with the answer. ``type`` is EIN or SSN, or ``exempt`` for a corporation no return is filed for.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from datetime import date

from django.utils.translation import gettext as _

from coop.kernel.csv_table import Unreadable, fold, open_table
from coop.kernel.errors import Refused
from ledger.exchange.fire import FireRefused, Organisation, Payee, filing
from ledger.exchange.patr_csv import redeemed_for, returns
from ledger.models import SurplusPlan
from ledger.reports.patr import is_due
from members.models import Membership, PartyAddress

TYPES = {"ein": "1", "ssn": "2", "": ""}
EXEMPT = "exempt"


@dataclass(frozen=True, slots=True)
class Taxpayer:
    """What the treasurer brings along for one member."""

    tin: str
    kind: str  # "1" an EIN, "2" a social security number, "" not known, "exempt" no return
    state: str = ""


@dataclass(frozen=True, slots=True)
class FireFile:
    """The file, how many returns it holds, and the members whose taxpayer number is missing in it."""

    content: bytes
    returns: int
    without_tin: tuple[int, ...]


def read_taxpayers(data: bytes, file_name: str) -> dict[int, Taxpayer]:
    """Read ``member,tin,type,state``; the last two columns may be missing. Refused with the line that is wrong."""
    table = open_table(data, file_name)
    places = {fold(cell): place for place, cell in enumerate(table.heading)}
    if not {"member", "tin"} <= set(places):
        raise Refused("columns", _("The file of taxpayer numbers needs the columns “member” and “tin”."), "taxpayers")
    found: dict[int, Taxpayer] = {}
    try:
        for line, cells in table.lines:
            said = {name: cells[place].strip() if place < len(cells) else "" for name, place in places.items()}
            tin, kind = said["tin"].replace("-", "").replace(" ", ""), said.get("type", "").lower()
            number = int(said["member"]) if said["member"].isascii() and said["member"].isdigit() else 0
            wrong = not 0 < number < 10**17 or number in found or kind not in {*TYPES, EXEMPT}
            if wrong or (kind != EXEMPT and not (len(tin) == 9 and tin.isascii() and tin.isdigit())):
                raise _unreadable(line)
            found[number] = Taxpayer(tin, TYPES.get(kind, EXEMPT), said.get("state", "").upper()[:2])
    except Unreadable as broken:
        raise _unreadable(broken.line) from None
    return found


def _unreadable(line: int) -> Refused:
    return Refused(
        "taxpayers",
        _("Line %(line)s: a member’s number once, nine digits, and as type EIN, SSN, exempt or nothing are wanted.")
        % {"line": line},
        "taxpayers",
    )


def fire_file(
    plan: SurplusPlan, payer: Organisation, taxpayers: dict[int, Taxpayer], *, year: int, on: date, test: bool = False
) -> FireFile:
    """Write the returns of a posted plan for the tax year ``year``, with addresses as on the day ``on``.

    Refused: a plan that is not posted or not in dollars, no return to file, and what no record has room for.
    """
    if plan.state != SurplusPlan.State.POSTED or plan.coop.currency != "USD":
        raise Refused("not_patr", _("Form 1099-PATR is filed for a posted plan in United States dollars."), status=409)
    due = [
        (found.membership, found.boxes)
        for found in returns(plan, redeemed_for(plan, year).by_member)
        if is_due(found.boxes, is_corporation=_exempt(taxpayers.get(found.membership.number)))
    ]
    if not due:
        raise Refused("nothing_due", _("No return is due: nobody is above the limit of the form."), status=409)
    where = _addresses([member.party_id for member, _boxes in due], on)
    payees = ((_payee(member, taxpayers.get(member.number), where.get(member.party_id)), b) for member, b in due)
    try:
        content = "".join(filing(_plainly(payer), payees, year=year, count=len(due), test=test)).encode("ascii")
    except FireRefused as refusal:
        why = _("No record has room for this: %(why)s.") % {"why": str(refusal)}
        raise Refused("fire", why) from refusal
    missing = tuple(member.number for member, _boxes in due if member.number not in taxpayers)
    return FireFile(content, len(due), missing)


def _exempt(known: Taxpayer | None) -> bool:
    return known is not None and known.kind == EXEMPT


def _addresses(parties: list[int], on: date) -> dict[int, PartyAddress]:
    rows = PartyAddress.objects.filter(party__in=parties, valid_from__lte=on).order_by("party", "-valid_from", "-id")
    return {row.party_id: row for row in rows.distinct("party")}


def _payee(membership: Membership, known: Taxpayer | None, address: PartyAddress | None) -> Payee:
    return Payee(
        tin=known.tin if known else "",
        tin_type=known.kind if known else "",
        name=plain(membership.party.name),
        street=plain(address.street) if address else "",
        city=plain(address.place) if address else "",
        state=known.state if known else "",
        zip_code="".join(c for c in address.postcode if c.isdigit())[:9] if address else "",
        account=membership.number_text,
    )


def _plainly(payer: Organisation) -> Organisation:
    words = {name: plain(getattr(payer, name)) for name in ("name", "street", "city", "contact")}
    return replace(payer, **words)


def plain(text: str) -> str:
    """Letters as FIRE takes them, without accents; what has no such letter is left out."""
    replaced = text.replace("ß", "ss").replace("Ø", "O").replace("ø", "o").replace("Æ", "AE").replace("æ", "ae")
    return unicodedata.normalize("NFKD", replaced.replace("’", "'")).encode("ascii", "ignore").decode()


__all__ = ["FireFile", "Organisation", "Taxpayer", "fire_file", "plain", "read_taxpayers"]
