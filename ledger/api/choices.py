"""Members' choices about their refunds through the API: the same predicates, selectors and services as the pages."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.response import Response
from rest_framework.views import APIView

from coop.kernel.rest import BecauseSerializer
from ledger.models import RefundOffer, RefundOutcome, ShareClass
from ledger.selectors import choices as selectors
from ledger.services import choices as services
from members.models import Membership
from members.selectors import membership_by_number, membership_of

from .surplus import BOOKS, KEEP, Room
from .surplus_shapes import JobSerializer


class OfferSerializer(serializers.ModelSerializer):
    share_class = serializers.SlugField(source="share_class.slug", read_only=True, allow_null=True)
    may_donate = serializers.SerializerMethodField()
    heard = serializers.SerializerMethodField()

    class Meta:
        model = RefundOffer
        fields = (
            "id plan state bylaws may_donate share_class opens_on closes_on heard donated capital entry because"
        ).split()

    def get_may_donate(self, offer: RefundOffer) -> bool:
        return offer.goes_to_id is not None

    def get_heard(self, offer: RefundOffer) -> int:
        return selectors.tally(offer).heard


class NewOfferSerializer(serializers.Serializer):
    closes_on = serializers.DateField()
    bylaws = serializers.CharField(max_length=120)
    may_donate = serializers.BooleanField(default=True)
    share_class = serializers.SlugField(required=False, allow_null=True, default=None, help_text="None: no shares")


class WishSerializer(serializers.Serializer):
    donated = serializers.IntegerField(min_value=0, max_value=2**53 - 1, default=0)
    shares = serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=0)


class ChoiceSerializer(serializers.Serializer):
    """A refund in cash and its three parts as they stand; money in minor units."""

    refund = serializers.IntegerField(source="standing.refund")
    available = serializers.IntegerField(source="standing.available")
    most_shares = serializers.IntegerField()
    par = serializers.IntegerField()
    donated = serializers.IntegerField(source="now.donated")
    shares = serializers.IntegerField(source="now.shares")
    capital = serializers.IntegerField(source="now.capital")
    cash = serializers.IntegerField(source="now.cash")


class OutcomeSerializer(serializers.ModelSerializer):
    class Meta:
        model = RefundOutcome
        fields = "number donated shares capital cash less".split()


class OfferRoom(Room):
    """What the views below share."""

    def offer_or_404(self, pk: int) -> RefundOffer:
        found = selectors.of_plan(self.plan_or_404(pk))
        if found is None:
            raise NotFound
        return found

    def choice(self, offer: RefundOffer, membership: Membership | None) -> Response:
        limits = selectors.limits(offer, membership) if membership else None
        if limits is None:
            raise NotFound
        return Response(ChoiceSerializer(limits).data)


class Offer(OfferRoom, APIView):
    """What the members of a plan may choose until when."""

    requires = BOOKS
    requires_by_method = {"POST": KEEP}

    @extend_schema(responses=OfferSerializer)
    def get(self, request, pk: int):
        return Response(OfferSerializer(self.offer_or_404(pk)).data)

    @extend_schema(request=NewOfferSerializer, responses={201: OfferSerializer})
    def post(self, request, pk: int):
        """Let the members of a posted plan choose."""
        plan, said = self.plan_or_404(pk), self.said(NewOfferSerializer)
        slug = said.pop("share_class")
        if slug is not None:
            said["share_class"] = ShareClass.objects.filter(coop=self.coop, slug=slug).first()
            if said["share_class"] is None:
                raise NotFound
        offer = services.open_offer(actor=self.actor, plan=plan, **said)
        return Response(OfferSerializer(offer).data, status=status.HTTP_201_CREATED)


class CarryOut(OfferRoom, APIView):
    """Have the choices carried out after the last day; the job says how far it is."""

    requires = KEEP

    @extend_schema(request=None, responses={202: JobSerializer})
    def post(self, request, pk: int):
        job = services.ask_to_carry_out(actor=self.actor, offer=self.offer_or_404(pk))
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)


class Withdraw(OfferRoom, APIView):
    """Take an offer back; everybody is paid in cash."""

    requires = KEEP

    @extend_schema(request=BecauseSerializer, responses=OfferSerializer)
    def post(self, request, pk: int):
        offer, because = self.offer_or_404(pk), self.said(BecauseSerializer)["because"]
        return Response(OfferSerializer(services.withdraw(actor=self.actor, offer=offer, because=because)).data)


class Outcomes(OfferRoom, generics.ListAPIView):
    """What was done of every choice, by member number."""

    requires = BOOKS
    serializer_class = OutcomeSerializer

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return RefundOutcome.objects.none()
        return selectors.outcomes(self.offer_or_404(self.kwargs["pk"]))


class ChoiceOf(OfferRoom, APIView):
    """One member's choice, as the treasurer enters it from paper."""

    requires = KEEP

    @extend_schema(request=WishSerializer, responses=ChoiceSerializer)
    def put(self, request, pk: int, number: int):
        offer, membership = self.offer_or_404(pk), membership_by_number(self.coop, number)
        if membership is None:
            raise NotFound
        services.choose(actor=self.actor, offer=offer, membership=membership, **self.said(WishSerializer))
        return self.choice(offer, membership)


class MyChoice(OfferRoom, APIView):
    """The caller's own choice about the refund of a year."""

    requires = ("ledger.act_on_own",)

    def _mine(self, year: int) -> tuple[RefundOffer, Membership]:
        offer, membership = selectors.of_year(self.coop, year), membership_of(self.actor)
        if offer is None or membership is None:
            raise NotFound
        return offer, membership

    @extend_schema(responses=ChoiceSerializer)
    def get(self, request, year: int):
        return self.choice(*self._mine(year))

    @extend_schema(request=WishSerializer, responses=ChoiceSerializer)
    def put(self, request, year: int):
        """Choose; the newest choice counts."""
        offer, membership = self._mine(year)
        services.choose(actor=self.actor, offer=offer, membership=membership, **self.said(WishSerializer))
        return self.choice(offer, membership)
