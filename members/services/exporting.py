"""The register leaves the house: which pack, who asked, on what basis, and how many rows are written down first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, rules
from coop.kernel.errors import Refused
from coop.kernel.money import decimal_text
from members.exchange.packs import PACKS, Holding, write
from members.models import AccessLog
from members.selectors.days import end_of
from members.selectors.register import register

from .access import looked_at


@dataclass(frozen=True)
class Export:
    """A file ready to be handed over. ``content`` is UTF-8 with its mark, so that spreadsheets read the accents."""

    name: str
    content: bytes
    rows: int


@transaction.atomic
def export_register(
    *,
    actor,
    pack: str,
    as_at: date,
    known: date | None = None,
    asked_by: str,
    basis: str,
    holdings: Mapping[int, Holding],
) -> Export:
    """The register as one of the statutory packs, as at a day and as known at the end of another (today).

    ``asked_by`` and ``basis`` say for whom and why; both are required and kept for ever. ``holdings`` come from the
    ledger, by membership id, as at the same days.
    """
    rules.require(actor, "members.export_register")
    chosen = PACKS.get(pack)
    if chosen is None:
        raise Refused("pack_unknown", _("There is no such list."), "pack")
    if not asked_by.strip():
        raise Refused("asked_by_missing", _("Say who asked for the list."), "asked_by")
    if not basis.strip():
        raise Refused("basis_missing", _("Say on what basis, for example a member's right to inspect."), "basis")
    known = known or clock.today(actor.coop)
    lines = register(actor.coop, as_at, end_of(known, actor.coop), former=chosen.former)
    text, rows = write(chosen, lines, holdings, lambda amount: decimal_text(amount, actor.coop.currency))
    looked_at(
        actor=actor,
        what=AccessLog.What.EXPORT,
        subject=f"{chosen.key} as at {as_at.isoformat()}",
        basis=f"{asked_by.strip()}: {basis.strip()}"[:200],
        rows=rows,
    )
    audit.record(
        actor=actor,
        kind="members.register_exported",
        subject=f"pack:{chosen.key}",
        as_at=as_at.isoformat(),
        known=known.isoformat(),
        asked_by=asked_by.strip(),
        basis=basis.strip(),
        rows=rows,
        holdings=chosen.shows_holdings,
    )
    return Export(f"{actor.coop.slug}-{chosen.key}-{as_at.isoformat()}.csv", text.encode("utf-8-sig"), rows)
