"""A class of shares that is paid on call, and members who hold some of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from coop.kernel import clock
from ledger.models import ShareCall, ShareClass
from ledger.services.calls import call_shares
from ledger.services.shares import create_share_class, subscribe

AHEAD = 20  # days from a call to the day it is due
SITE = "https://example.org/money"


def on_call(lena, name: str = "Building shares", par: int = 10_000) -> ShareClass:
    """A second class beside the one joining asks for: 100.00 a share, paid when the board calls."""
    known = ShareClass.objects.filter(coop=lena.coop, name=name).first()
    return known or create_share_class(actor=lena, name=name, par=par, is_default=False, on_call=True)


def holds(lena, membership, share_class: ShareClass, shares: int) -> None:
    subscribe(actor=lena, membership=membership, shares=shares, on=membership.admitted_on, share_class=share_class)


def called(jonas, share_class: ShareClass, per_share: int = 2_500, **more) -> ShareCall:
    due = clock.today(jonas.coop) + timedelta(days=AHEAD)
    return call_shares(
        actor=jonas, share_class=share_class, per_share=per_share, due_on=more.pop("due_on", due),
        decision=more.pop("decision", "Board 2026/31"), site=SITE, **more,
    )  # fmt: skip


def days_on(days: int) -> datetime:
    return clock.now() + timedelta(days=days)
