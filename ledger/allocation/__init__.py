"""Allocation of a surplus (or a loss) to members: integers in, integers out, sums exact.

Pure: no Django, no database, no clock. A plan comes as JSON text (:func:`parse_plan`) or as Python values
(:func:`build_plan`); :func:`allocate` carries it out; every step says why, and ``allocation.explain(member)`` gives
one member's own arithmetic. ``waterfall`` holds the steps down to the pools, ``remainder`` the sharing, ``settlement``
cash and notices, ``checking`` what a plan may say and what was decided where the contract is silent, ``sql`` the same
arithmetic for PostgreSQL.

>>> plan = build_plan({
...     "currency": "EUR", "fiscal_year_end": "2025-12-31",
...     "result": {"patronage": 10000001, "nonpatronage": 4000000, "losses_carried": 0},
...     "appropriations": [
...         {"name": "compulsory reserve", "of": "patronage", "percent": "20", "bound": "minimum"},
...         {"name": "education fund", "of": "patronage", "percent": "5", "bound": "minimum"},
...         {"name": "reserve, other business", "of": "nonpatronage", "percent": "50", "bound": "minimum"},
...         {"name": "tax", "amount": 1500000},
...     ],
...     "pools": [{"name": "purchases", "rest": True, "basis": {17: "2600.00", 18: "41.5"}}],
...     "settlement": {"cash_percent": "30", "notice": "qualified"},
... })
>>> allocation = allocate(plan)
>>> [step.amount for step in allocation.appropriations]  # Spain, Ley 27/1999 art. 58: at least, so rounded up
[2000001, 500001, 2000000, 1500000]
>>> allocation.as_dict()["pools"]
[{'name': 'purchases', 'amount': 7999999, 'members': {'17': 7874313, '18': 125686}}]
>>> allocation.of(18)["cash"], allocation.of(18)["qualified"], allocation.payment_due.isoformat()
(37706, 87980, '2026-09-15')

A plan that cannot be carried out is refused with its place:

>>> parse_plan('{"currency": "EUR", "fiscal_year_end": "2025-12-31", "result": {"patronage": 1.5}}')
Traceback (most recent call last):
    ...
ledger.allocation.errors.PlanRefused: result.patronage: must be an integer of minor units, not 1.5
"""

from ledger.allocation.checking import build_plan, parse_plan
from ledger.allocation.engine import allocate
from ledger.allocation.errors import PlanRefused
from ledger.allocation.explaining import Line
from ledger.allocation.plan import Plan
from ledger.allocation.remainder import largest_remainder
from ledger.allocation.result import Allocation
from ledger.allocation.writing import json_chunks, text_lines

__all__ = [
    "Allocation",
    "Line",
    "Plan",
    "PlanRefused",
    "allocate",
    "build_plan",
    "json_chunks",
    "largest_remainder",
    "parse_plan",
    "text_lines",
]
