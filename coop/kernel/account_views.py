"""Pages about a login that allauth does not have: tokens for programs."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from . import clock, forms, tokens
from .errors import Refused
from .models import User
from .tenancy import Actor, coops_of
from .web import signed_in


class LoginRequest(HttpRequest):
    """What ``signed_in`` lets through."""

    user: User


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
@reauthentication_required(allow_get=True)
@never_cache
def token_list(request: LoginRequest) -> HttpResponse:
    """One's own tokens, and a new one. Its text is in this one answer and nowhere else."""
    coops = coops_of(request.user)
    form = forms.TokenForm(request.POST or None, coops=coops)
    secret, made = "", None
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        try:
            made, secret = tokens.make(
                actor=Actor.of(request.user, asked["coop"]),
                name=asked["name"],
                reads_only=not asked["may_change"],
                days=asked["days"],
            )
        except Refused as refused:
            refused.into(form)
        else:
            form = forms.TokenForm(coops=coops)
    context = {
        "tokens": tokens.live_tokens(request.user),
        "coops": coops,
        "form": form,
        "made": made,
        "secret": secret,
        "now": clock.now(),
    }
    return render(request, "kernel/tokens.html", context, status=422 if form.errors else 200)


@require_POST
@signed_in
@reauthentication_required
def token_revoke(request: LoginRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(tokens.live_tokens(request.user), pk=pk)
    tokens.revoke(actor=Actor.of(request.user, token.coop), token=token)
    messages.success(request, _("“%(name)s” opens nothing any more.") % {"name": token.name})
    return redirect("tokens")
