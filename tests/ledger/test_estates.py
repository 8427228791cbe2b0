"""The books after a death: what they have open is said on the member's page, and shares that left keep it on record."""

from datetime import date

import pytest

from coop.kernel.errors import Refused
from coop.kernel.tenancy import path
from ledger.services.holdings import give_to_coop
from ledger.services.mandates import give_mandate
from members import services
from tests.ledger.factories import make_books, make_payment
from tests.members.factories import dead, make_member
from tests.members.test_desk_pages import text

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 2)


@pytest.fixture
def ada(coop):
    """Ten shares of 50.00, fully paid, and a death."""
    make_books(coop)
    membership = make_member(coop, name="Ada Byron", active=False, on=DAY, shares_wanted=10)
    make_payment(membership, 51_000, on=DAY)
    dead(membership)
    membership.refresh_from_db()
    return membership


def test_shares_are_said_and_once_they_left_the_death_stays(coop, mei, lena, client_of, ada):
    page = path(coop, "members:detail", number=ada.number)
    words = text(client_of(mei).get(page))
    assert "10 shares stand in the name of member 0001, €500.00 paid up." in words.replace("\xa0", "")
    assert "Take the death back" in words
    with pytest.raises(Refused, match="nothing is collected by a mandate"):
        give_mandate(actor=lena, membership=ada, iban="DE89370400440532013000", signed_on=DAY)
    give_to_coop(
        actor=lena, membership=ada, shares=10, on=ada.party.died_on, reason="The heirs give them.", key="gift-1"
    )
    with pytest.raises(Refused, match="shares of member 0001 left the holding .given to the co-op., so the"):
        services.take_back_death(actor=mei, party=ada.party, because="She lives.")
    assert "Take the death back" not in text(client_of(mei).get(page))
