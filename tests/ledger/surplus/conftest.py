"""What the tests of surplus share."""

import pytest
from django.urls import reverse


@pytest.fixture
def api(coop, client_of):
    """``api(actor).post("plans", {...}, pk=1)``: JSON in and out, below the co-op."""

    class Speaker:
        def __init__(self, actor):
            self.client = client_of(actor)

        def __getattr__(self, method):
            def speak(name, data=None, **kwargs):
                url = reverse(f"ledger-api:{name}", kwargs={"coop": coop.slug, **kwargs})
                options = {"content_type": "application/json"} if method != "get" else {}
                return getattr(self.client, method)(url, data, **options)

            return speak

    return Speaker
