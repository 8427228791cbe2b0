"""Opening the books: where another program's ended, reconciled member by member before anything is posted."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from coop.kernel import audit, money, rules
from coop.kernel.errors import Refused
from ledger.exchange.opening_csv import MONEY, MemberRow, Sheet, TrialRow, read_members, read_trial
from ledger.models import Account, Entry, ShareEvent
from ledger.services.accounts import OF_MEMBERS, create_account, member_accounts
from ledger.services.payment_import import FileRefused
from ledger.services.posting import Line, mirror, post_entry
from ledger.services.shares import (
    a_reason,
    activate_if_paid,
    check_not_future,
    default_class,
    take_holding,
    write_event,
)
from members.models import Membership
from members.selectors import memberships_by_number

OPENING = "opening"
SHOWN = 50


@dataclass(frozen=True, slots=True)
class Opened:
    """The opening entry; how many members' money stands in it, and how many accounts were added to the chart."""

    entry: Entry
    members: int
    accounts: int


@transaction.atomic
def open_books(
    *,
    actor,
    on: date,
    trial: bytes,
    trial_name: str,
    members: bytes | None = None,
    members_name: str = "",
) -> Opened:
    """Post the balances another program ended with, as one entry on the day ``on``, and the register of shares with it.

    The trial balance must add up to nothing. Accounts of members (share capital, money paid in advance, refunds kept)
    must be the sum of what the members' file says, to the cent. Once only: taken back by ``take_back_opening``.
    Refuses as a whole, with every line that is wrong.
    """
    rules.require(actor, "ledger.keep_books")
    check_not_future(actor.coop, on)
    currency = actor.coop.currency
    sheet = read_trial(trial, trial_name, currency)
    own = read_members(members, members_name, currency) if members else Sheet("")
    _check_once(actor)
    made = _add_accounts(actor, sheet)
    accounts = _accounts(actor, sheet)
    found = _members(actor, own, on)
    _refuse(sheet, trial_name)
    _refuse(own, members_name)
    _check_balance(sheet, currency)
    _check_members(sheet, own, accounts, currency)
    take_holding(*found.values())
    lines = [
        Line(accounts[row.code], row.amount) for row in sheet.rows if row.amount and not _of_members(accounts[row.code])
    ]
    lines += _member_lines(actor, own, found)
    key = f"opening:{sheet.digest[:32]}:{own.digest[:32]}:{Entry.objects.filter(coop=actor.coop, kind=OPENING).count()}"
    entry = post_entry(actor=actor, on=on, kind=OPENING, memo=_("Opening balances"), lines=lines, key=key)
    _register(actor, own, found, on, entry)
    audit.record(
        actor=actor,
        kind="ledger.books_opened",
        subject=f"entry:{entry.pk}",
        file=trial_name,
        members=len(own.rows),
        accounts=len(sheet.rows),
    )
    return Opened(entry, len(own.rows), made)


@transaction.atomic
def take_back_opening(*, actor, on: date, because: str) -> Entry:
    """Take the opening back by its mirror, in books and register. Refuses when shares were moved since."""
    rules.require(actor, "ledger.keep_books")
    because = a_reason(because)
    entry = opening_of(actor.coop)
    if entry is None:
        raise Refused("not_opened", _("There is no opening entry to take back."), status=409)
    events = list(entry.share_events.select_related("membership", "share_class"))
    unpaid = ShareEvent.objects.filter(
        coop=actor.coop, kind=ShareEvent.Kind.OPENING, entry=None, reversed_by=None, effective_on=entry.posted_on
    )
    events += list(unpaid.select_related("membership", "share_class"))
    take_holding(*(event.membership for event in events))
    later = ShareEvent.objects.filter(membership__in=[event.membership_id for event in events])
    if later.exclude(pk__in=[event.pk for event in events]).exists():
        raise Refused("moved_since", _("Shares were paid or moved since; correct them one by one instead."), status=409)
    reversal = mirror(actor=actor, entry=entry, on=on, because=because)
    for event in events:
        write_event(
            actor, event.membership, event.share_class, "reversed", on, shares=-event.shares, paid=-event.paid,
            entry=reversal if event.paid else None, reverses=event, reason=because,
        )  # fmt: skip
    audit.record(actor=actor, kind="ledger.opening_taken_back", subject=f"entry:{entry.pk}", by=reversal.pk)
    return reversal


def opening_of(coop) -> Entry | None:
    """The opening entry that stands, if there is one."""
    return Entry.objects.filter(coop=coop, kind=OPENING, reversed_by=None).first()


def _check_once(actor) -> None:
    there = opening_of(actor.coop)
    if there is not None:
        raise Refused(
            "opened_already",
            _("The books were opened by entry %(entry)s; take that back first.") % {"entry": there.pk},
            status=409,
        )


def _of_members(account: Account) -> bool:
    return account.purpose in OF_MEMBERS


def _add_accounts(actor, sheet: Sheet) -> int:
    """Accounts the chart does not have and the file describes."""
    there = set(Account.objects.filter(coop=actor.coop).values_list("code", flat=True))
    made = 0
    for row in sheet.rows:
        if row.code not in there and row.name and row.kind:
            create_account(actor=actor, code=row.code, name=row.name, kind=row.kind)
            there.add(row.code)
            made += 1
    return made


def _accounts(actor, sheet: Sheet) -> dict[str, Account]:
    found = {each.code: each for each in Account.objects.filter(coop=actor.coop, membership=None)}
    seen: set[str] = set()
    for row in sheet.rows:
        sentence = _trial_problem(row, found.get(row.code), seen)
        if sentence:
            sheet.problems.append(_("Line %(line)s: %(why)s") % {"line": row.line, "why": sentence})
        seen.add(row.code)
    return found


