"""Nominations through the API: the call and its rule in words, who is put forward, and one's own acts."""

from __future__ import annotations

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import generics, parsers, serializers, status
from rest_framework.response import Response
from rest_framework.views import APIView

from coop.kernel import clock
from coop.kernel.rest import BecauseSerializer
from members.models import MembershipClass
from members.selectors import membership_of

from .. import services
from ..models import Nomination, NominationCall, Question
from ..selectors import nominations as known
from .views import READ, RUN, InCoop, one


class NominationCallSerializer(serializers.ModelSerializer):
    """A call. ``rule`` says it in words; days count back from the meeting, or the opening of a ballot without one."""

    classes = serializers.ListField(child=serializers.IntegerField(min_value=1, max_value=2**62), required=False)
    rule = serializers.SerializerMethodField()
    phase = serializers.SerializerMethodField()

    class Meta:
        model = NominationCall
        fields = (
            "id question opens_days closes_days opens_at closes_at as_of seconders classes member_for_months"
            " minimum_age not_employed office order cite phase settled_at lot_seed rule"
        ).split()
        read_only_fields = "id question opens_at closes_at as_of phase settled_at lot_seed rule".split()

    def get_rule(self, call) -> list[str]:
        return known.rule_in_words(call)

    def get_phase(self, call) -> str:
        return call.phase(clock.now())


class NominationSerializer(serializers.ModelSerializer):
    """Somebody put forward. ``stands``: accepted, not ended, and seconded enough."""

    nominee = serializers.IntegerField(source="nominee.number")
    name = serializers.CharField(source="nominee.party.name")
    proposer = serializers.IntegerField(source="proposer.number")
    seconded = serializers.IntegerField()
    stands = serializers.SerializerMethodField()

    class Meta:
        model = Nomination
        fields = (
            "id call nominee name proposer proposed_at accepted_at sentence statement photo_alt seconded stands place"
            " ended ended_because"
        ).split()

    def get_stands(self, nomination) -> bool:
        return known.enough(nomination.call, nomination)


class NominateSerializer(serializers.Serializer):
    """Whom to put forward: member number and a part of the name, so that a number typed wrong reaches nobody."""

    number = serializers.IntegerField(min_value=1)
    name = serializers.CharField(max_length=200)


class SignedSheetSerializer(serializers.Serializer):
    """A nomination signed on paper: everybody on it by member number."""

    nominee = serializers.IntegerField(min_value=1)
    proposer = serializers.IntegerField(min_value=1)
    seconders = serializers.ListField(child=serializers.IntegerField(min_value=1), max_length=50, default=list)
    sentence = serializers.CharField(max_length=400)
    statement = serializers.CharField(max_length=4000, required=False, allow_blank=True, default="")
    declared = serializers.BooleanField(required=False, default=False)


class StandSerializer(serializers.Serializer):
    """What the nominee says. The photo is encoded anew and needs words for whoever cannot see it."""

    sentence = serializers.CharField(max_length=400)
    statement = serializers.CharField(max_length=4000, required=False, allow_blank=True, default="")
    declared = serializers.BooleanField(required=False, default=False)
    photo = serializers.FileField(required=False)
    photo_alt = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


def _calls(coop):
    return NominationCall.objects.filter(coop=coop).select_related("question__ballot__meeting", "coop")


class OneCall(InCoop, APIView):
    """The call for nominations to a question's seats."""

    requires = READ
    requires_by_method = {"PUT": RUN, "POST": RUN}

    @extend_schema(responses=NominationCallSerializer)
    def get(self, request, pk: int, **kwargs):
        """Its days and its rule."""
        return Response(NominationCallSerializer(one(_calls(self.coop), question_id=pk)).data)

    @extend_schema(request=NominationCallSerializer, responses=NominationCallSerializer)
    def put(self, request, pk: int, **kwargs):
        """Call for nominations by the by-laws' rule, or change it while nobody has been put forward."""
        question = one(Question.objects.filter(coop=self.coop), pk=pk)
        said = self.heard(NominationCallSerializer)
        said["classes"] = list(MembershipClass.objects.filter(coop=self.coop, pk__in=said.get("classes", [])))
        made = services.call_nominations(actor=self.actor, question=question, **said)
        return Response(NominationCallSerializer(made).data)

    @extend_schema(operation_id="nominations_settle", request=None, responses=NominationCallSerializer)
    def post(self, request, pk: int, **kwargs):
        """Settle it after its close: whoever accepted and was seconded stands on the paper."""
        made = services.settle_nominations(actor=self.actor, call=one(_calls(self.coop), question_id=pk))
        return Response(NominationCallSerializer(made).data)


