"""The public joining page: eligibility comes from the register, cost from the ledger, before anybody types a letter."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from coop.kernel.web import public


@require_http_methods(["GET", "HEAD", "POST"])
@public
def join(request: HttpRequest) -> HttpResponse:
    return render(request, "coop/join.html")
