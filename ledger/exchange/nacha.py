"""ACH credits to consumers: a NACHA file with one PPD batch, 94 characters a record, blocked by ten.

Record layouts: Nacha Operating Rules, Appendix Three. The tests read our file and published ones with the same reader.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from datetime import date, datetime

from ledger.exchange.payments_out import Payer, Payment, Written, plain

LENGTH = 94
CREDITS_ONLY = "220"
ALLOWED = frozenset(string.ascii_letters + string.digits + " .,-/&'()")
MOST = 99_999_999_99


def write(payer: Payer, payments: Sequence[Payment], *, message: str, made_at: datetime, pay_on: date) -> Written:
    """The file for these payments; ``message`` names the file outside, ``pay_on`` is the effective entry date.

    Raises ValueError for no payment, an amount the format has no room for, or numbers that are none.
    """
    if not payments:
        raise ValueError("there is nothing to pay")
    routing = _routing(payer.routing, "the co-op’s bank")
    odfi, company = routing[:8], _text(payer.company_id, 10)
    entries = [_entry(payment, odfi, place) for place, payment in enumerate(payments, 1)]
    checksum = sum(int(payment.routing[:8]) for payment in payments) % 10**10
    total, count = sum(payment.amount for payment in payments), len(payments)
    sums = f"{checksum:010d}{0:012d}{total:012d}"
    records = [
        f"101 {routing}{company}{made_at:%y%m%d%H%M}A094101{_text(payer.bank, 23)}{_text(payer.name, 23)}{'':8}",
        f"5{CREDITS_ONLY}{_text(payer.name, 16)}{'':20}{company}PPDPATRONAGE {'':6}{pay_on:%y%m%d}{'':3}1{odfi}{1:07d}",
        *entries,
        f"8{CREDITS_ONLY}{count:06d}{sums}{company}{'':19}{'':6}{odfi}{1:07d}",
    ]
    blocks = -(-(len(records) + 1) // 10)
    records.append(f"9{1:06d}{blocks:06d}{count:08d}{sums}{'':39}")
    records += ["9" * LENGTH] * (blocks * 10 - len(records))
    wrong = next((record for record in records if len(record) != LENGTH), None)
    if wrong is not None:
        raise ValueError(f"a record is {len(wrong)} long: {wrong}")
    return Written(f"{message}.ach", ("\n".join(records) + "\n").encode("ascii"), count, total)


def _entry(payment: Payment, odfi: str, place: int) -> str:
    if not 0 < payment.amount <= MOST:
        raise ValueError(f"{payment.reference}: the amount has no place in the file")
    if not 0 < len(payment.account) <= 17:
        raise ValueError(f"{payment.reference}: the account number is too long or missing")
    code = "32" if payment.savings else "22"
    return (
        f"6{code}{_routing(payment.routing, payment.reference)}{_text(payment.account, 17)}{payment.amount:010d}"
        f"{_text(payment.reference, 15)}{_text(payment.name, 22)}  0{odfi}{place:07d}"
    )


def is_routing(number: str) -> bool:
    """Whether nine digits are a routing number: 3, 7, 1 times the digits add up to a multiple of ten."""
    if len(number) != 9 or not (number.isascii() and number.isdigit()):
        return False
    return sum(int(digit) * weight for digit, weight in zip(number, (3, 7, 1) * 3, strict=True)) % 10 == 0


def _routing(number: str, whose: str) -> str:
    if not is_routing(number):
        raise ValueError(f"{whose}: {number!r} is no routing number")
    return number


def _text(value: str, width: int) -> str:
    return plain(value, ALLOWED, width).ljust(width)
