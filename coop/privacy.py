"""A person's data across the whole house: all of it handed over, or all of it erased and looked for afterwards.

Erasing is led from here because it touches the register, the ballots' rolls and whatever else names a person. What was
erased is also written into a file outside the database (``ERASURE_LOG``), so that a backup from before can be brought
up to it with ``manage.py erase_again``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.contrib import messages
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coop import kept
from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.models import Cooperative
from coop.kernel.tenancy import Actor, path
from coop.kernel.web import requires
from governance.models import RollEntry
from governance.services.forgetting import forget_on_rolls
from ledger.models import DuesCharge, DuesRelief, PayoutDetails
from ledger.retention import paper_time
from ledger.selectors.shares import holdings
from ledger.services.bank_lines import forget_bank_lines
from ledger.services.forgetting import forget_files
from ledger.services.mandates import accounts_in_mandates, forget_mandates
from ledger.services.payout_details import forget_payout_details, known_accounts
from ledger.services.redemption import forget_redemptions
from members import services
from members.forms import EraseForm
from members.models import AccessLog, Application, Erasure, Party
from members.retention import APPLICATION_DAYS, retention_for
from members.selectors import rights


@dataclass(frozen=True)
class Erased:
    """What was done, and where any of the person's words still stand: rows by ``table.column``, stored files as well.

    ``places`` says why of each; ``unreadable`` are the papers no program can search.
    """

    erasure: Erasure
    left: dict[str, int]
    places: list[kept.Left] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


@transaction.atomic
def erase_person(*, actor, party: Party, scope: str, basis: str) -> Erased:
    """Erase somebody everywhere, then search the whole database for every phrase they were known by.

    Every file is opened, too. What is left is said, not hidden, and why: the minutes of a ballot keep its candidates,
    the books their texts and papers.
    """
    accounts = [*known_accounts(party), *accounts_in_mandates(party)]
    words, recognised = [*rights.known_words(party), *accounts], rights.words_of(party, *accounts)
    erasure = services.erase(actor=actor, party=party, scope=scope, basis=basis)
    for membership in party.memberships.all():
        forget_payout_details(actor=actor, membership=membership)
        forget_mandates(actor=actor, membership=membership)
    if scope == Erasure.Scope.CONTACT:
        return Erased(erasure, {})
    for membership in party.memberships.all():
        forget_on_rolls(actor=actor, membership=membership)
        forget_bank_lines(actor=actor, membership=membership)
        forget_redemptions(actor=actor, membership=membership)
    forget_files(actor=actor, words=recognised)
    transaction.on_commit(lambda: remember(erasure))
    files = kept.search_files(party.coop, recognised)
    left = rights.traces(words, party.coop) | files.counts
    return Erased(erasure, left, kept.explained(party.coop, left, files), kept.unreadable(party.coop, files))


@transaction.atomic
def erase_applicant(*, actor, application: Application, basis: str) -> Erased:
    """Erase somebody who applied and did not become a member; that they applied, when, and how it ended stays."""
    party = services.record_of_applicant(actor=actor, application=application)
    done = erase_person(actor=actor, party=party, scope=Erasure.Scope.ALL, basis=basis)
    transaction.on_commit(lambda: _write_down({"coop": party.coop.slug, "application": str(application.reference)}))
    return done


def log_file() -> Path:
    return Path(settings.ERASURE_LOG)


def remember(erasure: Erasure) -> None:
    """Write the erasure into the file outside the database: keys and times only, flushed to the disk."""
    line = {
        "coop": erasure.coop.slug,
        "party": erasure.party_id,
        "created_at": erasure.party.created_at.isoformat(),
        "scope": erasure.scope,
        "at": erasure.at.isoformat(),
    }
    _write_down(line)


def _write_down(line: Mapping[str, object]) -> None:
    file = log_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as log:
        log.write(json.dumps(line) + "\n")
        log.flush()
        os.fsync(log.fileno())


def erase_again(stayed: Callable[[str], None] = lambda said: None) -> list[Erased]:
    """After a backup was restored: erase everybody the file names who is there again. May be run at any time.

    Whom something still keeps, as a pay-out that was under way in the backup, is told to ``stayed``; the others go.
    """
    done = []
    for line in log_file().read_text(encoding="utf-8").splitlines() if log_file().exists() else ():
        said = json.loads(line)
        coop = Cooperative.objects.filter(slug=said["coop"]).first()
        if coop is None:
            continue
        try:
            with transaction.atomic():
                done += _again(coop, said)
        except Refused as refused:
            who = f"party {said['party']}" if "party" in said else f"application {said['application']}"
            stayed(f"{coop.slug}: {who} could not be erased again: {refused.message}")
    return done


def _again(coop: Cooperative, said: dict) -> list[Erased]:
    actor, basis = Actor.system(coop), _("Erased again after a restore")
    if "application" in said:
        again = rights.came_to_nothing(coop, clock.today(coop)).filter(reference=said["application"])
        return [erase_applicant(actor=actor, application=each, basis=basis) for each in again]
    known = Party.objects.filter(coop=coop, pk=said["party"], erased_at=None).first()
    if known is None or known.created_at.isoformat() != said["created_at"]:
        return []
    return [erase_person(actor=actor, party=known, scope=said["scope"], basis=basis)]


@require_POST
@requires("members.keep_register")
def erase_application(request: HttpRequest, pk: int) -> HttpResponse:
    """One application that came to nothing is erased; where words are left is said."""
    application = get_object_or_404(Application, pk=pk, coop=request.coop)
    done = erase_applicant(actor=request.actor, application=application, basis=_("The application came to nothing."))
    if not done.places:
        messages.success(
            request, _("Erased. We searched every table and opened every file, and found none of the words.")
        )
    for place in done.places:
        messages.warning(request, _("Erased; left in %(where)s: %(why)s") % {"where": place.where, "why": place.why})
    return redirect(path(request.coop, "erasures"))


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.keep_register")
def erase(request: HttpRequest, pk: int) -> HttpResponse:
    """What would go, what stays and why; then the act, and where the name was looked for."""
    party = get_object_or_404(Party.objects.select_related("coop", "account"), pk=pk, coop=request.coop)
    today = clock.today(request.coop)
    form = EraseForm(request.POST or None)
    done = None
    if request.method == "POST" and form.is_valid():
        try:
            done = erase_person(actor=request.actor, party=party, **form.cleaned_data)
        except Refused as refused:
            refused.into(form)
        else:
            party.refresh_from_db()
            messages.success(request, _("Erased. This page says where we looked afterwards."))
    if request.method == "GET":
        services.looked_at(actor=request.actor, what=AccessLog.What.MEMBER, party=party, subject="erasure")
    context = {
        "form": form,
        "party": party,
        "memberships": party.memberships.order_by("number"),
        "kept_until": rights.name_kept_until(party, today),
        "paper_time": paper_time(request.coop.law),
        "erasures": party.erasures.select_related("actor"),
        "done": done,
    }
    return render(request, "members/erase.html", context, status=422 if form.errors else 200)


@require_safe
@requires("members.see_own_data")
def my_data(request: HttpRequest) -> HttpResponse:
    """Everything the co-op holds about me, as one file a program can read."""
    party = get_object_or_404(Party.objects.select_related("coop", "account"), coop=request.coop, account=request.user)
    said = rights.everything_about(party)
    today = clock.today(request.coop)
    held = holdings(request.coop, today)
    memberships = list(party.memberships.values_list("pk", "number"))
    said["shares"] = [
        {"number": number, "shares": held[pk].shares, "paid_up": held[pk].paid_up}
        for pk, number in memberships
        if pk in held
    ]
    said["accounts"] = list(
        PayoutDetails.objects.filter(membership__party=party)
        .order_by("pk")
        .values("membership__number", "recorded_at", "way", "holder", "iban", "bic", "routing", "account", "savings")
    )
    said["dues"] = list(
        DuesCharge.objects.filter(membership__party=party)
        .order_by("starts", "pk")
        .values("membership__number", "starts", "ends", "months", "rate", "amount", "due_on")
    )
    said["dues_let_off"] = list(
        DuesRelief.objects.filter(membership__party=party)
        .order_by("starts", "pk")
        .values("membership__number", "kind", "ground", "decision", "starts", "until")
    )
    said["rolls"] = list(
        RollEntry.objects.filter(membership__party=party).values(
            "roll__title", "roll__record_date", "eligible", "reasons"
        )
    )
    text = json.dumps(said, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
    answer = HttpResponse(text, content_type="application/json; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{request.coop.slug}-my-data-{today.isoformat()}.json"'
    return answer


@require_safe
@requires("members.keep_register")
def retention(request: HttpRequest) -> HttpResponse:
    """Former members whose names nothing asks to be kept any more."""
    today = clock.today(request.coop)
    context = {
        "parties": rights.past_retention(request.coop, today)[:200],
        "applications": rights.came_to_nothing(request.coop, today)[:200],
        "time_up": today - timedelta(days=APPLICATION_DAYS),
        "rule": retention_for(request.coop.law),
        "erasures": Erasure.objects.filter(coop=request.coop).select_related("actor")[:30],
    }
    return render(request, "members/retention.html", context)
