"""Members ask for a meeting through the API."""

from __future__ import annotations

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.response import Response
from rest_framework.views import APIView

from .. import selectors, services
from ..models import Requisition
from ..selectors import requisitions as known
from .views import CALL, READ, InCoop, one


class RequisitionSerializer(serializers.ModelSerializer):
    """``threshold`` says in words why ``needed`` members are needed; ``call_by`` is the board's day once reached."""

    supporters = serializers.IntegerField(read_only=True)
    threshold = serializers.SerializerMethodField()

    class Meta:
        model = Requisition
        fields = (
            "id kind meeting purpose reasons begun_at as_of members needed supporters threshold reached_at call_by"
            " answered_at answer withdrawn_at"
        ).split()

    def get_threshold(self, requisition) -> str:
        return known.threshold_in_words(requisition)


class NewRequisitionSerializer(serializers.Serializer):
    """What is asked for and why; with ``meeting``, an item on its agenda."""

    purpose = serializers.CharField(max_length=200)
    reasons = serializers.CharField(max_length=10_000)
    meeting = serializers.IntegerField(required=False, allow_null=True, default=None)


class AnswerSerializer(serializers.Serializer):
    meeting = serializers.IntegerField(help_text="The meeting that answers it.")


class Requisitions(InCoop, generics.ListAPIView):
    """What members have asked for together, newest first."""

    requires = READ
    requires_by_method = {"POST": ("governance.vote",)}
    serializer_class = RequisitionSerializer

    def rows(self):
        return known.requisitions(self.actor)

    @extend_schema(request=NewRequisitionSerializer, responses={201: RequisitionSerializer})
    def post(self, request, **kwargs):
        """Ask for a meeting or an item; you are the first supporter."""
        said = self.heard(NewRequisitionSerializer)
        if said["meeting"] is not None:
            said["meeting"] = one(selectors.meetings(self.actor), pk=said["meeting"])
        made = services.begin_requisition(actor=self.actor, **said)
        return Response(RequisitionSerializer(one(self.rows(), pk=made.pk)).data, status=status.HTTP_201_CREATED)


class DecideRequisition(InCoop, APIView):
    """Stand behind it (``support``), or take back what you began (``withdraw``)."""

    requires = ("governance.vote",)
    acts = {"support": services.support_requisition, "withdraw": services.withdraw_requisition}

    @extend_schema(operation_id="requisitions_decide", request=None, responses=RequisitionSerializer)
    def post(self, request, pk: int, act: str, **kwargs):
        if act not in self.acts:
            raise Http404
        rows = known.requisitions(self.actor)
        self.acts[act](actor=self.actor, requisition=one(rows, pk=pk))
        return Response(RequisitionSerializer(one(rows.all(), pk=pk)).data)


class AnswerRequisition(InCoop, APIView):
    """Say by which meeting a reached requisition is answered."""

    requires = CALL

    @extend_schema(request=AnswerSerializer, responses=RequisitionSerializer)
    def post(self, request, pk: int, **kwargs):
        rows = known.requisitions(self.actor)
        meeting = one(selectors.meetings(self.actor), pk=self.heard(AnswerSerializer)["meeting"])
        services.answer_requisition(actor=self.actor, requisition=one(rows, pk=pk), meeting=meeting)
        return Response(RequisitionSerializer(one(rows.all(), pk=pk)).data)
