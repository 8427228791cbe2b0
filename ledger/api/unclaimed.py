"""Unclaimed money and paybacks of kept refunds through the API: the same predicates and services as the pages."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.response import Response
from rest_framework.views import APIView

from coop.kernel.rest import BecauseSerializer
from coop.kernel.tenancy import path
from ledger.allocation.equity import ORDERS
from ledger.models import EquityLine, EquityPlan, UnclaimedLine, UnclaimedList
from ledger.selectors import equity as paybacks
from ledger.selectors import unclaimed as selectors
from ledger.services import equity
from ledger.services import unclaimed as services

from .surplus import BOOKS, KEEP, PROPOSE, Room
from .surplus_shapes import JobSerializer, SeenSerializer


class UnclaimedListSerializer(serializers.ModelSerializer):
    goes_to = serializers.CharField(source="goes_to.code", read_only=True)

    class Meta:
        model = UnclaimedList
        fields = (
            "id number state older_than goes_to count total drawn_at letters_on book_from booked_count booked_total"
            " entry because"
        ).split()


class NewUnclaimedSerializer(serializers.Serializer):
    years = serializers.IntegerField(min_value=1, max_value=50)
    notice_days = serializers.IntegerField(min_value=0, max_value=730)
    goes_to = serializers.CharField(max_length=20, help_text="Code of the account it goes to")


class UnclaimedLineSerializer(serializers.ModelSerializer):
    answered = serializers.BooleanField(read_only=True)
    booked = serializers.BooleanField(read_only=True)
    given_back = serializers.SerializerMethodField()

    class Meta:
        model = UnclaimedLine
        fields = "number refund interest since answered booked given_back".split()

    def get_given_back(self, line: UnclaimedLine) -> bool:
        return hasattr(line, "returned")


class LettersSerializer(serializers.Serializer):
    letters = serializers.IntegerField()


class GiveBackSerializer(BecauseSerializer):
    number = serializers.IntegerField(min_value=1, help_text="The member's number")


class UnclaimedRoom(Room):
    """What the views below share."""

    def list_or_404(self, pk: int) -> UnclaimedList:
        found = selectors.lists(self.coop).filter(pk=pk).first()
        if found is None:
            raise NotFound
        return found

    def shown(self, found: UnclaimedList, code: int = status.HTTP_200_OK) -> Response:
        return Response(UnclaimedListSerializer(self.list_or_404(found.pk)).data, status=code)


class Lists(UnclaimedRoom, generics.ListAPIView):
    """Lists of unclaimed money, the newest first."""

    requires = BOOKS
    requires_by_method = {"POST": KEEP}
    serializer_class = UnclaimedListSerializer

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return UnclaimedList.objects.none()
        return selectors.lists(self.coop)

    @extend_schema(request=NewUnclaimedSerializer, responses={201: UnclaimedListSerializer})
    def post(self, request):
        """Draw a list up over everybody owed something for so long."""
        made = services.draw_up(actor=self.actor, **self.said(NewUnclaimedSerializer))
        return self.shown(made, status.HTTP_201_CREATED)


class ListLines(UnclaimedRoom, generics.ListAPIView):
    """Every member of a list, by number."""

    requires = BOOKS
    serializer_class = UnclaimedLineSerializer

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return UnclaimedLine.objects.none()
        return selectors.lines(self.list_or_404(self.kwargs["pk"]))


class Letters(UnclaimedRoom, APIView):
    """Write to everybody on a list whom a letter reaches."""

    requires = KEEP

    @extend_schema(request=None, responses=LettersSerializer)
    def post(self, request, pk: int):
        link = request.build_absolute_uri(path(self.coop, "ledger:payout-mine"))
        sent = services.send_letters(actor=self.actor, unclaimed=self.list_or_404(pk), link=link)
        return Response({"letters": sent})


class Book(UnclaimedRoom, APIView):
    """A second person books what is still unclaimed after the letters' days."""

    requires = ("ledger.release",)
    sure_by_method = ("POST",)

    @extend_schema(request=None, responses=UnclaimedListSerializer)
    def post(self, request, pk: int):
        return self.shown(services.book(actor=self.actor, unclaimed=self.list_or_404(pk)))


