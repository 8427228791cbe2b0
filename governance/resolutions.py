"""Kinds of resolution between the database, the pure tally and words: conditions in, ``tally.Resolution`` out."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.kernel.errors import Refused

from .tally import Test
from .tally.motion import DENOMINATORS


def _share(value: Any, what: str) -> list[int]:
    if (
        not isinstance(value, list | tuple)
        or len(value) != 2
        or any(isinstance(n, bool) or not isinstance(n, int) for n in value)
        or value[1] < 1
        or not 0 <= value[0] <= value[1]
    ):
        raise Refused("not_a_share", _("%s must be a share such as 2 of 3.") % what, "conditions")
    return [value[0], value[1]]


def clean(condition: dict) -> dict:
    """A condition with every key named, its numbers checked. Refuses what the count could not apply."""
    unknown = set(condition) - {"denominator", "ratio", "at_least", "quorum", "of_class", "cap"}
    if unknown:
        raise Refused("condition_unknown", _("A condition has no “%s”.") % sorted(unknown)[0], "conditions")
    denominator = condition.get("denominator", "for+against")
    of_class = condition.get("of_class") or None
    if denominator not in DENOMINATORS or denominator == "class" and of_class is None:
        raise Refused("denominator", _("“%s” is not a number votes can be a share of.") % denominator, "conditions")
    quorum = condition.get("quorum")
    if isinstance(quorum, list | tuple):
        quorum = _share(quorum, _("The quorum"))
    elif quorum is not None and (isinstance(quorum, bool) or not isinstance(quorum, int) or quorum < 0):
        raise Refused("quorum", _("A quorum is a number of members or a share of the roll."), "conditions")
    return {
        "denominator": denominator,
        "ratio": _share(condition.get("ratio", [1, 2]), _("The majority")),
        "at_least": bool(condition.get("at_least", False)),
        "quorum": quorum,
        "of_class": of_class,
        "cap": _cap(condition.get("cap"), of_class),
    }


def _cap(cap: Any, of_class: str | None) -> dict | None:
    if cap is None:
        return None
    if not isinstance(cap, dict) or set(cap) != {"of_class", "share"} or not isinstance(cap["of_class"], str):
        raise Refused("cap", _("A cap names a class and the share of the votes it may have."), "conditions")
    share = _share(cap["share"], _("A cap"))
    if of_class is not None or not cap["of_class"].strip() or not 0 < share[0] < share[1]:
        raise Refused("cap", _("A cap lies between none and all of the votes of everybody."), "conditions")
    return {"of_class": cap["of_class"].strip(), "share": share}


def classes_of(conditions: Iterable[dict]) -> set[str]:
    """The classes whose votes must be counted apart."""
    named = {each["of_class"] for each in conditions} | {(each.get("cap") or {}).get("of_class") for each in conditions}
    return {name for name in named if name}


WORDS = {
    "for+against": gettext_lazy("the votes for and against"),
    "cast": gettext_lazy("all votes cast, abstentions included"),
    "present": gettext_lazy("everybody who takes part"),
    "roll": gettext_lazy("everybody on the roll"),
    "class": gettext_lazy("everybody in that class"),
}
SHARES = {
    Fraction(1, 2): gettext_lazy("half"),
    Fraction(2, 3): gettext_lazy("two thirds"),
    Fraction(3, 4): gettext_lazy("three quarters"),
    Fraction(4, 5): gettext_lazy("four fifths"),
    Fraction(9, 10): gettext_lazy("nine tenths"),
    Fraction(1, 1): gettext_lazy("the whole"),
}


def share(ratio: Iterable[int]) -> str:
    """A share as people say it: half, two thirds, 11/20."""
    exact = Fraction(*ratio)
    return str(SHARES.get(exact) or f"{exact.numerator}/{exact.denominator}")


def percent(part: int, whole: int) -> str:
    """``87.3 %``, from the exact fraction, with a no-break space."""
    tenths = round(Fraction(part, whole) * 1000)
    return f"{tenths // 10}.{tenths % 10}\N{NO-BREAK SPACE}%"


def in_words(conditions: Iterable[dict]) -> list[str]:
    """Each condition as a voter reads it: "More than half of the votes for and against must be in favour." """
    lines = []
    for each in conditions:
        values = {"share": share(each["ratio"]), "of": WORDS[each["denominator"]]}
        if each["at_least"]:
            text = _("At least %(share)s of %(of)s must be in favour.") % values
        else:
            text = _("More than %(share)s of %(of)s must be in favour.") % values
        quorum = each["quorum"]
        if isinstance(quorum, list):
            text += " " + _("At least %(part)s in %(whole)s on the roll must take part.") % dict(
                zip(("part", "whole"), quorum, strict=True)
            )
        elif quorum:
            text += " " + _("At least %s members must take part.") % quorum
        if cap := each.get("cap"):
            capped = _("The class %(name)s together counts for at most %(share)s of the votes.")
            text += " " + capped % {"name": cap["of_class"], "share": share(cap["share"])}
        lines.append(_in_class(each, text))
    return lines


COUNTED = {
    "for+against": gettext_lazy("%(have)s of the %(of)s who said for or against were for it: %(percent)s."),
    "cast": gettext_lazy("%(have)s of the %(of)s who voted, abstentions included, were for it: %(percent)s."),
    "present": gettext_lazy("%(have)s of the %(of)s who took part were for it: %(percent)s."),
    "roll": gettext_lazy("%(have)s of the %(of)s on the roll were for it: %(percent)s."),
    "class": gettext_lazy("%(have)s of the %(of)s in the class were for it: %(percent)s."),
}


def said(conditions: Iterable[dict], tests: Iterable[Test], scales: Iterable[int] = ()) -> list[str]:
    """The arithmetic of a count in words, condition by condition: first the quorum, where there is one.

    ``scales`` are what the tests' numbers were multiplied by where a class is capped (``motions.Decided.scales``).
    """
    lines, left, by = [], iter(tests), iter(scales)
    for each in conditions:
        text = ""
        if each["quorum"] is not None:
            text = quorum_said(next(left)) + " "
            next(by, 1)
        scale = next(by, 1)
        text += _majority_said(each, next(left), scale)
        if scale != 1:
            cap = each["cap"]
            text += " " + _("The class %(name)s together counts for %(share)s of the votes, no more.") % {
                "name": cap["of_class"],
                "share": share(cap["share"]),
            }
        lines.append(_in_class(each, text))
    return lines


def _in_class(condition: dict, text: str) -> str:
    if not condition["of_class"]:
        return text
    return _("In the class %(name)s: %(text)s") % {"name": condition["of_class"], "text": text}


def quorum_said(test: Test) -> str:
    """Whether enough took part, with the figures."""
    values = {"have": f"{test.have:,}", "of": f"{test.of:,}", "needed": f"{test.needed:,}"}
    if test.passed:
        return _("%(have)s took part; %(needed)s were needed for the quorum.") % values
    return _("Only %(have)s took part; the quorum is %(needed)s, so nothing is carried.") % values


def _figure(votes: int, scale: int) -> str:
    """Votes as people write them; hundredths where a capped vote counts for less than one."""
    if votes % scale == 0:
        return f"{votes // scale:,}"
    hundredths = round(Fraction(votes * 100, scale))
    return f"{hundredths // 100:,}.{hundredths % 100:02d}"


def _majority_said(condition: dict, test: Test, scale: int = 1) -> str:
    if not test.of:
        return _("Nobody said for or against.") if condition["denominator"] == "for+against" else _("Nobody voted.")
    values = {
        "have": _figure(test.have, scale),
        "of": _figure(test.of, scale),
        "percent": percent(test.have, test.of),
        "share": share(condition["ratio"]),
    }
    if condition["at_least"]:
        need = _("At least %(share)s was needed") % values
    else:
        need = _("More than %(share)s was needed") % values
    if scale == 1:
        need = _("%(need)s, that is %(needed)s") % {"need": need, "needed": f"{test.needed:,}"}
    return f"{COUNTED[condition['denominator']] % values} {need}."
