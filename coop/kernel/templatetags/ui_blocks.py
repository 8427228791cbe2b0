"""Parts that hold other markup: sheets, notices, lists of things to do, histories, receipts.

Each tag renders the file of its name in ``templates/ui/``, where its parameters are written down.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import template
from django.template.defaultfilters import slugify
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

NOTICE_ICONS = {"info": "info", "good": "check", "warn": "warn", "stop": "cross"}
# Django's message levels, so that a message is a notice like any other.
MESSAGE_KINDS = {"debug": "info", "info": "info", "success": "good", "warning": "warn", "error": "stop"}


def _trim(content: str) -> SafeString:
    """A block's rendered content without the white space around it; ``str.strip`` would lose that it is markup."""
    return SafeString(content.strip())


def _part(name: str, **values: Any) -> SafeString:
    return render_to_string(f"ui/{name}.html", values)


def _is(state: str) -> SafeString | str:
    """``data-is`` and, for the step somebody is on, ``aria-current``."""
    if state == "now":
        return SafeString(' aria-current="step"')
    return format_html(' data-is="{}"', state) if state else ""


@register.simple_block_tag
def title(content: str, heading: str, over: str = "", side: str = "") -> SafeString:
    """A page opens with the answer: ``{% title "You are a member" over="…" %}what it means{% endtitle %}``."""
    return _part("title", lead=_trim(content), heading=heading, over=over, side=side)


@register.simple_block_tag
def banner(content: str, heading: str, over: str = "") -> SafeString:
    """The opening of a public page, with the sheaf."""
    return _part("banner", lead=_trim(content), heading=heading, over=over)


@register.simple_block_tag
def card(content: str, heading: str = "", **options: Any) -> SafeString:
    """A sheet: ``{% card "What I own" side=link area="ledger" tinted=True id="own" later=True %}…{% endcard %}``."""
    known = {"side", "area", "tinted", "id", "later", "level"}
    if unknown := set(options) - known:
        raise TypeError(f"A card has no {', '.join(sorted(unknown))}; it has {', '.join(sorted(known))}.")
    anchor = options.pop("id", "") or slugify(heading) or "card"
    return _part("card", content=content, heading=heading, id=anchor, **options)


@register.simple_block_tag
def notice(content: str, kind: str, heading: str, cite: str = "", icon: str = "") -> SafeString:
    """What, why, where it is written: ``{% notice "warn" "One period is open" cite="…" %}…{% endnotice %}``."""
    kind = MESSAGE_KINDS.get(kind, kind)
    return _part(
        "notice", content=_trim(content), kind=kind, heading=heading, cite=cite, icon=icon or NOTICE_ICONS[kind]
    )


@register.simple_tag
def message(item: Any) -> SafeString:
    """One of Django's messages as a notice: its text is the sentence."""
    kind = MESSAGE_KINDS.get(item.level_tag, "info")
    return _part("notice", content="", kind=kind, heading=item.message, cite="", icon=NOTICE_ICONS[kind])


@register.simple_block_tag
def why(content: str, question: str, is_open: bool = False) -> SafeString:
    """Help beside a figure: ``{% why "Why can I vote?" %}<p>…</p>{% endwhy %}``."""
    return _part("why", content=content, question=question, is_open=is_open)


# --- lists ----------------------------------------------------------------------------------------------------------


@register.simple_block_tag
def todo(content: str) -> SafeString:
    """A list of things to do, of ``{% todo_item %}``."""
    return format_html('<ul class="todo">{}</ul>', content)


@register.simple_block_tag
def todo_item(
    content: str, sentence: str, front: str = "", act: str = "", url: str = "", first: bool = False
) -> SafeString:
    """Clock, sentence, one act: ``{% todo_item "Answer it" front=clock act="Answer" url=url first=True %}…``."""
    return _part("todo_item", content=_trim(content), sentence=sentence, front=front, act=act, url=url, first=first)


@register.simple_block_tag
def facts(content: str) -> SafeString:
    """Label and value, ruled, of ``{% fact %}``."""
    return format_html('<dl class="facts">{}</dl>', content)


@register.simple_block_tag
def fact(content: str, label: str, total: bool = False) -> SafeString:
    """One line: ``{% fact "Shares" %}{{ amount|money:currency }}{% endfact %}``; ``total=True`` rules it off."""
    css = SafeString(' class="total"') if total else ""
    return format_html("<div{}><dt>{}</dt><dd>{}</dd></div>", css, label, content)


