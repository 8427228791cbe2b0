"""The boxes of Form 1099-PATR for every member of a posted plan, with the totals a filing is checked by."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from django.utils.translation import gettext as _

from ledger.models import PlanLine, SurplusPlan
from ledger.reports.patr import Boxes, boxes, is_due, totals
from ledger.selectors import surplus
from ledger.units import Measure, Unit

COLUMNS = ("box1", "box2", "box3", "box4", "box5")
RISKY = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would compute what begins so


def of_line(line: PlanLine) -> Boxes:
    """One member's boxes: money paid, set off or released from earlier years, and qualified notices at face.

    What was rolled forward is reported when it is paid. Interest on shares is no patronage dividend. A loss fills none.
    """
    if line.allocated < 0:
        return Boxes()
    return boxes(cash=line.cash + line.released, netted=line.netted, qualified=line.qualified)


def patr_csv(plan: SurplusPlan) -> Iterator[str]:
    """A line a member with something in a box, whether a return is due, and the totals of all and of the returns."""
    money = Measure(Unit.MONEY, plan.coop.currency)
    yield _row(["member", "name", "return", *COLUMNS])
    everybody, returns = [], []
    for line in surplus.lines(plan).iterator(chunk_size=2000):
        found = of_line(line)
        if not found.reportable:
            continue
        party, due = line.membership.party, is_due(found)
        everybody.append(found)
        if due:
            returns.append(found)
        organisation = due and party.kind == party.Kind.ORGANISATION
        said = _("yes, unless a corporation") if organisation else _("yes") if due else _("no")
        name = f"'{party.name}" if party.name.startswith(RISKY) else party.name
        yield _row([line.number, name, said, *(money.plain(getattr(found, box)) for box in COLUMNS)])
    for label, some in ((_("all members"), everybody), (_("returns"), returns)):
        summed = totals(some)
        yield _row(["total", label, summed["count"], *(money.plain(summed[box]) for box in COLUMNS)])


def _row(cells: list) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()
