"""The officers' first page: what waits for whom, the late first."""

from datetime import timedelta

import pytest

from coop.home import waiting_for
from coop.kernel import clock
from tests.ledger.factories import make_books
from tests.members.factories import make_member

pytestmark = pytest.mark.django_db


def test_late_payments_are_one_line_with_the_day_of_the_oldest(coop, lena, mei, client_of):
    make_books(coop)
    today = clock.today(coop)
    assert waiting_for(lena, today) == []
    for name, days in (("Kenji Watanabe", 90), ("Elsa Nyström", 60)):
        make_member(coop, name=name, active=False, on=today - timedelta(days=days))
    (late,) = waiting_for(lena, today)
    assert late.sentence == "2 payments are late"
    assert today - timedelta(days=90) <= late.due_on < today - timedelta(days=59)
    assert late.url == "/riverside/ledger/payments/"
    assert [each.url for each in waiting_for(mei, today)] == ["/riverside/register/members/"], "she takes no payments"
    page = client_of(lena).get("/riverside/desk/").content.decode()
    assert "One thing needs you" in page
    assert "One is late." in page
