"""Passing a membership on as one act: admission, if need be, the end of the one, and all its shares to the other.

Led from here because the register ends a membership and the books move its shares. The board decided it, so the
platform posts the shares, as it posts what else was approved; who recorded the decision stands in the audit trail.
"""

from __future__ import annotations

from datetime import date

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.rest import CoopView, only_known
from coop.kernel.tenancy import Actor, path
from coop.kernel.web import requires
from ledger.models import ShareClass
from ledger.selectors.shares import holding_of
from ledger.services import holdings, shares
from members import services
from members.forms.desk import DateInput
from members.models import Application, Membership
from members.selectors import joining, membership_by_number
from members.web.desk import find


@transaction.atomic
def pass_membership_on(
    *, actor, membership: Membership, to: Membership | Application, on: date, resolution: str, because: str
) -> Membership:
    """The membership ends on ``on``; a member, or somebody admitted by the same resolution, takes its shares.

    All or nothing. Beside what ``members.services.pass_on`` refuses: shares that are not fully paid, and more shares
    than the taker may hold. Returns the taker's membership.
    """
    shares.take_holding(*(each for each in (membership, to) if isinstance(each, Membership)))
    taker = to
    if isinstance(taker, Application):
        taker = services.admit(actor=actor, application=taker, resolution=resolution, on=on)
    taker.coop = membership.coop
    giver = services.pass_on(
        actor=actor, membership=membership, to=taker, on=on, resolution=resolution, because=because
    )
    for share_class in ShareClass.objects.filter(coop=giver.coop).order_by("pk"):
        held = holding_of(giver, share_class=share_class).shares
        if held:
            holdings.transfer(
                actor=Actor.system(giver.coop),
                giver=giver,
                taker=taker,
                shares=held,
                on=on,
                reason=_("Membership passed on, resolution %s") % resolution.strip(),
                key=f"pass-on-{giver.pk}-{share_class.pk}",
                share_class=share_class,
            )
    taker.refresh_from_db()
    return taker


class PassOnForm(forms.Form):
    """To whom, when, and by what decision."""

    number = forms.IntegerField(
        label=gettext_lazy("To the member with the number"), required=False, min_value=1, max_value=10**15
    )
    application = forms.ModelChoiceField(
        label=gettext_lazy("Or to somebody who has applied"), queryset=Application.objects.none(), required=False
    )
    on = forms.DateField(label=gettext_lazy("Last day of the one, and the day of the decision"), widget=DateInput)
    resolution = forms.CharField(label=gettext_lazy("Resolution of the board"), max_length=80)
    because = forms.CharField(
        label=gettext_lazy("What it rests on"),
        max_length=300,
        help_text=gettext_lazy("For example: written agreement of 3 May."),
    )

    def __init__(self, coop, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.coop = coop
        self.initial.setdefault("on", clock.today(coop))
        choice = self.fields["application"]
        if isinstance(choice, forms.ModelChoiceField):
            choice.queryset = joining.waiting(coop)

    def clean(self):
        said = self.cleaned_data
        number, application = said.pop("number", None), said.pop("application", None)
        if bool(number) == bool(application):
            self.add_error("number", _("Give a member’s number, or choose an application."))
            return said
        said["to"] = application or membership_by_number(self.coop, number)
        if said["to"] is None:
            self.add_error("number", _("Nobody here has the number %s.") % number)
        return said


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.decide")
def pass_on(request: HttpRequest, number: int) -> HttpResponse:
    """Record that the board let a membership pass to somebody else."""
    membership = find(request, number)
    form = PassOnForm(request.coop, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            taker = pass_membership_on(actor=request.actor, membership=membership, **form.cleaned_data)
        except Refused as refused:
            refused.into(form)
        else:
            messages.success(request, _("Passed on to %s, with all its shares. Both are written to.") % taker.party)
            return redirect(path(request.coop, "members:detail", number=taker.number))
    held = holding_of(membership)
    context = {"form": form, "membership": membership, "held": held}
    return render(request, "members/pass_on.html", context, status=422 if form.errors else 200)


class PassOnSerializer(serializers.Serializer):
    """To whom (a member's number, or an application's key), from which day, and by what decision."""

    number = serializers.IntegerField(min_value=1, max_value=10**15, required=False)
    application = serializers.IntegerField(min_value=1, required=False)
    on = serializers.DateField()
    resolution = serializers.CharField(max_length=80)
    because = serializers.CharField(max_length=300)


class PassedOnSerializer(serializers.Serializer):
    """The number of whoever holds the shares now."""

    number = serializers.IntegerField()


class PassOn(CoopView, APIView):
    """Let a membership pass to somebody else."""

    requires = ("members.decide",)

    @extend_schema(request=PassOnSerializer, responses=PassedOnSerializer)
    def post(self, request, number: int):
        said = PassOnSerializer(data=only_known(PassOnSerializer, request.data))
        said.is_valid(raise_exception=True)
        membership = find(request._request, number)
        form = PassOnForm(self.coop, said.validated_data)
        if not form.is_valid():
            field, errors = next(iter(form.errors.items()))
            raise Refused("invalid", str(errors[0]), field)
        taker = pass_membership_on(actor=self.actor, membership=membership, **form.cleaned_data)
        return Response({"number": taker.number})
