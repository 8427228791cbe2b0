"""The journal for other programs: hledger, ledger, beancount and CSV. Writers only: rows in, lines of text out.

Every file ends with what each account must hold, so that the program that reads it finds a changed amount by itself,
even one changed on both sides. Amounts are exact decimals of the account's currency; names are cleaned of what would
mean something to the reader (two blanks, semicolons, line ends).
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby

from coop.kernel.money import decimal_text, exponent

ROOTS = {"asset": "Assets", "liability": "Liabilities", "equity": "Equity", "income": "Income", "expense": "Expenses"}
TYPES = {"asset": "A", "liability": "L", "equity": "E", "income": "R", "expense": "X"}  # hledger's account types


@dataclass(frozen=True, slots=True)
class ExportAccount:
    """An account: its own code and name, and the code and name of the general account above it, if any."""

    code: str
    name: str
    kind: str
    currency: str
    parent_code: str = ""
    parent_name: str = ""


@dataclass(frozen=True, slots=True)
class ExportLine:
    """One line with its entry's head. Lines of an entry follow each other."""

    entry: int
    on: date
    kind: str
    memo: str
    recorded_at: datetime
    reverses: int | None
    n: int
    account: ExportAccount
    amount: int
    line_memo: str


@dataclass(slots=True)
class Export:
    """What is written: the co-op's name, its accounts with lines, and the lines by date, entry and number."""

    title: str
    currency: str
    accounts: list[ExportAccount]
    lines: Iterable[ExportLine]
    sums: dict[str, int] = field(default_factory=dict)  # by account code, filled while the lines go by
    first: date | None = None
    last: date | None = None

    def entries(self) -> Iterator[list[ExportLine]]:
        """The lines entry by entry, adding them up on the way."""
        for _entry, group in groupby(self.lines, key=lambda line: line.entry):
            found = list(group)
            self.first = self.first or found[0].on
            self.last = found[0].on
            for line in found:
                self.sums[line.account.code] = self.sums.get(line.account.code, 0) + line.amount
            yield found

    def held(self) -> Iterator[tuple[ExportAccount, int]]:
        """Every account that had lines, with the sum of them. After ``entries``."""
        return ((account, self.sums[account.code]) for account in self.accounts if account.code in self.sums)


def plain(text: str) -> str:
    """One line without anything that begins a comment: ``;`` becomes a comma, any run of blanks one blank."""
    cleaned = "".join(" " if unicodedata.category(char) in ("Cc", "Zl", "Zp") else char for char in text)
    return " ".join(cleaned.replace(";", ",").split())


# --- hledger and ledger: the same journal format ----------------------------------------------------------------------


def plain_text_name(account: ExportAccount) -> str:
    """``Equity:3000 Members’ share capital:3000-000187 …``: segments by colon, single blanks inside."""

    def segment(code: str, name: str) -> str:
        return plain(f"{code} {name}".replace(":", "-")).strip("()[]*! ") or code

    above = [segment(account.parent_code, account.parent_name)] if account.parent_code else []
    return ":".join([ROOTS[account.kind], *above, segment(account.code, account.name)])


def _amount(amount: int, currency: str) -> str:
    return f"{decimal_text(amount, currency)} {currency}"


def hledger(export: Export) -> Iterator[str]:
    """hledger's journal: commodities and accounts declared, so ``hledger check -s`` is strict."""
    yield f"; {plain(export.title)}: the journal, written for hledger\n\n"
    for currency in sorted({account.currency for account in export.accounts}):
        places = exponent(currency)
        yield f"commodity 1000.{'0' * places} {currency}\n"
    yield "\n"
    for account in export.accounts:
        yield f"account {plain_text_name(account)}  ; type: {TYPES[account.kind]}\n"
    yield from _plain_text_entries(export)


def ledger(export: Export) -> Iterator[str]:
    """ledger's journal: commodities and accounts declared, so ``ledger --pedantic`` is strict."""
    yield f"; {plain(export.title)}: the journal, written for ledger\n\n"
    for currency in sorted({account.currency for account in export.accounts}):
        yield f"commodity {currency}\n    format {_amount(10 ** exponent(currency) * 1000, currency)}\n"
    yield "\n"
    for account in export.accounts:
        yield f"account {plain_text_name(account)}\n"
    for tag in ("kind", "recorded", "reverses"):
        yield f"tag {tag}\n"
    yield from _plain_text_entries(export)


