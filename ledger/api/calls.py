"""Calls on shares through the API: the same predicates and services as the pages."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.response import Response
from rest_framework.views import APIView

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.rest import CoopView, only_known
from coop.kernel.tenancy import path
from ledger.models import CallForfeiture, ForfeitureNotice, ShareCall, ShareCallLine
from ledger.selectors import calls as selectors
from ledger.services import calls as services

from .serializers import LARGEST


class ShareCallSerializer(serializers.ModelSerializer):
    """A call on shares; amounts in minor units of the class's currency."""

    share_class = serializers.CharField(source="share_class.slug")

    class Meta:
        model = ShareCall
        fields = (
            "id number state share_class per_share called_on due_on notice_days decision count total because"
        ).split()


class NewShareCallSerializer(serializers.Serializer):
    """What the board calls for."""

    share_class = serializers.CharField(max_length=40, help_text="The class's short name.")
    per_share = serializers.IntegerField(min_value=1, max_value=LARGEST, help_text="Minor units.")
    due_on = serializers.DateField()
    notice_days = serializers.IntegerField(
        min_value=1,
        max_value=365,
        required=False,
        help_text="The law pack's days if left out, and never fewer.",
    )
    decision = serializers.CharField(max_length=120)


class ShareCallLineSerializer(serializers.Serializer):
    """What a call asks of one member; ``open`` is still to pay. Minor units."""

    id = serializers.IntegerField(source="line.pk")
    member = serializers.IntegerField(source="line.membership.number")
    amount = serializers.IntegerField(source="line.amount")
    open = serializers.IntegerField()
    is_late = serializers.BooleanField()
    forfeit_from = serializers.DateField(source="line.notice.forfeit_from", default=None, allow_null=True)


class ForfeitureNoticeSerializer(serializers.ModelSerializer):
    class Meta:
        model = ForfeitureNotice
        fields = ["id", "line", "amount", "sent_on", "forfeit_from"]


class ForfeitSerializer(serializers.Serializer):
    """How many shares are forfeited, and by which decision."""

    shares = serializers.IntegerField(min_value=1, max_value=1_000_000)
    decision = serializers.CharField(max_length=120)


class CallForfeitureSerializer(serializers.ModelSerializer):
    """Shares forfeited for a call that stayed unpaid after its notice; ``paid`` on them in minor units."""

    shares = serializers.SerializerMethodField()
    paid = serializers.SerializerMethodField()
    entry = serializers.IntegerField(source="event.entry_id", allow_null=True)

    class Meta:
        model = CallForfeiture
        fields = ["id", "line", "shares", "paid", "entry", "decision"]

    def get_shares(self, made) -> int:
        return -made.event.shares

    def get_paid(self, made) -> int:
        return -made.event.paid


class ShareCalls(CoopView, generics.ListAPIView):
    """Calls on shares, newest first."""

    requires = ("ledger.read_shares",)
    requires_by_method = {"POST": ("ledger.call_shares",)}
    serializer_class = ShareCallSerializer

    def get_queryset(self):
        return ShareCall.objects.none() if getattr(self, "swagger_fake_view", False) else selectors.calls(self.coop)

    @extend_schema(request=NewShareCallSerializer, responses={201: ShareCallSerializer})
    def post(self, request, *args, **kwargs):
        """Call for a part of a class's shares and tell its members."""
        asked = NewShareCallSerializer(data=only_known(NewShareCallSerializer, request.data))
        asked.is_valid(raise_exception=True)
        said = dict(asked.validated_data)
        slug = said.pop("share_class")
        share_class = selectors.classes_on_call(self.coop).filter(slug=slug).first()
        if share_class is None:
            raise Refused("class_unknown", f"No class “{slug}” is paid on call.", "share_class")
        site = request.build_absolute_uri(path(self.coop, "ledger:money"))
        made = services.call_shares(actor=self.actor, share_class=share_class, site=site, **said)
        return Response(ShareCallSerializer(made).data, status=status.HTTP_201_CREATED)


class ShareCallLines(CoopView, generics.ListAPIView):
    """A call's lines by member number, with what is still to pay."""

    requires = ("ledger.read_shares",)
    serializer_class = ShareCallLineSerializer

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return []
        call = selectors.calls(self.coop).filter(pk=self.kwargs["pk"]).first()
        if call is None:
            raise NotFound
        return selectors.asked(call, list(selectors.lines(call)), clock.today(self.coop))


def _line(view: CoopView, pk: int) -> ShareCallLine:
    found = ShareCallLine.objects.filter(coop=view.coop, pk=pk)
    line = found.select_related("call__share_class", "membership__party", "membership__coop").first()
    if line is None:
        raise NotFound
    return line


class ShareCallNotice(CoopView, APIView):
    """Notice of forfeiture to somebody who is late with a call."""

    requires = ("ledger.keep_books",)

    @extend_schema(request=None, responses={201: ForfeitureNoticeSerializer})
    def post(self, request, pk: int):
        """Write to the member of this line of a call; once."""
        found = _line(self, pk)
        site = request.build_absolute_uri(path(self.coop, "ledger:money"))
        made = services.give_notice(actor=self.actor, line=found, site=site)
        return Response(ForfeitureNoticeSerializer(made).data, status=status.HTTP_201_CREATED)


class ShareCallForfeit(CoopView, APIView):
    """Shares forfeited for a call that stayed unpaid after its notice."""

    requires = ("ledger.keep_books",)

    @extend_schema(request=ForfeitSerializer, responses={201: CallForfeitureSerializer})
    def post(self, request, pk: int):
        """Enter the board's decision about this line of a call; once, and only when its notice has run out."""
        line, asked = _line(self, pk), ForfeitSerializer(data=only_known(ForfeitSerializer, request.data))
        asked.is_valid(raise_exception=True)
        made = services.forfeit(actor=self.actor, line=line, **asked.validated_data)
        return Response(CallForfeitureSerializer(made).data, status=status.HTTP_201_CREATED)
