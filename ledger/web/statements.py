"""A member's statement on the page and as PDF; for the treasurer, everybody's."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from coop.kernel import rules
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from ledger import documents
from ledger.models import SurplusPlan
from ledger.selectors import statements as selectors
from ledger.selectors import surplus
from ledger.selectors.statements import Statement
from ledger.statement_words import Words
from ledger.web import surplus_charts as charts
from ledger.web.surplus import find
from members.selectors import membership_by_number, membership_of


@require_safe
@requires("ledger.see_own")
def own(request: HttpRequest, year: int) -> HttpResponse:
    """The member's own statement: what they get, why just that, what they own, where the rest went."""
    statement = selectors.own(request.actor, year)
    if statement is None:
        plan = selectors.published(request.coop).filter(year__year=year).first()
        if plan is None:
            raise Http404
        return render(request, "ledger/statement_none.html", {"plan": plan, "member": membership_of(request.actor)})
    return _page(request, statement, mine=True)


@require_safe
@requires("ledger.see_own")
def own_pdf(request: HttpRequest, year: int) -> HttpResponse:
    """The same as PDF/UA, one A4."""
    statement = selectors.own(request.actor, year)
    if statement is None:
        raise Http404
    return _pdf(statement)


@require_safe
@requires("ledger.read_books")
def listing(request: HttpRequest, pk: int) -> HttpResponse:
    """Every statement of a posted plan, by member number, searchable."""
    plan = _posted(request, pk)
    words = " ".join(request.GET.get("q", "").split())[:80]
    page = Paginator(surplus.members_with_lines(plan, words), 50).get_page(request.GET.get("page"))
    return render(request, "ledger/statements.html", {"plan": plan, "page": page, "words": words})


@require_safe
@requires("ledger.read_books")
def of_member(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """One member's statement, as the member sees it."""
    return _page(request, _statement(request, pk, number), mine=False)


@require_safe
@requires("ledger.read_books")
def of_member_pdf(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """One member's statement as PDF."""
    return _pdf(_statement(request, pk, number))


def _posted(request: HttpRequest, pk: int) -> SurplusPlan:
    plan = find(request, pk)
    if plan.entry_id is None:
        raise Http404
    return plan


def _statement(request: HttpRequest, pk: int, number: int) -> Statement:
    plan = _posted(request, pk)
    membership = membership_by_number(request.coop, number)
    statement = selectors.of_member(plan, membership.pk) if membership else None
    if statement is None:
        raise Http404
    return statement


def _page(request: HttpRequest, statement: Statement, *, mine: bool) -> HttpResponse:
    words = Words(statement)
    where = {"year": statement.plan.year.year} if mine else {"pk": statement.plan.pk, "number": statement.line.number}
    return render(
        request,
        "ledger/statement.html",
        {
            "statement": statement,
            "report": statement.report,
            "words": words,
            "mine": mine,
            "choose_url": _choose_url(request, statement, mine=mine),
            "pdf_url": path(request.coop, f"ledger:statement{'' if mine else '-of'}-pdf", **where),
            "pools": [
                {
                    "pool": pool,
                    "sentence": words.why(pool),
                    "spoken": words.spoken(pool),
                    "mine": words.mine_label(pool),
                    "all": words.all_label(pool),
                    "rounding": words.rounding(pool),
                }
                for pool in statement.pools
            ],
            "drawing": charts.where_it_went(statement),
            "whole": [(charts.WHOLE_COLOURS[part.kind], part) for part in statement.report.whole],
        },
    )


def _choose_url(request: HttpRequest, statement: Statement, *, mine: bool) -> str:
    """Where the member, or the treasurer for them, chooses what becomes of the refund; empty where nobody may."""
    line, plan = statement.line, statement.plan
    if not statement.may_choose:
        return ""
    if mine:
        decides = rules.may(request.actor, "ledger.act_on_own")
        return path(request.coop, "ledger:choice", year=plan.year.year) if decides else ""
    keeps = rules.may(request.actor, "ledger.keep_books")
    return path(request.coop, "ledger:choice-of", pk=plan.pk, number=line.number) if keeps else ""


def _pdf(statement: Statement) -> HttpResponse:
    answer = HttpResponse(documents.statement_pdf(statement), content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="statement-{statement.reference}.pdf"'
    answer["Cache-Control"] = "private, no-store"
    return answer
