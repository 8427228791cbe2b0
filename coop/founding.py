"""Founding a co-op: from the command line or the first-run wizard, one service for both."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from coop.kernel.web import public, requires


@require_http_methods(["GET", "HEAD", "POST"])
@public
def wizard(request: HttpRequest) -> HttpResponse:
    return render(request, "coop/found.html")


@require_http_methods(["GET", "HEAD", "POST"])
@requires("kernel.settle")
def settings_page(request: HttpRequest) -> HttpResponse:
    return render(request, "coop/settings.html")
