"""A plan's terms, as the treasurer chose them, turned into what the engine takes, and its refusals into sentences.

Terms are the contract of ``manage.py allocate`` without anybody's figures: those come from the register of shares and
from the year's patronage. Two keys are added: an appropriation names the ``account`` it goes to, and ``obligation`` the
by-laws under which refunds were owed before the money was earned.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from coop.kernel.errors import Refused
from ledger.allocation import Allocation, PlanRefused, allocate, build_plan

MOST = 2**53 - 1  # what canonical JSON (RFC 8785) and every browser can say exactly
ENGINE_STEP = ("name", "of", "percent", "amount", "bound", "at_least", "at_most", "until")


@dataclass(frozen=True)
class Figures:
    """What the members bring: by pool and by member number, each in smallest units."""

    places: Mapping[str, int]  # decimal places of each pool's unit
    basis: Mapping[str, Mapping[int, int]]
    holdings: Mapping[int, int] = field(default_factory=dict)
    carried: Mapping[int, int] = field(default_factory=dict)
    debts: Mapping[int, int] = field(default_factory=dict)


def carry_out(*, currency: str, ends_on: date, terms: Mapping[str, Any], figures: Figures) -> Allocation:
    """What the terms make of the figures. Raises :class:`Refused` with the line's own name in the sentence."""
    try:
        allocation = allocate(build_plan(engine_plan(currency, ends_on, terms, figures)))
    except PlanRefused as refusal:
        raise _refused(terms, refusal) from refusal
    if max(abs(allocation.surplus), *(abs(total) for total in allocation.totals.values())) > MOST:
        raise Refused("too_much", _("The plan moves more money than can be kept here."))
    return allocation


def engine_plan(currency: str, ends_on: date, terms: Mapping[str, Any], figures: Figures) -> dict[str, Any]:
    """The whole contract of ``manage.py allocate``, members and all, in Python values."""
    plan: dict[str, Any] = {
        "currency": currency,
        "fiscal_year_end": ends_on,
        "result": dict(terms["result"]),
        "appropriations": [
            {key: step[key] for key in ENGINE_STEP if step.get(key) not in (None, "")}
            for step in terms.get("appropriations", ())
        ],
        "pools": [_pool(pool, figures) for pool in terms.get("pools", ())],
    }
    interest = terms.get("share_interest")
    if interest:
        plan["share_interest"] = {**interest, "holdings": {n: held for n, held in figures.holdings.items() if held > 0}}
    if plan["pools"]:
        plan["settlement"] = {**terms["settlement"], "carried": figures.carried, "debts": figures.debts}
    return plan


def _pool(pool: Mapping[str, Any], figures: Figures) -> dict[str, Any]:
    places = figures.places.get(pool["name"], 0)
    size = {key: pool[key] for key in ("percent", "amount", "rest") if pool.get(key) not in (None, "", False)}
    basis = figures.basis.get(pool["name"], {})
    return {"name": pool["name"], **size, "basis": {number: _decimal(q, places) for number, q in basis.items()}}


def _decimal(quantity: int, places: int) -> str:
    digits = str(quantity).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}" if places else digits


def _refused(terms: Mapping[str, Any], refusal: PlanRefused) -> Refused:
    place = _place(terms, refusal.where)
    why = refusal.why[:1].upper() + refusal.why[1:]
    return Refused("plan_refused", f"{place}: {refusal.why}." if place else f"{why}.")


def _place(terms: Mapping[str, Any], where: str) -> str:
    for part, rows in (("appropriations", terms.get("appropriations", ())), ("pools", terms.get("pools", ()))):
        if found := re.match(rf"{part}\[(\d+)\]", where):
            return "“" + str(rows[int(found[1])].get("name") or int(found[1]) + 1) + "”"
    named = {
        "result": _("The result"),
        "appropriations": _("Reserves and funds"),
        "share_interest": _("Interest on shares"),
        "settlement": _("How it is paid"),
        "pools": _("Refunds"),
    }
    return next((str(words) for start, words in named.items() if where.startswith(start)), "")


