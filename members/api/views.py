"""The register through the API: the same predicates, selectors and services as the pages."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.response import Response
from rest_framework.views import APIView

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.rest import CoopView, only_known
from members import selectors, services
from members.models import AccessLog, Application, BoardSheet, Membership, MembershipEvent
from members.selectors import joining, search
from members.selectors.days import end_of

from . import serializers as shapes

READ = ("members.read_register",)


class CoopList(CoopView):
    """A list whose rows depend on the co-op of the path; empty while the description is being made."""

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return self.serializer_class.Meta.model.objects.none()
        return self.rows()

    def one_or_404(self, rows, **key):
        found = rows.filter(**key).first()
        if found is None:
            raise NotFound
        return found


class Classes(CoopList, generics.ListAPIView):
    """The classes open to the public today, with what each asks and gives."""

    requires = ("kernel.signed_in",)
    serializer_class = shapes.ClassSerializer
    pagination_class = None

    def rows(self):
        return selectors.eligibility(self.coop)


class Applications(CoopList, generics.ListAPIView):
    """Applications: whoever is signed in may apply, officers read them all."""

    requires = READ
    requires_by_method = {"POST": ("kernel.signed_in",)}
    serializer_class = shapes.ApplicationSerializer

    def rows(self):
        services.looked_at(actor=self.actor, what=AccessLog.What.LIST, subject="applications")
        found = joining.applications(self.coop).order_by("-id")
        state = self.request.query_params.get("state")
        return found.filter(state=state) if state in Application.State.values else found

    @extend_schema(parameters=[OpenApiParameter("state", enum=Application.State.values)])
    def get(self, request, *args, **kwargs):
        return super().get(request, *args, **kwargs)

    @extend_schema(request=shapes.NewApplicationSerializer, responses={201: shapes.ApplicationSerializer})
    def post(self, request):
        """Apply to join."""
        asked = shapes.NewApplicationSerializer(data=only_known(shapes.NewApplicationSerializer, request.data))
        asked.is_valid(raise_exception=True)
        said = dict(asked.validated_data)
        accepted = {each.bylaws_id: each.bylaws for each in selectors.eligibility(self.coop)}
        bylaws = accepted.get(said.pop("bylaws"))
        if bylaws is None:
            raise Refused("bylaws_unknown", "These by-laws are not in force; accept those that are.", "bylaws")
        application = services.apply(
            coop=self.coop, channel=Application.Channel.API, account=self.actor.user, bylaws=bylaws, **said
        )
        return Response(shapes.ApplicationSerializer(application).data, status=status.HTTP_201_CREATED)


class OneApplication(CoopList, generics.RetrieveAPIView):
    """One application."""

    requires = READ
    serializer_class = shapes.ApplicationSerializer

    def rows(self):
        return joining.applications(self.coop)

    def get_object(self):
        found = self.one_or_404(self.get_queryset(), pk=self.kwargs["pk"])
        services.looked_at(
            actor=self.actor,
            what=AccessLog.What.APPLICATION,
            party=found.party,
            subject=f"application {found.pk}",
        )
        return found


class WithdrawApplication(CoopList, APIView):
    """The applicant takes the application back."""

    requires = ("kernel.signed_in",)

    @extend_schema(request=None, responses=shapes.ApplicationSerializer)
    def post(self, request, pk: int):
        mine = joining.applications(self.coop)
        if not self.actor.holds("secretary"):
            mine = mine.filter(account=self.actor.user)
        application = services.withdraw(actor=self.actor, application=self.one_or_404(mine, pk=pk))
        return Response(shapes.ApplicationSerializer(application).data)


class Sheets(CoopList, generics.ListAPIView):
    """Board sheets."""

    requires = READ
    requires_by_method = {"POST": ("members.keep_register",)}
    serializer_class = shapes.SheetSerializer

    def rows(self):
        return BoardSheet.objects.filter(coop=self.coop).prefetch_related("applications").order_by("-id")

    @extend_schema(request=shapes.NewSheetSerializer, responses={201: shapes.SheetSerializer})
    def post(self, request):
        """A new sheet with these applications."""
        asked = shapes.NewSheetSerializer(data=only_known(shapes.NewSheetSerializer, request.data))
        asked.is_valid(raise_exception=True)
        keys = set(asked.validated_data["applications"])
        chosen = list(joining.applications(self.coop).filter(pk__in=keys))
        if len(chosen) != len(keys):
            raise Refused("application_unknown", "One of these applications is not there.", "applications")
        sheet = services.create_sheet(
            actor=self.actor, meeting_on=asked.validated_data["meeting_on"], applications=chosen
        )
        return Response(shapes.SheetSerializer(sheet).data, status=status.HTTP_201_CREATED)


class OneSheet(CoopList, generics.RetrieveAPIView):
    """One board sheet."""

    requires = READ
    serializer_class = shapes.SheetSerializer

    def rows(self):
        return BoardSheet.objects.filter(coop=self.coop)

    def get_object(self):
        return self.one_or_404(self.get_queryset(), pk=self.kwargs["pk"])


class DecideSheet(CoopList, APIView):
    """Record what the board decided about a sheet."""

    requires = ("members.decide",)

    @extend_schema(request=shapes.DecisionSerializer, responses=shapes.SheetSerializer)
    def post(self, request, pk: int):
        sheet = self.one_or_404(BoardSheet.objects.filter(coop=self.coop), pk=pk)
        asked = shapes.DecisionSerializer(data=only_known(shapes.DecisionSerializer, request.data))
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        decisions = {
            each["application"]: services.Decision(each["verdict"], each["reason"]) for each in said["decisions"]
        }
        sheet = services.decide_sheet(
            actor=self.actor, sheet=sheet, decisions=decisions, resolution=said["resolution"], on=said["on"]
        )
        return Response(shapes.SheetSerializer(sheet).data)


class Members(CoopList, generics.ListAPIView):
    """The members as they stand today."""

    requires = READ
    serializer_class = shapes.MemberSerializer

    def rows(self):
        asked = self.request.query_params
        services.looked_at(actor=self.actor, what=AccessLog.What.LIST, subject="members")
        tab = asked.get("tab") if asked.get("tab") in search.TABS else "current"
        state = asked.get("state") if asked.get("state") in Membership.State.values else ""
        found = search.members(self.coop, clock.today(self.coop), tab=tab, state=state or "")
        if asked.get("class"):
            found = found.filter(member_class__slug=asked["class"])
        return search.matching(found, asked.get("q", ""))

    @extend_schema(
        parameters=[
            OpenApiParameter("q", description="A number, or parts of name, e-mail or place"),
            OpenApiParameter("tab", enum=search.TABS),
            OpenApiParameter("state", enum=Membership.State.values),
            OpenApiParameter("class", description="A class's slug"),
        ]
    )
    def get(self, request, *args, **kwargs):
        return super().get(request, *args, **kwargs)


class ByNumber(CoopList):
    """What hangs on one member's number."""

    def membership(self) -> Membership:
        number = self.kwargs["number"]
        found = selectors.membership_by_number(self.coop, number) if number < 2**63 else None
        if found is None:
            raise NotFound
        services.looked_at(
            actor=self.actor, what=AccessLog.What.MEMBER, party=found.party, subject=f"member {found.number_text}"
        )
        return found


