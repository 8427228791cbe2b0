"""The slot of the box over HTTP: no cookie, no session, no line in the log, and an answer for whatever is posted."""

from __future__ import annotations

import io
import json
import logging
import runpy
from types import SimpleNamespace

import pytest
from django.contrib.sessions.models import Session

from coop.kernel.models import AuditEvent
from coop.wsgi import application
from tests.cast import make_coop
from tests.faults.processes import PROJECT

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def coop(standing):
    return make_coop()


def post_raw(path: str, method: str) -> tuple[int, bytes]:
    said = []
    answer = application({"REQUEST_METHOD": method, "PATH_INFO": path}, lambda status, _headers: said.append(status))
    return int(said[0].split()[0]), b"".join(answer)


def post(path: str, body: bytes = b"", method: str = "POST", **environ):
    """Through the WSGI application itself, as gunicorn calls it."""
    said = {}

    def start(status, headers):
        said.update(status=int(status.split()[0]), headers=dict(headers))

    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        **environ,
    }
    answer = b"".join(application(environ, start))
    return said["status"], said["headers"], json.loads(answer)


@pytest.fixture(autouse=True)
def _same_connection(monkeypatch):
    """The slot lets go of the database as a request does; the test's own transaction would go with it."""
    monkeypatch.setattr("governance.web.box.close_old_connections", lambda: None)


def test_a_paper_goes_in_without_a_trace_beside_it(five, caplog, django_assert_num_queries):
    ballot, (voter, *_rest) = five
    voter.take()
    body, events = voter.seal([[1], [0]]), AuditEvent.objects.count()
    caplog.set_level(logging.DEBUG)
    status, headers, said = post(f"/box/{ballot.pk}/", body, HTTP_COOKIE="sessionid=abc", REMOTE_ADDR="192.0.2.7")
    assert (status, len(said["paper"])) == (200, 64)
    assert not {name.lower() for name in headers} & {"set-cookie", "etag", "location", "server"}
    assert headers["Cache-Control"] == "no-store"
    assert [record for record in caplog.records if record.name != "django.db.backends"] == []
    assert AuditEvent.objects.count() == events
    assert not Session.objects.exists()
    with django_assert_num_queries(1):  # from here on the public key is known: one call, and it is the box's
        post(f"/box/{ballot.pk}/", voter.seal([[2], [0]]))
    status, _headers, found = post(f"/box/{ballot.pk}/find/", voter.prepared)
    assert (status, len(found["paper"])) == (200, 64)
    assert found != said, "the second paper took the first one's place"
    assert post(f"/box/{ballot.pk}/find/", bytes(64))[2] == {"paper": ""}


@pytest.mark.parametrize(
    ("path", "body", "method", "status"),
    [
        ("/box/", b"", "POST", 404),
        ("/box/x/", b"", "POST", 404),
        ("/box/1/2/", b"", "POST", 404),
        ("/box/999999/", b"x" * 64, "POST", 404),
        ("/box/999999999999999999/", b"x" * 64, "POST", 404),
        ("/box/9999999999999999999999/", b"", "POST", 404),
        ("/box/{pk}/", b"", "GET", 405),
        ("/box/{pk}/", b"", "POST", 422),
        ("/box/{pk}/", b"x" * 1000, "POST", 422),
        ("/box/{pk}/", b"x" * 20_000, "POST", 413),
        ("/box/{pk}/find/", b"x" * 63, "POST", 422),
    ],
)
def test_whatever_is_posted_gets_an_answer(five, path, body, method, status):
    ballot, _voters = five
    answered, _headers, said = post(path.format(pk=ballot.pk), body, method)
    assert answered == status
    assert said["message"]


@pytest.mark.parametrize("path", ["/box/3/", "/%62ox/3/", "/box%2f3/"])
def test_the_web_server_writes_no_line_of_the_box_however_its_path_is_spelt(path, monkeypatch):
    written = []
    monkeypatch.setattr("gunicorn.glogging.Logger.access", lambda *said: written.append(said))
    conf = runpy.run_path(str(PROJECT / "gunicorn.conf.py"))
    log = object.__new__(conf["ReadableLogger"])
    for asked in (path, "/riverside/"):
        request = SimpleNamespace(path=asked, headers=[])
        conf["pre_request"](None, request)
        assert request.headers == ([("CONNECTION", "close")] if asked == path else [])
        log.access(None, request, {}, None)
    assert len(written) == 1


def test_a_head_request_is_answered_without_a_body_the_server_would_write_about(five):
    assert post_raw(f"/box/{five[0].pk}/", method="HEAD") == (405, b"")


def test_a_paper_cut_off_on_the_way_is_refused(five):
    ballot, (voter, *_rest) = five
    voter.take()
    body = voter.seal([[1], [0]])
    status, _headers, said = post(f"/box/{ballot.pk}/", body[:-10], CONTENT_LENGTH=str(len(body)))
    assert (status, said["code"]) == (422, "shape")
    for length in ("-1", "x", "²"):
        assert post(f"/box/{ballot.pk}/", body, CONTENT_LENGTH=length)[0] in (413, 422)


def test_forged_papers_are_answered_forbidden(five):
    ballot, (voter, *_rest) = five
    voter.blind()
    voter.signature = bytes(384)
    status, _headers, said = post(f"/box/{ballot.pk}/", voter.seal([[1], [0]]))
    assert (status, said["code"]) == (403, "token")
    voter.credential = 200
    assert post(f"/box/{ballot.pk}/", voter.seal([[1], [0]]))[0] == 403
