"""What a voter marked, made into what is kept: refuses with a sentence, never guesses what was meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from coop.kernel.errors import Refused

from ..models import Option, Question


def clean_marks(questions: Sequence[Question], marks: Mapping[Any, Any]) -> dict[str, list]:
    """Every question's mark by its id, in the form ``RecordedVote.marks`` keeps; a question left out is blank."""
    given = {str(key): mark for key, mark in marks.items()}
    if unknown := set(given) - {str(question.pk) for question in questions}:
        raise Refused("other_question", _("Question %s is not on this ballot.") % sorted(unknown)[0])
    return {str(question.pk): clean_mark(question, given.get(str(question.pk), [])) for question in questions}


def clean_mark(question: Question, mark: Any) -> list:
    """One question's mark. Field of a refusal: ``question:<id>``."""
    options = {option.position: option for option in question.options.all()}
    if not isinstance(mark, list | tuple):
        raise _bad(question, _("the marks must be a list"))
    if question.method == Question.Method.SCORE:
        return _scores(question, mark, options)
    if question.method == Question.Method.SCHULZE:
        groups = [part if isinstance(part, list | tuple) else [part] for part in mark]
        _check_positions(question, [each for group in groups for each in group], options)
        if any(not group for group in groups):
            raise _bad(question, _("a rank is empty"))
        return [sorted(group) if len(group) > 1 else group[0] for group in groups]
    _check_positions(question, mark, options)
    if question.is_ranked:
        return list(mark)
    most = question.most_marks
    if most is not None and len(mark) > most:
        raise _bad(question, _("at most %s may be marked") % most)
    return sorted(mark)


def _check_positions(question: Question, positions: Sequence[Any], options: Mapping[int, Option]) -> None:
    seen = set()
    for at in positions:
        if isinstance(at, bool) or not isinstance(at, int) or at not in options:
            raise _bad(question, _("option %s is not on the paper") % str(at)[:40])
        if options[at].withdrawn:
            raise _bad(question, _("“%s” has withdrawn") % options[at].name)
        if at in seen:
            raise _bad(question, _("“%s” is marked twice") % options[at].name)
        seen.add(at)


def _scores(question: Question, mark: Sequence[Any], options: Mapping[int, Option]) -> list:
    low, high = question.score_range
    if not mark:
        return []
    if len(mark) != len(options):
        raise _bad(question, _("give one score, or none, for each of the %s options") % len(options))
    for score in mark:
        whole = isinstance(score, int) and not isinstance(score, bool)
        if score is not None and not (whole and low <= score <= high):
            raise _bad(question, _("a score is a whole number from %(low)s to %(high)s") % {"low": low, "high": high})
    return [] if all(score is None for score in mark) else list(mark)


def _bad(question: Question, what: str) -> Refused:
    sentence = _("In “%(title)s”: %(what)s.") % {"title": question.title, "what": what}
    return Refused("bad_marks", sentence, f"question:{question.pk}")
