"""Register tables: cards on the phone, with the roles that ``display: block`` would take away."""

from __future__ import annotations

from typing import Any

from django import template
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


def _trim(content: str) -> SafeString:
    """A block's rendered content without the white space around it; ``str.strip`` would lose that it is markup."""
    return SafeString(content.strip())


@register.simple_block_tag
def datatable(content: str, caption: str, cards: bool = True) -> SafeString:
    """A table of records: ``{% datatable "Members" %}{% columns %}…{% endcolumns %}{% rows %}…{% endrows %}``."""
    return render_to_string("ui/datatable.html", {"content": content, "caption": caption, "cards": cards})


@register.simple_block_tag
def columns(content: str) -> SafeString:
    """The head of a ``datatable``, of ``{% column %}``."""
    return format_html('<thead role="rowgroup"><tr role="row">{}</tr></thead>', content)


@register.simple_tag(takes_context=True)
def column(context: Any, text: str, sort: str = "", num: bool = False, hidden: bool = False) -> SafeString:
    """One heading. ``sort`` names the column in ``?sort=``; ``num`` aligns right; ``hidden`` is for the acts."""
    css = format_html(' class="{}"', "num" if num else "act") if num or hidden else ""
    aria: SafeString | str = ""
    body: Any = format_html('<span class="vh">{}</span>', text) if hidden else text
    request = context.get("request")
    if sort and request is not None:
        now = request.GET.get("sort", "")
        falls = now == sort
        query = request.GET.copy()
        query["sort"] = f"-{sort}" if falls else sort
        query.pop("page", None)
        if now.lstrip("-") == sort:
            aria = format_html(' aria-sort="{}"', "ascending" if falls else "descending")
        body = format_html('<a href="?{}">{}</a>', query.urlencode(), text)
    return format_html('<th role="columnheader" scope="col"{}{}>{}</th>', css, aria, body)


@register.simple_block_tag
def rows(content: str) -> SafeString:
    """The body of a ``datatable``, of ``{% row %}``."""
    return format_html('<tbody role="rowgroup">{}</tbody>', content)


@register.simple_block_tag
def row(content: str) -> SafeString:
    """One record: a ``{% rowhead %}``, then ``{% cell %}``."""
    return format_html('<tr role="row">{}</tr>', content)


@register.simple_block_tag
def rowhead(content: str, url: str = "") -> SafeString:
    """Who or what the record is; ``url`` makes it the link."""
    body = format_html('<a class="who" href="{}">{}</a>', url, _trim(content)) if url else content
    return format_html('<th role="rowheader" scope="row">{}</th>', body)


@register.simple_block_tag
def cell(content: str, label: str = "", num: bool = False, minor: bool = False) -> SafeString:
    """A value under its column. ``label`` is shown on the phone; ``minor`` cells drop out there."""
    css = " ".join(name for name, on in (("num", num), ("minor", minor)) if on)
    return format_html(
        '<td role="cell"{}{}>{}</td>',
        format_html(' class="{}"', css) if css else "",
        format_html(' data-label="{}"', label) if label else "",
        _trim(content),
    )


@register.simple_block_tag
def acts(content: str) -> SafeString:
    """The acts of a record, in its last cell."""
    return format_html('<span class="acts">{}</span>', content)


@register.simple_tag(takes_context=True)
def pages(context: Any, page: Any) -> SafeString:
    """``{% pages page_obj %}``: from, to, of how many, before and next, keeping the rest of the address."""
    request = context.get("request")

    def to(number: int) -> str:
        query = request.GET.copy() if request is not None else QueryDict(mutable=True)
        query["page"] = str(number)
        return f"?{query.urlencode()}"

    return render_to_string(
        "ui/pages.html",
        {
            "page": page,
            "before": to(page.number - 1) if page.has_previous() else "",
            "next": to(page.number + 1) if page.has_next() else "",
        },
    )


@register.simple_block_tag
def scroll(content: str, label: str) -> SafeString:
    """A wide thing that scrolls by itself: reachable by keyboard, with a name."""
    return format_html('<div class="scroll" tabindex="0" role="region" aria-label="{}">{}</div>', label, content)
