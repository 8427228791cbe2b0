"""Secret ballots through the API: what a voter's program needs beside the box, and the officers' lists and urn.

A paper is cast at ``POST /box/<ballot>/``, in front of everything that knows a person; it is no part of this API. The
steps before it are the manifest, whose canonical JSON (RFC 8785) has the fingerprint of the opening letter, and the
credential: a blind signature (RFC 9474) on a token that nobody but the voter has seen.
"""

from __future__ import annotations

import base64
import binascii

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.response import Response
from rest_framework.views import APIView

from coop.kernel.errors import Refused
from members.selectors import membership_of

from .. import selectors, services
from ..models import Ballot, BoardEntry, Bundle, OpenedPaper, Proxy, StrikeOff, UrnCount
from ..selectors import secret as known
from ..selectors import urn as urns
from ..selectors.secret_issues import MOST_UNITS
from .views import DESK, READ, RUN, InCoop, one


class OfSecret(InCoop):
    """Below a released secret ballot; anything else is not found."""

    def ballot(self) -> Ballot:
        rows = Ballot.objects.filter(coop=self.coop, kind=Ballot.Kind.SECRET).released()
        return one(rows.select_related("roll", "coop"), pk=self.kwargs["pk"])


class ManifestSerializer(serializers.Serializer):
    """``hash`` is SHA-256 of the manifest's canonical JSON (RFC 8785)."""

    manifest = serializers.JSONField()
    hash = serializers.CharField()


class Manifest(OfSecret, APIView):
    """Everything that was put to the vote, with the ballot's public keys."""

    requires = READ

    @extend_schema(responses=ManifestSerializer)
    def get(self, request, pk: int, **kwargs):
        ballot = self.ballot()
        return Response({"manifest": ballot.manifest, "hash": ballot.manifest_hash})


class CredentialStandingSerializer(serializers.Serializer):
    """May you take a credential, why, by which of the manifest's keys, for how many votes, were you struck off."""

    may = serializers.BooleanField()
    why = serializers.CharField()
    credential = serializers.IntegerField(help_text="The place of your key among the manifest's credentials.")
    votes = serializers.IntegerField(help_text="So many tokens are signed at once: one, but in a federation.")
    struck_off = serializers.ChoiceField(choices=["", *StrikeOff.Channel.values])


class BlindedSerializer(serializers.Serializer):
    blinded = serializers.ListField(
        child=serializers.CharField(max_length=1024),
        min_length=1,
        max_length=MOST_UNITS,
        help_text="The blinded messages (RFC 9474), base64: one, or in a federation one for each of your votes.",
    )
    proxy = serializers.IntegerField(
        required=False, allow_null=True, help_text="The proxy you hold and vote by; leave it out for your own vote."
    )

    def validate_blinded(self, said: list[str]) -> list[bytes]:
        try:
            return [base64.b64decode(each, validate=True) for each in said]
        except (binascii.Error, ValueError) as broken:
            raise serializers.ValidationError(_("This is not a blinded token.")) from broken


class BlindSignatureSerializer(serializers.Serializer):
    """The same blinded messages always get the same signatures; others are refused."""

    signatures = serializers.ListField(
        child=serializers.CharField(), help_text="The blind signatures, base64, in the order of the messages."
    )
    credential = serializers.IntegerField()


class Credential(OfSecret, APIView):
    """Your credential: taken once, at the moment of casting, and not before."""

    requires = ("governance.vote",)
    sure_by_method = ("POST",)

    @extend_schema(responses=CredentialStandingSerializer)
    def get(self, request, pk: int, **kwargs):
        """Whether you may take one, and why."""
        ballot = self.ballot()
        mine, _none = selectors.voting_as(ballot, membership_of(self.actor))
        struck = known.struck(ballot, mine.entry)
        said = {"may": mine.may, "why": mine.sentence, "struck_off": struck.channel if struck else ""}
        said["votes"] = mine.entry.votes if mine.entry is not None else 0
        return Response(said | {"credential": known.group_of(ballot.manifest, mine.entry)})

    @extend_schema(request=BlindedSerializer, responses=BlindSignatureSerializer)
    def post(self, request, pk: int, **kwargs):
        """Have your blinded tokens signed and be struck off the roll."""
        said = self.heard(BlindedSerializer)
        held = Proxy.objects.filter(coop=self.coop, holder=membership_of(self.actor)).with_people()
        issued = services.issue_credential(
            actor=self.actor,
            ballot=self.ballot(),
            blinded=said["blinded"],
            proxy=one(held, pk=said["proxy"]) if said.get("proxy") else None,
        )
        signatures = [base64.b64encode(each).decode() for each in issued.signatures]
        return Response({"signatures": signatures, "credential": issued.credential})


