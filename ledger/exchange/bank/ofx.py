"""OFX 1 (SGML) and 2 (XML) bank statements, read by the ``ofxtools`` library.

OFX gives one balance, at the end, and no opening one: whether a line is missing shows only against the account.
A line is booked on the day the bank wrote (OFX 2.2, section 3.2.8): the library turns its hour into Greenwich's, which
is the day before for a midnight in Berlin and the day after for an evening in New York.
"""

from __future__ import annotations

import io
import re
from datetime import date

from django.utils.translation import gettext as _

from .shape import NAME, REFERENCE, TEXT, BankRow, Statement, account_said, clean, minor, plain_iban, refused


def read(data: bytes) -> list[Statement]:
    """The bank statements of an OFX file; raises :class:`Refused` for one that is broken or holds none."""
    if not re.search(rb"</OFX>\s*\Z", data):
        raise refused("broken_off", _("The file breaks off: its end is missing. Fetch it anew."))
    if re.search(rb"<!(DOCTYPE|ENTITY)", data, re.I):
        raise refused("doctype", _("The file declares a document type, which no bank statement does."))
    # The library brings a client for banks along, a fifth of what every web process loads: only who reads a file waits.
    from ofxtools.Parser import OFXTree

    tree = OFXTree()
    try:
        written = tree.parse(io.BytesIO(data)).iter("STMTRS")
        days = [[_day(line.findtext("DTPOSTED")) for line in each.iter("STMTTRN")] for each in written]
        found = tree.convert()
    # The library lets the errors of its parts through: every one of them means that this is no such file.
    except Exception as broken:
        raise refused("unreadable", _("The OFX file cannot be read: %(why)s.") % {"why": str(broken)[:120]}) from None
    # Card and investment statements are other messages.
    statements = [each for each in getattr(found, "statements", ()) if getattr(each, "bankacctfrom", None) is not None]
    if not statements:
        raise refused("no_statement", _("The OFX file holds no statement of a bank account."))
    return [_statement(each, booked) for each, booked in zip(statements, days, strict=True)]


def _day(text: str | None) -> date:
    """The day a moment was written down on, wherever that was."""
    return date.fromisoformat((text or "")[:8])


def _statement(found, booked: list[date]) -> Statement:
    currency = str(found.curdef)
    account = str(found.bankacctfrom.acctid)
    closing = minor(found.ledgerbal.balamt, currency, _("The balance")) if found.ledgerbal is not None else None
    statement = Statement("OFX", account_said(account), currency, "", None, closing)
    lines = found.banktranlist if found.banktranlist is not None else ()
    for number, (line, day) in enumerate(zip(lines, booked, strict=True), start=1):
        place = _("Line %(n)s") % {"n": number}
        name = line.name or (line.payee.name if getattr(line, "payee", None) is not None else "")
        other = line.bankacctto.acctid if getattr(line, "bankacctto", None) is not None else ""
        statement.rows.append(
            BankRow(
                place,
                day,
                minor(line.trnamt, currency, place),
                clean(line.memo, TEXT),
                clean(name, NAME),
                plain_iban(other or ""),
                clean(line.checknum or line.refnum, REFERENCE),
                clean(line.fitid, REFERENCE),
            )
        )
    return statement
