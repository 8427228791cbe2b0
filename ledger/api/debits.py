"""Direct debits through the API: mandates, collections to read line by line, and a second person's release."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.response import Response
from rest_framework.views import APIView

from coop.kernel.errors import Refused
from coop.kernel.rest import CoopView, only_known
from coop.kernel.tenancy import path
from ledger.models import DebitLine, DebitRun, Mandate
from ledger.selectors import debits as selectors
from ledger.services.debits import release_debits
from ledger.services.mandates import give_mandate
from members.selectors import membership_by_number

from .serializers import LARGEST
from .surplus_shapes import SeenSerializer


class MandateSerializer(serializers.ModelSerializer):
    """A mandate; of the account only its last places are shown."""

    member = serializers.IntegerField(source="membership.number")
    account = serializers.CharField(source="masked")

    class Meta:
        model = Mandate
        fields = ["id", "member", "reference", "holder", "account", "signed_on", "recorded_at", "revoked_at"]


class NewMandateSerializer(serializers.Serializer):
    """A mandate a member signed."""

    member = serializers.IntegerField(min_value=1, max_value=LARGEST, help_text="The member's number.")
    iban = serializers.CharField(max_length=42)
    bic = serializers.CharField(max_length=11, required=False, allow_blank=True, default="")
    holder = serializers.CharField(max_length=70, required=False, allow_blank=True, default="")
    signed_on = serializers.DateField()
    reference = serializers.CharField(max_length=35, required=False, allow_blank=True, default="")


class DebitRunSerializer(serializers.ModelSerializer):
    """A collection; ``total`` in minor units."""

    class Meta:
        model = DebitRun
        fields = (
            "id number state collect_on notice_days count total file_name file_digest hash prepared_by released_by"
        ).split()


class DebitLineSerializer(serializers.ModelSerializer):
    """One member in a collection; of the account only its last places are shown."""

    member = serializers.IntegerField(source="number")
    mandate = serializers.CharField(source="mandate.reference")
    returned = serializers.SerializerMethodField()

    class Meta:
        model = DebitLine
        fields = ["id", "member", "amount", "mandate", "sequence", "ends", "returned"]

    def get_returned(self, line) -> bool:
        return getattr(line, "returned", None) is not None


class Mandates(CoopView, generics.ListAPIView):
    """Direct debit mandates, newest first, revoked ones too."""

    requires = ("ledger.read_books",)
    requires_by_method = {"POST": ("ledger.keep_books",)}
    serializer_class = MandateSerializer

    def get_queryset(self):
        fake = getattr(self, "swagger_fake_view", False)
        return Mandate.objects.none() if fake else selectors.mandates(self.coop)

    @extend_schema(request=NewMandateSerializer, responses={201: MandateSerializer})
    def post(self, request, *args, **kwargs):
        """Record a mandate. A member has one that stands; another is refused (409)."""
        asked = NewMandateSerializer(data=only_known(NewMandateSerializer, request.data))
        asked.is_valid(raise_exception=True)
        said = dict(asked.validated_data)
        number = said.pop("member")
        membership = membership_by_number(self.coop, number)
        if membership is None:
            raise Refused("member_unknown", f"There is no member {number}.", "member")
        made = give_mandate(actor=self.actor, membership=membership, **said)
        return Response(MandateSerializer(made).data, status=status.HTTP_201_CREATED)


class DebitRuns(CoopView, generics.ListAPIView):
    """Collections by direct debit, newest first."""

    requires = ("ledger.read_books",)
    serializer_class = DebitRunSerializer

    def get_queryset(self):
        return DebitRun.objects.none() if getattr(self, "swagger_fake_view", False) else selectors.runs(self.coop)


def _run(view: CoopView, pk: int) -> DebitRun:
    found = selectors.runs(view.coop).filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


class DebitLines(CoopView, generics.ListAPIView):
    """A collection's lines by member number."""

    requires = ("ledger.read_books",)
    serializer_class = DebitLineSerializer

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return DebitLine.objects.none()
        return selectors.lines(_run(self, self.kwargs["pk"]))


class ReleaseDebits(CoopView, APIView):
    """A second person lets exactly the collection with this hash go; its members are told."""

    requires = ("ledger.release",)
    sure_by_method = ("POST",)

    @extend_schema(request=SeenSerializer, responses=DebitRunSerializer)
    def post(self, request, pk: int):
        run, asked = _run(self, pk), SeenSerializer(data=only_known(SeenSerializer, request.data))
        asked.is_valid(raise_exception=True)
        site = request.build_absolute_uri(path(self.coop, "ledger:money"))
        done = release_debits(actor=self.actor, run=run, seen=asked.validated_data["hash"], site=site)
        return Response(DebitRunSerializer(done).data)
