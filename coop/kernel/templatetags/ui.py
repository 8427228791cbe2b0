"""The parts of the design as template tags and filters; a builtin library, so no template loads it.

Words and figures stand here; parts that hold other markup are in ``ui_blocks``, tables in ``ui_tables``, charts in
``ui_charts``. What each part is for is written in its file under ``templates/ui/``; ``/ui/`` shows them all.
"""

from __future__ import annotations

import datetime as dt
import re
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.template.defaultfilters import slugify
from django.templatetags.static import static
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from coop.kernel import money as minor

from . import ui_blocks, ui_charts, ui_tables

register = template.Library()
for part in (ui_blocks, ui_tables, ui_charts):
    register.tags.update(part.register.tags)
    register.filters.update(part.register.filters)

ICONS = frozenset(
    "rochdale sheaf home ballot coins person people register inbox calendar clock check cross warn info up down right "
    "download upload print search filter lock receipt scales chart book more menu".split()
)
STATES = frozenset({"", "now", "done", "late", "stop"})
NO_BREAK = "\N{NO-BREAK SPACE}"
OFFICES = {
    "secretary": gettext_lazy("Secretary"),
    "treasurer": gettext_lazy("Treasurer"),
    "board": gettext_lazy("Board"),
    "returning_officer": gettext_lazy("Returning officer"),
    "auditor": gettext_lazy("Auditor"),
}


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """A drawing beside a word: ``{% icon "ballot" %}``, ``{% icon "search" "sm" %}``. Never the only content."""
    if name not in ICONS:
        raise ValueError(f"There is no icon {name!r} in icons.svg.")
    css = "mark" if name in {"rochdale", "sheaf"} else f"icon {size}".strip()
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}#{}"></use></svg>', css, static("coop/icons.svg"), name
    )


# --- money, shares of a whole, codes --------------------------------------------------------------------------------


@register.filter
def money(amount: int | None, currency: str) -> str:
    """Integer minor units as ``<data value="123450">€1,234.50</data>``; nothing for ``None``."""
    if amount is None or amount == "":
        return ""
    return format_html('<data value="{}">{}</data>', f"{amount:d}", minor.format_minor(amount, currency))


@register.filter
def money_signed(amount: int | None, currency: str) -> str:
    """As ``money``, with a plus in front of a gain: ``+€34.75``."""
    if amount is None or amount == "":
        return ""
    plus = "+" if amount > 0 else ""
    return format_html('<data value="{}">{}{}</data>', f"{amount:d}", plus, minor.format_minor(amount, currency))


@register.simple_tag
def percent(part: int, whole: int, places: int = 1) -> str:
    """``{% percent 179 205 %}`` is ``87.3 %``, rounded half to even from the exact fraction, with a no-break space."""
    if not whole:
        return "–"
    scaled = round(Fraction(part, whole) * 100 * 10**places)
    sign, digits = ("−" if scaled < 0 else ""), f"{abs(scaled):0{places + 1}d}"
    figure = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return f"{sign}{figure}{NO_BREAK}%"


@register.filter
def grouped(code: str, size: int = 4) -> str:
    """A fingerprint in groups a person can compare: ``4b7e 90d2 c3a8``."""
    text = str(code)
    return " ".join(text[at : at + size] for at in range(0, len(text), size))


@register.filter
def together(text: str) -> SafeString:
    """Keeps ``by-laws § 7`` and ``87.3 %`` on one line: no-break hyphens and spaces."""
    return mark_safe(  # noqa: S308 - escaped first
        template.defaultfilters.force_escape(str(text)).replace("-", "\N{NON-BREAKING HYPHEN}").replace(" ", NO_BREAK)
    )


# --- days and moments -----------------------------------------------------------------------------------------------


def _time(value: dt.date | dt.datetime, machine: str, text: str) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', machine, text)


@register.filter
def day(value: dt.date | None, style: str = "short") -> str:
    """A date: ``14 Mar 2019``; with ``:"long"`` ``14 March 2019``; with ``:"full"`` ``Thursday 14 March 2019``."""
    if not value:
        return ""
    if isinstance(value, dt.datetime):
        value = timezone.localtime(value).date()
    pattern = {"short": "j M Y", "long": "j F Y", "full": "l j F Y"}[style]
    return _time(value, value.isoformat(), format_date(value, pattern))


@register.filter
def moment(value: dt.datetime | None, coop: Any = None) -> str:
    """A point in time in the co-op's own zone: ``20 November 2026, 18:00``; in UTC, and saying so, without one."""
    if not value:
        return ""
    zone = ZoneInfo(coop.time_zone) if coop else dt.UTC
    local = value.astimezone(zone)
    text = format_date(local, "j F Y, H:i")
    return _time(local, local.isoformat(timespec="minutes"), text if coop else f"{text}{NO_BREAK}UTC")


