"""What the accountant hands back: a trial balance or bookings as CSV, looked at first, posted as one entry by hand.

Two ways to read the file. *Balances*: each account's balance at the end of the day; what is posted is the difference to
ours, so that our books end where the accountant's do. *Bookings*: the amounts are posted as they stand. Either way the
file must add up to nothing, and members' money is compared and never moved. Above the board's limit the entry waits for
a second person, as every entry by hand does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coop.kernel import money, rules
from coop.kernel.errors import Refused
from ledger.exchange.opening_csv import Sheet, TrialRow, read_trial
from ledger.models import Account, Entry, EntryDraft, Period
from ledger.selectors.balances import ChartLine, chart
from ledger.selectors.manual import takes_two
from ledger.services.accounts import OF_MEMBERS
from ledger.services.entries import draft_entry, post_manual_entry
from ledger.services.posting import Line

BALANCES, BOOKINGS = "balances", "bookings"


@dataclass(frozen=True, slots=True)
class Compared:
    """One account: what our books hold, what the file says, what is posted. Signed minor units, debit positive."""

    code: str
    name: str
    ours: int
    said: int
    change: int


@dataclass
class HandOver:
    """A file compared with the books; with problems, nothing of it may be posted."""

    digest: str
    on: date
    how: str
    rows: list[Compared] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    result: int = 0  # income less expense of the year, as it is once this is posted

    @property
    def changes(self) -> list[Compared]:
        return [row for row in self.rows if row.change]

    @property
    def moved(self) -> int:
        return sum(row.change for row in self.rows if row.change > 0)


def compare(*, actor, on: date, how: str, data: bytes, file_name: str) -> HandOver:
    """Hold the accountant's file against the books as at ``on``; nothing is written.

    Raises :class:`Refused` for what is no such file; everything else that is wrong stands in ``problems``.
    """
    rules.require(actor, "ledger.keep_books")
    if how not in (BALANCES, BOOKINGS):
        raise Refused("how", _("Say whether the file holds balances or bookings."), "how")
    coop = actor.coop
    sheet = read_trial(data, file_name, coop.currency)
    ours = {line.code: line for line in chart(coop, on)}
    found = HandOver(sheet.digest, on, how, problems=list(sheet.problems))
    _check_years(coop, on, found)
    seen: set[str] = set()
    for row in sheet.rows:
        line = ours.get(row.code)
        sentence = _problem(coop, row, line, seen, how)
        seen.add(row.code)
        if sentence:
            found.problems.append(_("Line %(line)s: %(why)s") % {"line": row.line, "why": sentence})
        elif line is not None:
            change = row.amount - line.amount if how == BALANCES else row.amount
            found.rows.append(Compared(line.code, line.name, line.amount, row.amount, change))
    _check_sum(coop, sheet, found)
    if how == BALANCES:
        _check_complete(coop, found, [line for line in ours.values() if line.code not in seen])
    changes = {row.code: row.change for row in found.rows}
    found.result = -sum(
        line.amount + changes.get(line.code, 0)
        for line in ours.values()
        if line.kind in ("income", "expense") and line.currency == coop.currency
    )
    return found


@transaction.atomic
def take_over(*, actor, on: date, how: str, data: bytes, file_name: str) -> Entry | EntryDraft:
    """Post what :func:`compare` showed as one entry dated ``on``, or write its draft above the board's limit.

    Refuses a file with any problem, one that changes nothing, and a closed period. The same file again is its entry.
    """
    found = compare(actor=actor, on=on, how=how, data=data, file_name=file_name)
    key = f"handover:{how}:{on.isoformat()}:{found.digest}"
    there = Entry.objects.filter(coop=actor.coop, key=key).first()
    if there is not None:
        return there
    drafted = EntryDraft.objects.filter(coop=actor.coop, key=key).first()
    if drafted is not None:
        return drafted
    if found.problems:
        raise Refused("problems", found.problems[0], "file")
    if not found.changes:
        raise Refused("nothing", _("The books say already what the file says; nothing was posted."), "file")
    codes = {row.code: row.change for row in found.changes}
    accounts = Account.objects.filter(coop=actor.coop, membership=None, code__in=codes).order_by("code")
    lines = [Line(each, codes[each.code]) for each in accounts]
    write = draft_entry if takes_two(actor.coop, lines) else post_manual_entry
    memo = _("From the accountant: %(file)s") % {"file": file_name[:200]}
    return write(actor=actor, on=on, memo=memo, lines=lines, key=key)


def _check_years(coop, on: date, found: HandOver) -> None:
    """Income and expense of a year begin at nothing only once the year before is closed."""
    earlier = Period.objects.filter(coop=coop, ends__lt=on, closed_at=None).order_by("starts").first()
    if earlier is not None and not earlier.starts <= on <= earlier.ends:
        sentence = _("Close %(period)s first; else its income and expense are counted into this year.")
        found.problems.append(sentence % {"period": earlier.name})


def _problem(coop, row: TrialRow, line: ChartLine | None, seen: set[str], how: str) -> str:
    if line is None:
        return _("there is no account %(code)s; add it to the chart first.") % {"code": row.code}
    if row.code in seen:
        return _("account %(code)s stands there twice.") % {"code": row.code}
    if line.currency != coop.currency:
        return _("account %(code)s is kept in %(currency)s.") % {"code": row.code, "currency": line.currency}
    change = row.amount - line.amount if how == BALANCES else row.amount
    if change and line.purpose in OF_MEMBERS:
        return _("%(name)s is members’ money: %(said)s in the file, %(ours)s here. It moves by its own acts only.") % {
            "name": line.name,
            "said": money.format_minor(row.amount, coop.currency),
            "ours": money.format_minor(line.amount, coop.currency),
        }
    if change and not line.is_open:
        return _("account %(code)s takes no postings.") % {"code": row.code}
    return ""


def _check_sum(coop, sheet: Sheet, found: HandOver) -> None:
    off = sum(row.amount for row in sheet.rows)
    if off:
        found.problems.append(
            _("The file does not add up: debits and credits differ by %(amount)s.")
            % {"amount": money.format_minor(off, coop.currency)}
        )


def _check_complete(coop, found: HandOver, left_out: list[ChartLine]) -> None:
    """Balances say how the books end, so every account that holds something here must be in the file."""
    for line in left_out:
        if line.amount and line.currency == coop.currency:
            found.problems.append(
                _("Account %(code)s %(name)s holds %(amount)s on %(day)s and is not in the file.")
                % {
                    "code": line.code,
                    "name": line.name,
                    "amount": money.format_minor(line.amount, coop.currency),
                    "day": date_format(found.on),
                }
            )
