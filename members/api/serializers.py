"""What the API says and hears about the register. Shapes only; services decide."""

from __future__ import annotations

from rest_framework import serializers

from members.models import Application, BoardSheet, ByLaws, ClassTerms, Membership, MembershipEvent, Party
from members.services import ADMIT, POSTPONE, REFUSE

DETAILS = (
    "given_names family_name firm register_court register_number email phone street postcode place country note".split()
)


class BylawsSerializer(serializers.ModelSerializer):
    class Meta:
        model = ByLaws
        fields = ["id", "version", "title", "adopted_on", "effective_on", "text_hash"]


class ClassSerializer(serializers.ModelSerializer):
    """A class's terms today. ``entry_fee`` in minor units of the co-op's currency."""

    slug = serializers.CharField(source="member_class.slug")
    name = serializers.CharField(source="member_class.name")
    bylaws = BylawsSerializer()

    class Meta:
        model = ClassTerms
        fields = (
            "slug name eligibility open_to_public minimum_shares maximum_shares instalments entry_fee votes"
            " minimum_age household transferable admitting_body appeal_to decide_within_days bylaws"
        ).split()


class ApplicationSerializer(serializers.ModelSerializer):
    member_class = serializers.CharField(source="member_class.slug")
    name = serializers.CharField(source="full_name")
    member_number = serializers.IntegerField(source="membership.number", allow_null=True, default=None)

    class Meta:
        model = Application
        fields = [
            "id",
            "reference",
            "state",
            "channel",
            "kind",
            "name",
            *DETAILS,
            "member_class",
            "shares_wanted",
            "instalments",
            "bylaws",
            "received_on",
            "decide_by",
            "sheet",
            "decided_on",
            "refusal",
            "appeal_by",
            "member_number",
        ]


class NewApplicationSerializer(serializers.ModelSerializer):
    """An application to join. ``bylaws`` is the id of the version accepted; ``shares`` left out is the minimum."""

    member_class = serializers.SlugField(max_length=40)
    shares_wanted = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=1_000_000)
    kind = serializers.ChoiceField(choices=Party.Kind.choices, default=Party.Kind.PERSON)
    of_age = serializers.BooleanField(default=True)
    bylaws = serializers.IntegerField(min_value=1, max_value=2**62)
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True)

    class Meta:
        model = Application
        fields = ["kind", *DETAILS, "member_class", "shares_wanted", "instalments", "of_age", "bylaws"]


class SheetSerializer(serializers.ModelSerializer):
    applications: serializers.Field = serializers.PrimaryKeyRelatedField(many=True, read_only=True)

    class Meta:
        model = BoardSheet
        fields = ["id", "body", "meeting_on", "state", "resolution", "decided_on", "text_hash", "applications"]


class NewSheetSerializer(serializers.Serializer):
    meeting_on = serializers.DateField()
    applications = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**62), min_length=1, max_length=500
    )


class VerdictSerializer(serializers.Serializer):
    application = serializers.IntegerField(min_value=1, max_value=2**62)
    verdict = serializers.ChoiceField(choices=[ADMIT, REFUSE, POSTPONE])
    reason = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")


class DecisionSerializer(serializers.Serializer):
    """What the board decided about every application of a sheet."""

    resolution = serializers.CharField(max_length=80)
    on = serializers.DateField()
    decisions = VerdictSerializer(many=True)


class MemberSerializer(serializers.ModelSerializer):
    """A membership as it stands today. ``ends_on`` is the last day, and may lie ahead."""

    name = serializers.CharField(source="party.name")
    kind = serializers.CharField(source="party.kind")
    email = serializers.CharField(source="party.email")
    phone = serializers.CharField(source="party.phone")
    place = serializers.CharField(source="party.place")
    member_class = serializers.CharField(source="member_class.slug")
    died_on = serializers.DateField(source="party.died_on", allow_null=True)

    class Meta:
        model = Membership
        fields = (
            "number name kind email phone place member_class state admitted_on active_on notice_on ends_on ending"
            " died_on shares_wanted"
        ).split()


class EventSerializer(serializers.ModelSerializer):
    """One link of a membership's history. ``hash`` covers the row and ``previous``."""

    member_class = serializers.CharField(source="member_class.slug", allow_null=True, default=None)

    class Meta:
        model = MembershipEvent
        fields = (
            "seq kind effective_on recorded_at member_class ends_on ending reason_code decided_by decided_on"
            " decision_ref decision_hash corrects note_hash previous hash"
        ).split()


class RegisterLineSerializer(serializers.Serializer):
    """One member as the register showed it on a day, as it was known at the end of another."""

    number = serializers.IntegerField()
    kind = serializers.CharField()
    name = serializers.CharField()
    street = serializers.CharField()
    postcode = serializers.CharField()
    place = serializers.CharField()
    country = serializers.CharField()
    email = serializers.CharField()
    class_name = serializers.CharField()
    state = serializers.CharField()
    admitted_on = serializers.DateField()
    active_on = serializers.DateField(allow_null=True)
    ends_on = serializers.DateField(allow_null=True)
    ending = serializers.CharField()


class VoteSerializer(serializers.Serializer):
    """Whether one would be on the roll if the record date were today, and why."""

    eligible = serializers.BooleanField()
    reasons = serializers.ListField(child=serializers.CharField())


class MeSerializer(serializers.Serializer):
    membership = MemberSerializer()
    vote = VoteSerializer(allow_null=True)


class MyDetailsSerializer(serializers.Serializer):
    """Address and contact data one may change oneself; what is left out stays as it is."""

    email = serializers.EmailField(required=False, allow_blank=True)
    phone = serializers.CharField(required=False, allow_blank=True, max_length=60)
    street = serializers.CharField(required=False, allow_blank=True, max_length=200)
    postcode = serializers.CharField(required=False, allow_blank=True, max_length=20)
    place = serializers.CharField(required=False, allow_blank=True, max_length=120)
