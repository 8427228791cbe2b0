"""Two records that are one person. It is led from here because a ballot under way may know both of them.

A membership that stands on the roll of an open ballot stays with its holder until the ballot is closed: whoever got it
in the middle would vote twice, or find a vote cast already.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from coop.kernel.errors import Refused
from coop.kernel.rest import BecauseSerializer, CoopView, only_known
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from governance.models import Ballot, RollEntry
from members import services
from members.forms import MergeForm, SplitForm, TwinForm, UndoMergeForm
from members.models import AccessLog, Membership, Party, PartyMerge
from members.selectors import membership_by_number, merging


def ballot_issues(*memberships: Membership) -> list[tuple[str, str]]:
    """Open ballots whose roll names one of these memberships, as (code, sentence)."""
    rows = RollEntry.objects.filter(membership__in=memberships, roll__ballots__state=Ballot.State.OPEN)
    titles = rows.order_by("roll__ballots__title").values_list("roll__ballots__title", flat=True).distinct()
    return [
        ("ballot_open", _("“%s” is being voted on, and its roll names them; wait until it is closed.") % title)
        for title in titles
    ]


def issues(kept: Party, other: Party) -> list[tuple[str, str]]:
    """Everything that stands against making the two one."""
    return [*merging.issues(kept, other), *ballot_issues(*other.memberships.all())]


@contextmanager
def not_while_voting(*parties: Party) -> Iterator[None]:
    """The database moves no membership that the roll of an open ballot names; here it is said which ballot that is."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as refused:
        if "stays with its holder" not in str(refused):
            raise
        for code, sentence in ballot_issues(*Membership.objects.filter(party__in=parties)):
            raise Refused(code, sentence) from refused
        raise


def merge_people(*, actor, kept: Party, other: Party, because: str, choose: dict[str, str]) -> PartyMerge:
    """``members.services.merge``, refused while a ballot on whose roll the moving memberships stand is open."""
    with not_while_voting(kept, other):
        return services.merge(actor=actor, kept=kept, other=other, because=because, choose=choose)


def take_apart(*, actor, merge: PartyMerge, because: str) -> PartyMerge:
    """``members.services.undo_merge`` under the same condition."""
    with not_while_voting(merge.kept, merge.other):
        return services.undo_merge(actor=actor, merge=merge, because=because)


def split_person(*, actor, party: Party, memberships, **said) -> PartyMerge:
    """``members.services.split`` under the same condition."""
    with not_while_voting(party):
        return services.split(actor=actor, party=party, memberships=memberships, **said)


def _party(request: HttpRequest, pk: int) -> Party:
    rows = Party.objects.filter(coop=request.coop, erased_at=None).select_related("coop", "account")
    return get_object_or_404(rows, pk=pk)


def _back(request: HttpRequest, party: Party) -> str:
    first = party.memberships.order_by("number").first()
    if first is None:
        return path(request.coop, "members:list")
    return path(request.coop, "members:detail", number=first.number)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.keep_register")
def twins(request: HttpRequest, pk: int) -> HttpResponse:
    """Records that may be the same person, and what was merged before."""
    party = _party(request, pk)
    form = TwinForm(party, request.POST or None)
    if request.method == "POST" and form.is_valid():
        return redirect(path(request.coop, "merge", pk=party.pk, other=form.cleaned_data["number"].pk))
    found = merging.twins(party)
    if request.method == "GET":
        services.looked_at(actor=request.actor, what=AccessLog.What.LIST, rows=len(found), subject="twins")
    context = {
        "party": party,
        "twins": found,
        "form": form,
        "merges": merging.merges_of(party),
        "back": _back(request, party),
        "can_split": party.memberships.count() > 1,
    }
    return render(request, "members/twins.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.keep_register")