@register.simple_tag
def clock(days: int | dt.date, on: dt.date | None = None, unit: str = "") -> SafeString:
    """Days left, torn off a calendar: ``{% clock 4 %}``, or ``{% clock ballot.closes_on on=today %}``.

    Minus two is "2 days late"; one day or none left is marked; ``unit`` replaces the words ("to go").
    """
    if isinstance(days, dt.date):
        if on is None:
            raise ValueError("A clock to a date needs on=, the day it is read on.")
        days = (days - on).days
    late = days < 0
    state = "stop" if late else "late" if days <= 1 and not unit else ""
    count = abs(days)
    words = unit or (ngettext("day late", "days late", count) if late else ngettext("day left", "days left", count))
    mark = format_html(' data-is="{}"', state) if state else ""
    return format_html('<span class="clock"{}>{}<small>{}</small></span>', mark, count, words)


# --- states ---------------------------------------------------------------------------------------------------------


@register.simple_tag
def status(state: str, text: str) -> SafeString:
    """A ballot box and its word: ``{% status "done" "In good standing" %}``; states now, done, late, stop or ``""``."""
    if state not in STATES:
        raise ValueError(f"{state!r} is no state of a status.")
    mark = format_html(' data-is="{}"', state) if state else ""
    return format_html('<span class="status"{}>{}</span>', mark, text)


@register.simple_tag
def tag(text: str) -> SafeString:
    """A class or kind, without judgement: ``{% tag "Consumer" %}``."""
    return format_html('<span class="tag">{}</span>', text)


@register.simple_tag
def stamp(text: str, state: str = "") -> SafeString:
    """A final decision, once a card, never in a table: ``{% stamp "Carried" %}``, ``{% stamp "Void" "stop" %}``."""
    mark = format_html(' data-is="{}"', state) if state else ""
    return format_html('<span class="stamp"{}>{}</span>', mark, text)


@register.simple_tag
def flag(value: bool, yes: str = "", no: str = "") -> str:
    """Yes or no in words."""
    return (yes or _("yes")) if value else (no or _("no"))


@register.filter
def browser(agent: str) -> str:
    """A user agent as a person would say it: ``Firefox on Android``. Only a hint; anyone can send any."""
    engines = {
        "Edg": "Edge",
        "OPR": "Opera",
        "SamsungBrowser": "Samsung Internet",
        "Firefox": "Firefox",
        "FxiOS": "Firefox",
    }
    engines |= {"Chrome": "Chrome", "CriOS": "Chrome", "Safari": "Safari"}
    systems = {"Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows", "Mac OS X": "macOS"}
    systems |= {"CrOS": "ChromeOS", "Linux": "Linux"}
    what = next((name for mark, name in engines.items() if f"{mark}/" in agent), "")
    where = next((name for mark, name in systems.items() if mark in agent), "")
    if what and where:
        return _("%(browser)s on %(system)s") % {"browser": what, "system": where}
    return what or where or _("Unknown browser")


SHORT_HYPHENED = re.compile(r"\b\w{1,3}-\w+\b|\b\w+-\w{1,3}\b")


@register.filter
def unbroken(text: Any) -> str:
    """A heading whose short hyphened words (Co-op, e-mail, by-law) stay on one line; markup is left as it is."""
    if hasattr(text, "__html__"):
        return text
    words, at, parts = str(text), 0, []
    for found in SHORT_HYPHENED.finditer(words):
        parts += [conditional_escape(words[at : found.start()]), format_html('<span class="nobr">{}</span>', found[0])]
        at = found.end()
    return SafeString("".join([*parts, conditional_escape(words[at:])]))


@register.filter
def item(things: Any, place: Any) -> Any:
    """``{{ plans|item:forloop.counter0 }}``, ``{{ names|item:key }}``; nothing where there is none."""
    try:
        return things[place]
    except (IndexError, KeyError, TypeError):
        return ""


@register.filter
def bare(form: Any) -> Any:
    """A library's form without placeholders that only repeat its labels."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)
    return form


@register.filter
def keyed(key: int, prefix: str) -> str:
    """An id made of a row's key, where two headings may read alike: ``question.pk|keyed:"q"`` is ``q12``."""
    return f"{prefix}{key}"


@register.filter
def anchor(text: str) -> str:
    """An id made of a heading."""
    return slugify(str(text)) or "part"


@register.simple_tag
def offices(actor: Any) -> str:
    """The offices somebody holds, in words: ``Secretary, Board``."""
    return ", ".join(str(words) for role, words in OFFICES.items() if role in actor.offices)
