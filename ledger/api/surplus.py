"""Patronage, plans and statements through the API: the same predicates, selectors and services as the pages."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, parsers, status
from rest_framework.exceptions import NotFound
from rest_framework.response import Response
from rest_framework.views import APIView

from coop.kernel.errors import Refused
from coop.kernel.rest import BecauseSerializer, CoopView, only_known
from governance.selectors import carried_resolutions
from ledger import documents
from ledger.models import PatronageImport, PatronageRecord, PlanLine, SurplusPlan
from ledger.selectors import patronage, plan_warnings, statements
from ledger.selectors import surplus as plans
from ledger.services import patronage as patronage_services
from ledger.services import patronage_jobs
from ledger.services import surplus as services
from ledger.services.patronage_batches import record_batch
from members.selectors import membership_by_number

from . import surplus_shapes as shapes

BOOKS = ("ledger.read_books",)
PLANS = ("ledger.read_plans",)
KEEP = ("ledger.keep_books",)
PROPOSE = ("ledger.propose",)
YEAR = OpenApiParameter("year", OpenApiTypes.INT, description="Only this year.")


class Room(CoopView):
    """What the views below share: rows of this co-op, and input of one shape."""

    def said(self, shape) -> dict:
        asked = shape(data=only_known(shape, self.request.data))
        asked.is_valid(raise_exception=True)
        return dict(asked.validated_data)

    def wanted_year(self) -> int | None:
        text = self.request.query_params.get("year", "")
        if text and not (text.isascii() and text.isdigit() and len(text) <= 4):
            raise Refused("year", f"“{text[:20]}” is no year; write 2026.", "year", status=400)
        return int(text) if text else None

    def import_or_404(self, pk: int) -> PatronageImport:
        return _found(patronage.imports(self.coop).filter(pk=pk))

    def plan_or_404(self, pk: int) -> SurplusPlan:
        return _found(plans.plans(self.coop).select_related("coop").filter(pk=pk))

    def plan_answer(self, plan: SurplusPlan, code: int = status.HTTP_200_OK) -> Response:
        context = {"codes": plan_warnings.purpose_codes(self.coop)}
        return Response(shapes.PlanSerializer(self.plan_or_404(plan.pk), context=context).data, status=code)


def _found(rows):
    found = rows.first()
    if found is None:
        raise NotFound
    return found


# --- patronage --------------------------------------------------------------------------------------------------------


class Years(Room, APIView):
    """The years with patronage, each with its pools."""

    requires = BOOKS

    @extend_schema(responses=shapes.YearSerializer(many=True))
    def get(self, request):
        found = patronage.years(self.coop)[:20]
        rows = [
            {"year": each.year, "starts_on": each.starts_on, "ends_on": each.ends_on, "pools": patronage.pools(each)}
            for each in found
        ]
        return Response(shapes.YearSerializer(rows, many=True).data)


class Imports(Room, generics.ListAPIView):
    """Files and batches, the latest first; a new file is checked and waits to be recorded."""

    requires = BOOKS
    requires_by_method = {"POST": KEEP}
    serializer_class = shapes.ImportSerializer
    parser_classes = [parsers.MultiPartParser, parsers.JSONParser]

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return PatronageImport.objects.none()
        found, year = patronage.imports(self.coop), self.wanted_year()
        return found.filter(year__year=year) if year else found

    @extend_schema(parameters=[YEAR])
    def get(self, request, *args, **kwargs):
        return super().get(request, *args, **kwargs)

    @extend_schema(request=shapes.NewImportSerializer, responses={201: shapes.ImportSerializer})
    def post(self, request):
        """Check a CSV file. Nothing counts before it is recorded. A large one is ``reading`` until it is checked."""
        said = self.said(shapes.NewImportSerializer)
        columns = {name: said.pop(f"{name}_column", "") for name in ("member", "amount", "pool")}
        if file := said.pop("file", None):
            patronage_services.check_size(file.size, file.name)
            said |= {"file_name": file.name, "data": file.read()}
        else:
            said["data"] = said.pop("content").encode()
        checked, _job = patronage_jobs.take_file(actor=self.actor, columns=columns, **said)
        return Response(shapes.ImportSerializer(checked).data, status=status.HTTP_201_CREATED)


class OneImport(Room, APIView):
    """One file or batch."""

    requires = BOOKS

    @extend_schema(responses=shapes.ImportSerializer)
    def get(self, request, pk: int):
        return Response(shapes.ImportSerializer(self.import_or_404(pk)).data)


class RecordImport(Room, APIView):
    """Record a checked file, all of it or nothing; a large one is ``checked`` until the worker has recorded it."""

    requires = KEEP

    @extend_schema(request=None, responses=shapes.ImportSerializer)
    def post(self, request, pk: int):
        found, _job = patronage_jobs.record(actor=self.actor, patronage_import=self.import_or_404(pk))
        return Response(shapes.ImportSerializer(found).data)


class DiscardImport(Room, APIView):
    """Throw a checked file away."""

    requires = KEEP

    @extend_schema(request=None, responses=shapes.ImportSerializer)
    def post(self, request, pk: int):
        found = patronage_services.discard_import(actor=self.actor, patronage_import=self.import_or_404(pk))
        return Response(shapes.ImportSerializer(found).data)


class UndoImport(Room, APIView):
    """Take a recorded file back as a whole."""

    requires = KEEP

    @extend_schema(request=BecauseSerializer, responses=shapes.ImportSerializer)
    def post(self, request, pk: int):
        found = patronage_services.undo_import(
            actor=self.actor, patronage_import=self.import_or_404(pk), **self.said(BecauseSerializer)
        )
        return Response(shapes.ImportSerializer(found).data)


class Batches(Room, APIView):
    """Record rows at once, known by their key: the same batch again changes nothing."""

    requires = KEEP

    @extend_schema(request=shapes.BatchSerializer, responses={201: shapes.ImportSerializer})
    def post(self, request):
        batch = record_batch(actor=self.actor, **self.said(shapes.BatchSerializer))
        return Response(shapes.ImportSerializer(batch).data, status=status.HTTP_201_CREATED)


class Corrections(Room, generics.ListAPIView):
    """Figures set right by hand, the latest first; a new one is a new row."""

    requires = BOOKS
    requires_by_method = {"POST": KEEP}
    serializer_class = shapes.CorrectionSerializer

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return PatronageRecord.objects.none()
        found = PatronageRecord.objects.filter(coop=self.coop, source__isnull=True)
        return found.select_related("membership", "year").order_by("-id")

    @extend_schema(request=shapes.CorrectionSerializer, responses={201: shapes.CorrectionSerializer})
    def post(self, request):
        """Set one member's figure right."""
        said = self.said(shapes.CorrectionSerializer)
        membership = membership_by_number(self.coop, said["membership"]["number"])
        if membership is None:
            raise Refused("no_member", "No member has this number.", "member")
        row = patronage_services.correct(
            actor=self.actor,
            membership=membership,
            year=said["year"]["year"],
            pool=said["pool"],
            quantity=said["quantity"],
            because=said["because"],
        )
        return Response(shapes.CorrectionSerializer(row).data, status=status.HTTP_201_CREATED)


