"""A form rendered by ``{{ form }}`` is right by itself: labels, help, errors and what assistive technology is told."""

import datetime as dt

import pytest
from django import forms

from coop.reference import ExampleForm


def html_of(form):
    return str(form)


def test_a_field_has_label_help_control_and_error_tied_together():
    html = html_of(ExampleForm({"name": ""}))
    assert '<label for="id_name">Your name</label>' in html
    assert '<div class="help" id="id_name_helptext">As it should stand in the register of members.</div>' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'id="id_name_error"><li class="error">Please fill this in.</li>' in html
    assert 'aria-invalid="true"' in html


def test_the_head_of_a_refused_form_lists_what_to_look_at_with_links():
    html = html_of(ExampleForm({"name": "Noor", "shares": "3"}))
    head = html[: html.index("<label")]
    assert 'role="alert"' in head
    assert '<a href="#id_shares">Number of shares</a>: At least 5, please.' in head
    assert "id_name" not in head


def test_what_concerns_the_whole_form_stands_at_its_head():
    class Whole(forms.Form):
        note = forms.CharField(required=False)

        def clean(self):
            raise forms.ValidationError("The books of <October> are closed.")

    html = html_of(Whole({}))
    assert "<p>The books of &lt;October&gt; are closed.</p>" in html
    assert "Please look at this again." in html


def test_an_untouched_form_complains_about_nothing():
    html = html_of(ExampleForm())
    assert 'class="notice"' not in html
    assert "aria-invalid" not in html


def test_only_what_may_stay_empty_is_marked():
    html = html_of(ExampleForm())
    assert html.count(">optional<") == 1
    assert html.index("E-mail") < html.index(">optional<") < html.index("Number of shares")


def test_choices_are_a_named_group_of_ticks():
    html = html_of(ExampleForm())
    assert "<legend>How would you like to pay?</legend>" in html
    assert '<label class="tick" for="id_pay_0"><input type="radio" name="pay" value="parts"' in html


def test_a_single_tick_carries_its_label_beside_it():
    html = html_of(ExampleForm())
    assert '<label class="tick" for="id_told"><input type="checkbox" name="told"' in html
    assert '<small id="id_told_helptext">By letter or e-mail.</small>' in html


@pytest.mark.parametrize("said", ["2026-03-14", "14/03/2026"])
def test_a_date_is_the_browsers_own_field_and_both_ways_of_writing_are_understood(said):
    class When(forms.Form):
        on = forms.DateField(initial=dt.date(2026, 3, 14))
        at = forms.DateTimeField(initial=dt.datetime(2026, 3, 14, 18, 5, tzinfo=dt.UTC))

    html = html_of(When())
    assert '<input type="date" name="on" value="2026-03-14"' in html
    assert '<input type="datetime-local" name="at" value="2026-03-14T18:05"' in html
    form = When({"on": said, "at": "2026-03-14T18:05"})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["on"] == dt.date(2026, 3, 14)
    assert (form.cleaned_data["at"].hour, form.cleaned_data["at"].minute) == (18, 5)


def test_the_admin_keeps_its_own_date_field():
    from django.contrib.admin.widgets import AdminDateWidget

    assert 'type="text"' in AdminDateWidget().render("d", None)
    assert "vDateField" in AdminDateWidget().render("d", None)


def test_a_whole_form_with_its_act_is_one_include(rf):
    from django.template.loader import render_to_string

    html = render_to_string("ui/form.html", {"form": ExampleForm(), "act": "Record it", "back": "/x/"}, rf.get("/"))
    assert 'name="csrfmiddlewaretoken"' in html
    assert 'enctype="multipart/form-data"' in html
    assert "<button>Record it</button>" in html
    assert '<a class="button quiet" href="/x/">Go back</a>' in html