class ReceiptSerializer(serializers.ModelSerializer):
    """A paper out of the box; ``marks`` is null where receipts and marks are published apart."""

    marks = serializers.JSONField(allow_null=True)

    class Meta:
        model = OpenedPaper
        fields = ["receipt", "marks"]


class Receipts(OfSecret, generics.ListAPIView):
    """Every receipt of an opened box, sorted."""

    requires = READ
    serializer_class = ReceiptSerializer

    def rows(self):
        ballot = self.ballot()
        if known.opening(ballot) is None:
            raise Http404
        return OpenedPaper.objects.filter(ballot=ballot).order_by("receipt")


class BoardSerializer(serializers.ModelSerializer):
    """``entry`` holds event, moment, facts and the hash of the entry before it."""

    entry = serializers.JSONField()

    class Meta:
        model = BoardEntry
        fields = ["position", "entry", "hash"]


class Board(OfSecret, generics.ListAPIView):
    """The bulletin board: what was published when, each entry chained to the one before."""

    requires = READ
    serializer_class = BoardSerializer

    def rows(self):
        return BoardEntry.objects.filter(ballot=self.ballot()).order_by("position")


class WholeBallot(OfSecret, APIView):
    """The bundle anyone recounts from, as it was made."""

    requires = READ

    @extend_schema(responses={(200, "application/zip"): OpenApiTypes.BINARY})
    def get(self, request, pk: int, **kwargs):
        found = one(Bundle.objects.filter(ballot=self.ballot()))
        headers = {"ETag": f'"{found.sha256}"', "Content-Disposition": f'attachment; filename="ballot-{pk}.zip"'}
        return HttpResponse(bytes(found.content), content_type="application/zip", headers=headers)


class StrikeOffSerializer(serializers.ModelSerializer):
    """Somebody who took a credential or a paper. How they voted stands nowhere."""

    number = serializers.IntegerField(source="entry.number")
    name = serializers.CharField(source="entry.name")
    by_proxy = serializers.IntegerField(source="proxy.holder.number", default=None, allow_null=True)
    by_letter = serializers.SerializerMethodField(help_text="With the code of a voting letter, and no login.")

    class Meta:
        model = StrikeOff
        fields = ["number", "name", "channel", "units", "by_proxy", "by_letter", "struck_at"]

    def get_by_letter(self, struck: StrikeOff) -> bool:
        return struck.letter_id is not None


class HandOutSerializer(serializers.Serializer):
    number = serializers.IntegerField(min_value=1, help_text="The member number on the roll.")
    channel = serializers.ChoiceField(choices=["paper", "post"])
    by_proxy = serializers.BooleanField(default=False, help_text="Given to who holds this member's proxy.")


class StrikeOffs(OfSecret, generics.ListAPIView):
    """The one strike-off list of browser, room, post and proxy, by number."""

    requires = DESK
    requires_by_method = {"POST": RUN}
    serializer_class = StrikeOffSerializer
    queryset = StrikeOff.objects.none()

    def rows(self):
        return known.strike_offs(self.ballot(), self.request.query_params.get("q", "").replace("\x00", ""))

    @extend_schema(parameters=[OpenApiParameter("q", description="A number, or parts of a name")])
    def get(self, request, *args, **kwargs):
        return super().get(request, *args, **kwargs)

    @extend_schema(request=HandOutSerializer, responses={201: StrikeOffSerializer})
    def post(self, request, pk: int, **kwargs):
        """Strike a member off for a paper, in the room or by post."""
        made = services.hand_out_paper(actor=self.actor, ballot=self.ballot(), **self.heard(HandOutSerializer))
        return Response(StrikeOffSerializer(made).data, status=status.HTTP_201_CREATED)


