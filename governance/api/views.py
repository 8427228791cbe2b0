"""Meetings, rolls, ballots, votes and results through the API: the same predicates and services as the pages."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, parsers, status
from rest_framework.response import Response
from rest_framework.views import APIView

from coop.kernel import clock
from coop.kernel.rest import BecauseSerializer, CoopView, only_known
from members.selectors import membership_of

from .. import selectors, services
from ..models import Ballot, Count, Meeting, PaperBatch, Proxy, Question, Resolution, ResolutionType, Roll, RollEntry
from ..services import files
from ..services.voting import ANY
from . import serializers as shapes

READ = ("governance.see_results",)
DESK = ("governance.read_ballots",)
RUN = ("governance.run_ballots",)
CALL = ("governance.call_meetings",)


class InCoop(CoopView):
    """Rows of the path's co-op; empty while the description is being made."""

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return self.serializer_class.Meta.model.objects.none()
        return self.rows()

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "now": clock.now()}  # type: ignore[misc] # beside GenericAPIView

    def heard(self, shape, **more) -> dict:
        """What was sent, in this shape; 400 otherwise."""
        said = shape(data=only_known(shape, self.request.data), **more)
        said.is_valid(raise_exception=True)
        return dict(said.validated_data)


def one(rows, **key):
    found = rows.filter(**key).first()
    if found is None:
        raise Http404
    return found


class Meetings(InCoop, generics.ListAPIView):
    """General meetings, newest first."""

    requires = READ
    requires_by_method = {"POST": CALL}
    serializer_class = shapes.MeetingSerializer

    def rows(self):
        return selectors.meetings(self.actor)

    @extend_schema(responses={201: shapes.MeetingSerializer})
    def post(self, request, **kwargs):
        """Call a meeting."""
        made = services.call_meeting(actor=self.actor, **self.heard(shapes.MeetingSerializer))
        return Response(shapes.MeetingSerializer(made).data, status=status.HTTP_201_CREATED)


class OneMeeting(InCoop, generics.RetrieveAPIView):
    """One meeting."""

    requires = READ
    serializer_class = shapes.MeetingSerializer

    def rows(self):
        return selectors.meetings(self.actor)


class Freeze(InCoop, APIView):
    """Freeze a meeting's roll at its record date. It cannot be undone."""

    requires = RUN

    @extend_schema(request=None, responses={201: shapes.RollSerializer})
    def post(self, request, pk: int, **kwargs):
        roll = services.freeze_roll(actor=self.actor, meeting=one(Meeting.objects.filter(coop=self.coop), pk=pk))
        return Response(shapes.RollSerializer(roll).data, status=status.HTTP_201_CREATED)


class Entries(InCoop, generics.ListAPIView):
    """A roll's lines by number: who may vote, who may not, and why."""

    requires = DESK
    serializer_class = shapes.RollEntrySerializer
    queryset = RollEntry.objects.none()

    def rows(self):
        roll = one(Roll.objects.filter(coop=self.coop).frozen(), pk=self.kwargs["pk"])
        asked = self.request.query_params
        may = {"true": True, "false": False}.get(asked.get("eligible", ""))
        return selectors.roll_entries(roll, words=asked.get("q", "").replace("\x00", ""), eligible=may)

    @extend_schema(
        parameters=[
            OpenApiParameter("q", description="A number, or parts of a name"),
            OpenApiParameter("eligible", enum=["true", "false"]),
        ]
    )
    def get(self, request, *args, **kwargs):
        return super().get(request, *args, **kwargs)


class ResolutionTypes(InCoop, generics.ListAPIView):
    """The kinds of resolution the by-laws know."""

    requires = READ
    requires_by_method = {"POST": CALL}
    serializer_class = shapes.ResolutionTypeSerializer

    def rows(self):
        return ResolutionType.objects.filter(coop=self.coop)

    @extend_schema(responses={201: shapes.ResolutionTypeSerializer})
    def post(self, request, **kwargs):
        """Write down how a kind of motion carries."""
        said = shapes.condition_values(self.heard(shapes.ResolutionTypeSerializer))
        made = services.create_resolution_type(actor=self.actor, **said)
        return Response(shapes.ResolutionTypeSerializer(made).data, status=status.HTTP_201_CREATED)


