"""``/ui/``: every part of the design on one page, with invented people and figures that add up.

For those who write templates, and for the tests that look at every part in every light. Only outside production, or
for staff.
"""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from coop.kernel import charts
from coop.kernel.money import format_minor
from coop.kernel.templatetags.ui import ICONS, money
from coop.kernel.templatetags.ui_charts import strip
from coop.kernel.web import public

TODAY = dt.date(2026, 11, 16)


class ExampleForm(forms.Form):
    """One field of every kind."""

    name = forms.CharField(label="Your name", help_text="As it should stand in the register of members.")
    email = forms.EmailField(label="E-mail", required=False, help_text="For notices of meetings.")
    shares = forms.IntegerField(label="Number of shares", min_value=5, max_value=100)
    reason = forms.ChoiceField(label="Reason", choices=[("", "Choose one"), ("moved", "Moved away")])
    since = forms.DateField(label="Since")
    note = forms.CharField(label="Note", widget=forms.Textarea)
    pay = forms.ChoiceField(
        label="How would you like to pay?",
        choices=[("parts", "In ten monthly parts of €25.00"), ("once", "All at once, €260.00")],
        widget=forms.RadioSelect,
        help_text="You may vote once the first part is paid.",
    )
    topics = forms.MultipleChoiceField(
        label="What would you help with?",
        choices=[("till", "The till"), ("board", "The board")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    file = forms.FileField(label="Purchases of the year", help_text="CSV, 50 MB at most.")
    told = forms.BooleanField(label="I have told the member", help_text="By letter or e-mail.")


class ExampleSearch(forms.Form):
    """What stands above a register."""

    q = forms.CharField(
        label="Name, number, e-mail or town", required=False, widget=forms.TextInput(attrs={"type": "search"})
    )
    kind = forms.ChoiceField(label="Class", choices=[("", "All classes"), ("c", "Consumer")], required=False)


def euros(amount: int) -> str:
    return format_minor(amount, "EUR")


def example_charts() -> dict[str, charts.Drawing]:
    """One chart of every kind, from the pictures of the design."""
    votes = [("Nadia Brandt", 48, 7), ("Jonas Weber", 45, 10), ("Priya Raman", 37, 19), ("Tomas Hale", 29, 14)]
    plan = [
        ("Statutory reserve", 1_207_750, "c1"),
        ("Education fund", 241_550, "c2"),
        ("Community fund", 241_550, "c3"),
        ("Interest on shares", 243_800, "c4"),
        ("Refunds, paid in cash", 1_448_271, "c5"),
        ("Refunds, kept as capital", 1_448_079, "c6"),
    ]
    months = [(0, 371), (90, 380), (180, 388), (270, 401), (360, 412)]
    return {
        "votes": charts.bars(
            title="Votes of each candidate at their best stage",
            desc="First choices and votes gained by transfer, against the quota of 54.",
            rows=[
                charts.Bar(name, (first, moved), str(first + moved), first + moved >= 54, (str(first), str(moved)))
                for name, first, moved in votes
            ],
            series=[("First choices", "c3"), ("Moved from other candidates", "c4")],
            head=["Candidate", "First choices", "By transfer"],
            maximum=67,
            rule=charts.Rule(54, "quota 54"),
        ),
        "plan": charts.waterfall(
            title="Plan B: where the surplus goes",
            desc="From €48,310.00 to reserve, funds, interest and refunds. Nothing is left over.",
            whole=charts.Bar("Surplus of the year", (4_831_000,), euros(4_831_000), strong=True),
            lines=[(charts.Bar(name, (amount,), euros(-amount)), css) for name, amount, css in plan],
            head=["Line", "Amount"],
        ),
        "refunds": charts.columns(
            title="How large the refunds are",
            desc="Number of members by refund, in steps of €25. Most get between €25 and €75.",
            counts=[63, 113, 66, 63, 32, 15],
            ticks=["€0", "", "€50", "", "€100", "more"],
            names=["€0 to under €25", "€25 to under €50", "€50 to under €75", "€75 to under €100", "to €125", "more"],
            chosen=2,
            head=["Refund", "Members"],
        ),
        "members": charts.series(
            title="Members over the year",
            desc="From 371 to 412.",
            points=[charts.Point(day, count, f"day {day}", str(count)) for day, count in months],
            head=["When", "Members"],
        ),
    }


def _job(pk: int, title: str, state: str, **more) -> SimpleNamespace:
    nothing = {"done": 0, "total": 0, "error": "", "result_url": ""}
    return SimpleNamespace(pk=pk, title=title, state=state, **nothing | more)


def example_plans() -> dict:
    """Three plans for one surplus; every column adds up to €48,310.00."""
    columns = {
        "A": [1_932_400, 483_100, 0, 2_415_500],
        "B": [1_207_750, 483_100, 243_800, 2_896_350],
        "C": [966_200, 241_550, 487_600, 3_135_650],
    }
    names = [("Statutory reserve", "c1"), ("Funds", "c2"), ("Interest on shares", "c4"), ("Refunds", "c5")]
    shown = [[{"value": money(amount, "EUR")} for amount in line] for line in zip(*columns.values(), strict=True)]
    strips = [{"value": strip(list(zip(dict(names).values(), parts, strict=True)))} for parts in columns.values()]
    lines = [{"label": "Where it goes", "cells": strips}]
    lines += [{"label": name, "colour": css, "cells": shown[place]} for place, (name, css) in enumerate(names)]
    sums = [{"value": money(sum(parts), "EUR")} for parts in columns.values()]
    lines.append({"label": "Surplus of the year", "kind": "sum", "cells": sums})
    rates = [{"value": money(amount, "EUR")} for amount in (250, 300, 325)]
    lines.append({"label": "Refund on €100 of purchases", "kind": "gap", "cells": rates})
    notes = {"A": "Build reserves", "B": "Half and half", "C": "Most to members"}
    plans = [{"name": name, "note": note, "is_chosen": name == "B"} for name, note in notes.items()]
    return {"plans": plans, "lines": lines}


@public
def reference(request: HttpRequest) -> HttpResponse:
    """Every part, with data like the design's own reference page. A 404 in production for anyone but staff."""
    if not (settings.SHOW_REFERENCE or request.user.is_staff):
        raise Http404
    bound = ExampleForm({"name": "Noor Haddad", "email": "noor@example", "shares": "3", "pay": "parts"}, auto_id="e_%s")
    people = [
        ("Amara Okafor", "0187", "Consumer", dt.date(2019, 3, 14), 30_000, "done", "In good standing"),
        ("Dele Fashola", "0288", "Consumer", dt.date(2022, 6, 7), 17_500, "now", "Paying by instalments"),
        ("Elsa Nyström", "0319", "Consumer", dt.date(2023, 10, 3), 10_000, "late", "Two instalments late"),
        ("Hanna Krol", "0371", "Consumer", dt.date(2025, 7, 8), 25_000, "stop", "Leaving 31 Dec 2026"),
    ]
    jobs = [
        _job(1, "Posting 389 refunds", "running", done=214, total=389),
        _job(2, "Reading purchases.csv", "failed", error="Line 14 has no member number. Nothing was imported."),
        _job(3, "Counting the ballot", "done", result_url="/ui/"),
        _job(4, "Writing 412 statements", "queued"),
    ]
    if request.htmx:
        asked = {f"job-{job.pk}": job for job in jobs}.get(request.htmx.target)
        return render(request, "ui/job.html", {"job": asked or jobs[0]})
    context = {
        "today": TODAY,
        "moment": dt.datetime(2026, 11, 20, 18, tzinfo=dt.UTC),
        "areas": [
            ("register", "Register: who belongs"),
            ("ballot", "Ballot: how we decide"),
            ("ledger", "Ledger: what we own and owe"),
        ],
        "icons": sorted(ICONS - {"rochdale", "sheaf"}),
        "form": bound,
        "search": ExampleSearch(request.GET or None),
        "people": people,
        "page": Paginator(range(412), 8).get_page(request.GET.get("page", 2)),
        "jobs": jobs,
        "charts": example_charts(),
        "compared": example_plans(),
        "parts": [("c1", 1_207_750), ("c2", 241_550), ("c3", 241_550), ("c4", 243_800), ("c5", 2_896_350)],
    }
    return render(request, "ui/reference.html", context)
