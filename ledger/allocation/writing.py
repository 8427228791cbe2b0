"""The answer as JSON text or as tables a person can read, in pieces, so that a million members need no second copy."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice

from coop.kernel.money import decimal_text, format_minor
from ledger.allocation.columns import ByMember
from ledger.allocation.result import COLUMNS, Allocation

_CHUNK = 5_000
_HEADS = ("member", "allocated", "interest", "cash", "qualified", "nonqualified", "netted", "rolled on")
_KINDS = {
    "result": "Result of the year",
    "losses": "Losses carried",
    "interest": "Interest on shares",
    "unallocated": "Unallocated",
}


def json_chunks(allocation: Allocation) -> Iterator[str]:
    """Yield the JSON text of ``allocation.as_dict()`` on one line, a few thousand members at a time."""
    yield json.dumps(allocation.head())[:-1]
    interest = allocation.share_interest
    yield f', "share_interest": {{"total": {interest.total}, "members": {{'
    yield from _amounts(interest.by_member)
    yield '}}, "pools": ['
    for place, pool in enumerate(allocation.pools):
        comma = ", " if place else ""
        yield f'{comma}{{"name": {json.dumps(pool.name)}, "amount": {pool.amount}, "members": {{'
        yield from _amounts(pool.by_member)
        yield "}}"
    yield '], "members": {'
    row = '"%d": {' + ", ".join(f'"{name}": %d' for name in COLUMNS) + "}"
    yield from _joined(row % figures for figures in allocation.rows())
    yield "}, " + json.dumps(allocation.foot())[1:]


def _amounts(figures: ByMember) -> Iterator[str]:
    return _joined(f'"{member}": {amount}' for member, amount in figures)


def _joined(parts: Iterator[str]) -> Iterator[str]:
    first = True
    while some := list(islice(parts, _CHUNK)):
        yield ("" if first else ", ") + ", ".join(some)
        first = False


def text_lines(allocation: Allocation) -> Iterator[str]:
    """Yield the lines of a readable account: the way down with its reasons, the pools, every member, the totals."""
    plan = allocation.plan
    yield f"Surplus of the year ended {plan.fiscal_year_end}: {format_minor(allocation.surplus, plan.currency)}"
    yield ""
    width = max(len(_label(step.kind, step.name)) for step in allocation.steps)
    figures = max(len(decimal_text(step.amount, plan.currency)) for step in allocation.steps)
    for step in allocation.steps:
        amount = decimal_text(step.amount, plan.currency)
        yield f"  {_label(step.kind, step.name):<{width}}  {amount:>{figures}}  {step.because}"
    if allocation.losses_remaining:
        yield f"Losses still carried: {format_minor(allocation.losses_remaining, plan.currency)}"
    if allocation.payment_due:
        yield f"Payment is due by {allocation.payment_due}."
    yield ""
    yield from _table(allocation)


def _label(kind: str, name: str) -> str:
    return _KINDS.get(kind, name)


def _table(allocation: Allocation) -> Iterator[str]:
    currency = allocation.plan.currency
    total = ("total", *(decimal_text(allocation.totals[name], currency) for name in COLUMNS))
    widths = [max(len(head), len(figure)) for head, figure in zip(_HEADS, total, strict=True)]
    if len(allocation.members):
        widths[0] = max(widths[0], len(str(allocation.members[-1])))
        for place, name in enumerate(COLUMNS, start=1):  # a single figure can be longer than its total, if signs differ
            longest = max(allocation.columns[name], key=abs)
            widths[place] = max(widths[place], len(decimal_text(longest, currency)) + 1)
    yield _line(_HEADS, widths)
    yield _line(["-" * width for width in widths], widths)
    for row in allocation.rows():
        yield _line([str(row[0]), *(decimal_text(amount, currency) for amount in row[1:])], widths)
    yield _line(["=" * width for width in widths], widths)
    yield _line(total, widths)
    yield f"All figures in {currency}."


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
