"""Front doors and dashboards: the only code that reads all three apps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from coop.kernel import clock, money, rules
from coop.kernel.models import Cooperative
from coop.kernel.tenancy import Actor, coops_of, path
from coop.kernel.web import public, requires
from governance.models import Ballot, Meeting
from governance.selectors import my_ballots, standing
from ledger.models import SurplusPlan
from ledger.selectors import choices
from ledger.selectors.dues import owed_by, unpaid
from ledger.selectors.journal import member_accounts
from ledger.selectors.shares import holding_of, reconciliation
from ledger.selectors.surplus import free_resolutions
from ledger.web.mine import meaning
from members.models import Membership
from members.selectors import figures, membership_of, parting
from members.selectors.inbox import inbox
from members.selectors.story import story


@dataclass(frozen=True)
class Waiting:
    """One thing somebody has to do: a sentence, why, by when, and where. Sorted by the day it is due."""

    sentence: str
    because: str
    act: str
    url: str
    due_on: date | None = None


@require_safe
@public
def door(request: HttpRequest) -> HttpResponse:
    """The platform's own door: the co-ops of whoever is signed in, or all of them on a small install.

    Whoever has one only is led straight in."""
    coops = Cooperative.objects.all()
    if not coops.exists():
        return redirect("found")
    mine = coops_of(request.user) if request.user.is_authenticated else []
    if len(mine) == 1:
        return redirect(path(mine[0], "home"))
    return render(request, "coop/door.html", {"mine": mine, "coops": coops[:50]})


@require_safe
@public
def front(request: HttpRequest) -> HttpResponse:
    """Home for a member or somebody who has left, an officer's desk, or else what the co-op is and how to join."""
    actor = request.actor
    membership = membership_of(actor) if actor is not None else None
    if membership is not None:
        return _member_home(request, membership) if actor.is_member else _former_home(request, membership)
    if actor is not None and actor.is_officer:
        return desk(request)
    return render(request, "coop/front.html")


def _member_home(request: HttpRequest, membership: Membership) -> HttpResponse:
    now, today = clock.now(), clock.today(request.coop)
    ballots = my_ballots(request.actor, membership, now)
    open_now = [ballot for ballot in ballots if ballot.now == "open"]
    ballot = next((each for each in open_now if each.my_entry and each.my_entry.eligible), None)
    ballot = ballot or next(iter(open_now), None)
    accounts = [each for each in member_accounts(membership) if each.purpose != "member_receivable"]
    owned = [(meaning(each), each.shown(each.held)) for each in accounts if each.held]
    context = {
        "membership": membership,
        "ballot": ballot,
        "standing": standing(ballot, membership) if ballot else None,
        "results": [each for each in ballots if each.now in ("counted", "certified")][:3],
        "meeting": Meeting.objects.filter(coop=request.coop, starts_at__gte=now).order_by("starts_at").first(),
        "holding": holding_of(membership),
        "owed": owed_by(membership, today),
        "owned": owned,
        "mine": sum(amount for _meaning, amount in owned),
        "today": today,
        "story": story(membership)[:5],
    }
    return render(request, "coop/home_member.html", context)


def _former_home(request: HttpRequest, membership: Membership) -> HttpResponse:
    """What is still to be paid to somebody who has left, and the pages that stay open to them."""
    still_owed = parting.still_owed(membership, clock.today(request.coop))
    return render(request, "coop/home_former.html", {"membership": membership, "still_owed": still_owed})


@require_safe
@requires("kernel.is_officer")
def desk(request: HttpRequest) -> HttpResponse:
    """What needs somebody today, and the figures of the house on one page."""
    coop, today = request.coop, clock.today(request.coop)
    waiting = waiting_for(request.actor, today)
    context = {
        "waiting": waiting,
        "late": sum(1 for each in waiting if each.due_on and each.due_on < today),
        "members": figures(coop, today),
        "agreement": reconciliation(coop),
        "ballot": _last_ballot(coop),
        "plan": SurplusPlan.objects.filter(coop=coop).select_related("year").order_by("-pk").first(),
        "today": today,
    }
    return render(request, "coop/desk.html", context)


def _last_ballot(coop: Cooperative) -> Ballot | None:
    return Ballot.objects.filter(coop=coop).exclude(state=Ballot.State.DRAFT).order_by("-opens_at").first()


