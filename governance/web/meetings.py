"""Meetings and their rolls, at the officers' desk."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from coop.kernel import clock, rules
from coop.kernel.errors import Refused
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from members.selectors import membership_by_number

from .. import selectors, services
from ..forms import MeetingForm, RollSearchForm
from ..models import Meeting, Roll
from .acts import attempt, status_of

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def get_meeting(request: HttpRequest, pk: int) -> Meeting:
    return get_object_or_404(selectors.meetings(request.actor), pk=pk)


def _roll_of(meeting: Meeting) -> Roll | None:
    return getattr(meeting, "roll", None)


@require_safe
@requires("governance.read_ballots")
def meetings(request: HttpRequest) -> HttpResponse:
    page = Paginator(selectors.meetings(request.actor), 25).get_page(request.GET.get("page"))
    may_call = rules.may(request.actor, "governance.call_meetings")
    return render(request, "governance/meetings.html", {"page": page, "may_call": may_call, "now": clock.now()})


@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.call_meetings")
def meeting_new(request: HttpRequest) -> HttpResponse:
    form = MeetingForm(request.POST or None)
    made = attempt(request, form, lambda: services.call_meeting(actor=request.actor, **form.cleaned_data))
    if made is not None:
        return redirect(path(request.coop, "governance:meeting", pk=made.pk))
    return render(request, "governance/meeting_form.html", {"form": form}, status=status_of(form))


@require_safe
@requires("governance.read_ballots")
def meeting(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_meeting(request, pk)
    context = {
        "meeting": found,
        "roll": _roll_of(found),
        "ballots": selectors.ballots_for(request.actor).filter(meeting=found),
        "resolutions": selectors.resolutions(request.actor).filter(meeting=found),
        "may_call": rules.may(request.actor, "governance.call_meetings"),
        "may_run": rules.may(request.actor, "governance.run_ballots"),
        "has_come": found.record_date <= clock.today(request.coop),
        "now": clock.now(),
    }
    return render(request, "governance/meeting.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.call_meetings")
def meeting_change(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_meeting(request, pk)
    names = MeetingForm.base_fields
    form = MeetingForm(request.POST or None, initial={name: getattr(found, name) for name in names})
    act = lambda: services.change_meeting(actor=request.actor, meeting=found, **form.cleaned_data)  # noqa: E731
    if attempt(request, form, act) is not None:
        return redirect(path(request.coop, "governance:meeting", pk=pk))
    context = {"form": form, "meeting": found}
    return render(request, "governance/meeting_form.html", context, status=status_of(form))


@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.run_ballots")
def freeze(request: HttpRequest, pk: int) -> HttpResponse:
    """Freezing cannot be undone, so it has a page of its own that says what will happen."""
    found = get_meeting(request, pk)
    if _roll_of(found) is not None:
        return redirect(path(request.coop, "governance:roll", pk=pk))
    error = ""
    if request.method == "POST":
        try:
            roll = services.freeze_roll(actor=request.actor, meeting=found)
        except Refused as refused:
            if refused.code == "already_frozen":  # pressed twice: the first press froze it
                return redirect(path(request.coop, "governance:roll", pk=pk))
            error = refused.message
        else:
            text = ngettext("%s membership is on the roll.", "%s memberships are on the roll.", roll.size)
            messages.success(request, text % roll.size)
            return redirect(path(request.coop, "governance:roll", pk=pk))
    context = {"meeting": found, "error": error, "has_come": found.record_date <= clock.today(request.coop)}
    return render(request, "governance/freeze.html", context, status=422 if error else 200)


@require_safe
@requires("governance.read_roll")
def roll(request: HttpRequest, pk: int) -> HttpResponse:
    """Who may vote, and why; ``?q=`` finds a number or a name, and says why somebody is not there."""
    found = get_meeting(request, pk)
    frozen = _roll_of(found)
    if frozen is None:
        raise Http404
    form = RollSearchForm(request.GET or None)
    words, may = "", None
    if form.is_valid():
        words = form.cleaned_data["q"]
        may = {"yes": True, "no": False}.get(form.cleaned_data["may"])
    entries = selectors.roll_entries(frozen, words=words, eligible=may)
    page = Paginator(entries, 50).get_page(request.GET.get("page"))
    frozen.coop = request.coop
    context = {
        "meeting": found,
        "roll": frozen,
        "form": form,
        "words": words,
        "page": page,
        "missing": "" if page.paginator.count else _missing(request, frozen, words),
        "whole": selectors.roll_is_whole(frozen) if "check" in request.GET else None,
    }
    return render(request, "governance/roll.html", context)


def _missing(request: HttpRequest, frozen: Roll, words: str) -> str:
    """Why nobody of that number is on the roll, where there is such a member."""
    words = words.strip()
    if not words.isascii() or not words.isdigit() or len(words) > 12:
        return ""
    member = membership_by_number(request.coop, int(words))
    if member is None:
        return _("No member has the number %s.") % words
    return f"{member.number_text} {member.party}: {selectors.why_not_on(frozen, member, to_officer=True)}"


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def plain(text: str) -> str:
    """Text that a spreadsheet takes for text."""
    return f"'{text}" if text.startswith(FORMULA) else text


@require_safe
@requires("governance.read_roll")
def roll_csv(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """The whole roll as CSV, as it was frozen."""
    found = get_meeting(request, pk)
    frozen = _roll_of(found)
    if frozen is None:
        raise Http404
    writer = csv.writer(_Echo())

    def lines() -> Iterator[str]:
        yield "\ufeff" + writer.writerow(
            [_("number"), _("name"), _("class"), _("may vote"), _("votes"), _("why"), "sha256"]
        )
        for entry in selectors.roll_entries(frozen).iterator(chunk_size=2000):
            may = _("yes") if entry.eligible else _("no")
            who = [entry.number, plain(entry.name), plain(entry.class_name)]
            row = [*who, may, entry.votes if entry.eligible else 0, " ".join(entry.reasons), entry.digest]
            yield writer.writerow(row)

    name = f"roll-{frozen.record_date.isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    answer = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8", headers=headers)
    answer.records = frozen.size  # for the log of who looked
    return answer
