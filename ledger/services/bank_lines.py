"""What the bank said, into the books: each line once, by a payment, an entry, or an entry that is there already.

Nothing is guessed silently. A line is entered by itself only where one valid payment reference names one member; any
other waits in the inbox until the treasurer says what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, money, rules
from coop.kernel.errors import Refused
from ledger.models import Account, BankLine, Entry
from ledger.selectors.bank import matches
from ledger.services.accounts import OF_MEMBERS
from ledger.services.entries import MANUAL
from ledger.services.periods import wait_for_years
from ledger.services.posting import Line, post_entry
from ledger.services.shares import Payment, check_not_future, record_payment, take_holding


@dataclass(frozen=True, slots=True)
class Entered:
    """How many lines were entered, what they come to, and why the others were not, line by line."""

    count: int
    total: int
    left: tuple[tuple[BankLine, str], ...]


@transaction.atomic
def enter_matched(*, actor, lines: Sequence[BankLine] | None = None) -> Entered:
    """Enter every waiting line whose payment reference names a member. What a payment is refused for stays waiting."""
    rules.require(actor, "ledger.keep_books")
    open_ = BankLine.objects.filter(coop=actor.coop, state=BankLine.State.OPEN, amount__gt=0)
    chosen = open_ if lines is None else open_.filter(pk__in=[line.pk for line in lines])
    # All is waited for at once and before the first line is entered, which takes the audit chain's lock.
    held = chosen.select_for_update(no_key=True, of=("self",)).order_by("id")
    waiting = sorted(held.select_related("bank_account__account"), key=lambda line: (line.booked_on, line.pk))
    sure = {pk: match.membership for pk, match in matches(actor.coop, waiting).items() if match.certain}
    take_holding(*sure.values())
    wait_for_years(actor.coop, (line.booked_on for line in waiting if line.pk in sure))
    done, total, left = 0, 0, []
    for line in waiting:
        if line.pk not in sure:
            continue
        member = sure[line.pk]
        try:
            with transaction.atomic():
                enter_payment(actor=actor, line=line, membership=member)
        except Refused as refusal:
            left.append((line, refusal.message))
            continue
        member.refresh_from_db(fields=["state", "active_on", "last_seq"])
        done += 1
        total += line.amount
    return Entered(done, total, tuple(left))


@transaction.atomic
def enter_payment(*, actor, line: BankLine, membership, overpayment: str = "refuse") -> Payment:
    """Enter a waiting line as this member's payment. Refuses what ``record_payment`` refuses, and money out."""
    rules.require(actor, "ledger.keep_books", line)
    if line.amount <= 0:
        raise Refused("money_out", _("This is money that went out, not a payment that came in."))
    line = _take(line)
    payment = record_payment(
        actor=actor,
        membership=membership,
        amount=line.amount,
        on=line.booked_on,
        reference=line.text[:140],
        key=_key(line),
        overpayment=overpayment,
        into=line.bank_account.account,
    )
    _tie(actor, line, payment.entry, membership)
    return payment


@transaction.atomic
def enter_to_account(*, actor, line: BankLine, to: Account, memo: str) -> Entry:
    """Enter a waiting line against an account of the books: charges, sales, rent. Members' money is refused."""
    rules.require(actor, "ledger.keep_books", line)
    memo = " ".join(memo.split())[:300]
    if not memo:
        raise Refused("memo", _("Say what the line is for."), "memo")
    line = _take(line)
    if to.purpose in OF_MEMBERS:
        raise Refused(
            "members_money",
            _("“%(account)s” holds members’ money, which moves by payments, transfers and distributions only.")
            % {"account": to},
            "to",
        )
    if to.pk == line.bank_account.account_id:
        raise Refused("same_account", _("That is the bank account itself; choose the other side."), "to")
    check_not_future(line.coop, line.booked_on)
    lines = [Line(line.bank_account.account, line.amount), Line(to, -line.amount)]
    entry = post_entry(actor=actor, on=line.booked_on, kind=MANUAL, memo=memo, lines=lines, key=_key(line))
    _tie(actor, line, entry)
    return entry


