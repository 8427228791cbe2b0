"""Entries by hand above the board's limit, through the API: drafts, and a second person's approval."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.response import Response
from rest_framework.views import APIView

from coop.kernel.rest import CoopView, only_known
from ledger.models import Account, EntryDraft, EntryDraftLine
from ledger.selectors import manual
from ledger.services import entries
from ledger.services.posting import Line

from .serializers import LARGEST, EntrySerializer


class DraftLineSerializer(serializers.ModelSerializer):
    code = serializers.CharField(source="account.code")

    class Meta:
        model = EntryDraftLine
        fields = ["n", "code", "amount"]


class DraftSerializer(serializers.ModelSerializer):
    """A draft; ``request_hash`` is what an approval names. Amounts are signed minor units, debit positive."""

    lines = DraftLineSerializer(many=True)

    class Meta:
        model = EntryDraft
        fields = "id state on memo key request_hash drafted_by approved_by refused_by because entry lines".split()


class NewDraftLineSerializer(serializers.Serializer):
    code = serializers.CharField(max_length=40, help_text="An account's code.")
    amount = serializers.IntegerField(min_value=-LARGEST, max_value=LARGEST, help_text="Minor units, debit positive.")


class NewDraftSerializer(serializers.Serializer):
    """An entry by hand for a second person to look at. Sent again under the same key it is written once."""

    key = serializers.CharField(max_length=100, help_text="Your own name for this entry; unique in the co-op.")
    on = serializers.DateField()
    memo = serializers.CharField(max_length=300)
    lines = serializers.ListField(child=NewDraftLineSerializer(), max_length=200)


class DraftApprovalSerializer(serializers.Serializer):
    seen = serializers.CharField(max_length=64, help_text="The draft's request_hash, as you read it.")


class Drafts(CoopView, generics.ListAPIView):
    """Entries by hand that wait or waited for a second person, newest first."""

    requires = ("ledger.read_books",)
    requires_by_method = {"POST": ("ledger.keep_books",)}
    serializer_class = DraftSerializer

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return EntryDraft.objects.none()
        return manual.drafts(self.coop).prefetch_related("lines__account")

    @extend_schema(request=NewDraftSerializer, responses={201: DraftSerializer})
    def post(self, request, *args, **kwargs):
        """Write an entry by hand down for a second person."""
        asked = NewDraftSerializer(data=only_known(NewDraftSerializer, request.data))
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        codes = {line["code"] for line in said["lines"]}
        known = {each.code: each for each in Account.objects.filter(coop=self.coop, membership=None, code__in=codes)}
        unknown = sorted(codes - set(known))
        if unknown:
            raise serializers.ValidationError({"lines": [f"There is no account {unknown[0]}."]})
        draft = entries.draft_entry(
            actor=self.actor,
            on=said["on"],
            memo=said["memo"],
            lines=[Line(known[line["code"]], line["amount"]) for line in said["lines"]],
            key=f"api:{said['key']}",
        )
        return Response(DraftSerializer(draft).data, status=status.HTTP_201_CREATED)


class ApproveDraft(CoopView, APIView):
    """The second person's approval."""

    requires = ("ledger.approve_entry",)

    @extend_schema(request=DraftApprovalSerializer, responses=EntrySerializer)
    def post(self, request, pk: int):
        """Post exactly the draft whose hash is named; whoever drafted it is refused (403)."""
        asked = DraftApprovalSerializer(data=only_known(DraftApprovalSerializer, request.data))
        asked.is_valid(raise_exception=True)
        draft = manual.drafts(self.coop).filter(pk=pk).first()
        if draft is None:
            raise NotFound
        entry = entries.approve_draft(actor=self.actor, draft=draft, seen=asked.validated_data["seen"])
        return Response(EntrySerializer(entry, context={"request": request}).data)