def _plain_text_entries(export: Export) -> Iterator[str]:
    for lines in export.entries():
        head = lines[0]
        yield f"\n{head.on.isoformat()} ({head.entry}) {plain(head.memo) or plain(head.kind)}\n"
        yield f"    ; kind: {plain(head.kind)}\n    ; recorded: {head.recorded_at.isoformat(timespec='seconds')}\n"
        if head.reverses:
            yield f"    ; reverses: {head.reverses}\n"
        for line in lines:
            note = f"  ; {plain(line.line_memo).replace(':', '-')}" if plain(line.line_memo) else ""
            yield f"    {plain_text_name(line.account)}  {_amount(line.amount, line.account.currency)}{note}\n"
    if export.last:
        yield f"\n{export.last.isoformat()} What every account holds\n"
        for account, held in export.held():
            nought, balance = _amount(0, account.currency), _amount(held, account.currency)
            yield f"    {plain_text_name(account)}  {nought} = {balance}\n"


# --- beancount --------------------------------------------------------------------------------------------------------


def beancount_name(account: ExportAccount) -> str:
    """``Equity:3000-Members-share-capital:3000-000187``: ASCII letters, digits, hyphens; a capital or digit first."""

    def segment(text: str) -> str:
        folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
        slug = re.sub(r"[^A-Za-z0-9]+", "-", folded).strip("-") or "X"
        return slug if slug[0].isdigit() or slug[0].isupper() else slug.capitalize()

    above = [segment(f"{account.parent_code} {account.parent_name}")] if account.parent_code else []
    own = account.code if account.parent_code else f"{account.code} {account.name}"
    return ":".join([ROOTS[account.kind], *above, segment(own)])


def _string(text: str) -> str:
    return '"' + plain(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def beancount(export: Export) -> Iterator[str]:
    """beancount's journal, with no tolerance: a sum that is off by the smallest unit is an error."""
    yield f"; {plain(export.title)}: the journal, written for beancount\n"
    yield f'option "title" {_string(export.title)}\noption "operating_currency" "{export.currency}"\n'
    yield 'option "tolerance_multiplier" "0"\n'
    entries = export.entries()
    first = next(entries, None)
    if first is None:
        return
    for account in export.accounts:
        yield f"{export.first} open {beancount_name(account)} {account.currency}\n"
    yield from _beancount_entry(first)
    for lines in entries:
        yield from _beancount_entry(lines)
    yield "\n"
    assert export.last is not None  # noqa: S101 - there was an entry
    for account, held in export.held():
        after = export.last + timedelta(days=1)
        tolerance = decimal_text(0, account.currency)
        amount = decimal_text(held, account.currency)
        yield f"{after} balance {beancount_name(account)}  {amount} ~ {tolerance} {account.currency}\n"


def _beancount_entry(lines: list[ExportLine]) -> Iterator[str]:
    head = lines[0]
    yield f"\n{head.on} * {_string(head.memo or head.kind)}\n  entry: {head.entry}\n  kind: {_string(head.kind)}\n"
    if head.reverses:
        yield f"  reverses: {head.reverses}\n"
    for line in lines:
        yield f"  {beancount_name(line.account)}  {_amount(line.amount, line.account.currency)}\n"
        if plain(line.line_memo):
            yield f"    note: {_string(line.line_memo)}\n"


# --- CSV --------------------------------------------------------------------------------------------------------------

CSV_HEAD = "entry date kind memo line account account_name account_kind currency amount line_memo reverses recorded_at"


def safe(text: str) -> str:
    """A cell no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def as_csv(export: Export) -> Iterator[str]:
    """A row a line; amounts signed, debit positive; text that begins like a formula gets an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")

    def row(cells) -> str:
        out.seek(0)
        out.truncate()
        writer.writerow(cells)
        return out.getvalue()

    yield row(CSV_HEAD.split())
    for lines in export.entries():
        for line in lines:
            yield row(
                [
                    line.entry,
                    line.on.isoformat(),
                    safe(line.kind),
                    safe(line.memo),
                    line.n,
                    safe(line.account.code),
                    safe(line.account.name),
                    line.account.kind,
                    line.account.currency,
                    decimal_text(line.amount, line.account.currency),
                    safe(line.line_memo),
                    line.reverses or "",
                    line.recorded_at.isoformat(),
                ]
            )


FORMATS: dict[str, Callable[[Export], Iterator[str]]] = {
    "hledger": hledger,
    "ledger": ledger,
    "beancount": beancount,
    "csv": as_csv,
}
ENDINGS = {"hledger": "journal", "ledger": "ledger", "beancount": "beancount", "csv": "csv"}