class Nominations(InCoop, generics.ListAPIView):
    """Who has been put forward for a question's seats: those who accepted, and your own."""

    requires = READ
    requires_by_method = {"POST": ("governance.vote",)}
    serializer_class = NominationSerializer

    def rows(self):
        rows = Nomination.objects.visible_to(self.actor, membership_of(self.actor)).with_people()
        return rows.filter(call=one(_calls(self.coop), question_id=self.kwargs["pk"])).order_by("place", "pk")

    @extend_schema(request=NominateSerializer, responses={201: NominationSerializer})
    def post(self, request, pk: int, **kwargs):
        """Put a member forward; nothing changes until they accept."""
        call = one(_calls(self.coop), question_id=pk)
        made = services.nominate(actor=self.actor, call=call, **self.heard(NominateSerializer))
        return Response(NominationSerializer(_seen(self, made.pk)).data, status=status.HTTP_201_CREATED)


class SignedSheets(InCoop, APIView):
    """Nominations that came on paper, signed by everybody they name."""

    requires = RUN

    @extend_schema(
        operation_id="nominations_signed", request=SignedSheetSerializer, responses={201: NominationSerializer}
    )
    def post(self, request, pk: int, **kwargs):
        """Enter a signed sheet: put forward, accepted and seconded at once; everybody it names is told."""
        call, said = one(_calls(self.coop), question_id=pk), self.heard(SignedSheetSerializer)
        made = services.record_paper_nomination(actor=self.actor, call=call, **said)
        return Response(NominationSerializer(_seen(self, made.pk)).data, status=status.HTTP_201_CREATED)


def _seen(view: InCoop, pk: int) -> Nomination:
    return one(Nomination.objects.visible_to(view.actor, membership_of(view.actor)).with_people(), pk=pk)


class DecideNomination(InCoop, APIView):
    """Second somebody (``second``), or step back as the nominee (``step-back``)."""

    requires = ("governance.vote",)
    acts = {"second": services.second_nomination, "step-back": services.step_back}

    @extend_schema(operation_id="nominations_decide", request=None, responses=NominationSerializer)
    def post(self, request, pk: int, act: str, **kwargs):
        if act not in self.acts:
            raise Http404
        self.acts[act](actor=self.actor, nomination=_seen(self, pk))
        return Response(NominationSerializer(_seen(self, pk)).data)


class Stand(InCoop, APIView):
    """The nominee accepts, and says who they are."""

    requires = ("governance.vote",)
    parser_classes = [parsers.JSONParser, parsers.MultiPartParser]

    @extend_schema(request=StandSerializer, responses=NominationSerializer)
    def put(self, request, pk: int, **kwargs):
        """Accept, or say it otherwise until the close."""
        said = self.heard(StandSerializer)
        said["photo"] = said["photo"].read() if said.get("photo") else None
        services.accept_nomination(actor=self.actor, nomination=_seen(self, pk), **said)
        return Response(NominationSerializer(_seen(self, pk)).data)


class StrikeOut(InCoop, APIView):
    """Strike a nomination out before the release, with a reason; the member is told."""

    requires = RUN

    @extend_schema(request=BecauseSerializer, responses=NominationSerializer)
    def post(self, request, pk: int, **kwargs):
        found = _seen(self, pk)
        services.strike_out_nomination(actor=self.actor, nomination=found, **self.heard(BecauseSerializer))
        return Response(NominationSerializer(_seen(self, pk)).data)
