"""Books made the way books are made: a chart, a class of shares, members who pay."""

from __future__ import annotations

import itertools
from datetime import date

from django.db.models import Exists

from coop.kernel import clock
from coop.kernel.tenancy import Actor
from ledger.models import Account, ShareClass
from ledger.services.accounts import account, create_chart
from ledger.services.posting import Line, post_entry
from ledger.services.shares import Payment, create_share_class, record_payment
from tests.members.factories import make_member

_keys = itertools.count(1)


def make_books(coop, *, par: int = 5000, template: str = "eu-consumer") -> ShareClass:
    """A chart of accounts and one class of shares of 50.00, made once."""
    create_chart(coop=coop, template=template)
    known = ShareClass.objects.filter(coop=coop).first()
    return known or create_share_class(actor=Actor.system(coop), name="Member shares", par=par)


def make_payment(membership, amount: int, *, on: date | None = None, key: str = "", **more) -> Payment:
    """Money that came in from a member."""
    coop = membership.coop
    return record_payment(
        actor=Actor.system(coop),
        membership=membership,
        amount=amount,
        on=on or clock.today(coop),
        key=key or f"made-{next(_keys)}",
        **more,
    )


def make_unpaid(coop):
    """Ada, admitted on 1 March 2026: five shares of 50.00 asked for, a fee of 10.00, nothing paid."""
    return make_member(coop, name="Ada Byron", active=False, on=date(2026, 3, 1))


def make_shareholder(coop, *, name: str = "", user=None, paid: int = 26_000, on: date | None = None, **more):
    """A member with five shares of 50.00, fee and shares paid: 10.00 + 250.00."""
    chart = Account.objects.filter(coop=coop, purpose="share_capital", membership=None)
    if not ShareClass.objects.filter(Exists(chart), coop=coop).exists():
        make_books(coop)
    membership = make_member(coop, name=name, user=user, active=False, on=on, **more)
    if paid:
        make_payment(membership, paid, on=on)
        membership.refresh_from_db()
    return membership


def make_entry(coop, debit: Account | str, credit: Account | str, amount: int, *, on: date | None = None, **more):
    """Two lines: from one account (or its purpose) to the other."""
    accounts = [each if isinstance(each, Account) else account(coop, each) for each in (debit, credit)]
    return post_entry(
        actor=Actor.system(coop),
        on=on or clock.today(coop),
        kind=more.pop("kind", "manual"),
        memo=more.pop("memo", "made for a test"),
        lines=[Line(accounts[0], amount), Line(accounts[1], -amount)],
        key=more.pop("key", f"made-{next(_keys)}"),
        **more,
    )
