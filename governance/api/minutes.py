"""Minutes through the API: who was there, what was drawn and signed, and what was put right after."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.response import Response
from rest_framework.views import APIView

from coop.kernel import clock

from .. import selectors, services
from ..models import Meeting, Minutes, MinutesAddendum, MinutesSignature
from ..selectors import minutes as known
from .views import CALL, READ, InCoop, one

SIGN = ("governance.certify",)


class MinutesSignatureSerializer(serializers.ModelSerializer):
    name = serializers.CharField(source="signed_by.display_name", read_only=True)

    class Meta:
        model = MinutesSignature
        fields = "role name digest signed_at addendum".split()


class MinutesAddendumSerializer(serializers.ModelSerializer):
    class Meta:
        model = MinutesAddendum
        fields = "id number text sha256 written_at".split()
        read_only_fields = "id number sha256 written_at".split()


class MinutesSerializer(serializers.ModelSerializer):
    """``body`` is canonical JSON (RFC 8785); its SHA-256 is what is signed. ``signed`` counts the signatures."""

    signed = serializers.IntegerField()
    signatures = MinutesSignatureSerializer(many=True)
    addenda = MinutesAddendumSerializer(many=True)

    class Meta:
        model = Minutes
        fields = "meeting body sha256 drawn_at signed signatures addenda".split()


class DrawSerializer(serializers.Serializer):
    """Who chaired (the e-mail of a login that holds an office), guests, and the course of the meeting in words."""

    chair = serializers.EmailField()
    guests = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")
    course = serializers.CharField(max_length=60_000, required=False, allow_blank=True, default="")


class SignMinutesSerializer(serializers.Serializer):
    seen = serializers.RegexField(r"^[0-9a-f]{64}\Z", help_text="The sum you have read and sign.")
    addendum = serializers.IntegerField(required=False, allow_null=True, default=None)


def _number() -> serializers.IntegerField:
    return serializers.IntegerField(min_value=1, max_value=10**12)


class AttendanceSerializer(serializers.Serializer):
    """Member numbers of who was there; the whole list each time."""

    room = serializers.ListField(child=_number(), max_length=100_000, default=list)
    online = serializers.ListField(child=_number(), max_length=100_000, default=list)


def _rows(view: InCoop):
    return known.minutes_for(view.actor).prefetch_related("signatures__signed_by", "addenda")


class AllMinutes(InCoop, generics.ListAPIView):
    """Minutes, the newest meeting first; members see those that chair and secretary have signed."""

    requires = READ
    serializer_class = MinutesSerializer

    def rows(self):
        return _rows(self)


class OneMinutes(InCoop, APIView):
    """The minutes of one meeting."""

    requires = READ
    requires_by_method = {"PUT": CALL}

    @extend_schema(responses=MinutesSerializer)
    def get(self, request, pk: int, **kwargs):
        return Response(MinutesSerializer(one(_rows(self), meeting_id=pk)).data)

    @extend_schema(request=DrawSerializer, responses=MinutesSerializer)
    def put(self, request, pk: int, **kwargs):
        """Draw them from agenda, attendance and results as they are now, until somebody has signed."""
        said = self.heard(DrawSerializer)
        chairs = known.may_chair(self.coop, clock.today(self.coop))
        said["chair"] = one(chairs, email__iexact=said["chair"])
        services.draw_minutes(actor=self.actor, meeting=one(selectors.meetings(self.actor), pk=pk), **said)
        return Response(MinutesSerializer(one(_rows(self), meeting_id=pk)).data)


class SignMinutes(InCoop, APIView):
    """Sign the minutes, or an addendum, as the chair or the secretary."""

    requires = SIGN
    sure_by_method = ("POST",)

    @extend_schema(request=SignMinutesSerializer, responses={201: MinutesSerializer})
    def post(self, request, pk: int, **kwargs):
        said, found = self.heard(SignMinutesSerializer), one(_rows(self), meeting_id=pk)
        addendum = one(found.addenda, pk=said["addendum"]) if said["addendum"] else None
        services.sign_minutes(actor=self.actor, minutes=found, seen=said["seen"], addendum=addendum)
        return Response(MinutesSerializer(one(_rows(self), meeting_id=pk)).data, status=status.HTTP_201_CREATED)


class Addenda(InCoop, APIView):
    """Put something right in signed minutes."""

    requires = SIGN

    @extend_schema(request=MinutesAddendumSerializer, responses={201: MinutesAddendumSerializer})
    def post(self, request, pk: int, **kwargs):
        """Chair and secretary sign it after."""
        found = one(_rows(self), meeting_id=pk)
        made = services.add_addendum(actor=self.actor, minutes=found, **self.heard(MinutesAddendumSerializer))
        return Response(MinutesAddendumSerializer(made).data, status=status.HTTP_201_CREATED)


class AttendanceList(InCoop, APIView):
    """Who was at a meeting, by member number."""

    requires = ("governance.read_ballots",)
    requires_by_method = {"PUT": CALL}

    def meeting(self, pk: int) -> Meeting:
        return one(selectors.meetings(self.actor), pk=pk)

    def said(self, meeting: Meeting) -> Response:
        there = known.attendance_of(meeting)
        numbers = {
            "room": [each.membership.number for each in there if not each.online],
            "online": [each.membership.number for each in there if each.online],
        }
        return Response(AttendanceSerializer(numbers).data)

    @extend_schema(responses=AttendanceSerializer)
    def get(self, request, pk: int, **kwargs):
        return self.said(self.meeting(pk))

    @extend_schema(request=AttendanceSerializer, responses=AttendanceSerializer)
    def put(self, request, pk: int, **kwargs):
        """The whole list, until somebody has signed the minutes."""
        meeting = self.meeting(pk)
        services.record_attendance(actor=self.actor, meeting=meeting, **self.heard(AttendanceSerializer))
        return self.said(meeting)
