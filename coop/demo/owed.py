"""What some members owe besides: dues of two classes, and a call on building shares that somebody is late with."""

from __future__ import annotations

from datetime import date, timedelta

from coop.kernel import clock
from coop.kernel.tenancy import Actor, path
from ledger.models import DuesRun, ShareCallLine
from ledger.selectors.charging import propose
from ledger.services.calls import call_shares, give_notice
from ledger.services.dues import ask_to_charge, charge_dues, let_off, set_dues
from ledger.services.shares import create_share_class, record_payment, subscribe
from members.models import Membership, MembershipClass

from .times import at

HOLDERS = ("Hugo Lefèvre", "Sigrid Aasen", "Gita Mohan")
BUILDING = 100_00


def dues(officers: dict[str, Actor], members: dict[str, Membership], today: date) -> None:
    """Supporters pay by the year, producers by the quarter; this month's are charged, and one of them has paid."""
    treasurer = officers["treasurer"]
    for slug, every, amount, reduced in (("supporter", 12, 24_00, 12_00), ("producer", 3, 15_00, None)):
        kind = MembershipClass.objects.get(coop=treasurer.coop, slug=slug)
        terms = kind.terms_on(today)
        if terms is not None:
            set_dues(
                actor=treasurer, bylaws=terms.bylaws, member_class=kind, every=every, amount=amount, reduced=reduced,
                joining="months", leaving="months",
            )  # fmt: skip
    ivo = members["Ivo Santini"]
    let_off(
        actor=treasurer, membership=ivo, kind="reduced", ground="age", decision=f"Board {today:%Y}-02",
        starts=ivo.admitted_on,
    )  # fmt: skip
    seen = propose(treasurer.coop, today, on=today)
    if not seen.is_empty:
        ask_to_charge(actor=treasurer, month=today, seen=seen.hash)
        charge_dues(actor=treasurer, run_id=DuesRun.objects.get(coop=treasurer.coop, state="draft").pk)


def call(officers: dict[str, Actor], members: dict[str, Membership], today: date) -> None:
    """Shares for the new cold store, a quarter of them called; one holder has paid, one is late, one had notice."""
    treasurer, coop = officers["treasurer"], officers["treasurer"].coop
    called_on, due_on = today - timedelta(days=50), today - timedelta(days=30)
    with clock.at(at(called_on - timedelta(days=20))):
        building = create_share_class(
            actor=treasurer, name="Building shares", par=BUILDING, is_default=False, on_call=True
        )
        for name in HOLDERS:
            day = clock.today(coop)
            subscribe(actor=treasurer, membership=members[name], shares=4, on=day, share_class=building)
    site = path(coop, "ledger:money")
    with clock.at(at(called_on)):
        made = call_shares(
            actor=officers["board"], share_class=building, per_share=BUILDING // 4, due_on=due_on,
            decision=f"Board {called_on:%Y}-04", site=site,
        )  # fmt: skip
    with clock.at(at(due_on - timedelta(days=3))):
        record_payment(
            actor=treasurer, membership=members[HOLDERS[0]], amount=BUILDING, on=due_on - timedelta(days=3),
            reference="Building shares", key="demo-call",
        )  # fmt: skip
    with clock.at(at(due_on + timedelta(days=10))):
        line = ShareCallLine.objects.get(call=made, membership=members[HOLDERS[1]])
        give_notice(actor=treasurer, line=line, site=site)
