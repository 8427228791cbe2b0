"""Letters on paper, with proof of delivery; and inviting members to a login of their own."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coop.kernel import clock, rules
from coop.kernel.errors import Refused
from coop.kernel.models import Job
from coop.kernel.tenancy import path
from coop.kernel.web import requires
from members import services
from members.forms import DeliveryForm, PostForm
from members.models import AccessLog, PaperLetter
from members.selectors import pending, search

from .desk import find

TABS = {"waiting": ("waiting",), "posted": ("posted", "returned"), "closed": ("delivered", "settled")}
AT_ONCE = 200


def _letters(request: HttpRequest):
    return PaperLetter.objects.filter(coop=request.coop)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.read_register")
def listing(request: HttpRequest) -> HttpResponse:
    """What has to be printed and posted, what is on its way, what arrived."""
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else "waiting"
    form = PostForm(request.POST or None, initial={"on": clock.today(request.coop)})
    if request.method == "POST":
        rules.require(request.actor, "members.keep_register")
        keys = [key for key in request.POST.getlist("letters") if key.isdecimal() and len(key) < 19]
        if form.is_valid():
            try:
                said = {"letters": _letters(request).filter(pk__in=keys), **form.cleaned_data}
                done = services.post_letters(actor=request.actor, **said)
            except Refused as refused:
                refused.into(form)
            else:
                sentence = ngettext("One letter went out.", "%(n)s letters went out.", done)
                messages.success(request, sentence % {"n": done})
                return redirect(path(request.coop, "members:letters"))
    page = Paginator(_letters(request).filter(state__in=TABS[tab]), AT_ONCE).get_page(request.GET.get("page"))
    services.looked_at(actor=request.actor, what=AccessLog.What.LIST, rows=len(page), subject="letters")
    context = {
        "page": page,
        "form": form,
        "tab": tab,
        f"tab_{tab}": True,
        "keeps": rules.may(request.actor, "members.keep_register"),
        "today": clock.today(request.coop),
    }
    return render(request, "members/letters.html", context, status=422 if form.errors else 200)


@require_safe
@requires("members.keep_register")
def printed(request: HttpRequest) -> HttpResponse:
    """All letters that wait, each on a sheet of its own; or one of them."""
    waiting = _letters(request).filter(state="waiting").select_related("party")
    one = request.GET.get("letter", "")
    if one.isdecimal() and len(one) < 19:
        waiting = _letters(request).filter(pk=int(one)).select_related("party")
    found = list(waiting[:AT_ONCE])
    services.looked_at(actor=request.actor, what=AccessLog.What.LIST, rows=len(found), subject="letters printed")
    return render(request, "members/letters_print.html", {"letters": found, "today": clock.today(request.coop)})


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.keep_register")
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One letter: what it says, when it went out and how, and what became of it."""
    letter = get_object_or_404(_letters(request).select_related("party", "posted_by"), pk=pk)
    today = clock.today(request.coop)
    form = DeliveryForm(request.POST or None, initial={"on": today}) if letter.state == "posted" else None
    if request.method == "POST":
        if letter.state == "returned":
            services.settle_letter(actor=request.actor, letter=letter)
            return redirect(path(request.coop, "members:letter", pk=pk))
        if form is None:
            raise Refused("not_posted", _("Only a letter that is on its way can arrive or come back."))
        if form.is_valid():
            try:
                services.say_delivery(actor=request.actor, letter=letter, **form.cleaned_data)
            except Refused as refused:
                refused.into(form)
            else:
                messages.success(request, _("Written down."))
                return redirect(path(request.coop, "members:letter", pk=pk))
    else:
        what = AccessLog.What.MEMBER if letter.party is not None else AccessLog.What.APPLICATION
        services.looked_at(actor=request.actor, what=what, party=letter.party, subject="letter")
    context = {"letter": letter, "form": form, "today": today}
    return render(request, "members/letter.html", context, status=422 if form is not None and form.errors else 200)


@require_POST
@requires("members.keep_register")
def invite(request: HttpRequest, number: int) -> HttpResponse:
    """Send one member a code."""
    made = services.invite(actor=request.actor, membership=find(request, number))
    told = (
        _("A code is on its way by e-mail.") if made.channel == "mail" else _("A letter with a code is to be printed.")
    )
    messages.success(request, told)
    return redirect(path(request.coop, "members:detail", number=number))


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.keep_register")
def undelivered(request: HttpRequest) -> HttpResponse:
    """E-mails that were given up: to whom, about what and why; each is written on paper or dealt with otherwise."""
    if request.method == "POST":
        key = request.POST.get("mail", "")
        mail = get_object_or_404(
            pending.undelivered(request.coop), pk=int(key) if key.isdecimal() and len(key) < 19 else 0
        )
        on_paper = request.POST.get("act") == "paper"
        services.settle_mail(actor=request.actor, mail=mail, on_paper=on_paper)
        messages.success(request, _("It waits among the letters to post.") if on_paper else _("Dealt with."))
        return redirect(path(request.coop, "members:undelivered"))
    page = Paginator(pending.undelivered(request.coop).defer("text", "html"), 50).get_page(request.GET.get("page"))
    services.looked_at(actor=request.actor, what=AccessLog.What.LIST, rows=len(page), subject="undelivered")
    return render(request, "members/undelivered.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@requires("members.keep_register")
def invitations(request: HttpRequest) -> HttpResponse:
    """Everybody without a login: who would get an e-mail, who a letter; then all of them at once."""
    today, kind = clock.today(request.coop), "members.invite_everybody"
    if request.method == "POST":
        done = services.ask_to_invite(actor=request.actor)
        if isinstance(done, int):
            told = ngettext("One member is invited.", "%(n)s members are invited.", done) % {"n": done}
        else:
            told = _("The codes are being written; this page says how far.")
        messages.success(request, told)
        return redirect(path(request.coop, "members:invitations"))
    page = Paginator(search.without_login(request.coop, today), AT_ONCE).get_page(request.GET.get("page"))
    services.looked_at(actor=request.actor, what=AccessLog.What.LIST, rows=len(page), subject="without login")
    waiting = search.to_invite(request.coop, today).aggregate(
        by_mail=Count("pk", filter=~Q(party__email="") & Q(party__by_post=False)), all=Count("pk")
    )
    context = {
        "page": page,
        "by_mail": waiting["by_mail"],
        "by_letter": waiting["all"] - waiting["by_mail"],
        "holding": page.paginator.count - waiting["all"],
        "job": Job.objects.filter(coop=request.coop, kind=kind).select_related("coop").first(),
    }
    return render(request, "members/invitations.html", context)
