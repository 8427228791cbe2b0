"""What officers type: shape only; the services know the rules."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from .models import Ballot, Meeting, ProxyRule, Question, ResolutionType, Roll

MOMENT = "%Y-%m-%dT%H:%M"


class MomentInput(forms.DateTimeInput):
    """The browser's picker: to the minute, and to the second where somebody says one; what was said is not rounded."""

    def __init__(self):
        super().__init__(attrs={"type": "datetime-local", "step": "any"}, format=MOMENT)

    def format_value(self, value):
        """The field's text; seconds only if there are any."""
        return value.strftime(f"{MOMENT}:%S") if getattr(value, "second", 0) else super().format_value(value)


class Moment(forms.DateTimeField):
    """A day and an hour in the co-op's own time zone, in one control."""

    def __init__(self, **kwargs):
        widget = MomentInput()
        super().__init__(widget=widget, input_formats=[MOMENT, f"{MOMENT}:%S"], **kwargs)


def _day(**kwargs) -> forms.DateField:
    return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **kwargs)


class MeetingForm(forms.Form):
    title = forms.CharField(label=_("Title"), max_length=200)
    kind = forms.ChoiceField(label=_("Kind"), choices=Meeting.Kind.choices)
    form = forms.ChoiceField(label=_("How it is held"), choices=Meeting.Form.choices)
    starts_at = Moment(label=_("Begins"))
    place = forms.CharField(label=_("Where"), max_length=300, required=False)
    record_date = _day(
        label=_("Record date"), help_text=_("The day on which we list who may vote. The by-laws may fix it.")
    )
    notice_on = _day(label=_("Notice sent on"), required=False)
    agenda = forms.CharField(label=_("Agenda"), required=False, widget=forms.Textarea(attrs={"rows": 6}))


