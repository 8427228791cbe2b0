"""Law packs: what a co-op starts with under one law. Data with a citation and a date; the co-op edits all of it.

None of this is legal advice. Every page that uses it says so.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class LawPack:
    """One law. ``cite`` names it, ``as_of`` the day somebody last read it, ``notice`` is a class's rule for leaving
    (``members.notice.NoticeRule``)."""

    code: str
    label: str | Promise
    cite: str
    as_of: str
    chart: str
    notice: dict
    decide_within_days: int = 42
    appeal_within_days: int = 28


PACKS = {
    pack.code: pack
    for pack in (
        LawPack("generic", _("Another law"), "", "", "eu-consumer", {"days": 30}),
        LawPack(
            "de-geng",
            _("Germany: Genossenschaftsgesetz"),
            "GenG §§ 15, 30, 43, 46, 65",
            "2026-11",
            "eu-consumer",
            {"to": "fiscal_year_end", "months": 3, "payout_months": 6, "cite": "GenG § 65 (2), § 73 (2)"},
        ),
        LawPack(
            "uk-ccbsa",
            _("United Kingdom: Co-operative and Community Benefit Societies Act 2014"),
            "CCBSA 2014 ss. 14, 30, 103",
            "2026-11",
            "eu-consumer",
            {"days": 90},
        ),
        LawPack(
            "ca-coop",
            _("Canada: Canada Cooperatives Act"),
            "S.C. 1998, c. 1, ss. 31–33, 43–46, 61",
            "2026-11",
            "us-consumer",
            {"days": 30},
        ),
        LawPack(
            "us-state",
            _("United States: a state's co-operative statute"),
            "Internal Revenue Code, Subchapter T; your state's statute",
            "2026-11",
            "us-consumer",
            {"days": 60},
        ),
    )
}

BYLAWS_TO_BEGIN_WITH = _(
    "1. The co-operative serves its members. Membership is open to everyone the purposes reach.\n"
    "2. An applicant becomes a member when the board has decided; a refusal gives its reason and may be appealed to "
    "the general meeting.\n"
    "3. Each member takes up at least the smallest number of shares. Liability is limited to the shares taken up.\n"
    "4. Each member has one vote, however many shares they hold.\n"
    "5. The general meeting elects the board, approves the accounts and decides what becomes of the surplus.\n"
    "6. A surplus strengthens the reserves first; what is shared among members follows their business with the "
    "co-operative in that year.\n"
    "7. A member may leave with the notice given here; paid-up shares are paid back as the law allows."
)
