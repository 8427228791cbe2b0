"""One question's result as every reader gets it: page, JSON, CSV and print take their figures and words from here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coop.kernel import charts

from .. import stored
from ..models import Question
from ..resolutions import said
from ..tally import Result, Round, decimal_string

MINUS = "\N{MINUS SIGN}"
MOST_DECIMALS = 5  # more are kept and downloaded, not shown


@dataclass(frozen=True, slots=True)
class Cell:
    """A candidate at a stage: the figure in words and exactly, what changed, and ``in``, ``out`` or nothing."""

    text: str
    exact: str
    value: Decimal
    note: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A candidate's way through the count."""

    name: str
    cells: tuple[Cell, ...]
    elected: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a question, ready to be shown: sentence, chart, stages, and each stage's reason."""

    question: Question
    result: Result
    sentence: str
    detail: str
    drawing: charts.Drawing
    rows: tuple[Row, ...]
    exhausted: tuple[str, ...]
    stages: tuple[str, ...]
    ties: tuple[str, ...]
    maximum: Decimal
    quota: Decimal | None
    elected: tuple[str, ...]

    @property
    def carried(self) -> bool | None:
        return self.result.carried

    @property
    def blank(self) -> int:
        return self.result.ballots - self.result.valid

    @property
    def has_stages(self) -> bool:
        """A count of one step is told by its chart."""
        return len(self.result.rounds) > 1

    @property
    def pairs(self) -> list[tuple[str, list[str]]]:
        """Schulze: each option with how many prefer it to each other one."""
        table = self.result.pairwise or ()
        return [
            (self.result.candidates[at], ["" if at == other else f"{votes:,}" for other, votes in enumerate(row)])
            for at, row in enumerate(table)
        ]

    @property
    def quota_text(self) -> str:
        return figure(self.result, self.result.quota) if self.result.quota is not None else ""


def names(said: Sequence[str]) -> str:
    """Names joined by commas and a last "and"."""
    if len(said) < 2:
        return "".join(said)
    return _("%(names)s and %(last)s") % {"names": ", ".join(said[:-1]), "last": said[-1]}


def figure(result: Result, votes: int) -> str:
    """Scaled votes as a person reads them: thousands apart, no trailing zeros, a real minus, five decimals at most."""
    whole, _dot, part = decimal_string(abs(votes), result.decimals).partition(".")
    part = part[:MOST_DECIMALS].rstrip("0")
    return (MINUS if votes < 0 else "") + f"{int(whole):,}" + (f".{part}" if part else "")


def _value(result: Result, votes: int) -> Decimal:
    return Decimal(votes).scaleb(-result.decimals)


def elected_names(result: Result) -> tuple[str, ...]:
    """Who is elected; nobody where no valid paper was cast and more stood than there are seats."""
    standing = len(result.candidates) - len(result.withdrawn)
    if not result.valid and standing > result.seats:
        return ()
    return result.winner_names


def outcome(question: Question, kept: dict) -> Outcome:
    """The outcome of a question out of its stored count."""
    result = stored.load(kept)
    elected = elected_names(result)
    top = max((v for each in result.rounds for v in each.votes if v is not None), default=0)
    top = max(top, result.quota or 0, 1)
    return Outcome(
        question=question,
        result=result,
        sentence=_sentence(question, result, elected),
        detail=_detail(question, result, kept),
        drawing=_drawing(question, result, elected),
        rows=tuple(_rows(result)),
        exhausted=tuple(figure(result, each.exhausted) for each in result.rounds),
        stages=tuple(_stages(result)),
        ties=tuple(_ties(result)),
        maximum=_value(result, top) * Decimal("1.1"),
        quota=None if result.quota is None or question.is_motion else _value(result, result.quota),
        elected=elected,
    )


# --- in words ----------------------------------------------------------------------------------------------


def _sentence(question: Question, result: Result, elected: Sequence[str]) -> str:
    values = {"title": question.title, "names": names(elected)}
    if question.is_motion:
        votes = result.rounds[0].votes
        values |= {"for": f"{votes[0]:,}", "against": f"{votes[1]:,}"}
        if result.carried:
            return _("“%(title)s” is carried by %(for)s to %(against)s.") % values
        return _("“%(title)s” is not carried: %(for)s for it, %(against)s against.") % values
    if not elected:
        return _("Nobody is elected in “%(title)s”: no valid paper was cast.") % values
    return ngettext("%(names)s is elected.", "%(names)s are elected.", len(elected)) % values


