"""Running a released ballot through the API: letting it close later."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.response import Response

from .. import services
from ..models import Ballot, Extension
from .views import READ, RUN, InCoop, one


class ExtensionSerializer(serializers.ModelSerializer):
    """The close moved from ``was`` to ``until``; never earlier."""

    class Meta:
        model = Extension
        fields = ["was", "until", "because", "extended_at"]
        read_only_fields = ["was", "extended_at"]


class Extensions(InCoop, generics.ListAPIView):
    """The times a ballot's close was moved, in order, each with its reason."""

    requires = READ
    requires_by_method = {"POST": RUN}
    serializer_class = ExtensionSerializer

    def ballot(self) -> Ballot:
        return one(Ballot.objects.filter(coop=self.coop).released(), pk=self.kwargs["pk"])

    def rows(self):
        return Extension.objects.filter(ballot=self.ballot())

    @extend_schema(responses={201: ExtensionSerializer})
    def post(self, request, pk: int, **kwargs):
        """Let the ballot close later, before it closes; everybody who may vote is told."""
        made = services.extend_ballot(actor=self.actor, ballot=self.ballot(), **self.heard(ExtensionSerializer))
        return Response(ExtensionSerializer(made).data, status=status.HTTP_201_CREATED)
