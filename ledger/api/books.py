"""The books through the API: the same predicates, selectors and services as the pages."""

from __future__ import annotations

from datetime import date

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, status
from rest_framework.exceptions import NotFound
from rest_framework.response import Response
from rest_framework.views import APIView

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.rest import CoopView, only_known
from ledger.dues_words import claims_said
from ledger.models import Entry, Posting, ShareClass
from ledger.selectors import balances, journal
from ledger.selectors.dues import owed_by
from ledger.selectors.shares import events_of, holding_of, reconciliation, share_register
from ledger.services.shares import record_payment
from members.models import Membership
from members.selectors import membership_by_number, membership_of

from . import serializers as shapes

READ = ("ledger.read_books",)
SHARES = ("ledger.read_shares",)
ON = OpenApiParameter("on", OpenApiTypes.DATE, description="As at this day; today if left out.")


class DayMixin(CoopView):
    def day(self, name: str = "on") -> date | None:
        """A day out of the address, or nothing; anything else is refused."""
        text = self.request.query_params.get(name)
        if not text:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise Refused("day", f"“{text[:40]}” is no date; write 2026-03-31.", name, status=400) from None

    def on(self) -> date:
        return self.day() or clock.today(self.coop)

    def member(self, number: int) -> Membership:
        found = membership_by_number(self.coop, number) if number < 2**62 else None
        if found is None:
            raise NotFound
        return found


class Accounts(DayMixin, generics.ListAPIView):
    """The chart of accounts with balances as at a day."""

    requires = READ
    serializer_class = shapes.AccountSerializer
    pagination_class = None

    def get_queryset(self):
        return [] if getattr(self, "swagger_fake_view", False) else balances.chart(self.coop, self.on())

    @extend_schema(parameters=[ON])
    def get(self, request, *args, **kwargs):
        return super().get(request, *args, **kwargs)


class Entries(DayMixin, generics.ListAPIView):
    """The journal, newest first. Read only: entries come from acts."""

    requires = READ
    serializer_class = shapes.EntrySerializer

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return Entry.objects.none()
        return journal.entries(self.coop, since=self.day("since"), until=self.day("until"))

    @extend_schema(
        parameters=[OpenApiParameter("since", OpenApiTypes.DATE), OpenApiParameter("until", OpenApiTypes.DATE)]
    )
    def get(self, request, *args, **kwargs):
        return super().get(request, *args, **kwargs)


class OneEntry(CoopView, generics.RetrieveAPIView):
    """One entry's head."""

    requires = READ
    serializer_class = shapes.EntrySerializer

    def get_queryset(self):
        return Entry.objects.none() if getattr(self, "swagger_fake_view", False) else journal.entries(self.coop)


class EntryLines(CoopView, generics.ListAPIView):
    """An entry's lines in order, page by page: a distribution may have a million."""

    requires = READ
    serializer_class = shapes.LineSerializer

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return Posting.objects.none()
        entry = Entry.objects.filter(coop=self.coop, pk=self.kwargs["pk"]).first()
        if entry is None:
            raise NotFound
        return Posting.objects.filter(batch=entry.batch, entry=entry).select_related("account").order_by("n")


class Payments(CoopView, APIView):
    """Share payments."""

    requires = ("ledger.keep_books",)

    @extend_schema(request=shapes.PaymentSerializer, responses={201: shapes.PaidSerializer})
    def post(self, request):
        """Enter a share payment: to the entry fee first, then shares. The same again under its key changes nothing."""
        asked = shapes.PaymentSerializer(data=only_known(shapes.PaymentSerializer, request.data))
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        membership = membership_by_number(self.coop, said["member"])
        if membership is None:
            raise Refused("member_unknown", f"There is no member {said['member']}.", "member")
        payment = record_payment(
            actor=self.actor,
            membership=membership,
            amount=said["amount"],
            on=said["on"],
            reference=said["reference"],
            key=f"api:{said['key']}",
            overpayment=said["overpayment"],
        )
        return Response(shapes.PaidSerializer(payment).data, status=status.HTTP_201_CREATED)


class Shares(DayMixin, generics.ListAPIView):
    """The register of shares as at a day, by member number."""

    requires = SHARES
    serializer_class = shapes.HoldingSerializer

    def get_queryset(self):
        return [] if getattr(self, "swagger_fake_view", False) else share_register(self.coop, self.on())

    @extend_schema(parameters=[ON])
    def get(self, request, *args, **kwargs):
        return super().get(request, *args, **kwargs)


class Agreement(DayMixin, APIView):
    """Does the register of shares agree with the capital account?"""

    requires = SHARES

    @extend_schema(parameters=[ON], responses=shapes.AgreementSerializer)
    def get(self, request):
        return Response(shapes.AgreementSerializer(reconciliation(self.coop, self.on())).data)


class MemberShares(DayMixin, generics.ListAPIView):
    """Everything that happened to one member's shares, in order."""

    requires = SHARES
    serializer_class = shapes.ShareEventSerializer
    pagination_class = None

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return []
        return events_of(self.member(self.kwargs["number"]))

    @extend_schema(operation_id="member_shares_list")  # else it would share its name with the register above
    def get(self, request, *args, **kwargs):
        return super().get(request, *args, **kwargs)


class ShareClasses(CoopView, generics.ListAPIView):
    """The classes of shares and their par values."""

    requires = ("kernel.belongs",)
    serializer_class = shapes.ShareClassSerializer
    pagination_class = None

    def get_queryset(self):
        fake = getattr(self, "swagger_fake_view", False)
        return ShareClass.objects.none() if fake else ShareClass.objects.filter(coop=self.coop)


class MyMoney(CoopView, APIView):
    """What the member who asks holds and owes."""

    requires = ("ledger.see_own",)

    @extend_schema(responses=shapes.MyMoneySerializer)
    def get(self, request):
        membership = membership_of(self.actor)
        held, owed = holding_of(membership), owed_by(membership, clock.today(self.coop))
        answer = {
            "shares": held.shares,
            "subscribed": held.subscribed,
            "paid_up": held.paid_up,
            "fee_owed": owed.fee,
            "capital_owed": owed.capital,
            "dues_owed": owed.dues,
            "claims": [
                {"why": words, "due_on": part.due_on, "open": part.amount} for words, part in claims_said(owed.claims)
            ],
            "uncalled": owed.uncalled,
            "due": owed.due,
            "next_due": owed.next_due,
            "events": events_of(membership),
        }
        return Response(shapes.MyMoneySerializer(answer).data)


class MyLines(CoopView, generics.ListAPIView):
    """Every line on the accounts of the member who asks, newest first."""

    requires = ("ledger.see_own",)
    serializer_class = shapes.MyLineSerializer

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return Posting.objects.none()
        return journal.member_lines(membership_of(self.actor))
