"""The minutes as they are printed: what was signed, the signatures, and what was put right after."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coop.kernel.paper import compiled, language, letterhead

from .models import Meeting, Minutes
from .selectors.minutes import signatures_of
from .words import local


def minutes_pdf(minutes: Minutes) -> bytes:
    """The minutes on A4; drafts say that nobody has signed them."""
    return compiled("minutes.typ", [minutes_data(minutes)], minutes.drawn_at)


def minutes_data(minutes: Minutes) -> dict[str, Any]:
    """Everything the paper says, out of the body that is signed and nothing else, with its signatures and addenda."""
    said, coop = minutes.said, minutes.meeting.coop
    signatures = signatures_of(minutes)
    return {
        "lang": language(),
        "title": f"{_('Minutes')} · {said['title']} · {coop.name}",
        "coop": letterhead(coop),
        "over": _("Minutes") if any(s.addendum_id is None for s in signatures) else _("Draft, not signed"),
        "headline": said["title"],
        "facts": _facts(said),
        "agenda_heading": _("Agenda"),
        "agenda": said["agenda"],
        "present_heading": _("Who was there"),
        "present": [
            [f"{each['number']:04d}", each["name"], _("online") if each["online"] else ""] for each in said["present"]
        ],
        "present_note": present_in_words(said),
        "course_heading": _("The course of the meeting"),
        "course": [line for line in said["course"].splitlines() if line.strip()],
        "decided_heading": _("What was decided"),
        "decided": [
            {"heading": f"{each['number']} {each['title']}", "text": each["text"], "sentence": each["sentence"]}
            for each in said["resolutions"]
        ]
        + [{"heading": each["title"], "text": "", "sentence": each["sentence"]} for each in said["elections"]],
        "addenda": [
            {
                "heading": _("Addendum %(number)s, %(at)s")
                % {"number": each.number, "at": local(each.written_at, coop)},
                "text": each.text,
                "signed": [_signed(s, coop) for s in signatures if s.addendum_id == each.pk],
                "sha256": each.sha256,
            }
            for each in minutes.addenda.all()
        ],
        "signed_heading": _("Signed"),
        "signed": [_signed(each, coop) for each in signatures if each.addendum_id is None],
        "sum": _("SHA-256 of what is signed"),
        "sha256": minutes.sha256,
        "foot": f"{coop.name} · {said['title']}",
    }


def _facts(said: dict) -> list[list[str]]:
    begins = date_format(datetime.fromisoformat(said["starts_at"]), "j F Y, H:i")
    rows = [
        [_("Held"), f"{begins}, {said['place']}".rstrip(", ")],
        [_("How"), str(Meeting.Form(said["form"]).label)],
        [_("Chair"), said["chair"]],
        [_("Record date"), _day(said["record_date"])],
    ]
    if said["notice_on"]:
        rows.append([_("Notice sent"), _day(said["notice_on"])])
    if said["guests"]:
        rows.append([_("Guests"), said["guests"]])
    return rows


def present_in_words(said: dict) -> str:
    """How many were there, and how many votes they held by proxy, out of how many on the roll."""
    values = {
        "n": len(said["present"]),
        "online": sum(each["online"] for each in said["present"]),
        "proxies": len(said["proxies"]),
    }
    text = ngettext(
        "%(n)s member was there (%(online)s online), and %(proxies)s by proxy.",
        "%(n)s members were there (%(online)s online), and %(proxies)s by proxy.",
        values["n"],
    )
    text = text % values
    if said["roll"]:
        text += " " + _("%(eligible)s of %(size)s on the roll may vote.") % said["roll"]
    return text


def _signed(signature, coop) -> str:
    values = {
        "name": signature.signed_by.display_name,
        "role": signature.get_role_display(),
        "at": local(signature.signed_at, coop),
    }
    return _("%(name)s, %(role)s, %(at)s") % values


def _day(iso: str) -> str:
    return date_format(date.fromisoformat(iso), "j F Y")
