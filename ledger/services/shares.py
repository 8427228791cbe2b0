"""Share capital: classes, subscriptions, payments, and what becomes of a payment entered by mistake.

Every act takes the member's holding first, so two of them meet one after the other, and writes the entry and the
events of the register in one transaction: the database refuses one without the other.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from datetime import date

from django.db import connection, transaction
from django.db.models import Sum
from django.utils.formats import date_format
from django.utils.text import slugify
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, money, rules
from coop.kernel.errors import Refused
from ledger.models import Account, Entry, MemberFee, ShareClass, ShareEvent
from ledger.selectors.called import Called
from ledger.selectors.dues import Owed, Terms, joining_asks, owed_by
from ledger.selectors.shares import holding_of
from ledger.services.accounts import account, member_account
from ledger.services.posting import Line, mirror, post_entry, posted_before
from ledger.splitting import split
from members import services as members
from members.models import ClassTerms, Membership

PAYMENT = "share_payment"
HOLDING_LOCK = 7010  # the same the database takes when an event is written
HOLDING_LOCKS = 1021  # members share so many, lest an act of very many of them fill the server's table of locks
QUEUE_LOCK = 7014


@dataclass(frozen=True, slots=True)
class Payment:
    """What became of a payment: minor units to the entry fee, to shares, kept as a credit, and to dues."""

    entry: Entry
    fee: int
    capital: int
    kept: int
    activated: bool = False
    dues: int = 0


@transaction.atomic
def create_share_class(
    *,
    actor,
    name: str,
    par: int,
    slug: str = "",
    currency: str = "",
    is_default: bool | None = None,
    on_call: bool = False,
):
    """A class of shares with its par value in minor units. The first is what new members subscribe to.

    ``on_call``: beyond what joining asks for, they are paid when the board calls for it.
    """
    rules.require(actor, "ledger.keep_books")
    name = name.strip()
    slug = slug or slugify(name)[:40] or "shares"
    if par <= 0:
        raise Refused("par", _("A share has a par value above nothing."), "par")
    if ShareClass.objects.filter(coop=actor.coop, slug=slug).exists():
        raise Refused("class_there", _("There is a class “%(name)s” already.") % {"name": name}, "name")
    if is_default is None:
        is_default = not ShareClass.objects.filter(coop=actor.coop, is_default=True).exists()
    elif is_default:
        ShareClass.objects.filter(coop=actor.coop, is_default=True).update(is_default=False)
    made = ShareClass.objects.create(
        coop=actor.coop,
        name=name,
        slug=slug,
        par=par,
        currency=currency or actor.coop.currency,
        is_default=is_default,
        on_call=on_call,
    )
    audit.record(actor=actor, kind="ledger.share_class_created", subject=f"share-class:{made.pk}", name=name, par=par)
    return made


def default_class(coop) -> ShareClass:
    """The class a new member subscribes to."""
    found = ShareClass.objects.filter(coop=coop, is_default=True).first()
    if found is None:
        raise Refused("no_share_class", _("There is no class of shares yet; make one under Shares."))
    return found


def take_holding(*memberships) -> None:
    """Everything about one member's holding happens one after the other, until the end of the transaction.

    Several are taken in one order, and before anything else is waited for: else two acts could wait for each other.
    """
    numbers = sorted({membership.pk % HOLDING_LOCKS for membership in memberships})
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, n) FROM unnest(%s::int[]) n", [HOLDING_LOCK, numbers])


@transaction.atomic
def subscribe(*, actor, membership, shares: int, on: date, share_class: ShareClass | None = None, reason: str = ""):
    """Enter that a member takes that many more shares. Returns the event.

    Refuses a membership that has ended, a day before its admission or to come, and more than its class allows.
    """
    rules.require(actor, "ledger.keep_books", membership)
    share_class = share_class or default_class(membership.coop)
    check_day(membership, on)
    if shares < 1:
        raise Refused("shares", _("A subscription is for at least one share."), "shares")
    if not share_class.is_open:
        raise Refused("closed_class", _("“%(name)s” may not be subscribed any more.") % {"name": share_class}, "shares")
    take_holding(membership)
    check_maximum(membership, shares)
    event = write_event(actor, membership, share_class, "subscribed", on, shares=shares, reason=reason)
    audit.record(
        actor=actor,
        kind="ledger.shares_subscribed",
        subject=f"membership:{membership.pk}",
        shares=shares,
        share_class=share_class.slug,
    )
    return event


def check_maximum(membership, shares: int) -> None:
    """The by-laws' most shares a member may hold."""
    terms = Terms(membership.coop).of(membership)
    most = terms.maximum_shares if terms else None
    held = holding_of(membership).shares
    if most is not None and held + shares > most:
        raise Refused(
            "too_many_shares",
            _("The by-laws allow %(most)s shares a member; this would be %(would)s.")
            % {"most": most, "would": held + shares},
            "shares",
        )


