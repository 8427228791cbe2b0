"""A plan as files others can check: the contract of ``manage.py allocate``, and its lines for a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from ledger.models import SurplusPlan
from ledger.selectors import surplus
from ledger.terms import Figures, engine_plan
from ledger.units import Measure, Unit

RISKY = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would compute what begins so


def plan_json(plan: SurplusPlan) -> Iterator[str]:
    """The plan as ``manage.py allocate`` reads it, with the figures it was worked out on, not today's."""
    said: dict[str, Any] = engine_plan(plan.coop.currency, plan.year.ends_on, plan.terms, _figures(plan))
    said["fiscal_year_end"] = plan.year.ends_on.isoformat()
    encoder = json.JSONEncoder(ensure_ascii=False, indent=1)
    yield from encoder.iterencode(_texts(said))
    yield "\n"


def _figures(plan: SurplusPlan) -> Figures:
    pools = plan.result["pools"]
    names = "number basis holding carried debt".split()
    rows = list(plan.lines.order_by("number").values_list(*names))
    return Figures(
        places={pool["name"]: Measure(pool["unit"], plan.coop.currency).places for pool in pools},
        basis={
            pool["name"]: {number: basis[place] for number, basis, *_rest in rows if basis[place]}
            for place, pool in enumerate(pools)
        },
        holdings={number: holding for number, _basis, holding, *_rest in rows if holding},
        carried={number: carried for number, _basis, _holding, carried, _debt in rows if carried},
        debts={number: debt for number, _basis, _holding, _carried, debt in rows if debt},
    )


def _texts(value: Any) -> Any:
    """Member numbers are keys of JSON objects, so they become strings; everything else stays."""
    if isinstance(value, dict):
        return {str(key): _texts(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_texts(each) for each in value]
    return value


def lines_csv(plan: SurplusPlan) -> Iterator[str]:
    """Every line with the member's name, amounts as plain decimals, and the totals below."""
    money = Measure(Unit.MONEY, plan.coop.currency)
    pools = plan.result["pools"]
    measures = [Measure(pool["unit"], plan.coop.currency) for pool in pools]
    columns = "interest allocated cash qualified nonqualified netted rolled_forward".split()
    yield _row(
        ["member", "name", *(f"basis {pool['name']}" for pool in pools), *(f"share {pool['name']}" for pool in pools)]
        + columns
    )
    for line in surplus.lines(plan).iterator(chunk_size=2000):
        yield _row(
            [
                line.number,
                _safe(line.membership.party.name),
                *(measure.plain(quantity) for measure, quantity in zip(measures, line.basis, strict=True)),
                *(money.plain(share) for share in line.shares),
                *(money.plain(getattr(line, name)) for name in columns),
            ]
        )
    totals = plan.result["totals"]
    yield _row(
        [
            "total",
            "",
            *(measure.plain(pool["basis"]) for measure, pool in zip(measures, pools, strict=True)),
            *(money.plain(pool["amount"]) for pool in pools),
            *(money.plain(totals[name]) for name in columns),
        ]
    )


def _row(cells: list) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(RISKY) else text