class UrnSerializer(serializers.Serializer):
    """What is held against what: the roll, the strike-off list by channel, the box once open, the urn."""

    eligible = serializers.IntegerField()
    struck_off = serializers.DictField(child=serializers.IntegerField())
    issued = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="Credentials and sheets of paper: one for each vote.",
    )
    in_box = serializers.IntegerField(allow_null=True)
    sheets_read = serializers.IntegerField()
    differing = serializers.ListField(child=serializers.IntegerField())
    settled = serializers.BooleanField()


class Urn(OfSecret, APIView):
    """The reconciliation of a ballot."""

    requires = DESK

    @extend_schema(responses=UrnSerializer)
    def get(self, request, pk: int, **kwargs):
        ballot = self.ballot()
        opening, read = known.opening(ballot), urns.readings(ballot)
        said = {
            "eligible": ballot.voters.eligible,
            "struck_off": known.struck_off(ballot),
            "issued": known.issued(ballot),
            "in_box": opening.in_box if opening else None,
            "sheets_read": len(read),
            "differing": [each.sheet for each in read if not each.agreed],
            "settled": urns.settled(ballot) is not None,
        }
        return Response(UrnSerializer(said).data)


class UrnSheetSerializer(serializers.Serializer):
    """One clerk's reading: a list for each question in their order, as ``CastSerializer`` has them, or why spoiled."""

    sheet = serializers.IntegerField(min_value=1)
    marks = serializers.ListField(child=serializers.JSONField(), allow_null=True, default=None)
    spoiled_because = serializers.CharField(required=False, allow_blank=True, default="", max_length=300)
    class_name = serializers.CharField(required=False, allow_blank=True, default="", max_length=200)


class UrnSheetReadSerializer(serializers.Serializer):
    sheet = serializers.IntegerField()
    hand = serializers.IntegerField(help_text="1 or 2; 3 where the first two differ.")


class Sheets(OfSecret, APIView):
    """Enter a paper out of the urn. What another clerk read is told to nobody."""

    requires = ("governance.enter_papers",)

    @extend_schema(request=UrnSheetSerializer, responses={201: UrnSheetReadSerializer})
    def post(self, request, pk: int, **kwargs):
        made = services.enter_paper(actor=self.actor, ballot=self.ballot(), **self.heard(UrnSheetSerializer))
        return Response({"sheet": made.sheet, "hand": made.hand}, status=status.HTTP_201_CREATED)


class SettleSerializer(serializers.Serializer):
    missing_because = serializers.CharField(required=False, allow_blank=True, default="", max_length=300)


class UrnCountSerializer(serializers.ModelSerializer):
    class Meta:
        model = UrnCount
        fields = ["papers", "spoiled", "handed_out", "missing_because", "settled_at"]


class Settle(OfSecret, APIView):
    """Settle the urn, once: then box and urn are counted together."""

    requires = RUN

    @extend_schema(request=SettleSerializer, responses={201: UrnCountSerializer})
    def post(self, request, pk: int, **kwargs):
        made = services.settle_urn(actor=self.actor, ballot=self.ballot(), **self.heard(SettleSerializer))
        return Response(UrnCountSerializer(made).data, status=status.HTTP_201_CREATED)


class AskedSerializer(serializers.Serializer):
    job = serializers.IntegerField()


class OpenBox(OfSecret, APIView):
    """Try again to open the box of a closed ballot that could not be opened, and to count it."""

    requires = RUN

    @extend_schema(request=None, responses={202: AskedSerializer})
    def post(self, request, pk: int, **kwargs):
        ballot = self.ballot()
        if known.opening(ballot) is not None:
            raise Refused("opened", _("This box has been opened."), status=409)
        job = services.ask_to_open(actor=self.actor, ballot=ballot)
        return Response({"job": job.pk}, status=status.HTTP_202_ACCEPTED)
