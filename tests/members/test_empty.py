"""An empty register answers, and officers are not members."""

from datetime import date

from coop.kernel import clock
from members import selectors


def test_an_empty_register_answers(coop, mei):
    assert selectors.register(coop, date(2026, 1, 1), clock.now()) == []
    assert selectors.roll_candidates(coop, date(2026, 1, 1)) == []
    assert selectors.membership_of(mei) is None
    assert not mei.is_member
