"""The shapes a single value of a plan may have, each refused with its path and a sentence."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any, TypeVar

from ledger.allocation.columns import ByMember, packed
from ledger.allocation.errors import PlanRefused
from ledger.allocation.plan import Basis, Percent
from ledger.allocation.source import LONGEST_NUMBER, NotAnInteger, Repeated, TooLong

_DECIMAL = re.compile(r"[0-9]+(?:\.[0-9]+)?")  # [0-9], for \d would take every script's digits
_MEMBER = re.compile(r"0|[1-9][0-9]*")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CURRENCY = re.compile(r"[A-Z]{3}")
LATEST_YEAR = 9998  # payment may be due in the year after
T = TypeVar("T")
_UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}


def entry(where: str, key: object) -> str:
    """Return the path of one entry of an object: ``pools[0].basis["17"]``."""
    said = json.dumps(str(key))
    return f"{where}[{said if len(said) <= 60 else said[:57] + '...'}]"


def shown(value: object) -> str:
    """Return a value as the person wrote it, cut short."""
    if isinstance(value, NotAnInteger):
        return value.said
    if isinstance(value, (Mapping, list, tuple)):
        return "an object" if isinstance(value, Mapping) else "a list"
    known = value is None or isinstance(value, (str, int))
    said = json.dumps(value) if known else f"a {type(value).__name__}"
    return said if len(said) <= 60 else f"{said[:57]}..."


def mapping(value: object, where: str) -> Mapping[Any, Any]:
    """Return ``value`` if it is an object without a repeated key."""
    if isinstance(value, Repeated):
        raise PlanRefused(entry(where, value.key) if where else json.dumps(value.key), "this key stands here twice")
    if not isinstance(value, Mapping):
        raise PlanRefused(where, f"must be an object, not {shown(value)}")
    return value


def fields(value: object, where: str, required: Sequence[str], optional: Sequence[str]) -> Mapping[str, Any]:
    """Return an object that has every ``required`` key and no key beyond the ``optional`` ones."""
    found = mapping(value, where)
    for key in found:
        if key not in required and key not in optional:
            known = ", ".join([*required, *optional])
            raise PlanRefused(entry(where, key) if where else json.dumps(str(key)), f"unknown key; known are {known}")
    for key in required:
        if key not in found:
            raise PlanRefused(f"{where}.{key}" if where else key, "is missing")
    return found


def listed(value: object, where: str) -> Sequence[Any]:
    if not isinstance(value, (list, tuple)):
        raise PlanRefused(where, f"must be a list, not {shown(value)}")
    return value


def integer(value: object, where: str) -> int:
    """Return ``value`` if it is an integer; true and 1.0 are not."""
    if isinstance(value, TooLong):
        raise PlanRefused(where, f"has more than {LONGEST_NUMBER} digits")
    if type(value) is not int:
        raise PlanRefused(where, f"must be an integer of minor units, not {shown(value)}")
    return value


def money(value: object, where: str) -> int:
    """Return an amount of minor units that is not negative."""
    amount = integer(value, where)
    if amount < 0:
        raise PlanRefused(where, f"must not be negative, and is {shown(amount)}")
    return amount


def decimal(value: object, where: str, *, native: bool) -> str:
    """Return the text of a non-negative decimal. With ``native``, a Python int or Decimal will do as well."""
    if native and type(value) is int:
        value = str(value)
    elif native and isinstance(value, Decimal) and value.is_finite():
        value = format(value, "f")
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        if len(value) > LONGEST_NUMBER:
            raise PlanRefused(where, f"has more than {LONGEST_NUMBER} digits")
        return value
    if isinstance(value, str) and value[:1] == "-" and _DECIMAL.fullmatch(value[1:]):
        raise PlanRefused(where, f"must not be negative, and is {shown(value)}")
    raise PlanRefused(where, f'must be a decimal number in quotation marks, as in "12.5", not {shown(value)}')


def percent(value: object, where: str, *, native: bool) -> Percent:
    found = Percent.of(decimal(value, where, native=native))
    if found.numerator > found.denominator:
        raise PlanRefused(where, f"is more than 100 per cent: {shown(found.text)}")
    return found


def member(value: object, where: str, *, native: bool) -> int:
    """Return a member number; in JSON it is a decimal integer in quotation marks, without sign or leading zeros."""
    if native and type(value) is int and value >= 0:
        return value
    if not isinstance(value, str) or not _MEMBER.fullmatch(value) or len(value) > LONGEST_NUMBER:
        raise PlanRefused(
            where, 'a member is named by its number in quotation marks, without leading zeros, as in "17"'
        )
    return int(value)


def moneys(value: object, where: str, *, native: bool) -> ByMember:
    """Return amounts of minor units by member, none negative."""
    return _in_order(*_read(value, where, native, lambda raw: money(raw, "")), where)


def basis(value: object, where: str, *, native: bool) -> Basis:
    """Return patronage by member, brought to one number of decimal places."""
    numbers, texts = _read(value, where, native, lambda raw: decimal(raw, "", native=native))
    places = max((len(text) - text.index(".") - 1 for text in texts if "." in text), default=0)
    return Basis(_in_order(numbers, [_scaled(text, places) for text in texts], where), places)


def _scaled(text: str, places: int) -> int:
    whole, _, part = text.partition(".")
    return int(whole + part.ljust(places, "0"))


def _read(value: object, where: str, native: bool, figure: Callable[[object], T]) -> tuple[list[int], list[T]]:
    """Return the members and their checked figures as they stand; a path is made only for the one that is refused."""
    numbers, figures = [], []
    for key, raw in mapping(value, where).items():
        try:
            numbers.append(member(key, "", native=native))
            figures.append(figure(raw))
        except PlanRefused as refusal:
            raise PlanRefused(entry(where, key), refusal.why) from None
    return numbers, figures


def _in_order(numbers: list[int], figures: list[int], where: str) -> ByMember:
    if all(before < after for before, after in pairwise(numbers)):
        return ByMember(packed(numbers), packed(figures))
    order = sorted(range(len(numbers)), key=numbers.__getitem__)
    for before, after in pairwise(order):
        if numbers[before] == numbers[after]:  # 17 and "17" among Python values; JSON has one spelling only
            raise PlanRefused(entry(where, numbers[after]), "this member stands here twice")
    return ByMember(packed([numbers[place] for place in order]), packed([figures[place] for place in order]))


def name(value: object, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise PlanRefused(where, f"must be a name, not {shown(value)}")
    if any(unicodedata.category(char) in _UNPRINTABLE for char in value):
        raise PlanRefused(where, f"holds a character that cannot be printed: {shown(value)}")
    return value


def one_of(value: object, where: str, choices: Sequence[str]) -> str:
    if not isinstance(value, str) or value not in choices:
        raise PlanRefused(where, f"must be one of {', '.join(choices)}, not {shown(value)}")
    return value


def currency(value: object, where: str) -> str:
    if not isinstance(value, str) or not _CURRENCY.fullmatch(value):
        raise PlanRefused(where, f'must be a currency code as in "EUR" (ISO 4217), not {shown(value)}')
    return value


def day(value: object, where: str, *, native: bool) -> date:
    """Return a calendar day, written YYYY-MM-DD."""
    if native and type(value) is date:
        value = value.isoformat()
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise PlanRefused(where, f'must be a day as in "2025-12-31", not {shown(value)}')
    try:
        found = date.fromisoformat(value)
    except ValueError:
        raise PlanRefused(where, f"there is no such day: {shown(value)}") from None
    if found.year > LATEST_YEAR:
        raise PlanRefused(where, f"lies too far ahead: {shown(value)}")
    return found
