"""Who is shown which way; that every way leads somewhere; and the frames around pages, in every light."""

from types import SimpleNamespace

import pytest
from django.urls import NoReverseMatch

from coop.kernel import nav


@pytest.fixture
def ways(monkeypatch):
    monkeypatch.setattr(nav, "_entries", [])


def request(path="/riverside/"):
    return SimpleNamespace(coop=SimpleNamespace(slug="riverside"), path=path)


def actor(*offices, member=False):
    return SimpleNamespace(offices=frozenset(offices), is_officer=bool(offices), is_member=member)


def test_every_registered_way_leads_to_a_page_of_this_co_op(coop):
    from django.urls import resolve, reverse

    assert nav.entries()
    for entry in nav.entries():
        address = reverse(entry.url_name, kwargs={"coop": coop.slug})
        assert resolve(address).func


def test_every_icon_of_the_ways_is_in_the_sheet():
    from coop.kernel.templatetags.ui import ICONS

    assert {entry.icon for entry in nav.entries()} <= ICONS


def test_a_way_that_leads_nowhere_is_an_error_and_not_a_gap(ways):
    nav.register(nav.Entry("register", "Nowhere", "no-such-page", "home"))
    with pytest.raises(NoReverseMatch):
        nav.for_actor(actor("board"), request())


@pytest.mark.parametrize(
    ("requires", "who", "seen"),
    [
        ((), None, False),
        ((), actor(member=True), True),
        (("secretary",), actor("treasurer"), False),
        (("secretary",), actor("secretary"), True),
        (("officer",), actor("auditor"), True),
        (("officer",), actor(member=True), False),
        (("member",), actor("board"), False),
        (("member",), actor(member=True), True),
        (lambda a: "board" in a.offices, actor("board"), True),
        (lambda a: "board" in a.offices, None, False),
    ],
)
def test_a_way_is_shown_to_those_it_is_for(requires, who, seen):
    assert nav.Entry("register", "x", "home", "home", requires=requires).is_for(who) is seen


def test_a_visitor_sees_only_public_ways(ways):
    nav.register(
        nav.Entry("public", "Join", "join", "people"),
        nav.Entry("member", "Home", "home", "home", requires=("member",)),
        nav.Entry("library", "Offices", "offices", "people", requires=("officer",)),
    )
    visitor = nav.for_actor(None, request())
    assert [link.label for link in visitor.public] == ["Join"]
    assert visitor.tabs == ()
    assert visitor.rail == ()


def test_the_nearest_way_above_a_page_is_the_current_one(ways):
    nav.register(
        nav.Entry("member", "Home", "home", "home", requires=("member",)),
        nav.Entry("member", "Offices", "offices", "people", requires=("member",)),
    )

    def current(path):
        return [link.label for link in nav.for_actor(actor(member=True), request(path)).tabs if link.is_current]

    assert current("/riverside/") == ["Home"]
    assert current("/riverside/offices/7/end/") == ["Offices"]
    assert current("/riverside/settings/") == []


def test_a_thumb_bar_holds_five(ways):
    nav.register(*(nav.Entry("member", str(n), "home", "home", order=n) for n in range(5)))
    with pytest.raises(ValueError, match="5 entries at most"):
        nav.register(nav.Entry("member", "6", "home", "home", order=6))


def test_an_area_that_does_not_exist_is_refused(ways):
    with pytest.raises(ValueError, match="'kitchen' is no area"):
        nav.register(nav.Entry("kitchen", "x", "home", "home"))
