"""What a secret ballot publishes once it is counted: one bundle, made once, kept as it was made."""

from __future__ import annotations

import json
from collections import Counter

from ..ballotbox import bundle, recount
from ..digests import canonical, sha256
from ..models import Ballot, BoardEntry, BoxOpening, Bundle, Count, OpenedPack, RollEntry, StrikeOff, UrnPack
from ..selectors import secret as known
from ..selectors.ballots import with_questions
from ..selectors.urn import settled


def results_of(ballot: Ballot) -> dict:
    """The counts as the bundle has them, with the secret half of the lot, which is no secret any more."""
    counts = Count.objects.filter(ballot=ballot).order_by("question__position")
    return {
        "tie_secret": ballot.tie_secret,
        "questions": [
            {
                "question": each.question_id,
                "method": each.method,
                "papers_hash": each.papers_hash,
                "seed": each.seed,
                "carried": each.result["carried"],
                "exact": _exact(each.result["exact"]),
            }
            for each in counts
        ],
    }


def _exact(kept: dict) -> dict:
    return {name: kept[name] for name in ("ballots", "valid", "quota", "winners", "ranking")} | {
        "rounds": [[each["votes"], each["elected"], each["eliminated"]] for each in kept["rounds"]]
    }


def files_of(ballot: Ballot) -> dict[str, bytes]:
    """The files of a counted secret ballot's bundle."""
    opening = BoxOpening.objects.get(ballot=ballot)
    questions = with_questions(ballot)
    names = known.classes_apart(questions)
    sizes = known.sizes(ballot, ["", *names])
    struck = StrikeOff.objects.filter(ballot=ballot).order_by("entry__number").values_list("entry__number", "units")
    urn = settled(ballot)
    on_paper = {str(question.pk): urn.papers for question in questions} if urn is not None else {}
    facts = {
        "struck_off": known.struck_off(ballot),
        "papers": opening.papers,
        "spoiled": opening.spoiled,
        "together": opening.together,
        "on_paper": on_paper,
        "classes": {name: sizes[name].votes for name in names},
        "numbers": [number for number, _units in struck],
    }
    if ballot.voters.weighted:
        facts |= {"issued": known.issued(ballot), "units": [units for _number, units in struck]}
    digests = RollEntry.objects.filter(roll=ballot.voters).order_by("number").values_list("digest", flat=True)
    entries = BoardEntry.objects.filter(ballot=ballot)
    return {
        "manifest.json": canonical(ballot.manifest),
        "roll.txt": "\n".join(digests).encode(),
        "facts.json": bundle.as_json(facts),
        "receipts.txt": bundle.receipts(known.receipts(ballot)),
        "papers.json": bundle.as_json({str(question.pk): _packs(question) for question in questions}),
        "results.json": bundle.as_json(results_of(ballot)),
        "board.json": bundle.as_json([each.entry for each in entries.order_by("position")]),
    }


def _packs(question) -> list[dict]:
    """Box and urn together: how few voted on paper, or how, stands nowhere apart."""
    counted: Counter[tuple[str, str]] = Counter()
    for model in (OpenedPack, UrnPack):
        for name, mark, count in model.objects.filter(question=question).values_list("class_name", "mark", "count"):
            counted[name, recount.as_text(mark)] += count
    packs = [{"class": name, "mark": json.loads(mark), "count": count} for (name, mark), count in counted.items()]
    return sorted(packs, key=lambda pack: (recount.as_text(pack["mark"]).encode(), pack["class"]))


def publish(ballot: Ballot, now) -> Bundle:
    """Make the bundle, once, in the transaction of the count."""
    content = bundle.write(files_of(ballot))
    return Bundle.objects.create(
        coop_id=ballot.coop_id, ballot=ballot, content=content, sha256=sha256(content), made_at=now
    )


def results_hash(ballot: Ballot) -> str:
    """What the board says of the counts."""
    return sha256(bundle.as_json(results_of(ballot)))
