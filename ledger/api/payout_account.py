"""Where my money goes, through the API: named at once where nothing is known, asked for where something is."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.response import Response
from rest_framework.views import APIView

from coop.kernel.rest import CoopView, only_known
from ledger.models import Way
from ledger.selectors import payouts as selectors
from ledger.services import payout_requests
from members.models import ChangeRequest, Party
from members.selectors import membership_of, rights


class AccountAskedSerializer(serializers.Serializer):
    """The request that waits for the secretary; it is taken back at ``me/requests/<id>/withdraw/``."""

    id = serializers.IntegerField()
    account = serializers.CharField(help_text="With its last four places")
    due_on = serializers.DateField()


class PaidToSerializer(serializers.Serializer):
    """Where money goes until now, in words with the last four places, and what is asked for."""

    until_now = serializers.CharField()
    came_back = serializers.BooleanField(help_text="The last payment came back, so nothing more is paid there")
    waiting = AccountAskedSerializer(allow_null=True)
    on_its_way = serializers.IntegerField(allow_null=True, help_text="The number of a pay-out under way that pays you")


class NewAccountSerializer(serializers.Serializer):
    """Where money shall go. By way: SEPA IBAN and BIC, ACH routing and account number, a cheque nothing."""

    member = serializers.IntegerField(
        required=False, help_text="Number of a member you stand for; yourself if left out"
    )
    way = serializers.ChoiceField(choices=Way.choices)
    holder = serializers.CharField(max_length=70, required=False)
    iban = serializers.CharField(max_length=42, required=False)
    bic = serializers.CharField(max_length=11, required=False)
    routing = serializers.CharField(max_length=11, required=False)
    account = serializers.CharField(max_length=24, required=False)
    savings = serializers.BooleanField(required=False)


class WhoSerializer(serializers.Serializer):
    """For whom it is asked."""

    member = serializers.IntegerField(
        required=False, help_text="Number of a member you stand for; yourself if left out"
    )


class MyAccount(CoopView, APIView):
    """Where my money goes, or that of somebody I stand for."""

    requires = ("members.see_self",)
    sure_by_method = ("POST",)

    @extend_schema(parameters=[WhoSerializer], responses=PaidToSerializer)
    def get(self, request):
        who = WhoSerializer(data=request.query_params)
        who.is_valid(raise_exception=True)
        return Response(self.said_of(self.party(who.validated_data.get("member"))))

    @extend_schema(request=NewAccountSerializer, responses={200: PaidToSerializer, 202: PaidToSerializer})
    def post(self, request):
        """200: it holds from the next pay-out on. 202: the secretary looks at it first."""
        asked = NewAccountSerializer(data=only_known(NewAccountSerializer, request.data))
        asked.is_valid(raise_exception=True)
        said = dict(asked.validated_data)
        party = self.party(said.pop("member", None))
        waits = payout_requests.name_account(actor=self.actor, party=party, **said)
        return Response(self.said_of(party), status=status.HTTP_202_ACCEPTED if waits else status.HTTP_200_OK)

    def party(self, number: int | None) -> Party:
        mine = rights.parties_of(self.actor)
        own = membership_of(self.actor)
        found = mine.filter(memberships__number=number) if number is not None else mine.filter(memberships=own)
        if not found:
            raise NotFound
        return found[0]

    def said_of(self, party: Party) -> dict:
        waiting, run = rights.open_request(party, ChangeRequest.Kind.BANK), selectors.on_its_way(party)
        asked = {}
        if waiting is not None:
            asked = {"id": waiting.pk, "account": payout_requests.masked(waiting.said), "due_on": waiting.due_on}
        told = {
            "until_now": payout_requests.known(party),
            "came_back": any(each.came_back for each in selectors.known_of(party)),
            "waiting": asked or None,
            "on_its_way": run.number if run is not None else None,
        }
        return PaidToSerializer(told).data
