"""A company's business is shared among its persons: by new rows, nothing gained and nothing lost."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from coop.kernel import audit
from coop.kernel.errors import Refused
from ledger.models import PatronageRecord, PatronageYear
from ledger.selectors import patronage as selectors
from ledger.selectors.surplus import is_stale
from ledger.services import surplus
from ledger.services.patronage_reassigning import reassign
from tests.ledger.surplus_factories import YEAR, make_import, make_plan

pytestmark = pytest.mark.django_db


def sums(coop):
    return {row.number: row.quantity for row in selectors.basis(PatronageYear.objects.get(coop=coop, year=YEAR))}


def move(actor, membership, to, **more):
    usual = {"year": YEAR, "pool": "purchases", "because": "bought for the household"}
    return reassign(actor=actor, membership=membership, to=to, **{**usual, **more})


def test_it_moves_and_the_total_stays(coop, lena, buyers):
    make_import(lena, {1: "100.00", 2: "5.00"})
    draft = make_plan(lena)
    rows = move(lena, buyers[1], {2: 30_00, 3: 20_00})
    assert [row.quantity for row in rows] == [-50_00, 30_00, 20_00]
    assert sums(coop) == {1: 50_00, 2: 35_00, 3: 20_00}
    draft.refresh_from_db()
    assert is_stale(draft), "a draft worked out on the old figures can tell"
    move(lena, buyers[1], {3: 50_00})
    assert sums(coop) == {1: 0, 2: 35_00, 3: 70_00}
    assert list(audit.verify(coop)) == []


@pytest.mark.parametrize(
    ("to", "more", "code"),
    [
        ({2: 100_01}, {}, "too_much"),
        ({}, {}, "nothing"),
        ({2: 0}, {}, "nothing"),
        ({2: -5}, {}, "nothing"),
        ({99: 1}, {}, "no_member"),
        ({1: 1}, {}, "no_member"),
        ({2: 1}, {"because": " "}, "no_reason"),
        ({2: 1}, {"pool": "bread"}, "no_pool"),
    ],
)
def test_what_cannot_be_moved_is_refused_and_nothing_is_written(coop, lena, buyers, to, more, code):
    make_import(lena, {1: "100.00"})
    with pytest.raises(Refused) as refused:
        move(lena, buyers[1], to, **more)
    assert refused.value.code == code
    assert PatronageRecord.objects.count() == 1


def test_not_while_a_plan_is_before_the_members_and_only_by_the_treasurer(coop, lena, mei, buyers):
    make_import(lena, {1: "100.00"})
    with pytest.raises(PermissionDenied):
        move(mei, buyers[1], {2: 1})
    surplus.propose(actor=lena, plan=make_plan(lena))
    with pytest.raises(Refused, match="stands on these figures"):
        move(lena, buyers[1], {2: 1})


def test_from_the_page(coop, lena, buyers, client_of):
    make_import(lena, {1: "100.00"})
    where = reverse("ledger:patronage-reassign", kwargs={"coop": coop.slug, "year": YEAR})
    said = {"number": 1, "pool": "purchases", "because": "its persons"}
    wrong = client_of(lena).post(where, {**said, "to": "2 40.00\n2 1.00"})
    assert (wrong.status_code, "Line 2" in wrong.content.decode()) == (422, True)
    assert client_of(lena).post(where, {**said, "to": "2 40.00\n\n 3   10"}).status_code == 302
    assert sums(coop) == {1: 50_00, 2: 40_00, 3: 10_00}