@register.simple_block_tag
def kpis(content: str) -> SafeString:
    """At most four figures in one strip, of ``{% kpi %}``."""
    return format_html('<dl class="kpis">{}</dl>', content)


@register.simple_block_tag
def kpi(content: str, label: str, note: str = "") -> SafeString:
    """One figure: ``{% kpi "Quorum" note="20 %, that is 80 members" %}met{% endkpi %}``."""
    line = format_html("<dd>{}</dd>", note) if note else ""
    return format_html("<div><dt>{}</dt><dd>{}</dd>{}</div>", label, content, line)


@register.simple_block_tag
def timeline(content: str) -> SafeString:
    """A history of ``{% event %}``: when it took effect on the left, when it was recorded underneath."""
    return format_html('<ol class="timeline">{}</ol>', content)


@register.simple_block_tag
def event(content: str, effective: dt.date | str, recorded: str = "", is_now: bool = False) -> SafeString:
    """``{% event row.effective recorded="Recorded 4 October." is_now=forloop.first %}…{% endevent %}``."""
    return _part("event", content=content, effective=effective, recorded=recorded, is_now=is_now)


@register.simple_tag
def steps(label: str, current: int, *names: str) -> SafeString:
    """A person's steps: ``{% steps "Voting in three steps" 2 "Rank" "Review" "Receipt" %}``; 4 of 3 is all done."""
    rows = [
        (name, "done" if number < current else "now" if number == current else "")
        for number, name in enumerate(names, start=1)
    ]
    return _part("steps", label=label, steps=rows)


@register.simple_block_tag
def approvals(content: str, across: bool = False) -> SafeString:
    """A body's approvals, downwards, or across for the public, of ``{% approval %}``."""
    return format_html('<ol class="approvals{}">{}</ol>', " across" if across else "", content)


@register.simple_block_tag
def approval(content: str, heading: str, state: str = "") -> SafeString:
    """``{% approval "Proposed by the board" "done" %}Resolution 31{% endapproval %}``; done, now or nothing."""
    return format_html(
        "<li{}><div><strong>{}</strong><small>{}</small></div></li>", _is(state), heading, _trim(content)
    )


@register.simple_block_tag
def tabs(content: str, label: str) -> SafeString:
    """States of a list, of ``{% tablink %}``."""
    return format_html('<nav class="tabs" aria-label="{}">{}</nav>', label, content)


@register.simple_tag
def tablink(text: str, url: str, current: bool = False, count: int | None = None) -> SafeString:
    """``{% tablink "Current" url current=True count=412 %}``."""
    here = SafeString(' aria-current="page"') if current else ""
    number = "" if count is None else f" {count}"
    return format_html('<a href="{}"{}>{}{}</a>', url, here, text, number)


# --- papers ---------------------------------------------------------------------------------------------------------


@register.simple_block_tag
def blank(content: str, icon: str, sentence: str, coming: str = "") -> SafeString:
    """Say what will be here: ``{% blank "inbox" "Nothing waits" "Applications appear here." %}act{% endblank %}``."""
    return _part("blank", content=_trim(content), icon=icon, sentence=sentence, coming=coming)


@register.simple_block_tag
def receipt(content: str, over: str, code: str, mark: str = "") -> SafeString:
    """A counterfoil: head with code and stamp, then parts divided by ``{% perf %}``."""
    return _part("receipt", content=content, over=over, code=code, mark=mark)


@register.simple_tag
def perf() -> SafeString:
    """Tear here."""
    return SafeString('<hr class="perf">')


@register.simple_block_tag
def confirm(content: str, id: str, heading: str, back: str = "") -> SafeString:  # noqa: A002 - it is the id
    """A dialog before an act that cannot be undone; opened by ``<button type="button" popovertarget="id">``, no script.

    The content holds the words and, last, a ``<footer>`` with the act; the way back is added.
    """
    return _part("confirm", content=content, id=id, heading=heading, back=back)


@register.simple_tag
def progress(value: int, maximum: int, label: str, note: str = "") -> SafeString:
    """``{% progress 8 10 "8 of 10 parts paid" amount %}``."""
    return _part("progress", value=value, maximum=maximum, label=label, note=note)


@register.simple_tag
def job(job: Any, url: str = "", result_text: str = "") -> SafeString:
    """A job's progress, asking again every second until it ends: ``{% job job %}`` with a ``kernel.models.Job``.

    ``url`` answers with the file of this part; left out, it is the job's own page.
    """
    address = url or reverse("job", kwargs={"coop": job.coop.slug, "pk": job.pk})
    return _part("job", job=job, url=address, result_text=result_text)
