"""When a membership would end if notice came on a day, and under which rule."""

from __future__ import annotations

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from members.models import Membership
from members.notice import PRESETS, Notice, NoticeRule, add_months, notice

from .people import terms_in_force


def rule_for(membership: Membership, on: date) -> NoticeRule:
    """The notice rule of the member's class on that day; where the by-laws say none, that of the co-op's law."""
    terms = terms_in_force(membership.coop, on).get(membership.member_class_id)
    if terms is not None and terms.notice_rule:
        return NoticeRule.of(terms.notice_rule)
    return PRESETS.get(membership.coop.law, PRESETS["generic"])


def notice_of(membership: Membership, received_on: date) -> Notice:
    """What a notice arriving that day amounts to."""
    return notice(
        rule_for(membership, received_on),
        received_on,
        fiscal_year_end_month=membership.coop.fiscal_year_end_month,
        member_since=membership.admitted_on,
    )


def payout_by(membership: Membership) -> date | None:
    """The day by which what is theirs is paid back to somebody who left; None while nothing ends.

    By the rule that held when notice came, or on the last day where none was given.
    """
    if membership.ends_on is None:
        return None
    rule = rule_for(membership, membership.notice_on or membership.ends_on)
    return add_months(membership.ends_on, rule.payout_months)


def arithmetic(worked_out: Notice) -> list[str]:
    """The notice's lines in the reader's language."""
    return [
        _(line.sentence)
        % {key: date_format(value, "j F Y") if isinstance(value, date) else value for key, value in line.values.items()}
        for line in worked_out.lines
    ]