class BallotForm(forms.Form):
    title = forms.CharField(label=_("Title"), max_length=200)
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=Ballot.Kind.choices,
        initial=Ballot.Kind.RECORDED,
        required=False,
        help_text=_("A secret ballot is voted in the browser, needs JavaScript, and takes no papers from a file."),
    )
    meeting = forms.ModelChoiceField(
        label=_("Meeting"), queryset=Meeting.objects.none(), required=False, empty_label=_("None")
    )
    roll = forms.ModelChoiceField(
        label=_("Roll"), queryset=Roll.objects.none(), required=False, empty_label=_("The meeting’s, once it is frozen")
    )
    introduction = forms.CharField(
        label=_("Words above the questions"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    opens_at = Moment(label=_("Opens"), required=False)
    closes_at = Moment(
        label=_("Closes"), required=False, help_text=_("To the second: a paper that comes at this time is too late.")
    )

    def __init__(self, *args, coop, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["meeting"].queryset = Meeting.objects.filter(coop=coop)
        self.fields["roll"].queryset = Roll.objects.filter(coop=coop).frozen()

    def clean_kind(self) -> str:
        return self.cleaned_data["kind"] or str(self.initial.get("kind") or Ballot.Kind.RECORDED)


class ElectionForm(forms.Form):
    title = forms.CharField(label=_("Title"), max_length=200, help_text=_("For example: three seats on the board."))
    text = forms.CharField(label=_("Text"), required=False, widget=forms.Textarea(attrs={"rows": 3}))
    method = forms.ChoiceField(
        label=_("How it is counted"),
        choices=[choice for choice in Question.Method.choices if choice[0] != Question.Method.MOTION],
        help_text=_("The by-laws name the rule."),
    )
    seats = forms.IntegerField(label=_("Seats"), min_value=1, max_value=100, initial=1)
    candidates = forms.CharField(
        label=_("Who stands"),
        widget=forms.Textarea(attrs={"rows": 8}),
        max_length=60_000,
        required=False,
        help_text=_("One a line, in the order of the paper. After a bar, a sentence: Priya Raman | Nurse."),
    )

    def clean_candidates(self) -> list[dict]:
        """Name and sentence of each line that holds something."""
        options = []
        for line in self.cleaned_data["candidates"].splitlines():
            name, _bar, statement = (part.strip() for part in line.partition("|"))
            if len(name) > 200 or len(statement) > 400:
                raise forms.ValidationError(
                    _("“%(start)s…” is too long: 200 letters for a name, 400 for a sentence."),
                    params={"start": line[:40]},
                )
            if name or statement:
                options.append({"name": name, "statement": statement})
        return options


class MotionForm(forms.Form):
    title = forms.CharField(label=_("Title"), max_length=200)
    text = forms.CharField(
        label=_("Text of the motion"),
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("As it shall stand in the minutes if it is carried."),
    )
    resolution_type = forms.ModelChoiceField(
        label=_("Kind of resolution"), queryset=ResolutionType.objects.none(), empty_label=None
    )

    def __init__(self, *args, coop, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["resolution_type"].queryset = ResolutionType.objects.filter(coop=coop)


class PapersForm(forms.Form):
    file = forms.FileField(
        label=_("BLT file"), help_text=_("Candidates are matched by name; any difference is refused. 32 MB at most.")
    )
    beyond_roll_because = forms.CharField(
        label=_("If there are more papers than voters: why"), max_length=300, required=False
    )


class ReasonForm(forms.Form):
    because = forms.CharField(label=_("Why"), max_length=300)


class ExtendForm(ReasonForm):
    until = Moment(label=_("Closes now"), help_text=_("Later than the close that stands; never earlier."))
    field_order = ["until", "because"]


class PublishRollForm(forms.Form):
    until = Moment(label=_("Objections until"), help_text=_("No ballot on this roll is released before that."))


class ObjectionForm(forms.Form):
    about = forms.IntegerField(
        label=_("Whose line"),
        min_value=1,
        max_value=10**12,
        required=False,
        help_text=_("The member number, where it is not your own."),
    )
    because = forms.CharField(label=_("What is wrong, and why"), max_length=600, widget=forms.Textarea({"rows": 4}))


class ObjectionForMemberForm(ObjectionForm):
    by = forms.IntegerField(label=_("Member number of who objects"), min_value=1, max_value=10**12)
    field_order = ["by", "about", "because"]


class RulingForm(forms.Form):
    upheld = forms.ChoiceField(
        label=_("Your decision"),
        choices=[("yes", _("Uphold it: the line says what the register says today")), ("no", _("Turn it down"))],
        widget=forms.RadioSelect,
    )
    because = forms.CharField(label=_("Why"), max_length=600, widget=forms.Textarea({"rows": 4}))

    def clean_upheld(self) -> bool:
        return self.cleaned_data["upheld"] == "yes"


class CertifyForm(forms.Form):
    seen = forms.CharField(widget=forms.HiddenInput)
    remark = forms.CharField(label=_("Remark for the minutes"), max_length=300, required=False)


class ProxyForm(forms.Form):
    number = forms.IntegerField(label=_("Their member number"), min_value=1, max_value=10**12)
    name = forms.CharField(
        label=_("Their name"), max_length=200, help_text=_("First or last name is enough: it must fit the number.")
    )


class PaperProxyForm(forms.Form):
    principal = forms.IntegerField(label=_("Member number of who gives it"), min_value=1, max_value=10**12)
    holder = forms.IntegerField(label=_("Member number of who holds it"), min_value=1, max_value=10**12)


class ProxyRuleForm(forms.Form):
    per_holder = forms.IntegerField(label=_("Proxies one member may hold"), min_value=1, max_value=100, initial=1)
    holders = forms.ChoiceField(label=_("Who may hold one"), choices=ProxyRule.Holders.choices)
    officers_hold = forms.BooleanField(label=_("Officers may hold proxies too"), required=False)
    until = Moment(label=_("Given and accepted before"))
    cite = forms.CharField(label=_("Where it is written"), max_length=120, required=False)


class StrikeOutForm(ReasonForm):
    in_person = forms.BooleanField(label=_("The member has come in person"), required=False)


class VoterSearchForm(forms.Form):
    q = forms.CharField(
        label=_("Name or number"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search"}),
    )


class RollSearchForm(VoterSearchForm):
    may = forms.ChoiceField(
        label=_("May vote"), required=False, choices=[("", _("All")), ("yes", _("Yes")), ("no", _("No"))]
    )


class SearchForm(forms.Form):
    q = forms.CharField(
        label=_("Words"), required=False, max_length=100, widget=forms.TextInput(attrs={"type": "search"})
    )


def changes_of(form: forms.Form, ballot: Ballot) -> dict:
    """What a ballot form changes; no roll chosen means the meeting's, where that is frozen."""
    changes = dict(form.cleaned_data)
    if changes["roll"] is None and changes["meeting"] is not None:
        changes["roll"] = Roll.objects.filter(meeting=changes["meeting"]).frozen().first()
    return changes
