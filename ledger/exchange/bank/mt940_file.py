"""SWIFT MT940 (customer statement), read by the ``mt-940`` library and checked to be whole.

The library is lenient: it takes a file that breaks off. So every statement must have its closing balance (``:62F:``)
and every line of ``:61:`` must have been understood.
"""

from __future__ import annotations

import re
from decimal import Decimal

import mt940
from django.utils.translation import gettext as _

from .shape import NAME, REFERENCE, TEXT, BankRow, Statement, account_said, clean, minor, plain_iban, refused

# What the German banks write before the parts of field 86; the end-to-end reference ends where the next begins.
_END_TO_END = re.compile(r"EREF\+\s*(.+?)\s*(?=(?:KREF|MREF|CRED|DEBT|COAM|OAMT|SVWZ|ABWA|ABWE|IBAN|BIC)\+|$)")
# A credit taken back (mark ``RC`` of field 61) is money that leaves.
_OPTIONS = mt940.Options(reversal_sign=True)


def read(data: bytes) -> list[Statement]:
    """The statements of an MT940 file; raises :class:`Refused` for one that is not whole."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    blocks = [block for block in re.split(r"(?m)^(?=:20:)", text) if block.startswith(":20:")]
    if not blocks:
        raise refused("no_statement", _("The file holds no statement."))
    return _joined([_statement(block, number) for number, block in enumerate(blocks, start=1)])


def _statement(block: str, number: int) -> tuple[Statement, bool]:
    """One message, and whether its statement goes on in the next (``:62M:``)."""
    place = _("Statement %(n)s") % {"n": number}
    if not re.search(r"(?m)^:62[FM]:", block):
        raise refused(
            "broken_off", _("%(place)s has no closing balance: the file breaks off. Fetch it anew.") % {"place": place}
        )
    try:
        parsed = mt940.parse(block, options=_OPTIONS)
    except (ValueError, TypeError, AttributeError, ArithmeticError, RuntimeError, KeyError) as broken:
        raise refused(
            "unreadable", _("%(place)s cannot be read: %(why)s.") % {"place": place, "why": str(broken)[:80]}
        ) from None
    if len(parsed.transactions) != len(re.findall(r"(?m)^:61:", block)):
        raise refused("unreadable", _("%(place)s has a line that cannot be read.") % {"place": place})
    opening = parsed.data.get("final_opening_balance") or parsed.data.get("intermediate_opening_balance")
    closing = parsed.data.get("final_closing_balance") or parsed.data.get("intermediate_closing_balance")
    if opening is None or closing is None:
        raise refused("balance", _("%(place)s lacks its opening or closing balance.") % {"place": place})
    currency = closing.amount.currency
    statement = Statement(
        "MT940",
        _account(parsed.data.get("account_identification", "")),
        currency,
        _number(parsed.data),
        minor(opening.amount.amount, currency, place),
        minor(closing.amount.amount, currency, place),
    )
    if opening.amount.currency != currency:
        raise refused("currency", _("%(place)s begins in one currency and ends in another.") % {"place": place})
    for n, each in enumerate(parsed.transactions, start=1):
        statement.rows.append(_row(each.data, currency, _("Statement %(s)s, line %(n)s") % {"s": number, "n": n}))
    return statement, ":62M:" in block


def _joined(found: list[tuple[Statement, bool]]) -> list[Statement]:
    """Statements that run over several messages, each with the balance carried, as one."""
    whole: list[Statement] = []
    goes_on = False
    for statement, more in found:
        last = whole[-1] if whole and goes_on else None
        if last is not None and (last.account, last.closing) == (statement.account, statement.opening):
            last.rows += statement.rows
            last.closing = statement.closing
        elif goes_on:
            raise refused("broken_off", _("A statement goes on in a part that is not in the file."))
        else:
            whole.append(statement)
        goes_on = more
    if goes_on:
        raise refused("broken_off", _("The last statement goes on in a part that is not in the file."))
    return whole


def _number(data: dict) -> str:
    parts = (data.get("transaction_reference"), data.get("statement_number"), data.get("sequence_number"))
    return clean("/".join(part for part in parts if part), REFERENCE)


def _account(text: str) -> str:
    """The account of field 25: an IBAN, perhaps behind a BIC or before a currency, or the bank's own writing."""
    for part in (text, *text.split("/")):
        found = plain_iban(re.sub(r"[A-Z]{3}$", "", part.strip())) or plain_iban(part)
        if found:
            return found
    return account_said(re.sub(r"(?<=[0-9])[A-Z]{3}$", "", text))


def _row(data: dict, currency: str, place: str) -> BankRow:
    amount = data.get("amount")
    # The day of booking; its year is the value date's unless the year turned between them (the library sees to it).
    booked = data.get("entry_date") or data.get("date")
    if amount is None or booked is None or not isinstance(amount.amount, Decimal):
        raise refused("unreadable", _("%(place)s cannot be read.") % {"place": place})
    text = data.get("purpose") or data.get("transaction_details") or ""
    more = data.get("additional_purpose") or ""
    name, iban = _other_side(data)
    reference = data.get("customer_reference") or ""
    end_to_end = _END_TO_END.search(text)
    return BankRow(
        place,
        type(booked)(booked.year, booked.month, booked.day),
        minor(amount.amount, currency, place),
        clean(f"{text} {more}", TEXT),
        clean(name, NAME),
        iban,
        clean(end_to_end[1] if end_to_end else "" if reference == "NONREF" else reference, REFERENCE),
        clean(data.get("bank_reference"), REFERENCE),
    )


def _other_side(data: dict) -> tuple[str, str]:
    name = data.get("applicant_name") or data.get("gvc_applicant_name") or ""
    iban = plain_iban(data.get("gvc_applicant_iban") or data.get("applicant_iban") or "")
    # In the structured field 86 of the German banks the account (sub-field 31) stands in front of the name (32).
    for length in range(15, 35) if not iban and name[:2].isalpha() and name[2:4].isdigit() else ():
        if found := plain_iban(name[:length]):
            return name[length:], found
    return name, iban