class Ballots(InCoop, generics.ListAPIView):
    """Ballots, newest first; drafts for officers only."""

    requires = READ
    requires_by_method = {"POST": RUN}
    serializer_class = shapes.BallotSerializer

    def rows(self):
        return Ballot.objects.visible_to(self.actor).prefetch_related("questions__options")

    @extend_schema(request=shapes.NewBallotSerializer, responses={201: shapes.BallotSerializer})
    def post(self, request, **kwargs):
        """Begin a ballot as a draft, recorded or secret."""
        made = services.create_ballot(actor=self.actor, **self.heard(shapes.NewBallotSerializer, coop=self.coop))
        shown = shapes.BallotSerializer(made, context=self.get_serializer_context())
        return Response(shown.data, status=status.HTTP_201_CREATED)


class OneBallot(InCoop, generics.RetrieveAPIView):
    """One ballot with its questions."""

    requires = READ
    requires_by_method = {"DELETE": RUN}
    serializer_class = shapes.BallotSerializer

    def rows(self):
        return Ballot.objects.visible_to(self.actor).prefetch_related("questions__options")

    @extend_schema(responses={204: None})
    def delete(self, request, pk: int, **kwargs):
        """Throw a draft away."""
        services.delete_ballot(actor=self.actor, ballot=one(self.rows(), pk=pk))
        return Response(status=status.HTTP_204_NO_CONTENT)


class Questions(InCoop, APIView):
    """Put a question on a draft."""

    requires = RUN

    @extend_schema(request=shapes.NewQuestionSerializer, responses={201: shapes.QuestionSerializer})
    def post(self, request, pk: int, **kwargs):
        ballot = one(Ballot.objects.filter(coop=self.coop), pk=pk)
        said = self.heard(shapes.NewQuestionSerializer, coop=self.coop)
        made = services.add_question(actor=self.actor, ballot=ballot, **said)
        return Response(shapes.QuestionSerializer(made).data, status=status.HTTP_201_CREATED)


class Issues(InCoop, APIView):
    """What is missing before a draft can be released."""

    requires = DESK

    @extend_schema(responses=shapes.IssueSerializer(many=True))
    def get(self, request, pk: int, **kwargs):
        ballot = one(Ballot.objects.filter(coop=self.coop).select_related("roll", "coop"), pk=pk)
        issues = selectors.issues_before_opening(ballot, clock.now()) if ballot.is_draft else []
        return Response(shapes.IssueSerializer(issues, many=True).data)


class Release(InCoop, generics.GenericAPIView):
    """Release a draft: nothing on it changes any more, and it opens and closes by the clock."""

    requires = RUN
    serializer_class = shapes.BallotSerializer
    queryset = Ballot.objects.none()

    @extend_schema(request=None, responses=shapes.BallotSerializer)
    def post(self, request, pk: int, **kwargs):
        ballot = services.open_ballot(actor=self.actor, ballot=one(Ballot.objects.filter(coop=self.coop), pk=pk))
        return Response(self.get_serializer(ballot).data)


class Vote(InCoop, APIView):
    """Your own vote in a ballot."""

    requires = ("governance.vote",)

    def ballot(self, pk: int) -> Ballot:
        return one(Ballot.objects.filter(coop=self.coop).released().select_related("roll"), pk=pk)

    @extend_schema(responses=shapes.StandingSerializer)
    def get(self, request, pk: int, **kwargs):
        """May you vote, why, and what did you cast."""
        ballot = self.ballot(pk)
        mine, current = selectors.voting_as(ballot, membership_of(self.actor))
        said = {"may_vote": mine.may, "why": mine.sentence, "vote": current}
        return Response(shapes.StandingSerializer(said).data)

    @extend_schema(request=shapes.CastSerializer, responses=shapes.RecordedVoteSerializer)
    def put(self, request, pk: int, **kwargs):
        """Cast your paper, or change it; the last one before the close counts."""
        said = self.heard(shapes.CastSerializer)
        held = Proxy.objects.filter(coop=self.coop, holder=membership_of(self.actor)).with_people()
        vote = services.cast_recorded(
            actor=self.actor,
            ballot=self.ballot(pk),
            marks=said["marks"],
            replacing=said.get("replacing", ANY),
            proxy=one(held, pk=said["proxy"]) if said.get("proxy") else None,
        )
        return Response(shapes.RecordedVoteSerializer(vote).data)