def _trial_problem(row: TrialRow, account: Account | None, seen: set[str]) -> str:
    if account is None:
        return _("there is no account %(code)s; add it, or give its name and kind in the file.") % {"code": row.code}
    if row.code in seen:
        return _("account %(code)s stands there twice.") % {"code": row.code}
    if not row.amount:
        return ""
    if account.is_result:
        return _("%(account)s is income or expense, which begins a year at nothing.") % {"account": account}
    if not account.is_open:
        return _("%(account)s takes no postings.") % {"account": account}
    if account.purpose in OF_MEMBERS and account.purpose not in MONEY:
        return _("%(account)s is owed to members one by one, and the members’ file has no column for it.") % {
            "account": account
        }
    return ""


def _members(actor, own: Sheet, on: date) -> dict[int, Membership]:
    found = memberships_by_number(actor.coop, {row.member for row in own.rows})
    there = set(
        ShareEvent.objects.filter(coop=actor.coop, membership__in=found.values(), reversed_by=None)
        .exclude(kind="reversed")
        .values_list("membership_id", flat=True)
    )
    seen: set[int] = set()
    for row in own.rows:
        sentence = _member_problem(row, found.get(row.member), there, seen, on)
        if sentence:
            own.problems.append(_("Line %(line)s: %(why)s") % {"line": row.line, "why": sentence})
        seen.add(row.member)
    return found


def _member_problem(row: MemberRow, membership: Membership | None, there: set[int], seen: set[int], on: date) -> str:
    if membership is None:
        return _("there is no member %(number)s.") % {"number": row.member}
    if row.member in seen:
        return _("member %(number)s stands there twice.") % {"number": row.member}
    if membership.admitted_on > on:
        return _("member %(number)s was admitted after that day.") % {"number": row.member}
    if membership.pk in there:
        return _("member %(number)s has shares in the register already.") % {"number": row.member}
    return ""


def _refuse(sheet: Sheet, file_name: str) -> None:
    if not sheet.problems:
        return
    if len(sheet.problems) == 1:
        words = _("“%(file)s” was refused, nothing was posted. %(why)s") % {"file": file_name, "why": sheet.problems[0]}
    else:
        words = _("“%(file)s” was refused: %(n)s lines cannot be taken, so nothing was posted.") % {
            "file": file_name,
            "n": len(sheet.problems),
        }
    raise FileRefused(words, sheet.problems[:SHOWN])


def _check_balance(sheet: Sheet, currency: str) -> None:
    off = sum(row.amount for row in sheet.rows)
    if off:
        raise Refused(
            "unbalanced",
            _("The trial balance does not add up: debits and credits differ by %(amount)s.")
            % {"amount": money.format_minor(off, currency)},
            "trial",
        )


def _check_members(sheet: Sheet, own: Sheet, accounts: dict[str, Account], currency: str) -> None:
    """What the trial balance says of members' money in all is what the members' file says one by one."""
    said: dict[str, int] = defaultdict(int)
    for row in sheet.rows:
        if _of_members(accounts[row.code]):
            said[accounts[row.code].purpose] -= row.amount
    for purpose in MONEY:
        single = sum(row.money[purpose] for row in own.rows)
        if said[purpose] != single:
            names = {each.purpose: each for each in accounts.values()}
            raise Refused(
                "not_reconciled",
                _("“%(account)s” is %(trial)s in the trial balance and %(members)s by the members’ file.")
                % {
                    "account": names.get(purpose, purpose),
                    "trial": money.format_minor(said[purpose], currency),
                    "members": money.format_minor(single, currency),
                },
                "members",
            )


def _member_lines(actor, own: Sheet, found: dict[int, Membership]) -> list[Line]:
    share_class = default_class(actor.coop) if own.rows else None
    lines = []
    for purpose in MONEY:
        of = {found[row.member].pk: row.money[purpose] for row in own.rows if row.money[purpose]}
        if not of:
            continue
        kind = share_class if purpose == "share_capital" else None
        member_accounts(actor.coop, purpose, of, share_class=kind)
        there = Account.objects.filter(coop=actor.coop, purpose=purpose, membership__in=of, share_class=kind, year=None)
        lines += [Line(each, -of[each.membership_id]) for each in there if each.membership_id is not None]
    return lines


def _register(actor, own: Sheet, found: dict[int, Membership], on: date, entry: Entry) -> None:
    """The register of shares as it was brought forward, and who is active by it."""
    share_class = default_class(actor.coop) if own.rows else None
    events = []
    for row in own.rows:
        paid = row.money["share_capital"]
        needed = -(-paid // share_class.par) if share_class else 0
        shares = needed if row.shares is None else row.shares
        if shares < needed:
            raise Refused(
                "too_few_shares",
                _("Line %(line)s: member %(number)s has paid more than %(shares)s shares are worth.")
                % {"line": row.line, "number": row.member, "shares": shares},
                "members",
            )
        if shares:
            events.append(
                ShareEvent(
                    coop=actor.coop,
                    membership=found[row.member],
                    share_class=share_class,
                    kind=ShareEvent.Kind.OPENING,
                    shares=shares,
                    paid=paid,
                    effective_on=on,
                    actor_id=actor.user_id,
                    entry=entry if paid else None,
                )
            )
    ShareEvent.objects.bulk_create(events, batch_size=2000)
    for row in own.rows:
        if found[row.member].state == Membership.State.ADMITTED:
            activate_if_paid(actor, found[row.member], on)
