"""How pay-outs look in JSON. Money is integers of minor units; accounts show their last four places."""

from __future__ import annotations

from rest_framework import serializers

from ledger.models import PayoutLine, PayoutRun, Way


class RunSerializer(serializers.ModelSerializer):
    class Meta:
        model = PayoutRun
        fields = (
            "id number way state pay_on more_than set_off count total netted held held_total file_name file_digest hash"
            " prepared_at released_at paid_at cancelled_at because entry"
        ).split()


class NewRunSerializer(serializers.Serializer):
    way = serializers.ChoiceField(choices=Way.choices)
    pay_on = serializers.DateField()
    more_than = serializers.IntegerField(min_value=0, default=0)
    set_off = serializers.BooleanField(default=False)


class PayoutLineSerializer(serializers.ModelSerializer):
    ends = serializers.CharField(read_only=True, help_text="Of the account, while it is known")
    came_back = serializers.SerializerMethodField()

    class Meta:
        model = PayoutLine
        fields = "number refund interest netted amount waiting held ends came_back".split()

    def get_came_back(self, line: PayoutLine) -> bool:
        return hasattr(line, "returned")


class ReturnedSerializer(serializers.Serializer):
    number = serializers.IntegerField(min_value=1, help_text="The member's number")
    on = serializers.DateField()
    code = serializers.CharField(max_length=10, allow_blank=True, default="")
    because = serializers.CharField(max_length=300)
