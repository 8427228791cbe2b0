"""What waits from the bank, whose payment a line is by its reference, and what only looks like somebody's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ledger import references
from ledger.models import BankAccount, BankLine, BankStatement, Entry, Posting
from members.models import Membership
from members.selectors import memberships_by_number

_NUMBER = re.compile(r"(?:member|mitglied|membre|socio)\D{0,12}?0*(\d{1,8})(?!\d)", re.I)


@dataclass(frozen=True, slots=True)
class Match:
    """Whose payment a line is. ``certain`` only by one valid reference; a hint waits for a person."""

    membership: Membership
    certain: bool
    because: str | Promise


def bank_accounts(coop) -> QuerySet[BankAccount]:
    """The co-op's accounts at banks, the one members pay into first."""
    return BankAccount.objects.filter(coop=coop).select_related("account")


def paying_in(coop) -> BankAccount | None:
    """The account members pay into, if the co-op said so."""
    return BankAccount.objects.filter(coop=coop, is_default=True).first()


def waiting(coop) -> QuerySet[BankLine]:
    """Every line that is neither in the books nor set aside, oldest first."""
    return BankLine.objects.filter(coop=coop, state=BankLine.State.OPEN).select_related("bank_account", "statement")


def waiting_count(coop) -> int:
    """How many lines wait."""
    return BankLine.objects.filter(coop=coop, state=BankLine.State.OPEN).count()


def lines_of(coop, *, state: str = "", statement: BankStatement | None = None) -> QuerySet[BankLine]:
    """Lines of the bank, oldest first, of one state or one statement."""
    found = BankLine.objects.filter(coop=coop).select_related("bank_account", "entry", "membership__party")
    if state:
        found = found.filter(state=state)
    return found.filter(statement=statement) if statement else found


def statements(coop) -> QuerySet[BankStatement]:
    """What was brought in, newest first, with how many of its lines wait."""
    open_ = Count("lines", filter=Q(lines__state=BankLine.State.OPEN))
    found = BankStatement.objects.filter(coop=coop).select_related("bank_account", "actor")
    return found.annotate(waiting=open_).order_by("-id")


def matches(coop, lines: Sequence[BankLine]) -> dict[int, Match]:
    """Whose payment each of these lines is, by line id: by the reference in it, else by what it looks like.

    Only money in is looked at. A reference is certain when exactly one valid one stands in the line and its member has
    not left. Two queries, however many lines.
    """
    money_in = [line for line in lines if line.amount > 0]
    named = {line.pk: references.members_named(f"{line.text} | {line.end_to_end}") for line in money_in}
    hinted = {line.pk: _hint(line) for line in money_in}
    numbers = {number for found in named.values() for number in found} | {n for n in hinted.values() if n}
    members = memberships_by_number(coop, numbers)
    by_iban = _by_iban(coop, {line.iban for line in money_in if line.iban})
    found: dict[int, Match] = {}
    for line in money_in:
        match = _match(members, named[line.pk], hinted[line.pk], by_iban.get(line.iban))
        if match is not None:
            found[line.pk] = match
    return found


def _match(members, named: set[int], hint: int | None, known: Membership | None) -> Match | None:
    sure = [members[number] for number in named if number in members and members[number].state != "ended"]
    if len(named) == 1 and len(sure) == 1:
        return Match(sure[0], True, _("by the payment reference"))
    if len(named) > 1:
        return None  # two members at once: a person has to look
    if hint in members:
        return Match(members[hint], False, _("the text names this member number"))
    if known is not None:
        return Match(known, False, _("an earlier payment came from the same account"))
    return None


def _hint(line: BankLine) -> int | None:
    found = {int(number) for number in _NUMBER.findall(line.text)}
    return found.pop() if len(found) == 1 else None


def _by_iban(coop, ibans: set[str]) -> dict[str, Membership]:
    """Whose earlier payments came from these accounts; one that paid for several members tells nothing."""
    lines = BankLine.objects.filter(coop=coop, state=BankLine.State.ENTERED, iban__in=ibans, membership__isnull=False)
    found: dict[str, set[Membership]] = {}
    for line in lines.select_related("membership__party") if ibans else ():
        if line.membership is not None:
            found.setdefault(line.iban, set()).add(line.membership)
    return {iban: next(iter(who)) for iban, who in found.items() if len(who) == 1}


def entries_like(line: BankLine) -> list[Entry]:
    """Entries in the books that move just this amount on this account and belong to no line yet: ten at most."""
    moved = (
        Posting.objects.filter(coop_id=line.coop_id, account_id=line.bank_account.account_id)
        .values("entry_id")
        .annotate(total=Sum("amount"))
        .filter(total=line.amount)
        .values("entry_id")
    )
    found = Entry.objects.filter(pk__in=moved, bank_line=None, reversed_by=None, reverses=None)
    return sorted(found.order_by("-posted_on")[:200], key=lambda each: abs((each.posted_on - line.booked_on).days))[:10]


@dataclass(frozen=True, slots=True)
class Standing:
    """What the bank's last statement says, and what the books say at the end of that day. Minor units."""

    bank_account: BankAccount
    statement: BankStatement
    bank: int
    books: int
    waiting: int

    @property
    def explained(self) -> bool:
        """The lines that wait are all the difference there is."""
        return self.bank - self.books == self.waiting


def standings(coop) -> list[Standing]:
    """Every bank account whose last statement has a closing balance, beside the books. Three queries an account."""
    found = []
    for each in bank_accounts(coop):
        last = (
            BankStatement.objects.filter(bank_account=each, closing__isnull=False, ends__isnull=False)
            .order_by("-ends", "-id")
            .first()
        )
        if last is None:
            continue
        lines = Posting.objects.filter(account_id=each.account_id, posted_on__lte=last.ends)
        rest = BankLine.objects.filter(bank_account=each, state=BankLine.State.OPEN, booked_on__lte=last.ends)
        found.append(
            Standing(
                each,
                last,
                last.closing or 0,
                lines.aggregate(total=Sum("amount"))["total"] or 0,
                rest.aggregate(total=Sum("amount"))["total"] or 0,
            )
        )
    return found
