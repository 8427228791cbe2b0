"""What the API says and hears about the books. Money is whole minor units; signs are the journal's: debit positive."""

from __future__ import annotations

from rest_framework import serializers

from ledger.models import Entry, Posting, ShareClass, ShareEvent

LARGEST = 2**62


class AccountSerializer(serializers.Serializer):
    """A general account with its balance; its members' accounts are included and counted."""

    id = serializers.IntegerField()
    code = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=["asset", "liability", "equity", "income", "expense"])
    currency = serializers.CharField()
    purpose = serializers.CharField()
    is_open = serializers.BooleanField()
    balance = serializers.IntegerField(source="amount", help_text="Signed minor units, debit positive.")
    members = serializers.IntegerField(help_text="How many members' accounts lie under it.")


class LineSerializer(serializers.ModelSerializer):
    code = serializers.CharField(source="account.code")
    currency = serializers.CharField(source="account.currency")

    class Meta:
        model = Posting
        fields = ["n", "account", "code", "currency", "amount", "memo"]


class EntrySerializer(serializers.ModelSerializer):
    """One act in the books. ``request_hash`` is the SHA-256 of what it said."""

    lines_url = serializers.SerializerMethodField()
    reversed_by = serializers.SerializerMethodField()

    class Meta:
        model = Entry
        fields = (
            "id posted_on kind memo key request_hash reverses reversed_by batch actor recorded_at lines_url"
        ).split()

    def get_lines_url(self, entry) -> str:
        return f"{self.context['request'].path.rsplit('/entries/', 1)[0]}/entries/{entry.pk}/lines/"

    def get_reversed_by(self, entry) -> int | None:
        mirror = getattr(entry, "reversed_by", None)
        return mirror.pk if mirror else None


class PaymentSerializer(serializers.Serializer):
    """Money that came in from a member. Sent again under the same key it is entered once."""

    key = serializers.CharField(max_length=100, help_text="Your own name for this payment; unique in the co-op.")
    member = serializers.IntegerField(min_value=1, max_value=LARGEST, help_text="The member's number.")
    amount = serializers.IntegerField(min_value=1, max_value=LARGEST, help_text="Minor units.")
    on = serializers.DateField()
    reference = serializers.CharField(max_length=140, required=False, allow_blank=True, default="")
    overpayment = serializers.ChoiceField(choices=["refuse", "keep"], default="refuse")


class PaidSerializer(serializers.Serializer):
    """What became of a payment, in minor units."""

    entry = serializers.IntegerField(source="entry.pk")
    fee = serializers.IntegerField()
    capital = serializers.IntegerField()
    kept = serializers.IntegerField()
    activated = serializers.BooleanField()


class HoldingSerializer(serializers.Serializer):
    """One member's holding in one class of shares."""

    number = serializers.IntegerField()
    name = serializers.CharField()
    share_class = serializers.CharField(source="class_name")
    shares = serializers.IntegerField()
    subscribed = serializers.IntegerField()
    paid_up = serializers.IntegerField()
    owing = serializers.IntegerField()


class ShareEventSerializer(serializers.ModelSerializer):
    share_class = serializers.CharField(source="share_class.slug")

    class Meta:
        model = ShareEvent
        fields = "id kind share_class shares paid effective_on recorded_at entry reverses reference reason".split()


class ShareClassSerializer(serializers.ModelSerializer):
    class Meta:
        model = ShareClass
        fields = ["id", "slug", "name", "par", "currency", "is_default", "is_open", "on_call"]


class AgreementSerializer(serializers.Serializer):
    """Paid-up capital by the register beside the capital account."""

    register = serializers.IntegerField()
    account = serializers.IntegerField()
    difference = serializers.IntegerField()
    agrees = serializers.BooleanField()


class ClaimSerializer(serializers.Serializer):
    """Something charged to a member that is not paid yet, and the sentence why."""

    why = serializers.CharField()
    due_on = serializers.DateField()
    open = serializers.IntegerField(help_text="Minor units.")


class MyMoneySerializer(serializers.Serializer):
    """What a member holds and owes; every event of the own shares."""

    shares = serializers.IntegerField()
    subscribed = serializers.IntegerField()
    paid_up = serializers.IntegerField()
    fee_owed = serializers.IntegerField()
    capital_owed = serializers.IntegerField()
    dues_owed = serializers.IntegerField(help_text="Open dues and other charges.")
    claims = ClaimSerializer(many=True)
    uncalled = serializers.IntegerField(help_text="Subscribed, and waiting for a call of the board.")
    due = serializers.IntegerField()
    next_due = serializers.DateField(allow_null=True)
    events = ShareEventSerializer(many=True)


class MyLineSerializer(serializers.Serializer):
    on = serializers.DateField(source="posted_on")
    entry = serializers.IntegerField(source="entry_id")
    purpose = serializers.CharField(source="account.purpose")
    year = serializers.IntegerField(source="account.year", allow_null=True)
    amount = serializers.IntegerField(help_text="Signed minor units, debit positive.")
    currency = serializers.CharField(source="account.currency")
    memo = serializers.SerializerMethodField()

    def get_memo(self, line) -> str:
        return line.memo or line.entry.memo