def waiting_for(actor: Actor, today: date) -> list[Waiting]:
    """What waits for the offices somebody holds, the most urgent first."""
    found: list[Waiting] = []
    for may, source in (
        ("members.keep_register", _register),
        ("governance.run_ballots", _ballots),
        ("ledger.keep_books", _late),
        ("ledger.keep_books", _surplus),
        ("ledger.approve", _plans),
    ):
        if rules.may(actor, may):
            found += source(actor, today)
    return sorted(found, key=lambda each: each.due_on or date.max)


def _register(actor: Actor, today: date) -> list[Waiting]:
    return [
        Waiting(item.sentence, item.why, item.act, path(actor.coop, item.url_name, **item.kwargs), item.due)
        for item in inbox(actor.coop)
    ]


def _ballots(actor: Actor, today: date) -> list[Waiting]:
    drafts = Ballot.objects.filter(coop=actor.coop, state=Ballot.State.DRAFT)
    return [
        Waiting(
            _("Release the ballot “%s”") % ballot.title,
            _("It is a draft: nobody can see it yet."),
            _("Open"),
            path(actor.coop, "governance:ballot", pk=ballot.pk),
            clock.local_day(ballot.opens_at, actor.coop) if ballot.opens_at else None,
        )
        for ballot in drafts[:5]
    ]


def _late(actor: Actor, today: date) -> list[Waiting]:
    """Payments whose day is over, together: each of them is on the page it leads to."""
    late = [each.owed for each in unpaid(actor.coop, today) if each.owed.due]
    if not late:
        return []
    amount = money.format_minor(sum(owed.due for owed in late), actor.coop.currency)
    return [
        Waiting(
            ngettext("One payment is late", "%(n)s payments are late", len(late)) % {"n": len(late)},
            _("%(amount)s should have come in by today.") % {"amount": amount},
            _("See who"),
            path(actor.coop, "ledger:owing"),
            min((owed.next_due for owed in late if owed.next_due), default=None),
        )
    ]


def _surplus(actor: Actor, today: date) -> list[Waiting]:
    """What the treasurer does next with the year's surplus: link the motion, post it."""
    coop = actor.coop
    steps = {
        SurplusPlan.State.PROPOSED: (
            _("Link the members’ decision to plan %(plan)s for %(year)s"),
            _("A motion was carried and no plan stands on it yet."),
        ),
        SurplusPlan.State.APPROVED: (
            _("Post plan %(plan)s for %(year)s"),
            _("The members carried it and a second officer approved it."),
        ),
    }
    plans = SurplusPlan.objects.filter(coop=coop, state__in=steps).select_related("year", "coop")
    return _chosen(coop, today) + [
        Waiting(
            steps[SurplusPlan.State(plan.state)][0] % {"plan": plan.letter, "year": plan.year.year},
            steps[SurplusPlan.State(plan.state)][1],
            _("Open the plan"),
            path(coop, "ledger:plan", pk=plan.pk),
        )
        for plan in plans
        if plan.state == SurplusPlan.State.APPROVED or free_resolutions(plan).exists()
    ]


def _chosen(coop: Cooperative, today: date) -> list[Waiting]:
    """What members chose about their refunds, once the last day is over."""
    offer = choices.waiting(coop)
    if offer is None or not choices.is_due(offer, today):
        return []
    return [
        Waiting(
            _("Carry out what members chose about their refunds for %(year)s") % {"year": offer.plan.year.year},
            _("The last day is over, and no pay-out can be drawn up before."),
            _("See and do it"),
            path(coop, "ledger:choices", pk=offer.plan_id),
            offer.closes_on,
        )
    ]


def _plans(actor: Actor, today: date) -> list[Waiting]:
    carried = SurplusPlan.objects.filter(coop=actor.coop, state="resolved").select_related("year")
    return [
        Waiting(
            _("Approve the surplus plan %(plan)s") % {"plan": plan.title},
            _("The members carried it. A second officer approves exactly what they saw."),
            _("Read it"),
            path(actor.coop, "ledger:plan", pk=plan.pk),
        )
        for plan in carried
        if rules.may(actor, "ledger.approve", plan)
    ]
