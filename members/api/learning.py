"""My own part of what is taught, through the API."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import NotFound
from rest_framework.response import Response
from rest_framework.views import APIView

from coop.kernel import clock
from coop.kernel.rest import CoopView
from members import selectors, services
from members.models import CourseStep, Party
from members.selectors import learning

from . import course_shapes as shapes


class MyOwn(CoopView):
    """What hangs on my own membership."""

    requires: tuple[str, ...] = ("members.is_member",)

    def me(self) -> Party:
        membership = selectors.membership_of(self.actor)
        if membership is None:
            raise NotFound
        membership.party.coop = self.coop
        return membership.party


class MyCourses(MyOwn, APIView):
    """Every course as I see it: what is asked of me first."""

    @extend_schema(responses=shapes.MyCourseSerializer(many=True))
    def get(self, request):
        mine = learning.my_courses(self.me(), clock.today(self.coop), clock.now())
        return Response(shapes.MyCourseSerializer(mine, many=True).data)


class MySeat(MyOwn, APIView):
    """My seat at a session: taken, or given back."""

    def _session(self, pk: int):
        session = learning.sessions(self.coop).filter(pk=pk).first()
        if session is None:
            raise NotFound
        return session

    @extend_schema(request=None, responses=shapes.EnrolmentSerializer)
    def put(self, request, pk: int):
        made = services.sign_up(actor=self.actor, session=self._session(pk), learner=self.me())
        return Response(shapes.EnrolmentSerializer(made).data)

    @extend_schema(request=None, responses={204: None})
    def delete(self, request, pk: int):
        """Give it back; one who has none has given it back already."""
        enrolment = self._session(pk).enrolments.filter(party=self.me()).first()
        if enrolment is not None:
            services.sign_off(actor=self.actor, enrolment=enrolment)
        return Response(status=status.HTTP_204_NO_CONTENT)


class MyStep(MyOwn, APIView):
    """A line of a checklist I have done, or not yet after all."""

    def _tick(self, pk: int, done: bool) -> Response:
        step = CourseStep.objects.filter(coop=self.coop, pk=pk).select_related("course").first()
        if step is None:
            raise NotFound
        services.tick(actor=self.actor, step=step, learner=self.me(), done=done)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses={204: None})
    def put(self, request, pk: int):
        return self._tick(pk, True)

    @extend_schema(request=None, responses={204: None})
    def delete(self, request, pk: int):
        return self._tick(pk, False)
