"""What the API says and hears about meetings, rolls, ballots and results. Shapes only; services decide."""

from __future__ import annotations

from rest_framework import serializers

from ..models import (
    Ballot,
    Meeting,
    Option,
    PaperBatch,
    Proxy,
    Question,
    RecordedVote,
    Resolution,
    ResolutionType,
    Roll,
)
from ..models import RollEntry as Entry


class RollSerializer(serializers.ModelSerializer):
    """A frozen roll. ``hash`` is SHA-256 over its lines' digests in order of member number."""

    class Meta:
        model = Roll
        fields = ["id", "meeting", "title", "record_date", "frozen_at", "size", "eligible", "votes", "hash"]


class RollEntrySerializer(serializers.ModelSerializer):
    reasons = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = Entry
        fields = ["number", "name", "class_name", "eligible", "votes", "reasons", "digest"]


class MeetingSerializer(serializers.ModelSerializer):
    roll = RollSerializer(read_only=True, allow_null=True, default=None)

    class Meta:
        model = Meeting
        fields = "id title kind form starts_at place record_date notice_on agenda roll".split()


class ConditionSerializer(serializers.Serializer):
    """One thing that must hold. ``ratio`` and a quorum that is a share are ``[1, 2]``; a quorum may be a number."""

    denominator = serializers.ChoiceField(
        choices=["for+against", "cast", "present", "roll", "class"], default="for+against"
    )
    ratio = serializers.ListField(child=serializers.IntegerField(), min_length=2, max_length=2)
    at_least = serializers.BooleanField(default=False)
    quorum = serializers.JSONField(allow_null=True, default=None)
    of_class = serializers.CharField(allow_null=True, default=None, max_length=120)
    cap = serializers.JSONField(allow_null=True, default=None, help_text='{"of_class": "Investor", "share": [1, 10]}')


class ResolutionTypeSerializer(serializers.ModelSerializer):
    conditions = ConditionSerializer(many=True)
    name = serializers.CharField(max_length=120)

    class Meta:
        model = ResolutionType
        fields = ["id", "name", "slug", "conditions", "cite"]
        read_only_fields = ["slug"]


class OptionSerializer(serializers.ModelSerializer):
    class Meta:
        model = Option
        fields = ["position", "name", "statement", "withdrawn"]
        read_only_fields = ["position", "withdrawn"]


class QuestionSerializer(serializers.ModelSerializer):
    options = OptionSerializer(many=True, required=False)
    seats = serializers.IntegerField(min_value=1, max_value=100, default=1)

    class Meta:
        model = Question
        fields = ["id", "position", "method", "title", "text", "seats", "resolution_type", "options"]
        read_only_fields = ["position"]


class BallotSerializer(serializers.ModelSerializer):
    """A ballot. ``phase`` goes by the clock: draft, announced, open, closing, closed, counted, certified."""

    phase = serializers.SerializerMethodField()
    questions = QuestionSerializer(many=True, read_only=True)

    class Meta:
        model = Ballot
        fields = (
            "id title introduction kind meeting roll state phase opens_at closes_at released_at closed_at counted_at"
            " manifest_hash tie_commitment questions"
        ).split()
        read_only_fields = (
            "kind state released_at closed_at counted_at manifest_hash tie_commitment meeting roll".split()
        )

    def get_phase(self, ballot: Ballot) -> str:
        return ballot.phase(self.context["now"])


class NewBallotSerializer(serializers.Serializer):
    title = serializers.CharField(max_length=200)
    kind = serializers.ChoiceField(choices=Ballot.Kind.choices, default=Ballot.Kind.RECORDED)
    introduction = serializers.CharField(required=False, allow_blank=True, default="", max_length=5000)
    meeting = serializers.PrimaryKeyRelatedField(queryset=Meeting.objects.all(), allow_null=True, default=None)
    roll = serializers.PrimaryKeyRelatedField(queryset=Roll.objects.all(), allow_null=True, default=None)
    opens_at = serializers.DateTimeField(allow_null=True, default=None)
    closes_at = serializers.DateTimeField(allow_null=True, default=None)

    def __init__(self, *args, coop=None, **kwargs):
        super().__init__(*args, **kwargs)
        if coop is not None:  # another co-op's rows do not exist
            self.fields["meeting"].queryset = Meeting.objects.filter(coop=coop)
            self.fields["roll"].queryset = Roll.objects.filter(coop=coop).frozen()


