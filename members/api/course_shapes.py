"""What courses look like through the API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from coop.kernel.models import Office
from coop.kernel.rest import only_known
from members.models import Completion, Course, CourseRequirement, CourseSession, Enrolment

MOST = 10**15


def said(shape: type[serializers.Serializer], request) -> dict[str, Any]:
    """What a request says, in that shape, or a 400 that names what does not fit."""
    asked = shape(data=only_known(shape, request.data))
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)


class StepSerializer(serializers.Serializer):
    """One line of a checklist."""

    title = serializers.CharField(max_length=200)
    link = serializers.URLField(max_length=500, allow_blank=True, default="")


class CourseSerializer(serializers.ModelSerializer):
    """A course, and how many people hold it today."""

    steps = serializers.SerializerMethodField()
    holders = serializers.IntegerField()

    class Meta:
        model = Course
        fields = ["id", "name", "about", "needs_session", "valid_months", "steps", "holders"]

    def get_steps(self, course: Course) -> list[dict[str, str]]:
        return [{"title": each.title, "link": each.link} for each in course.steps.all() if each.dropped_at is None]


class NewCourseSerializer(serializers.Serializer):
    """A course as it is to be. ``valid_months`` null: for good."""

    name = serializers.CharField(max_length=120)
    about = serializers.CharField(max_length=5000, allow_blank=True, default="")
    needs_session = serializers.BooleanField(default=True)
    valid_months = serializers.IntegerField(min_value=1, max_value=600, allow_null=True, default=None)
    steps = serializers.ListField(child=StepSerializer(), default=list, max_length=50)

    def validate_steps(self, steps) -> list[tuple[str, str]]:
        return [(each["title"], each["link"]) for each in steps]


class SessionSerializer(serializers.ModelSerializer):
    """A session and how many seats are taken; ``seats`` null: as many as come."""

    course = serializers.CharField(source="course.name")
    taken = serializers.IntegerField()

    class Meta:
        model = CourseSession
        fields = ["id", "course", "starts_at", "place", "held_by", "seats", "taken", "cancelled_at", "because"]


class NewSessionSerializer(serializers.Serializer):
    """When and where a course is to be held."""

    starts_at = serializers.DateTimeField()
    place = serializers.CharField(max_length=200)
    held_by = serializers.CharField(max_length=120, allow_blank=True, default="")
    seats = serializers.IntegerField(min_value=1, max_value=10_000, allow_null=True, default=None)


class RequirementSerializer(serializers.ModelSerializer):
    """A class (its slug) or an office asks for a course; ``days`` null: beforehand."""

    member_class: serializers.SlugRelatedField = serializers.SlugRelatedField(slug_field="slug", read_only=True)

    class Meta:
        model = CourseRequirement
        fields = ["id", "member_class", "office", "days", "for_present", "starts_on", "ends_on", "cite"]


class NewRequirementSerializer(serializers.Serializer):
    """Either ``member_class`` (a slug) or ``office``; ``days`` null: beforehand."""

    member_class = serializers.CharField(max_length=40, allow_blank=True, default="")
    office = serializers.ChoiceField(choices=Office.Role.choices, allow_blank=True, default="")
    days = serializers.IntegerField(min_value=1, max_value=3650, allow_null=True, default=None)
    for_present = serializers.BooleanField(default=False)
    starts_on = serializers.DateField()
    cite = serializers.CharField(max_length=200)


class LastDaySerializer(serializers.Serializer):
    """The last day on which a course is asked for."""

    on = serializers.DateField()


class CompletionSerializer(serializers.ModelSerializer):
    """Somebody has done a course; struck out, it does not count."""

    name = serializers.SerializerMethodField()
    course = serializers.CharField(source="course.name")

    class Meta:
        model = Completion
        fields = ["id", "course", "name", "done_on", "expires_on", "evidence", "recorded_at", "struck_at", "because"]

    def get_name(self, made: Completion) -> str:
        return str(made.learner)


class NewCompletionSerializer(serializers.Serializer):
    """A member or an applicant has done a course on a day, and from what that was seen."""

    number = serializers.IntegerField(min_value=1, max_value=MOST, allow_null=True, default=None)
    application = serializers.IntegerField(min_value=1, max_value=MOST, allow_null=True, default=None)
    on = serializers.DateField()
    evidence = serializers.CharField(max_length=200)
    expires_on = serializers.DateField(allow_null=True, default=None)


class LackSerializer(serializers.Serializer):
    """Somebody has yet to do a course; ``number`` is null for an officer on no register."""

    name = serializers.CharField()
    number = serializers.SerializerMethodField()
    course = serializers.CharField(source="requirement.course.name")
    due = serializers.DateField()
    cite = serializers.CharField(source="requirement.cite")

    def get_number(self, lack) -> int | None:
        return lack.membership.number if lack.membership is not None else None


class EnrolmentSerializer(serializers.ModelSerializer):
    """Somebody signed up, and whether they came."""

    name = serializers.SerializerMethodField()

    class Meta:
        model = Enrolment
        fields = ["id", "name", "state", "asked_at", "marked_at"]

    def get_name(self, made: Enrolment) -> str:
        return str(made.learner)


class WhoSerializer(serializers.Serializer):
    """A member, by number, or an applicant, by the application's key."""

    number = serializers.IntegerField(min_value=1, max_value=MOST, allow_null=True, default=None)
    application = serializers.IntegerField(min_value=1, max_value=MOST, allow_null=True, default=None)


class CameSerializer(serializers.Serializer):
    """One enrolment, and whether the person came."""

    enrolment = serializers.IntegerField(min_value=1, max_value=MOST)
    came = serializers.BooleanField()


class WhoCameSerializer(serializers.Serializer):
    """Who came, all or some of those signed up."""

    came = serializers.ListField(child=CameSerializer(), max_length=1000)


class MyStepSerializer(serializers.Serializer):
    """A line of a checklist as I see it."""

    id = serializers.IntegerField(source="step.pk")
    title = serializers.CharField(source="step.title")
    link = serializers.CharField(source="step.link")
    done = serializers.BooleanField()


class MySessionSerializer(serializers.Serializer):
    """A session to come, and whether I have a seat."""

    id = serializers.IntegerField(source="session.pk")
    starts_at = serializers.DateTimeField(source="session.starts_at")
    place = serializers.CharField(source="session.place")
    seats = serializers.IntegerField(source="session.seats", allow_null=True)
    taken = serializers.IntegerField(source="session.taken")
    mine = serializers.BooleanField()


class MyCourseSerializer(serializers.Serializer):
    """A course as I see it: by when it is asked of me (null: not), until when I hold it, what is left."""

    id = serializers.IntegerField(source="course.pk")
    name = serializers.CharField(source="course.name")
    due = serializers.DateField(allow_null=True)
    cite = serializers.CharField()
    done_on = serializers.DateField(source="held.done_on", default=None, allow_null=True)
    expires_on = serializers.DateField(source="held.expires_on", default=None, allow_null=True)
    steps = MyStepSerializer(many=True)
    sessions = MySessionSerializer(many=True, source="seats")
