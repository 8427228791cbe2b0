"""``(rule, day received, fiscal year) → last day, pay-out day, the arithmetic in sentences``.

A rule is a period (months, days) and a day the membership may end on: any, the end of a month, of the fiscal year, or
of a fixed month. A period of months ends on the day that has the same number, or on the month's last where there is
none, and the day of receipt does not count (BGB §§ 187 (1), 188 (2)–(3); in England the corresponding-date rule of
Dodds v Walker [1981] 1 WLR 1027). The membership ends with the first admissible day that is not before the end of the
period. The last day still belongs to the membership.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

ANY_DAY, MONTH_END, FISCAL_YEAR_END, FIXED_MONTH_END = "any_day", "month_end", "fiscal_year_end", "fixed_month_end"
ENDS = (ANY_DAY, MONTH_END, FISCAL_YEAR_END, FIXED_MONTH_END)
WRITTEN_BEFORE = {"days": ANY_DAY, "year_end": FISCAL_YEAR_END}  # the words of the first founded co-ops' by-laws
DAY = timedelta(days=1)


def _(sentence: str) -> str:
    """Marks a sentence for translation; whoever shows it translates it."""
    return sentence


@dataclass(frozen=True, slots=True)
class NoticeRule:
    """A class's rule. ``month`` 1 to 12 goes with ``fixed_month_end``; the others are never negative.

    ``minimum_months`` is the shortest membership there can be; ``payout_months`` the time after the last day within
    which the shares are paid back; ``cite`` where it is written.
    """

    to: str = ANY_DAY
    months: int = 0
    days: int = 0
    month: int = 0
    minimum_months: int = 0
    payout_months: int = 0
    cite: str = ""

    def __post_init__(self) -> None:
        if self.to not in ENDS:
            raise ValueError(f"A membership ends with {', '.join(ENDS)}; {self.to!r} is none of them.")
        for name in ("months", "days", "month", "minimum_months", "payout_months"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 3660:
                raise ValueError(f"{name} is a whole number from 0 to 3660, not {value!r}.")
        if (self.to == FIXED_MONTH_END) != (1 <= self.month <= 12):
            raise ValueError("A fixed month is 1 to 12, and only where the membership ends with a fixed month.")

    @classmethod
    def of(cls, data: Mapping[str, object]) -> NoticeRule:
        """A rule out of a class's ``notice_rule``; empty means at once. Raises ``ValueError`` with a sentence."""
        if (kind := data.get("kind")) in WRITTEN_BEFORE:  # terms are never edited, so theirs are read for ever
            data = {"to": WRITTEN_BEFORE[str(kind)], **{key: data[key] for key in data if key != "kind"}}
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(data) - known):
            raise ValueError(f"A notice rule has no {', '.join(unknown)}.")
        return cls(**data)  # type: ignore[arg-type]


