"""Kept refunds paid back: by the plan's order, by two people, once; then the next pay-out pays them."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from coop.kernel import audit, clock
from coop.kernel.errors import Refused
from coop.kernel.tenancy import Actor
from ledger import tasks
from ledger.models import EquityLine, EquityPlan, Posting
from ledger.selectors import equity as selectors
from ledger.services import equity
from ledger.services.accounts import account, create_chart, member_account
from ledger.services.posting import Line, mirror, post_entry, reverse_entry
from members.models import Party
from members.services import match_party
from tests.ledger.payout_factories import make_run, ready, with_iban
from tests.members.factories import dead, make_application

pytestmark = pytest.mark.django_db


@pytest.fixture
def kept(coop, lena, buyers):
    """Amara holds 100.00 of 2020 and 300.00 of 2021, Ben 50.00 of 2020, Carla 20.00 of before the books."""
    create_chart(coop=coop)
    for number, year, amount in ((1, 2020, 100_00), (2, 2020, 50_00), (1, 2021, 300_00), (3, None, 20_00)):
        lines = [
            Line(account(coop, "unallocated"), amount),
            Line(member_account(buyers[number], "retained_equity", year=year), -amount),
        ]
        key = f"kept-{number}-{year}"
        post_entry(actor=lena, on=clock.today(coop), kind="manual", memo="kept", lines=lines, key=key)
    return buyers


def drawn(lena, **changes) -> EquityPlan:
    return equity.draw_up(actor=lena, **{"decided": "board 2026-07", "order": "oldest", **changes})


def said(plan) -> dict:
    return {(line.year, line.number): line.amount for line in plan.lines.all()}


def balance(coop, purpose) -> int:
    return -sum(Posting.objects.filter(coop=coop, account__purpose=purpose).values_list("amount", flat=True))


def test_each_order_says_who_gets_what(coop, lena, kept):
    wanted = {
        "oldest": {(0, 3): 20_00, (2020, 1): 100_00, (2020, 2): 50_00, (2021, 1): 30_00},
        "newest": {(2021, 1): 200_00},
        "every": {(0, 3): 8_51, (2020, 1): 42_55, (2020, 2): 21_28, (2021, 1): 127_66},
        "hybrid": {(0, 3): 20_00, (2020, 1): 53_33, (2020, 2): 26_67, (2021, 1): 100_00},
    }
    for order, lines in wanted.items():
        plan = drawn(lena, order=order, amount=200_00)
        assert said(plan) == lines, order
        equity.cancel(actor=lena, plan=plan, because="only looking")
    assert selectors.layers(selectors.held(coop)[0]) == [(0, 1, 20_00), (2020, 2, 150_00), (2021, 1, 300_00)]


def test_estates_and_age_are_paid_all_of_theirs(coop, lena, kept):
    dead(kept[2])
    again = make_application(coop, name="Carla Ruiz", born_on=date(1940, 5, 1))
    match_party(actor=Actor.system(coop), application=again, party=kept[3].party)
    Party.objects.filter(pk=kept[3].party_id).update(born_on=again.born_on)
    plan = drawn(lena, who="estates")
    assert (said(plan), plan.outstanding) == ({(2020, 2): 50_00}, 50_00)
    equity.cancel(actor=lena, plan=plan, because="only looking")
    assert said(drawn(lena, who="age", age=75)) == {(0, 3): 20_00}


def test_two_people_one_entry_and_the_pay_out_pays_it(coop, lena, jonas, kept):
    plan = drawn(lena, amount=170_00)
    with pytest.raises(PermissionDenied):
        equity.approve(actor=lena, plan=plan, seen=plan.hash)
    with pytest.raises(Refused, match="not the payback you looked at"):
        equity.approve(actor=jonas, plan=plan, seen="0" * 64)
    with pytest.raises(Refused, match="another state"):
        equity.post(actor=lena, plan=plan)
    equity.approve(actor=jonas, plan=plan, seen=plan.hash)
    entry = equity.post(actor=lena, plan=plan)
    assert equity.post(actor=lena, plan=plan) == entry
    assert (balance(coop, "retained_equity"), balance(coop, "patronage_payable")) == (300_00, 170_00)
    ready(coop, lena)
    with_iban(lena, kept[1])
    assert make_run(lena).lines.get(number=1).amount == 100_00
    assert list(audit.verify(coop)) == []


def test_what_cannot_be_is_refused(coop, lena, mei, jonas, kept):
    with pytest.raises(PermissionDenied):
        drawn(mei)
    wrong = ({"order": "sideways"}, {"amount": 0}, {"amount": 470_01}, {"decided": " "}, {"who": "age"},
             {"who": "estates"}, {"who": "age", "age": 100}, {"oldest_percent": 101, "order": "hybrid"})  # fmt: skip
    for changes in wrong:
        with pytest.raises(Refused):
            drawn(lena, **changes)
    plan = drawn(lena)
    with pytest.raises(Refused, match="Another payback is under way"):
        drawn(lena)
    equity.approve(actor=jonas, plan=plan, seen=plan.hash)
    lines = [Line(member_account(kept[2], "retained_equity", year=2020), 1), Line(account(coop, "unallocated"), -1)]
    post_entry(actor=lena, on=clock.today(coop), kind="manual", memo="less", lines=lines, key="less")
    with pytest.raises(Refused, match=r"Less is kept than this pays back \(member 2\)"):
        equity.post(actor=lena, plan=plan)


def test_the_database_keeps_plan_lines_and_entry_together(coop, lena, jonas, kept):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("rochdale_app",)
    plan = drawn(lena, amount=170_00)
    rows, line = EquityPlan.objects.filter(pk=plan.pk), plan.lines.first()
    attacks = [
        lambda: rows.update(total=1),
        lambda: rows.update(state="posted"),
        lambda: rows.update(state="approved", approved_by=lena.user, approved_at=clock.now()),
        lambda: EquityLine.objects.filter(pk=line.pk).update(amount=1),
        lambda: rows.delete(),
    ]
    _all_fail(attacks)
    slipped = EquityLine(coop=coop, plan=plan, membership=kept[1], number=1, year=2021, held=300_00, amount=1_00)
    with transaction.atomic():
        slipped.save()
        _all_fail([lambda: equity.approve(actor=jonas, plan=plan, seen=plan.hash)], (DatabaseError, Refused))
        transaction.set_rollback(True)
    equity.approve(actor=jonas, plan=plan, seen=plan.hash)
    slipped.pk = None
    entry = equity.post(actor=lena, plan=plan)
    _all_fail(
        [
            lambda: slipped.save(force_insert=True),
            lambda: rows.update(state="cancelled"),
            lambda: mirror(actor=lena, entry=entry, on=clock.today(coop), because="no"),
        ]
    )
    with pytest.raises(Refused, match="a payback and what members chose are not reversed"):
        reverse_entry(actor=lena, entry=entry, on=clock.today(coop), because="no")


def _all_fail(attacks, errors=DatabaseError) -> None:
    for place, attack in enumerate(attacks):
        with pytest.raises(errors), transaction.atomic():
            attack()
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            pytest.fail(f"attack {place} went through")


@pytest.mark.django_db(transaction=True)
def test_from_the_page_to_the_books(coop, lena, jonas, kept, client_of):
    desk, second = client_of(lena), client_of(jonas)

    def at(name, **more):
        return reverse(f"ledger:{name}", kwargs={"coop": coop.slug, **more})

    assert "is kept in 3 members’ names" in desk.get(at("equity")).content.decode()
    asked = {"decided": "board 2026-07", "who": "all", "order": "oldest", "amount": "170.00"}
    assert desk.post(at("equity-new"), {**asked, "amount": "9999.00"}).status_code == 422
    desk.post(at("equity-new"), asked)
    plan = EquityPlan.objects.get()
    page = desk.get(at("equity-plan", pk=plan.pk)).content.decode()
    assert "Somebody else has to approve it" in page
    assert "before the books began" in page
    assert second.post(at("equity-approve", pk=plan.pk), {"seen": plan.hash}).status_code == 302
    from coop.kernel.models import Job

    desk.post(at("equity-post", pk=plan.pk))
    tasks.post_payback(Job.objects.get(kind="ledger.post_payback").pk)
    plan.refresh_from_db()
    assert plan.state == "posted"
    assert "the next pay-out pays it" in desk.get(at("equity-plan", pk=plan.pk)).content.decode()
