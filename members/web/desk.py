"""The secretary's desk: what waits, who belongs, one member's story."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from coop.kernel import clock, rules
from coop.kernel.errors import Refused
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from members import selectors, services
from members.forms import AsAtForm, MemberSearchForm, NameForm
from members.forms.bulk import BasisForm, SaveFilterForm
from members.models import AccessLog, Application, ChangeRequest, Membership, PartyTag
from members.selectors import after_death, bulk, cases, dated, people, rights, search
from members.selectors.days import end_of
from members.selectors.inbox import inbox as inbox_of
from members.selectors.story import story
from members.services import parties

PER_PAGE = 50
Kind = ChangeRequest.Kind


@require_safe
@requires("members.read_register")
def inbox(request: HttpRequest) -> HttpResponse:
    """What waits for the secretary, and the register today in figures."""
    today = clock.today(request.coop)
    return render(
        request,
        "members/inbox.html",
        {
            "items": [(item, path(request.coop, item.url_name, **item.kwargs)) for item in inbox_of(request.coop)],
            "today": today,
            "figures": selectors.figures(request.coop, today),
        },
    )


@require_safe
@requires("members.read_register")
def members(request: HttpRequest) -> HttpResponse:
    """The register: as it is today, or as at a day as known on another."""
    as_at = AsAtForm(request.coop, request.GET or None)
    if as_at.is_asked:
        return _as_at(request, as_at)
    today = clock.today(request.coop)
    found, asked = asked_for(request.coop, request.GET, today)
    q, tab, is_near = asked.q, asked.tab, False
    page = Paginator(_sorted(found, request.GET.get("sort", "")), PER_PAGE).get_page(request.GET.get("page"))
    if q and not page.paginator.count:
        page, is_near = Paginator(search.near(asked.everyone, q), PER_PAGE).get_page(1), True
    services.looked_at(actor=request.actor, what=AccessLog.What.LIST, rows=len(page), subject="members")
    return render(
        request,
        "members/list.html",
        {
            "page": page,
            "form": asked.form,
            "filters": bulk.filters(request.actor),
            "keep_form": SaveFilterForm(),
            "basis_form": BasisForm(),
            "query": request.GET.urlencode(),
            "keeps": rules.may(request.actor, "members.keep_register"),
            "exports": rules.may(request.actor, "members.export_register"),
            "as_at": AsAtForm(request.coop, initial={"as_at": today, "known": today}),
            "tab": tab,
            f"tab_{tab}": True,
            "q": q,
            "is_near": is_near,
            "today": today,
            "figures": selectors.figures(request.coop, today),
        },
    )


@dataclass(frozen=True)
class Asked:
    """What the list was asked for: the form, its words, its tab, and everybody before the words narrowed it."""

    form: MemberSearchForm
    q: str
    tab: str
    everyone: QuerySet[Membership]


def asked_for(coop, params, today: date) -> tuple[QuerySet[Membership], Asked]:
    """The memberships that a list's address asks for on a day, and what it asked."""
    form = MemberSearchForm(coop, params or None)
    said = form.cleaned_data if form.is_valid() else {}
    tab = params.get("tab", "")
    tab = tab if tab in search.TABS else "current"
    narrowed = {key: said.get(key, "") for key in ("state", "tag")}
    everyone = search.members(coop, today, tab=tab, member_class=said.get("member_class"), **narrowed)
    q = said.get("q", "")
    return search.matching(everyone, q), Asked(form, q, tab, everyone)


def _sorted(found, asked: str):
    orders = {"number": "number", "name": "party__sort_name", "since": "admitted_on"}
    column = orders.get(asked.lstrip("-"))
    if column is None:
        return found
    return found.order_by(("-" if asked.startswith("-") else "") + column, "number")


def _as_at(request: HttpRequest, form: AsAtForm) -> HttpResponse:
    today = clock.today(request.coop)
    lines: Sequence[selectors.RegisterLine] = []
    as_at = known = today
    if form.is_valid():
        as_at, known = form.cleaned_data["as_at"], form.cleaned_data["known"]
        lines = selectors.RegisterPages(request.coop, as_at, end_of(known, request.coop))
    page = Paginator(lines, PER_PAGE).get_page(request.GET.get("page"))
    services.looked_at(actor=request.actor, what=AccessLog.What.LIST, rows=len(page), subject=f"register as at {as_at}")
    context = {"page": page, "as_at": form, "day": as_at, "known": known, "today": today}
    return render(request, "members/as_at.html", context, status=422 if form.errors else 200)


