"""What every page with a form does: try the service, show its refusal on the form, answer 422."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.forms import Form
from django.http import HttpRequest

from coop.kernel.errors import Refused


def attempt(request: HttpRequest, form: Form, act: Callable[[], Any]) -> Any:
    """The service's answer, or None where the form was not sent, is not valid, or was refused (the form says why)."""
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        return act()
    except Refused as refused:
        refused.into(form)
        return None


def status_of(form: Form) -> int:
    return 422 if form.is_bound and form.errors else 200
