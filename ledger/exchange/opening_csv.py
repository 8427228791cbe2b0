"""Where another program's books ended: a trial balance, and what belongs to each member, as CSV.

The trial balance names accounts by code, with debit and credit or one signed balance (debit positive); a code the chart
does not have needs its name and kind. The members' file has a number and, in a column each, share capital paid up,
money paid in advance, refunds kept as capital; and how many shares, where they are not all paid.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from coop.kernel import money
from coop.kernel.csv_table import Unreadable, digest_of, fold, open_table
from coop.kernel.errors import Refused

MOST_ROWS = 100_000
KINDS = ("asset", "liability", "equity", "income", "expense")
TRIAL = {
    "code": frozenset("account code accountcode number konto kontonummer cuenta compte".split()),
    "name": frozenset("name accountname description bezeichnung kontoname nombre intitule".split()),
    "kind": frozenset("kind type accounttype art".split()),
    "debit": frozenset("debit soll debe".split()),
    "credit": frozenset("credit haben haber".split()),
    "balance": frozenset("balance saldo solde amount".split()),
}
MEMBERS = {
    "member": frozenset("member membernumber memberno number mitglied mitgliedsnummer socio membre".split()),
    "shares": frozenset("shares numberofshares anteile participaciones parts".split()),
    "share_capital": frozenset(
        "paid paidup capital sharecapital guthaben geschaftsguthaben einzahlung capitalsocial".split()
    ),
    "member_credit": frozenset("credit advance paidinadvance prepaid vorauszahlung".split()),
    "retained_equity": frozenset("retained retainedpatronage allocated allocatedequity".split()),
}
MONEY = ("share_capital", "member_credit", "retained_equity")


@dataclass(frozen=True, slots=True)
class TrialRow:
    """One account's balance, debit positive, in minor units; name and kind where the file has them."""

    line: int
    code: str
    amount: int
    name: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class MemberRow:
    """What belongs to one member, in minor units by purpose; ``shares`` None where the file does not say."""

    line: int
    member: int
    shares: int | None
    money: dict[str, int]


@dataclass
class Sheet:
    """The rows of a file, its fingerprint, and one sentence for every line that cannot be taken."""

    digest: str
    rows: list = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_trial(data: bytes, file_name: str, currency: str) -> Sheet:
    """A trial balance; raises :class:`Refused` where it is no such table at all."""

    def row(line: int, cell: Callable[[str], str]) -> TrialRow | None:
        code = cell("code")
        if not code:
            raise ValueError(_("the account has no code."))
        amount = sum(
            sign * _amount(cell(name), currency) for name, sign in (("debit", 1), ("credit", -1), ("balance", 1))
        )
        kind = cell("kind").lower()
        if kind and kind not in KINDS:
            raise ValueError(
                _("“%(kind)s” is no kind of account; there are: %(kinds)s.")
                % {"kind": kind[:30], "kinds": ", ".join(KINDS)}
            )
        return TrialRow(line, code[:20], amount, cell("name")[:200], kind)

    return _read(
        data,
        file_name,
        TRIAL,
        row,
        lambda there: "code" in there and ("balance" in there or {"debit", "credit"} <= there),
        _("“%(file)s” needs the columns account and balance, or account, debit and credit; it has %(heading)s."),
    )


def read_members(data: bytes, file_name: str, currency: str) -> Sheet:
    """What belongs to each member; raises :class:`Refused` where it is no such table at all."""

    def row(line: int, cell: Callable[[str], str]) -> MemberRow:
        number, shares = cell("member"), cell("shares")
        if not (number.isascii() and number.isdecimal() and len(number) <= 18):
            raise ValueError(_("“%(text)s” is no member number.") % {"text": number[:40]})
        if shares and not (shares.isascii() and shares.isdecimal() and len(shares) <= 7):
            raise ValueError(_("“%(text)s” is no number of shares.") % {"text": shares[:40]})
        said = {purpose: _amount(cell(purpose), currency) for purpose in MONEY}
        if min(said.values()) < 0:
            raise ValueError(_("nobody holds less than nothing."))
        return MemberRow(line, int(number), int(shares) if shares else None, said)

    return _read(
        data,
        file_name,
        MEMBERS,
        row,
        lambda there: "member" in there and bool(there & {*MONEY, "shares"}),
        _("“%(file)s” needs the columns member and paid; it has %(heading)s."),
    )


def _amount(text: str, currency: str) -> int:
    return money.parse_minor(text, currency) if text and text != "-" else 0


def _read(
    data: bytes, file_name: str, columns: dict, row: Callable, enough: Callable[[set], bool], sentence: str
) -> Sheet:
    table = open_table(data, file_name)
    places: dict[str, int] = {}
    for place, heading in enumerate(table.heading):
        for name, words in columns.items():
            if fold(heading) in words:
                places.setdefault(name, place)
    if not enough(set(places)):
        raise Refused("columns", sentence % {"file": file_name, "heading": ", ".join(table.heading)[:120]}, "file")
    sheet = Sheet(digest_of(data))
    try:
        for line, cells in table.lines:
            _take(sheet, line, cells, places, row)
    except Unreadable as broken:
        sheet.problems.append(_("Line %(line)s: the file breaks off here.") % {"line": broken.line})
    if not sheet.rows and not sheet.problems:
        raise Refused("no_rows", _("“%(file)s” names its columns and holds no line.") % {"file": file_name}, "file")
    return sheet


def _take(sheet: Sheet, line: int, cells: list[str], places: dict[str, int], row: Callable) -> None:
    if len(sheet.rows) >= MOST_ROWS:
        raise Refused("too_many_rows", _("A file holds at most %(n)s lines.") % {"n": MOST_ROWS}, "file")

    def cell(name: str) -> str:
        place = places.get(name)
        return cells[place].strip() if place is not None and place < len(cells) else ""

    try:
        sheet.rows.append(row(line, cell))
    except ValueError as fault:
        sheet.problems.append(_("Line %(line)s: %(fault)s") % {"line": line, "fault": fault})
