"""The bank: what waits, statements brought in, one line and what becomes of it, the co-op's accounts there."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coop.kernel import money, rules
from coop.kernel.errors import Refused
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from ledger import bank_forms as forms
from ledger.models import BankLine, BankStatement
from ledger.selectors import bank as selectors
from ledger.services import bank, bank_lines

from .common import answer, sent

PAGE = 50
SHOWN = 10


@require_safe
@requires("ledger.read_books")
def inbox(request: HttpRequest) -> HttpResponse:
    """Every line that waits, whose payment it is by its reference, and how bank and books stand."""
    coop = request.coop
    page = Paginator(selectors.waiting(coop), PAGE).get_page(request.GET.get("page"))
    rows = list(page.object_list)
    found = selectors.matches(coop, rows)
    return render(
        request,
        "ledger/bank.html",
        {
            "page": page,
            "count": page.paginator.count,
            "rows": [(line, found.get(line.pk)) for line in rows],
            "sure": sum(1 for match in found.values() if match.certain),
            "accounts": list(selectors.bank_accounts(coop)),
            "standings": selectors.standings(coop),
            "statements": list(selectors.statements(coop)[:SHOWN]),
            "keeps": rules.may(request.actor, "ledger.keep_books"),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def statement_add(request: HttpRequest) -> HttpResponse:
    """Bring in a statement: all of it, or nothing and why."""
    form = forms.StatementForm(sent(request), request.FILES or None, coop=request.coop)

    def act() -> HttpResponse:
        said = form.cleaned_data
        brought = bank.import_statement(
            actor=request.actor,
            data=said["file"].read(),
            file_name=said["file"].name,
            bank_account=said["bank_account"],
        )
        words = ngettext("One new line waits below.", "%(n)s new lines wait below.", brought.new) % {"n": brought.new}
        if brought.known:
            words += " " + ngettext("One was known already.", "%(n)s were known already.", brought.known) % {
                "n": brought.known
            }
        messages.success(request, words)
        return redirect(path(request.coop, "ledger:bank"))

    return answer(request, form, act, "ledger/bank_statement_add.html")


@require_safe
@requires("ledger.read_books")
def statement(request: HttpRequest, pk: int) -> HttpResponse:
    """One statement: every line it brought and what became of it."""
    found = get_object_or_404(BankStatement.objects.select_related("bank_account", "actor"), coop=request.coop, pk=pk)
    lines = selectors.lines_of(request.coop, statement=found)
    page = Paginator(lines, PAGE).get_page(request.GET.get("page"))
    return render(request, "ledger/bank_statement.html", {"statement": found, "page": page})


@require_POST
@requires("ledger.keep_books")
def enter_matched(request: HttpRequest) -> HttpResponse:
    """Enter every line whose reference names a member; say which could not be, and why."""
    done = bank_lines.enter_matched(actor=request.actor)
    words = ngettext("One payment was entered: %(sum)s.", "%(n)s payments were entered: %(sum)s.", done.count)
    messages.success(request, words % {"n": done.count, "sum": money.format_minor(done.total, request.coop.currency)})
    for line, why in done.left[:SHOWN]:
        messages.warning(request, _("%(name)s: %(why)s") % {"name": line.name or line.text[:60], "why": why})
    return redirect(path(request.coop, "ledger:bank"))


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.read_books")
def line(request: HttpRequest, pk: int) -> HttpResponse:
    """One line: what the bank said, whose it looks like, and the ways into the books."""
    found = get_object_or_404(
        BankLine.objects.select_related("bank_account__account", "statement", "entry", "membership__party", "coop"),
        coop=request.coop,
        pk=pk,
    )
    keeps = rules.may(request.actor, "ledger.keep_books")
    ways = _ways(request, found) if keeps and found.state == BankLine.State.OPEN else {}
    status = 200
    if request.method == "POST":
        rules.require(request.actor, "ledger.keep_books", found)
        form = ways.get(request.POST.get("act", ""))
        if form is None:
            raise Refused("decided", _("This line does not wait any more."), status=409)
        if form.is_valid():
            try:
                return _act(request, found, form)
            except Refused as refused:
                refused.into(form)
        status = 422
    match = selectors.matches(request.coop, [found]).get(found.pk) if found.state == BankLine.State.OPEN else None
    return render(
        request,
        "ledger/bank_line.html",
        {"line": found, "match": match, "ways": ways, "keeps": keeps},
        status=status,
    )


def _ways(request: HttpRequest, line_: BankLine) -> dict:
    """The forms of what may be done with a waiting line; the one that was sent is bound."""
    coop, act = request.coop, request.POST.get("act", "")
    match = selectors.matches(coop, [line_]).get(line_.pk)
    like = selectors.entries_like(line_)

    def data(name: str):
        return request.POST if act == name else None

    ways: dict = {}
    if line_.amount > 0:
        first = {"member": match.membership.number} if match else {}
        ways["payment"] = forms.LinePaymentForm(data("payment"), coop=coop, initial=first)
    ways["account"] = forms.LineAccountForm(data("account"), coop=coop, initial={"memo": line_.text[:300]})
    if like:
        ways["entry"] = forms.LineEntryForm(data("entry"), coop=coop, found=like)
    ways["aside"] = forms.LineAsideForm(data("aside"), coop=coop)
    for name, form in ways.items():  # four forms on a page: each field its own id
        form.auto_id = f"id_{name}_%s"
    return ways


def _act(request: HttpRequest, line_: BankLine, form) -> HttpResponse:
    said, act = form.cleaned_data, form.cleaned_data["act"]
    who = {"actor": request.actor, "line": line_}
    if act == "payment":
        over = "keep" if said["keep"] else "refuse"
        bank_lines.enter_payment(**who, membership=said["member"], overpayment=over)
    elif act == "account":
        bank_lines.enter_to_account(**who, to=said["to"], memo=said["memo"])
    elif act == "entry":
        bank_lines.tie_to_entry(**who, entry=said["entry"])
    else:
        bank_lines.set_aside(**who, because=said["because"])
    return redirect(path(request.coop, "ledger:bank"))


@require_POST
@requires("ledger.keep_books")
def line_take_up(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(BankLine, coop=request.coop, pk=pk)
    try:
        bank_lines.take_up(actor=request.actor, line=found)
    except Refused as refused:
        messages.warning(request, refused.message)
    return redirect(path(request.coop, "ledger:bank-line", pk=pk))


@require_http_methods(["GET", "HEAD", "POST"])
@requires("ledger.keep_books")
def account_add(request: HttpRequest) -> HttpResponse:
    """Name one of the co-op's accounts at a bank."""
    form = forms.BankAccountForm(sent(request), coop=request.coop)

    def act() -> HttpResponse:
        bank.create_bank_account(actor=request.actor, **form.cleaned_data)
        return redirect(path(request.coop, "ledger:bank"))

    words = {
        "heading": _("Name an account at a bank"),
        "lead": _("Statements of this account can be brought in then, and members are told where to pay."),
        "button": _("Keep the account"),
        "back": path(request.coop, "ledger:bank"),
    }
    return answer(request, form, act, "ledger/act.html", words)
