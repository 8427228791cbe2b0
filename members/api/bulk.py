"""Saved filters through the API."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.response import Response
from rest_framework.views import APIView

from members import services
from members.models import SavedFilter
from members.selectors import bulk

from .views import READ, CoopList


class FilterSerializer(serializers.ModelSerializer):
    """A named question to the members' list: ``query`` knows tab, q, member_class and state."""

    query = serializers.DictField(child=serializers.CharField(max_length=100, allow_blank=True))
    owner = serializers.CharField(source="owner.display_name", read_only=True)

    class Meta:
        model = SavedFilter
        fields = ["id", "name", "query", "shared", "owner"]


class Filters(CoopList, generics.ListAPIView):
    """One's own saved filters and the shared ones; and a place for one more."""

    requires = READ
    serializer_class = FilterSerializer

    def rows(self):
        return bulk.filters(self.actor)

    @extend_schema(request=FilterSerializer, responses={201: FilterSerializer})
    def post(self, request):
        said = FilterSerializer(data=request.data)
        said.is_valid(raise_exception=True)
        saved = services.save_filter(actor=self.actor, **said.validated_data)
        return Response(FilterSerializer(saved).data, status=status.HTTP_201_CREATED)


class OneFilter(CoopList, APIView):
    """Take a saved filter away."""

    requires = READ

    @extend_schema(request=None, responses={204: None})
    def delete(self, request, pk: int):
        services.remove_filter(actor=self.actor, saved=self.one_or_404(bulk.filters(self.actor, removed=True), pk=pk))
        return Response(status=status.HTTP_204_NO_CONTENT)
