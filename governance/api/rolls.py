"""Rolls published for objection, through the API: laid open, objected to, ruled on."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.response import Response
from rest_framework.views import APIView

from .. import services
from ..models import Objection, Roll, RollPublication, Ruling
from ..selectors import objections as known
from .views import DESK, READ, RUN, InCoop, one


class RollPublicationSerializer(serializers.ModelSerializer):
    """Until when the members can object; no ballot on the roll is released before."""

    class Meta:
        model = RollPublication
        fields = ["until", "published_at"]
        read_only_fields = ["published_at"]


class RulingSerializer(serializers.ModelSerializer):
    """Upheld, the line says from then on what the register says about the record date."""

    class Meta:
        model = Ruling
        fields = ["upheld", "because", "ruled_at"]
        read_only_fields = ["ruled_at"]


class ObjectionSerializer(serializers.ModelSerializer):
    """``by`` and ``about`` are member numbers."""

    by = serializers.IntegerField(source="membership.number")
    about = serializers.IntegerField(source="about.number")
    ruling = RulingSerializer(read_only=True, allow_null=True, default=None)

    class Meta:
        model = Objection
        fields = ["id", "by", "about", "because", "made_at", "ruling"]


class NewObjectionSerializer(serializers.Serializer):
    """``about``: the member number of the line, your own where left out; ``by``: for whom an officer enters it."""

    about = serializers.IntegerField(required=False, allow_null=True, min_value=1)
    by = serializers.IntegerField(required=False, allow_null=True, min_value=1)
    because = serializers.CharField(max_length=600)


class Publication(InCoop, APIView):
    """Lay a frozen roll open to the members, who can object until a moment."""

    requires = RUN

    @extend_schema(request=RollPublicationSerializer, responses={201: RollPublicationSerializer})
    def post(self, request, pk: int, **kwargs):
        """Said once, and not changed."""
        roll = one(Roll.objects.filter(coop=self.coop).frozen(), pk=pk)
        made = services.publish_roll(actor=self.actor, roll=roll, **self.heard(RollPublicationSerializer))
        return Response(RollPublicationSerializer(made).data, status=status.HTTP_201_CREATED)


class Objections(InCoop, generics.ListAPIView):
    """The objections to a roll, undecided ones first."""

    requires = DESK
    requires_by_method = {"POST": READ}
    serializer_class = ObjectionSerializer
    queryset = Objection.objects.none()

    def roll(self) -> Roll:
        return one(Roll.objects.filter(coop=self.coop).frozen(), pk=self.kwargs["pk"])

    def rows(self):
        return known.objections(self.roll())

    @extend_schema(request=NewObjectionSerializer, responses={201: ObjectionSerializer})
    def post(self, request, pk: int, **kwargs):
        """Object to a line of a published roll, with a reason."""
        made = services.object_to_roll(actor=self.actor, roll=self.roll(), **self.heard(NewObjectionSerializer))
        return Response(ObjectionSerializer(made).data, status=status.HTTP_201_CREATED)


class Rule(InCoop, APIView):
    """Decide an objection, with a reason; upheld, the line is corrected."""

    requires = RUN

    @extend_schema(request=RulingSerializer, responses={201: RulingSerializer})
    def post(self, request, pk: int, **kwargs):
        found = one(Objection.objects.filter(coop=self.coop), pk=pk)
        made = services.rule_on_objection(actor=self.actor, objection=found, **self.heard(RulingSerializer))
        return Response(RulingSerializer(made).data, status=status.HTTP_201_CREATED)
