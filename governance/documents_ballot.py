"""The ballot paper to print: what the voting page asks, to be marked by hand in the room or at home.

Every copy is the same to the byte. It carries no number, name or code; the number two clerks read it by is written on
it when the urn is emptied.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coop.kernel.paper import compiled, language, letterhead

from .models import Ballot, Question
from .resolutions import in_words
from .selectors.ballots import with_questions
from .words import local


def ballot_pdf(ballot: Ballot, *, class_name: str = "", large: bool = False, posted: bool = False) -> bytes:
    """A released ballot's paper on A4; ``large`` in large print, ``posted`` with the declaration for the post.

    ``class_name`` is the class whose papers are counted apart, where there is one: a paper says so.
    """
    data = ballot_data(ballot, class_name=class_name, large=large, posted=posted)
    return compiled("ballot.typ", [data], ballot.released_at)


def ballot_data(ballot: Ballot, *, class_name: str = "", large: bool = False, posted: bool = False) -> dict[str, Any]:
    """Everything the paper says. It says nothing of who marks it."""
    coop, questions = ballot.coop, with_questions(ballot)
    over = _("Closes on %s") % local(ballot.closing, coop)
    return {
        "lang": language(),
        "large": large,
        "title": f"{_('Ballot paper')} · {ballot.title} · {coop.name}",
        "coop": letterhead(coop),
        "over": f"{over} · {_('Class: %s') % class_name}" if class_name else over,
        "headline": ballot.title,
        "lead": ballot.introduction,
        "rules": [
            _("Mark this paper yourself, alone, and show it to nobody."),
            _("Write nothing else on it, neither your name nor a sign: a paper that can be recognised is spoiled."),
            _("A question you leave empty is blank: you take part and choose nobody and nothing."),
            *([] if posted else [_("Fold it and put it into the urn. A spoiled paper is exchanged for a new one.")]),
        ],
        "parts": [_part(number, question) for number, question in enumerate(questions, start=1)],
        "clerks": _("For the clerks, once the urn is emptied and the papers are mixed: number of this paper"),
        "declaration": _declaration(ballot) if posted else None,
        "foot": _("What is put to the vote has the fingerprint %s") % _grouped(ballot.manifest_hash),
    }


def _grouped(digest: str) -> str:
    return " ".join(digest[at : at + 8] for at in range(0, 32, 8)) + " …"


def _part(number: int, question: Question) -> dict[str, Any]:
    kind = question.resolution_type
    return {
        "over": _("Question %s") % number,
        "title": question.title,
        "text": [line for line in question.text.splitlines() if line.strip()],
        "rule": " ".join(in_words(kind.conditions)) if kind else "",
        "how": _how(question),
        "options": [
            {
                "number": str(option.position + 1),
                "name": _answer(option.position) if question.is_motion else option.name,
                "statement": option.statement,
            }
            for option in question.options.all()
            if not option.withdrawn
        ],
    }


def _answer(position: int) -> str:
    return (_("For"), _("Against"), _("Abstain"))[position]


def _how(question: Question) -> str:
    """How a box is filled in."""
    if question.is_ranked:
        text = _(
            "Write 1 in the box beside your first choice, 2 beside your second, and go on for as long as you have a"
            " preference. A later choice never harms an earlier one."
        )
        alike = _("Options you like equally may have the same number.")
        return f"{text} {alike}" if question.method == Question.Method.SCHULZE else text
    if question.method == Question.Method.SCORE:
        low, high = question.score_range
        return _("Write a whole number from %(low)s to %(high)s in a box, or leave it empty for none.") % {
            "low": low,
            "high": high,
        }
    most = question.most_marks
    if most is None:
        return _("Put a cross in as many boxes as you like.")
    return ngettext("Put a cross in one box.", "Put a cross in %s boxes at most.", most) % ((most,) if most > 1 else ())


def _declaration(ballot: Ballot) -> dict[str, Any]:
    """What goes into the outer envelope beside the inner one: who sends it, apart from how they voted."""
    return {
        "headline": _("Declaration for a vote by post"),
        "lead": _("It says who votes, and travels apart from the paper. Without it the paper is not put into the urn."),
        "steps": [
            _("Mark the ballot paper and put it alone into the inner envelope. Seal it and write nothing on it."),
            _("Fill in and sign this sheet, and put it with the inner envelope into the outer one."),
            _("Send it to the address above. It must be with us before %s.") % local(ballot.closing, ballot.coop),
            _("There, this sheet is taken out first, and the sealed inner envelope goes unopened into the urn."),
        ],
        "words": _("I am the member named below, and I have marked the paper in the inner envelope myself."),
        "blanks": [_("Name"), _("Member number"), _("Signature"), _("Date")],
    }