def find(request: HttpRequest, number: int) -> Membership:
    """The member of this co-op who has that number, or a 404."""
    membership = selectors.membership_by_number(request.coop, number)
    if membership is None:
        raise Http404
    membership.coop = request.coop
    return membership


@require_safe
@requires("members.read_register")
def member(request: HttpRequest, number: int) -> HttpResponse:
    """One member: what holds today, and how it came about."""
    membership = find(request, number)
    today = clock.today(request.coop)
    keeps = rules.may(request.actor, "members.keep_register")
    services.looked_at(
        actor=request.actor,
        what=AccessLog.What.MEMBER,
        party=membership.party,
        subject=f"member {membership.number_text}",
    )
    return render(
        request,
        "members/detail.html",
        {
            "membership": membership,
            "party": membership.party,
            "standing": membership.standing_on(today),
            "address": dated.address_of(membership.party, today),
            "story": story(membership),
            "case": cases.case_of(membership),
            "tags": PartyTag.objects.filter(party__in=rights.selves(membership.party)),
            "stand_ins": people.stand_ins(membership.party_id),
            "others": membership.party.memberships.exclude(pk=membership.pk).select_related("member_class"),
            "application": Application.objects.filter(membership=membership).first(),
            "vote": next(iter(selectors.roll_candidates(request.coop, today, membership=membership)), None),
            "keeps": keeps,
            "paid_to": services.until_now(membership.party, Kind.BANK) if keeps else "",
            "asked": rights.open_requests(membership.party) if keeps else [],
            "decides": rules.may(request.actor, "members.decide"),
            **_after_death(request, membership, today),
            "today": today,
        },
    )


def _after_death(request: HttpRequest, membership: Membership, today: date) -> dict:
    """What the page says first where the member has died, each matter with its address; else nothing."""
    estate = after_death.estate_of(membership, today)
    if estate is None:
        return {}
    return {
        "estate": estate,
        "following_link": link_of(request, estate.following) if estate.following else "",
        "matters": [(each, link_of(request, each)) for each in estate.matters],
    }


def link_of(request: HttpRequest, matter: after_death.Matter) -> str:
    """The address of the page on which a matter is dealt with, or nothing."""
    return path(request.coop, matter.url_name, **matter.kwargs) if matter.url_name else ""


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.keep_register")
def details(request: HttpRequest, number: int) -> HttpResponse:
    """The secretary writes down a new name, address or way to reach a member, and from when it holds."""
    membership = find(request, number)
    party, today = membership.party, clock.today(request.coop)
    form = NameForm(party, request.POST or None, initial={**current_details(party, today), "on": today})
    if request.method == "POST" and form.is_valid():
        try:
            changed = services.change_details(actor=request.actor, party=party, **said_anew(form))
        except Refused as refused:
            refused.into(form)
        else:
            messages.success(
                request, _("Written down.") if changed else _("Nothing was different, so nothing changed.")
            )
            return redirect(path(request.coop, "members:detail", number=number))
    if request.method == "GET":
        services.looked_at(actor=request.actor, what=AccessLog.What.MEMBER, party=party, subject="details")
    context = {"form": form, "membership": membership, "party": party}
    return render(request, "members/details.html", context, status=422 if form.errors else 200)


def said_anew(form) -> dict:
    """What was typed, without the name, the address or the contact nobody touched: the form shows today's, and a change
    that holds from an earlier day would give that day the others of today. A name or an address goes whole or not."""
    touched = set(form.changed_data)
    together = [group for group in (parties.NAMES, parties.ADDRESS) if touched.intersection(group)]
    said = touched.union({"on"}, *together)
    return {key: value for key, value in form.cleaned_data.items() if key in said}


def current_details(party, on) -> dict:
    """What is known of the party on that day, by the names of the form's fields."""
    name, address = dated.name_of(party, on, or_later=True), dated.address_of(party, on, or_later=True)
    known = {"email": party.email, "phone": party.phone}
    for row, fields in (
        (name, ("given_names", "family_name", "firm", "register_number")),
        (address, ("street", "postcode", "place")),
    ):
        known |= {field: getattr(row, field) if row else "" for field in fields}
    return known