def merge(request: HttpRequest, pk: int, other: int) -> HttpResponse:
    """Both records side by side, what would move, and the act."""
    kept, gone = _party(request, pk), _party(request, other)
    against = issues(kept, gone)
    form = MergeForm(kept, gone, request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = {"because": form.cleaned_data["because"], "choose": form.choices}
        try:
            merge_people(actor=request.actor, kept=kept, other=gone, **said)
        except Refused as refused:
            refused.into(form)
        else:
            messages.success(request, _("One record now. It can be taken apart again on this page."))
            return redirect(path(request.coop, "twins", pk=kept.pk))
    if request.method == "GET":
        for party in (kept, gone):
            services.looked_at(actor=request.actor, what=AccessLog.What.MEMBER, party=party, subject="merge")
    context = {
        "kept": kept,
        "other": gone,
        "form": form,
        "against": [sentence for _code, sentence in against],
        "sides": [_side(kept), _side(gone)],
        "moving": [each for each in merging.moving(gone) if each.count],
    }
    return render(request, "members/merge.html", context, status=422 if form.errors else 200)


def _side(party: Party) -> dict:
    memberships = party.memberships.select_related("member_class").order_by("number")
    return {"party": party, "memberships": list(memberships)}


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.keep_register")
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a merge apart again."""
    rows = PartyMerge.objects.filter(coop=request.coop, kind=PartyMerge.Kind.MERGED)
    made = get_object_or_404(rows.select_related("kept", "other"), pk=pk)
    form = UndoMergeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            take_apart(actor=request.actor, merge=made, **form.cleaned_data)
        except Refused as refused:
            refused.into(form)
        else:
            messages.success(request, _("Two records again."))
            return redirect(path(request.coop, "twins", pk=made.kept_id))
    context = {"form": form, "merge": made}
    return render(request, "members/merge_undo.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.keep_register")
def split(request: HttpRequest, pk: int) -> HttpResponse:
    """One record was two people."""
    party = _party(request, pk)
    form = SplitForm(party, request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = {key: form.cleaned_data[key] for key in ("email", "memberships", "because")}
        try:
            made = split_person(actor=request.actor, party=party, name=form.name, **said)
        except Refused as refused:
            refused.into(form)
        else:
            messages.success(request, _("Two records now."))
            return redirect(_back(request, made.other))
    context = {"form": form, "party": party}
    return render(request, "members/split.html", context, status=422 if form.errors else 200)


class MergeSerializer(serializers.Serializer):
    """Two members by number: whose record is kept, whose goes over into it, and whose word counts for what."""

    kept = serializers.IntegerField(min_value=1, max_value=10**15)
    other = serializers.IntegerField(min_value=1, max_value=10**15)
    because = serializers.CharField(max_length=500)
    choose = serializers.DictField(child=serializers.ChoiceField(choices=["kept", "other"]), required=False)


class MergedSerializer(serializers.ModelSerializer):
    """What was merged, taken apart or split, and how many rows of each kind moved."""

    moved = serializers.SerializerMethodField()

    class Meta:
        model = PartyMerge
        fields = ["id", "kind", "taken", "recorded_at", "moved"]

    def get_moved(self, made: PartyMerge) -> dict[str, int]:
        kinds = list(made.moves.values_list("what", flat=True))
        return {kind: kinds.count(kind) for kind in sorted(set(kinds))}


class Merges(CoopView, APIView):
    """Make two records one."""

    requires = ("members.keep_register",)

    @extend_schema(request=MergeSerializer, responses={201: MergedSerializer})
    def post(self, request):
        said = MergeSerializer(data=only_known(MergeSerializer, request.data))
        said.is_valid(raise_exception=True)
        found = {key: self._member(said.validated_data[key], key) for key in ("kept", "other")}
        rest = {"because": said.validated_data["because"], "choose": said.validated_data.get("choose", {})}
        made = merge_people(actor=self.actor, **found, **rest)
        return Response(MergedSerializer(made).data, status=201)

    def _member(self, number: int, field: str) -> Party:
        found = membership_by_number(self.coop, number)
        if found is None:
            raise Refused("member_unknown", _("Nobody here has the number %s.") % number, field)
        return found.party


class UndoMerge(CoopView, APIView):
    """Take a merge apart again."""

    requires = ("members.keep_register",)

    @extend_schema(request=BecauseSerializer, responses=MergedSerializer)
    def post(self, request, pk: int):
        said = BecauseSerializer(data=only_known(BecauseSerializer, request.data))
        said.is_valid(raise_exception=True)
        made = get_object_or_404(PartyMerge, coop=self.coop, pk=pk)
        done = take_apart(actor=self.actor, merge=made, because=said.validated_data["because"])
        return Response(MergedSerializer(done).data)
