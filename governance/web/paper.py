"""A recorded ballot as a plain form: what was typed and clicked, moved up and down, and read as marks.

No script and no session: the whole paper travels in the form, and every button is a submit.
``rank-<question>-<option>`` is a number or nothing, ``mark-<question>`` a chosen option,
``score-<question>-<option>`` a score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.http import QueryDict
from django.utils.translation import gettext as _

from coop.kernel.errors import Refused

from ..models import Option, Question
from ..resolutions import in_words


@dataclass
class Line:
    """One option on the paper: its rank or score, whether it is marked, whether it can move."""

    option: Option
    rank: int | None = None
    marked: bool = False
    score: int | None = None
    is_first: bool = False
    is_last: bool = False
    focus: str = ""


@dataclass
class Part:
    """One question on the paper. ``ranked`` are in the voter's order, ``unranked`` in the paper's."""

    question: Question
    number: int
    lines: list[Line] = field(default_factory=list)
    error: str = ""
    blank: bool = True
    left_blank: bool = False  # the voter said so, or cast it so
    sorted: bool = False  # its button keeps the focus

    @property
    def ranked(self) -> list[Line]:
        lines = sorted((each for each in self.lines if each.rank), key=lambda each: (each.rank, each.option.position))
        for at, each in enumerate(lines):
            each.is_first, each.is_last = not at, at == len(lines) - 1
        return lines

    @property
    def unranked(self) -> list[Line]:
        return [each for each in self.lines if not each.rank]

    @property
    def numbers(self) -> range:
        return range(1, len(self.lines) + 1)

    @property
    def scores(self) -> range:
        low, high = self.question.score_range
        return range(low, high + 1)

    @property
    def kind(self) -> str:
        """Which part of the template draws it: ranks, one, some or scores."""
        method = Question.Method
        if self.question.is_ranked:
            return "ranks"
        if self.question.method in (method.MOTION, method.PLURALITY):
            return "one"
        return "scores" if self.question.method == method.SCORE else "some"

    @property
    def rule(self) -> list[str]:
        """A motion's conditions in words."""
        kind = self.question.resolution_type
        return in_words(kind.conditions) if kind else []

    @property
    def fields(self) -> list[tuple[str, str]]:
        """The part as hidden fields, for the review."""
        key = self.question.pk
        if self.kind == "ranks":
            return [(f"rank-{key}-{each.option.position}", str(each.rank)) for each in self.ranked]
        if self.kind == "scores":
            scored = [each for each in self.lines if each.score is not None]
            return [(f"score-{key}-{each.option.position}", str(each.score)) for each in scored]
        return [(f"mark-{key}", str(each.option.position)) for each in self.lines if each.marked]


def blank_paper(questions: Sequence[Question]) -> list[Part]:
    """The paper with nothing on it; options that have withdrawn are left off."""
    return [
        Part(question, number, [Line(option) for option in question.options.all() if not option.withdrawn])
        for number, question in enumerate(questions, start=1)
    ]


def of_marks(questions: Sequence[Question], marks: Mapping[str, list]) -> list[Part]:
    """The paper as it was cast."""
    parts = blank_paper(questions)
    for part in parts:
        mark = marks.get(str(part.question.pk))
        _fill(part, mark or [])
        part.left_blank = mark == []
    return parts


def _fill(part: Part, mark: list) -> None:
    by_position = {each.option.position: each for each in part.lines}
    if part.kind == "scores":
        for at, score in enumerate(mark):
            if at in by_position:
                by_position[at].score = score
    elif part.kind == "ranks":
        for rank, group in enumerate(mark, start=1):
            for at in group if isinstance(group, list) else [group]:
                by_position[at].rank = rank
    else:
        for at in mark:
            by_position[at].marked = True
    part.blank = not mark


def of_post(questions: Sequence[Question], post: QueryDict) -> list[Part]:
    """The paper as it was sent. What cannot be read stays off it; ``marks_of`` says so."""
    parts = blank_paper(questions)
    for part in parts:
        key = part.question.pk
        chosen = set(post.getlist(f"mark-{key}"))
        for line in part.lines:
            at = line.option.position
            line.marked = str(at) in chosen
            line.rank = _number(post.get(f"rank-{key}-{at}"), 1, len(part.lines))
            line.score = _number(post.get(f"score-{key}-{at}"), *part.question.score_range)
        part.left_blank = "" in chosen
        part.blank = not any(each.marked or each.rank or each.score is not None for each in part.lines)
    return parts


def _number(text: str | None, low: int, high: int) -> int | None:
    text = (text or "").strip()
    if not text.isascii() or not text.lstrip("-").isdigit() or len(text) > 6:
        return None
    return int(text) if low <= int(text) <= high else None


def move(parts: Sequence[Part], act: str) -> None:
    """Do what a button beside a candidate says: ``<question>:<option>:up``, ``down``, ``add``, ``off``, or ``:sort``.

    The order is numbered anew, so a number given twice or left out closes up. An act that names nothing does nothing.
    """
    question, _colon, rest = act.partition(":")
    at, _colon, what = rest.partition(":")
    part = next((each for each in parts if str(each.question.pk) == question and each.kind == "ranks"), None)
    if part is None:
        return
    order = part.ranked
    line = next((each for each in part.lines if str(each.option.position) == at), None)
    if line is not None and what != "sort":
        _place(order, line, what)
    part.sorted = what == "sort"
    for each in part.lines:
        each.rank = None
    for rank, each in enumerate(order, start=1):
        each.rank = rank


def _place(order: list[Line], line: Line, what: str) -> None:
    if line not in order:
        if what == "add":
            order.append(line)
            line.focus = "up"
        return
    at = order.index(line)
    to = {"up": at - 1, "down": at + 1}.get(what, at)
    if what == "off":
        order.remove(line)
        line.focus = "add"
    elif 0 <= to < len(order):
        order.insert(to, order.pop(at))
        # The button keeps the focus, so that it can be pressed again; at the end of the list the other one takes it.
        at_the_end = to in (0, len(order) - 1)
        line.focus = {"up": "down", "down": "up"}[what] if at_the_end and len(order) > 1 else what


def marks_of(parts: Sequence[Part]) -> dict[int, list]:
    """What the paper says, for the service. Refuses two candidates with one number where the rule needs an order."""
    return {part.question.pk: _mark_of(part) for part in parts}


def _mark_of(part: Part) -> list:
    if part.kind == "scores":
        scores: list[int | None] = [None] * part.question.options.count()
        for line in part.lines:
            scores[line.option.position] = line.score
        return [] if part.blank else scores
    if part.kind != "ranks":
        return [each.option.position for each in part.lines if each.marked]
    groups: dict[int, list[Line]] = {}
    for line in part.ranked:
        groups.setdefault(line.rank or 0, []).append(line)
    alike = part.question.method == Question.Method.SCHULZE
    for rank, group in groups.items():
        if len(group) > 1 and not alike:
            values = {"n": rank, "a": group[0].option.name, "b": group[1].option.name}
            raise Refused(
                "same_number",
                _("You gave the number %(n)s to %(a)s and to %(b)s; give each a number of their own.") % values,
                f"question:{part.question.pk}",
            )
    return [
        [each.option.position for each in group] if len(group) > 1 else group[0].option.position
        for group in groups.values()
    ]


def show_error(parts: Sequence[Part], refused: Refused) -> bool:
    """Put a refusal beside the question it belongs to; False if it belongs to none."""
    for part in parts:
        if refused.field == f"question:{part.question.pk}":
            part.error = refused.message
            return True
    return False
