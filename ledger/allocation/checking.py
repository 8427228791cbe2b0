"""From JSON or Python values to a checked :class:`Plan`.

What the contract leaves open is decided here, always for the reading that cannot move money by accident:

- ``currency``, ``fiscal_year_end`` and ``result.patronage`` must be there; ``result.nonpatronage`` and
  ``result.losses_carried`` are 0, ``appropriations`` and ``pools`` empty and ``share_interest`` none when left out.
- ``settlement`` may be left out only where there are no pools; ``cash_percent`` and ``notice`` have no default.
- null stands for "left out" in ``share_interest``, ``cap``, ``at_least``, ``at_most`` and ``until``, and nowhere else.
- A member number is written without sign, space or leading zeros: "017" is refused, since "17" could stand beside it.
- Rates are digits 0-9 with an optional decimal part, in quotation marks; every percentage is at most 100, the rate of
  interest and its cap included. A basis is written the same way, without an upper bound.
- Money is an integer, true and 1.0 are not; no amount is negative except ``result.patronage`` and, to share out a
  loss, the ``amount`` of a pool. A non-patronage loss belongs under ``losses_carried``: whether it may be set against
  patronage is for the by-laws and the tax law to say, not for the engine.
- An appropriation has ``percent`` with ``of``, or ``amount`` (``of`` then says nothing and may be left out). A pool has
  exactly one of ``percent``, ``amount`` and ``rest``; ``rest`` is true or left out.
- A pool may leave out its ``basis`` or have an empty one as long as nothing falls to it.
- ``no_consent``, ``debts`` and ``carried`` may name members who have no part in this plan; they change nothing.
- Two steps or pools may bear the same name. A name is any printable text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger.allocation import values
from ledger.allocation.columns import NOBODY
from ledger.allocation.errors import PlanRefused
from ledger.allocation.plan import (
    TWENTY,
    Appropriation,
    Basis,
    Percent,
    Plan,
    Pool,
    Settlement,
    ShareInterest,
    Until,
)
from ledger.allocation.source import decode

BASES = ("patronage", "nonpatronage", "surplus", "remaining")
BOUNDS = ("minimum", "maximum")
NOTICES = ("qualified", "nonqualified", "none")


def parse_plan(source: str | bytes) -> Plan:
    """Return the plan in a JSON text, or raise :class:`PlanRefused` with the place and the reason."""
    found = decode(source)
    del source  # a million members are 40 MB of text that nobody needs while they are checked
    return _Checker(native=False).plan(found)


def build_plan(plan: Mapping[str, Any]) -> Plan:
    """Return the plan in a Python mapping of the same shape as the JSON, or raise :class:`PlanRefused`.

    Beside what JSON allows, member numbers may be ints, rates and basis figures ints or Decimals, and the end of the
    year a date. Floats are refused here too.
    """
    return _Checker(native=True).plan(plan)


class _Checker:
    def __init__(self, *, native: bool) -> None:
        self.native = native

    def plan(self, value: object) -> Plan:
        if not isinstance(value, Mapping):
            raise PlanRefused("", f"a plan must be an object, not {values.shown(value)}")
        optional = ("appropriations", "share_interest", "pools", "settlement")
        found = values.fields(value, "", ("currency", "fiscal_year_end", "result"), optional)
        patronage, nonpatronage, losses = self._result(found["result"])
        plan = Plan(
            currency=values.currency(found["currency"], "currency"),
            fiscal_year_end=values.day(found["fiscal_year_end"], "fiscal_year_end", native=self.native),
            patronage=patronage,
            nonpatronage=nonpatronage,
            losses_carried=losses,
            appropriations=tuple(
                self._appropriation(step, f"appropriations[{place}]")
                for place, step in enumerate(values.listed(found.get("appropriations", ()), "appropriations"))
            ),
            share_interest=self._interest(found.get("share_interest")),
            pools=self._pools(found.get("pools", ())),
            settlement=self._settlement(found["settlement"]) if "settlement" in found else None,
        )
        if plan.patronage < 0 and plan.appropriations:
            raise PlanRefused("appropriations", "a loss has nothing to appropriate; leave the list empty")
        if plan.pools and plan.settlement is None:
            raise PlanRefused("settlement", "is missing; a plan with pools must say how members are settled with")
        return plan

    def _result(self, value: object) -> tuple[int, int, int]:
        found = values.fields(value, "result", ("patronage",), ("nonpatronage", "losses_carried"))
        nonpatronage = values.integer(found.get("nonpatronage", 0), "result.nonpatronage")
        if nonpatronage < 0:
            raise PlanRefused("result.nonpatronage", "a non-patronage loss is given under losses_carried")
        losses = values.money(found.get("losses_carried", 0), "result.losses_carried")
        return values.integer(found["patronage"], "result.patronage"), nonpatronage, losses

    def _appropriation(self, value: object, where: str) -> Appropriation:
        optional = ("of", "percent", "amount", "bound", "at_least", "at_most", "until")
        found = values.fields(value, where, ("name",), optional)
        percent, amount, _ = self._size(found, where, ("percent", "amount"))
        if percent and "of" not in found:
            raise PlanRefused(f"{where}.of", f"is missing; a percentage is taken of one of {', '.join(BASES)}")
        return Appropriation(
            name=values.name(found["name"], f"{where}.name"),
            of=values.one_of(found["of"], f"{where}.of", BASES) if "of" in found else None,
            percent=percent,
            amount=None if amount is None else values.money(amount, f"{where}.amount"),
            bound=values.one_of(found.get("bound", "minimum"), f"{where}.bound", BOUNDS),
            at_least=self._limit(found, where, "at_least"),
            at_most=self._limit(found, where, "at_most"),
            until=self._until(found.get("until"), f"{where}.until"),
        )

    def _size(
        self, found: Mapping[str, Any], where: str, ways: tuple[str, ...]
    ) -> tuple[Percent | None, int | None, bool]:
        """Return percent, amount and rest, of which exactly one says how large a step or a pool is."""
        given = [way for way in ways if way in found]
        if len(given) != 1:
            said = f"and not {' and '.join(given)} together" if given else "and has none"
            raise PlanRefused(where, f"needs exactly one of {', '.join(ways)}, {said}")
        if given == ["percent"]:
            return values.percent(found["percent"], f"{where}.percent", native=self.native), None, False
        if given == ["amount"]:
            return None, values.integer(found["amount"], f"{where}.amount"), False
        if found["rest"] is not True:
            raise PlanRefused(f"{where}.rest", f"is true or left out, not {values.shown(found['rest'])}")
        return None, None, True

    def _limit(self, found: Mapping[str, Any], where: str, key: str) -> int | None:
        return None if found.get(key) is None else values.money(found[key], f"{where}.{key}")

    def _until(self, value: object, where: str) -> Until | None:
        if value is None:
            return None
        found = values.fields(value, where, ("balance", "target"), ())
        return Until(
            balance=values.money(found["balance"], f"{where}.balance"),
            target=values.money(found["target"], f"{where}.target"),
        )

    def _interest(self, value: object) -> ShareInterest | None:
        if value is None:
            return None
        found = values.fields(value, "share_interest", ("rate", "holdings"), ("cap",))
        rate = values.percent(found["rate"], "share_interest.rate", native=self.native)
        cap = None
        if found.get("cap") is not None:
            cap = values.percent(found["cap"], "share_interest.cap", native=self.native)
            if rate.exceeds(cap):
                raise PlanRefused("share_interest.rate", f"{rate.text} % is above the cap of {cap.text} %")
        holdings = values.moneys(found["holdings"], "share_interest.holdings", native=self.native)
        return ShareInterest(rate, cap, holdings)

    def _pools(self, value: object) -> tuple[Pool, ...]:
        pools = tuple(self._pool(pool, f"pools[{place}]") for place, pool in enumerate(values.listed(value, "pools")))
        rests = [place for place, pool in enumerate(pools) if pool.rest]
        if len(rests) > 1:
            raise PlanRefused(f"pools[{rests[1]}].rest", f"only one pool can take the rest, and pools[{rests[0]}] does")
        return pools

    def _pool(self, value: object, where: str) -> Pool:
        found = values.fields(value, where, ("name",), ("percent", "amount", "rest", "basis"))
        percent, amount, rest = self._size(found, where, ("percent", "amount", "rest"))
        basis = Basis(NOBODY, 0)
        if "basis" in found:
            basis = values.basis(found["basis"], f"{where}.basis", native=self.native)
        return Pool(values.name(found["name"], f"{where}.name"), percent, amount, rest, basis)

    def _settlement(self, value: object) -> Settlement:
        optional = ("minimum_cash_percent", "no_consent", "de_minimis", "debts", "carried")
        found = values.fields(value, "settlement", ("cash_percent", "notice"), optional)
        minimum = TWENTY
        if "minimum_cash_percent" in found:
            where = "settlement.minimum_cash_percent"
            minimum = values.percent(found["minimum_cash_percent"], where, native=self.native)
        settlement = Settlement(
            cash_percent=values.percent(found["cash_percent"], "settlement.cash_percent", native=self.native),
            notice=values.one_of(found["notice"], "settlement.notice", NOTICES),
            minimum_cash_percent=minimum,
            no_consent=self._named(found.get("no_consent", ()), "settlement.no_consent"),
            de_minimis=values.money(found.get("de_minimis", 0), "settlement.de_minimis"),
            debts=values.moneys(found.get("debts", {}), "settlement.debts", native=self.native),
            carried=values.moneys(found.get("carried", {}), "settlement.carried", native=self.native),
        )
        if settlement.notice == "none" and not settlement.cash_percent.is_whole:
            said = settlement.cash_percent.text
            raise PlanRefused("settlement.cash_percent", f"must be 100 where there is no notice, and is {said}")
        return settlement

    def _named(self, value: object, where: str) -> tuple[int, ...]:
        """Return the members of a list in ascending order; naming one twice is harmless and is refused all the same."""
        numbers: set[int] = set()
        for place, raw in enumerate(values.listed(value, where)):
            number = values.member(raw, f"{where}[{place}]", native=self.native)
            if number in numbers:
                raise PlanRefused(f"{where}[{place}]", f"member {number} stands in this list twice")
            numbers.add(number)
        return tuple(sorted(numbers))
