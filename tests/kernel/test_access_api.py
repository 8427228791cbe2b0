"""Whatever goes wrong below /api/ is one sentence in problem+json, whoever noticed it."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.throttling import AnonRateThrottle, UserRateThrottle

from coop.kernel import tokens
from members.api import views

JSON = "application/json"


def at(name: str, coop: str = "riverside", **kwargs) -> str:
    return reverse(f"members-api:{name}", kwargs={"coop": coop, **kwargs})


def problem(answer, status: int, code: str = "") -> dict:
    """The problem's body, once it is sure that it is one."""
    assert answer.status_code == status, answer.content[:300]
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert body["type"] == "about:blank"
    assert body["title"]
    assert body["detail"].endswith((".", ")")) or code == "invalid", body["detail"]
    assert "<" not in body["detail"]
    if code:
        assert body["code"] == code
    return body


@pytest.mark.parametrize(
    "path",
    [
        "/api/nothing/",
        "/api/v1/",
        "/api/v2/riverside/members/",
        "/api/v1/riverside/nothing/",
        "/api/v1/riverside/members/x/",
        "/api/v1/nowhere/members/",
        "/api/v1/UPPER CASE/members/",
        "/api/v1/riverside/members",
    ],
)
@pytest.mark.parametrize("who", ["nobody", "mei"])
def test_an_address_that_is_not_there(mei, client_of, path, who):
    client = client_of(mei if who == "mei" else None)
    answer = client.get(path)
    if answer.status_code == 301:  # the missing slash
        answer = client.get(answer.url)
        assert answer.status_code in (200, 401)
        return
    problem(answer, 404, "not_found")


def test_nobody_is_asked_for_a_token(coop):
    answer = Client().get(at("members"))
    problem(answer, 401, "not_authenticated")
    assert answer["WWW-Authenticate"] == "Token"


def test_an_outsider_finds_nothing_and_an_insider_without_the_right_is_told(mei, theo, olga, nadia, client_of):
    problem(client_of(theo).get(at("members")), 404, "not_found")
    problem(client_of(olga).get(at("members")), 404, "not_found")
    problem(client_of(mei).get(at("members", coop="hillside")), 404, "not_found")
    problem(client_of(nadia).post(at("sheets"), {}, content_type=JSON), 403, "permission_denied")


def test_a_row_that_is_not_there_is_a_404(mei, client_of):
    problem(client_of(mei).get(at("member", number=999_999)), 404, "not_found")
    problem(client_of(mei).get(at("application", pk=10**15)), 404, "not_found")


def test_a_method_that_is_not_there(mei, client_of):
    answer = client_of(mei).delete(at("members"))
    problem(answer, 405, "method_not_allowed")
    assert answer["Allow"].startswith("GET")


def test_a_kind_of_content_nobody_reads(mei, client_of):
    problem(client_of(mei).post(at("sheets"), "<a/>", content_type="text/xml"), 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "",
        "nonsense",
        '{"meeting_on": NaN}',
        b"\xff\xfe\x00",
        "[" * 200_000,
        '{"a":' * 100_000,
        "1" * 10_000,
    ],
    ids=["half", "empty", "words", "NaN", "not UTF-8", "deep lists", "deep objects", "a long number"],
)
def test_malformed_json_is_a_400(mei, client_of, body):
    answer = client_of(mei).post(at("sheets"), body, content_type=JSON)
    found = problem(answer, 400)
    assert found["code"] in ("parse_error", "invalid")


@pytest.mark.parametrize("body", [[], "text", 7, None, True, [{"meeting_on": "2026-01-01"}]])
def test_json_of_the_wrong_shape_is_a_400(mei, client_of, body):
    problem(client_of(mei).post(at("sheets"), json.dumps(body), content_type=JSON), 400, "invalid")


def test_what_is_wrong_is_said_by_field(mei, client_of):
    answer = client_of(mei).post(at("sheets"), {"meeting_on": "yesterday", "applications": ["x"]}, content_type=JSON)
    found = problem(answer, 400, "invalid")
    assert set(found["errors"]) == {"meeting_on", "applications"}
    assert "meeting_on" in found["detail"]


def test_too_much_at_once_is_a_413(mei, client_of, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = client_of(mei).post(at("sheets"), {"meeting_on": "x" * 2000}, content_type=JSON)
    problem(answer, 413, "too_large")


def test_a_nul_in_the_address_reaches_no_query(mei, client_of):
    client = client_of(mei)
    problem(client.get(at("members") + "?q=%00"), 400, "bad_request")
    page = client.get(reverse("members:list", kwargs={"coop": "riverside"}) + "?q=a%00b")
    assert page.status_code == 400
    assert "holds a character that stands in no text" in page.content.decode()


def test_a_host_that_is_not_ours(mei):
    problem(Client(headers={"host": "elsewhere.example"}).get(at("members")), 400, "bad_request")


def test_a_session_without_the_forms_pass_changes_nothing(mei):
    client = Client(enforce_csrf_checks=True)
    client.force_login(mei.user, backend="django.contrib.auth.backends.ModelBackend")
    found = problem(client.post(at("sheets"), {"meeting_on": "2026-01-01"}, content_type=JSON), 403)
    assert "CSRF" in found["detail"]


def test_a_token_needs_no_pass(mei):
    _token, secret = tokens.make(actor=mei, name="Till", reads_only=False, days=7)
    client = Client(enforce_csrf_checks=True, headers={"Authorization": f"Token {secret}"})
    assert client.post(
        at("sheets"), {"meeting_on": "2026-01-01", "applications": []}, content_type=JSON
    ).status_code in (
        201,
        400,
        422,
    )


@pytest.mark.parametrize("who", ["nobody", "mei"])
def test_too_often_says_when_to_come_back(mei, client_of, monkeypatch, fresh_limits, who):
    for throttle in (AnonRateThrottle, UserRateThrottle):
        monkeypatch.setattr(throttle, "rate", "2/min", raising=False)
    client = client_of(mei if who == "mei" else None)
    answers = [client.get(reverse("api-schema") if who == "nobody" else at("classes")) for _ in range(3)]
    if who == "nobody":  # nobody signed in is turned away before anything is counted
        assert {answer.status_code for answer in answers} == {401}
        return
    assert [answer.status_code for answer in answers[:2]] == [200, 200]
    found = problem(answers[2], 429, "throttled")
    assert 0 < int(answers[2]["Retry-After"]) <= 60
    assert answers[2]["Retry-After"] in found["detail"]


def test_our_own_mistake_tells_nothing_of_itself(mei, client_of, monkeypatch):
    def breaks(view):
        raise RuntimeError("the wires are crossed at 10.0.0.1")

    monkeypatch.setattr(views.Classes, "get_queryset", breaks)
    client = client_of(mei)
    client.raise_request_exception = False
    found = problem(client.get(at("classes")), 500, "error")
    assert "wires" not in json.dumps(found)


def test_the_description_says_how_to_show_who_one_is(mei, client_of):
    schema = client_of(mei).get(reverse("api-schema") + "?format=json").json()
    schemes = schema["components"]["securitySchemes"]
    assert schemes["token"]["name"] == "Authorization"
    assert "Token" in schemes["token"]["description"]
