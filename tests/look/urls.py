"""The pages of the look by themselves: the reference page, the accounts, and one page for every error."""

from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404
from django.shortcuts import render
from django.urls import include, path

from coop.kernel.account_views import token_list
from coop.kernel.errors import Refused
from coop.kernel.web import public
from coop.reference import reference


@public
def fail(request, code):
    """Answers as the project would."""
    if code == 400:
        raise BadRequest
    if code == 403:
        raise PermissionDenied
    if code == 422:
        raise Refused("period_closed", "October 2026 is closed. Post this in November.")
    if code == 429:
        return render(request, "429.html", status=429)
    if code == 500:
        raise RuntimeError("as asked")
    raise Http404


urlpatterns = [
    path("ui/", reference, name="ui_reference"),
    path("accounts/tokens/", token_list, name="tokens"),
    path("accounts/", include("allauth.urls")),
    path("fail/<int:code>/", fail),
]
