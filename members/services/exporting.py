"""The register leaves the house: which pack, who asked, on what basis, and how many rows are written down first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from coop.kernel import audit, clock, rules
from coop.kernel.errors import Refused
from coop.kernel.money import decimal_text
from members.documents import MOST_ROWS, register_pdf
from members.exchange.packs import PACKS, Holding, Pack, csv_text, table
from members.models import AccessLog
from members.selectors.days import end_of
from members.selectors.officers import officers
from members.selectors.register import register

from .access import looked_at
from .days import refuse_reading


@dataclass(frozen=True)
class Export:
    """A file ready to be handed over. CSV is UTF-8 with its mark, so that spreadsheets read the accents."""

    name: str
    content: bytes
    rows: int
    content_type: str = "text/csv; charset=utf-8"


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
    form: str = "csv",
) -> Export:
    """The register as one of the statutory packs, CSV or (``form="pdf"``) a paper, as at a day and as known at the end
    of another (today).

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
    refuse_reading(actor.coop, as_at, known)
    lines: Iterable[Any]
    if chosen.of_officers:
        with override("en-gb"):  # the names of offices, as the list's headings
            lines = officers(actor.coop, as_at)
    else:
        lines = register(actor.coop, as_at, end_of(known, actor.coop), former=chosen.former)
    if form not in ("csv", "pdf"):
        raise Refused("form_unknown", _("A list is a CSV file or a PDF."), "form")
    cells = table(chosen, lines, holdings, lambda amount: decimal_text(amount, actor.coop.currency))
    rows = len(cells) - 1
    if form == "pdf" and rows > MOST_ROWS:
        raise Refused("too_long", _("With more than %s members take the CSV file.") % MOST_ROWS, "form")
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
    name = f"{actor.coop.slug}-{chosen.key}-{as_at.isoformat()}.{form}"
    if form == "pdf":
        return Export(name, _paper(actor.coop, chosen, cells, as_at, known, asked_by), rows, "application/pdf")
    return Export(name, csv_text(cells).encode("utf-8-sig"), rows)


def _paper(coop, pack: Pack, cells: list[list[str]], as_at: date, known: date, asked_by: str) -> bytes:
    """The list on paper, in the pack's own language, with its citation and for whom it was made."""
    german = pack.key.startswith("de-")
    with override("de" if german else "en-gb"):
        words = ("Stand {}, wie bekannt am {}", "Mitglieder: {}. {}", "Erstellt für {}")
        day = "j. F Y" if german else "j F Y"
        words = words if german else ("As at {}, as known on {}", "Members: {}. {}", "Made for {}")
        return register_pdf(
            coop=coop,
            title=pack.title,
            over=words[0].format(date_format(as_at, day), date_format(known, day)),
            lead=(words[1] if not pack.of_officers else "Offices held: {}. {}").format(len(cells) - 1, pack.citation),
            foot=" · ".join((words[2].format(asked_by.strip()), coop.name, pack.citation)),
            lang="de" if german else "en",
            table=cells,
            at=end_of(known, coop),
        )
