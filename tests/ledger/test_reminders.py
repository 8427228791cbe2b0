"""Reminders: what is due part by part, and a square that says just that."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from coop.kernel import clock, money, square
from ledger import epc, references
from ledger.reminder_words import reminder
from ledger.selectors.dues import unpaid
from ledger.services.bank import create_bank_account
from tests.ledger.factories import make_books, make_payment
from tests.members.factories import make_member

pytestmark = pytest.mark.django_db
OURS = "DE75512108001245126199"


@pytest.fixture
def late(coop, lena):
    """Somebody who pays in ten parts, paid the fee and a part and a half, and is three parts on."""
    make_books(coop)
    create_bank_account(actor=lena, name="House bank", number=OURS)
    day = clock.today(coop) - timedelta(days=65)
    member = make_member(coop, name="Ada Late", on=day, active=False, instalments=True)
    make_payment(member, 1_000 + 3_750, on=day)
    return next(each for each in unpaid(coop, clock.today(coop)) if each.membership.pk == member.pk)


def test_the_sheet_asks_for_what_is_due_part_by_part(late, coop):
    said = reminder(late, clock.today(coop))
    rows = said["due"]["rows"]
    assert [amount for _words, amount in rows] == ["€12.50", "€25.00"]
    assert said["due"]["sum"][1] == "€37.50" == money.format_minor(late.owed.due, "EUR")
    assert "€37.50" in said["headline"]
    said_by_it = epc.payload(
        holder=coop.name, iban=OURS, amount=3_750, reference=references.of_member(late.membership.number)
    )
    assert said["pay"]["path"] == square.svg_path(square.modules(said_by_it))


def test_the_treasurer_prints_them_and_nobody_is_asked_who_owes_nothing(late, coop, client_of, lena):
    desk = client_of(lena)
    url = reverse("ledger:reminders", kwargs={"coop": coop.slug})
    assert url in desk.get(reverse("ledger:owing", kwargs={"coop": coop.slug})).content.decode()
    assert desk.get(url).content.startswith(b"%PDF-1.7")
    one = {"coop": coop.slug, "number": late.membership.number}
    assert desk.get(reverse("ledger:reminder", kwargs=one)).content.startswith(b"%PDF")
    make_payment(late.membership, 3_750)
    assert desk.get(url).status_code == 404
