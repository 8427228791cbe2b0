"""Voting letters to print: for window envelopes, one A4 a person, with the code that is kept nowhere else."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coop.kernel import square
from coop.kernel.paper import compiled, language, letterhead

from .models import Ballot, RollEntry
from .words import local

BESIDE = 8  # signs of a fingerprint that stand together


def voting_letters_pdf(
    ballot: Ballot, letters: Iterable[tuple[RollEntry, list[str], str]], address: str, at: datetime
) -> bytes:
    """All letters of a print run in one file. Each is the line on the roll, the lines of its address, and its code.

    ``address`` is the page on which the code is typed, as a browser needs it.
    """
    same = _same(ballot, address, at)
    sheets = [same | _own(entry, lines, code, address) for entry, lines, code in letters]
    return compiled("voting_letter.typ", sheets, at)


def _own(entry: RollEntry, lines: list[str], code: str, address: str) -> dict[str, Any]:
    rows = square.modules(f"{address}#{code}")  # what stands behind # is not sent to any server
    return {
        "address": [entry.name, *lines],
        "code": code,
        "square": {"path": square.svg_path(rows), "size": len(rows)},
    }


def _same(ballot: Ballot, address: str, at: datetime) -> dict[str, Any]:
    """What every letter of the run says alike."""
    coop, closes = ballot.coop, local(ballot.closing, ballot.coop)
    values = {"coop": coop.name, "title": ballot.title, "opens": local(ballot.opening, coop), "closes": closes}
    fingerprint = [ballot.manifest_hash[start : start + BESIDE] for start in range(0, 64, BESIDE)]
    return {
        "lang": language(),
        "title": f"{_('Voting letter')} · {ballot.title} · {coop.name}",
        "coop": letterhead(coop),
        "day": date_format(at.astimezone(ZoneInfo(coop.time_zone)), "j F Y"),
        "headline": ballot.title,
        "lead": _(
            "%(coop)s votes in secret on “%(title)s”. You can vote from %(opens)s until %(closes)s, in any browser, on"
            " a phone or a computer. You need no login and no e-mail address, only this code:"
        )
        % values,
        "code_word": _("Your code"),
        "square_alt": _("Square to read with the camera of a phone: opens the page and types the code"),
        "where": address.partition("://")[2],
        "steps": [
            _("Open this page, or hold the camera of a phone to the square:"),
            _("Type the code. The page shows a fingerprint: if it is not the one of this letter, do not vote."),
            _("Mark the paper, read it over, cast it, and keep the receipt it shows."),
        ],
        "notes": [
            _("Whoever has the code can vote in your place: show it to nobody. It works once, until the close."),
            _("Finish on the device you began on, or write down the recovery code that the page offers."),
            _("Would you rather vote on paper, or does the code not work? Ask the returning officer before the close."),
        ],
        "fingerprint_word": _("Fingerprint of everything that is put to the vote"),
        "fingerprint": " ".join(fingerprint),
        "closing": _("With kind regards"),
        "sender": _("The returning officer"),
    }
