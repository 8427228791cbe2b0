"""The boxes of Form 1099-PATR for every member of a posted plan, with the totals a filing is checked by."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from heapq import merge

from django.utils.translation import gettext as _

from coop.kernel import clock
from ledger.models import PlanLine, SurplusPlan
from ledger.reports.patr import Boxes, boxes, is_due, totals
from ledger.selectors import surplus
from ledger.selectors.redeemed import Redeemed, nonqualified_redeemed, reports_redemptions
from ledger.units import Measure, Unit
from members.models import Membership

COLUMNS = ("box1", "box2", "box3", "box4", "box5")
RISKY = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would compute what begins so


def of_line(line: PlanLine, redeemed: int = 0) -> Boxes:
    """One member's boxes: money paid, set off or released from earlier years, and qualified notices at face; and
    nonqualified notices ``redeemed`` in the year.

    What was rolled forward is reported when it is paid. Interest on shares is no patronage dividend. A loss fills none.
    """
    if line.allocated < 0:
        return boxes(redeemed_nonqualified=redeemed)
    return boxes(
        cash=line.cash + line.released,
        netted=line.netted,
        qualified=line.qualified,
        redeemed_nonqualified=redeemed,
    )


@dataclass(frozen=True, slots=True)
class Return:
    """What one member's return would say."""

    membership: Membership
    boxes: Boxes


def tax_year(plan: SurplusPlan) -> int:
    """The calendar year a posted plan's dividends belong to, when nothing else is said."""
    return plan.entry.posted_on.year if plan.entry else clock.today(plan.coop).year


def returns(plan: SurplusPlan, redeemed: Mapping[int, int]) -> Iterator[Return]:
    """Everybody with something in a box, by number: the plan's members, and whoever had notices redeemed."""
    left = dict(redeemed)

    def of_the_plan() -> Iterator[Return]:
        for line in surplus.lines(plan).iterator(chunk_size=2000):
            yield Return(line.membership, of_line(line, left.get(line.membership_id, 0)))

    there = set(plan.lines.filter(membership__in=left).values_list("membership", flat=True))
    others = Membership.objects.filter(coop=plan.coop_id, pk__in=left.keys() - there).select_related("party", "coop")
    beside = (Return(each, boxes(redeemed_nonqualified=left[each.pk])) for each in others.order_by("number"))
    for found in merge(of_the_plan(), beside, key=lambda each: each.membership.number):
        if found.boxes.reportable:
            yield found


def redeemed_for(plan: SurplusPlan, year: int) -> Redeemed:
    """What goes into box 5 of the returns made from this plan for the year."""
    return nonqualified_redeemed(plan.coop, year) if reports_redemptions(plan, year) else Redeemed()


def patr_csv(plan: SurplusPlan, year: int | None = None) -> Iterator[str]:
    """A line a member with something in a box, whether a return is due, and the totals of all and of the returns.

    ``year`` is the calendar year that is reported, the one the plan was posted in unless said.
    """
    money, year = Measure(Unit.MONEY, plan.coop.currency), year or tax_year(plan)
    redeemed = redeemed_for(plan, year)
    yield _row(["member", "name", "return", *COLUMNS])
    everybody, filed = [], []
    for found in returns(plan, redeemed.by_member):
        party, due = found.membership.party, is_due(found.boxes)
        everybody.append(found.boxes)
        if due:
            filed.append(found.boxes)
        organisation = due and party.kind == party.Kind.ORGANISATION
        said = _("yes, unless a corporation") if organisation else _("yes") if due else _("no")
        name = f"'{party.name}" if party.name.startswith(RISKY) else party.name
        cells = (money.plain(getattr(found.boxes, box)) for box in COLUMNS)
        yield _row([found.membership.number, name, said, *cells])
    for label, some in ((_("all members"), everybody), (_("returns"), filed)):
        summed = totals(some)
        yield _row(["total", label, summed["count"], *(money.plain(summed[box]) for box in COLUMNS)])
    if redeemed.unknown:
        label = _("paid back of what was kept before the books began: look up whether it was nonqualified")
        yield _row(["unknown", label, redeemed.unknown_members, "", "", "", "", money.plain(redeemed.unknown)])


def _row(cells: list) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()
