"""OFX 1 (SGML) and 2 (XML) bank statements, read by the ``ofxtools`` library.

OFX gives one balance, at the end, and no opening one: whether a line is missing shows only against the account.
"""

from __future__ import annotations

import io
import re

from django.utils.translation import gettext as _
from ofxtools.Parser import OFXTree

from .shape import NAME, REFERENCE, TEXT, BankRow, Statement, clean, minor, plain_iban, refused


def read(data: bytes) -> list[Statement]:
    """The bank statements of an OFX file; raises :class:`Refused` for one that is broken or holds none."""
    if not re.search(rb"</OFX>\s*\Z", data):
        raise refused("broken_off", _("The file breaks off: its end is missing. Fetch it anew."))
    if re.search(rb"<!(DOCTYPE|ENTITY)", data, re.I):
        raise refused("doctype", _("The file declares a document type, which no bank statement does."))
    tree = OFXTree()
    try:
        tree.parse(io.BytesIO(data))
        found = tree.convert()
    # The library lets the errors of its parts through: every one of them means that this is no such file.
    except Exception as broken:
        raise refused("unreadable", _("The OFX file cannot be read: %(why)s.") % {"why": str(broken)[:120]}) from None
    # Card and investment statements are other messages.
    statements = [each for each in getattr(found, "statements", ()) if getattr(each, "bankacctfrom", None) is not None]
    if not statements:
        raise refused("no_statement", _("The OFX file holds no statement of a bank account."))
    return [_statement(each) for each in statements]


def _statement(found) -> Statement:
    currency = str(found.curdef)
    account = str(found.bankacctfrom.acctid)
    closing = minor(found.ledgerbal.balamt, currency, _("The balance")) if found.ledgerbal is not None else None
    statement = Statement("OFX", plain_iban(account) or clean(account, 34), currency, "", None, closing)
    lines = found.banktranlist if found.banktranlist is not None else ()
    for number, line in enumerate(lines, start=1):
        place = _("Line %(n)s") % {"n": number}
        name = line.name or (line.payee.name if getattr(line, "payee", None) is not None else "")
        other = line.bankacctto.acctid if getattr(line, "bankacctto", None) is not None else ""
        statement.rows.append(
            BankRow(
                place,
                line.dtposted.date(),
                minor(line.trnamt, currency, place),
                clean(line.memo, TEXT),
                clean(name, NAME),
                plain_iban(other or ""),
                clean(line.checknum or line.refnum, REFERENCE),
                clean(line.fitid, REFERENCE),
            )
        )
    return statement
