"""A series in, the geometry of an SVG out. Pure: no framework, no markup, no rounding of anything but coordinates.

Every chart is as wide as its place: x is in per cent, y in pixels, so text keeps its size on a phone and nothing needs
an inline style. A drawing carries its title, a sentence that says what it shows, and the same numbers as a table;
``templates/ui/chart.html`` paints it. Colours are the six chart papers ``c1`` … ``c6`` of ``app.css``.

Values may be ``int``, ``Fraction`` or ``Decimal``; the words shown for them are the caller's, already formatted.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

Number = int | Fraction | Decimal

LABEL_LINE = 18  # px from one line of a label to the next
BAR_HEIGHT = 13
ROW_GAP = 11  # px under a bar
LINE_CHARS = 36  # of 13 px text fit beside each other at 320 px


@dataclass(frozen=True)
class Rect:
    """A filled box; ``x`` and ``width`` in per cent, ``y`` and ``height`` in pixels."""

    css: str
    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True)
class Line:
    """A stroke; x in per cent, y in pixels."""

    css: str
    x1: str
    y1: str
    x2: str
    y2: str


@dataclass(frozen=True)
class Text:
    """Words at a point; ``css`` of ``soft``, ``strong``, ``mid``, ``end``."""

    css: str
    x: str
    y: str
    words: str


@dataclass(frozen=True)
class Drawing:
    """A finished chart: ``height`` in pixels, its shapes in painting order, its key, and its numbers as a table.

    ``head`` are the table's headings and ``rows`` its rows, the first cell of each being the row's name.
    """

    title: str
    desc: str
    height: int
    rects: tuple[Rect, ...] = ()
    lines: tuple[Line, ...] = ()
    texts: tuple[Text, ...] = ()
    key: tuple[tuple[str, str], ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Bar:
    """One row of a bar chart: its name, its parts in the order of the series, and the words at its right end.

    ``cells`` are the words for the table, one a part (and any more the caller's headings ask for); left empty, the
    table shows ``text``. ``css`` colours a single-part bar otherwise than its series.
    """

    label: str
    parts: tuple[Number, ...]
    text: str
    strong: bool = False
    cells: tuple[str, ...] = ()
    css: str = ""


@dataclass(frozen=True)
class Rule:
    """A dashed line across all bars with its words on top: a quota, a floor."""

    at: Number
    label: str


@dataclass
class _Sheet:
    """Where shapes are collected while a chart is laid out."""

    rects: list[Rect] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)


def percent(value: Number, whole: Number) -> str:
    """``value`` of ``whole`` in per cent with two decimals, for an attribute; nought of nought is ``0.00%``."""
    if not whole:
        return "0.00%"
    return f"{float(Fraction(value) / Fraction(whole) * 100):.2f}%"


def bars(
    *,
    title: str,
    desc: str,
    rows: Sequence[Bar],
    series: Sequence[tuple[str, str]] = (("", "c3"),),
    head: Sequence[str] = (),
    maximum: Number | None = None,
    rule: Rule | None = None,
) -> Drawing:
    """Horizontal bars, one a row, stacked when ``series`` names more than one ``(label, colour)``.

    The scale runs from 0 to ``maximum``, by default the longest bar or the rule, whichever is more. Refuses
    (``ValueError``) a negative part, and a bar with more parts than there are series. A row whose name and figure do
    not fit side by side on a phone gets its name on several lines.
    """
    for row in rows:
        if any(part < 0 for part in row.parts):
            raise ValueError(f"The bar {row.label!r} has a negative part; a bar shows how much there is.")
        if len(row.parts) > len(series):
            raise ValueError(f"The bar {row.label!r} has {len(row.parts)} parts for {len(series)} series.")
    longest = max((_sum(row.parts) for row in rows), default=Fraction(0))
    top = Fraction(maximum) if maximum is not None else max(longest, Fraction(rule.at) if rule else Fraction(0))
    sheet = _Sheet()
    y = 24 if rule else 0
    for row in rows:
        y = _label(sheet, row, y)
        sheet.rects.append(Rect("track", "0", str(y), "100%", str(BAR_HEIGHT)))
        start = Fraction(0)
        for (_name, css), part in zip(series, row.parts, strict=False):
            sheet.rects.append(Rect(row.css or css, percent(start, top), str(y), percent(part, top), str(BAR_HEIGHT)))
            start += Fraction(part)
        y += BAR_HEIGHT + ROW_GAP
    height = max(y - ROW_GAP + 2, 2)
    if rule:
        at = percent(rule.at, top)
        side = "mid" if top and Fraction(rule.at) / top < Fraction(4, 5) else "end"
        sheet.texts.insert(0, Text(f"soft {side}", at, "12", rule.label))
        sheet.lines.append(Line("quota", at, "18", at, str(height)))
    return Drawing(
        title=title,
        desc=desc,
        height=height,
        rects=tuple(sheet.rects),
        lines=tuple(sheet.lines),
        texts=tuple(sheet.texts),
        key=tuple((css, name) for name, css in series) if len(series) > 1 else (),
        head=tuple(head),
        rows=tuple((row.label, *(row.cells or (row.text,))) for row in rows),
    )


def waterfall(
    *, title: str, desc: str, whole: Bar, lines: Sequence[tuple[Bar, str]], head: Sequence[str] = ()
) -> Drawing:
    """A sum and where it goes: the whole on top, then each line's bar where the one before left off, leftwards.

    ``lines`` pairs each deduction with its colour. Refuses (``ValueError``) lines that take more than the whole; what
    is left over when they take less is simply the white space at the left.
    """
    total = _sum(whole.parts)
    left = total
    sheet = _Sheet()
    y = _label(sheet, whole, 0)
    sheet.rects.append(Rect("track", "0", str(y), "100%", str(BAR_HEIGHT)))
    sheet.rects.append(Rect("c1", "0.00%", str(y), percent(total, total), str(BAR_HEIGHT)))
    y += BAR_HEIGHT + ROW_GAP
    for row, css in lines:
        part = _sum(row.parts)
        left -= part
        if left < 0 or part < 0:
            raise ValueError(f"The line {row.label!r} takes more than is left of {whole.label!r}.")
        y = _label(sheet, row, y)
        sheet.rects.append(Rect("track", "0", str(y), "100%", str(BAR_HEIGHT)))
        sheet.rects.append(Rect(css, percent(left, total), str(y), percent(part, total), str(BAR_HEIGHT)))
        y += BAR_HEIGHT + ROW_GAP
    return Drawing(
        title=title,
        desc=desc,
        height=y - ROW_GAP + 2,
        rects=tuple(sheet.rects),
        texts=tuple(sheet.texts),
        head=tuple(head),
        rows=tuple((row.label, *(row.cells or (row.text,))) for row in (whole, *(row for row, _css in lines))),
    )


def columns(
    *,
    title: str,
    desc: str,
    counts: Sequence[int],
    ticks: Sequence[str],
    names: Sequence[str],
    chosen: int | None = None,
    head: Sequence[str] = (),
    height: int = 190,
) -> Drawing:
    """A histogram: one column a class, its count on top, ``ticks`` under their left edges ("" leaves one out).

    ``names`` are the classes in words for the table; ``chosen`` is darker (the class that holds the middle member).
    Refuses (``ValueError``) lists of unlike length and negative counts.
    """
    if not len(counts) == len(ticks) == len(names):
        raise ValueError("A histogram needs one tick and one name for every count.")
    if any(count < 0 for count in counts):
        raise ValueError("A histogram counts things; there cannot be fewer than none.")
    floor, most = height - 30, max(counts, default=0)
    room = floor - 24
    step = Fraction(100, len(counts)) if counts else Fraction(100)
    sheet = _Sheet()
    for part in (1, 2):
        at = _px(floor - Fraction(room * part, 3))
        sheet.lines.append(Line("grid", "0", at, "100%", at))
    for place, (count, tick) in enumerate(zip(counts, ticks, strict=True)):
        tall = Fraction(room * count, most) if most else Fraction(0)
        css = "c5" if place == chosen else "c6"
        left = step * place
        sheet.rects.append(
            Rect(
                css, _pct(left + step * Fraction(6, 100)), _px(floor - tall), _pct(step * Fraction(88, 100)), _px(tall)
            )
        )
        sheet.texts.append(Text("mid", _pct(left + step / 2), _px(floor - tall - 5), str(count)))
        if tick:
            last = place == len(counts) - 1
            sheet.texts.append(
                Text("soft end" if last else "soft", "100%" if last else _pct(left), _px(floor + 18), tick)
            )
    sheet.lines.append(Line("axis", "0", str(floor), "100%", str(floor)))
    return Drawing(
        title=title,
        desc=desc,
        height=height,
        rects=tuple(sheet.rects),
        lines=tuple(sheet.lines),
        texts=tuple(sheet.texts),
        head=tuple(head),
        rows=tuple((name, str(count)) for name, count in zip(names, counts, strict=True)),
    )


@dataclass(frozen=True)
class Point:
    """A moment in a series: ``x`` on any linear scale (days since some day), its value, and the words for both."""

    x: int
    value: Number
    when: str
    text: str


def series(
    *,
    title: str,
    desc: str,
    points: Sequence[Point],
    stepped: bool = True,
    css: str = "axis",
    head: Sequence[str] = (),
    height: int = 170,
) -> Drawing:
    """A value over time: stepped for what holds until it changes (members, a balance), else joined by straight lines.

    The scale always includes zero. Refuses (``ValueError``) points that do not go forward in time. The first and the
    last point are named under the axis, the last value beside its point.
    """
    if any(after.x <= before.x for before, after in zip(points, points[1:], strict=False)):
        raise ValueError("The points of a series must go forward in time.")
    top, bottom, span = 22, height - 30, Fraction(100)
    low = min([Fraction(0), *(Fraction(point.value) for point in points)])
    high = max([Fraction(0), *(Fraction(point.value) for point in points)])
    first, last = (points[0].x, points[-1].x) if points else (0, 0)

    def at(point: Point) -> tuple[str, str]:
        x = span * (point.x - first) / (last - first) if last > first else Fraction(0)
        share = (Fraction(point.value) - low) / (high - low) if high > low else Fraction(0)
        return _pct(x), _px(bottom - share * (bottom - top))

    sheet = _Sheet()
    places = [at(point) for point in points]
    for (x1, y1), (x2, y2) in zip(places, places[1:], strict=False):
        if stepped:
            sheet.lines.append(Line(css, x1, y1, x2, y1))
            sheet.lines.append(Line(css, x2, y1, x2, y2))
        else:
            sheet.lines.append(Line(css, x1, y1, x2, y2))
    zero = _px(bottom - ((-low) / (high - low) if high > low else Fraction(0)) * (bottom - top))
    sheet.lines.insert(0, Line("grid", "0", zero, "100%", zero))
    if points:
        # above the line as far as the value reaches back over it, so that neither hides the other
        beside = [
            Fraction(y)
            for point, (_x, y) in zip(points, places, strict=True)
            if 10 * (last - point.x) <= 4 * (last - first)
        ]
        sheet.texts.append(Text("strong end", "100%", _px(max(min(beside) - 8, Fraction(12))), points[-1].text))
        sheet.texts.append(Text("soft", "0", str(height - 8), points[0].when))
    if len(points) > 1:
        sheet.texts.append(Text("soft end", "100%", str(height - 8), points[-1].when))
    return Drawing(
        title=title,
        desc=desc,
        height=height,
        lines=tuple(sheet.lines),
        texts=tuple(sheet.texts),
        head=tuple(head),
        rows=tuple((point.when, point.text) for point in points),
    )


def strip(parts: Sequence[Number]) -> tuple[tuple[str, str], ...]:
    """One bar cut into its parts: ``(x, width)`` in per cent, adding up to the whole bar."""
    if any(part < 0 for part in parts):
        raise ValueError("A strip shows parts of a whole; none can be negative.")
    total, start, cut = _sum(parts), Fraction(0), []
    for part in parts:
        cut.append((percent(start, total), percent(part, total)))
        start += Fraction(part)
    return tuple(cut)


def _sum(parts: Sequence[Number]) -> Fraction:
    return sum((Fraction(part) for part in parts), Fraction(0))


def _label(sheet: _Sheet, row: Bar, y: int) -> int:
    """Write a row's name and figure from ``y`` down; returns where its bar begins."""
    weight = "strong" if row.strong else ""
    room = LINE_CHARS - len(row.text) - 1
    lines = [row.label] if len(row.label) <= room else textwrap.wrap(row.label, max(room, 12)) or [""]
    for number, words in enumerate(lines):
        sheet.texts.append(Text(weight, "0", str(y + 14 + number * LABEL_LINE), words))
    base = y + 14 + (len(lines) - 1) * LABEL_LINE
    sheet.texts.append(Text(f"end {weight}".strip(), "100%", str(base), row.text))
    return base + 6


def _pct(value: Fraction) -> str:
    return f"{float(value):.2f}%"


def _px(value: Fraction | int) -> str:
    return f"{float(value):.1f}"