class Proxies(InCoop, generics.ListAPIView):
    """The proxies you gave and those you were asked to hold, ended ones too."""

    requires = ("governance.vote",)
    serializer_class = shapes.ProxySerializer

    def rows(self):
        mine = Proxy.objects.filter(coop=self.coop).of(membership_of(self.actor))
        return mine.with_people().order_by("-id")

    @extend_schema(request=shapes.GiveProxySerializer, responses={201: shapes.ProxySerializer})
    def post(self, request, **kwargs):
        """Ask another member to vote for you at a meeting; nothing changes until they accept."""
        said = self.heard(shapes.GiveProxySerializer)
        meeting = one(selectors.meetings(self.actor), pk=said.pop("meeting"))
        made = services.give_proxy(actor=self.actor, meeting=meeting, **said)
        return Response(shapes.ProxySerializer(made).data, status=status.HTTP_201_CREATED)


class DecideProxy(InCoop, APIView):
    """Accept or decline a proxy you were asked to hold, or take back the one you gave."""

    requires = ("governance.vote",)
    acts = {"accept": services.accept_proxy, "decline": services.decline_proxy, "revoke": services.revoke_proxy}

    @extend_schema(operation_id="proxies_decide", request=None, responses=shapes.ProxySerializer)
    def post(self, request, pk: int, act: str, **kwargs):
        """The proxy as it is now."""
        if act not in self.acts:
            raise Http404
        mine = Proxy.objects.filter(coop=self.coop).of(membership_of(self.actor)).with_people()
        decided = self.acts[act](actor=self.actor, proxy=one(mine, pk=pk))
        return Response(shapes.ProxySerializer(decided).data)


class Papers(InCoop, generics.ListAPIView):
    """Paper ballots of a question, file by file."""

    requires = DESK
    requires_by_method = {"POST": RUN}
    serializer_class = shapes.PapersSerializer
    parser_classes = [parsers.MultiPartParser]

    def rows(self):
        question = one(Question.objects.filter(coop=self.coop), pk=self.kwargs["pk"])
        return PaperBatch.objects.filter(question=question, sealed=True)

    @extend_schema(request=shapes.FileSerializer, responses={201: shapes.PapersSerializer})
    def post(self, request, pk: int, **kwargs):
        """Bring a BLT file's papers in, all or none."""
        question = one(Question.objects.filter(coop=self.coop), pk=pk)
        said = self.heard(shapes.FileSerializer)
        upload = said.pop("file")
        services.refuse_large(upload.size)
        batch = services.import_paper(
            actor=self.actor, question=question, blt=upload.read(), file_name=upload.name, **said
        )
        return Response(shapes.PapersSerializer(batch).data, status=status.HTTP_201_CREATED)


class UndoPapers(InCoop, APIView):
    """Take a file's papers out again, before the close, with a reason."""

    requires = RUN

    @extend_schema(request=BecauseSerializer, responses=shapes.PapersSerializer)
    def post(self, request, pk: int, **kwargs):
        batch = one(PaperBatch.objects.filter(coop=self.coop, sealed=True), pk=pk)
        batch = services.undo_paper(actor=self.actor, batch=batch, **self.heard(BecauseSerializer))
        return Response(shapes.PapersSerializer(batch).data)


class Result(InCoop, APIView):
    """A counted ballot's result, question by question, with every round."""

    requires = READ

    @extend_schema(responses=shapes.CountSerializer(many=True))
    def get(self, request, pk: int, **kwargs):
        ballot = one(Ballot.objects.filter(coop=self.coop).released(), pk=pk)
        if not ballot.has_result:
            raise Http404
        rows = Count.objects.filter(ballot=ballot).select_related("question", "ballot").order_by("question__position")
        said = []
        for count in rows:
            shown = selectors.outcome(count.question, count.result)
            said.append({"sentence": shown.sentence, "detail": shown.detail, "count": files.facts(count)})
        return Response(shapes.CountSerializer(said, many=True).data)


class Resolutions(InCoop, generics.ListAPIView):
    """What the members decided, newest first."""

    requires = READ
    serializer_class = shapes.ResolutionSerializer

    def rows(self):
        return selectors.resolutions(self.actor, self.request.query_params.get("q", "").replace("\x00", ""))

    @extend_schema(parameters=[OpenApiParameter("q", description="Words of title, number or text")])
    def get(self, request, *args, **kwargs):
        return super().get(request, *args, **kwargs)


class OneResolution(InCoop, generics.RetrieveAPIView):
    """One resolution."""

    requires = READ
    serializer_class = shapes.ResolutionSerializer

    def rows(self):
        return Resolution.objects.filter(coop=self.coop)
