"""Which days make sense where somebody types one: the rule of each, and the sentence that names what is wrong."""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import Min
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coop.kernel import clock
from coop.kernel.errors import Refused
from members.ages import OLDEST, age_on
from members.models import Membership, Party, PartyName

FIRST = date(1800, 1, 1)  # no register kept under these laws is older: Rochdale 1844, GenG 1889
AHEAD = timedelta(days=6 * 366)  # notice takes up to five years, to the end of a fiscal year (GenG § 65 (2))
WRITTEN_WITHIN = timedelta(days=366)  # an application that waited longer was answered long ago, or is mistyped
ANNOUNCED = timedelta(days=366)  # how long before a change of name or address is announced


def refuse_received(day: date, today: date, field: str = "received_on") -> None:
    """Refuse a day on which a letter written down ``today`` was not received: one to come, or a year ago."""
    if day > today:
        raise Refused("in_the_future", _("An application cannot be received on a day still to come."), field)
    if day < today - WRITTEN_WITHIN:
        raise Refused(
            "long_ago",
            _("Received on %s? An application is written down within a year; look at the year.") % _said(day),
            field,
        )


def refuse_born(day: date | None, on: date, field: str = "born_on") -> None:
    """Refuse a birthday nobody can have who applies ``on`` a day; none at all is fine."""
    if day is None:
        return
    if day > on:
        raise Refused("born_later", _("Nobody applies before they are born."), field)
    if age_on(day, on) > OLDEST:
        raise Refused(
            "born_long_ago",
            _("Born on %(day)s? Nobody is over %(years)s years old; look at the year.")
            % {"day": _said(day), "years": OLDEST},
            field,
        )


def refuse_holds_from(party: Party, day: date, *, ahead: bool, field: str = "on") -> None:
    """Refuse a day from which a change cannot hold: before the party was on record, or further than a year to come.

    ``ahead`` says whether it may lie in the future at all, as a name or a postal address may.
    """
    today = clock.today(party.coop)
    if day == today:
        return
    if day > today + ANNOUNCED:
        raise Refused(
            "too_far_ahead",
            _("Holds from %s? A change is written down a year ahead at most; look at the year.") % _said(day),
            field,
        )
    if day > today and not ahead:
        raise Refused(
            "in_the_future",
            _("An e-mail address or telephone number holds at once; write it down when that day has come."),
            field,
        )
    named = PartyName.objects.filter(party=party).aggregate(day=Min("valid_from"))["day"]
    admitted = Membership.objects.filter(party=party).aggregate(day=Min("admitted_on"))["day"]
    first = min(filter(None, (named, admitted)), default=today)
    if day < first:
        raise Refused(
            "before_the_first",
            _("%(name)s is on record since %(day)s; nothing holds from a day before that.")
            % {"name": party.name, "day": _said(first)},
            field,
        )


def refuse_reading(coop, as_at: date, known: date) -> None:
    """Refuse to read the register as at a day it cannot tell of, or as known on one that is still to come."""
    today = clock.today(coop)
    if known > today:
        raise Refused("in_the_future", _("Nobody knows yet what will be known that day."), "known")
    if as_at > today + AHEAD:
        raise Refused(
            "too_far_ahead",
            _("As at %(day)s? The register reads ahead until %(last)s, as no notice to leave takes longer.")
            % {"day": _said(as_at), "last": _said(today + AHEAD)},
            "as_at",
        )
    for field, day in (("as_at", as_at), ("known", known)):
        if day < FIRST:
            raise Refused(
                "long_ago",
                _("%(day)s? The register reads back to %(first)s; look at the year.")
                % {"day": _said(day), "first": _said(FIRST)},
                field,
            )


def _said(day: date) -> str:
    return date_format(day, "j F Y")
