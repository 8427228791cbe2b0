"""What is taught, through the API: courses, sessions, who came, who asks for what and who lacks it."""

from __future__ import annotations

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.response import Response
from rest_framework.views import APIView

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.rest import BecauseSerializer, CoopView
from members import selectors, services
from members.models import (
    AccessLog,
    Application,
    Completion,
    Course,
    CourseRequirement,
    CourseSession,
    MembershipClass,
    Party,
)
from members.selectors import learning

from . import course_shapes as shapes
from .views import READ, CoopList

KEEP = ("members.keep_register",)


class OfCourse(CoopList):
    """What hangs on one course."""

    def course(self) -> Course:
        return self.one_or_404(Course.objects.filter(coop=self.coop).select_related("coop"), pk=self.kwargs["pk"])


class OfSession(CoopList):
    """What hangs on one session."""

    def session(self) -> CourseSession:
        return self.one_or_404(learning.sessions(self.coop), pk=self.kwargs["pk"])


def _learner(coop, said: dict) -> Party | Application:
    """The member with the ``number`` or the applicant of the ``application``, one of the two; both are taken out."""
    number, key = said.pop("number"), said.pop("application")
    if (number is None) == (key is None):
        raise Refused("who_unclear", _("Name a member by number, or an application by its key."), "number")
    if key is not None:
        applicant = Application.objects.filter(coop=coop, pk=key).select_related("coop", "member_class").first()
        if applicant is None:
            raise Refused("application_unknown", _("There is no such application."), "application")
        return applicant
    found = selectors.membership_by_number(coop, number)
    if found is None:
        raise Refused("member_unknown", _("Nobody here has the number %s.") % number, "number")
    return found.party


class Courses(CoopList, generics.ListAPIView):
    """Every course on offer, by name; and a place for one more."""

    requires = READ
    requires_by_method = {"POST": KEEP}
    serializer_class = shapes.CourseSerializer

    def rows(self):
        return learning.courses(self.coop).prefetch_related("steps")

    @extend_schema(request=shapes.NewCourseSerializer, responses={201: shapes.CourseSerializer})
    def post(self, request):
        course = services.save_course(actor=self.actor, **shapes.said(shapes.NewCourseSerializer, request))
        return Response(shapes.CourseSerializer(self.rows().get(pk=course.pk)).data, status=status.HTTP_201_CREATED)


class OneCourse(OfCourse, APIView):
    """One course: described anew, or not offered any more."""

    requires = KEEP

    @extend_schema(request=shapes.NewCourseSerializer, responses=shapes.CourseSerializer)
    def put(self, request, pk: int):
        said = shapes.said(shapes.NewCourseSerializer, request)
        course = services.save_course(actor=self.actor, course=self.course(), **said)
        return Response(shapes.CourseSerializer(learning.courses(self.coop).get(pk=course.pk)).data)

    @extend_schema(request=None, responses={204: None})
    def delete(self, request, pk: int):
        services.close_course(actor=self.actor, course=self.course())
        return Response(status=status.HTTP_204_NO_CONTENT)


class Sessions(OfCourse, generics.ListAPIView):
    """A course's sessions, the newest first; and a place for one more."""

    requires = READ
    requires_by_method = {"POST": KEEP}
    serializer_class = shapes.SessionSerializer

    def rows(self):
        return learning.sessions(self.coop).filter(course=self.course()).order_by("-starts_at")

    @extend_schema(request=shapes.NewSessionSerializer, responses={201: shapes.SessionSerializer})
    def post(self, request, pk: int):
        said = shapes.said(shapes.NewSessionSerializer, request)
        session = services.plan_session(actor=self.actor, course=self.course(), **said)
        made = learning.sessions(self.coop).get(pk=session.pk)
        return Response(shapes.SessionSerializer(made).data, status=status.HTTP_201_CREATED)


class Requirements(OfCourse, generics.ListAPIView):
    """Who asks for a course, from when to when; and a place for one more."""

    requires = READ
    requires_by_method = {"POST": KEEP}
    serializer_class = shapes.RequirementSerializer

    def rows(self):
        return self.course().requirements.select_related("member_class").order_by("-id")

    @extend_schema(request=shapes.NewRequirementSerializer, responses={201: shapes.RequirementSerializer})
    def post(self, request, pk: int):
        said = shapes.said(shapes.NewRequirementSerializer, request)
        slug = said.pop("member_class")
        found = MembershipClass.objects.filter(coop=self.coop, slug=slug).first() if slug else None
        if slug and found is None:
            raise Refused("class_unknown", "There is no such class.", "member_class")
        made = services.require_course(actor=self.actor, course=self.course(), member_class=found, **said)
        return Response(shapes.RequirementSerializer(made).data, status=status.HTTP_201_CREATED)


