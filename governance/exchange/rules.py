"""What a file's ``rule`` says of how its papers are counted: the method, and that method's switches."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from governance.tally import METHODS, Condition, Meeting, Resolution, Votes, irv, schulze
from governance.tally.papers import is_whole, short

from .model import BadFile, Election

NAMES = {"debian-schulze": "schulze", "schulze-winning-votes": "schulze", **{method: method for method in METHODS}}
WRITE_INS = "Undeclared Write-ins"
ROLES = (
    frozenset({"for", "yes", "aye", "in favour", "in favor"}),
    frozenset({"against", "no", "nay", "opposed"}),
    frozenset({"abstain", "abstention", "abstentions"}),
)


def method_of(election: Election) -> str | None:
    """The method the file asks for; None where it asks for none. A rule nobody knows is refused."""
    if election.method is not None:
        return election.method
    if not election.rule:
        return None
    name = election.rule.get("name")
    if not isinstance(name, str) or name not in NAMES:
        raise BadFile(f"the rule {short(name)} is not known", election.rule_line)
    return NAMES[name]


def switches_of(election: Election, method: str) -> dict[str, Any]:
    """The switches for ``count(method, …)`` that the file's rule gives."""
    readers = {"irv": _irv, "schulze": _schulze, "motion": _motion, "score": _score, "block": _block}
    reader = readers.get(method)
    return reader(election) if reader else {}


def _fault(election: Election, text: str) -> BadFile:
    return BadFile(text, election.rule_line)


def _whole(election: Election, rule: Mapping[str, Any], key: str, default: int | None = None) -> int | None:
    """A whole number, written as one or as text (the tabulator quotes its numbers)."""
    value = rule.get(key)
    if value is None or value == "":
        return default
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        return int(value)
    if not is_whole(value) or value < 0:
        raise _fault(election, f"“{key}” must be a whole number, not {short(value)}")
    return int(value)


def _switch(election: Election, rule: Mapping[str, Any], key: str) -> bool:
    value = rule.get(key, False)
    if not isinstance(value, bool):
        raise _fault(election, f"“{key}” must be true or false, not {short(value)}")
    return value


def _irv(election: Election) -> dict[str, Any]:
    rules = election.rule.get("rctab_rules")
    if rules is None:
        return {}
    if not isinstance(rules, dict):
        raise _fault(election, "“rctab_rules” must be an object")
    mode = rules.get("winnerElectionMode", "singleWinnerMajority")
    if mode != "singleWinnerMajority":
        raise _fault(election, f"the winner mode {short(mode)} is not known; instant runoff fills one seat")
    names = election.candidates
    switches = irv.Switches(
        batch=_switch(election, rules, "batchElimination"),
        write_ins=names.index(WRITE_INS) if WRITE_INS in names else None,
        minimum=_whole(election, rules, "minimumVoteThreshold", 0) or 0,
        first_round_threshold=_switch(election, rules, "doesFirstRoundDetermineThreshold"),
        whole=_switch(election, rules, "hareQuota"),
        to_two=_switch(election, rules, "continueUntilTwoCandidatesRemain"),
        stop_after=_whole(election, rules, "stopTabulationEarlyAfterRound") or None,
    )
    return {"switches": switches}


def _schulze(election: Election) -> dict[str, Any]:
    rule = election.rule
    unranked = rule.get("unranked")
    if unranked is None:
        unranked = "no-opinion" if "no opinion" in election.ballot_format.lower() else "last"
    default = rule.get("default_option")
    if default is not None and not is_whole(default):
        raise _fault(election, f"“default_option” must be a candidate's number, not {short(default)}")
    ratios = _object(election, rule, "majority_ratio")
    majorities = {_option(election, key): _share(election, value, "majority_ratio") for key, value in ratios.items()}
    quorum = rule.get("quorum")
    return {
        "switches": schulze.Switches(
            unranked=unranked,
            less_opposed=rule.get("name") == "debian-schulze",
            default=default,
            quorum=None if quorum is None else _share(election, quorum, "quorum"),
            majorities=majorities,
        )
    }


def _option(election: Election, key: str) -> int:
    if not (key.isascii() and key.isdigit() and len(key) < 6) or int(key) >= len(election.candidates):
        raise _fault(election, f"“majority_ratio” names option {short(key)}, which does not exist")
    return int(key)


def _share(election: Election, value: Any, what: str) -> Fraction:
    """A number, or a fraction written as text: ``"2/3"``."""
    if isinstance(value, str) and len(value) <= 40:
        top, slash, bottom = value.partition("/")
        parts = [top, bottom] if slash else [top]
        if all(part.strip().isascii() and part.strip().isdigit() for part in parts) and int(parts[-1] or 0) > 0:
            return Fraction(int(top), int(bottom) if slash else 1)
    elif is_whole(value) or isinstance(value, Fraction):
        return Fraction(value)
    raise _fault(election, f"“{what}” must be a number, not {short(value)}")


def _score(election: Election) -> dict[str, Any]:
    switches = {}
    for key in ("low", "high"):
        value = election.rule.get(key)
        if value is None:
            continue
        if not is_whole(value):
            raise _fault(election, f"“{key}” must be a whole number, not {short(value)}")
        switches[key] = value
    return switches


def _block(election: Election) -> dict[str, Any]:
    marks = _whole(election, election.rule, "marks")
    return {} if marks is None else {"marks": marks}


def _motion(election: Election) -> dict[str, Any]:
    rule = election.rule
    for place, (name, words) in enumerate(zip(election.candidates, ROLES, strict=False)):
        said = {word for other in ROLES for word in other} & {name.strip().casefold()}
        if said and not said & words:
            raise BadFile(
                f"option {place + 1} is {short(name)}; a motion lists for, against and abstain, in this order"
            )
    meeting = Meeting(
        present=_whole(election, rule, "present"),
        roll=_whole(election, rule, "roll"),
        classes={str(name): _votes(election, votes) for name, votes in _object(election, rule, "classes").items()},
    )
    conditions = rule.get("conditions")
    if conditions is None:
        return {"meeting": meeting}
    if not isinstance(conditions, list) or not conditions or not all(isinstance(c, dict) for c in conditions):
        raise _fault(election, "“conditions” must be a list of objects")
    read = tuple(_condition(election, condition) for condition in conditions)
    return {"meeting": meeting, "resolution": Resolution(str(rule.get("type", "resolution")), read)}


def _object(election: Election, rule: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = {} if rule.get(key) is None else rule[key]
    if not isinstance(value, dict):
        raise _fault(election, f"“{key}” must be an object")
    return value


def _votes(election: Election, votes: Any) -> Votes:
    if not isinstance(votes, dict):
        raise _fault(election, "the votes of a class must be an object")
    known = {key: _whole(election, votes, key) for key in ("for", "against", "abstain", "present", "roll")}
    return Votes(known["for"] or 0, known["against"] or 0, known["abstain"] or 0, known["present"], known["roll"])


def _condition(election: Election, condition: dict[str, Any]) -> Condition:
    quorum = condition.get("quorum")
    of_class = condition.get("class")
    return Condition(
        denominator=str(condition.get("denominator", "for+against")),
        ratio=_share(election, condition.get("ratio", "1/2"), "ratio"),
        at_least=_switch(election, condition, "at_least"),
        quorum=quorum if quorum is None or is_whole(quorum) else _share(election, quorum, "quorum"),
        of_class=None if of_class is None else str(of_class),
    )
