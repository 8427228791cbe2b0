"""Changes somebody looks at first, through the API: asked, seen, taken back, and decided by the secretary."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import generics, serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.response import Response
from rest_framework.views import APIView

from coop.kernel.rest import only_known
from members import services
from members.models import AccessLog, ChangeRequest, Party
from members.selectors import rights

from .matters import RequestSerializer
from .views import CoopList


class MyRequestSerializer(serializers.ModelSerializer):
    """What I asked for, or whoever I stand for, and what was answered."""

    name = serializers.CharField(source="party.name")

    class Meta:
        model = ChangeRequest
        fields = ["id", "name", "kind", "state", "asked_at", "due_on", "decided_at", "answer"]


class NewChangeSerializer(serializers.Serializer):
    """A request: of a name its parts and why, of a bank account where money shall go, of an erasure nothing more."""

    kind = serializers.ChoiceField(choices=ChangeRequest.Kind.choices)
    member = serializers.IntegerField(
        required=False, help_text="Number of a member you stand for; yourself if left out"
    )
    because = serializers.CharField(required=False, max_length=300)
    given_names = serializers.CharField(required=False, max_length=150)
    family_name = serializers.CharField(required=False, max_length=150)
    firm = serializers.CharField(required=False, max_length=300)
    way = serializers.CharField(required=False, max_length=6, help_text="sepa, nacha or cheque")
    holder = serializers.CharField(required=False, max_length=70)
    iban = serializers.CharField(required=False, max_length=42)
    bic = serializers.CharField(required=False, max_length=11)
    routing = serializers.CharField(required=False, max_length=11)
    account = serializers.CharField(required=False, max_length=24)
    savings = serializers.BooleanField(required=False)


class LabelledSerializer(serializers.Serializer):
    """One thing asked for, with what it is."""

    what = serializers.CharField()
    value = serializers.CharField()


class RequestInFullSerializer(RequestSerializer):
    """A request with what holds until now and what is asked for, as the page shows it."""

    until_now = serializers.SerializerMethodField()
    asked_for = serializers.SerializerMethodField()
    because = serializers.SerializerMethodField()

    class Meta(RequestSerializer.Meta):
        fields = [*RequestSerializer.Meta.fields, "until_now", "asked_for", "because", "answer"]

    def get_until_now(self, request: ChangeRequest) -> str:
        return services.until_now(request.party, request.kind)

    @extend_schema_field(LabelledSerializer(many=True))
    def get_asked_for(self, request: ChangeRequest) -> list[dict[str, str]]:
        _before, after = services.before_and_after(request)
        return [{"what": label, "value": value} for label, value in after]

    def get_because(self, request: ChangeRequest) -> str:
        return request.said.get("because", "")


class AnswerToRequestSerializer(serializers.Serializer):
    """Granted, or refused with a sentence the member reads."""

    grant = serializers.BooleanField()
    answer = serializers.CharField(max_length=1000, allow_blank=True, default="")


class MyRequests(CoopList, generics.ListAPIView):
    """What I asked for, the newest first; a new one waits for the secretary."""

    requires = ("members.see_own_data",)
    sure_by_method = ("POST",)
    serializer_class = MyRequestSerializer

    def rows(self):
        mine = ChangeRequest.objects.filter(coop=self.coop, party__in=rights.parties_of(self.actor))
        return mine.select_related("party").order_by("-id")

    @extend_schema(request=NewChangeSerializer, responses={201: MyRequestSerializer})
    def post(self, request):
        """Ask for a change. An account is asked for here also where none is known yet."""
        asked = NewChangeSerializer(data=only_known(NewChangeSerializer, request.data))
        asked.is_valid(raise_exception=True)
        said = dict(asked.validated_data)
        made = services.ask_change(actor=self.actor, party=self.party(said.pop("member", None)), **said)
        return Response(MyRequestSerializer(made).data, status=status.HTTP_201_CREATED)

    def party(self, number: int | None) -> Party:
        mine = rights.parties_of(self.actor)
        found = mine.filter(account=self.actor.user) if number is None else mine.filter(memberships__number=number)
        if not found:
            raise NotFound
        return found[0]


class TakeBack(CoopList, APIView):
    """I do not want what I asked for any more."""

    requires = ("members.see_own_data",)

    @extend_schema(request=None, responses=MyRequestSerializer)
    def post(self, request, pk: int):
        mine = ChangeRequest.objects.filter(coop=self.coop, party__in=rights.parties_of(self.actor))
        asked = self.one_or_404(mine.select_related("party"), pk=pk)
        return Response(MyRequestSerializer(services.withdraw_change(actor=self.actor, request=asked)).data)


class OneRequest(CoopList, generics.RetrieveAPIView):
    """Old beside new. That it was looked at is noted."""

    requires = ("members.keep_register",)
    serializer_class = RequestInFullSerializer

    def rows(self):
        return ChangeRequest.objects.filter(coop=self.coop).select_related("party__coop")

    def get_object(self):
        found = self.one_or_404(self.get_queryset(), pk=self.kwargs["pk"])
        services.looked_at(actor=self.actor, what=AccessLog.What.MEMBER, party=found.party, subject="request")
        return found


class Decide(CoopList, APIView):
    """Grant a request, and it holds from today, or refuse it. Never one's own; an erasure is done by erasing."""

    requires = ("members.keep_register",)

    @extend_schema(request=AnswerToRequestSerializer, responses=RequestSerializer)
    def post(self, request, pk: int):
        asked = self.one_or_404(ChangeRequest.objects.filter(coop=self.coop).select_related("party__coop"), pk=pk)
        verdict = AnswerToRequestSerializer(data=only_known(AnswerToRequestSerializer, request.data))
        verdict.is_valid(raise_exception=True)
        decided = services.decide_change(actor=self.actor, request=asked, **verdict.validated_data)
        return Response(RequestSerializer(decided).data)
