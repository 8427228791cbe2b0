"""What is open, through the API: the inbox with its clocks, cases and requests. Nothing personal beyond the name."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from coop.kernel.rest import CoopView
from members import services
from members.models import AccessLog, ChangeRequest, ExpulsionCase
from members.selectors import cases, inbox

from .views import READ, CoopList


class MatterSerializer(serializers.Serializer):
    """One line of the inbox: by when, what, and why."""

    due = serializers.DateField()
    sentence = serializers.CharField()
    why = serializers.CharField()


class CaseSerializer(serializers.ModelSerializer):
    """A case of expulsion with its days; what was said lies in the member's history."""

    number = serializers.IntegerField(source="membership.number")
    name = serializers.CharField(source="membership.party.name")
    due_on = serializers.SerializerMethodField()

    class Meta:
        model = ExpulsionCase
        fields = (
            "id number name state outcome due_on opened_on hearing_on heard_on heard_how decided_on resolution last_day"
            " appeal_to appeal_by appealed_on appeal_decided_on appeal_resolution"
        ).split()

    def get_due_on(self, case: ExpulsionCase) -> str | None:
        return cases.due_on(case).isoformat() if case.is_open else None


class RequestSerializer(serializers.ModelSerializer):
    """A change somebody asked for. What it says is read on its page alone."""

    name = serializers.CharField(source="party.name")

    class Meta:
        model = ChangeRequest
        fields = ["id", "name", "kind", "state", "asked_at", "due_on", "decided_at"]


class Inbox(CoopView, APIView):
    """What waits for the secretary, the most urgent first."""

    requires = READ

    @extend_schema(responses=MatterSerializer(many=True))
    def get(self, request):
        return Response(MatterSerializer(inbox.inbox(self.coop), many=True).data)


class Cases(CoopList, generics.ListAPIView):
    """Every case, the newest first."""

    requires = READ
    serializer_class = CaseSerializer

    def rows(self):
        services.looked_at(actor=self.actor, what=AccessLog.What.LIST, subject="cases")
        return cases.cases(self.coop)


class Requests(CoopList, generics.ListAPIView):
    """What members asked for, the newest first."""

    requires = READ
    serializer_class = RequestSerializer

    def rows(self):
        services.looked_at(actor=self.actor, what=AccessLog.What.LIST, subject="requests")
        return ChangeRequest.objects.filter(coop=self.coop).select_related("party").order_by("-id")
