"""Moving business between members, through the API."""

from __future__ import annotations

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.response import Response
from rest_framework.views import APIView

from coop.kernel.errors import Refused
from ledger.services.patronage_reassigning import reassign
from members.selectors import membership_by_number

from .surplus import KEEP, Room
from .surplus_shapes import CorrectionSerializer


class ReceiverSerializer(serializers.Serializer):
    """Who gets how much of it, in the unit's smallest parts."""

    member = serializers.IntegerField(min_value=1)
    quantity = serializers.IntegerField(min_value=1)


class ReassignmentSerializer(serializers.Serializer):
    """Business of one member that belongs to others."""

    year = serializers.IntegerField()
    member = serializers.IntegerField(min_value=1)
    pool = serializers.CharField(max_length=60)
    to = ReceiverSerializer(many=True, allow_empty=False)
    because = serializers.CharField(max_length=300)


class Reassignments(Room, APIView):
    """Move business in a pool from one member to others; the pool's total stays."""

    requires = KEEP

    @extend_schema(request=ReassignmentSerializer, responses={201: CorrectionSerializer(many=True)})
    def post(self, request):
        said = self.said(ReassignmentSerializer)
        number, receivers = said.pop("member"), said.pop("to")
        membership = membership_by_number(self.coop, number) if number < 10**17 else None
        if membership is None:
            raise Refused("no_member", _("No member has this number."), "member")
        to = {each["member"]: each["quantity"] for each in receivers}
        if len(to) != len(receivers):
            raise Refused("twice", _("A member stands twice in the list."), "to")
        rows = reassign(actor=self.actor, membership=membership, to=to, **said)
        return Response(CorrectionSerializer(rows, many=True).data, status=status.HTTP_201_CREATED)
