"""The sheet on which a member is put forward by hand, for whoever has no login."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coop.kernel.paper import compiled, language, letterhead

from .models import NominationCall
from .selectors.nominations import rule_in_words
from .words import local


def nomination_form_pdf(call: NominationCall) -> bytes:
    """The form of a call: who stands, who puts them forward, who seconds; to fill in and sign by hand."""
    return compiled("form.typ", [nomination_form_data(call)], call.opens_at)


def nomination_form_data(call: NominationCall) -> dict[str, Any]:
    """Everything the form says. Its rules are the call's own, and it has room for as many seconders as they ask."""
    coop, question = call.coop, call.question
    blanks = [_("Name"), _("Member number"), _("Signature"), _("Date")]
    stands = _("I stand, and take the seat if I am elected.")
    if call.not_employed:
        stands += " " + _("I declare that the co-op does not employ me.")
    parts = [
        {
            "heading": _("Who stands"),
            "words": stands,
            "wide": [_("Who I am, in a sentence: it stands beside my name on the paper")],
            "blanks": blanks,
        },
        {
            "heading": _("Who puts them forward"),
            "words": _("I put the member above forward. Whoever stands may put themselves forward."),
            "blanks": blanks,
        },
    ]
    if call.seconders:
        words = ngettext("One other member seconds it.", "%s other members second it, each once.", call.seconders)
        parts.append(
            {
                "heading": ngettext("Who seconds it", "Who second it", call.seconders),
                "words": words % call.seconders if call.seconders > 1 else words,
                "blanks": blanks * call.seconders,
            }
        )
    return {
        "lang": language(),
        "title": f"{_('Nomination')} · {question.title} · {coop.name}",
        "coop": letterhead(coop),
        "over": f"{question.title} · {question.ballot.title}",
        "headline": _("Nomination"),
        "lead": _("This sheet must be with the returning officer before %s.") % local(call.closes_at, coop)
        + " "
        + _("Everybody who signs it is told as soon as it is entered."),
        "parts": parts,
        "rules": rule_in_words(call),
        "foot": f"{coop.name} · {question.title}",
    }