def _detail(question: Question, result: Result, kept: dict) -> str:
    """The arithmetic behind the sentence, in words."""
    if question.is_motion:
        arithmetic = said(kept["conditions"], result.tests, kept.get("scales", ()))
        return " ".join([*arithmetic, *filter(None, [kept.get("cite")])])
    valid = f"{result.valid:,}"
    if result.method == "scottish-stv" and result.quota is not None:
        text = _("The quota is %(quota)s: %(valid)s valid papers divided by %(parts)s, and one.")
        return text % {"quota": figure(result, result.quota), "valid": valid, "parts": result.seats + 1}
    if result.explanation:
        return " ".join(result.explanation)
    if result.method == "meek-stv":
        return _("The quota falls as papers run out of choices; each stage names its own.")
    return result.rounds[0].note if result.rounds else ""


def _stages(result: Result) -> Iterator[str]:
    previous: Round | None = None
    for each in result.rounds:
        yield " ".join(filter(None, (_what_happened(result, each, previous), _who_got_in(result, each))))
        previous = each


def _what_happened(result: Result, each: Round, previous: Round | None) -> str:
    if result.method not in ("scottish-stv", "meek-stv", "irv"):
        return each.note
    who = result.candidates[each.subject] if each.subject is not None else ""
    if each.action == "surplus" and previous is not None and each.subject is not None:
        return _surplus(result, each.subject, each, previous)
    if each.action == "exclusion" and previous is not None:
        moved = sum(previous.votes[at] or 0 for at in each.eliminated)
        text = ngettext(
            "%(name)s had the fewest and is out. %(votes)s vote moves to the next choice on that paper.",
            "%(name)s had the fewest and is out. %(votes)s votes move to the next choice on those papers.",
            1 if moved == 10**result.decimals else 2,
        )
        return text % {"name": who, "votes": figure(result, moved)}
    parts = [_("First choices are counted.")] if previous is None else []
    if result.method == "meek-stv" and each.quota is not None:
        parts.append(_("The quota is %s.") % figure(result, each.quota))
    if each.eliminated:
        values = {"name": names([result.candidates[at] for at in each.eliminated])}
        values["votes"] = figure(result, each.votes[each.eliminated[0]] or 0)
        parts.append(_("%(name)s has the fewest, %(votes)s, and is out.") % values)
    elif not each.elected and result.quota is not None:
        parts.append(_("Nobody has %s yet.") % figure(result, result.quota))
    return " ".join(parts)


def _surplus(result: Result, who: int, each: Round, previous: Round) -> str:
    before, after = previous.votes[who] or 0, each.votes[who] or 0
    values = {
        "name": result.candidates[who],
        "surplus": figure(result, before - after),
        "votes": figure(result, before),
    }
    # Every paper that candidate holds moves on at its worth times surplus ÷ votes (SI 2007/42, rule 48).
    share = Fraction(before - after, before) if before else Fraction(0)
    values["share"] = figure(result, int(share * 10**result.decimals))
    text = _(
        "%(name)s has %(surplus)s more than the quota. Each paper moves on with %(share)s of what it was worth:"
        " %(surplus)s divided by %(votes)s."
    )
    return text % values


def _who_got_in(result: Result, each: Round) -> str:
    """Those who reached the quota, and those for whom seats were left (SI 2007/42, rule 50)."""
    quota = each.quota if each.quota is not None else result.quota
    quota = quota if result.method in ("scottish-stv", "meek-stv") else None
    over = [at for at in each.elected if quota is None or (each.votes[at] or 0) >= quota]
    rest = [at for at in each.elected if at not in over]
    parts = []
    if over:
        text = ngettext("%(names)s is elected.", "%(names)s are elected.", len(over))
        parts.append(text % {"names": names([result.candidates[at] for at in over])})
    if rest:
        text = ngettext(
            "No more are left than there are seats: %(names)s is elected.",
            "No more are left than there are seats: %(names)s are elected.",
            len(rest),
        )
        parts.append(text % {"names": names([result.candidates[at] for at in rest])})
    return " ".join(parts)