class CancelList(UnclaimedRoom, APIView):
    """Throw a list away that was not booked."""

    requires = KEEP

    @extend_schema(request=BecauseSerializer, responses=UnclaimedListSerializer)
    def post(self, request, pk: int):
        found, because = self.list_or_404(pk), self.said(BecauseSerializer)["because"]
        return self.shown(services.cancel(actor=self.actor, unclaimed=found, because=because))


class GiveBack(UnclaimedRoom, APIView):
    """A member turned up: what was booked is owed to them again."""

    requires = KEEP

    @extend_schema(request=GiveBackSerializer, responses=UnclaimedLineSerializer)
    def post(self, request, pk: int):
        said, found = self.said(GiveBackSerializer), self.list_or_404(pk)
        line = selectors.lines(found).filter(number=said["number"]).first()
        if line is None:
            raise NotFound
        services.give_back(actor=self.actor, line=line, because=said["because"])
        return Response(UnclaimedLineSerializer(selectors.lines(found).get(pk=line.pk)).data)


# --- paybacks ---------------------------------------------------------------------------------------------------------


class PaybackSerializer(serializers.ModelSerializer):
    class Meta:
        model = EquityPlan
        fields = "id number state decided terms outstanding total count hash proposed_at approved_at entry".split()


class NewPaybackSerializer(serializers.Serializer):
    decided = serializers.CharField(max_length=120)
    order = serializers.ChoiceField(choices=[(order, order) for order in ORDERS])
    who = serializers.ChoiceField(choices=[(who, who) for who in equity.WHO], default="all")
    amount = serializers.IntegerField(min_value=1, max_value=2**53 - 1, allow_null=True, default=None)
    oldest_percent = serializers.IntegerField(min_value=0, max_value=100, default=50)
    age = serializers.IntegerField(min_value=18, max_value=120, allow_null=True, default=None)


class PaybackLineSerializer(serializers.ModelSerializer):
    class Meta:
        model = EquityLine
        fields = "number year held amount".split()


class PaybackRoom(Room):
    """What the views below share."""

    def payback_or_404(self, pk: int) -> EquityPlan:
        found = paybacks.plans(self.coop).filter(pk=pk).first()
        if found is None:
            raise NotFound
        return found


class Paybacks(PaybackRoom, generics.ListAPIView):
    """Paybacks of kept refunds, the newest first."""

    requires = BOOKS
    requires_by_method = {"POST": PROPOSE}
    serializer_class = PaybackSerializer

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return EquityPlan.objects.none()
        return paybacks.plans(self.coop)

    @extend_schema(request=NewPaybackSerializer, responses={201: PaybackSerializer})
    def post(self, request):
        """Work a payback out; somebody else approves it."""
        made = equity.draw_up(actor=self.actor, **self.said(NewPaybackSerializer))
        return Response(PaybackSerializer(made).data, status=status.HTTP_201_CREATED)


class PaybackLines(PaybackRoom, generics.ListAPIView):
    """Every line of a payback, by member and year."""

    requires = BOOKS
    serializer_class = PaybackLineSerializer

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return EquityLine.objects.none()
        return paybacks.lines(self.payback_or_404(self.kwargs["pk"]))


class ApprovePayback(PaybackRoom, APIView):
    """A second officer approves exactly the payback with this hash."""

    requires = ("ledger.approve",)
    sure_by_method = ("POST",)

    @extend_schema(request=SeenSerializer, responses=PaybackSerializer)
    def post(self, request, pk: int):
        plan, seen = self.payback_or_404(pk), self.said(SeenSerializer)["hash"]
        return Response(PaybackSerializer(equity.approve(actor=self.actor, plan=plan, seen=seen)).data)


class PostPayback(PaybackRoom, APIView):
    """Have an approved payback posted; the job says how far it is."""

    requires = KEEP

    @extend_schema(request=None, responses={202: JobSerializer})
    def post(self, request, pk: int):
        job = equity.ask_to_post(actor=self.actor, plan=self.payback_or_404(pk))
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)


class CancelPayback(PaybackRoom, APIView):
    """Throw a payback away that was not posted."""

    requires = PROPOSE

    @extend_schema(request=BecauseSerializer, responses=PaybackSerializer)
    def post(self, request, pk: int):
        plan, because = self.payback_or_404(pk), self.said(BecauseSerializer)["because"]
        return Response(PaybackSerializer(equity.cancel(actor=self.actor, plan=plan, because=because)).data)
