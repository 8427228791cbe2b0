"""Reports on the books in words and formatted figures: what ``documents.report_pdf`` lays out on paper.

Every function returns the same shape: title, over, heading, lead, heads (name, num, wide), groups of rows with their
sum, lines that follow, and a foot. Amounts come in as minor units and are said as a person reads them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coop.kernel import clock, money
from coop.kernel.paper import language, letterhead
from ledger.reports import BalanceSheet, IncomeStatement, MembersEquity, Section, TrialBalance
from ledger.selectors.equity_report import IN, OUT
from ledger.selectors.journal import AccountStatement

Sheet = dict[str, Any]


def day(on: date) -> str:
    return date_format(on, "j F Y")


def head(name: str, *, num: bool = False, wide: bool = False) -> dict[str, Any]:
    return {"name": name, "num": num, "wide": wide}


def group(heading: str, rows: Sequence[Sequence[str]], total: Sequence[str]) -> dict[str, Any]:
    return {"heading": heading, "rows": [list(row) for row in rows], "sum": list(total)}


def _sheet(coop, *, over: str, heading: str, lead: str, heads: list, groups: list, after: Iterable[str] = ()) -> Sheet:
    now = date_format(clock.today(coop), "j F Y")
    return {
        "lang": language(),
        "title": f"{over} · {coop.name}",
        "coop": letterhead(coop),
        "over": over,
        "heading": heading,
        "lead": lead,
        "heads": heads,
        "groups": groups,
        "after": list(after),
        "foot": _("%(coop)s · made on %(day)s from the books") % {"coop": coop.name, "day": now},
    }


def trial(coop, on: date, found: Sequence[TrialBalance]) -> Sheet:
    """The trial balance, a table a currency; accounts at nothing are left out."""
    groups = []
    for each in found:
        said = _sayer(each.currency)
        rows = [
            [line.code, line.name, said(line.debit) if line.debit else "", said(line.credit) if line.credit else ""]
            for line in each.lines
            if line.debit or line.credit
        ]
        total = ["", _("In all"), said(each.debit), said(each.credit)]
        groups.append(group(each.currency if len(found) > 1 else "", rows, total))
    equal = not any(each.difference for each in found)
    return _sheet(
        coop,
        over=_("Trial balance · %(day)s") % {"day": day(on)},
        heading=_("Debits and credits are equal") if equal else _("Debits and credits differ"),
        lead=_("Every account’s balance at the end of the day, as a debit or a credit."),
        heads=[head(_("Account")), head(_("Name"), wide=True), head(_("Debit"), num=True), head(_("Credit"), num=True)],
        groups=groups,
    )


def sheet(coop, on: date, before: date, found: BalanceSheet) -> Sheet:
    """The balance sheet beside the end of the year before."""
    said = _sayer(coop.currency)
    parts = ((_("Assets"), found.assets), (_("Liabilities"), found.liabilities), (_("Equity"), found.equity))
    groups = [_section(label, part, said) for label, part in parts]
    belongs = found.liabilities.total + found.equity.total + found.result
    belonged = found.liabilities.before + found.equity.before + found.result_before
    result = ["", _("Result not yet closed"), said(found.result), said(found.result_before)]
    total = ["", _("Owed, members’ and reserves, result"), said(belongs), said(belonged)]
    groups.append(group(_("In all"), [result], total))
    return _sheet(
        coop,
        over=_("Balance sheet · %(day)s") % {"day": day(on)},
        heading=_("The co-op has %(amount)s") % {"amount": said(found.assets.total)},
        lead=_("It does not add up: %(amount)s is missing.") % {"amount": said(found.difference)}
        if found.difference
        else _("%(equity)s of it belongs to members and reserves, %(owed)s is owed.")
        % {"equity": said(found.equity.total), "owed": said(found.liabilities.total)},
        heads=_beside(day(on), day(before)),
        groups=groups,
    )


def income(coop, since: date, on: date, found: IncomeStatement) -> Sheet:
    """The income statement of the year so far beside the same days of the year before."""
    said = _sayer(coop.currency)
    groups = [_section(_("Income"), found.income, said), _section(_("Expense"), found.expense, said)]
    groups.append(group(_("Result"), [], ["", _("Result"), said(found.result), said(found.before)]))
    words = _("The year so far: %(amount)s") if found.result < 0 else _("A surplus of %(amount)s")
    return _sheet(
        coop,
        over=_("Income statement · %(since)s to %(day)s") % {"since": day(since), "day": day(on)},
        heading=words % {"amount": said(found.result)},
        lead=_("%(income)s came in, %(expense)s went out.")
        % {"income": said(found.income.total), "expense": said(found.expense.total)},
        heads=_beside(_("This year"), _("Year before")),
        groups=groups,
        after=[_("Entries that only close the books are left out.")],
    )


def equity(coop, since: date, on: date, found: MembersEquity, names: dict[str, str]) -> Sheet:
    """Members' equity by class and year: opening, in, out, closing."""
    said = _sayer(coop.currency)

    def figures(line) -> list[str]:
        changes = [said(line.changes.get(kind, 0)) for kind in (IN, OUT)]
        return [said(line.opening), *changes, said(line.closing)]

    rows = [[names.get(line.part, line.part), *figures(line)] for line in found.lines]
    return _sheet(
        coop,
        over=_("Members’ equity · %(since)s to %(day)s") % {"since": day(since), "day": day(on)},
        heading=_("%(amount)s is members’ own") % {"amount": said(found.total.closing)},
        lead=_("Share capital by class, and refunds kept in members’ names by year."),
        heads=[
            head(_("Part"), wide=True), head(day(since), num=True), head(_("In"), num=True),
            head(_("Out"), num=True), head(day(on), num=True),
        ],
        groups=[group("", rows, [_("In all"), *figures(found.total)])],
    )  # fmt: skip


