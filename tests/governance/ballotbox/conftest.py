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

from tests.browser import listen, session_cookie


class Quiet(WSGIRequestHandler):
    def log_message(self, *args) -> None:
        pass


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
