"""What is filed about a posted plan, through the API."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.views import APIView

from coop.kernel import audit, clock
from ledger.exchange.patr_fire import TYPES, Organisation, Taxpayer, fire_file

from .surplus import KEEP, Room


class TaxpayerSerializer(serializers.Serializer):
    """One member's taxpayer number. It is used for the file and not kept."""

    member = serializers.IntegerField(min_value=1)
    tin = serializers.RegexField(r"^[0-9]{9}$", required=False, default="")
    type = serializers.ChoiceField(choices=["EIN", "SSN", "exempt", ""], default="")
    state = serializers.CharField(max_length=2, default="", allow_blank=True)


class FireSerializer(serializers.Serializer):
    """The co-op as payer, and the members' taxpayer numbers."""

    year = serializers.IntegerField(min_value=2000, max_value=2100)
    tin = serializers.CharField(max_length=11)
    control_code = serializers.CharField(min_length=5, max_length=5)
    name = serializers.CharField(max_length=80)
    street = serializers.CharField(max_length=40)
    city = serializers.CharField(max_length=40)
    state = serializers.CharField(min_length=2, max_length=2)
    zip_code = serializers.CharField(max_length=10)
    contact = serializers.CharField(max_length=40)
    phone = serializers.CharField(max_length=15)
    email = serializers.EmailField(max_length=50)
    test = serializers.BooleanField(default=False)
    taxpayers = TaxpayerSerializer(many=True, default=list)


class Fire(Room, APIView):
    """The records of Form 1099-PATR (IRS Publication 1220) of a posted plan in dollars."""

    requires = KEEP

    @extend_schema(request=FireSerializer, responses={(200, "text/plain"): OpenApiTypes.STR})
    def post(self, request, pk: int):
        plan, said = self.plan_or_404(pk), self.said(FireSerializer)
        year, test, brought = said.pop("year"), said.pop("test"), said.pop("taxpayers")
        taxpayers = {
            each["member"]: Taxpayer(each["tin"], TYPES.get(each["type"].lower(), "exempt"), each["state"])
            for each in brought
        }
        made = fire_file(plan, Organisation(**said), taxpayers, year=year, on=clock.today(self.coop), test=test)
        audit.record(actor=self.actor, kind="ledger.fire_made", subject=f"surplus-plan:{plan.pk}", returns=made.returns)
        return HttpResponse(made.content, content_type="text/plain; charset=us-ascii")
