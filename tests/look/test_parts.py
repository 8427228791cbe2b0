"""The parts by themselves: what markup each tag makes, and that words stay words and markup stays markup."""

import datetime as dt
from types import SimpleNamespace

import pytest
from django.template import Context, Template
from django.test import RequestFactory


def draw(source, **context):
    return Template(source).render(Context(context))


def test_icons_are_drawn_from_the_sheet_and_never_spoken():
    assert draw('{% icon "ballot" %}') == (
        '<svg class="icon" aria-hidden="true"><use href="/static/coop/icons.svg#ballot"></use></svg>'
    )
    assert 'class="icon sm"' in draw('{% icon "search" "sm" %}')


def test_an_icon_that_is_not_in_the_sheet_is_an_error_not_a_gap():
    with pytest.raises(ValueError, match="no icon 'balot'"):
        draw('{% icon "balot" %}')


def test_every_icon_the_tag_knows_is_in_the_sheet(settings):
    from coop.kernel.templatetags.ui import ICONS

    sheet = (settings.BASE_DIR / "coop/kernel/static/coop/icons.svg").read_text()
    assert {name for name in ICONS if f'id="{name}"' not in sheet} == set()


@pytest.mark.parametrize(
    ("amount", "currency", "html"),
    [
        (123450, "EUR", '<data value="123450">€1,234.50</data>'),
        (-3475, "EUR", '<data value="-3475">−€34.75</data>'),
        (0, "GBP", '<data value="0">£0.00</data>'),
        (5000, "JPY", '<data value="5000">¥5,000</data>'),
        (None, "EUR", ""),
    ],
)
def test_money_keeps_its_minor_units_beside_the_words(amount, currency, html):
    assert draw("{{ amount|money:currency }}", amount=amount, currency=currency) == html


def test_a_gain_may_carry_its_plus():
    assert draw('{{ a|money_signed:"EUR" }} {{ b|money_signed:"EUR" }} {{ c|money_signed:"EUR" }}', a=1, b=0, c=-1) == (
        '<data value="1">+€0.01</data> <data value="0">€0.00</data> <data value="-1">−€0.01</data>'
    )


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [
        (179, 205, "87.3\xa0%"),
        (1, 3, "33.3\xa0%"),
        (0, 5, "0.0\xa0%"),
        (5, 5, "100.0\xa0%"),
        (1, 0, "–"),
        (-1, 40, "−2.5\xa0%"),
    ],
)
def test_shares_of_a_whole_are_exact_and_stay_on_one_line(part, whole, words):
    assert draw("{% percent part whole %}", part=part, whole=whole) == words


def test_days_and_moments_carry_a_machine_date_and_the_coops_own_clock():
    day = dt.date(2019, 3, 14)
    assert draw("{{ d|day }}", d=day) == '<time datetime="2019-03-14">14 Mar 2019</time>'
    assert "Thursday 14 March 2019" in draw('{{ d|day:"full" }}', d=day)
    close = dt.datetime(2026, 11, 20, 17, tzinfo=dt.UTC)
    berlin = SimpleNamespace(time_zone="Europe/Berlin")
    assert draw("{{ m|moment:coop }}", m=close, coop=berlin) == (
        '<time datetime="2026-11-20T18:00+01:00">20 November 2026, 18:00</time>'
    )
    assert draw("{{ m|moment }}", m=close).endswith("20 November 2026, 17:00\xa0UTC</time>")
    assert draw("{{ m|day }}{{ m|moment }}", m=None) == ""


@pytest.mark.parametrize(
    ("days", "state", "words"),
    [
        (4, "", "4<small>days left"),
        (1, "late", "1<small>day left"),
        (0, "late", "0<small>days left"),
        (-2, "stop", "2<small>days late"),
    ],
)
def test_a_clock_says_days_left_and_turns_when_they_are_over(days, state, words):
    html = draw(
        "{% clock until on=today %}", until=dt.date(2026, 11, 16) + dt.timedelta(days), today=dt.date(2026, 11, 16)
    )
    assert words in html
    assert ('data-is="' in html) is bool(state)
    assert state in html


def test_a_status_is_never_without_its_word_and_knows_only_five_states():
    assert draw('{% status "late" "Two instalments late" %}') == (
        '<span class="status" data-is="late">Two instalments late</span>'
    )
    with pytest.raises(ValueError, match="no state"):
        draw('{% status "green" "Fine" %}')


BLOCKS = [
    "{% card name side=name %}{{ name }}<b>bold</b>{% endcard %}",
    '{% notice "warn" name cite=name %}{{ name }}<b>bold</b>{% endnotice %}',
    '{% todo_item name front=name act=name url="/x/" %}{{ name }}<b>bold</b>{% endtodo_item %}',
    "{% fact name %}{{ name }}<b>bold</b>{% endfact %}",
    "{% kpi name note=name %}{{ name }}<b>bold</b>{% endkpi %}",
    "{% event name recorded=name %}{{ name }}<b>bold</b>{% endevent %}",
    '{% approval name "now" %}{{ name }}<b>bold</b>{% endapproval %}',
    "{% why name %}{{ name }}<b>bold</b>{% endwhy %}",
    '{% blank "inbox" name name %}{{ name }}<b>bold</b>{% endblank %}',
    "{% receipt name name name %}{{ name }}<b>bold</b>{% endreceipt %}",
    '{% confirm "dlg" name %}{{ name }}<b>bold</b>{% endconfirm %}',
    "{% title name over=name side=name %}{{ name }}<b>bold</b>{% endtitle %}",
    "{% banner name over=name %}{{ name }}<b>bold</b>{% endbanner %}",
    "{% datatable name %}{{ name }}<b>bold</b>{% enddatatable %}",
    "{% cell name %}{{ name }}<b>bold</b>{% endcell %}",
    '{% rowhead url="/x/" %}{{ name }}<b>bold</b>{% endrowhead %}',
    "{% acts %}{{ name }}<b>bold</b>{% endacts %}",
    '{% tabs name %}{% tablink name "/x/" %}<b>bold</b>{% endtabs %}',
    "{% scroll name %}{{ name }}<b>bold</b>{% endscroll %}",
    "{% steps name 1 name name %}<b>bold</b>",
    "{% progress 1 2 name name %}<b>bold</b>",
]


