"""From proposed to approved, and void before posting: each step once, by the right person, on the plan they saw."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied

from coop.kernel import clock
from coop.kernel.errors import Refused
from ledger.models import Entry
from ledger.services import distribution, surplus
from tests.cast import make_officer
from tests.governance.factories import carried_resolution
from tests.ledger.stood import cast, parts, stands
from tests.ledger.surplus.test_life import PURCHASES
from tests.ledger.surplus_factories import carried, make_buyers, make_import, make_plan

pytestmark = pytest.mark.django_db
coop, lena, jonas, plan = parts("coop", "lena", "jonas", "plan")


@pytest.fixture(scope="module")
def stood(standing):
    made = cast("lena", "jonas")
    make_buyers(made.coop)
    make_import(made.lena, PURCHASES)
    return stands(made, plan=make_plan(made.lena))


def test_a_motion_that_was_lost_carries_nothing(lena, plan, coop):
    surplus.propose(actor=lena, plan=plan)
    with pytest.raises(Refused, match="did not carry"):
        surplus.link_resolution(actor=lena, plan=plan, resolution=carried_resolution(coop, carried=False))
    plan.refresh_from_db()
    assert plan.state == "proposed"


def test_one_resolution_carries_one_plan_and_a_year_has_one(lena, plan, coop):
    first = carried(plan, lena)
    second = surplus.propose(actor=lena, plan=make_plan(lena, title="Other"))
    for resolution in (first.resolution, carried_resolution(coop, "Another")):
        with pytest.raises(Refused, match="Another plan stands on this resolution, or this year has its plan"):
            surplus.link_resolution(actor=lena, plan=second, resolution=resolution)
    again = surplus.link_resolution(actor=lena, plan=first, resolution=first.resolution)
    assert again.resolved_at == first.resolved_at


def test_a_resolution_from_before_the_year_is_none_for_it(lena, plan, coop):
    surplus.propose(actor=lena, plan=plan)
    early = carried_resolution(coop)
    with clock.at(clock.now() - timedelta(days=0)):
        early.decided_on = plan.year.starts_on
        with pytest.raises(Refused, match="before the year 2025 began"):
            surplus.link_resolution(actor=lena, plan=plan, resolution=early)


def test_nobody_approves_their_own_plan(lena, jonas, plan, coop):
    found = carried(plan, lena)
    with pytest.raises(PermissionDenied):
        surplus.approve(actor=lena, plan=found, seen=found.hash)
    other_treasurer = make_officer(coop, "ida", "treasurer")
    assert surplus.approve(actor=other_treasurer, plan=found, seen=found.hash).state == "approved"


def test_who_drew_it_up_does_not_approve_it_even_if_another_proposed(lena, plan, coop):
    ida = make_officer(coop, "ida", "treasurer")
    surplus.propose(actor=ida, plan=plan)
    found = surplus.link_resolution(actor=ida, plan=plan, resolution=carried_resolution(coop))
    with pytest.raises(Refused) as refused:
        surplus.approve(actor=lena, plan=found, seen=found.hash)
    assert (refused.value.code, refused.value.status) == ("same_person", 403)


def test_the_approval_is_of_what_was_seen(lena, jonas, mei, nadia, plan):
    found = carried(plan, lena)
    with pytest.raises(Refused, match="not the plan you looked at"):
        surplus.approve(actor=jonas, plan=found, seen="0" * 64)
    for actor in (mei, nadia):
        with pytest.raises(PermissionDenied):
            surplus.approve(actor=actor, plan=found, seen=found.hash)
    first = surplus.approve(actor=jonas, plan=found, seen=found.hash)
    again = surplus.approve(actor=jonas, plan=found, seen=found.hash)
    assert again.approved_at == first.approved_at


def test_nothing_is_posted_before_its_time(lena, jonas, plan):
    with pytest.raises(Refused, match="another state: draft"):
        surplus.post(actor=lena, plan=plan)
    found = carried(plan, lena)
    with pytest.raises(Refused, match="another state: carried"):
        surplus.post(actor=lena, plan=found)
    with pytest.raises(Refused, match="is not approved"):
        distribution.post_distribution(actor=lena, plan_id=found.pk, on=clock.today(plan.coop))
    assert not Entry.objects.exists()
