"""Sessions, tokens and staff, in Chromium: asked again, signed out meanwhile, a form kept."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.sessions.models import Session

from coop.kernel import clock, tokens
from coop.kernel.models import ApiToken, Job, Office, User
from tests.browser import assert_clean, assert_clean_in_every_light
from tests.cast import PASSWORD, make_officer
from tests.e2e.logins import app_shows, h1, press, show_who, sign_in, with_login

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("fresh_limits", "through_the_outbox"),
]


# --- sessions --------------------------------------------------------------------------------------------------------


def test_signing_out_everywhere_else(browse, secretary):
    lost = browse("/riverside/audit/", user=secretary.user)
    page = browse("/accounts/sessions/", user=secretary.user)
    assert h1(page) == "You are signed in at 2 places."
    assert_clean(page)
    press(page, "Sign out everywhere else")
    assert h1(page) == "You are signed in only here."
    lost.reload()
    assert h1(lost) == "Sign in"
    page.goto("/riverside/audit/")
    assert page.url.endswith("/riverside/audit/")


def test_asked_who_it_is_before_an_office_ends_and_then_it_has_ended(browse, secretary):
    office = make_officer(secretary.coop, "carol", "board").user.offices.get()
    last_day = clock.today(secretary.coop) + timedelta(days=30)
    page = browse("/riverside/offices/", user=secretary.user)
    page.locator(f"a[href='/riverside/offices/{office.pk}/end/']").click()
    assert h1(page) == "Is it still you?"
    assert_clean(page)
    page.fill("#id_password", "not it")
    press(page, "It is me")
    assert "This is not your password." in page.locator("main").inner_text()
    page.fill("#id_password", PASSWORD)
    press(page, "It is me")
    assert page.url.endswith(f"/offices/{office.pk}/end/")
    page.fill("#id_ends_on", last_day.isoformat())
    press(page, "End the office")
    assert page.url.endswith("/riverside/offices/")
    office.refresh_from_db()
    assert office.ends_on == last_day


def test_asked_between_form_and_sending_what_was_written_is_kept(browse, secretary):
    office = make_officer(secretary.coop, "carol", "board").user.offices.get()
    last_day = clock.today(secretary.coop) + timedelta(days=30)
    page = browse(f"/riverside/offices/{office.pk}/end/", user=secretary.user, fresh=True)
    page.fill("#id_ends_on", last_day.isoformat())
    session = Session.objects.get()
    facts = session.get_decoded()
    facts["account_authentication_methods"][0]["at"] -= 3600  # they went for lunch
    session.session_data = Session.objects.encode(facts)
    session.save()
    press(page, "End the office")
    show_who(page)
    assert page.url.endswith("/riverside/offices/")
    assert page.problems == []
    office.refresh_from_db()
    assert office.ends_on == last_day


def test_a_session_that_ends_over_a_form_leads_back_to_it_and_nothing_was_sent(browse, secretary):
    page = browse("/riverside/offices/", user=secretary.user)
    Session.objects.all().delete()
    page.fill("#id_email", "theo@example.org")
    page.fill("#id_reason", "Board, item 4")
    press(page, "Give the office")
    assert h1(page) == "Sign in"
    assert "You were signed out in the meantime, so nothing was sent." in page.locator("main").inner_text()
    assert_clean(page)
    sign_in(page, "mei@example.org")
    assert page.url.endswith("/riverside/offices/")
    assert Office.objects.count() == 1


def test_a_page_that_asks_again_by_itself_goes_to_sign_in_as_a_whole(browse, secretary):
    job = Job.objects.create(
        coop=secretary.coop, kind="test.wait", title="Waiting", total=3, state="running", actor=secretary.user
    )
    page = browse(f"/riverside/jobs/{job.pk}/", user=secretary.user)
    Session.objects.all().delete()
    page.wait_for_url(f"**/accounts/login/?next=/riverside/jobs/{job.pk}/")
    assert page.locator("main").count() == 1
    assert_clean(page)


def test_a_form_without_its_pass_is_a_page_with_a_way_on(browse, secretary):
    page = browse("/riverside/offices/", user=secretary.user)
    kept = [each for each in page.context.cookies() if each["name"] != "csrftoken"]
    page.context.clear_cookies()
    page.context.add_cookies(kept)
    page.fill("#id_email", "mei@example.org")
    page.fill("#id_reason", "Board, item 4")
    press(page, "Give the office")
    assert h1(page) == "This page was open too long."
    assert_clean_in_every_light(page, "error-403-csrf")
    press(page, "Open the page anew")
    assert page.url.endswith("/riverside/offices/")


# --- programs, and staff ---------------------------------------------------------------------------------------------


def test_a_token_is_made_copied_used_and_revoked(browse, secretary):
    page = browse("/accounts/tokens/", user=secretary.user)
    assert h1(page) == "No program can act for you."
    assert_clean(page)
    page.fill("#id_name", "Spreadsheet")
    press(page, "Make a token")
    show_who(page)
    assert h1(page) == "1 program can act for you."
    secret = page.input_value("#token")
    assert_clean_in_every_light(page, "tokens-made")
    token = ApiToken.objects.get()
    assert token.digest == tokens.digest(secret)
    stranger = browse("/")
    ask = stranger.request
    answer = ask.get("/api/v1/riverside/sheets/", headers={"Authorization": f"Token {secret}"})
    assert answer.status == 200
    assert "next" in answer.json()
    page.goto("/accounts/tokens/")
    assert secret not in page.content()
    assert_clean_in_every_light(page, "tokens")
    press(page, "Revoke Spreadsheet")
    assert h1(page) == "No program can act for you."
    answer = ask.get("/api/v1/riverside/sheets/", headers={"Authorization": f"Token {secret}"})
    assert (answer.status, answer.headers["content-type"]) == (401, "application/problem+json")


def test_staff_signs_in_through_our_pages_and_the_admin_keeps_the_policy(browse, secretary, settings):
    settings.OFFICERS_NEED_MFA = True
    root = with_login(User.objects.create_superuser("root@example.org", PASSWORD))
    secret = generate_totp_secret()
    TOTP.activate(root, secret)
    page = browse("/admin/kernel/user/")
    assert h1(page) == "Sign in"
    sign_in(page, "root@example.org")
    page.fill("#id_code", app_shows(secret))
    press(page, "Sign in")
    assert page.url.endswith("/admin/kernel/user/")
    for path in (
        "/admin/",
        f"/admin/kernel/user/{root.pk}/change/",
        "/admin/kernel/auditevent/",
        "/admin/auth/group/add/",
    ):
        page.goto(path)
    assert page.problems == []
