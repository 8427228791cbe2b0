"""The whole house behind one address, box included: what gunicorn would serve, and Chromium in front of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.db import connections
from playwright.sync_api import Page

from coop.kernel.models import User
from coop.kernel.tenancy import Actor
from governance import keyring
from governance.models import Ballot
from tests.browser import listen, session_cookie
from tests.standing import check_what_waits

from .voter import Voter, electorate


class Quiet(WSGIRequestHandler):
    def log_message(self, *args) -> None:
        pass


@pytest.fixture(scope="module")
def released(coop) -> SimpleNamespace:
    """A secret ballot of five that stands for a module whose ``coop`` does: numbers, and what its key folder held."""
    ballot, voters = electorate(coop, 5)
    check_what_waits()
    place = keyring.folder() / str(ballot.pk)
    kept = {file.name: file.read_bytes() for file in place.iterdir()}
    return SimpleNamespace(ballot=ballot.pk, users=[voter.actor.user_id for voter in voters], place=place, keys=kept)


@pytest.fixture
def five(db, coop, released) -> Iterator[tuple[Ballot, list[Voter]]]:
    """What ``electorate(coop, 5)`` gives, read anew; keys that the test destroyed come back, as its rows do."""
    ballot, users = Ballot.objects.get(pk=released.ballot), User.objects.in_bulk(released.users)
    yield ballot, [Voter(Actor.of(users[pk], coop), ballot) for pk in released.users]
    if not keyring.there(ballot.pk):
        released.place.mkdir(mode=0o700)
        for name, content in released.keys.items():
            (released.place / name).write_bytes(content)
            (released.place / name).chmod(0o600)


# A paper waits between credential and box; a test divides that wait, and no other, by fifty, and keeps what was asked.
IN_A_HURRY = """
window.waits = []
const inTime = window.setTimeout.bind(window)
window.setTimeout = (act, wait, ...more) => {
  if (!(wait >= 2000 && wait <= 8000)) return inTime(act, wait, ...more)
  window.waits.push(wait)
  return inTime(act, wait / 50, ...more)
}
"""


@pytest.fixture
def house(transactional_db) -> Iterator[SimpleNamespace]:
    """``house.url``: the application as coop.wsgi has it, with static files. It writes no access log."""
    from coop.wsgi import application

    server = ThreadedWSGIServer(("127.0.0.1", 0), Quiet)
    server.set_app(StaticFilesHandler(application))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield SimpleNamespace(url=f"http://localhost:{server.server_address[1]}")
    server.shutdown()
    server.server_close()
    thread.join(10)
    for connection in connections.all():
        connection.close()


@pytest.fixture
def visit(chromium, house) -> Iterator[Callable[..., Page]]:
    """``visit(path, user=None, width=390, scheme="light", context=None)``: a page that remembers what it did wrong."""
    opened = []

    def open_page(path: str, user=None, width: int = 390, scheme: str = "light", context=None) -> Page:
        if context is None:
            context = chromium.new_context(
                base_url=house.url,
                viewport={"width": width, "height": 844},
                color_scheme=scheme,
                locale="en-GB",
                timezone_id="Europe/Berlin",
                reduced_motion="reduce",
                accept_downloads=True,
            )
            context.add_init_script(IN_A_HURRY)
            opened.append(context)
            if user is not None:
                context.add_cookies([session_cookie(house.url, user, fresh=True)])
        page = context.new_page()
        listen(page, house.url)
        page.goto(path, wait_until="load")
        return page

    yield open_page
    for context in opened:
        context.close()
