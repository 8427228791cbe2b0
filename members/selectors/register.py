"""The register as it was on a day, as it was known at a moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from django.db import connection

from members.replay import ENDINGS, STATES

# One row per membership, out of the events in force: recorded by then, effective by then, not corrected by then.
STANDING = """
    SELECT e.membership_id AS id,
           min(e.effective_on) FILTER (WHERE e.kind = 'admitted') AS admitted_on,
           max(e.effective_on) FILTER (WHERE e.kind = 'activated') AS active_on,
           (array_agg(e.kind ORDER BY e.effective_on DESC, e.place DESC)
              FILTER (WHERE e.kind = ANY(%(state_kinds)s)))[1] AS kind,
           (array_agg(e.member_class_id ORDER BY e.effective_on DESC, e.place DESC)
              FILTER (WHERE e.member_class_id IS NOT NULL))[1] AS class_id,
           (array_agg(e.ends_on ORDER BY e.effective_on DESC, e.place DESC)
              FILTER (WHERE e.kind = ANY(%(ending_kinds)s)))[1] AS ends_on,
           (array_agg(e.ending ORDER BY e.effective_on DESC, e.place DESC)
              FILTER (WHERE e.kind = ANY(%(ending_kinds)s)))[1] AS ending
      FROM members_membershipevent e
     WHERE e.coop_id = %(coop)s AND e.membership_id IS NOT NULL
       AND e.effective_on <= %(at)s AND e.recorded_at <= %(known)s
       AND NOT EXISTS (SELECT FROM members_membershipevent c
                        WHERE c.corrects_id = e.id AND c.recorded_at <= %(known)s)
     GROUP BY e.membership_id
    HAVING min(e.effective_on) FILTER (WHERE e.kind = 'admitted') IS NOT NULL
"""

# Who held a membership at the moment it is known at, where that record was merged or taken apart since.
HELD = """
    SELECT DISTINCT ON (v.key) v.key, v.from_party_id FROM members_partymove v
     WHERE v.coop_id = %(coop)s AND v.what = 'membership' AND v.recorded_at > %(known)s
     ORDER BY v.key, v.id
"""


def standing_parameters(coop, as_at: date, known: datetime) -> dict:
    """The values ``STANDING`` takes."""
    return {
        "coop": coop.pk,
        "at": as_at,
        "known": known,
        "state_kinds": list(STATES),
        "ending_kinds": list(ENDINGS),
    }


@dataclass(frozen=True, slots=True)
class RegisterLine:
    """One membership as the register showed it."""

    membership_id: int
    party_id: int
    number: int
    kind: str
    name: str
    sort_name: str
    family_name: str
    given_names: str
    firm: str
    register_court: str
    register_number: str
    street: str
    postcode: str
    place: str
    country: str
    email: str
    class_id: int
    class_name: str
    state: str
    admitted_on: date
    active_on: date | None
    ends_on: date | None
    ending: str

    @property
    def number_text(self) -> str:
        return f"{self.number:04d}"

    @property
    def address(self) -> str:
        return ", ".join(filter(None, (self.street, " ".join(filter(None, (self.postcode, self.place))), self.country)))


def _in_force(table: str, columns: str, extra: str = "") -> str:
    return f"""
        SELECT DISTINCT ON (d.party_id) d.party_id, {columns}
          FROM {table} d
         WHERE d.coop_id = %(coop)s AND d.valid_from <= %(at)s AND d.recorded_at <= %(known)s {extra} {{parties}}
           AND NOT EXISTS (SELECT FROM {table} c WHERE c.corrects_id = d.id AND c.recorded_at <= %(known)s)
         ORDER BY d.party_id, d.valid_from DESC, d.id DESC
    """  # noqa: S608 - names of our own tables


_BELONGS = "(%(former)s OR (s.kind <> 'exit_effective' AND (s.ends_on IS NULL OR s.ends_on >= %(at)s)))"
_NAME = "d.family_name, d.given_names, d.firm, d.register_court, d.register_number"
_REGISTER = f"""
    WITH standing AS ({STANDING}),
    names AS ({_in_force("members_partyname", _NAME)}),
    addresses AS ({_in_force("members_partyaddress", "d.street, d.postcode, d.place, d.country")}),
    mails AS ({_in_force("members_partycontact", "d.value", "AND d.kind = 'email'")}),
    held AS ({HELD})
    SELECT m.id, p.id, m.number, p.kind, p.name, p.sort_name, n.family_name, n.given_names, n.firm,
           n.register_court, n.register_number, a.street, a.postcode, a.place, a.country, e.value, s.class_id, k.name,
           s.kind, s.admitted_on, s.active_on, s.ends_on, s.ending
      FROM standing s
      JOIN members_membership m ON m.id = s.id
      LEFT JOIN held h ON h.key = m.id
      JOIN members_party p ON p.id = coalesce(h.from_party_id, m.party_id)
      JOIN members_membershipclass k ON k.id = s.class_id
      LEFT JOIN names n ON n.party_id = p.id
      LEFT JOIN addresses a ON a.party_id = p.id
      LEFT JOIN mails e ON e.party_id = p.id
     WHERE {_BELONGS} {{memberships}}
     ORDER BY m.number
