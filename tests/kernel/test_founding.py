"""Founding a co-op from the command line: what is refused, in one sentence, and on which day it begins."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command

from coop.kernel import clock
from coop.kernel.models import Cooperative, Office, User
from coop.kernel.tenancy import Actor
from coop.law import PACKS
from members import services
from members.models import ByLaws, CourseRequirement, MembershipClass
from tests.members.factories import make_member

pytestmark = pytest.mark.django_db

EVENING = datetime(2026, 3, 9, 22, tzinfo=UTC)  # the morning of the tenth in Auckland


def create(slug: str = "kauri", **options) -> Cooperative:
    call_command("create_coop", slug, "Kauri Co-op", secretary="aroha@kauri.example", verbosity=0, **options)
    return Cooperative.objects.get(slug=slug)


@pytest.mark.parametrize(
    ("slug", "options", "sentence"),
    [
        ("kauri", {"time_zone": "Middle/Earth"}, "There is no time zone “Middle/Earth”."),
        ("kauri", {"currency": "euro"}, "There is no currency “euro”."),
        ("kauri", {"share_price": "0"}, "A share costs more than nothing."),
        ("kauri", {"share_price": "many"}, "“many” is not an amount of money."),
        ("admin", {}, "“admin” is the platform's own word; choose another address."),
        ("Kauri Co-op", {}, "An address is made of small letters, digits and hyphens; “Kauri Co-op” is not."),
        ("kauri", {"adopted_on": date(2026, 3, 11)}, "By-laws that are not adopted yet cannot found a co-operative."),
    ],
)
def test_one_sentence_and_nothing_is_founded(slug, options, sentence):
    with clock.at(EVENING), pytest.raises(CommandError) as refused:
        create(slug, **options)
    assert (str(refused.value), refused.value.returncode) == (sentence, 2)
    assert not Cooperative.objects.exists()
    assert not User.objects.exists()


def test_a_second_one_of_the_same_address_is_refused():
    create()
    with pytest.raises(CommandError, match="There is a co-operative at “kauri” already"):
        create()


def test_the_day_is_the_co_ops_own():
    with clock.at(EVENING):
        coop = create(time_zone="Pacific/Auckland", adopted_on=date(2026, 3, 10))
    assert ByLaws.objects.get(coop=coop).adopted_on == date(2026, 3, 10), "today there, tomorrow in Greenwich"
    assert Office.objects.get(coop=coop).starts_on == date(2026, 3, 10)


@pytest.mark.parametrize(
    ("said", "asked"),
    [("", []), ("members", [("Member", "")]), ("board", [("", "board")]), ("both", [("", "board"), ("Member", "")])],
)
def test_by_laws_may_ask_for_a_course_first(said, asked, client):
    coop = create(induction=said)
    found = CourseRequirement.objects.filter(coop=coop, days=None).select_related("member_class", "course")
    rows = [(each.member_class.name if each.member_class else "", each.office) for each in found]
    assert sorted(rows) == asked
    assert {each.course.name for each in found} == ({"Induction"} if said else set())
    joins = client.get(f"/{coop.slug}/join/").text
    assert ("Induction" in joins) == (said in ("members", "both"))


@pytest.mark.parametrize("law", sorted(PACKS))
def test_whoever_is_a_member_of_a_founded_co_op_can_leave_it(law):
    with clock.at(EVENING):
        coop = create(law=law)
        membership = make_member(coop, name="Aroha Ngata", member_class=MembershipClass.objects.get(coop=coop).slug)
        services.give_notice(actor=Actor.system(coop), membership=membership, received_on=clock.today(coop))
    asked = PACKS[law].notice
    expected = date(2026, 12, 31) if asked.get("to") else date(2026, 3, 9) + timedelta(days=asked["days"])
    membership.refresh_from_db()
    assert membership.ends_on == expected