@transaction.atomic
def tie_to_entry(*, actor, line: BankLine, entry: Entry) -> BankLine:
    """Say that a waiting line is in the books already, by this entry, which moves just its amount on its account."""
    rules.require(actor, "ledger.keep_books", line)
    line = _take(line)
    moved = sum(
        entry.lines.filter(coop_id=line.coop_id, account_id=line.bank_account.account_id).values_list(
            "amount", flat=True
        )
    )
    if moved != line.amount:
        raise Refused(
            "other_amount",
            _("Entry %(entry)s moves %(moved)s on this account, and the line says %(amount)s.")
            % {
                "entry": entry.pk,
                "moved": money.format_minor(moved, line.bank_account.currency),
                "amount": money.format_minor(line.amount, line.bank_account.currency),
            },
            "entry",
        )
    if BankLine.objects.filter(entry=entry).exists() or Entry.objects.filter(reverses=entry).exists():
        raise Refused(
            "entry_taken", _("Entry %(entry)s belongs to another line, or was reversed.") % {"entry": entry.pk}, "entry"
        )
    return _tie(actor, line, entry)


@transaction.atomic
def set_aside(*, actor, line: BankLine, because: str) -> BankLine:
    """Take a waiting line out of the inbox without an entry, with the reason."""
    rules.require(actor, "ledger.keep_books", line)
    because = " ".join(because.split())[:300]
    if not because:
        raise Refused("reason", _("Say why; it stays with the line."), "because")
    return _decide(actor, _take(line), "ledger.bank_line_set_aside", state=BankLine.State.ASIDE, note=because)


@transaction.atomic
def take_up(*, actor, line: BankLine) -> BankLine:
    """Put a line that was set aside back into the inbox."""
    rules.require(actor, "ledger.keep_books", line)
    line = BankLine.objects.select_for_update(no_key=True, of=("self",)).select_related("bank_account").get(pk=line.pk)
    if line.state != BankLine.State.ASIDE:
        raise Refused("not_aside", _("This line was not set aside."), status=409)
    return _decide(actor, line, "ledger.bank_line_taken_up", state=BankLine.State.OPEN, note="")


def _take(line: BankLine) -> BankLine:
    found = BankLine.objects.select_for_update(no_key=True, of=("self",)).select_related(
        "bank_account__account", "coop"
    )
    line = found.get(pk=line.pk, coop_id=line.coop_id)
    if line.state != BankLine.State.OPEN:
        raise Refused(
            "decided",
            _("This line does not wait any more: %(state)s.") % {"state": line.get_state_display()},
            status=409,
        )
    return line


def _key(line: BankLine) -> str:
    """A line whose entry was reversed may be entered anew, under another key."""
    again = Entry.objects.filter(coop_id=line.coop_id, key__startswith=f"bank:{line.pk}:").count()
    return f"bank:{line.pk}:{again}"


def _tie(actor, line: BankLine, entry: Entry, membership=None) -> BankLine:
    with connection.cursor() as cursor:  # the database ties a line only to an entry that stands
        cursor.execute("SET CONSTRAINTS ledger_entry_complete IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ledger_entry_complete DEFERRED")
    return _decide(
        actor, line, "ledger.bank_line_entered", state=BankLine.State.ENTERED, entry=entry, membership=membership
    )


def _decide(actor, line: BankLine, kind: str, **changes) -> BankLine:
    for name, value in changes.items():
        setattr(line, name, value)
    line.decided_at, line.decided_by_id = clock.now(), actor.user_id
    line.save(update_fields=[*changes, "decided_at", "decided_by"])
    entry = {"entry": line.entry_id} if line.entry_id else {}
    audit.record(actor=actor, kind=kind, subject=f"bank-line:{line.pk}", **entry)
    return line


@transaction.atomic
def forget_bank_lines(*, actor, membership) -> int:
    """Blank what the bank said of this member: name, account, words. Dates, amounts and entries stay. How many lines.

    Lines from an account that paid for this member are theirs too, in the books or not.
    """
    own = BankLine.objects.filter(coop_id=membership.coop_id, membership=membership)
    ibans = set(own.exclude(iban="").values_list("iban", flat=True))
    theirs = BankLine.objects.filter(Q(pk__in=own.values("pk")) | Q(coop_id=membership.coop_id, iban__in=ibans))
    theirs = theirs.filter(Q(membership=membership) | Q(membership=None))  # not what they paid for somebody else
    own.exclude(note="").update(note="(erased)")
    count = theirs.update(name="", iban="", text="", end_to_end="")
    if count:
        subject = f"membership:{membership.pk}"
        audit.record(actor=actor, kind="ledger.bank_lines_forgotten", subject=subject, lines=count)
    return count
