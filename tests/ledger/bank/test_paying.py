"""What a member is told to write on a transfer, and the square that says the same."""

from __future__ import annotations

import doctest
from datetime import date

import pytest
from django.urls import reverse

from coop.kernel import square
from ledger import epc, references
from ledger.selectors.paying import how_to_pay
from ledger.services.bank import create_bank_account
from tests.members.factories import make_member

from .files import IBAN


def test_the_examples_in_the_docstrings_hold():
    for module in (epc, square):
        assert doctest.testmod(module) == doctest.TestResults(failed=0, attempted=1)


def test_the_square_says_what_the_guidelines_ask():
    """EPC069-12, section 3: twelve elements in this order, the BIC optional in version 002, RF in the ninth's place."""
    said = epc.payload(holder="Riverside Food Co-op", iban=IBAN, bic="COBADEFFXXX", amount=1, reference="RF9600000187")
    assert said.split("\n") == [
        "BCD", "002", "1", "SCT", "COBADEFFXXX", "Riverside Food Co-op", IBAN, "EUR0.01", "", "RF9600000187",
    ]  # fmt: skip
    for amount in (0, -1, 100_000_000_000):
        with pytest.raises(ValueError, match="999,999,999.99"):
            epc.payload(holder="x", iban=IBAN, amount=amount, reference="")


def test_the_drawn_square_is_the_square():
    rows = square.modules(epc.payload(holder="Ä" * 70, iban=IBAN, amount=26_000, reference="RF9600000187"))
    size = len(rows)
    assert size <= 17 + 4 * 13 + 8  # version 13 and the quiet zone
    drawn = [[False] * size for _row in range(size)]
    for bar in square.svg_path(rows).split("z")[:-1]:
        x, rest = bar[1:].split(" ")
        y, width = rest.split("h", 1)[0], rest.split("h", 1)[1].split("v")[0]
        for place in range(int(x), int(x) + int(width)):
            drawn[int(y)][place] = True
    assert drawn == rows


@pytest.mark.django_db
def test_a_member_reads_account_reference_and_square(client_of, amara, coop, shares, lena):
    membership = make_member(coop, user=amara.user, active=False, on=date(2026, 3, 1))
    assert how_to_pay(membership, 100) is None
    page = client_of(amara).get(reverse("ledger:money", kwargs={"coop": coop.slug})).content.decode()
    assert "write your member number" in page
    create_bank_account(actor=lena, name="House bank", number=IBAN)
    page = client_of(amara).get(reverse("ledger:money", kwargs={"coop": coop.slug})).content.decode()
    assert references.printed(references.of_member(membership.number)) in page
    assert "DE89 3704 0044 0532 0130 00" in page
    assert 'class="qr"' in page
    assert how_to_pay(membership, 26_000).path
    assert not how_to_pay(membership, 0).path
