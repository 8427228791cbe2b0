"""Death through the API: written down, the heirs named, taken back; and what is open after it."""

from __future__ import annotations

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.response import Response
from rest_framework.views import APIView

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.rest import BecauseSerializer, CoopView, only_known
from members import selectors, services
from members.models import AccessLog, Membership
from members.selectors import after_death

from .views import READ

KEEP = ("members.keep_register",)


class DeathSerializer(serializers.Serializer):
    """The day of death, and what it was seen from."""

    died_on = serializers.DateField()
    evidence = serializers.CharField(max_length=300)


class HeirSerializer(serializers.Serializer):
    """Somebody on record by their number, or somebody new by name. ``represents``: stands for all the heirs."""

    number = serializers.IntegerField(min_value=1, max_value=10**15, required=False)
    given_names = serializers.CharField(max_length=150, required=False, allow_blank=True)
    family_name = serializers.CharField(max_length=150, required=False, allow_blank=True)
    email = serializers.EmailField(required=False, allow_blank=True)
    represents = serializers.BooleanField(default=False)
    on = serializers.DateField()
    evidence = serializers.CharField(max_length=300)


class OpenMatterSerializer(serializers.Serializer):
    """Something that is still open after a death, and why it matters."""

    sentence = serializers.CharField()
    why = serializers.CharField()


class NamedHeirSerializer(serializers.Serializer):
    """Somebody who is on the register as an heir."""

    name = serializers.CharField(source="subject.name")
    represents = serializers.SerializerMethodField()
    on = serializers.DateField(source="starts_on")

    def get_represents(self, bond) -> bool:
        return bond.kind == bond.Kind.HEIRS_REPRESENTATIVE


class EstateSerializer(serializers.Serializer):
    """What holds after a death, in sentences; ``final`` says why it cannot be taken back any more."""

    died_on = serializers.DateField()
    stands = serializers.BooleanField()
    sentences = serializers.ListField(child=serializers.CharField())
    heirs = NamedHeirSerializer(many=True)
    following = OpenMatterSerializer(allow_null=True)
    matters = OpenMatterSerializer(many=True)
    final = serializers.ListField(child=serializers.CharField())


class _OfMember(CoopView, APIView):
    def membership(self, number: int) -> Membership:
        found = selectors.membership_by_number(self.coop, number) if number < 2**63 else None
        if found is None:
            raise NotFound
        found.coop = self.coop
        services.looked_at(
            actor=self.actor, what=AccessLog.What.MEMBER, party=found.party, subject=f"member {found.number_text}"
        )
        return found

    def estate(self, membership: Membership, code: int = status.HTTP_200_OK) -> Response:
        membership.refresh_from_db()
        membership.coop = self.coop
        estate = after_death.estate_of(membership, clock.today(self.coop))
        if estate is None:
            raise NotFound
        return Response(EstateSerializer(estate).data, status=code)


class Death(_OfMember):
    """A member's death: what became of the membership, or write it down."""

    requires = READ
    requires_by_method = {"POST": KEEP}

    @extend_schema(responses=EstateSerializer)
    def get(self, request, number: int):
        return self.estate(self.membership(number))

    @extend_schema(request=DeathSerializer, responses={201: EstateSerializer})
    def post(self, request, number: int):
        asked = DeathSerializer(data=only_known(DeathSerializer, request.data))
        asked.is_valid(raise_exception=True)
        membership = self.membership(number)
        services.record_death(actor=self.actor, party=membership.party, **asked.validated_data)
        return self.estate(membership, status.HTTP_201_CREATED)


class Heirs(_OfMember):
    """Name an heir of a member who has died."""

    requires = KEEP

    @extend_schema(request=HeirSerializer, responses={201: EstateSerializer})
    def post(self, request, number: int):
        asked = HeirSerializer(data=only_known(HeirSerializer, request.data))
        asked.is_valid(raise_exception=True)
        said = dict(asked.validated_data)
        membership = self.membership(number)
        person = {name: said.pop(name, "") for name in ("given_names", "family_name", "email")}
        found = None
        if "number" in said:
            found = selectors.membership_by_number(self.coop, said.pop("number"))
            if found is None:
                raise Refused("nobody", _("Nobody here has this number."), "number")
        services.name_heir(
            actor=self.actor,
            deceased=membership.party,
            heir=found.party if found else None,
            person=person,
            **said,
        )
        return self.estate(membership, status.HTTP_201_CREATED)


class TakeBackDeath(_OfMember):
    """A death was recorded by mistake: strike it out, with the reason."""

    requires = KEEP

    @extend_schema(request=BecauseSerializer, responses={204: None})
    def post(self, request, number: int):
        asked = BecauseSerializer(data=only_known(BecauseSerializer, request.data))
        asked.is_valid(raise_exception=True)
        membership = self.membership(number)
        services.take_back_death(actor=self.actor, party=membership.party, **asked.validated_data)
        return Response(status=status.HTTP_204_NO_CONTENT)
