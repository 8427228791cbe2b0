"""The four frames around every page, with a real co-op and its people, in every light; and on paper."""

import pytest
from django.contrib import messages
from django.shortcuts import render
from django.template import engines
from django.urls import include, path

from coop.kernel import nav
from coop.kernel.web import public
from coop.urls import in_coop
from coop.urls import urlpatterns as platform
from tests.browser import assert_clean_in_every_light, keep

pytestmark = [
    pytest.mark.browser,
    pytest.mark.urls("tests.look.test_frames"),
    pytest.mark.django_db(transaction=True),
]

PAGE = """{% extends base %}
{% block title %}A page{% endblock %}{% block area %}ledger{% endblock %}
{% block content %}{% title "This is the answer." over="Over" %}And this is what it means.{% endtitle %}
<article class="statement">{% include "ui/letterhead.html" %}
{% card "One thing to do" tinted=True %}<div class="row"><a class="button" href="#main">Do it</a></div>{% endcard %}
<p>{{ 3475|money:coop.currency }}</p></article>
{% endblock %}"""


@public
def page(request, base):
    messages.success(request, "Recorded. The register shows it from today.")
    return render(request, "frame_test.html", {"base": f"base_{base}.html" if base != "base" else "base.html"})


urlpatterns = [path("<slug:coop>/frame/<str:base>/", page), *platform, path("<slug:coop>/", include(in_coop))]


@pytest.fixture(autouse=True)
def _template(tmp_path, monkeypatch):
    (tmp_path / "frame_test.html").write_text(PAGE)
    engine = engines["django"].engine
    monkeypatch.setattr(engine, "dirs", [*engine.dirs, tmp_path])
    engine.__dict__.pop("template_loaders", None)
    yield
    engine.__dict__.pop("template_loaders", None)


@pytest.fixture(autouse=True)
def _ways(monkeypatch):
    """The design's own ways, all leading to the one page there surely is."""
    monkeypatch.setattr(nav, "_entries", [])
    tabs = [("Home", "home"), ("Votes", "ballot"), ("Money", "coins"), ("Talk", "people"), ("Me", "person")]
    nav.register(*(nav.Entry("member", label, "offices", icon, order=n) for n, (label, icon) in enumerate(tabs)))
    nav.register(
        nav.Entry("register", "Inbox", "home", "inbox", count=lambda actor: 7, order=1),
        nav.Entry("register", "Members", "offices", "people", order=2),
        nav.Entry("ballot", "Ballots", "audit", "ballot"),
        nav.Entry("ledger", "Journal", "settings", "receipt"),
        nav.Entry("library", "Audit trail", "audit", "lock"),
        nav.Entry("public", "Join", "join", "people"),
        nav.Entry("public", "Votes and results", "home", "ballot"),
    )


@pytest.mark.parametrize("base", ["member", "desk", "public", "print"])
def test_a_frame_is_clean(browse, coop, mei, base):
    page = browse(f"/riverside/frame/{base}/", user=mei.user)
    assert page.locator("h1").count() == 1
    assert page.locator(".notice[data-is=good]").count() == 1
    assert_clean_in_every_light(page, f"frame-{base}")


def test_a_visitor_finds_the_public_ways_and_the_door(browse, coop):
    page = browse("/riverside/frame/public/", width=390)
    assert page.locator("nav[aria-label=Main] a").all_inner_texts() == ["Join", "Votes and results"]
    assert page.locator("a.person").get_attribute("href") == "/accounts/login/?next=/riverside/frame/public/"


def test_the_rail_is_a_drawer_on_the_phone_without_script(browse, coop, mei):
    page = browse("/riverside/frame/desk/", width=390, user=mei.user)
    assert not page.locator("#rail").is_visible()
    page.click("button[popovertarget=rail]")
    assert page.locator("#rail").is_visible()
    assert page.locator("#rail .count").inner_text().startswith("7")
    keep(page, "frame-drawer")
    assert_clean_in_every_light(page)
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 390, "height": 800})
    assert not page.locator("#rail").is_visible()


def test_what_belongs_to_the_login_is_behind_the_name(browse, coop, mei):
    page = browse("/riverside/frame/member/", width=390, user=mei.user)
    page.click("button.person")
    assert page.locator("#person").is_visible()
    assert "Sign out" in page.locator("#person").inner_text()
    box = page.locator("#person").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    keep(page, "frame-person")
    assert_clean_in_every_light(page)


def test_the_first_key_leads_past_the_frame(browse, coop, mei):
    page = browse("/riverside/frame/desk/", user=mei.user)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")


def test_on_paper_the_frame_and_the_acts_are_gone(browse, coop, mei):
    page = browse("/riverside/frame/member/", user=mei.user)
    page.emulate_media(media="print")
    for gone in (".topbar", ".foot", ".tabbar"):
        assert not page.locator(gone).is_visible()
    assert page.locator("h1").is_visible()
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"


def test_for_a_stranger_the_masthead_leads_to_the_co_ops_own_page(client, coop):
    assert 'class="wordmark" href="/riverside/"' in client.get("/riverside/by-laws/").content.decode()


def test_the_masthead_of_signing_in_is_that_of_the_house(client, coop):
    assert "Riverside Food Co-op</span>" in client.get("/accounts/login/").content.decode()


def test_with_two_houses_it_is_the_one_somebody_is_on_the_way_to(client, coop, other_coop):
    assert ">Rochdale</span></a>" in client.get("/accounts/login/").content.decode()
    assert "Hillside Growers</span>" in client.get("/accounts/login/?next=/hillside/votes/").content.decode()
    assert ">Rochdale</span></a>" in client.get("/accounts/login/?next=//elsewhere.example/").content.decode()
