"""Money is an integer of minor units and a currency code. No float exists here.

Decimal places are ISO 4217's: most currencies have two, the ones below differ.
"""

from __future__ import annotations

import re
from typing import Final

_EXPONENTS: Final = (
    dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0)
    | dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3)
    | dict.fromkeys("CLF UYW".split(), 4)
)
_SYMBOLS: Final = {"EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥", "INR": "₹", "KRW": "₩", "PHP": "₱"}
MINUS: Final = "\N{MINUS SIGN}"
NO_BREAK: Final = "\N{NO-BREAK SPACE}"
LARGEST: Final = 9_223_372_036_854_775_807  # what a bigint column holds


def exponent(currency: str) -> int:
    """How many decimal places the currency has (ISO 4217)."""
    return _EXPONENTS.get(currency, 2)


def decimal_text(amount: int, currency: str) -> str:
    """Plain digits for files and form fields: ``-1234.50``. No grouping, no symbol, a plain hyphen."""
    places = exponent(currency)
    sign, digits = ("-" if amount < 0 else ""), str(abs(amount)).rjust(places + 1, "0")
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)


def format_minor(amount: int, currency: str) -> str:
    """What a person reads: ``€1,234.50``, with a real minus sign, or the code where no symbol is known."""
    whole, _, part = decimal_text(abs(amount), currency).partition(".")
    text = f"{int(whole):,}" + (f".{part}" if part else "")
    symbol = _SYMBOLS.get(currency)
    return (MINUS if amount < 0 else "") + (f"{symbol}{text}" if symbol else f"{currency}{NO_BREAK}{text}")


_PLAIN: Final = re.compile(r"[0-9]+(?:[.,][0-9]+)?")
_GROUPED: Final = re.compile(
    r"([0-9]{1,3}(?:(?P<g>[.,'\s\u00a0\u202f])[0-9]{3})(?:(?P=g)[0-9]{3})*)(?:(?P<d>[.,])([0-9]+))?"
)


def parse_minor(text: str, currency: str) -> int:
    """Minor units from what a person or a file says: ``1234.5``, ``1.234,50``, ``€ 1,234.50``, ``−3``, ``(3.00)``.

    Never rounds: more decimals than the currency has are refused, and so is ``1.234`` in a currency of two
    decimals, which means one thing in London and another in Berlin. Raises ``ValueError`` with a sentence.
    """
    marks = tuple(filter(None, (_SYMBOLS.get(currency), currency)))
    return _parse(text, exponent(currency), marks, "an amount of money")


def parse_scaled(text: str, places: int) -> int:
    """A quantity of any unit (hours, kWh, kilograms) as an integer of its ``10 ** -places``; as strict as money."""
    if places >= 3 and re.fullmatch(r"\s*[0-9]{1,3},[0-9]{3}\s*", text):
        raise ValueError(f"“{text.strip()}” can be read in two ways; write it with a decimal point.")
    return _parse(text, places, (), "a number")


def _parse(text: str, places: int, marks: tuple[str, ...], what: str) -> int:
    cleaned = text.strip().replace(MINUS, "-").strip()
    negative = cleaned.startswith("(") and cleaned.endswith(")")
    cleaned = cleaned.strip("()").strip()
    for mark in marks:
        cleaned = cleaned.removeprefix(mark).removesuffix(mark).strip()
    if cleaned[:1] in ("-", "+"):
        negative ^= cleaned[0] == "-"
        cleaned = cleaned[1:].strip()
    for mark in marks:
        cleaned = cleaned.removeprefix(mark).strip()
    whole, part = _split(cleaned, text, places, what)
    amount = int(whole + part.ljust(places, "0"))
    if amount > LARGEST:
        raise ValueError(f"“{text.strip()[:40]}” is more than can be kept here.")
    return -amount if negative else amount


def _split(cleaned: str, said: str, places: int, what: str) -> tuple[str, str]:
    shown = said.strip()[:40]
    if len(cleaned) > 40 or not cleaned.isascii() and not _GROUPED.fullmatch(cleaned):
        raise ValueError(f"“{shown}” is not {what}.")
    if _PLAIN.fullmatch(cleaned) and (places or cleaned.isdigit()):
        whole, _, part = cleaned.replace(",", ".").partition(".")
    elif (grouped := _GROUPED.fullmatch(cleaned)) and grouped["d"] != grouped["g"]:
        whole, part = re.sub(r"\D", "", grouped[1]), grouped[4] or ""
    else:
        raise ValueError(f"“{shown}” is not {what}.")
    if len(part) > places:
        raise ValueError(f"“{shown}” has more than {places} decimal places.")
    return whole, part