def _ties(result: Result) -> Iterator[str]:
    what = {
        "surplus": _("whose surplus moves first"),
        "elimination": _("who is out"),
        "seat": _("who is elected"),
        "order": _("who is named first"),
    }
    by = {
        "earlier stage": _("the votes at an earlier stage decided"),
        "seed": _("the lot fixed before opening decided"),
        "order": _("the order on the paper decided"),
    }
    for tie in result.ties:
        yield _("Stage %(stage)s: %(names)s had the same votes. As to %(what)s, %(by)s: %(chosen)s.") % {
            "stage": tie.round,
            "names": names([result.candidates[at] for at in tie.between]),
            "what": what[tie.purpose],
            "by": by[tie.by],
            "chosen": result.candidates[tie.chosen],
        }


# --- in figures --------------------------------------------------------------------------------------------


def _order(result: Result) -> list[int]:
    """The elected as they were elected, then the others by how long they lasted and how many votes they had."""
    out = {at: number for number, each in enumerate(result.rounds) for at in each.eliminated}
    last = {at: max((each.votes[at] or 0 for each in result.rounds), default=0) for at in range(len(result.candidates))}
    rest = [at for at in range(len(result.candidates)) if at not in result.winners and at not in result.withdrawn]
    rest.sort(key=lambda at: (-out.get(at, len(result.rounds)), -last[at], at))
    return [*result.winners, *rest]


def _rows(result: Result) -> Iterator[Row]:
    for at in _order(result) if result.rounds else ():
        cells, state, before = [], "", None
        for each in result.rounds:
            votes = each.votes[at] or 0
            gone = state == "out" or (at in each.eliminated and each.action == "exclusion")
            if gone:
                cells.append(Cell(_("out"), result.show(votes), _value(result, votes), "", "out"))
                state = "out"
                continue
            note = "" if before is None or votes == before else _difference(result, votes - before)
            if at in each.elected:
                state, note = "in", _("elected")
            cells.append(Cell(figure(result, votes), result.show(votes), _value(result, votes), note, state))
            if at in each.eliminated:
                state = "out"
            before = votes
        yield Row(result.candidates[at], tuple(cells), at in result.winners)


def _difference(result: Result, votes: int) -> str:
    return figure(result, votes) if votes < 0 else f"+{figure(result, votes)}"


def _drawing(question: Question, result: Result, elected: Sequence[str]) -> charts.Drawing:
    if question.is_motion:
        return _motion_drawing(question, result)
    bars, best = [], {}
    for at in _order(result) if result.rounds else ():
        first = result.rounds[0].votes[at] or 0
        best[at] = max(each.votes[at] or 0 for each in result.rounds)
        moved = best[at] - first
        name = result.candidates[at]
        label = _("%s · elected") % name if name in elected else name
        cells = (figure(result, first), figure(result, moved), figure(result, best[at]))
        bars.append(
            charts.Bar(
                label,
                (_value(result, first), _value(result, moved)) if len(result.rounds) > 1 else (_value(result, first),),
                figure(result, best[at]),
                strong=name in elected,
                cells=cells if len(result.rounds) > 1 else (figure(result, first),),
            )
        )
    many = len(result.rounds) > 1
    quota = result.quota if result.method in ("scottish-stv", "irv") else None
    top = max([*best.values(), quota or 0, 1])
    head = [_("Candidate"), _("First choices"), _("By transfer"), _("Best")] if many else [_("Candidate"), _("Votes")]
    return charts.bars(
        title=_("Votes of each candidate at their best stage") if many else _("Votes of each candidate"),
        desc=_sentence(question, result, elected),
        rows=bars,
        series=[(_("First choices"), "c3"), (_("Moved from other candidates"), "c4")] if many else [("", "c3")],
        head=head,
        maximum=_value(result, top) * Decimal("1.2"),
        rule=charts.Rule(_value(result, quota), _("quota %s") % figure(result, quota)) if quota else None,
    )


def _motion_drawing(question: Question, result: Result) -> charts.Drawing:
    labels = [_("For"), _("Against"), _("Abstained")]
    colours = ["c5", "c1", "c6"]
    votes = [v or 0 for v in result.rounds[0].votes]
    return charts.bars(
        title=_("Votes on “%s”") % question.title,
        desc=", ".join(f"{label} {count:,}" for label, count in zip(labels, votes, strict=False)),
        rows=[
            charts.Bar(label, (count,), f"{count:,}", strong=not at, css=css)
            for at, (label, count, css) in enumerate(zip(labels, votes, colours, strict=False))
        ],
        head=[_("Answer"), _("Votes")],
        maximum=max(sum(votes), 1),
    )