class OneMember(ByNumber, generics.RetrieveAPIView):
    """One member as it stands today."""

    requires = READ
    serializer_class = shapes.MemberSerializer
    queryset = Membership.objects.none()
    lookup_field = "number"

    def get_object(self):
        return self.membership()


class History(ByNumber, generics.ListAPIView):
    """A membership's history, the first event first, with its chain of hashes."""

    requires = READ
    serializer_class = shapes.EventSerializer

    def rows(self):
        events = MembershipEvent.objects.filter(stream=self.membership().stream)
        return events.select_related("member_class").order_by("seq")


class DatesSerializer(serializers.Serializer):
    """The two dates of a reading of the register."""

    as_at = serializers.DateField(required=False)
    known = serializers.DateField(required=False)


class Register(CoopList, generics.ListAPIView):
    """The register as at a day, as it was known at the end of another (both today, where left out)."""

    requires = READ
    serializer_class = shapes.RegisterLineSerializer

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return []
        asked = DatesSerializer(data=self.request.query_params)
        asked.is_valid(raise_exception=True)
        today = clock.today(self.coop)
        as_at, known = asked.validated_data.get("as_at", today), asked.validated_data.get("known", today)
        services.refuse_reading(self.coop, as_at, known)
        services.looked_at(actor=self.actor, what=AccessLog.What.LIST, subject=f"register as at {as_at}")
        return selectors.RegisterPages(self.coop, as_at, end_of(known, self.coop))

    @extend_schema(
        parameters=[OpenApiParameter("as_at", OpenApiTypes.DATE), OpenApiParameter("known", OpenApiTypes.DATE)]
    )
    def get(self, request, *args, **kwargs):
        return super().get(request, *args, **kwargs)


class Me(CoopView, APIView):
    """My own membership, and whether I could vote today."""

    requires = ("members.see_self",)

    @extend_schema(responses=shapes.MeSerializer)
    def get(self, request):
        membership = selectors.membership_of(self.actor)
        lines = selectors.roll_candidates(self.coop, clock.today(self.coop), membership=membership)
        vote = next(iter(lines), None)
        return Response(shapes.MeSerializer({"membership": membership, "vote": vote}).data)

    @extend_schema(request=shapes.MyDetailsSerializer, responses=shapes.MeSerializer)
    def patch(self, request):
        """Change how I am reached; it holds from today."""
        asked = shapes.MyDetailsSerializer(data=only_known(shapes.MyDetailsSerializer, request.data))
        asked.is_valid(raise_exception=True)
        membership = selectors.membership_of(self.actor)
        services.change_details(actor=self.actor, party=membership.party, **asked.validated_data)
        membership.party.refresh_from_db()
        return self.get(request)
