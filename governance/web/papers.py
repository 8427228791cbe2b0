"""Paper ballots out of BLT files: in, looked at, out again before the close."""

from __future__ import annotations

import json

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from coop.kernel import clock, rules
from coop.kernel.tenancy import path
from coop.kernel.web import requires

from .. import selectors, services
from ..forms import PapersForm, ReasonForm
from ..models import PaperBatch
from .acts import attempt, status_of
from .ballots import get_ballot
from .questions import get_question


@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.run_ballots")
def papers(request: HttpRequest, pk: int, question: int) -> HttpResponse:
    """Bring the papers of one question in."""
    found = get_question(request, pk, question)
    form = PapersForm(request.POST or None, request.FILES or None)

    def act() -> PaperBatch:
        upload = form.cleaned_data["file"]
        services.refuse_large(upload.size)
        return services.import_paper(
            actor=request.actor,
            question=found,
            blt=upload.read(),
            file_name=upload.name,
            beyond_roll_because=form.cleaned_data["beyond_roll_because"],
        )

    batch = attempt(request, form, act)
    if batch is not None:
        text = ngettext("%(n)s paper of %(file)s is in.", "%(n)s papers of %(file)s are in.", batch.papers)
        messages.success(request, text % {"n": f"{batch.papers:,}", "file": batch.file_name})
        return redirect(path(request.coop, "governance:paper-batch", pk=pk, batch=batch.pk))
    context = {
        "ballot": found.ballot,
        "question": found,
        "form": form,
        "inside": selectors.papers_in(found),
        "phase": found.ballot.phase(clock.now()),
    }
    return render(request, "governance/papers.html", context, status=status_of(form))


@require_http_methods(["GET", "HEAD", "POST"])
@requires("governance.read_ballots")
def batch(request: HttpRequest, pk: int, batch: int) -> HttpResponse:
    """What one file held; the returning officer takes it out again here."""
    ballot = get_ballot(request, pk)
    rows = PaperBatch.objects.filter(ballot=ballot, sealed=True)
    found = get_object_or_404(rows.select_related("question", "imported_by", "undone_by"), pk=batch)
    form = ReasonForm(request.POST or None)
    if request.method == "POST":
        rules.require(request.actor, "governance.run_ballots", found)
    act = lambda: services.undo_paper(actor=request.actor, batch=found, **form.cleaned_data)  # noqa: E731
    if attempt(request, form, act) is not None:
        messages.success(request, _("The papers of %s do not count any more.") % found.file_name)
        return redirect(path(request.coop, "governance:paper-batch", pk=pk, batch=batch))
    names = list(found.question.options.values_list("name", flat=True))
    patterns = found.packs.order_by("-count", "pk")
    first: dict[int, int] = {}
    for mark, count in patterns.values_list("mark", "count").iterator(chunk_size=5000):
        if mark and isinstance(mark[0], int):
            first[mark[0]] = first.get(mark[0], 0) + count
    context = {
        "ballot": ballot,
        "batch": found,
        "form": form,
        "firsts": [(name, first.get(at, 0)) for at, name in enumerate(names)],
        "patterns": [(_said(pack.mark, names), pack.count) for pack in patterns[:10]],
        "different": found.packs.count(),
        "may_undo": rules.may(request.actor, "governance.run_ballots")
        and found.undone_at is None
        and ballot.state == ballot.State.OPEN,
    }
    return render(request, "governance/paper_batch.html", context, status=status_of(form))


def _said(mark: list, names: list[str]) -> str:
    if not mark:
        return _("blank")
    groups = ([names[at] for at in (part if isinstance(part, list) else [part])] for part in mark)
    return ", ".join(" = ".join(group) for group in groups) or json.dumps(mark)
