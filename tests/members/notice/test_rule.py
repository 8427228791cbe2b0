"""The notice rule: a table of cases worked out by hand, properties of any rule, and what is no rule."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from members.notice import PRESETS, NoticeRule, issues, notice, received_day
from members.notice.rule import add_months

GENG = PRESETS["de-geng"]
TWO_YEARS = PRESETS["de-geng-two-years"]
UK = PRESETS["uk-ccbsa"]
THREE_YEARS = PRESETS["three-years-to-31-december"]
MONTH = PRESETS["us-month-end"]
SEPTEMBER = NoticeRule("fixed_month_end", months=6, month=9)
BOTH = NoticeRule("any_day", months=1, days=14)
LONG = NoticeRule("fiscal_year_end", months=3, minimum_months=24)

# rule, day received, month the fiscal year ends, member since → last day, last day to give notice for it, a line
CASES = [
    # GenG § 65: three months to the end of the fiscal year
    (GENG, "2026-09-30", 12, None, "2026-12-31", "2026-09-30", "runs out on 30 December 2026"),
    (GENG, "2026-10-01", 12, None, "2027-12-31", "2027-09-30", "runs out on 1 January 2027"),
    (GENG, "2026-01-01", 12, None, "2026-12-31", "2026-09-30", "ends on 31 December 2026"),
    (GENG, "2026-12-31", 12, None, "2027-12-31", "2027-09-30", "runs out on 31 March 2027"),
    (GENG, "2028-02-29", 12, None, "2028-12-31", "2028-09-30", "runs out on 29 May 2028"),
    (GENG, "2026-03-31", 6, None, "2026-06-30", "2026-03-31", "runs out on 30 June 2026"),
    (GENG, "2026-04-01", 6, None, "2027-06-30", "2027-03-31", "runs out on 1 July 2026"),
    (GENG, "2027-11-30", 2, None, "2028-02-29", "2027-11-30", "ends on 29 February 2028"),
    (GENG, "2027-12-01", 2, None, "2029-02-28", "2028-11-30", "runs out on 1 March 2028"),
    (GENG, "2026-11-30", 2, None, "2027-02-28", "2026-11-30", "may arrive until 30 November 2026"),
    (GENG, "2026-06-30", 9, None, "2026-09-30", "2026-06-30", "ends on 30 September 2026"),
    (GENG, "2026-07-01", 9, None, "2027-09-30", "2027-06-30", "paid back within 6 months of it: by 30 March 2028"),
    # two years to the end of the fiscal year
    (TWO_YEARS, "2026-12-31", 12, None, "2028-12-31", "2026-12-31", "notice period of 24 months"),
    (TWO_YEARS, "2027-01-01", 12, None, "2029-12-31", "2027-12-31", "runs out on 1 January 2029"),
    (TWO_YEARS, "2026-02-28", 2, None, "2028-02-29", "2026-02-28", "runs out on 28 February 2028"),
    (TWO_YEARS, "2024-02-29", 2, None, "2026-02-28", "2024-02-29", "runs out on 28 February 2026"),
    # three years to 31 December, whatever the fiscal year
    (THREE_YEARS, "2026-12-31", 6, None, "2029-12-31", "2026-12-31", "fixed day of the year"),
    (THREE_YEARS, "2027-01-01", 6, None, "2030-12-31", "2027-12-31", "runs out on 1 January 2030"),
    (THREE_YEARS, "2028-02-29", 12, None, "2031-12-31", "2028-12-31", "runs out on 28 February 2031"),
    # UK rules: days
    (UK, "2026-03-01", 12, None, "2026-03-29", "2026-03-01", "28 days runs out on 29 March 2026"),
    (UK, "2026-12-31", 12, None, "2027-01-28", "2026-12-31", "on 28 January 2027"),
    (UK, "2027-02-28", 3, None, "2027-03-28", "2027-02-28", "when the period has run out"),
    (UK, "2028-02-28", 3, None, "2028-03-27", "2028-02-28", "runs out on 27 March 2028"),
    (PRESETS["uk-ninety-days"], "2026-10-02", 12, None, "2026-12-31", "2026-10-02", "90 days"),
    (PRESETS["uk-ninety-days"], "2027-12-02", 12, None, "2028-03-01", "2027-12-02", "runs out on 1 March 2028"),
    # a month to the end of a month
    (MONTH, "2026-01-31", 12, None, "2026-02-28", "2026-01-31", "runs out on 28 February 2026"),
    (MONTH, "2028-01-31", 12, None, "2028-02-29", "2028-01-31", "month's end from then on is 29 February 2028"),
    (MONTH, "2026-02-01", 12, None, "2026-03-31", "2026-02-28", "runs out on 1 March 2026"),
    (MONTH, "2026-11-30", 12, None, "2026-12-31", "2026-11-30", "runs out on 30 December 2026"),
    (MONTH, "2026-12-01", 12, None, "2027-01-31", "2026-12-31", "by 31 January 2028"),
    # a fixed month plus months
    (SEPTEMBER, "2026-03-30", 12, None, "2026-09-30", "2026-03-31", "may arrive until 31 March 2026"),
    (SEPTEMBER, "2026-03-31", 12, None, "2026-09-30", "2026-03-31", "runs out on 30 September 2026"),
    (SEPTEMBER, "2026-04-01", 12, None, "2027-09-30", "2027-03-31", "runs out on 1 October 2026"),
    (SEPTEMBER, "2028-02-29", 12, None, "2028-09-30", "2028-03-31", "runs out on 29 August 2028"),
    # months and days; at once; a shortest membership
    (BOTH, "2026-01-31", 12, None, "2026-03-14", "2026-01-31", "one month and 14 days runs out on 14 March 2026"),
    (NoticeRule(), "2026-05-05", 12, None, "2026-05-05", "2026-05-05", "arrives on 5 May 2026"),
    (
        LONG,
        "2026-02-01",
        12,
        "2025-08-15",
        "2027-12-31",
        "2027-09-30",
        "at least 24 months, that is until 14 August 2027",
    ),
    (LONG, "2026-02-01", 12, "2020-08-15", "2026-12-31", "2026-09-30", "ends on 31 December 2026"),
    (LONG, "2026-02-01", 12, "2025-01-01", "2026-12-31", "2026-09-30", "until 31 December 2026"),
]


def day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


@pytest.mark.parametrize(
    ("rule", "received", "year_end", "since", "last_day", "received_by", "line"),
    CASES,
    ids=lambda value: value if isinstance(value, str) and len(value) == 10 else "",
)
def test_the_table(rule, received, year_end, since, last_day, received_by, line):
    told = notice(rule, day(received), fiscal_year_end_month=year_end, member_since=day(since))
    assert (told.last_day, told.received_by) == (day(last_day), day(received_by))
    words = [str(each) for each in told.lines]
    assert any(line in each for each in words), words
    assert words[0].startswith("Your notice arrives on")
    assert all(each.endswith(".") for each in words)


def test_the_table_is_long_enough():
    assert len(CASES) >= 30


@pytest.mark.parametrize(
    ("moment", "zone", "expected"),
    [
        ("2026-09-30T21:59:59", "Europe/Berlin", "2026-09-30"),
        ("2026-09-30T22:00:00", "Europe/Berlin", "2026-10-01"),
        ("2026-12-31T22:59:59", "Europe/Berlin", "2026-12-31"),
        ("2026-12-31T23:00:00", "Europe/Berlin", "2027-01-01"),
        ("2026-10-01T04:30:00", "America/New_York", "2026-10-01"),
        ("2026-10-01T03:30:00", "America/New_York", "2026-09-30"),
        ("2026-09-30T15:00:00", "Asia/Tokyo", "2026-10-01"),
        ("2026-03-29T00:30:00", "Europe/London", "2026-03-29"),
    ],
)
def test_the_day_is_the_co_ops_own(moment, zone, expected):
    arrived = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert received_day(arrived, zone) == day(expected)


def test_a_moment_without_a_zone_is_no_moment():
    with pytest.raises(ValueError, match="time zone"):
        received_day(datetime(2026, 1, 1), "UTC")  # noqa: DTZ001


@pytest.mark.parametrize(
    "data",
    [
        {"to": "never"},
        {"months": -1},
        {"months": 1.5},
        {"months": True},
        {"days": 99999},
        {"to": "fixed_month_end"},
        {"to": "fixed_month_end", "month": 13},
        {"month": 3},
        {"weeks": 2},
    ],
)
def test_what_is_no_rule_is_refused_with_a_sentence(data):
    with pytest.raises(ValueError, match=r"\.$"):
        NoticeRule.of(data)


def test_what_german_law_objects_to():
    assert issues(GENG, "de-geng") == []
    assert len(issues(NoticeRule("any_day", days=28, payout_months=12), "de-geng")) == 3
    assert issues(NoticeRule("fiscal_year_end", months=61), "de-geng") == [
        "The period is at most five years (GenG § 65 (2))."
    ]
    assert issues(UK, "uk-ccbsa") == []


RULES = st.one_of(
    st.builds(
        NoticeRule,
        st.sampled_from(["any_day", "month_end", "fiscal_year_end"]),
        st.integers(0, 60),
        st.integers(0, 120),
    ),
    st.builds(
        lambda months, month: NoticeRule("fixed_month_end", months, 0, month), st.integers(0, 60), st.integers(1, 12)
    ),
)
DAYS = st.dates(date(1990, 1, 1), date(2200, 12, 31))


@given(RULES, DAYS, st.integers(1, 12))
def test_the_last_day_is_the_first_admissible_one(rule, received, year_end):
    told = notice(rule, received, fiscal_year_end_month=year_end)
    assert told.last_day >= add_months(received, rule.months) + timedelta(days=rule.days)
    assert told.received_by >= received
    same = notice(rule, told.received_by, fiscal_year_end_month=year_end)
    late = notice(rule, told.received_by + timedelta(days=1), fiscal_year_end_month=year_end)
    assert same.last_day == told.last_day < late.last_day


@given(RULES, DAYS, st.integers(0, 400), st.integers(1, 12))
def test_who_gives_notice_later_never_leaves_earlier(rule, received, more, year_end):
    earlier = notice(rule, received, fiscal_year_end_month=year_end)
    later = notice(rule, received + timedelta(days=more), fiscal_year_end_month=year_end)
    assert earlier.last_day <= later.last_day


def test_the_words_of_the_first_founded_co_ops_are_still_read():
    assert NoticeRule.of({"kind": "year_end", "months": 3}) == NoticeRule("fiscal_year_end", months=3)
    assert NoticeRule.of({"kind": "days", "days": 90}) == NoticeRule(days=90)
    with pytest.raises(ValueError, match="has no kind"):
        NoticeRule.of({"kind": "whenever"})
