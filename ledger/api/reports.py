"""Members' equity, and the accountant's figures in, through the API."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.response import Response
from rest_framework.views import APIView

from coop.kernel.rest import CoopView, only_known
from ledger.models import Entry
from ledger.selectors.equity_report import IN, OUT, equity_by_part, holders, part_names
from ledger.services import handover
from ledger.services.periods import fiscal_year

from .books import ON, READ, DayMixin

LARGEST = 512 * 1024  # characters of a trial balance; the page takes no more either


class EquityPartSerializer(serializers.Serializer):
    """One part of members' equity: a class of shares, or the refunds kept of one year. Minor units, positive."""

    part = serializers.CharField(help_text="class-<id> or year-<year>; empty in the total.")
    name = serializers.CharField()
    opening = serializers.IntegerField()
    came_in = serializers.IntegerField()
    went_out = serializers.IntegerField()
    closing = serializers.IntegerField()


class MembersEquitySerializer(serializers.Serializer):
    since = serializers.DateField()
    on = serializers.DateField()
    parts = EquityPartSerializer(many=True)
    total = EquityPartSerializer()


class EquityHolderSerializer(serializers.Serializer):
    """Who holds a part; number 0 is what stands on no member's account."""

    account = serializers.IntegerField(source="account_id")
    number = serializers.IntegerField()
    name = serializers.CharField()
    amount = serializers.IntegerField()


class HandOverFileSerializer(serializers.Serializer):
    """The accountant's file. Without ``post`` it is only held against the books."""

    on = serializers.DateField(help_text="As at the end of this day.")
    how = serializers.ChoiceField(choices=[handover.BALANCES, handover.BOOKINGS])
    file_name = serializers.CharField(max_length=200)
    csv = serializers.CharField(max_length=LARGEST, trim_whitespace=False)
    post = serializers.BooleanField(default=False)


class ComparedSerializer(serializers.Serializer):
    """One account: ours, the file's, and what would be posted. Signed minor units, debit positive."""

    code = serializers.CharField()
    name = serializers.CharField()
    ours = serializers.IntegerField()
    said = serializers.IntegerField()
    change = serializers.IntegerField()


class HandOverSerializer(serializers.Serializer):
    rows = ComparedSerializer(many=True)
    problems = serializers.ListField(child=serializers.CharField())
    result = serializers.IntegerField(help_text="Income less expense of the year once this is posted.")
    entry = serializers.IntegerField(allow_null=True, help_text="The entry that was posted.")
    draft = serializers.IntegerField(allow_null=True, help_text="The draft that waits for a second person.")


class Equity(DayMixin, APIView):
    """Members' equity by class and year from the start of the fiscal year to a day."""

    requires = READ

    @extend_schema(parameters=[ON], responses=MembersEquitySerializer)
    def get(self, request):
        on = self.on()
        since, names = fiscal_year(self.coop, on)[0], part_names(self.coop)
        found = equity_by_part(self.coop, since, on)
        answer = {
            "since": since,
            "on": on,
            "parts": [_said(line, names[line.part]) for line in found.lines],
            "total": _said(found.total, ""),
        }
        return Response(MembersEquitySerializer(answer).data)


def _said(line, name: str) -> dict:
    moved = {"came_in": line.changes.get(IN, 0), "went_out": line.changes.get(OUT, 0)}
    return {"part": line.part, "name": name, "opening": line.opening, **moved, "closing": line.closing}


class EquityPart(DayMixin, generics.ListAPIView):
    """Who holds one part of members' equity on a day."""

    requires = READ
    serializer_class = EquityHolderSerializer

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return []
        if self.kwargs["part"] not in part_names(self.coop):
            raise NotFound
        return holders(self.coop, self.kwargs["part"], self.on())

    @extend_schema(parameters=[ON, OpenApiParameter("part", OpenApiTypes.STR, OpenApiParameter.PATH)])
    def get(self, request, *args, **kwargs):
        return super().get(request, *args, **kwargs)


class HandOver(CoopView, APIView):
    """The accountant's trial balance or bookings."""

    requires = ("ledger.keep_books",)

    @extend_schema(request=HandOverFileSerializer, responses=HandOverSerializer)
    def post(self, request):
        """Hold the file against the books; with ``post`` take it over. The same file again changes nothing."""
        asked = HandOverFileSerializer(data=only_known(HandOverFileSerializer, request.data))
        asked.is_valid(raise_exception=True)
        said = dict(asked.validated_data)
        posting, data = said.pop("post"), said.pop("csv").encode()
        found = handover.compare(actor=self.actor, data=data, **said)
        answer = {"rows": found.rows, "problems": found.problems, "result": found.result, "entry": None, "draft": None}
        if posting:
            made = handover.take_over(actor=self.actor, data=data, **said)
            answer["entry" if isinstance(made, Entry) else "draft"] = made.pk
        code = status.HTTP_201_CREATED if posting else status.HTTP_200_OK
        return Response(HandOverSerializer(answer).data, status=code)
