"""Kinds of resolution between the database, the pure tally and words: conditions in, ``tally.Resolution`` out."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.kernel.errors import Refused

from .tally import Condition
from .tally import Resolution as Kind
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
    unknown = set(condition) - {"denominator", "ratio", "at_least", "quorum", "of_class"}
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
    }


def kind_of(name: str, conditions: Iterable[dict]) -> Kind:
    """What the tally applies: exact fractions."""
    return Kind(
        name,
        tuple(
            Condition(
                denominator=each["denominator"],
                ratio=Fraction(*each["ratio"]),
                at_least=each["at_least"],
                quorum=Fraction(*each["quorum"]) if isinstance(each["quorum"], list) else each["quorum"],
                of_class=each["of_class"],
            )
            for each in conditions
        ),
    )


WORDS = {
    "for+against": gettext_lazy("the votes for and against"),
    "cast": gettext_lazy("all votes cast, abstentions included"),
    "present": gettext_lazy("everybody who takes part"),
    "roll": gettext_lazy("everybody on the roll"),
    "class": gettext_lazy("everybody in that class"),
}


def in_words(conditions: Iterable[dict]) -> list[str]:
    """Each condition as a sentence: "More than 1/2 of the votes for and against are needed." """
    lines = []
    for each in conditions:
        share = f"{each['ratio'][0]}/{each['ratio'][1]}"
        values = {"share": share, "of": WORDS[each["denominator"]]}
        if each["at_least"]:
            text = _("At least %(share)s of %(of)s must be in favour.") % values
        else:
            text = _("More than %(share)s of %(of)s must be in favour.") % values
        if each["of_class"]:
            text = _("In the class %(name)s: %(text)s") % {"name": each["of_class"], "text": text}
        quorum = each["quorum"]
        if isinstance(quorum, list):
            text += " " + _("At least %s of the roll must take part.") % f"{quorum[0]}/{quorum[1]}"
        elif quorum:
            text += " " + _("At least %s members must take part.") % quorum
        lines.append(text)
    return lines
