"""Sessions that ended, forms that were interrupted, fragments asked for by a script: where each of them leads."""

from __future__ import annotations

from datetime import date
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from coop.kernel import clock
from coop.kernel.models import FactorReset, Office
from coop.kernel.tenancy import coops_of
from tests.cast import PASSWORD, make_officer, make_user
from tests.members.factories import make_member

pytestmark = pytest.mark.usefixtures("fresh_limits")
OFFICES = "/riverside/offices/"
LOGIN = "/accounts/login/"
INTERRUPTED = "You were signed out in the meantime, so nothing was sent."


def next_of(url: str) -> str:
    return parse_qs(urlsplit(url).query)["next"][0]


@pytest.fixture
def verified(mei):
    from allauth.account.models import EmailAddress

    EmailAddress.objects.create(user=mei.user, email=mei.user.email, verified=True, primary=True)
    return mei


# --- a session that ended --------------------------------------------------------------------------------------------


def test_nobody_is_sent_to_sign_in_and_comes_back(verified):
    client = Client()
    answer = client.get("/riverside/audit/?kind=office")
    assert answer.status_code == 302
    assert answer.url.startswith(LOGIN)
    assert next_of(answer.url) == "/riverside/audit/?kind=office"
    assert INTERRUPTED not in client.get(answer.url).content.decode()
    said = {"login": "mei@example.org", "password": PASSWORD, "next": next_of(answer.url)}
    answer = client.post(LOGIN, said)
    assert (answer.status_code, answer.url) == (302, "/riverside/audit/?kind=office")


def test_a_form_sent_after_the_session_ended_leads_back_to_its_page_and_says_so(verified):
    client = Client()
    said = {"email": "amara@example.org", "role": "board", "starts_on": "2026-01-01", "reason": "Board, item 4"}
    answer = client.post(OFFICES, said, headers={"referer": "http://testserver/riverside/offices/?a=1"})
    assert next_of(answer.url) == "/riverside/offices/?a=1"
    assert INTERRUPTED in client.get(answer.url).content.decode()
    assert Office.objects.count() == 1


def test_an_act_without_a_page_of_its_own_leads_back_to_the_page_it_stood_on(coop):
    client = Client()
    path = reverse("factor-reset-confirm", kwargs={"coop": "riverside", "pk": 7})
    answer = client.post(path, headers={"referer": "http://testserver/riverside/second-factor/"})
    assert next_of(answer.url) == "/riverside/second-factor/"


@pytest.mark.parametrize(
    "referer",
    [
        "https://elsewhere.example/riverside/",
        "//elsewhere.example/",
        "javascript:alert(1)",
        "http://testserver:99/",
        "",
    ],
)
def test_the_way_back_never_leads_elsewhere(coop, referer):
    answer = Client().post(OFFICES, {}, headers={"referer": referer})
    assert next_of(answer.url) == OFFICES
    answer = Client().get(OFFICES, headers={"hx-request": "true", "hx-current-url": referer})
    assert next_of(answer["HX-Redirect"]) == OFFICES


def test_a_fragment_is_never_answered_with_the_sign_in_page(coop):
    client = Client()
    headers = {"hx-request": "true", "hx-current-url": "http://testserver/riverside/members/?q=a"}
    answer = client.get("/riverside/jobs/1/", headers=headers)
    assert answer.status_code == 200
    assert answer.content == b""
    assert next_of(answer["HX-Redirect"]) == "/riverside/members/?q=a"
    assert INTERRUPTED in client.get(answer["HX-Redirect"]).content.decode()


def test_a_fragment_that_needs_a_second_factor_or_certainty_moves_the_whole_page(mei, client_of, settings):
    headers = {"hx-request": "true", "hx-current-url": "http://testserver/riverside/offices/"}
    stale = Client()
    stale.force_login(mei.user, backend="django.contrib.auth.backends.ModelBackend")
    path = reverse("office-end", kwargs={"coop": "riverside", "pk": mei.user.offices.get().pk})
    assert stale.get(path, headers=headers)["HX-Redirect"].startswith("/accounts/reauthenticate/")
    settings.OFFICERS_NEED_MFA = True
    client = client_of(mei)
    assert client.get(OFFICES, headers=headers)["HX-Redirect"] == reverse("mfa_index")
    assert client.session["after_second_factor"] == OFFICES


