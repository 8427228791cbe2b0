"""A plan as pictures, each with its numbers as a table: where the surplus goes, how large refunds are."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coop.kernel import charts, money
from ledger.models import SurplusPlan
from ledger.selectors import plan_reading as reading
from ledger.selectors.statements import Statement


def where_it_goes(plan: SurplusPlan) -> charts.Drawing | None:
    """The surplus on top, then each part's bar where the one before left off. None for a loss."""
    currency, whole = plan.coop.currency, plan.result["surplus"]
    parts = [part for part in reading.parts(plan) if part.amount]
    if whole <= 0 or any(part.amount < 0 for part in parts):
        return None
    left, lines = whole, []
    for part in parts:
        left -= part.amount
        text = money.format_minor(-part.amount, currency)
        bar = charts.Bar(part.name, (part.amount,), text, cells=(text, money.format_minor(left, currency)))
        lines.append((bar, part.colour))
    said = money.format_minor(whole, currency)
    return charts.waterfall(
        title=_("Plan %(plan)s: where the surplus goes") % {"plan": plan.letter},
        desc=_("From %(whole)s: %(parts)s.")
        % {
            "whole": said,
            "parts": ", ".join(f"{part.name} {money.format_minor(part.amount, currency)}" for part in parts),
        },
        whole=charts.Bar(_("Surplus of the year"), (whole,), said, strong=True, cells=(said, said)),
        lines=lines,
        head=(_("Line"), _("Amount"), _("Remains")),
    )


def how_large(plan: SurplusPlan) -> charts.Drawing | None:
    """How many members get how much. None where nobody gets anything."""
    brackets = reading.spread(plan)
    if not brackets:
        return None
    currency = plan.coop.currency
    unit = 10 ** money.exponent(currency)

    def short(amount: int) -> str:
        text = money.format_minor(amount, currency)
        return text.partition(".")[0] if amount % unit == 0 else text

    names = [
        _("%(low)s to under %(high)s") % {"low": short(each.low), "high": short(each.high)}
        if each.high is not None
        else _("%(low)s and more") % {"low": short(each.low)}
        for each in brackets
    ]
    middle = next((place for place, each in enumerate(brackets) if each.has_middle), None)
    return charts.columns(
        title=_("How large the refunds are"),
        desc=_("Number of members by refund under plan %(plan)s, in steps of %(step)s.")
        % {"plan": plan.letter, "step": short(brackets[0].high or 0)},
        counts=[each.members for each in brackets],
        ticks=[
            _("more") if each.high is None else short(each.low) if place % 2 == 0 else ""
            for place, each in enumerate(brackets)
        ],
        names=names,
        chosen=middle,
        head=(_("Refund"), _("Members")),
    )


def odd_units(plan: SurplusPlan) -> str:
    """A sentence about the smallest coins left over by rounding down, shared out one each."""
    spare = reading.units_left_over(plan)
    return ngettext(
        "Each refund is first rounded down. The one cent left over goes to the member whose refund lost most.",
        "Each refund is first rounded down. The %(n)s cents left over go, one each, to the members whose refund lost"
        " most by rounding.",
        spare,
    ) % {"n": spare}


WHOLE_COLOURS = {
    "refunds": "c5",
    "fund-0": "c1",
    "fund-1": "c2",
    "fund-2": "c3",
    "interest": "c4",
    "unallocated": "c6",
}


def where_it_went(statement: Statement) -> charts.Drawing | None:
    """The whole surplus as one bar, for a member's statement. None where a part is negative."""
    parts, currency = statement.report.whole, statement.coop.currency
    if not parts or any(part.amount < 0 for part in parts):
        return None
    said = [(part.name, money.format_minor(part.amount, currency)) for part in parts]
    cut = charts.strip([part.amount for part in parts])
    return charts.Drawing(
        title=_("The surplus of %(whole)s")
        % {"whole": money.format_minor(sum(part.amount for part in parts), currency)},
        desc=", ".join(f"{name} {amount}" for name, amount in said) + ".",
        height=28,
        rects=tuple(
            charts.Rect(WHOLE_COLOURS[part.kind], x, "0", width, "28")
            for part, (x, width) in zip(parts, cut, strict=True)
        ),
    )
