"""Running a released ballot through the API: letting it close later, reminding who has not voted."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.response import Response
from rest_framework.views import APIView

from .. import services
from ..models import Ballot, Extension, Reminder
from .views import DESK, READ, RUN, InCoop, one


class ExtensionSerializer(serializers.ModelSerializer):
    """The close moved from ``was`` to ``until``; never earlier."""

    class Meta:
        model = Extension
        fields = ["was", "until", "because", "extended_at"]
        read_only_fields = ["was", "extended_at"]


class Extensions(InCoop, generics.ListAPIView):
    """The times a ballot's close was moved, in order, each with its reason."""

    requires = READ
    requires_by_method = {"POST": RUN}
    serializer_class = ExtensionSerializer

    def ballot(self) -> Ballot:
        return one(Ballot.objects.filter(coop=self.coop).released(), pk=self.kwargs["pk"])

    def rows(self):
        return Extension.objects.filter(ballot=self.ballot())

    @extend_schema(responses={201: ExtensionSerializer})
    def post(self, request, pk: int, **kwargs):
        """Let the ballot close later, before it closes; everybody who may vote is told."""
        made = services.extend_ballot(actor=self.actor, ballot=self.ballot(), **self.heard(ExtensionSerializer))
        return Response(ExtensionSerializer(made).data, status=status.HTTP_201_CREATED)


class ReminderSerializer(serializers.ModelSerializer):
    """A reminder that went out: how many had not voted then. Who, stands on the ballot's own list."""

    class Meta:
        model = Reminder
        fields = ["day", "waiting", "sent_at"]


class Reminders(InCoop, generics.ListAPIView):
    """The reminders of a ballot, the last one first."""

    requires = DESK
    requires_by_method = {"POST": RUN}
    serializer_class = ReminderSerializer

    def ballot(self) -> Ballot:
        return one(Ballot.objects.filter(coop=self.coop).released(), pk=self.kwargs["pk"])

    def rows(self):
        return Reminder.objects.filter(ballot=self.ballot())

    @extend_schema(request=None, responses={201: ReminderSerializer})
    def post(self, request, pk: int, **kwargs):
        """Write to everybody who has not voted, once a day at most."""
        made = services.remind(actor=self.actor, ballot=self.ballot())
        return Response(ReminderSerializer(made).data, status=status.HTTP_201_CREATED)


class ReminderChoiceSerializer(serializers.Serializer):
    wanted = serializers.BooleanField(help_text="Whether you want to be reminded of votes.")


class MyReminders(InCoop, APIView):
    """Whether you want to be reminded of votes."""

    requires = ("governance.vote",)

    @extend_schema(request=ReminderChoiceSerializer, responses=ReminderChoiceSerializer)
    def put(self, request, **kwargs):
        """Say whether you do."""
        said = self.heard(ReminderChoiceSerializer)
        return Response({"wanted": services.choose_reminders(actor=self.actor, **said)})
