"""Dues through the API: what the by-laws ask, a month proposed and charged, members let off, charges waived."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.response import Response
from rest_framework.views import APIView

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.rest import CoopView, only_known
from ledger.dues_words import why
from ledger.models import DuesCharge, DuesRelief, DuesRule, DuesRun, DuesWaiver
from ledger.selectors import charging
from ledger.services import dues as services
from members.models import ByLaws, MembershipClass
from members.selectors import membership_by_number

from .serializers import LARGEST


class DuesRuleSerializer(serializers.ModelSerializer):
    """What a class pays under a version of the by-laws; amounts in minor units, ``every`` in months."""

    member_class = serializers.CharField(source="member_class.slug")
    bylaws = serializers.CharField(source="bylaws.version")

    class Meta:
        model = DuesRule
        fields = "id bylaws member_class every amount reduced joining leaving days_to_pay".split()


class NewDuesRuleSerializer(serializers.Serializer):
    """What a class pays under a version of the by-laws, once for each version."""

    bylaws = serializers.CharField(max_length=40, help_text="The version of the by-laws.")
    member_class = serializers.CharField(max_length=40, help_text="The class's short name.")
    every = serializers.ChoiceField(choices=DuesRule.Every.values, help_text="Months: 1, 3 or 12.")
    amount = serializers.IntegerField(min_value=0, max_value=LARGEST, help_text="Minor units; 0 ends the dues.")
    reduced = serializers.IntegerField(min_value=0, max_value=LARGEST, required=False, allow_null=True, default=None)
    joining = serializers.ChoiceField(choices=DuesRule.Joining.values)
    leaving = serializers.ChoiceField(choices=DuesRule.Leaving.values)
    days_to_pay = serializers.IntegerField(min_value=1, max_value=365, default=30)


class DuesChargeSerializer(serializers.ModelSerializer):
    """One member's dues for one period, and the sentence why."""

    member = serializers.IntegerField(source="membership.number")
    why = serializers.SerializerMethodField()
    waived = serializers.IntegerField(default=0)

    class Meta:
        model = DuesCharge
        fields = "id member starts ends months of_months rate amount due_on waived why".split()

    def get_why(self, charge) -> str:
        return why(charge)


class DuesProposalSerializer(serializers.Serializer):
    """What a month would charge: the control total, and the hash that charges exactly this."""

    month = serializers.DateField()
    hash = serializers.CharField()
    count = serializers.IntegerField()
    total = serializers.IntegerField()
    given_back = serializers.IntegerField()
    lines = DuesChargeSerializer(many=True)


class DuesRunSerializer(serializers.ModelSerializer):
    """A month that was charged; ``total`` in minor units."""

    class Meta:
        model = DuesRun
        fields = "id number state month posted_on count total given_back hash because".split()


class ChargeDuesSerializer(serializers.Serializer):
    """A month and the hash of its proposal."""

    month = serializers.DateField()
    hash = serializers.CharField(max_length=64)


class DuesReliefSerializer(serializers.ModelSerializer):
    """A member pays nothing, less, or the full dues again, for periods that begin from a day on."""

    member = serializers.IntegerField(source="membership.number", min_value=1, max_value=LARGEST)

    class Meta:
        model = DuesRelief
        fields = "id member kind ground decision starts until".split()


class DuesWaiverSerializer(serializers.ModelSerializer):
    """A part of a charge that is not asked for any more."""

    amount = serializers.IntegerField(min_value=1, max_value=LARGEST)

    class Meta:
        model = DuesWaiver
        fields = "id charge kind amount decision entry".split()
        read_only_fields = ("charge", "entry")


class DuesRules(CoopView, generics.ListAPIView):
    """What each class pays, the newest by-laws first."""

    requires = ("ledger.read_books",)
    requires_by_method = {"POST": ("ledger.keep_books",)}
    serializer_class = DuesRuleSerializer

    def get_queryset(self):
        fake = getattr(self, "swagger_fake_view", False)
        return DuesRule.objects.none() if fake else charging.rules_of(self.coop)

    @extend_schema(request=NewDuesRuleSerializer, responses={201: DuesRuleSerializer})
    def post(self, request, *args, **kwargs):
        """Write down what a class pays under a version of the by-laws."""
        asked = NewDuesRuleSerializer(data=only_known(NewDuesRuleSerializer, request.data))
        asked.is_valid(raise_exception=True)
        said = dict(asked.validated_data)
        bylaws = ByLaws.objects.filter(coop=self.coop, version=said.pop("bylaws")).first()
        member_class = MembershipClass.objects.filter(coop=self.coop, slug=said.pop("member_class")).first()
        if bylaws is None:
            raise Refused("bylaws_unknown", "There are no by-laws of this version.", "bylaws")
        if member_class is None:
            raise Refused("class_unknown", "There is no class of members with this short name.", "member_class")
        made = services.set_dues(actor=self.actor, bylaws=bylaws, member_class=member_class, **said)
        return Response(DuesRuleSerializer(made).data, status=status.HTTP_201_CREATED)


