"""The votes of a federation's member organisations through the API."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.response import Response

from .. import selectors, services
from ..models import Weight
from ..models.weights import MOST
from .views import DESK, RUN, InCoop


class WeightSerializer(serializers.ModelSerializer):
    """From a day on this member organisation has so many votes; the newest of a member in force on a day counts."""

    number = serializers.IntegerField(source="membership.number", min_value=1, help_text="The member’s number.")
    name = serializers.CharField(source="membership.party.name", read_only=True)
    votes = serializers.IntegerField(min_value=1, max_value=MOST)

    class Meta:
        model = Weight
        fields = ["number", "name", "votes", "effective_on", "because", "set_at"]
        read_only_fields = ["set_at"]


class Weights(InCoop, generics.ListAPIView):
    """Every weight that was written down, by member number, the newest first."""

    requires = DESK
    requires_by_method = {"POST": RUN}
    serializer_class = WeightSerializer

    def rows(self):
        return selectors.weights(self.coop)

    @extend_schema(responses={201: WeightSerializer})
    def post(self, request, **kwargs):
        """Write down how many votes a member organisation has. A person has one vote and is refused."""
        said = self.heard(WeightSerializer)
        number = said.pop("membership")["number"]
        made = services.set_weight(actor=self.actor, number=number, **said)
        return Response(WeightSerializer(made).data, status=status.HTTP_201_CREATED)