# --- plans ------------------------------------------------------------------------------------------------------------


class Plans(Room, generics.ListAPIView):
    """Plans for the surplus, the latest year first; a new one is worked out at once and is a draft."""

    requires = PLANS
    requires_by_method = {"POST": PROPOSE}
    serializer_class = shapes.PlanSerializer

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return SurplusPlan.objects.none()
        found, year = plans.plans(self.coop).select_related("coop"), self.wanted_year()
        return found.filter(year__year=year) if year else found

    def get_serializer_context(self):
        fake = getattr(self, "swagger_fake_view", False)
        return super().get_serializer_context() | ({} if fake else {"codes": plan_warnings.purpose_codes(self.coop)})

    @extend_schema(parameters=[YEAR])
    def get(self, request, *args, **kwargs):
        return super().get(request, *args, **kwargs)

    @extend_schema(request=shapes.NewPlanSerializer, responses={201: shapes.PlanSerializer})
    def post(self, request):
        """Draw up a plan."""
        plan = services.draw_up(actor=self.actor, **self.said(shapes.NewPlanSerializer))
        return self.plan_answer(plan, status.HTTP_201_CREATED)


class OnePlan(Room, APIView):
    """One plan. A draft may be worked out again and thrown away."""

    requires = PLANS
    requires_by_method = {"PUT": PROPOSE, "DELETE": PROPOSE}

    @extend_schema(responses=shapes.PlanSerializer)
    def get(self, request, pk: int):
        return self.plan_answer(self.plan_or_404(pk))

    @extend_schema(request=shapes.ChangedPlanSerializer, responses=shapes.PlanSerializer)
    def put(self, request, pk: int):
        """Work a draft out again."""
        plan = self.plan_or_404(pk)
        return self.plan_answer(services.redraw(actor=self.actor, plan=plan, **self.said(shapes.ChangedPlanSerializer)))

    @extend_schema(responses={204: None})
    def delete(self, request, pk: int):
        """Throw a draft away."""
        services.throw_away(actor=self.actor, plan=self.plan_or_404(pk))
        return Response(status=status.HTTP_204_NO_CONTENT)


