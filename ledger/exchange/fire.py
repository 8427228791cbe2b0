"""IRS FIRE records (Publication 1220): T, A, B, C and F of a 1099-PATR filing, 750 characters each.

The B record is held byte for byte against a published fixture in the tests; the other four follow Publication 1220,
Part C, and are held to its lengths, sequence and totals. FIRE is announced to end on 31 December 2026 in favour of
IRIS: ask your adviser which one takes your year.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ledger.reports.patr import Boxes

LENGTH = 750
PATR = "7"
AMOUNTS = "123456789ABCDEFGHJ"  # the order of the payment amounts in a B record; I is not used


class FireRefused(ValueError):
    """A figure or a text no record has room for; the message says which."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """The co-op as payer, and as transmitter of its own file."""

    tin: str
    name: str
    street: str
    city: str
    state: str
    zip_code: str
    phone: str
    control_code: str  # the transmitter control code (TCC) the IRS gave
    contact: str
    email: str


@dataclass(frozen=True, slots=True)
class Payee:
    """One patron. ``tin_type`` is "1" for an EIN, "2" for a social security number, "" where it is not known."""

    tin: str
    tin_type: str
    name: str
    street: str
    city: str
    state: str
    zip_code: str
    account: str
    name_control: str = ""
    office: str = ""
    second_name: str = ""
    state_code: str = ""


def _record(*fields: tuple[int, str]) -> str:
    """Fields at their published positions (counted from 1) on a line of blanks; two must not overlap."""
    line, end = "", 1
    for at, text in fields:
        if at < end:
            raise FireRefused(f"a field at {at} lies over the one before it")
        line += " " * (at - end) + text
        end = at + len(text)
    return line.ljust(LENGTH)


def _text(value: str, width: int, name: str) -> str:
    plain = " ".join(value.upper().split())
    if not plain.isascii():
        raise FireRefused(f"{name}: only letters without accents can be filed, not {value!r}")
    return plain[:width].ljust(width)


def _digits(value: str, width: int, name: str) -> str:
    plain = value.replace("-", "").replace(" ", "")
    if plain and (len(plain) != width or not plain.isdigit()):
        raise FireRefused(f"{name}: {width} digits are wanted, not {value!r}")
    return plain.ljust(width)


def _number(value: int, width: int, name: str) -> str:
    if not 0 <= value < 10**width:
        raise FireRefused(f"{name}: {value} has no place in {width} digits")
    return f"{value:0{width}d}"


def payee_record(
    payee: Payee,
    amounts: Mapping[str, int],
    *,
    year: int,
    sequence: int,
    corrected: str = "",
    state_withheld: int = 0,
    local_withheld: int = 0,
    special: str = "",
) -> str:
    """A B record. ``amounts`` are minor units by amount code (``{"1": 1000, "4": 120}``). Raises FireRefused."""
    unknown = set(amounts) - set(AMOUNTS)
    if unknown:
        raise FireRefused(f"there is no amount code {min(unknown)}")
    paid = "".join(_number(amounts.get(code, 0), 12, f"amount {code}") for code in AMOUNTS)
    return _record(
        (1, "B"),
        (2, _number(year, 4, "year")),
        (6, corrected.ljust(1)),
        (7, _text(payee.name_control, 4, "name control")),
        (11, payee.tin_type.ljust(1)),
        (12, _digits(payee.tin, 9, "TIN")),
        (21, _text(payee.account, 20, "account")),
        (41, _text(payee.office, 4, "office")),
        (55, paid),
        (288, _text(payee.name, 40, "name")),
        (328, _text(payee.second_name, 40, "name")),
        (368, _text(payee.street, 40, "address")),
        (448, _text(payee.city, 40, "city")),
        (488, _text(payee.state, 2, "state")),
        (490, _text(payee.zip_code.replace("-", ""), 9, "ZIP code")),
        (500, _number(sequence, 8, "sequence")),
        (663, _text(special, 60, "special data")),
        (723, _number(state_withheld, 12, "state tax")),
        (735, _number(local_withheld, 12, "local tax")),
        (747, payee.state_code.rjust(2, "0") if payee.state_code else "  "),
    )


def filing(
    payer: Organisation, returns: Iterable[tuple[Payee, Boxes]], *, year: int, count: int, test: bool = False
) -> Iterator[str]:
    """Yield the whole file, line by line with CR LF: T, A, a B for each return, C with the totals, F.

    ``count`` is the number of returns, which stands before them in the file; another number of them is refused at the
    end. The positions 749–750 of each record hold its CR LF.
    """
    sums, sequence = dict.fromkeys(AMOUNTS, 0), 2
    yield _line(_transmitter(payer, year, count, test))
    yield _line(_payer(payer, year))
    for payee, found in returns:
        sequence += 1
        amounts = {code: getattr(found, f"box{code}") for code in "12345"}
        for code, amount in amounts.items():
            sums[code] += amount
        yield _line(payee_record(payee, amounts, year=year, sequence=sequence))
    if sequence - 2 != count:
        raise FireRefused(f"{count} returns were announced and {sequence - 2} written")
    yield _line(
        _record(
            (1, "C"),
            (2, _number(count, 8, "returns")),
            (16, "".join(_number(sums[code], 18, f"total {code}") for code in AMOUNTS)),
            (500, _number(sequence + 1, 8, "sequence")),
        )
    )
    yield _line(
        _record(
            (1, "F"),
            (2, _number(1, 8, "payers")),
            (10, "0" * 21),
            (50, _number(count, 8, "returns")),
            (500, _number(sequence + 2, 8, "sequence")),
        )
    )


def _line(record: str) -> str:
    return record[:748] + "\r\n"


def _transmitter(payer: Organisation, year: int, count: int, test: bool) -> str:
    return _record(
        (1, "T"),
        (2, _number(year, 4, "year")),
        (7, _digits(payer.tin, 9, "TIN")),
        (16, _text(payer.control_code, 5, "control code")),
        (28, "T" if test else " "),
        (30, _text(payer.name, 80, "name")),
        (110, _text(payer.name, 80, "name")),
        (190, _text(payer.street, 40, "address")),
        (230, _text(payer.city, 40, "city")),
        (270, _text(payer.state, 2, "state")),
        (272, _text(payer.zip_code.replace("-", ""), 9, "ZIP code")),
        (296, _number(count, 8, "returns")),
        (304, _text(payer.contact, 40, "contact")),
        (344, _text(payer.phone, 15, "telephone")),
        (359, payer.email[:50].ljust(50)),
        (500, _number(1, 8, "sequence")),
        (518, "I"),  # software of our own, not a vendor's
    )


def _payer(payer: Organisation, year: int) -> str:
    return _record(
        (1, "A"),
        (2, _number(year, 4, "year")),
        (12, _digits(payer.tin, 9, "TIN")),
        (26, PATR.ljust(2)),
        (28, "12345".ljust(18)),
        (53, _text(payer.name, 80, "name")),
        (133, "0"),
        (134, _text(payer.street, 40, "address")),
        (174, _text(payer.city, 40, "city")),
        (214, _text(payer.state, 2, "state")),
        (216, _text(payer.zip_code.replace("-", ""), 9, "ZIP code")),
        (225, _text(payer.phone, 15, "telephone")),
        (500, _number(2, 8, "sequence")),
    )