class NewQuestionSerializer(QuestionSerializer):
    def __init__(self, *args, coop=None, **kwargs):
        super().__init__(*args, **kwargs)
        if coop is not None:
            self.fields["resolution_type"].queryset = ResolutionType.objects.filter(coop=coop)


class RecordedVoteSerializer(serializers.ModelSerializer):
    """The paper that counts. ``marks`` holds for each question's id a list, as in ``CastSerializer``."""

    marks = serializers.DictField(child=serializers.JSONField())
    number = serializers.IntegerField(source="entry.number")

    class Meta:
        model = RecordedVote
        fields = ["id", "number", "marks", "cast_at", "receipt", "nonce", "replaces"]


class CastSerializer(serializers.Serializer):
    """A paper. ``marks``: for each question's id, option positions from 0 — best first where options are ranked (a list
    within it for equals under Schulze), the marked ones otherwise, a score or null for each option where they are
    scored. A question left out is blank. ``replacing``: the id of the paper you believe to be yours, or null for none;
    leave it out to replace whatever there is."""

    marks = serializers.DictField(child=serializers.JSONField())
    replacing = serializers.IntegerField(required=False, allow_null=True)
    proxy = serializers.IntegerField(
        required=False, allow_null=True, help_text="The proxy you hold and vote by; leave it out for your own vote."
    )


class ProxySerializer(serializers.ModelSerializer):
    """Who votes for whom at a meeting; it stands once accepted and until ended."""

    giver = serializers.IntegerField(source="principal.number", help_text="Member number of who gave it.")
    holder = serializers.IntegerField(source="holder.number", help_text="Member number of who votes by it.")
    stands = serializers.BooleanField()

    class Meta:
        model = Proxy
        fields = ["id", "meeting", "giver", "holder", "on_paper", "given_at", "accepted_at", "ended_at", "ended"]
        fields += ["stands"]


class GiveProxySerializer(serializers.Serializer):
    """Who shall vote for you: member number and a part of the name, so that a number typed wrong reaches nobody."""

    meeting = serializers.IntegerField()
    number = serializers.IntegerField(min_value=1)
    name = serializers.CharField(max_length=200)


class StandingSerializer(serializers.Serializer):
    """Whether you may vote in this ballot, why, and the paper of yours that counts."""

    may_vote = serializers.BooleanField()
    why = serializers.CharField()
    vote = RecordedVoteSerializer(allow_null=True)


class PapersSerializer(serializers.ModelSerializer):
    class Meta:
        model = PaperBatch
        fields = "id question file_name sha256 papers blank imported_at undone_at undone_because".split()


class FileSerializer(serializers.Serializer):
    file = serializers.FileField(help_text="A BLT file; candidates are matched by name.")
    beyond_roll_because = serializers.CharField(required=False, allow_blank=True, default="", max_length=300)


class IssueSerializer(serializers.Serializer):
    """Something to put right before the release; a warning does not stop it."""

    code = serializers.CharField()
    sentence = serializers.CharField()
    where = serializers.CharField()
    warning = serializers.BooleanField()


class ResolutionSerializer(serializers.ModelSerializer):
    votes = serializers.DictField(child=serializers.IntegerField())

    class Meta:
        model = Resolution
        fields = "id number title text text_hash carried decided_on votes sentence ballot meeting".split()


class OtherRuleSerializer(serializers.Serializer):
    method = serializers.ChoiceField(choices=list(Question.Method.values))


class CountSerializer(serializers.Serializer):
    """A question's count: the published object, the papers' hash and the lot's seed, and the outcome in a sentence."""

    sentence = serializers.CharField()
    detail = serializers.CharField()
    count = serializers.JSONField()


def condition_values(said: dict) -> dict:
    """A resolution type's values for the service."""
    return {**said, "conditions": [dict(each) for each in said["conditions"]]}
