"""How patronage, plans and statements look in JSON. Money and quantities are integers of smallest units."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from coop.kernel.models import Job
from ledger.models import PatronageImport, PatronageRecord, PlanLine, SurplusPlan
from ledger.selectors.plan_warnings import warnings
from ledger.statement_words import Words
from ledger.units import Unit


class PoolTotalSerializer(serializers.Serializer):
    pool = serializers.CharField()
    unit = serializers.CharField()
    members = serializers.IntegerField()
    total = serializers.IntegerField()
    outside = serializers.IntegerField()


class YearSerializer(serializers.Serializer):
    year = serializers.IntegerField()
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    pools = PoolTotalSerializer(many=True)


class ImportSerializer(serializers.ModelSerializer):
    year = serializers.IntegerField(source="year.year")

    class Meta:
        model = PatronageImport
        fields = (
            "id year source key pool unit file_name digest size rows members total outside problem_count problems state"
            " checked_at recorded_at undone_at because"
        ).split()
        read_only_fields = fields


class NewImportSerializer(serializers.Serializer):
    """A file in a form, or its text in ``content`` with a ``file_name``."""

    file = serializers.FileField(allow_empty_file=True, required=False)
    content = serializers.CharField(required=False, trim_whitespace=False, allow_blank=True)
    file_name = serializers.CharField(max_length=200, default="file.csv")
    year = serializers.IntegerField()
    pool = serializers.CharField(max_length=60, default="purchases")
    unit = serializers.ChoiceField(choices=Unit.choices, default=Unit.MONEY)
    member_column = serializers.CharField(max_length=80, required=False)
    amount_column = serializers.CharField(max_length=80, required=False)
    pool_column = serializers.CharField(max_length=80, required=False)

    def validate(self, said: dict) -> dict:
        if ("file" in said) == ("content" in said):
            raise serializers.ValidationError({"file": _("Send either a file or its text in “content”.")})
        return said


class BatchRowSerializer(serializers.Serializer):
    member = serializers.IntegerField(min_value=1, max_value=10**17, allow_null=True)
    quantity = serializers.CharField(max_length=40, help_text="Decimal, such as 2318.40")
    pool = serializers.CharField(max_length=60, required=False)


class BatchSerializer(serializers.Serializer):
    key = serializers.CharField(max_length=100, help_text="The same key again records nothing twice")
    year = serializers.IntegerField(min_value=1, max_value=9998)
    pool = serializers.CharField(max_length=60, default="purchases")
    unit = serializers.ChoiceField(choices=Unit.choices, default=Unit.MONEY)
    # many=True makes it a ListSerializer, which knows max_length; the stubs do not see that
    rows = BatchRowSerializer(many=True, allow_empty=False, max_length=10_000)  # type: ignore[call-arg]


class CorrectionSerializer(serializers.ModelSerializer):
    year = serializers.IntegerField(source="year.year", min_value=1, max_value=9998)
    member = serializers.IntegerField(source="membership.number", min_value=1, max_value=10**17)
    quantity = serializers.IntegerField(help_text="In the answer the difference; asked for, the right figure")

    class Meta:
        model = PatronageRecord
        fields = ["id", "year", "member", "pool", "unit", "quantity", "because", "recorded_at"]
        read_only_fields = ["id", "unit", "recorded_at"]
        extra_kwargs = {"because": {"required": True, "allow_blank": False}}


class PlanSerializer(serializers.ModelSerializer):
    year = serializers.IntegerField(source="year.year")
    resolution = serializers.CharField(source="resolution.number", allow_null=True, default=None)
    warnings = serializers.SerializerMethodField()

    class Meta:
        model = SurplusPlan
        fields = (
            "id year letter title state terms result hash line_count warnings resolution entry created_at changed_at"
            " proposed_at resolved_at approved_at posted_at voided_at because"
        ).split()
        read_only_fields = fields

    def get_warnings(self, plan: SurplusPlan) -> list[str]:
        return [f"{each.heading}: {each.why}" for each in warnings(plan, self.context.get("codes"))]


class NewPlanSerializer(serializers.Serializer):
    year = serializers.IntegerField(min_value=1, max_value=9998)
    title = serializers.CharField(max_length=80)
    terms = serializers.JSONField(help_text="As manage.py allocate takes them, without members' figures")


class ChangedPlanSerializer(serializers.Serializer):
    title = serializers.CharField(max_length=80)
    terms = serializers.JSONField()


class PlanLineSerializer(serializers.ModelSerializer):
    member = serializers.IntegerField(source="number")

    class Meta:
        model = PlanLine
        fields = (
            "member basis shares holding carried debt interest allocated cash qualified nonqualified netted"
            " rolled_forward"
        ).split()
        read_only_fields = fields


class ResolutionSerializer(serializers.Serializer):
    resolution = serializers.CharField(max_length=20, help_text="Its number, such as 2026-31")


class SeenSerializer(serializers.Serializer):
    hash = serializers.CharField(max_length=64, help_text="Of the plan that was read")


class JobSerializer(serializers.ModelSerializer):
    class Meta:
        model = Job
        fields = ["id", "kind", "title", "state", "done", "total", "error"]
        read_only_fields = fields


class ArithmeticSerializer(serializers.Serializer):
    pool = serializers.CharField(source="name")
    unit = serializers.CharField()
    basis = serializers.IntegerField(source="why.part.basis")
    basis_total = serializers.IntegerField(source="why.part.basis_total")
    amount = serializers.IntegerField(source="why.part.pool")
    share = serializers.IntegerField(source="why.part.share")


class StatementSerializer(serializers.Serializer):
    year = serializers.IntegerField(source="plan.year.year")
    member = serializers.IntegerField(source="line.number")
    reference = serializers.CharField()
    headline = serializers.SerializerMethodField()
    arithmetic = ArithmeticSerializer(source="pools", many=True)
    allocated = serializers.IntegerField(source="report.allocated")
    paid_now = serializers.IntegerField(source="report.paid_now")
    kept = serializers.IntegerField(source="report.kept")
    waiting = serializers.IntegerField(source="report.waiting")
    paid = serializers.SerializerMethodField()
    hash = serializers.CharField(source="plan.hash")

    def get_headline(self, statement) -> str:
        return Words(statement).headline

    def get_paid(self, statement) -> list[dict]:
        return [{"name": row.name, "amount": row.amount} for row in Words(statement).paid]
