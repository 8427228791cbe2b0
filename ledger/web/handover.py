"""To the accountant and back: a year's journal out, the accountant's figures in, looked at before they are posted."""

from __future__ import annotations

import base64
import binascii
import zlib

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from coop.kernel.errors import Refused
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from ledger.exchange import yearly_journal
from ledger.exchange.journal_rows import journal_export, one_snapshot
from ledger.forms import CoopForm, DayInput
from ledger.models import Entry, Period
from ledger.selectors.manual import names_of_documents
from ledger.services import handover

from .common import own_period

LARGEST = 512 * 1024


class HandOverForm(CoopForm):
    """The file on the way in; on the second page it comes back with the form, as it was read."""

    on = forms.DateField(label=gettext_lazy("As at the end of"), widget=DayInput)
    how = forms.ChoiceField(
        label=gettext_lazy("The file holds"),
        choices=[
            (handover.BALANCES, gettext_lazy("every account’s balance; post the differences")),
            (handover.BOOKINGS, gettext_lazy("bookings; post them as they stand")),
        ],
    )
    file = forms.FileField(label=gettext_lazy("The accountant’s CSV"), max_length=200, required=False)
    packed = forms.CharField(widget=forms.HiddenInput, required=False)
    name = forms.CharField(widget=forms.HiddenInput, required=False, max_length=200)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        last = Period.objects.filter(coop=self.coop, closed_at=None).order_by("starts").first()
        if last is not None:
            self.initial.setdefault("on", last.ends)

    def clean(self):
        said = self.cleaned_data
        file = said.get("file")
        if file:
            if file.size > LARGEST:
                raise ValidationError(_("The file has more than half a megabyte; a trial balance is smaller."))
            said["data"], said["name"] = file.read(), file.name
        elif said.get("packed"):
            try:
                said["data"] = unpacked(said["packed"])
            except (ValueError, zlib.error, binascii.Error):
                raise ValidationError(_("The file did not come back whole; bring it in again.")) from None
        else:
            raise ValidationError(_("Choose the accountant’s file."))
        return said


def packed(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data, 9)).decode()


def unpacked(text: str) -> bytes:
    """What ``packed`` made; never more than a file may have, whatever it claims to unpack to."""
    engine = zlib.decompressobj()
    data = engine.decompress(base64.b64decode(text, validate=True), LARGEST)
    if engine.unconsumed_tail or not engine.eof:
        raise ValueError("too much or too little")
    return data


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def take_in(request: HttpRequest) -> HttpResponse:
    """The accountant's file beside our books first; posted by the second press."""
    posting = request.method == "POST"
    form = HandOverForm(request.POST if posting else None, request.FILES if posting else None, coop=request.coop)
    found, again = None, None
    if posting and form.is_valid():
        said = form.cleaned_data
        act = {key: said[key] for key in ("on", "how", "data")} | {"actor": request.actor, "file_name": said["name"]}
        try:
            if "post" in request.POST:
                made = handover.take_over(**act)
                messages.success(request, _("The accountant’s figures are taken over."))
                name = "ledger:entry" if isinstance(made, Entry) else "ledger:entry-draft"
                return redirect(path(request.coop, name, pk=made.pk))
            found = handover.compare(**act)
            again = {"on": said["on"], "how": said["how"], "packed": packed(said["data"]), "name": said["name"]}
        except Refused as refused:
            form.add_error(None, refused.message)
    wrong = bool(form.errors or (found and found.problems))
    return render(
        request, "ledger/handover.html", {"form": form, "found": found, "again": again}, status=422 if wrong else 200
    )


@require_safe
@requires("ledger.read_books")
def journal_of(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """A period's journal as one CSV for the accountant, with totals and the names of the papers."""
    period = own_period(request, pk)

    def chunks():
        with one_snapshot():
            export = journal_export(request.coop, since=period.starts, until=period.ends)
            yield from yearly_journal.write(export.lines, names_of_documents(period))

    response = StreamingHttpResponse(chunks(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{request.coop.slug}-journal-{period.starts:%Y}.csv"'
    response["Cache-Control"] = "private, no-store"
    return response