class EndRequirement(CoopView, APIView):
    """The last day on which it is asked for."""

    requires = KEEP

    @extend_schema(request=shapes.LastDaySerializer, responses=shapes.RequirementSerializer)
    def post(self, request, pk: int):
        said = shapes.said(shapes.LastDaySerializer, request)
        asked = get_object_or_404(CourseRequirement, coop=self.coop, pk=pk)
        ended = services.end_requirement(actor=self.actor, requirement=asked, **said)
        return Response(shapes.RequirementSerializer(ended).data)


class Completions(OfCourse, generics.ListAPIView):
    """Who has done a course, the newest first; and a place for what was done elsewhere."""

    requires = READ
    requires_by_method = {"POST": KEEP}
    serializer_class = shapes.CompletionSerializer

    def rows(self):
        services.looked_at(actor=self.actor, what=AccessLog.What.LIST, subject=f"course {self.kwargs['pk']}")
        return Completion.objects.filter(course=self.course()).select_related("party", "application", "course")

    @extend_schema(request=shapes.NewCompletionSerializer, responses={201: shapes.CompletionSerializer})
    def post(self, request, pk: int):
        course, said = self.course(), shapes.said(shapes.NewCompletionSerializer, request)
        learner = _learner(self.coop, said)
        made = services.record_completion(actor=self.actor, course=course, learner=learner, **said)
        return Response(shapes.CompletionSerializer(made).data, status=status.HTTP_201_CREATED)


class Strike(CoopView, APIView):
    """It was not so."""

    requires = KEEP

    @extend_schema(request=BecauseSerializer, responses=shapes.CompletionSerializer)
    def post(self, request, pk: int):
        made = get_object_or_404(Completion, coop=self.coop, pk=pk)
        struck = services.strike(actor=self.actor, completion=made, **shapes.said(BecauseSerializer, request))
        return Response(shapes.CompletionSerializer(struck).data)


class Lacking(CoopList, generics.ListAPIView):
    """Who lacks what, the most urgent first."""

    requires = READ
    serializer_class = shapes.LackSerializer

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return []
        services.looked_at(actor=self.actor, what=AccessLog.What.LIST, subject="courses lacking")
        return learning.Lacking(self.coop, clock.today(self.coop))


class Enrolments(OfSession, generics.ListAPIView):
    """Who signed up for a session; and a place for one more."""

    requires = READ
    requires_by_method = {"POST": KEEP}
    serializer_class = shapes.EnrolmentSerializer

    def rows(self):
        services.looked_at(actor=self.actor, what=AccessLog.What.LIST, subject=f"session {self.kwargs['pk']}")
        return self.session().enrolments.select_related("party", "application").order_by("pk")

    @extend_schema(request=shapes.WhoSerializer, responses={201: shapes.EnrolmentSerializer})
    def post(self, request, pk: int):
        session = self.session()
        learner = _learner(self.coop, shapes.said(shapes.WhoSerializer, request))
        made = services.sign_up(actor=self.actor, session=session, learner=learner)
        return Response(shapes.EnrolmentSerializer(made).data, status=status.HTTP_201_CREATED)


class Attendance(OfSession, APIView):
    """Say who came."""

    requires = KEEP

    @extend_schema(request=shapes.WhoCameSerializer, responses=shapes.EnrolmentSerializer(many=True))
    def post(self, request, pk: int):
        session, said = self.session(), shapes.said(shapes.WhoCameSerializer, request)
        came = {each["enrolment"]: each["came"] for each in said["came"]}
        services.mark(actor=self.actor, session=session, came=came)
        rows = session.enrolments.select_related("party", "application").order_by("pk")
        return Response(shapes.EnrolmentSerializer(rows, many=True).data)


class CancelSession(OfSession, APIView):
    """It does not take place."""

    requires = KEEP

    @extend_schema(request=BecauseSerializer, responses=shapes.SessionSerializer)
    def post(self, request, pk: int):
        services.cancel_session(actor=self.actor, session=self.session(), **shapes.said(BecauseSerializer, request))
        return Response(shapes.SessionSerializer(self.session()).data)
