"""Who may vote on a day, and why: one row per membership."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coop.kernel import clock
from members.replay import STATES

from .register import STANDING, standing_parameters


@dataclass(frozen=True, slots=True)
class RollLine:
    """One membership on the record date: may it vote, and the reasons in words."""

    membership_id: int
    number: int
    name: str
    class_id: int
    class_name: str
    eligible: bool
    reasons: tuple[str, ...]


_ROLL = f"""
    WITH standing AS ({STANDING}),
    terms AS (
        SELECT DISTINCT ON (t.member_class_id) t.member_class_id, t.votes, t.household
          FROM members_classterms t JOIN members_bylaws b ON b.id = t.bylaws_id
         WHERE t.coop_id = %(coop)s AND b.effective_on <= %(at)s
         ORDER BY t.member_class_id, b.effective_on DESC
    ),
    homes AS (
        SELECT DISTINCT ON (h.membership_id) h.membership_id, h.household_id, h.votes
          FROM members_householdstanding h
         WHERE h.coop_id = %(coop)s AND h.effective_on <= %(at)s AND h.recorded_at <= %(known)s
         ORDER BY h.membership_id, h.effective_on DESC, h.id DESC
    )
    SELECT m.id, m.number, p.name, s.class_id, k.name, s.kind, s.admitted_on, t.votes, t.household,
           h.household_id, CASE WHEN h.votes THEN h.household_id END, p.died_on
      FROM standing s
      JOIN members_membership m ON m.id = s.id
      JOIN members_party p ON p.id = m.party_id
      JOIN members_membershipclass k ON k.id = s.class_id
      LEFT JOIN terms t ON t.member_class_id = s.class_id
      LEFT JOIN homes h ON h.membership_id = m.id
     WHERE s.kind <> 'exit_effective' AND (s.ends_on IS NULL OR s.ends_on >= %(at)s)
     {{only}}
     ORDER BY m.number
"""  # noqa: S608 - no outside text


def roll_candidates(coop, on: date, *, membership=None) -> list[RollLine]:
    """Every membership on the register on ``on``, by number, with yes or no and the reasons. One query.

    It reads the events in force on that day as they are known now, so somebody who joins or pays later is not made
    eligible by it. ``membership`` narrows it to one, for that member's own page.
    """
    parameters = standing_parameters(coop, on, clock.now())
    only = ""
    if membership is not None:
        only, parameters["membership"] = "AND m.id = %(membership)s", membership.pk
    day = date_format(on, "j F Y")
    with connection.cursor() as cursor:
        cursor.execute(_ROLL.format(only=only), parameters)
        rows = cursor.fetchall()
    said: dict[tuple, tuple[bool, tuple[str, ...]]] = {}  # a day's worth of members have the same reasons
    lines = []
    for pk, number, name, class_id, class_name, kind, admitted_on, votes, policy, household, votes_for, died_on in rows:
        facts = (class_name, kind, admitted_on, votes, policy, household is None, votes_for is None, died_on)
        if facts not in said:
            said[facts] = _standing(facts, on, day)
        lines.append(RollLine(pk, number, name, class_id, class_name, *said[facts]))
    return lines


def _standing(facts: tuple, on: date, day: str) -> tuple[bool, tuple[str, ...]]:
    class_name, kind, admitted_on, votes, policy, lives_alone, casts_none, died_on = facts
    against = []
    if died_on is not None and died_on <= on:
        against.append(_("This member has died."))
    if STATES[kind] == "admitted":
        against.append(_("The first share was not paid by %(day)s.") % {"day": day})
    if kind == "suspended":
        against.append(_("The membership was suspended on %(day)s.") % {"day": day})
    if kind == "expelled":
        against.append(_("The member was expelled before %(day)s.") % {"day": day})
    if not votes:
        against.append(_("%(class)s members have no vote under the by-laws.") % {"class": class_name})
    elif policy == "one_vote" and not lives_alone and casts_none:
        against.append(_("Somebody else casts the one vote of this household."))
    if against:
        return False, tuple(against)
    reasons = (
        _("On the register on %(day)s, member since %(since)s.")
        % {"day": day, "since": date_format(admitted_on, "j F Y")},
        _("In good standing: the first share is paid."),
        _("%(class)s members have one vote.") % {"class": class_name},
    )
    return True, reasons
