"""How long members have when shares are called, and how long before unpaid ones may be forfeited, by law pack.

Data with a citation and the day it was read, and no advice: the pages say "ask your adviser". By-laws may give more
days; what stands here is the least. The database gives nobody less than a fortnight (``models.calls``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ledger.models.calls import NOTICE_DAYS

AS_OF: Final = "2026-11"


@dataclass(frozen=True)
class CallLaw:
    """``due_days`` from a call to the day it is due, ``notice_days`` from the notice to the first day of forfeiture."""

    code: str
    label: str | Promise
    due_days: int
    notice_days: int
    cite: str | Promise
    as_of: str = AS_OF


MODEL = _("No statute is known here: the days of the model articles for UK public companies, SI 2008/3229, schedule 3.")
LAWS: Final = {
    law.code: law
    for law in (
        CallLaw("generic", _("Another law"), NOTICE_DAYS, NOTICE_DAYS, MODEL),
        CallLaw("uk-ccbsa", _("United Kingdom"), 14, 14, "SI 2008/3229, schedule 3 (as a model; the rules decide)"),
        CallLaw("de-geng", _("Germany"), 14, 30, "GenG §§ 15a, 50, 68; GmbHG § 21 as a model for the further month"),
        CallLaw("it", _("Italy"), 14, 30, "Codice civile artt. 2466, 2531"),
        CallLaw("fr", _("France"), 14, 30, "Code de commerce art. L228-27"),
        CallLaw("ph", _("Philippines"), 14, 30, "Revised Corporation Code (RA 11232) §§ 66–67"),
        CallLaw(
            "us-state", _("United States: Delaware as a model"), 30, 30, "8 Del. C. §§ 163–164; by-laws and state law"
        ),
    )
}


def law_of(coop) -> CallLaw:
    """The days of the co-op's law pack; the model articles' where none is known here."""
    found = LAWS.get(coop.law) or next((law for code, law in LAWS.items() if coop.law.startswith(code)), None)
    return found or LAWS["generic"]
