"""What a statement says, whatever file it came in. Amounts are minor units, money in is positive."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _
from schwifty import IBAN
from schwifty.exceptions import SchwiftyException

from coop.kernel import money
from coop.kernel.errors import Refused

TEXT, NAME, REFERENCE = 500, 140, 80


@dataclass(frozen=True, slots=True)
class BankRow:
    """One booked line. ``place`` says where it stands in the file; ``bank_ref`` is the bank's own mark, if any."""

    place: str
    booked_on: date
    amount: int
    text: str = ""
    name: str = ""
    iban: str = ""
    end_to_end: str = ""
    bank_ref: str = ""


@dataclass
class Statement:
    """One account's statement. ``account`` is an IBAN, or the bank's own number; empty where the file names none."""

    format: str
    account: str
    currency: str
    number: str = ""
    opening: int | None = None
    closing: int | None = None
    rows: list[BankRow] = field(default_factory=list)

    def check_sum(self) -> None:
        """Opening balance and lines make the closing balance, or the file is not whole."""
        if self.opening is None or self.closing is None:
            return
        total = self.opening + sum(row.amount for row in self.rows)
        if total != self.closing:
            raise refused(
                "does_not_add_up",
                _("The statement does not add up: its lines lead to %(sum)s, and it says %(closing)s. Fetch it anew.")
                % {
                    "sum": money.format_minor(total, self.currency),
                    "closing": money.format_minor(self.closing, self.currency),
                },
            )

    def fingerprints(self) -> list[str]:
        """What tells each line from every other of its account.

        The bank's own mark where it gives one; else what the line says, and which of the lines saying just that it is.
        """
        seen: dict[str, int] = {}
        found = []
        for row in self.rows:
            said = "\x1f".join((str(row.booked_on), str(row.amount), row.text, row.name, row.iban, row.end_to_end))
            base = f"ref\x1f{row.bank_ref}\x1f{row.amount}\x1f{row.booked_on}" if row.bank_ref else said
            seen[base] = seen.get(base, 0) + 1
            found.append(hashlib.sha256(f"{base}\x1f{seen[base]}".encode()).hexdigest())
        return found


def refused(code: str, message: str) -> Refused:
    """A file is refused as a whole, with one sentence, at the file's field."""
    return Refused(code, message, "file")


def minor(text: str | Decimal, currency: str, place: str) -> int:
    """An amount as files write it (a decimal with a point, no grouping) in minor units. Nothing is rounded."""
    try:
        amount = Decimal(text) if not isinstance(text, str) or text.strip() else Decimal("NaN")
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise refused("amount", _("%(place)s: “%(text)s” is no amount.") % {"place": place, "text": str(text)[:40]})
    scaled = amount.scaleb(money.exponent(currency))
    if scaled != scaled.to_integral_value() or abs(scaled) > money.LARGEST:
        raise refused(
            "amount",
            _("%(place)s: %(text)s is no amount of %(currency)s.")
            % {"place": place, "text": str(text)[:40], "currency": currency},
        )
    return int(scaled)


def clean(text: str | None, length: int) -> str:
    """Words out of a file: one line, nothing unprintable, not longer than the column."""
    words = " ".join((text or "").split())
    return "".join(char for char in words if char.isprintable())[:length]


def plain_iban(text: str) -> str:
    """The IBAN in its electronic form, or nothing where the check digits do not hold."""
    try:
        return str(IBAN(text, validate_bban=False).compact)
    except SchwiftyException:
        return ""


def account_said(text: str) -> str:
    """The statement's own account in a file that knows other numbers, too; refuses what would be an IBAN and is wrong.

    An IBAN is two letters and two digits in front of the bank's own writing (ISO 13616-1), in all at most 34.
    """
    found = plain_iban(text)
    if not found and re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", "".join(text.split()).upper()):
        return own_iban(text)
    return found or clean(text, 34)


def own_iban(text: str) -> str:
    """The statement's own account as an IBAN; refuses one whose check digits do not hold."""
    found = plain_iban(text)
    if not found:
        raise refused(
            "iban", _("The IBAN “%(iban)s” in the file is wrong: its check digits do not hold.") % {"iban": text[:40]}
        )
    return found