@pytest.mark.parametrize("source", BLOCKS, ids=lambda source: source.split()[1])
def test_words_are_escaped_and_markup_inside_a_part_is_not(source):
    html = draw(source, name="<script>Eve & Co</script>")
    assert "<script>" not in html
    assert "&lt;script&gt;Eve &amp; Co" in html
    assert "<b>bold</b>" in html
    assert "&amp;amp;" not in html
    assert "&lt;b&gt;" not in html


def test_a_card_without_a_known_option_says_what_it_has():
    with pytest.raises(TypeError, match="no colour; it has area"):
        draw('{% card "x" colour="red" %}{% endcard %}')


def test_a_card_is_named_by_its_heading():
    html = draw('{% card "What I own" area="ledger" tinted=True %}x{% endcard %}')
    assert '<section class="card tinted" data-area="ledger" aria-labelledby="what-i-own">' in html
    assert '<h2 id="what-i-own">What I own</h2>' in html


def test_steps_mark_what_is_done_and_where_one_is():
    html = draw('{% steps "Voting" 2 "Rank" "Review" "Receipt" %}')
    assert '<li data-is="done">Rank</li><li aria-current="step">Review</li><li>Receipt</li>' in html


def test_a_sorted_column_turns_round_and_forgets_the_page():
    request = RequestFactory().get("/?q=a&sort=name&page=3")
    html = draw('{% column "Name" sort="name" %}{% column "No." sort="number" %}', request=request)
    assert 'aria-sort="ascending"><a href="?q=a&amp;sort=-name">Name</a>' in html
    assert '<a href="?q=a&amp;sort=number">No.</a>' in html
    assert "page=" not in html


def test_pages_keep_the_rest_of_the_address():
    from django.core.paginator import Paginator

    request = RequestFactory().get("/?q=a%26b&page=2")
    html = draw("{% pages page %}", request=request, page=Paginator(range(30), 10).page(2))
    assert "11 to 20 of 30" in html
    assert 'rel="prev" href="?q=a%26b&amp;page=1"' in html
    assert 'rel="next" href="?q=a%26b&amp;page=3"' in html
    only = draw("{% pages page %}", request=request, page=Paginator(range(3), 10).page(1))
    assert "1 to 3 of 3" in only
    assert "Next" not in only


@pytest.mark.parametrize(
    ("state", "asks", "words"),
    [
        ("queued", True, "Waiting for its turn"),
        ("running", True, "3 of 9"),
        ("done", False, "See the result"),
        ("failed", False, "Line 14"),
    ],
)
def test_a_job_asks_again_only_while_it_is_open(state, asks, words):
    job = SimpleNamespace(
        pk=7, title="Posting", state=state, done=3, total=9, error="Line 14 is empty.", result_url="/r/"
    )
    html = draw('{% job job "/jobs/7/" %}', job=job)
    assert words in html
    assert ('hx-get="/jobs/7/"' in html) is asks


def test_a_stage_of_a_count_shows_bar_and_quota_or_the_hatch():
    html = draw('{% stage "46.18" 46 60 54 "+0.18" %}{% stage "out" 0 60 54 "" "out" %}')
    assert 'width="76.67%"' in html
    assert 'class="tick" x="90.00%"' in html
    assert '<td class="out"><span class="vh">out</span></td>' in html


def test_words_of_a_part_can_be_translated_where_they_stand():
    html = draw('{% title _("Nothing here") over=_("Sign in") %}{% endtitle %}')
    assert '<p class="over">Sign in</p>' in html
    assert "<h1>Nothing here</h1>" in html
    assert "lead" not in html


def test_the_grid_of_a_chart_lies_behind_its_columns():
    from coop.kernel import charts

    drawing = charts.columns(title="t", desc="d", counts=[1, 2], ticks=["", ""], names=["a", "b"])
    html = draw('{% chart drawing "g" %}', drawing=drawing)
    assert html.index('class="grid"') < html.index("<rect") < html.index('class="axis"')


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/141.0 Mobile Safari/537.36", "Chrome on Android"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1",
            "Safari on iPhone",
        ),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/141.0 Safari/537.36 Edg/141.0", "Edge on Windows"),
        ("curl/8.5", "Unknown browser"),
        ("<script>", "Unknown browser"),
    ],
)
def test_a_browser_is_named_as_a_person_would(agent, words):
    assert draw("{{ agent|browser }}", agent=agent) == words


def test_a_heading_does_not_break_inside_co_op():
    html = draw("{% title name %}{% endtitle %}", name="Corn <Co-op> & by-laws of the market-gardeners")
    assert '<h1>Corn &lt;<span class="nobr">Co-op</span>&gt; &amp; <span class="nobr">by-laws</span> of' in html
    assert "market-gardeners</h1>" in html