"""  # noqa: S608 - no outside text
ONE_STATEMENT = _REGISTER.format(parties="", memberships="")
_OF_A_PAGE = _REGISTER.format(
    parties="AND d.party_id = ANY(%(parties)s)", memberships="AND s.id = ANY(%(memberships)s)"
)
_KEYS = f"""
    WITH standing AS ({STANDING}), held AS ({HELD})
    SELECT m.id, coalesce(h.from_party_id, m.party_id)
      FROM standing s JOIN members_membership m ON m.id = s.id LEFT JOIN held h ON h.key = m.id
     WHERE {_BELONGS}
     ORDER BY m.number
"""  # noqa: S608 - no outside text


def register(coop, as_at: date, as_known_at: datetime, *, former: bool = False) -> list[RegisterLine]:
    """Everyone on the register on ``as_at``, as the register knew it at the moment ``as_known_at``, by number.

    ``former`` adds those who had left by then. One query. A member counts through the last day of membership.
    """
    return _read(ONE_STATEMENT, {**standing_parameters(coop, as_at, as_known_at), "former": former})


def _read(statement: str, parameters: dict) -> list[RegisterLine]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [_line(row, parameters["at"]) for row in cursor]


class RegisterPages(Sequence[RegisterLine]):
    """The same lines for a reader who turns pages: who belongs is found once, the rest for a page's lines only.

    One query for the length, one for each slice.
    """

    def __init__(self, coop, as_at: date, as_known_at: datetime):
        self._parameters = {**standing_parameters(coop, as_at, as_known_at), "former": False}

    @cached_property
    def _keys(self) -> list[tuple[int, int]]:
        with connection.cursor() as cursor:
            cursor.execute(_KEYS, self._parameters)
            return cursor.fetchall()

    def __len__(self) -> int:
        return len(self._keys)

    def __getitem__(self, at):
        if not isinstance(at, slice):
            return self[at : at + 1 or None][0]
        if not (keys := self._keys[at]):
            return []
        memberships, parties = map(list, zip(*keys, strict=True))
        return _read(_OF_A_PAGE, {**self._parameters, "memberships": memberships, "parties": parties})


def _line(row, as_at: date) -> RegisterLine:
    (pk, party, number, kind, name, sort_name, family, given, firm, court, register_number) = row[:11]
    street, postcode, place, country, mail = row[11:16]
    class_id, class_name, event, admitted_on, active_on, ends_on, ending = row[16:]
    dated = firm or " ".join(filter(None, (given, family)))
    return RegisterLine(
        membership_id=pk,
        party_id=party,
        number=number,
        kind=kind,
        name=dated or name,
        sort_name=firm or ", ".join(filter(None, (family, given))) or sort_name,
        family_name=family or "",
        given_names=given or "",
        firm=firm or "",
        register_court=court or "",
        register_number=register_number or "",
        street=street or "",
        postcode=postcode or "",
        place=place or "",
        country=country or "",
        email=mail or "",
        class_id=class_id,
        class_name=class_name,
        state="ended" if ends_on is not None and ends_on < as_at else STATES[event],
        admitted_on=admitted_on,
        active_on=active_on,
        ends_on=ends_on,
        ending=ending or "",
    )
