"""The list cheques are written from: CSV with a line a member and the control total at its end."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime

from ledger.exchange.payments_out import Payer, Payment, Written

HEAD = ("reference", "member", "pay to", "street", "postcode", "place", "country", "amount", "memo")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write(payer: Payer, payments: Sequence[Payment], *, message: str, made_at: datetime, pay_on: date) -> Written:
    """The list, amounts as decimals with two places. Raises ValueError for no payment or an amount not positive."""
    if not payments or any(payment.amount <= 0 for payment in payments):
        raise ValueError("there is nothing to pay, or an amount is not positive")
    text, total = io.StringIO(), sum(payment.amount for payment in payments)
    out = csv.writer(text)
    out.writerow(HEAD)
    for one in payments:
        where = (one.name, one.street, one.postcode, one.place, one.country)
        out.writerow([one.reference, one.member, *map(_cell, where), _decimal(one.amount), _cell(one.memo)])
    out.writerow(["total", len(payments), "", "", "", "", "", _decimal(total), f"dated {pay_on:%Y-%m-%d}"])
    return Written(f"{message}.csv", text.getvalue().encode("utf-8-sig"), len(payments), total)


def _cell(value: str) -> str:
    """A text that a spreadsheet does not take for a formula."""
    return f"'{value}" if value.startswith(FORMULA) else value


def _decimal(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"