def test_a_session_that_ends_between_page_and_form_changes_nothing(verified, client_of):
    """Two tabs: signing out in one ends what the other was about to send."""
    client = client_of(verified)
    assert client.get(OFFICES).status_code == 200
    client.post("/accounts/logout/")
    answer = client.post(OFFICES, {"email": "mei@example.org", "role": "auditor", "starts_on": "2026-01-01"})
    assert answer.url.startswith(LOGIN)
    assert Office.objects.count() == 1


# --- certainty --------------------------------------------------------------------------------------------------------


def test_a_form_interrupted_to_ask_who_it_is_goes_on_with_what_was_written(verified):
    office = make_officer(verified.coop, "carol", "board").user.offices.get()
    client = Client()
    client.force_login(verified.user, backend="django.contrib.auth.backends.ModelBackend")
    path = reverse("office-end", kwargs={"coop": "riverside", "pk": office.pk})
    answer = client.post(path, {"ends_on": "2026-03-31"})
    assert answer.status_code == 302
    assert answer.url.startswith("/accounts/reauthenticate/")
    office.refresh_from_db()
    assert office.ends_on is None
    wrong = client.post(answer.url, {"password": "not it", "next": path})
    assert "This is not your password." in wrong.content.decode()
    done = client.post(answer.url, {"password": PASSWORD, "next": path})
    assert (done.status_code, done.url) == (302, OFFICES)
    office.refresh_from_db()
    assert office.ends_on == date(2026, 3, 31)


def test_an_interrupted_form_is_checked_anew_when_it_goes_on(verified):
    """Between the form and the password the office ended: what goes on is refused like anything else."""
    make_officer(verified.coop, "ines", "secretary")
    office = make_officer(verified.coop, "carol", "board").user.offices.get()
    client = Client()
    client.force_login(verified.user, backend="django.contrib.auth.backends.ModelBackend")
    path = reverse("office-end", kwargs={"coop": "riverside", "pk": office.pk})
    answer = client.post(path, {"ends_on": "2026-03-31"})
    verified.user.offices.update(ends_on="2020-06-30")
    done = client.post(answer.url, {"password": PASSWORD, "next": path})
    assert done.status_code == 404
    office.refresh_from_db()
    assert office.ends_on is None


# --- the browser's pass for a form ------------------------------------------------------------------------------------


