"""What is filled in about dues. Shape is checked here, rules by the services."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from coop.kernel import clock
from ledger.forms import CoopForm, DayInput, MoneyField
from ledger.models import DuesRelief, DuesRule, DuesWaiver
from members.models import ByLaws, MembershipClass


class DuesRuleForm(CoopForm):
    bylaws = forms.ModelChoiceField(
        label=_("By-laws that say so"), queryset=ByLaws.objects.none(), empty_label=None,
        help_text=_("It holds for periods that begin when they are in force."),
    )  # fmt: skip
    member_class = forms.ModelChoiceField(
        label=_("Class of members"), queryset=MembershipClass.objects.none(), empty_label=None
    )
    every = forms.TypedChoiceField(label=_("Paid"), choices=DuesRule.Every.choices, coerce=int, initial=12)
    amount = MoneyField(label=_("Dues a period"), help_text=_("Nought ends the dues of this class."))
    reduced = MoneyField(label=_("Reduced dues, if there are any"), required=False)
    joining = forms.ChoiceField(
        label=_("Who joins within a period pays"), choices=DuesRule.Joining.choices, initial="months"
    )
    leaving = forms.ChoiceField(label=_("Who leaves within a period pays"), choices=DuesRule.Leaving.choices)
    days_to_pay = forms.IntegerField(label=_("Days to pay"), min_value=1, max_value=365, initial=30)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["bylaws"].queryset = ByLaws.objects.filter(coop=self.coop)
        self.fields["member_class"].queryset = MembershipClass.objects.filter(coop=self.coop)


class MonthForm(CoopForm):
    """Which month is looked at."""

    month = forms.DateField(
        label=_("Month"), input_formats=["%Y-%m", "%Y-%m-%d"],
        error_messages={"invalid": _("This is not a month; write it like 2026-12.")},
        widget=forms.DateInput(format="%Y-%m", attrs={"type": "month"}),
        help_text=_("Whoever has a period there that was not charged yet is charged."),
    )  # fmt: skip


class ChargeForm(MonthForm):
    """The month and the list that was seen, on their way back."""

    month = forms.DateField(input_formats=["%Y-%m", "%Y-%m-%d"], widget=forms.HiddenInput)
    seen = forms.CharField(max_length=64, widget=forms.HiddenInput)


class LetOffForm(CoopForm):
    kind = forms.ChoiceField(label=_("From then on this member"), choices=DuesRelief.Kind.choices)
    ground = forms.ChoiceField(label=_("Why"), choices=DuesRelief.Ground.choices)
    decision = forms.CharField(
        label=_("Decided by"),
        max_length=120,
        help_text=_("For example: Board, 3 May 2026, item 4."),
    )
    starts = forms.DateField(label=_("From"), widget=DayInput)
    until = forms.DateField(label=_("Until"), widget=DayInput, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial.setdefault("starts", clock.today(self.coop))


class WaiveForm(CoopForm):
    kind = forms.ChoiceField(label=_("What becomes of it"), choices=DuesWaiver.Kind.choices)
    amount = MoneyField(label=_("How much of it"))
    decision = forms.CharField(
        label=_("Why, and who decided"), max_length=120, help_text=_("It stays in the books: nothing private.")
    )
    on = forms.DateField(label=_("Booked on"), widget=DayInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial.setdefault("on", clock.today(self.coop))
