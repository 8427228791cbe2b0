"""What statutes say about a co-operative's surplus: data with a citation and the day it was last read.

Not advice: every page that shows a rule from here says "ask your adviser". A co-op's by-laws may ask for more, and
another law may apply; a plan is never refused because of what stands here, it is warned about.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Reserve:
    """A part of the surplus that has to go to a reserve or a fund before members get anything.

    ``until_capital``: only until the reserve has reached the co-op's share capital (or ``until`` minor units of euro).
    """

    name: str | Promise
    of: str
    percent: str
    purpose: str
    cite: str
    until_capital: bool = False
    until: int | None = None
    bound: str = "minimum"

    def term(self, account: str, balance: int = 0, capital: int = 0) -> dict[str, Any]:
        """The line of a plan that does just this."""
        term: dict[str, Any] = {
            "name": str(self.name),
            "of": self.of,
            "percent": self.percent,
            "bound": self.bound,
            "account": account,
        }
        if self.until_capital or self.until is not None:
            term["until"] = {"balance": max(balance, 0), "target": self.until if self.until is not None else capital}
        return term


@dataclass(frozen=True)
class SurplusLaw:
    """One law's rules. ``interest_cap`` in per cent; ``interest_note`` says where a ceiling comes from otherwise."""

    code: str
    label: str | Promise
    as_of: str
    reserves: tuple[Reserve, ...] = ()
    interest_cap: str = ""
    interest_cite: str | Promise = ""
    notice: str = "none"
    minimum_cash: str = ""
    minimum_cash_cite: str = ""
    members_turnover_only: str = ""  # citation: refunds only out of what was earned with members


AS_OF: Final = "2026-11"
LAWS: Final = {
    law.code: law
    for law in (
        SurplusLaw("generic", _("Another law"), ""),
        SurplusLaw(
            "es",
            _("Spain: Ley 27/1999"),
            AS_OF,
            (
                Reserve(_("Compulsory reserve"), "patronage", "20", "statutory_reserve", "Ley 27/1999 art. 58(1)"),
                Reserve(_("Education fund"), "patronage", "5", "education_fund", "Ley 27/1999 art. 58(1)"),
                Reserve(
                    _("Compulsory reserve, other business"),
                    "nonpatronage",
                    "50",
                    "statutory_reserve",
                    "Ley 27/1999 art. 58(2)",
                ),
            ),
            members_turnover_only="Ley 27/1999 art. 58(4)",
        ),
        SurplusLaw(
            "it",
            _("Italy: Codice civile"),
            AS_OF,
            (
                Reserve(_("Legal reserve"), "surplus", "30", "statutory_reserve", "Codice civile art. 2545-quater"),
                Reserve(_("Mutual fund"), "surplus", "3", "", "L. 59/1992 art. 11"),
            ),
        ),
        SurplusLaw(
            "fr",
            _("France: loi du 10 septembre 1947"),
            AS_OF,
            (
                Reserve(
                    _("Legal reserve"),
                    "surplus",
                    "15",
                    "statutory_reserve",
                    "Loi 47-1775 art. 16",
                    until_capital=True,
                ),
            ),
        ),
        SurplusLaw(
            "eu-sce",
            _("European Cooperative Society"),
            AS_OF,
            (
                Reserve(
                    _("Legal reserve"),
                    "surplus",
                    "15",
                    "statutory_reserve",
                    "Regulation (EC) 1435/2003 art. 65(2)",
                    until=3_000_000,
                ),
            ),
        ),
        SurplusLaw(
            "ph",
            _("Philippines: Republic Act 9520"),
            AS_OF,
            (
                Reserve(_("Reserve fund"), "surplus", "10", "statutory_reserve", "R.A. 9520 art. 86(1)"),
                Reserve(
                    _("Education and training fund"),
                    "surplus",
                    "10",
                    "education_fund",
                    "R.A. 9520 art. 86(2)",
                    bound="maximum",
                ),
                Reserve(_("Community development fund"), "surplus", "3", "community_fund", "R.A. 9520 art. 86(3)"),
                Reserve(_("Optional fund"), "surplus", "7", "", "R.A. 9520 art. 86(4)", bound="maximum"),
            ),
        ),
        SurplusLaw("de-geng", _("Germany: Genossenschaftsgesetz"), AS_OF, members_turnover_only="KStG § 22"),
        SurplusLaw(
            "uk-ccbsa",
            _("United Kingdom: Co-operative and Community Benefit Societies Act 2014"),
            AS_OF,
            interest_cite=_("A society declares the most it pays on shares; FCA guidance on co-operative societies"),
        ),
        SurplusLaw(
            "us-state",
            _("United States: Subchapter T"),
            AS_OF,
            interest_cap="8",
            interest_cite="26 U.S.C. 521(b)(2)",
            notice="nonqualified",
            minimum_cash="20",
            minimum_cash_cite="26 U.S.C. 1388(c)(1)",
            members_turnover_only="26 U.S.C. 1388(a)",
        ),
    )
}


def law_of(coop) -> SurplusLaw:
    """The rules of the co-op's law pack; none where it is not known here."""
    found = LAWS.get(coop.law) or next((law for code, law in LAWS.items() if coop.law.startswith(code)), None)
    return found or LAWS["generic"]
