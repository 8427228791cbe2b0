"""What waits for an officer as the second person, whatever it is: a sentence, the act, and where it is done."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from coop.kernel import rules
from coop.kernel.tenancy import path
from ledger.models import DebitRun, EquityPlan, PayoutRun, SurplusPlan
from ledger.selectors.manual import waiting_drafts

Waiting = tuple[str, str, str]


def waits_for(actor) -> list[Waiting]:
    """Carried plans, pay-outs, paybacks, entries by hand and collections that this officer may let go."""
    return [*_plans(actor), *_runs(actor), *_paybacks(actor), *_drafts(actor), *_debits(actor)]


def _plans(actor) -> Iterator[Waiting]:
    for plan in SurplusPlan.objects.filter(coop=actor.coop, state=SurplusPlan.State.RESOLVED).select_related("year"):
        if rules.may(actor, "ledger.approve", plan) and actor.user_id != plan.created_by_id:
            said = _("Plan %(plan)s for %(year)s waits for a second officer")
            sentence = said % {"plan": plan.letter, "year": plan.year.year}
            yield sentence, _("Read and approve it"), path(actor.coop, "ledger:plan-approve", pk=plan.pk)


def _runs(actor) -> Iterator[Waiting]:
    for run in PayoutRun.objects.filter(coop=actor.coop, state=PayoutRun.State.DRAFT):
        if rules.may(actor, "ledger.release", run):
            sentence = _("Pay-out %(number)s waits for a second officer") % {"number": run.number}
            yield sentence, _("Look and release"), path(actor.coop, "ledger:payout-release", pk=run.pk)


def _paybacks(actor) -> Iterator[Waiting]:
    for payback in EquityPlan.objects.filter(coop=actor.coop, state=EquityPlan.State.DRAFT):
        if rules.may(actor, "ledger.approve", payback):
            sentence = _("Payback %(number)s waits for a second officer") % {"number": payback.number}
            yield sentence, _("Look and approve"), path(actor.coop, "ledger:equity-approve", pk=payback.pk)


def _drafts(actor) -> Iterator[Waiting]:
    for draft in waiting_drafts(actor.coop):
        if rules.may(actor, "ledger.approve_entry", draft):
            sentence = _("The entry “%(memo)s” waits for a second officer") % {"memo": draft.memo[:80]}
            yield sentence, _("Look and approve"), path(actor.coop, "ledger:entry-draft", pk=draft.pk)


def _debits(actor) -> Iterator[Waiting]:
    for run in DebitRun.objects.filter(coop=actor.coop, state=DebitRun.State.DRAFT):
        if rules.may(actor, "ledger.release", run):
            sentence = _("Collection %(number)s waits for a second officer") % {"number": run.number}
            yield sentence, _("Look and release"), path(actor.coop, "ledger:debit-release", pk=run.pk)
