"""The slot of the ballot box: a tiny WSGI path before Django's middleware.

It reads no cookie, opens no session, counts no address and writes no line; gunicorn's access log leaves it out, and the
connection is closed behind every paper (gunicorn.conf.py). ``POST /box/<ballot>/`` takes a cast message as
``ballotbox.message`` writes it, ``POST /box/<ballot>/find/`` a prepared token; both answer JSON.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterable
from typing import Any

from django.db import Error, close_old_connections
from django.utils.translation import gettext as _

from coop.kernel.errors import Refused

from .. import services

log = logging.getLogger("rochdale.box")
PREFIX = "/box/"
PATH = re.compile(r"/box/([0-9]{1,18})/(find/)?\Z")
LONGEST = 16 * 1024
STATUS = {200: "200 OK", 403: "403 Forbidden", 404: "404 Not Found", 405: "405 Method Not Allowed", 409: "409 Conflict"}
STATUS |= {413: "413 Content Too Large", 422: "422 Unprocessable Content", 503: "503 Service Unavailable"}
App = Callable[[dict[str, Any], Callable], Iterable[bytes]]


def in_front_of(application: App) -> App:
    """The slot, and everything else behind it."""

    def first(environ: dict[str, Any], start_response: Callable) -> Iterable[bytes]:
        if not environ.get("PATH_INFO", "").startswith(PREFIX):
            return application(environ, start_response)
        close_old_connections()
        try:
            status, said = _answer(environ)
        finally:
            close_old_connections()
        body = json.dumps(said).encode()
        headers = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
        ]
        start_response(STATUS.get(status, STATUS[422]), headers)
        return [] if environ.get("REQUEST_METHOD") == "HEAD" else [body]  # gunicorn would write a line about it

    return first


def _answer(environ: dict[str, Any]) -> tuple[int, dict[str, str]]:
    place = PATH.match(environ.get("PATH_INFO", ""))
    if place is None:
        return 404, _problem("not_found", _("There is no box here."))
    if environ.get("REQUEST_METHOD") != "POST":
        return 405, _problem("method", _("A paper is posted."))
    try:
        body = _body(environ)
        ballot_id = int(place[1])
        act = _find if place[2] else _cast
        return 200, {"paper": act(ballot_id, body)}
    except Refused as refused:
        return refused.status, _problem(refused.code, refused.message)
    except services.NoBallot:
        return 404, _problem("not_found", _("There is no box here."))
    except Error:
        log.error("the box could not reach the database")  # noqa: TRY400 - the error's own text may hold a paper
        return 503, _problem("later", _("The paper could not be kept just now. Send it again; nothing is lost."))


def _cast(ballot_id: int, body: bytes) -> str:
    return services.cast_secret(ballot_id=ballot_id, body=body)


def _find(ballot_id: int, body: bytes) -> str:
    return services.look_up(ballot_id=ballot_id, prepared=body)


def _body(environ: dict[str, Any]) -> bytes:
    """What was sent, all of it; refuses what is longer than any paper or shorter than it says."""
    length = environ.get("CONTENT_LENGTH") or "0"
    if not length.isascii() or not length.isdigit() or int(length) > LONGEST:
        raise Refused("too_large", _("This is longer than a paper can be."), status=413)
    body: bytes = environ["wsgi.input"].read(int(length))
    if len(body) != int(length):
        raise Refused("shape", _("The paper arrived cut off. Send it again; nothing is lost."))
    return body


def _problem(code: str, message: str) -> dict[str, str]:
    return {"code": code, "message": message}