def account(coop, statement: AccountStatement, since: date | None, until: date) -> Sheet:
    """An account's statement: what it held, every line, what it holds."""
    of = statement.account
    said = _sayer(of.currency)
    rows = [["", _("Balance before"), "", "", said(of.shown(statement.opening))]] if since else []
    rows += [
        [
            date_format(line.on, "j M Y"), line.memo or line.kind, str(line.entry_id), said(of.shown(line.amount)),
            said(of.shown(line.balance)),
        ]
        for line in statement.lines
    ]  # fmt: skip
    return _sheet(
        coop,
        over=_("Account %(code)s · to %(day)s") % {"code": of.code, "day": day(until)},
        heading=f"{of.name}: {said(of.shown(statement.closing))}",
        lead=ngettext("It is made of one line.", "It is made of %(n)s lines.", statement.count)
        % {"n": statement.count},
        heads=[
            head(_("Date")), head(_("What for"), wide=True), head(_("Entry"), num=True),
            head(_("Amount"), num=True), head(_("Balance"), num=True),
        ],
        groups=[group("", rows, ["", _("Balance"), "", "", said(of.shown(statement.closing))])],
    )  # fmt: skip


def member(membership, until: date, accounts: Sequence[tuple[str, str, Sequence[tuple]]]) -> Sheet:
    """A member's statement: for each of their accounts (meaning, currency, lines) every line and the balance.

    A line is (day, words, entry, amount, balance after it), amounts as the member reads them.
    """
    coop, groups, held = membership.coop, [], 0
    for meaning, currency, lines in accounts:
        said = _sayer(currency)
        rows = [
            [date_format(on, "j M Y"), words, str(entry), said(amount), said(balance)]
            for on, words, entry, amount, balance in lines
        ]
        closing = lines[-1][4] if lines else 0
        groups.append(group(meaning, rows, ["", _("Balance"), "", "", said(closing)]))
        held += len(lines)
    return _sheet(
        coop,
        over=_("Member %(number)s · to %(day)s") % {"number": membership.number_text, "day": day(until)},
        heading=_("Statement for %(name)s") % {"name": membership.party.name},
        lead=ngettext("One line on your accounts with the co-op.", "%(n)s lines on your accounts with the co-op.", held)
        % {"n": held},
        heads=[
            head(_("Date")), head(_("What for"), wide=True), head(_("Entry"), num=True),
            head(_("Amount"), num=True), head(_("Balance"), num=True),
        ],
        groups=groups,
        after=[_("If a line is wrong, tell the co-op: nothing is ever changed, but it can be taken back.")],
    )  # fmt: skip


def _section(label: str, part: Section, said) -> dict[str, Any]:
    rows = [[line.code, line.name, said(line.amount), said(line.before)] for line in part.lines if _filled(line)]
    return group(label, rows, ["", _("%(label)s in all") % {"label": label}, said(part.total), said(part.before)])


def _filled(line) -> bool:
    return bool(line.amount or line.before)


def _beside(now: str, before: str) -> list[dict[str, Any]]:
    return [head(_("Account")), head(_("Name"), wide=True), head(now, num=True), head(before, num=True)]


def _sayer(currency: str):
    return lambda amount: money.format_minor(amount, currency)
