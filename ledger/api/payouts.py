"""Pay-outs through the API: the same predicates, selectors and services as the pages."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.exceptions import NotFound
from rest_framework.response import Response
from rest_framework.views import APIView

from coop.kernel.rest import CoopView, only_known
from ledger.models import PayoutLine, PayoutRun
from ledger.selectors import payouts as selectors
from ledger.services import payouts as services

from . import payout_shapes as shapes
from .surplus_shapes import JobSerializer, SeenSerializer

BOOKS = ("ledger.read_books",)
KEEP = ("ledger.keep_books",)


class Room(CoopView):
    """What the views below share."""

    def said(self, shape) -> dict:
        asked = shape(data=only_known(shape, self.request.data))
        asked.is_valid(raise_exception=True)
        return dict(asked.validated_data)

    def run_or_404(self, pk: int) -> PayoutRun:
        found = selectors.runs(self.coop).filter(pk=pk).first()
        if found is None:
            raise NotFound
        return found


class Runs(Room, generics.ListAPIView):
    """Pay-out runs, the newest first; a new one waits for somebody else's release."""

    requires = BOOKS
    requires_by_method = {"POST": KEEP}
    serializer_class = shapes.RunSerializer

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return PayoutRun.objects.none()
        return selectors.runs(self.coop)

    @extend_schema(request=shapes.NewRunSerializer, responses={201: shapes.RunSerializer})
    def post(self, request):
        """Draw up a run over everything owed."""
        run = services.prepare(actor=self.actor, **self.said(shapes.NewRunSerializer))
        return Response(shapes.RunSerializer(run).data, status=status.HTTP_201_CREATED)


class OneRun(Room, APIView):
    """One pay-out run."""

    requires = BOOKS

    @extend_schema(responses=shapes.RunSerializer)
    def get(self, request, pk: int):
        return Response(shapes.RunSerializer(self.run_or_404(pk)).data)


class Lines(Room, generics.ListAPIView):
    """Every member's line of a run, by number."""

    requires = BOOKS
    serializer_class = shapes.PayoutLineSerializer

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return PayoutLine.objects.none()
        return selectors.lines(self.run_or_404(self.kwargs["pk"]))


class Release(Room, APIView):
    """A second person lets exactly the run with this hash go; the job says how far it is."""

    requires = ("ledger.release",)
    sure_by_method = ("POST",)

    @extend_schema(request=SeenSerializer, responses={202: JobSerializer})
    def post(self, request, pk: int):
        run, seen = self.run_or_404(pk), self.said(SeenSerializer)["hash"]
        job = services.release(actor=self.actor, run=run, seen=seen)
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)


class Returned(Room, APIView):
    """The bank gave a payment back: the member is owed it again."""

    requires = KEEP

    @extend_schema(request=shapes.ReturnedSerializer, responses=shapes.PayoutLineSerializer)
    def post(self, request, pk: int):
        said = self.said(shapes.ReturnedSerializer)
        line = selectors.lines(self.run_or_404(pk)).filter(number=said.pop("number"), amount__gt=0).first()
        if line is None:
            raise NotFound
        services.record_return(actor=self.actor, line=line, **said)
        return Response(shapes.PayoutLineSerializer(selectors.lines(line.run).get(pk=line.pk)).data)
