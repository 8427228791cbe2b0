"""Patronage through the API: a batch is known by its key and recorded as a whole; the same again changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from hashlib import sha256
from typing import Any

import rfc8785
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from coop.kernel import rules
from coop.kernel.errors import Refused
from ledger.exchange import patronage_csv
from ledger.models import PatronageImport
from ledger.selectors import patronage as selectors
from ledger.services import patronage_rows as services
from ledger.units import Measure

MOST_ROWS = 10_000


@transaction.atomic
def record_batch(
    *, actor, key: str, year: int, pool: str, unit: str, rows: Sequence[Mapping[str, Any]]
) -> PatronageImport:
    """Record ``rows`` of ``{"member": 17, "quantity": "2318.40", "pool": …}``; all of them or nothing.

    ``key`` names the batch in its co-op: with the same content it returns what is recorded already, with other content
    it is refused (409). A row without a member is business with people who are not members. Refused with the first
    row's sentence: an unknown or repeated member, an amount that is negative or no amount.
    """
    rules.require(actor, "ledger.keep_books")
    key, pool = key.strip(), services.named_pool(pool)
    if not key or len(key) > 100:
        raise Refused("no_key", _("A batch needs a key of up to 100 letters."), "key")
    if not 0 < len(rows) <= MOST_ROWS:
        raise Refused("rows", _("A batch has between 1 and %(most)s rows.") % {"most": MOST_ROWS}, "rows")
    digest = sha256(rfc8785.dumps({"year": year, "pool": pool, "unit": unit, "rows": _plain(rows)})).hexdigest()
    found = services.open_year(coop=actor.coop, year=year)
    known = PatronageImport.objects.filter(coop=actor.coop, key=key).first()
    if known is not None:
        return _again(known, digest)
    services.figures_may_change(found)
    sheet = _read(actor, pool, Measure(unit, actor.coop.currency), rows, digest)
    if sheet.problem_count:
        raise Refused("rows", sheet.problems[0].sentence, "rows")
    services.same_units(found, sheet, unit, None)
    batch = PatronageImport(
        coop=actor.coop,
        year=found,
        source=PatronageImport.Source.API,
        key=key,
        pool=pool,
        unit=unit,
        digest=digest,
        checked_by=actor.user,
        **services.counts(sheet.rows),
    )
    try:
        with transaction.atomic():
            batch.save(force_insert=True)
            services.load(actor, batch, sheet.rows)
    except IntegrityError as twice:
        raise Refused("twice", _("The very same rows are recorded for this year under another key."), "rows") from twice
    return batch


def _plain(rows: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    return [[str(row.get("member")), str(row.get("quantity")), str(row.get("pool") or "")] for row in rows]


def _again(known: PatronageImport, digest: str) -> PatronageImport:
    if known.digest != digest:
        raise Refused("key_used", _("This key was used for another batch; nothing was recorded."), "key", status=409)
    return known


def _read(actor, pool: str, measure: Measure, rows, digest: str) -> patronage_csv.Sheet:
    """The rows as a sheet, so that one set of rules and sentences judges both ways in."""
    sheet = patronage_csv.from_rows(
        [(row.get("member"), str(row.get("quantity")), row.get("pool") or "") for row in rows],
        digest=digest,
        measure=measure,
        pool=pool,
    )
    patronage_csv.unknown_members(sheet, partial(selectors.strangers, actor.coop))
    return sheet