def test_a_form_without_its_pass_is_a_page_with_a_sentence_and_a_way_on(mei):
    client = Client(enforce_csrf_checks=True)
    client.force_login(mei.user, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post(OFFICES, {}, headers={"referer": "http://testserver/riverside/offices/"})
    assert answer.status_code == 403
    html = answer.content.decode()
    assert "This page was open too long." in html
    assert 'href="/riverside/offices/"' in html


def test_a_fragment_without_its_pass_loads_the_page_anew_and_says_why(mei):
    client = Client(enforce_csrf_checks=True)
    client.force_login(mei.user, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post(OFFICES, {}, headers={"hx-request": "true"})
    assert answer["HX-Refresh"] == "true"
    assert "This page was open too long, so nothing was sent." in client.get(OFFICES).content.decode()


def test_signing_in_sent_twice_is_signing_in(verified):
    client = Client(enforce_csrf_checks=True)
    client.get(LOGIN)
    pass_ = client.cookies["csrftoken"].value
    said = {"login": "mei@example.org", "password": PASSWORD, "next": OFFICES, "csrfmiddlewaretoken": pass_}
    assert client.post(LOGIN, said).url == OFFICES
    assert client.cookies["csrftoken"].value != pass_
    again = client.post(LOGIN, said)
    assert (again.status_code, again.url) == (302, OFFICES)
    elsewhere = client.post(LOGIN, said | {"next": "https://elsewhere.example/"})
    assert elsewhere.url == "/"


# --- what is not there ------------------------------------------------------------------------------------------------


def test_an_unknown_address_and_an_unknown_co_op_are_one_page(mei, client_of):
    for client in (Client(), client_of(mei)):
        for path in ("/nowhere/", "/nowhere/members/", "/riverside/nothing/", "/accounts/nothing/"):
            answer = client.get(path)
            assert answer.status_code == 404, path
            assert "There is nothing at this address." in answer.content.decode()


def test_in_the_demo_nobody_sees_the_page_for_developers(mei, settings):
    settings.DEBUG = settings.DEMO = True
    answer = Client().get("/riverside/nothing/")
    assert answer.status_code == 404
    assert "There is nothing at this address." in answer.content.decode()
    assert "urlpatterns" not in answer.content.decode()


# --- one login in several co-ops --------------------------------------------------------------------------------------


def test_a_login_belongs_where_it_holds_an_office_or_is_a_member(coop, other_coop):
    both = make_officer(coop, "ines", "board")
    assert coops_of(both.user) == [coop]
    make_member(other_coop, user=both.user, name="Ines Duarte", on=date(2024, 1, 1))
    assert coops_of(both.user) == [other_coop, coop]


def test_the_door_lists_them_and_for_a_stranger_all_there_are(coop, other_coop, theo, client_of):
    both = make_officer(coop, "ines", "board")
    alone = client_of(both).get("/")
    assert (alone.status_code, alone.headers["Location"]) == (302, "/riverside/"), "with one there is nothing to choose"
    make_member(other_coop, user=both.user, name="Ines Duarte", on=date(2024, 1, 1))
    page = client_of(both).get("/").content.decode()
    assert "Your co-operatives" in page
    assert 'href="/hillside/"' in page
    assert "no co-operative here knows this login yet" in client_of(theo).get("/").content.decode()
    assert 'href="/hillside/"' in client_of(None).get("/").content.decode()


def test_an_office_that_ended_or_has_not_begun_is_no_tie(coop, other_coop):
    user = make_user("ines")
    today = clock.today(coop)
    Office.objects.create(coop=coop, user=user, role="board", starts_on=date(2019, 1, 1), ends_on=date(2019, 12, 31))
    Office.objects.create(coop=other_coop, user=user, role="board", starts_on=today.replace(year=today.year + 1))
    assert coops_of(user) == []


def test_offices_of_one_co_op_mean_nothing_in_the_other(coop, other_coop, client_of):
    """Secretary here and auditor there: each co-op's pages see the one office only."""
    here = make_officer(coop, "ines", "secretary")
    make_officer(other_coop, "ines", "auditor")
    client = client_of(here)
    assert client.get("/riverside/settings/").status_code == 200
    assert client.get("/hillside/settings/").status_code == 403
    assert client.get("/hillside/audit/").status_code == 200
    sent = client.post("/hillside/offices/", {"email": "ines@example.org", "role": "treasurer"})
    assert sent.status_code == 403
    lost = FactorReset.objects.create(coop=coop, user=make_user("x"), asked_by=make_user("y"), reason="…")
    path = reverse("factor-reset-confirm", kwargs={"coop": "hillside", "pk": lost.pk})
    assert client.post(path).status_code in (403, 404)
    lost.refresh_from_db()
    assert lost.confirmed_at is None


def test_a_member_of_both_sees_in_each_what_is_theirs_there(coop, other_coop, client_of):
    user = make_user("ines")
    make_member(coop, user=user, name="Ines Duarte", on=date(2024, 1, 1))
    make_member(other_coop, user=user, name="Ines D. of the hill", on=date(2023, 1, 1))
    from coop.kernel.tenancy import Actor

    client = client_of(Actor.of(user, coop))
    assert "Ines D. of the hill" not in client.get("/riverside/me/").content.decode()
    assert "Ines D. of the hill" in client.get("/hillside/me/").content.decode()