class Lines(Room, generics.ListAPIView):
    """Every member's line of a plan, by number."""

    requires = PLANS
    serializer_class = shapes.PlanLineSerializer

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return PlanLine.objects.none()
        return self.plan_or_404(self.kwargs["pk"]).lines.order_by("number")


class Propose(Room, APIView):
    """Put a draft before the members: from here on it is frozen under its hash."""

    requires = PROPOSE

    @extend_schema(request=None, responses=shapes.PlanSerializer)
    def post(self, request, pk: int):
        return self.plan_answer(services.propose(actor=self.actor, plan=self.plan_or_404(pk)))


class TakeBack(Room, APIView):
    """Make a proposal a draft again."""

    requires = PROPOSE

    @extend_schema(request=BecauseSerializer, responses=shapes.PlanSerializer)
    def post(self, request, pk: int):
        said = self.said(BecauseSerializer)
        return self.plan_answer(services.take_back(actor=self.actor, plan=self.plan_or_404(pk), **said))


class LinkResolution(Room, APIView):
    """Join a proposal to the members' resolution that carried it."""

    requires = PROPOSE

    @extend_schema(request=shapes.ResolutionSerializer, responses=shapes.PlanSerializer)
    def post(self, request, pk: int):
        plan, number = self.plan_or_404(pk), self.said(shapes.ResolutionSerializer)["resolution"]
        carried = carried_resolutions(self.coop).filter(number=number).first()
        if carried is None:
            raise Refused("not_carried", "No motion of this number was carried.", "resolution")
        return self.plan_answer(services.link_resolution(actor=self.actor, plan=plan, resolution=carried))


class Approve(Room, APIView):
    """A second officer's approval of exactly the plan with this hash."""

    requires = ("ledger.approve",)
    sure_by_method = ("POST",)

    @extend_schema(request=shapes.SeenSerializer, responses=shapes.PlanSerializer)
    def post(self, request, pk: int):
        plan, seen = self.plan_or_404(pk), self.said(shapes.SeenSerializer)["hash"]
        return self.plan_answer(services.approve(actor=self.actor, plan=plan, seen=seen))


class Post(Room, APIView):
    """Ask for the posting; the job says how far it is."""

    requires = KEEP
    sure_by_method = ("POST",)

    @extend_schema(request=None, responses={202: shapes.JobSerializer})
    def post(self, request, pk: int):
        job = services.post(actor=self.actor, plan=self.plan_or_404(pk))
        return Response(shapes.JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)


class Void(Room, APIView):
    """Give a carried plan up; a posted one by a job that reverses its entry."""

    requires = ("ledger.void",)
    sure_by_method = ("POST",)

    @extend_schema(request=BecauseSerializer, responses={200: shapes.PlanSerializer, 202: shapes.JobSerializer})
    def post(self, request, pk: int):
        plan = self.plan_or_404(pk)
        job = services.void(actor=self.actor, plan=plan, **self.said(BecauseSerializer))
        if job is not None:
            return Response(shapes.JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)
        return self.plan_answer(plan)


# --- statements -------------------------------------------------------------------------------------------------------


class StatementOf(Room, APIView):
    """One member's statement under a posted plan."""

    requires = BOOKS

    @extend_schema(responses=shapes.StatementSerializer)
    def get(self, request, pk: int, number: int):
        membership = membership_by_number(self.coop, number) if number < 10**17 else None
        found = statements.of_member(self.plan_or_404(pk), membership.pk) if membership else None
        if found is None:
            raise NotFound
        return Response(shapes.StatementSerializer(found).data)


class MyStatement(Room, APIView):
    """The member's own statement of a year."""

    requires = ("ledger.see_own",)

    @extend_schema(responses=shapes.StatementSerializer)
    def get(self, request, year: int):
        found = statements.own(self.actor, year)
        if found is None:
            raise NotFound
        return Response(shapes.StatementSerializer(found).data)


class MyStatementPDF(Room, APIView):
    """The same as PDF/UA."""

    requires = ("ledger.see_own",)

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request, year: int):
        found = statements.own(self.actor, year)
        if found is None:
            raise NotFound
        return HttpResponse(documents.statement_pdf(found), content_type="application/pdf")