def check_not_future(coop, on: date) -> None:
    """Nothing is entered before it has happened."""
    if on > clock.today(coop):
        raise Refused("future", _("%(day)s is still to come.") % {"day": date_format(on)}, "on")


def a_reason(text: str) -> str:
    """The reason of an act that needs one, in one line."""
    text = " ".join(text.split())[:300]
    if not text:
        raise Refused("reason", _("Say why; it stays in the books."), "because")
    return text


def take_queue(coop) -> None:
    """What is taken out of the capital against one limit happens one after the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [QUEUE_LOCK, coop.pk % 2147483647])


def check_day(membership, on: date) -> None:
    """Not before the admission, not after the end, not in the future."""
    check_not_future(membership.coop, on)
    if on < membership.admitted_on:
        raise Refused(
            "before_admission",
            _("Member %(number)s was admitted on %(day)s; nothing is entered for them before that day.")
            % {"number": membership.number, "day": date_format(membership.admitted_on)},
            "on",
        )
    if membership.state == Membership.State.ENDED:
        raise Refused("ended", _("This membership has ended."), "membership")


def write_event(actor, membership, share_class, kind: str, on: date, **values) -> ShareEvent:
    """One line of the register of shares. For the acts of this app; take the holding first."""
    return ShareEvent.objects.create(
        coop_id=membership.coop_id,
        membership=membership,
        share_class=share_class,
        kind=kind,
        effective_on=on,
        actor_id=actor.user_id,
        **values,
    )


@transaction.atomic
def record_payment(
    *,
    actor,
    membership,
    amount: int,
    on: date,
    reference: str = "",
    key: str,
    share_class: ShareClass | None = None,
    overpayment: str = "refuse",
    into: Account | None = None,
) -> Payment:
    """Enter money that came into the bank from a member, and post it: first to the entry fee, then to what is oldest of
    dues and shares (``ledger.splitting``). Somebody who has left pays what was charged to them, and no more.

    What the application asked for is subscribed with the first payment. Once the minimum (or its first part, where the
    member pays in parts) and the fee are paid, the membership becomes active in the same transaction. ``overpayment``
    says what happens to more than is owed: ``refuse`` it, or ``keep`` it as the member's credit. The money came
    ``into`` the account for the bank, or another. The same payment under the same ``key`` is entered once, however
    often it is sent; another one under it is refused.
    """
    rules.require(actor, "ledger.keep_books", membership)
    into_class, share_class = share_class, share_class or default_class(membership.coop)
    reference = " ".join(reference.split())[:140]
    memo = _("Share payment, member %(number)s") % {"number": membership.number}
    says = f"payment {membership.pk} {share_class.pk} {amount} {overpayment} {reference}"
    says += f" into {into.pk}" if into else ""
    act = {"actor": actor, "on": on, "kind": PAYMENT, "memo": memo, "key": key, "says": says}
    if isinstance(amount, bool) or not isinstance(amount, int) or amount <= 0:
        raise Refused("amount", _("A payment is more than nothing."), "amount")
    take_holding(membership)
    entry = posted_before(**act)
    if entry is not None:
        return payment_of(entry)
    terms = Terms(membership.coop).of(membership)
    if membership.state == Membership.State.ENDED and owed_by(membership, on, terms=terms).dues:
        check_not_future(membership.coop, on)
    else:
        check_day(membership, on)
        _subscribe_as_asked(actor, membership, share_class, terms)
    called = Called(membership.coop, on, membership)
    owed = owed_by(membership, on, terms=terms, called=called)
    fee, dues, capital, kept = astuple(split(amount, fee=owed.fee, dues=owed.claims, shares=owed.open_parts))
    if kept and overpayment != "keep":
        raise Refused("too_much", _too_much(membership, amount, owed), "amount")
    classes = (
        [(into_class, capital)]
        if into_class and capital
        else _by_class(membership, share_class, capital, terms, called)
    )
    entry = post_entry(lines=_payment_lines(membership, classes, fee, dues, kept, into), **act)
    if fee:
        _fee(actor, membership, fee, on, entry)
    for paid_class, part in classes:
        write_event(actor, membership, paid_class, "paid", on, paid=part, entry=entry, reference=reference)
    activated = activate_if_paid(actor, membership, on, terms)
    audit.record(
        actor=actor,
        kind="ledger.payment_recorded",
        subject=f"membership:{membership.pk}",
        entry=entry.pk,
        amount=str(amount),
        fee=str(fee),
        capital=str(capital),
        kept=str(kept),
        **({"dues": str(dues)} if dues else {}),
    )
    return Payment(entry, fee, capital, kept, activated, dues)


def _too_much(membership, amount: int, owed: Owed) -> str:
    currency = membership.coop.currency
    return _("%(amount)s is more than member %(number)s owes: %(owed)s. Enter less, or keep the rest as a credit.") % {
        "amount": money.format_minor(amount, currency),
        "number": membership.number,
        "owed": money.format_minor(owed.total, currency),
    }


def _subscribe_as_asked(actor, membership, share_class: ShareClass, terms: ClassTerms | None) -> None:
    if ShareEvent.objects.filter(membership=membership).exists():
        return
    shares = max(membership.shares_wanted, terms.minimum_shares if terms else 1)
    if shares:
        reason = _("asked for in the application")
        write_event(actor, membership, share_class, "subscribed", membership.admitted_on, shares=shares, reason=reason)


def _by_class(
    membership, default: ShareClass, capital: int, terms: ClassTerms | None, called: Called
) -> list[tuple[ShareClass, int]]:
    """Which class a payment goes to: the one joining asks for first, then the others, each up to what it asks."""
    found, minimum = [], joining_asks(terms, called.par)
    held = ShareEvent.objects.filter(membership=membership).values("share_class")
    summed = held.annotate(shares=Sum("shares"), paid=Sum("paid")).order_by()
    for row in sorted(summed, key=lambda each: (each["share_class"] != default.pk, each["share_class"])):
        share_class = called.share_class(row["share_class"])
        asked = called.asked(membership.pk, share_class.pk, row["shares"] * share_class.par, minimum)
        part = min(capital, max(0, asked - row["paid"]))
        capital -= part
        if part:
            found.append((share_class, part))
    return found


def _payment_lines(
    membership, classes: list[tuple[ShareClass, int]], fee: int, dues: int, kept: int, into: Account | None
) -> list[Line]:
    coop, amount = membership.coop, fee + dues + sum(part for _class, part in classes) + kept
    parts: list[tuple[int, Account | None]] = [
        (fee, account(coop, "entry_fees") if fee else None),
        (dues, member_account(membership, "member_receivable") if dues else None),
        *((part, member_account(membership, "share_capital", share_class=each)) for each, part in classes),
        (kept, member_account(membership, "member_credit") if kept else None),
    ]
    return [Line(into or account(coop, "bank"), amount), *(Line(to, -part) for part, to in parts if to is not None)]


def _fee(actor, membership, amount: int, on: date, entry: Entry) -> None:
    MemberFee.objects.create(
        coop_id=membership.coop_id,
        membership=membership,
        kind=MemberFee.Kind.ENTRY_FEE,
        amount=amount,
        effective_on=on,
        actor_id=actor.user_id,
        entry=entry,
    )


def activate_if_paid(actor, membership, on: date, terms: ClassTerms | None = None) -> bool:
    """Somebody admitted who has paid the fee and enough of the shares becomes active. True if that happened now."""
    if membership.state != Membership.State.ADMITTED:
        return False
    holding = holding_of(membership)
    owed, paid = owed_by(membership, on, terms=terms, holding=holding), holding.paid_up
    if owed.fee or paid < owed.activates_at:
        return False
    because = _("paid up %(amount)s") % {"amount": money.format_minor(paid, membership.coop.currency)}
    members.activate(actor=actor, membership=membership, on=on, because=because)
    return True


def payment_of(entry: Entry) -> Payment:
    """What became of the payment that this entry records."""
    fee = entry.fees.aggregate(total=Sum("amount"))["total"] or 0
    capital = entry.share_events.aggregate(total=Sum("paid"))["total"] or 0
    own = entry.lines.filter(batch=0, account__purpose__in=["member_credit", "member_receivable"])
    sums = dict(own.values_list("account__purpose").annotate(Sum("amount")).order_by())
    return Payment(entry, fee, capital, -sums.get("member_credit", 0), dues=-sums.get("member_receivable", 0))


@transaction.atomic
def reverse_payment(*, actor, entry: Entry, on: date, because: str) -> Entry:
    """Take back a payment entered by mistake: the mirror entry, and the mirror in the register of shares, once.

    What it made of the membership is not undone by itself: whether somebody stays active is the register's question.
    """
    rules.require(actor, "ledger.keep_books", entry)
    because = because.strip()
    if not because:
        raise Refused("reason", _("A reversal needs its reason."), "because")
    if entry.kind != PAYMENT:
        raise Refused("no_payment", _("Entry %(entry)s is no share payment.") % {"entry": entry.pk})
    events = list(entry.share_events.select_related("membership", "share_class"))
    fees = list(entry.fees.select_related("membership"))
    take_holding(*(event.membership for event in events), *(fee.membership for fee in fees))
    for event in events:
        if holding_of(event.membership, share_class=event.share_class).paid_up < event.paid:
            raise Refused("spent", _("The shares this payment paid for are not the member’s any more."))
    reversal = mirror(actor=actor, entry=entry, on=on, because=because)
    for event in events:
        write_event(
            actor,
            event.membership,
            event.share_class,
            "reversed",
            on,
            paid=-event.paid,
            entry=reversal,
            reverses=event,
            reason=because[:300],
        )
    for fee in fees:
        _fee(actor, fee.membership, -fee.amount, on, reversal)
    audit.record(
        actor=actor, kind="ledger.payment_reversed", subject=f"entry:{entry.pk}", by=reversal.pk, because=because
    )
    return reversal
