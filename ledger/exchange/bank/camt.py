"""ISO 20022 camt.053 (bank to customer statement), versions .001.02 to .001.13.

Only booked entries count: a pending one may still vanish. A booking of several transactions is one line each where
the bank says what each of them is, else one line.
"""

from __future__ import annotations

import re
from datetime import date

from django.utils.translation import gettext as _
from lxml import etree

from .shape import NAME, REFERENCE, TEXT, BankRow, Statement, clean, minor, own_iban, plain_iban, refused

VERSION = re.compile(r"urn:iso:std:iso:20022:tech:xsd:camt\.053\.001\.(0[2-9]|1[0-3])")


def read(data: bytes) -> list[Statement]:
    """The statements of a camt.053 file; raises :class:`Refused` for anything else."""
    root = _root(data)
    statements = root.findall("{*}BkToCstmrStmt/{*}Stmt")
    if not statements:
        raise refused("no_statement", _("The file holds no statement."))
    return [_statement(each) for each in statements]


def _root(data: bytes):
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as broken:
        line = broken.lineno or 1
        raise refused(
            "broken_xml", _("The file breaks off or is damaged at line %(line)s; fetch it anew.") % {"line": line}
        ) from None
    if root.getroottree().docinfo.doctype:
        raise refused("doctype", _("The file declares a document type, which no bank statement does."))
    space = etree.QName(root).namespace or ""
    if not VERSION.fullmatch(space):
        raise refused(
            "not_camt053",
            _("This XML file is “%(kind)s”, not a camt.053 statement.")
            % {"kind": space.rpartition(":")[2][:40] or etree.QName(root).localname[:40]},
        )
    return root


def _statement(element) -> Statement:
    iban, other = _text(element, "Acct/Id/IBAN"), _text(element, "Acct/Id/Othr/Id")
    balances = {_text(each, "Tp/CdOrPrtry/Cd"): each for each in element.findall("{*}Bal")}
    opening = next((balances[code] for code in ("OPBD", "PRCD") if code in balances), None)
    closing = balances.get("CLBD")
    currency = _text(element, "Acct/Ccy") or _currency(closing) or _currency(opening)
    if not currency or not (iban or other):
        raise refused("no_account", _("The statement does not say which account it is of, or in which currency."))
    statement = Statement(
        "camt.053",
        own_iban(iban) if iban else clean(other, 34),
        currency,
        clean(_text(element, "Id"), REFERENCE),
        _balance(opening, currency),
        _balance(closing, currency),
    )
    for number, entry in enumerate(element.findall("{*}Ntry"), start=1):
        if (_text(entry, "Sts/Cd") or _text(entry, "Sts")) == "BOOK":
            statement.rows += _rows(entry, currency, _("Entry %(n)s") % {"n": number})
    return statement


def _rows(entry, currency: str, place: str) -> list[BankRow]:
    whole, booked = _signed(entry, currency, place), _day(entry, place)
    details = entry.findall("{*}NtryDtls/{*}TxDtls")
    reference = _text(entry, "AcctSvcrRef")
    amounts = [_part(each, currency, place) for each in details]
    if len(details) > 1 and None not in amounts and sum(filter(None, amounts)) == whole:
        return [
            _row(entry, each, booked, amount or 0, f"{place}.{n}", f"{reference}/{n}" if reference else "")
            for n, (each, amount) in enumerate(zip(details, amounts, strict=True), start=1)
        ]
    return [_row(entry, details[0] if len(details) == 1 else None, booked, whole, place, reference)]


def _row(entry, detail, booked: date, amount: int, place: str, reference: str) -> BankRow:
    who = "Dbtr" if amount > 0 else "Cdtr"  # the other side
    if detail is None:
        text = _text(entry, "AddtlNtryInf")
        return BankRow(place, booked, amount, clean(text, TEXT), bank_ref=clean(reference, REFERENCE))
    words = [each.text or "" for each in detail.findall("{*}RmtInf/{*}Ustrd")]
    words += [each.text or "" for each in detail.findall("{*}RmtInf/{*}Strd/{*}CdtrRefInf/{*}Ref")]
    text = " ".join(words) or _text(detail, "AddtlTxInf") or _text(entry, "AddtlNtryInf")
    end_to_end = _text(detail, "Refs/EndToEndId")
    return BankRow(
        place,
        booked,
        amount,
        clean(text, TEXT),
        clean(_text(detail, f"RltdPties/{who}/Nm") or _text(detail, f"RltdPties/{who}/Pty/Nm"), NAME),
        plain_iban(_text(detail, f"RltdPties/{who}Acct/Id/IBAN")),
        "" if end_to_end == "NOTPROVIDED" else clean(end_to_end, REFERENCE),
        clean(_text(detail, "Refs/AcctSvcrRef") or reference, REFERENCE),
    )


def _part(detail, currency: str, place: str) -> int | None:
    """The amount of one transaction of a booking, where it is said in the account's currency."""
    found = detail.find("{*}Amt")
    if found is None:
        found = detail.find("{*}AmtDtls/{*}TxAmt/{*}Amt")
    side = _text(detail, "CdtDbtInd") or _text(detail.getparent().getparent(), "CdtDbtInd")
    if found is None or found.get("Ccy") != currency:
        return None
    amount = minor(found.text or "", currency, place)
    return amount if side == "CRDT" else -amount


def _signed(element, currency: str, place: str) -> int:
    found, side = element.find("{*}Amt"), _text(element, "CdtDbtInd")
    if found is None or side not in ("CRDT", "DBIT"):
        raise refused("amount", _("%(place)s: it does not say how much, or which way.") % {"place": place})
    if found.get("Ccy") != currency:
        raise refused(
            "currency",
            _("%(place)s is in %(found)s, and the account is in %(currency)s.")
            % {"place": place, "found": str(found.get("Ccy"))[:10], "currency": currency},
        )
    amount = minor(found.text or "", currency, place)
    return amount if side == "CRDT" else -amount


def _balance(element, currency: str) -> int | None:
    return None if element is None else _signed(element, currency, _("A balance"))


def _currency(balance) -> str:
    found = None if balance is None else balance.find("{*}Amt")
    return "" if found is None else found.get("Ccy", "")


def _day(entry, place: str) -> date:
    text = _text(entry, "BookgDt/Dt") or _text(entry, "BookgDt/DtTm") or _text(entry, "ValDt/Dt")
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise refused("day", _("%(place)s: “%(text)s” is no date.") % {"place": place, "text": text[:40]}) from None


def _text(element, path: str) -> str:
    found = element.find("/".join("{*}" + step for step in path.split("/")))
    return (found.text or "").strip() if found is not None else ""
