"""A year's journal for the accountant: one CSV, a line a posting, with totals at its end; and its reader.

Columns: date, entry, line, account, name, text, debit, credit, currency, document. After the last line stands one row
``total`` for each currency, so that whoever reads the file knows that nothing is missing. Amounts are exact decimals.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping

from coop.kernel.money import decimal_text, parse_minor
from ledger.exchange.journal_export import ExportLine, safe

HEAD = ("date", "entry", "line", "account", "name", "text", "debit", "credit", "currency", "document")
TOTAL = "total"


def write(lines: Iterable[ExportLine], documents: Mapping[int, str]) -> Iterator[str]:
    """The file, line by line. ``documents`` says by entry which papers are kept with it."""
    out = io.StringIO()
    writer = csv.writer(out)
    sums: dict[str, list[int]] = {}

    def row(cells: Iterable[str]) -> str:
        out.seek(0)
        out.truncate()
        writer.writerow(cells)
        return out.getvalue()

    yield row(HEAD)
    for line in lines:
        currency, debit, credit = line.account.currency, max(line.amount, 0), max(-line.amount, 0)
        total = sums.setdefault(currency, [0, 0])
        total[0] += debit
        total[1] += credit
        yield row(
            [
                line.on.isoformat(), str(line.entry), str(line.n), safe(line.account.code), safe(line.account.name),
                safe(line.line_memo or line.memo or line.kind), decimal_text(debit, currency) if debit else "",
                decimal_text(credit, currency) if credit else "", currency, safe(documents.get(line.entry, "")),
            ]
        )  # fmt: skip
    for currency, (debit, credit) in sorted(sums.items()):
        amounts = [decimal_text(debit, currency), decimal_text(credit, currency)]
        yield row([TOTAL, "", "", "", "", "", *amounts, currency, ""])


def read(text: str) -> dict[str, dict[str, int]]:
    """What each account moved, by currency and code: signed minor units.

    Raises ValueError where the file was cut off, an entry does not add up, or its totals are not its lines'.
    """
    rows = list(csv.DictReader(io.StringIO(text)))
    moved: dict[str, dict[str, int]] = {}
    entries: dict[tuple[str, str], int] = {}
    sums: dict[str, list[int]] = {}
    totals: dict[str, list[int]] = {}
    for row in rows:
        currency = row["currency"] or ""
        debit, credit = (parse_minor(row[side], currency) if row[side] else 0 for side in ("debit", "credit"))
        if row["date"] == TOTAL:
            totals[currency] = [debit, credit]
            continue
        total = sums.setdefault(currency, [0, 0])
        total[0] += debit
        total[1] += credit
        of = moved.setdefault(currency, {})
        of[row["account"]] = of.get(row["account"], 0) + debit - credit
        key = (row["entry"], currency)
        entries[key] = entries.get(key, 0) + debit - credit
    if sums != totals:
        raise ValueError(f"the file's lines come to {sums}, its totals say {totals}")
    wrong = [entry for (entry, _currency), off in entries.items() if off]
    if wrong:
        raise ValueError(f"entry {wrong[0]} does not add up")
    return moved
