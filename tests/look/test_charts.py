"""Geometry of the charts, checked against the design's own pictures and against arithmetic."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coop.kernel import charts
from coop.kernel.charts import Bar, Point, Rule

amounts = st.lists(st.integers(min_value=0, max_value=10**12), min_size=1, max_size=8)


def test_bars_are_those_of_the_designs_result_page():
    drawing = charts.bars(
        title="t",
        desc="d",
        rows=[
            Bar("Nadia Brandt · elected", (48, 7), "55", strong=True),
            Bar("Tomas Hale", (29, Decimal("13.74")), "42.74"),
        ],
        series=[("First choices", "c3"), ("Moved", "c4")],
        maximum=67,
        rule=Rule(54, "quota 54"),
    )
    first, moved = [rect for rect in drawing.rects if rect.css != "track"][:2]
    assert (first.css, first.x, first.y, first.width) == ("c3", "0.00%", "44", "71.64%")
    assert (moved.css, moved.x, moved.width) == ("c4", "71.64%", "10.45%")
    assert [text.y for text in drawing.texts] == ["12", "38", "38", "82", "82"]
    assert drawing.lines[0].x1 == drawing.lines[0].x2 == "80.60%"
    assert drawing.key == (("c3", "First choices"), ("c4", "Moved"))


def test_a_long_name_gets_lines_of_its_own_and_the_bar_moves_down():
    name = "The association of market gardeners and their families of the lower valley"
    drawing = charts.bars(title="t", desc="d", rows=[Bar(name, (1,), "€1,234.50")])
    words = [text for text in drawing.texts if text.x == "0"]
    assert len(words) >= 3
    assert " ".join(text.words for text in words) == name
    assert all(len(text.words) <= charts.LINE_CHARS for text in words)
    assert int(drawing.rects[0].y) > int(words[-1].y)


def test_nothing_at_all_is_a_chart_without_division_by_nought():
    drawing = charts.bars(title="t", desc="d", rows=[Bar("Nobody", (0,), "0")])
    assert drawing.rects[1].width == "0.00%"
    assert charts.bars(title="t", desc="d", rows=[]).height == 2
    assert charts.columns(title="t", desc="d", counts=[0, 0], ticks=["", ""], names=["a", "b"]).rects[0].height == "0.0"
    assert charts.series(title="t", desc="d", points=[]).texts == ()
    assert charts.strip([0, 0]) == (("0.00%", "0.00%"), ("0.00%", "0.00%"))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: charts.bars(title="", desc="", rows=[Bar("x", (-1,), "")]), "negative"),
        (lambda: charts.bars(title="", desc="", rows=[Bar("x", (1, 1), "")]), "2 parts for 1 series"),
        (lambda: charts.strip([1, -1]), "negative"),
        (lambda: charts.columns(title="", desc="", counts=[1], ticks=[], names=["a"]), "one tick"),
        (lambda: charts.columns(title="", desc="", counts=[-1], ticks=[""], names=["a"]), "fewer than none"),
        (
            lambda: charts.series(title="", desc="", points=[Point(1, 1, "", ""), Point(1, 2, "", "")]),
            "forward in time",
        ),
        (
            lambda: charts.waterfall(title="", desc="", whole=Bar("all", (5,), ""), lines=[(Bar("x", (6,), ""), "c1")]),
            "takes more than is left",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_sentence(make, words):
    with pytest.raises(ValueError, match=words):
        make()


@given(amounts)
def test_the_parts_of_a_strip_follow_each_other_and_fill_it(parts):
    cut = [(Fraction(x[:-1]), Fraction(width[:-1])) for x, width in charts.strip(parts)]
    for (x, width), (following, _) in zip(cut, cut[1:], strict=False):
        assert abs(x + width - following) <= Fraction(1, 50)
    if sum(parts):
        assert abs(sum(width for _, width in cut) - 100) <= Fraction(len(parts), 100)


@given(amounts)
def test_every_line_of_a_waterfall_begins_where_the_last_one_ended(parts):
    lines = [(Bar(str(place), (part,), ""), "c1") for place, part in enumerate(parts)]
    drawing = charts.waterfall(title="t", desc="d", whole=Bar("all", (sum(parts),), ""), lines=lines)
    drawn = [rect for rect in drawing.rects if rect.css != "track"]
    assert len(drawn) == len(parts) + 1
    left = Fraction(100) if sum(parts) else Fraction(0)
    for rect in drawn[1:]:
        assert abs(Fraction(rect.x[:-1]) + Fraction(rect.width[:-1]) - left) <= Fraction(1, 50)
        left = Fraction(rect.x[:-1])


@given(st.lists(st.integers(min_value=-(10**9), max_value=10**9), min_size=2, max_size=12))
def test_a_series_stays_on_its_sheet_and_holds_until_it_changes(values):
    points = [Point(place, value, str(place), str(value)) for place, value in enumerate(values)]
    drawing = charts.series(title="t", desc="d", points=points, head=["When", "What"])
    for line in drawing.lines:
        assert 0 <= float(line.y1) <= drawing.height
        assert 0 <= float(line.x1[:-1] if line.x1 != "0" else 0) <= 100
        assert line.x1 == line.x2 or line.y1 == line.y2
    assert [row[1] for row in drawing.rows] == [str(value) for value in values]


@given(st.lists(st.integers(min_value=0, max_value=10**6), min_size=1, max_size=20))
def test_columns_are_as_tall_as_their_counts(counts):
    names = [str(place) for place in range(len(counts))]
    drawing = charts.columns(title="t", desc="d", counts=counts, ticks=names, names=names)
    tall = [float(rect.height) for rect in drawing.rects]
    assert max(tall) == pytest.approx((190 - 30 - 24) if any(counts) else 0)
    for rect, count in zip(drawing.rects, counts, strict=True):
        assert float(rect.height) == pytest.approx(136 * count / max(counts) if any(counts) else 0, abs=0.06)
        assert float(rect.y) >= 0


def test_a_drawing_says_the_same_in_a_table():
    from django.template import Context, Template

    drawing = charts.bars(
        title="Votes", desc="For 179, against 26", rows=[Bar("For", (179,), "179")], head=["", "Votes"]
    )
    html = Template('{% chart drawing "v" %}').render(Context({"drawing": drawing}))
    assert 'role="img" aria-labelledby="v-t v-d"' in html
    assert '<title id="v-t">Votes</title><desc id="v-d">For 179, against 26</desc>' in html
    assert '<th scope="row">For</th><td class="num">179</td>' in html
    assert "style=" not in html


def test_the_last_value_stands_above_a_line_that_falls_at_the_end():
    fell = charts.series(
        title="Bank", desc="", points=[Point(n, v, str(n), f"€{v}") for n, v in enumerate((90, 100, 100, 80))]
    )
    label = next(text for text in fell.texts if text.words == "€80")
    highest = min(float(line.y1) for line in fell.lines if "grid" not in line.css)
    assert float(label.y) < highest