def middle(amounts: Iterable[int]) -> int:
    """The median, the lower of the two middle ones where their number is even; 0 of nobody."""
    ranked = sorted(amounts)
    return ranked[(len(ranked) - 1) // 2] if ranked else 0


# --- what terms may say -----------------------------------------------------------------------------------------------

KNOWN = {"result", "appropriations", "share_interest", "pools", "settlement", "obligation"}
IN_RESULT = {"patronage", "nonpatronage", "losses_carried"}
IN_STEP = {*ENGINE_STEP, "account"}
IN_INTEREST = {"rate", "cap"}
IN_POOL = {"name", "percent", "amount", "rest"}
IN_SETTLEMENT = {"cash_percent", "notice", "minimum_cash_percent", "no_consent", "de_minimis"}
IN_OBLIGATION = {"bylaws", "since"}
RATES = {"percent", "rate", "cap", "cash_percent", "minimum_cash_percent"}


def checked(terms: Any) -> dict[str, Any]:
    """Terms of the right shape, every unknown key refused by its place; the engine looks at the values.

    Whoever brings members' figures along (a pool's ``basis``, ``holdings``, ``debts``, ``carried``) is refused: those
    come from the register and the books.
    """
    found = _object(terms, "", KNOWN)
    if "result" not in found:
        raise Refused("terms", _("The plan says nothing about the result of the year."), "terms")
    _object(found["result"], "result", IN_RESULT)
    _lines(found)
    if found.get("share_interest") is not None:
        _object(found["share_interest"], "share_interest", IN_INTEREST)
    if "settlement" in found:
        _object(found["settlement"], "settlement", IN_SETTLEMENT)
    elif found.get("pools"):
        raise Refused("terms", _("The plan does not say how members are paid."), "terms")
    if "obligation" in found:
        _obligation(_object(found["obligation"], "obligation", IN_OBLIGATION))
    return found


def _lines(found: Mapping[str, Any]) -> None:
    for place, step in enumerate(_list(found, "appropriations")):
        _object(step, f"appropriations[{place}]", IN_STEP)
        if not isinstance(step.get("account", ""), str):
            sentence = _("The account of appropriations[%(n)s] is named by its code.") % {"n": place}
            raise Refused("terms", sentence, "terms")
    for place, pool in enumerate(_list(found, "pools")):
        _object(pool, f"pools[{place}]", IN_POOL)
        if not isinstance(pool.get("name"), str):
            raise Refused("terms", _("pools[%(n)s] needs the name of a pool.") % {"n": place}, "terms")


def _object(value: Any, where: str, known: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Refused("terms", _("%(where)s must be an object.") % {"where": where or _("The plan")}, "terms")
    unknown = sorted(map(str, set(value) - known))
    if unknown:
        place = f"{where}.{unknown[0]}" if where else unknown[0]
        raise Refused(
            "terms",
            _("“%(key)s” is not known; known are %(known)s.") % {"key": place[:80], "known": ", ".join(sorted(known))},
            "terms",
        )
    for key in RATES & set(value):
        if value[key] is not None and not isinstance(value[key], str):
            sentence = _("%(where)s.%(key)s is a percentage in quotation marks, such as “2.5”.")
            raise Refused("terms", sentence % {"where": where, "key": key}, "terms")
    return value


def _list(found: Mapping[str, Any], key: str) -> list[Any]:
    value = found.get(key, [])
    if not isinstance(value, list):
        raise Refused("terms", _("%(where)s must be a list.") % {"where": key}, "terms")
    return value


def _obligation(value: Mapping[str, Any]) -> None:
    try:
        date.fromisoformat(value.get("since") or "")
    except (TypeError, ValueError):
        raise Refused("terms", _("obligation.since is a day such as 2024-03-14."), "terms") from None
