"""Shares on their way, in the browser: queue, transfer, gift, release, certificate."""

from __future__ import annotations

from datetime import date

import pytest
from django.urls import reverse

from ledger.models import Certificate, Redemption
from ledger.selectors.shares import holding_of, reconciliation
from tests.members.factories import make_member

from .factories import make_payment, make_shareholder

pytestmark = pytest.mark.django_db


def url(coop, name, **kwargs):
    return reverse(f"ledger:{name}", kwargs={"coop": coop.slug, **kwargs})


@pytest.fixture
def holder(coop, shares):
    membership = make_member(coop, name="Ada Byron", active=False, on=date(2026, 3, 1), shares_wanted=10)
    make_payment(membership, 51_000, on=date(2026, 3, 1))
    return membership


def test_shares_go_back_in_the_browser(desk, client_of, jonas, coop, holder):
    board = client_of(jonas)
    year = {"starts": "2026-01-01", "ends": "2026-12-31"}
    assert "The queue is empty" in desk.get(url(coop, "queue")).content.decode()
    assert board.post(url(coop, "redemption-limit"), {"amount": "300", "resolution": "b 1", **year}).status_code == 302
    asked = {"shares": 5, "on": "2026-03-02", "because": "moving"}
    assert desk.post(url(coop, "redemption-ask", number=holder.number), asked).status_code == 302
    page = desk.get(url(coop, "queue")).content.decode()
    assert "One member waits to give shares back" in page
    assert "Fits" in page
    wish = Redemption.objects.get()
    assert desk.post(url(coop, "redemption-accept", pk=wish.pk), {"on": "2026-03-03"}).status_code == 302
    assert "To be paid: " in desk.get(url(coop, "queue")).content.decode()
    assert desk.post(url(coop, "redemption-accept", pk=wish.pk), {"on": "2026-03-03"}).status_code == 422
    assert desk.post(url(coop, "redemption-pay", pk=wish.pk), {"on": "2026-03-04"}).status_code == 302
    wish.refresh_from_db()
    assert (wish.state, wish.amount) == ("paid", 25_000)
    assert reconciliation(coop).agrees


def test_a_member_asks_and_takes_it_back_in_the_browser(client_of, amara, coop, shares):
    membership = make_member(coop, user=amara.user, active=False, on=date(2026, 3, 1), shares_wanted=10)
    make_payment(membership, 51_000, on=date(2026, 3, 1))
    client = client_of(amara)
    assert client.post(url(coop, "my-ask-back"), {"shares": 6}).status_code == 422
    assert client.post(url(coop, "my-ask-back"), {"shares": 5, "because": "moving"}).status_code == 302
    wish = Redemption.objects.get()
    assert "Take my wish back" in client.get(url(coop, "money")).content.decode()
    assert client.post(url(coop, "my-withdraw", pk=wish.pk)).status_code == 302
    wish.refresh_from_db()
    assert wish.state == "withdrawn"


def test_transfer_gift_release_and_certificate_in_the_browser(desk, coop, holder):
    taker = make_shareholder(coop, on=date(2026, 3, 1))
    head = {"key": "form:t", "on": "2026-03-02", "because": "deed"}
    where = url(coop, "share-transfer", number=holder.number)
    assert "There is no member 4711." in desk.post(where, {**head, "member": 4711, "shares": 1}).content.decode()
    for _twice in range(2):
        assert desk.post(where, {**head, "member": taker.number, "shares": 2}).status_code == 302
    assert (holding_of(holder).shares, holding_of(taker).shares) == (8, 7)
    give = url(coop, "share-give", number=holder.number)
    assert desk.post(give, {**head, "key": "form:g", "shares": 1}).status_code == 302
    assert holding_of(holder).shares == 7
    release = url(coop, "share-release", number=holder.number)
    assert "given back, not released" in desk.post(release, {**head, "shares": 1}).content.decode()
    assert desk.post(url(coop, "certify", number=holder.number)).status_code == 302
    page = desk.get(url(coop, "holding", number=holder.number)).content.decode()
    assert "No. 0001: 7 shares" in page
    pdf = desk.get(url(coop, "certificate", pk=Certificate.objects.get().pk))
    assert pdf.content.startswith(b"%PDF")


def test_a_member_gets_no_one_elses_certificate(desk, client_of, amara, coop, holder):
    make_member(coop, user=amara.user, on=date(2026, 3, 1))
    desk.post(url(coop, "certify", number=holder.number))
    where = url(coop, "certificate", pk=Certificate.objects.get().pk)
    assert client_of(amara).get(where).status_code == 404


@pytest.mark.parametrize("n", [1, 3])
def test_the_queue_asks_as_many_questions_for_three_as_for_one(
    desk, coop, shares, bare_frame, n, django_assert_num_queries
):
    for _each in range(n):
        membership = make_member(coop, active=False, on=date(2026, 3, 1), shares_wanted=10)
        make_payment(membership, 51_000, on=date(2026, 3, 1))
        asked = {"shares": 5, "on": "2026-03-02"}
        assert desk.post(url(coop, "redemption-ask", number=membership.number), asked).status_code == 302
    with django_assert_num_queries(11):
        assert desk.get(url(coop, "queue")).status_code == 200
