"""What to think about before a plan goes on: each with its rule and where it is written. Warnings refuse nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from django.utils.translation import gettext as _

from coop.kernel import money
from ledger.models import SurplusPlan
from ledger.selectors import surplus
from ledger.surplus_laws import Reserve, SurplusLaw, law_of


@dataclass(frozen=True, slots=True)
class Warning:  # noqa: A001 - it is the word
    """One thing to think about. ``kind`` is good, warn or stop, as a notice is."""

    code: str
    kind: str
    heading: str
    why: str
    cite: str = ""


def warnings(plan: SurplusPlan, codes: Mapping[str, str] | None = None) -> list[Warning]:
    """Everything this plan is warned about, in the order of its lines; empty when there is nothing.

    ``codes`` (account code by purpose) is looked up where it is not given; give it for several plans of a co-op.
    """
    law = law_of(plan.coop)
    codes = purpose_codes(plan.coop) if codes is None else codes
    return [
        *_stale(plan),
        *_obligation(plan),
        *_reserves(plan, law, codes),
        *_interest(plan, law),
        *_cash(plan, law),
        *_not_shared(plan),
    ]


def purpose_codes(coop) -> dict[str, str]:
    """The codes of the co-op's reserve and fund accounts, by what they are for."""
    return dict(surplus.appropriation_accounts(coop).exclude(purpose="").values_list("purpose", "code"))


def _adviser(cite: str) -> str:
    return _("%(cite)s. Ask your adviser.") % {"cite": cite} if cite else ""


def _stale(plan: SurplusPlan) -> Iterator[Warning]:
    if surplus.is_stale(plan) and plan.is_draft:
        yield Warning(
            "stale",
            "warn",
            _("The figures have changed"),
            _("Purchases were added or corrected since this draft was worked out. Work it out again."),
        )


def _obligation(plan: SurplusPlan) -> Iterator[Warning]:
    """Only business under an obligation that existed before the money was earned (26 U.S.C. 1388(a)(2))."""
    since = (plan.terms.get("obligation") or {}).get("since")
    if since and plan.result["pools"] and date.fromisoformat(since) > plan.year.starts_on:
        yield Warning(
            "obligation",
            "warn",
            _("The obligation is younger than the earnings"),
            _("The by-laws promise refunds since %(since)s; the year began on %(start)s.")
            % {"since": since, "start": plan.year.starts_on.isoformat()},
            _adviser("26 U.S.C. 1388(a)(2)"),
        )


def _reserves(plan: SurplusPlan, law: SurplusLaw, codes: Mapping[str, str]) -> Iterator[Warning]:
    given: dict[str, int] = {}
    for step in plan.result["appropriations"]:
        given[step["account"]] = given.get(step["account"], 0) + step["amount"]
    wanted: dict[str, list[Reserve]] = {}
    for reserve in law.reserves:
        if reserve.bound == "minimum" and reserve.purpose and not reserve.until_capital and reserve.until is None:
            wanted.setdefault(reserve.purpose, []).append(reserve)
    for purpose, reserves in wanted.items():
        least = sum(_least(plan, reserve) for reserve in reserves)
        there = given.get(codes.get(purpose, ""), 0)
        if there < least:
            yield Warning(
                "reserve",
                "warn",
                _("“%(name)s” is below the minimum") % {"name": reserves[0].name},
                _("The law asks for at least %(least)s; the plan gives it %(there)s.")
                % {"least": _said(plan, least), "there": _said(plan, there)},
                _adviser(", ".join(dict.fromkeys(reserve.cite for reserve in reserves))),
            )


def _least(plan: SurplusPlan, reserve: Reserve) -> int:
    base = {
        "patronage": plan.terms["result"]["patronage"],
        "nonpatronage": plan.terms["result"]["nonpatronage"],
        "surplus": plan.result["surplus"],
    }[reserve.of]
    share = Fraction(reserve.percent) / 100 * max(base, 0)
    return -(-share.numerator // share.denominator)


def _interest(plan: SurplusPlan, law: SurplusLaw) -> Iterator[Warning]:
    terms = plan.terms.get("share_interest")
    if terms and law.interest_cap and Fraction(terms["rate"]) > Fraction(law.interest_cap):
        yield Warning(
            "interest",
            "warn",
            _("Interest above the cap"),
            _("%(rate)s %% on shares; the cap is %(cap)s %%.") % {"rate": terms["rate"], "cap": law.interest_cap},
            _adviser(str(law.interest_cite)),
        )


def _cash(plan: SurplusPlan, law: SurplusLaw) -> Iterator[Warning]:
    settlement = plan.terms.get("settlement") or {}
    least = law.minimum_cash
    if least and settlement.get("notice") == "nonqualified" and Fraction(settlement["cash_percent"]) < Fraction(least):
        yield Warning(
            "cash",
            "warn",
            _("Cash below %(least)s %%") % {"least": least},
            _("%(percent)s %% is paid in cash, so these notices cannot be qualified.")
            % {"percent": settlement["cash_percent"]},
            _adviser(law.minimum_cash_cite),
        )
    if law.members_turnover_only and sum(pool["amount"] for pool in plan.result["pools"]) > max(
        plan.terms["result"]["patronage"], 0
    ):
        yield Warning(
            "turnover",
            "warn",
            _("Refunds are more than was earned with members"),
            _("Members brought %(earned)s; the plan shares out %(shared)s.")
            % {
                "earned": _said(plan, plan.terms["result"]["patronage"]),
                "shared": _said(plan, sum(pool["amount"] for pool in plan.result["pools"])),
            },
            _adviser(law.members_turnover_only),
        )


def against_the_books(plan: SurplusPlan) -> list[Warning]:
    """Where the books show another result for the year than the plan begins with; one query. For a plan on its way."""
    booked, earned = surplus.result_in_the_books(plan.year), plan.result["earned"]
    if plan.entry_id is not None or not booked or booked == earned:
        return []
    return [
        Warning(
            "books",
            "warn",
            _("The books show another result"),
            _("Income less costs of %(year)s is %(booked)s so far; the plan begins with %(earned)s.")
            % {"year": plan.year.year, "booked": _said(plan, booked), "earned": _said(plan, earned)},
        )
    ]


def _not_shared(plan: SurplusPlan) -> Iterator[Warning]:
    if plan.result["unallocated"]:
        yield Warning(
            "unallocated",
            "info",
            _("%(amount)s is carried forward") % {"amount": _said(plan, plan.result["unallocated"])},
            _("No line takes it, so it stays in the co-op without anybody’s name."),
        )


def _said(plan: SurplusPlan, amount: int) -> str:
    return money.format_minor(amount, plan.coop.currency)
