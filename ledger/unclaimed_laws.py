"""When money nobody claims may leave the member's account, by law pack: data with a citation and the day it was read.

Not advice: the pages say "ask your adviser". By-laws may ask for more; what stands here is what a list begins with.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

RESERVE, STATE = "reserve", "state"
AS_OF: Final = "2026-11"


@dataclass(frozen=True)
class UnclaimedLaw:
    """``years`` the money has to lie, ``notice_days`` between the letter and the booking, ``listed_from`` the smallest
    sum that is listed by name (minor units), ``goes_to`` the co-op's reserve or the state."""

    code: str
    label: str | Promise
    years: int
    notice_days: int
    goes_to: str
    cite: str | Promise
    listed_from: int = 0
    as_of: str = AS_OF

    def rule(self) -> dict[str, Any]:
        """What a list keeps of it."""
        return {**asdict(self), "label": str(self.label), "cite": str(self.cite)}


BY_LAWS = _("No statute is known here: what the by-laws say. Ask your adviser.")
LAWS: Final = {
    law.code: law
    for law in (
        UnclaimedLaw("generic", _("Another law"), 5, 90, RESERVE, BY_LAWS),
        UnclaimedLaw("eu-sce", _("European Cooperative Society"), 5, 90, RESERVE, BY_LAWS),
        UnclaimedLaw("ph", _("Philippines"), 10, 90, RESERVE, "Civil Code of the Philippines art. 1144"),
        UnclaimedLaw("de-geng", _("Germany"), 4, 30, RESERVE, "BGB §§ 195, 199"),
        UnclaimedLaw("es", _("Spain"), 5, 30, RESERVE, "Código de Comercio art. 947"),
        UnclaimedLaw("it", _("Italy"), 5, 30, RESERVE, "Codice civile art. 2949"),
        UnclaimedLaw("fr", _("France"), 5, 30, STATE, "Code civil art. 2224; CGPPP art. L1126-1"),
        UnclaimedLaw("uk-ccbsa", _("United Kingdom"), 6, 90, RESERVE, "Limitation Act 1980 s. 5"),
        UnclaimedLaw(
            "us-state",
            _("United States: Revised Uniform Unclaimed Property Act (2016)"),
            3,
            60,
            STATE,
            "RUUPA §§ 201, 402, 501; each state has its own law, and some spare co-operatives",
            listed_from=50_00,
        ),
    )
}


def law_of(coop) -> UnclaimedLaw:
    """The rule of the co-op's law pack; the by-laws' where none is known here."""
    found = LAWS.get(coop.law) or next((law for code, law in LAWS.items() if coop.law.startswith(code)), None)
    return found or LAWS["generic"]