# What laws and common by-laws say. Data to start from: the co-op's own by-laws go first; ask your adviser.
PRESETS: dict[str, NoticeRule] = {
    "de-geng": NoticeRule(FISCAL_YEAR_END, months=3, payout_months=6, cite="GenG § 65 (2), § 73 (2)"),
    "de-geng-two-years": NoticeRule(FISCAL_YEAR_END, months=24, payout_months=6, cite="GenG § 65 (2)"),
    "uk-ccbsa": NoticeRule(ANY_DAY, days=28, payout_months=6, cite="the society's rules"),
    "uk-ninety-days": NoticeRule(ANY_DAY, days=90, payout_months=6, cite="the society's rules"),
    "three-years-to-31-december": NoticeRule(FIXED_MONTH_END, months=36, month=12, payout_months=6, cite="by-laws"),
    "us-month-end": NoticeRule(MONTH_END, months=1, payout_months=12, cite="by-laws"),
    "generic": NoticeRule(),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One step of the arithmetic: a sentence with ``%(name)s`` places, and what stands in them."""

    sentence: str
    values: Mapping[str, object]

    def __str__(self) -> str:
        return self.sentence % {name: _plain(value) for name, value in self.values.items()}


@dataclass(frozen=True, slots=True)
class Notice:
    """What a notice amounts to. ``received_by`` is the last day to give notice for that same last day."""

    received_on: date
    last_day: date
    received_by: date
    payout_by: date
    lines: tuple[Line, ...]


def received_day(moment: datetime, zone: str) -> date:
    """The calendar day on which something arrived where the co-op is. ``moment`` is aware."""
    if moment.tzinfo is None:
        raise ValueError("A moment needs a time zone.")
    return moment.astimezone(ZoneInfo(zone)).date()


def notice(
    rule: NoticeRule, received_on: date, *, fiscal_year_end_month: int = 12, member_since: date | None = None
) -> Notice:
    """The last day of a membership whose notice arrives on ``received_on``, and how it comes about."""
    runs_out = _after(rule, received_on)
    not_before = runs_out
    if member_since is not None and rule.minimum_months:
        not_before = max(runs_out, add_months(member_since, rule.minimum_months) - DAY)
    last_day = next(end for end in _ends(rule, not_before, fiscal_year_end_month) if end >= not_before)
    received_by = _latest(rule, last_day)
    payout_by = add_months(last_day, rule.payout_months)
    lines = _lines(rule, received_on, runs_out, not_before, last_day, received_by, payout_by)
    return Notice(received_on, last_day, received_by, payout_by, lines)


def add_months(day: date, months: int) -> date:
    """The day with the same number so many months on, or the month's last day where it has no such number."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def month_end(year: int, month: int) -> date:
    """The last day of a month."""
    return date(year, month, calendar.monthrange(year, month)[1])


def issues(rule: NoticeRule, law: str) -> list[str]:
    """What a law would object to in a rule. It warns; the by-laws stay the co-op's own."""
    found = []
    if law == "de-geng":
        if rule.to != FISCAL_YEAR_END:
            found.append(_("A German co-operative's members leave at the end of a fiscal year (GenG § 65 (1))."))
        if rule.months < 3:
            found.append(_("The period is at least three months (GenG § 65 (2))."))
        if rule.months > 60:
            found.append(_("The period is at most five years (GenG § 65 (2))."))
        if rule.payout_months > 6:
            found.append(_("Shares are paid back within six months of leaving (GenG § 73 (2))."))
    return found


def _after(rule: NoticeRule, received_on: date) -> date:
    return add_months(received_on, rule.months) + timedelta(days=rule.days)


def _latest(rule: NoticeRule, last_day: date) -> date:
    day = add_months(last_day - timedelta(days=rule.days), -rule.months)
    while _after(rule, day + DAY) <= last_day:  # months differ in length: at most three steps
        day += DAY
    return day


def _ends(rule: NoticeRule, start: date, fiscal_year_end_month: int) -> Iterator[date]:
    """The days a membership may end on, from about ``start`` on."""
    if rule.to == ANY_DAY:
        yield start
        return
    if rule.to == MONTH_END:
        yield month_end(start.year, start.month)
        return
    month = rule.month if rule.to == FIXED_MONTH_END else fiscal_year_end_month
    yield month_end(start.year, month)
    yield month_end(start.year + 1, month)


_WHEN = {
    ANY_DAY: _("The membership ends when the period has run out: on %(last_day)s."),
    MONTH_END: _("A membership ends with a month; the first month's end from then on is %(last_day)s."),
    FISCAL_YEAR_END: _("A membership ends with a fiscal year; the first one to end from then on ends on %(last_day)s."),
    FIXED_MONTH_END: _("A membership ends on a fixed day of the year; the first one from then on is %(last_day)s."),
}


def _lines(
    rule: NoticeRule,
    received_on: date,
    runs_out: date,
    not_before: date,
    last_day: date,
    received_by: date,
    payout_by: date,
) -> tuple[Line, ...]:
    lines = [Line(_("Your notice arrives on %(received_on)s."), {"received_on": received_on})]
    if rule.months or rule.days:
        lines.append(Line(_period(rule), {"months": rule.months, "days": rule.days, "runs_out": runs_out}))
    if not_before > runs_out:
        shortest = _("A membership lasts at least %(months)s months, that is until %(not_before)s.")
        lines.append(Line(shortest, {"months": rule.minimum_months, "not_before": not_before}))
    lines.append(Line(_WHEN[rule.to], {"last_day": last_day}))
    if rule.to != ANY_DAY and not_before == runs_out:
        latest = _("For that day notice may arrive until %(received_by)s; one day later is too late for it.")
        lines.append(Line(latest, {"received_by": received_by}))
    if rule.payout_months:
        payout = _("What is yours is paid back within %(months)s months of it: by %(payout_by)s.")
        lines.append(Line(payout, {"months": rule.payout_months, "payout_by": payout_by}))
    return tuple(lines)


def _period(rule: NoticeRule) -> str:
    if rule.months == 1 and rule.days:
        return _("The notice period of one month and %(days)s days runs out on %(runs_out)s.")
    if rule.months and rule.days:
        return _("The notice period of %(months)s months and %(days)s days runs out on %(runs_out)s.")
    if rule.months == 1:
        return _("The notice period of one month runs out on %(runs_out)s.")
    if rule.months:
        return _("The notice period of %(months)s months runs out on %(runs_out)s.")
    return _("The notice period of %(days)s days runs out on %(runs_out)s.")


def _plain(value: object) -> object:
    return f"{value.day} {value:%B %Y}" if isinstance(value, date) else value
