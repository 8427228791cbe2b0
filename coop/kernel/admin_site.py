"""The admin: Django's own, for the platform's staff, behind a second factor, asking again before anything changes."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import reauthentication_required
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from . import web


class StaffSite(AdminSite):
    """Open to staff who have a second factor. History is shown and never changed: services do that, and say who."""

    site_title = site_header = _("Rochdale, for the platform’s staff")
    index_title = _("Everything here is for reading, but logins and groups")

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and not web.lacks_second_factor(request.user)

    def admin_view(self, view, cacheable=False):
        """Whoever sends something must lately have shown who they are."""
        return super().admin_view(reauthentication_required(view, enabled=_changes), cacheable)

    def login(self, request: HttpRequest, extra_context=None) -> HttpResponse:
        """Nobody signs in here: allauth's pages do that. Staff without a second factor is led to set one up."""
        back = request.GET.get("next") or reverse("admin:index")
        if not request.user.is_authenticated:
            return redirect_to_login(back)
        if not super().has_permission(request):
            raise PermissionDenied
        if web.lacks_second_factor(request.user):
            return web.to_second_factor(request, back=back)
        return super().login(request, extra_context)

    def password_change(self, request: HttpRequest, extra_context=None) -> Any:
        return redirect("account_change_password")


def _changes(request: HttpRequest) -> bool:
    return request.method not in web.SAFE_METHODS
