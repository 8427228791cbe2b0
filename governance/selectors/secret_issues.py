"""What else must hold before a secret ballot is released: enough voters, short enough papers, a server log that is
silent, a folder for the keys."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from django.conf import settings
from django.utils.translation import gettext as _

from ..ballotbox.paper import BadPaper
from ..models import Ballot, Question
from . import secret
from .issue import Issue

MOST_UNITS = 20  # papers one browser casts in one sitting, some seconds between each two


def issues(ballot: Ballot, questions: Sequence[Question]) -> list[Issue]:
    """The issues of a secret ballot beyond those of every ballot."""
    return [
        *_too_few(ballot, questions),
        *_too_heavy(ballot, questions),
        *_too_long(questions),
        *_loud(),
        *_no_place_for_keys(),
    ]


def _too_few(ballot: Ballot, questions: Sequence[Question]) -> Iterator[Issue]:
    if ballot.roll is None or ballot.roll.frozen_at is None:
        return
    names = secret.groups(questions)
    for name, group in secret.sizes(ballot, names).items():
        size = group.voters
        if size >= settings.BALLOT_LEAST or (name == "" and size == 0 and len(names) > 1):
            continue
        values = {"n": size, "least": settings.BALLOT_LEAST, "name": name}
        if name:
            text = _("Only %(n)s in the class %(name)s may vote. Counted apart, fewer than %(least)s are not secret.")
        elif len(names) > 1:
            text = _("Only %(n)s voters are in no class counted apart; fewer than %(least)s are not secret.")
        else:
            text = _("Only %(n)s may vote. A vote of fewer than %(least)s is not secret; make it a recorded ballot.")
        yield Issue("too_few", text % values, "roll")


def _too_heavy(ballot: Ballot, questions: Sequence[Question]) -> Iterator[Issue]:
    """In a federation: the result must not tell how one member with many votes cast them."""
    if ballot.roll is None or ballot.roll.frozen_at is None or not ballot.roll.weighted:
        return
    for name, group in secret.sizes(ballot, secret.groups(questions)).items():
        values = {"most": group.most, "votes": group.votes, "least": settings.BALLOT_LEAST, "name": name}
        values |= {"at_once": MOST_UNITS}
        if group.most > MOST_UNITS:
            text = _(
                "One member has %(most)s votes. In secret each is a paper of its own, cast apart in time, and more than"
                " %(at_once)s cannot be; make it a recorded ballot."
            )
            yield Issue("too_many_votes", text % values, "roll")
        elif group.most * settings.BALLOT_LEAST > group.votes:
            text = _(
                "One member has %(most)s of %(votes)s votes. Where one has more than one in %(least)s, the result tells"
                " how they were cast; make it a recorded ballot."
            )
            if name:
                text = _(
                    "In the class %(name)s one member has %(most)s of %(votes)s votes. Where one has more than one in"
                    " %(least)s, the result tells how they were cast; make it a recorded ballot."
                )
            yield Issue("too_heavy", text % values, "roll")


def _too_long(questions: Sequence[Question]) -> Iterator[Issue]:
    try:
        secret.paper_bytes(questions)
    except BadPaper:
        yield Issue(
            "too_long", _("There are too many options for one sealed paper. Make two ballots of it."), "questions"
        )


def _loud() -> Iterator[Issue]:
    for name, value, stops in secret.loud_settings():
        values = {"name": name, "value": value}
        text = _(
            "PostgreSQL would write papers into its log (%(name)s is %(value)s). The operator must switch that off."
        )
        yield Issue("loud_log", text % values, warning=not stops)


def _no_place_for_keys() -> Iterator[Issue]:
    place = settings.BALLOT_KEYS
    while not place.exists() and place != place.parent:
        place = place.parent
    if not os.access(place, os.W_OK | os.X_OK):
        yield Issue("no_place_for_keys", _("The server cannot write the ballot’s keys. Tell the operator."))
