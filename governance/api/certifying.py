"""Certifying a result through the API: what is signed, who has signed, and one's own signature."""

from __future__ import annotations

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.response import Response
from rest_framework.views import APIView

from .. import selectors, services
from ..models import Ballot, Certification
from .views import READ, InCoop, one


class SignatureSerializer(serializers.ModelSerializer):
    """One officer's signature under a result."""

    name = serializers.CharField(source="signed_by.display_name", read_only=True)

    class Meta:
        model = Certification
        fields = "position name office digest remark signed_at".split()


class CertificationSerializer(serializers.Serializer):
    """``digest`` is what is signed: SHA-256 of a secret ballot's bundle, or of a recorded one's results."""

    certified = serializers.BooleanField()
    digest = serializers.CharField()
    signatures = SignatureSerializer(many=True)


class SignSerializer(serializers.Serializer):
    seen = serializers.RegexField(r"^[0-9a-f]{64}\Z", help_text="The digest you have read and sign.")
    remark = serializers.CharField(required=False, allow_blank=True, default="", max_length=300)


class Certifications(InCoop, APIView):
    """Two officers' signatures under a counted ballot's result; with the second one it stands."""

    requires = READ
    requires_by_method = {"POST": ("governance.certify",)}
    sure_by_method = ("POST",)

    def ballot(self, pk: int) -> Ballot:
        found = one(Ballot.objects.filter(coop=self.coop).released(), pk=pk)
        if not found.has_result:
            raise Http404
        return found

    def said(self, ballot: Ballot) -> dict:
        signed = selectors.certifications(ballot)
        facts = {"certified": len(signed) == Certification.NEEDED, "digest": services.digest_of(ballot)}
        return dict(CertificationSerializer({**facts, "signatures": signed}).data)

    @extend_schema(responses=CertificationSerializer)
    def get(self, request, pk: int, **kwargs):
        """What is signed, and who has."""
        return Response(self.said(self.ballot(pk)))

    @extend_schema(request=SignSerializer, responses={201: CertificationSerializer})
    def post(self, request, pk: int, **kwargs):
        """Sign the result you have read, beside another officer."""
        ballot = self.ballot(pk)
        services.certify(actor=self.actor, ballot=ballot, **self.heard(SignSerializer))
        return Response(self.said(ballot), status=status.HTTP_201_CREATED)
