"""People with a login for the browser."""

import pytest

from tests.e2e.logins import with_login


@pytest.fixture
def through_the_outbox(settings):
    settings.EMAIL_BACKEND = "coop.kernel.outbox.OutboxBackend"


@pytest.fixture
def secretary(mei):
    with_login(mei.user)
    return mei
