"""When something goes wrong: one sentence, what to do, a way back."""

import pytest

from tests.browser import assert_clean_in_every_light

pytestmark = [pytest.mark.urls("tests.look.urls"), pytest.mark.django_db(transaction=True)]

SENTENCES = {
    400: "This request could not be understood.",
    403: "This page is not yours to open.",
    404: "There is nothing at this address.",
    422: "October 2026 is closed. Post this in November.",
    429: "That was too often in too short a time.",
    500: "Something broke on our side.",
}


@pytest.mark.parametrize("code", SENTENCES)
def test_an_error_is_one_sentence_and_a_way_back(client, code):
    client.raise_request_exception = False
    answer = client.get(f"/fail/{code}/")
    assert answer.status_code == code
    html = answer.content.decode()
    assert f"<h1>{SENTENCES[code]}</h1>" in html
    assert 'href="/"' in html


@pytest.mark.browser
@pytest.mark.parametrize("code", [code for code in SENTENCES if code != 500])
def test_error_pages_are_clean(browse, code):
    assert_clean_in_every_light(browse(f"/fail/{code}/"), f"error-{code}")


@pytest.mark.browser
def test_our_own_mistake_is_a_clean_page(browse):
    page = browse("/fail/500/")
    page.problems.clear()  # it is a 500, as asked
    assert_clean_in_every_light(page, "error-500")


def test_a_form_left_open_too_long_says_so(client):
    from django.test import Client

    answer = Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": "x"})
    assert answer.status_code == 403
    assert "This page was open too long." in answer.content.decode()


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "422", "429", "500"])
def test_error_pages_need_no_request(name):
    from django.template.loader import render_to_string

    html = render_to_string(f"{name}.html")
    assert "<h1>" in html
    assert 'href="/"' in html