class DuesProposal(CoopView, APIView):
    """What a month would charge whom, and why."""

    requires = ("ledger.read_books",)

    @extend_schema(
        parameters=[OpenApiParameter("month", str, description="Any day of the month; this month if left out.")],
        responses=DuesProposalSerializer,
    )
    def get(self, request):
        today = clock.today(self.coop)
        month = serializers.DateField().run_validation(request.query_params.get("month") or today.isoformat())
        found = charging.propose(self.coop, month, on=today)
        said = {
            "month": found.month, "hash": found.hash, "count": len(found.lines), "total": found.total,
            "given_back": found.total_back, "lines": found.lines,
        }  # fmt: skip
        return Response(DuesProposalSerializer(said).data)


class DuesRuns(CoopView, generics.ListAPIView):
    """Months charged, the newest first."""

    requires = ("ledger.read_books",)
    requires_by_method = {"POST": ("ledger.keep_books",)}
    serializer_class = DuesRunSerializer

    def get_queryset(self):
        return DuesRun.objects.none() if getattr(self, "swagger_fake_view", False) else charging.runs(self.coop)

    @extend_schema(request=ChargeDuesSerializer, responses={202: DuesRunSerializer})
    def post(self, request, *args, **kwargs):
        """Charge a month exactly as it was proposed; the worker does it. Another list by now is refused (409)."""
        asked = ChargeDuesSerializer(data=only_known(ChargeDuesSerializer, request.data))
        asked.is_valid(raise_exception=True)
        services.ask_to_charge(actor=self.actor, month=asked.validated_data["month"], seen=asked.validated_data["hash"])
        return Response(DuesRunSerializer(charging.runs(self.coop)[0]).data, status=status.HTTP_202_ACCEPTED)


class DuesCharges(CoopView, generics.ListAPIView):
    """A run's charges by member number."""

    requires = ("ledger.read_books",)
    serializer_class = DuesChargeSerializer

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return DuesCharge.objects.none()
        found = charging.runs(self.coop).filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise NotFound
        return charging.charges(found)


class WaiveDues(CoopView, APIView):
    """A charge, or a part of it, is not asked for any more."""

    requires = ("ledger.keep_books",)

    @extend_schema(request=DuesWaiverSerializer, responses={201: DuesWaiverSerializer})
    def post(self, request, pk: int):
        """Waive it as of today; what was paid of it becomes the member's credit."""
        charge = DuesCharge.objects.filter(coop=self.coop, pk=pk).first()
        if charge is None:
            raise NotFound
        asked = DuesWaiverSerializer(data=only_known(DuesWaiverSerializer, request.data))
        asked.is_valid(raise_exception=True)
        made = services.waive_dues(actor=self.actor, charge=charge, on=clock.today(self.coop), **asked.validated_data)
        return Response(DuesWaiverSerializer(made).data, status=status.HTTP_201_CREATED)


class LetOff(CoopView, APIView):
    """A member pays nothing, less, or the full dues again."""

    requires = ("ledger.keep_books",)

    @extend_schema(request=DuesReliefSerializer, responses={201: DuesReliefSerializer})
    def post(self, request):
        """Let a member off from a day on, with the ground and who decided."""
        asked = DuesReliefSerializer(data=only_known(DuesReliefSerializer, request.data))
        asked.is_valid(raise_exception=True)
        said = dict(asked.validated_data)
        number = said.pop("membership")["number"]
        membership = membership_by_number(self.coop, number)
        if membership is None:
            raise Refused("member_unknown", f"There is no member {number}.", "member")
        made = services.let_off(actor=self.actor, membership=membership, **said)
        return Response(DuesReliefSerializer(made).data, status=status.HTTP_201_CREATED)
