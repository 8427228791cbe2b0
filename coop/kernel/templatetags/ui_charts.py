"""Charts and bars. The geometry comes from ``coop.kernel.charts``; here it only becomes markup."""

from __future__ import annotations

from collections.abc import Sequence

from django import template
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from coop.kernel import charts

register = template.Library()


@register.simple_tag
def chart(drawing: charts.Drawing, id: str, note: str = "") -> SafeString:  # noqa: A002 - it is the id
    """A ``charts.Drawing`` with its key and the same numbers as a table; ``id`` must be its own on the page."""
    return render_to_string("ui/chart.html", {"drawing": drawing, "id": id, "note": note})


@register.simple_tag
def bar(value: charts.Number, maximum: charts.Number, tick: charts.Number | None = None) -> SafeString:
    """A thin bar beside a figure, with a tick for a quota: ``{% bar 46 60 tick=54 %}``. The figure stands in words."""
    mark: SafeString | str = ""
    if tick is not None:
        mark = format_html('<rect class="tick" x="{}" y="-1" width="1.5" height="11"/>', charts.percent(tick, maximum))
    return format_html(
        '<svg class="bar" aria-hidden="true"><rect class="track" width="100%" height="9"/>'
        '<rect class="fill" width="{}" height="9"/>{}</svg>',
        charts.percent(value, maximum),
        mark,
    )


@register.simple_tag
def stage(
    votes: str,
    value: charts.Number,
    maximum: charts.Number,
    quota: charts.Number | None = None,
    note: str = "",
    state: str = "",
) -> SafeString:
    """One cell of a count: the votes in words, what changed, and a bar with the quota's tick.

    ``state`` is ``in`` once elected, ``out`` once excluded (then ``votes`` is only read aloud).
    """
    if state == "out":
        return format_html('<td class="out"><span class="vh">{}</span></td>', votes)
    css = SafeString(' class="in"') if state == "in" else ""
    return format_html(
        "<td{}>{}<small>{}</small>{}</td>", css, votes, note or "\N{NO-BREAK SPACE}", bar(value, maximum, quota)
    )


@register.simple_tag
def swatch(colour: str) -> SafeString:
    """The colour of a chart's part beside its name: ``{% swatch "c5" %} Refunds``."""
    return format_html(
        '<svg class="swatch" aria-hidden="true"><rect class="{}" width="100%" height="100%"/></svg>', colour
    )


@register.simple_tag
def strip(parts: Sequence[tuple[str, charts.Number]]) -> SafeString:
    """A whole cut into coloured parts, ``(colour, amount)``, for a cell of a comparison."""
    cut = charts.strip([amount for _colour, amount in parts])
    rects = format_html_join(
        "",
        '<rect class="{}" x="{}" width="{}" height="100%"/>',
        ((colour, x, width) for (colour, _amount), (x, width) in zip(parts, cut, strict=True)),
    )
    return format_html('<svg class="strip" aria-hidden="true">{}</svg>', rects)
