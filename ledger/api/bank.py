"""The bank through the API: what waits, statements in, matched payments entered."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, parsers, serializers, status
from rest_framework.response import Response
from rest_framework.views import APIView

from coop.kernel import rules
from coop.kernel.errors import Refused
from coop.kernel.rest import CoopView, only_known
from ledger.models import BankAccount, BankLine, BankStatement
from ledger.selectors import bank as selectors
from ledger.services import bank, bank_lines


class BankLineSerializer(serializers.ModelSerializer):
    """One line of the bank. Amounts are signed minor units, money in positive."""

    bank_account = serializers.CharField(source="bank_account.number")
    currency = serializers.CharField(source="bank_account.currency")
    member = serializers.IntegerField(source="membership.number", allow_null=True, default=None)

    class Meta:
        model = BankLine
        fields = (
            "id statement bank_account currency booked_on amount text name iban end_to_end bank_ref state entry member"
            " note"
        ).split()


class BankStatementSerializer(serializers.ModelSerializer):
    """A statement that was brought in."""

    bank_account = serializers.CharField(source="bank_account.number")

    class Meta:
        model = BankStatement
        fields = "id bank_account format file_name number opening closing starts ends lines_in_file recorded_at".split()


class StatementUploadSerializer(serializers.Serializer):
    file = serializers.FileField()
    bank_account = serializers.CharField(required=False, default="", help_text="Its number; for a CSV.")


class BroughtInSerializer(serializers.Serializer):
    """What an import brought: lines that are new, and lines that were known."""

    statements = BankStatementSerializer(many=True)
    new = serializers.IntegerField()
    known = serializers.IntegerField()


class LeftSerializer(serializers.Serializer):
    line = serializers.IntegerField()
    why = serializers.CharField()


class EnteredSerializer(serializers.Serializer):
    """Matched lines entered, and those left with the reason."""

    count = serializers.IntegerField()
    total = serializers.IntegerField()
    left = LeftSerializer(many=True)


class BankLines(CoopView, generics.ListAPIView):
    """Lines of the bank, oldest first; ``state`` is open, entered or aside."""

    requires = ("ledger.read_books",)
    serializer_class = BankLineSerializer

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return BankLine.objects.none()
        state = self.request.query_params.get("state", "")
        if state and state not in BankLine.State.values:
            raise Refused("state", "A line is open, entered or aside.", "state", status=400)
        return selectors.lines_of(self.coop, state=state)

    @extend_schema(parameters=[OpenApiParameter("state", str, enum=BankLine.State.values)])
    def get(self, request, *args, **kwargs):
        return super().get(request, *args, **kwargs)


class BankStatements(CoopView, generics.ListAPIView):
    """Statements of the bank that were brought in, newest first."""

    requires = ("ledger.read_books",)
    serializer_class = BankStatementSerializer
    parser_classes = (parsers.MultiPartParser,)

    def get_queryset(self):
        return (
            BankStatement.objects.none()
            if getattr(self, "swagger_fake_view", False)
            else selectors.statements(self.coop)
        )

    @extend_schema(request=StatementUploadSerializer, responses={201: BroughtInSerializer})
    def post(self, request, *args, **kwargs):
        """Bring in a statement: camt.053, MT940, OFX or CSV. The same file again is refused (409)."""
        rules.require(self.actor, "ledger.keep_books")
        asked = StatementUploadSerializer(data=only_known(StatementUploadSerializer, request.data))
        asked.is_valid(raise_exception=True)
        number = asked.validated_data["bank_account"].replace(" ", "").upper()
        of = BankAccount.objects.filter(coop=self.coop, number=number).first() if number else None
        if number and of is None:
            raise Refused("unknown_account", f"The co-op has no bank account {number[:34]}.", "bank_account")
        file = asked.validated_data["file"]
        brought = bank.import_statement(actor=self.actor, data=file.read(), file_name=file.name, bank_account=of)
        return Response(BroughtInSerializer(brought).data, status=status.HTTP_201_CREATED)


class EnterMatched(CoopView, APIView):
    """Lines whose payment reference names a member."""

    requires = ("ledger.keep_books",)

    @extend_schema(request=None, responses=EnteredSerializer)
    def post(self, request):
        """Enter every waiting line whose reference names a member. Called again it enters nothing twice."""
        done = bank_lines.enter_matched(actor=self.actor)
        left = [{"line": line.pk, "why": why} for line, why in done.left]
        return Response(EnteredSerializer({"count": done.count, "total": done.total, "left": left}).data)
