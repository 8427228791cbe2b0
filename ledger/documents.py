"""Papers of the books: a member's statement, a certificate over shares, the reports, reminders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from coop.kernel.paper import compiled, language, letterhead
from ledger.selectors.statements import Statement
from ledger.statement_words import Words

COLOURS = {
    "refunds": "#23583d",
    "fund-0": "#211b14",
    "fund-1": "#4a719b",
    "fund-2": "#8a4a80",
    "interest": "#b98524",
    "unallocated": "#8fb79b",
}


def statement_pdf(statement: Statement) -> bytes:
    """One member's statement on one A4, tagged for screen readers."""
    return compiled("statement.typ", [statement_data(statement)], statement.plan.posted_at)


def statements_pdf(statements: Iterable[Statement], batch: int = 100) -> Iterator[bytes]:
    """Many statements for the printer, in files of ``batch`` members, each member on a sheet of their own."""
    waiting: list[Statement] = []
    for statement in statements:
        waiting.append(statement)
        if len(waiting) == batch:
            yield _together(waiting)
            waiting = []
    if waiting:
        yield _together(waiting)


def addressed_pdf(statements: Sequence[tuple[Statement, list[str]]]) -> bytes:
    """Statements for window envelopes in one file: each with the lines of its address."""
    sheets = [{**statement_data(statement), "address": address} for statement, address in statements]
    return compiled("statement.typ", sheets, statements[0][0].plan.posted_at)


def _together(statements: list[Statement]) -> bytes:
    return compiled("statement.typ", [statement_data(each) for each in statements], statements[0].plan.posted_at)


def certificate_pdf(data: dict[str, Any], at: datetime | None) -> bytes:
    """A certificate over shares on one A4; ``data`` is ``selectors.certificates.words``."""
    return compiled("certificate.typ", [data], at)


def report_pdf(data: dict[str, Any], at: datetime | None) -> bytes:
    """A report on the books on A4; ``data`` is one of ``report_words``."""
    return compiled("report.typ", [data], at)


def reminders_pdf(sheets: list[dict[str, Any]], at: datetime | None) -> bytes:
    """Reminders to pay, a sheet a member; each is ``reminder_words.reminder``."""
    return compiled("reminder.typ", sheets, at)


def statement_data(statement: Statement) -> dict[str, Any]:
    """Everything the sheet says, in words."""
    words, report, said = Words(statement), statement.report, Words(statement).said
    return {
        "lang": language(),
        "title": f"{words.title} · {statement.coop.name} · {statement.name}",
        "coop": letterhead(statement.coop),
        "address": [],
        "void": _("Void") if statement.is_void else "",
        "over": words.over,
        "headline": words.headline,
        "lead": words.lead,
        "why_heading": _("Why this figure"),
        "pools": [
            {
                "sentence": words.why(pool),
                "spoken": words.spoken(pool),
                "basis": pool.basis,
                "basis_label": words.mine_label(pool),
                "total": pool.total,
                "total_label": words.all_label(pool),
                "pool": said(pool.why.part.pool),
                "pool_label": _("shared out among members"),
                "share": said(pool.why.part.share),
                "share_label": _("your refund"),
            }
            for pool in statement.pools
        ],
        "paid": {
            "heading": _("What you get, and when"),
            "head": [_("Item"), _("When"), _("Amount")],
            "rows": [[row.name, row.note, said(row.amount)] for row in words.paid],
            "sum": [_("In all"), said(report.paid_now)],
        },
        "also": list(words.also),
        "owned": {
            "heading": _("What you own in the co-op"),
            "head": [_("Item"), _("Before"), _("This year"), _("Now")],
            "rows": [
                [name, said(before), _signed(said, change), said(now)] for name, before, change, now in words.owned
            ],
            "sum": [
                _("In all"),
                said(report.owned_total.before),
                _signed(said, report.owned_total.change),
                said(report.owned_total.now),
            ],
        },
        "whole": {
            "heading": _("Where the whole surplus went"),
            "alt": ", ".join(f"{part.name} {said(part.amount)}" for part in report.whole),
            "parts": [
                {"name": part.name, "amount": said(part.amount), "tenths": part.tenths, "colour": COLOURS[part.kind]}
                for part in report.whole
            ],
        },
        "closing": words.closing,
        "hash": f"{statement.plan.hash[:4]} {statement.plan.hash[4:8]}",
    }


def _signed(said, amount: int) -> str:
    return f"+{said(amount)}" if amount > 0 else said(amount)
