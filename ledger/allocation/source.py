"""From bytes to plain JSON values, strictly.

Python's own reader would take the last of two equal keys, call ``NaN`` a number, turn 10.10 into a float and fail in
five different ways on the rest. Here every one of these ends in a :class:`PlanRefused`, and what can only be judged in
its place (a float where money belongs, a repeated key) is handed on as a marker that the checks name with its path.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from ledger.allocation.errors import PlanRefused

LONGEST_NUMBER = 300  # digits: far beyond any money, and short enough that arithmetic on it stays quick


class NotAnInteger:
    """A number that is not an integer: a float, NaN, Infinity, or one too long to read."""

    def __init__(self, said: str) -> None:
        self.said = said if len(said) <= 40 else f"{said[:37]}..."


class TooLong(NotAnInteger):
    """An integer of more digits than :data:`LONGEST_NUMBER`."""


class Repeated(dict[str, Any]):
    """An object in which a key stood twice."""

    key: str


def _integer(text: str) -> int | TooLong:
    return int(text) if len(text) <= LONGEST_NUMBER else TooLong(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    seen: set[str] = set()
    repeated = Repeated(found)
    repeated.key = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
    return repeated


def decode(source: str | bytes) -> Any:
    """Return the JSON value in ``source``: UTF-8 when bytes, a leading byte-order mark allowed (RFC 8259 section 8.1).

    Raises PlanRefused for bytes that are not UTF-8, text that is not JSON or is followed by more, and nesting too deep
    to be a plan.
    """
    text = source if isinstance(source, str) else _text(source)
    try:
        return json.loads(
            text.removeprefix("\ufeff"),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=NotAnInteger,
            parse_constant=NotAnInteger,
        )
    except json.JSONDecodeError as problem:
        _refuse_syntax(problem)
    except RecursionError:
        raise PlanRefused("", "the file is nested too deeply to be a plan") from None


def _refuse_syntax(problem: json.JSONDecodeError) -> NoReturn:
    if not problem.doc.strip():
        raise PlanRefused("", "the file is empty") from None
    place = f"line {problem.lineno}, column {problem.colno}"
    raise PlanRefused(place, f"not JSON: {problem.msg[:1].lower()}{problem.msg[1:]}") from None


def _text(source: bytes) -> str:
    try:
        return source.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise PlanRefused(f"byte {problem.start}", "not UTF-8 text") from None
