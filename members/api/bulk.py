"""Saved filters through the API."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.response import Response
from rest_framework.views import APIView

from coop.kernel import clock
from coop.kernel.rest import only_known
from members import services
from members.models import AccessLog, CourseSession, SavedFilter
from members.selectors import bulk, search
from members.selectors.acts import Act, planned

from .views import READ, CoopList


class FilterSerializer(serializers.ModelSerializer):
    """A named question to the members' list: ``query`` knows tab, q, member_class, state and tag."""

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
        said = FilterSerializer(data=only_known(FilterSerializer, request.data))
        said.is_valid(raise_exception=True)
        saved = services.save_filter(actor=self.actor, **said.validated_data)
        return Response(FilterSerializer(saved).data, status=status.HTTP_201_CREATED)


class ActSerializer(serializers.Serializer):
    """One act for everybody ``query`` finds. Without ``digest`` it is only looked at; with the one seen, it is done."""

    query = serializers.DictField(child=serializers.CharField(max_length=100, allow_blank=True), default=dict)
    act = serializers.ChoiceField(choices=Act.choices)
    tag = serializers.CharField(max_length=40, allow_blank=True, default="")
    session = serializers.IntegerField(min_value=1, max_value=10**15, allow_null=True, default=None)
    digest = serializers.CharField(max_length=64, allow_blank=True, default="")


class LeftOutSerializer(serializers.Serializer):
    """A member on the list to whom nothing is done, and why."""

    number = serializers.IntegerField()
    why = serializers.CharField()


class ActedSerializer(serializers.Serializer):
    """Whom it concerns by number, who is left out, the digest to send to have it done, and whether it was."""

    numbers = serializers.ListField(child=serializers.IntegerField())
    left_out = LeftOutSerializer(many=True)
    digest = serializers.CharField()
    done = serializers.BooleanField()


class Acts(CoopList, APIView):
    """Look at, then do, one act for everybody on a list: all of them or nobody."""

    requires = ("members.keep_register",)

    @extend_schema(request=ActSerializer, responses=ActedSerializer)
    def post(self, request):
        asked = ActSerializer(data=only_known(ActSerializer, request.data))
        asked.is_valid(raise_exception=True)
        said = dict(asked.validated_data)
        query, digest = said.pop("query"), said.pop("digest")
        if said["session"] is not None:
            said["session"] = CourseSession.objects.filter(coop=self.coop, pk=said["session"]).first()
        found = search.matching(self._everyone(query), query.get("q", ""))
        if digest:
            plan = services.act_on_all(actor=self.actor, found=found, digest=digest, **said)
        else:
            said["tag"] = services.check_act(self.actor, **said)
            plan = planned(found, **said)
            rows = len(plan.doing) + len(plan.left_out)
            services.looked_at(actor=self.actor, what=AccessLog.What.LIST, rows=rows, subject="act on many")
        left = [{"number": each.number, "why": why} for each, why in plan.left_out]
        numbers = [each.number for each in plan.doing]
        shown = {"numbers": numbers, "left_out": left, "digest": plan.digest, "done": bool(digest)}
        return Response(ActedSerializer(shown).data)

    def _everyone(self, query: dict[str, str]):
        narrowed = {key: query.get(key, "") for key in ("state", "tag")}
        tab = query.get("tab", "")
        narrowed["tab"] = tab if tab in search.TABS else "current"
        found = search.members(self.coop, clock.today(self.coop), **narrowed)
        slug = query.get("member_class", "")
        return found.filter(member_class__slug=slug) if slug else found


class OneFilter(CoopList, APIView):
    """Take a saved filter away."""

    requires = READ

    @extend_schema(request=None, responses={204: None})
    def delete(self, request, pk: int):
        services.remove_filter(actor=self.actor, saved=self.one_or_404(bulk.filters(self.actor, removed=True), pk=pk))
        return Response(status=status.HTTP_204_NO_CONTENT)
