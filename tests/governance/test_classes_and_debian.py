"""Kinds of resolution and Schulze's switches through a whole ballot: class votes from the roll, and Debian's votes."""

import json
from datetime import timedelta

import pytest

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.tenancy import Actor
from governance import services, stored
from governance.exchange import blt, normalised
from governance.models import Count, Resolution
from governance.selectors import outcome
from tests.cast import make_user
from tests.conformance import elections
from tests.governance.factories import JOINED, close_and_count, make_roll, question
from tests.members.factories import make_class, make_member

pytestmark = pytest.mark.django_db


def member_of(coop, slug: str, number: int) -> Actor:
    user = make_user(f"{slug}{number}")
    make_member(coop, user=user, on=JOINED, member_class=make_class(coop, slug))
    return Actor.of(user, coop)


def motion(coop, roll, kind):
    system, now = Actor.system(coop), clock.now()
    ballot = services.create_ballot(
        actor=system, title="Price of milk", roll=roll, opens_at=now, closes_at=now + timedelta(hours=1)
    )
    services.add_question(
        actor=system, ballot=ballot, method="motion", title="Price", text="We pay 40 cents.", resolution_type=kind
    )
    return ballot


def test_producers_must_agree_and_do_not(coop):
    consumers = [member_of(coop, "consumer", n) for n in range(4)]
    producers = [member_of(coop, "producer", n) for n in range(3)]
    kind = services.create_resolution_type(
        actor=Actor.system(coop),
        name="With the producers",
        conditions=[{"ratio": [1, 2]}, {"ratio": [1, 2], "of_class": "Producer", "denominator": "class"}],
        cite="by-laws § 12",
    )
    ballot = services.open_ballot(actor=Actor.system(coop), ballot=motion(coop, make_roll(coop), kind))
    asked = question(ballot).pk
    for voter in [*consumers, producers[0]]:
        services.cast_recorded(actor=voter, ballot=ballot, marks={asked: [0]})
    services.cast_recorded(actor=producers[1], ballot=ballot, marks={asked: [1]})
    close_and_count(ballot)
    decided = Resolution.objects.get(ballot=ballot)
    assert decided.carried is False
    assert "In the class Producer: 1 of the 3 in the class were for it" in decided.sentence
    shown = outcome(question(ballot), Count.objects.get(ballot=ballot).result)
    assert shown.detail == f"{decided.sentence} by-laws § 12"
    assert shown.sentence == "“Price” is not carried: 5 for it, 1 against."


def test_investors_are_capped_in_a_real_ballot(coop):
    members = [member_of(coop, "consumer", n) for n in range(3)]
    investors = [member_of(coop, "investor", n) for n in range(6)]
    cap = {"of_class": "Investor", "share": [1, 4]}
    kind = services.create_resolution_type(
        actor=Actor.system(coop), name="Capped", conditions=[{"ratio": [1, 2], "cap": cap}]
    )
    ballot = services.open_ballot(actor=Actor.system(coop), ballot=motion(coop, make_roll(coop), kind))
    asked = question(ballot).pk
    for voter in members[:2]:
        services.cast_recorded(actor=voter, ballot=ballot, marks={asked: [0]})
    for voter in [members[2], *investors]:
        services.cast_recorded(actor=voter, ballot=ballot, marks={asked: [1]})
    close_and_count(ballot)
    decided = Resolution.objects.get(ballot=ballot)
    # Three members and six investors: the six weigh one together, so 2 of 4 are for it.
    assert decided.carried is False
    assert decided.sentence.startswith("2 of the 4 who said for or against were for it: 50.0")
    assert decided.votes == {"for": 2, "against": 7, "abstain": 0}


def test_a_class_nobody_belongs_to_is_missed_before_the_release(coop):
    member_of(coop, "consumer", 1)
    kind = services.create_resolution_type(
        actor=Actor.system(coop), name="With the producers", conditions=[{"ratio": [1, 2], "of_class": "Producer"}]
    )
    ballot = motion(coop, make_roll(coop), kind)
    with pytest.raises(Refused, match="needs the votes of Producer, and nobody on the roll who may vote belongs there"):
        services.open_ballot(actor=Actor.system(coop), ballot=ballot)


def test_a_changed_by_law_does_not_reach_a_released_ballot(coop):
    voter = member_of(coop, "consumer", 1)
    kind = services.create_resolution_type(actor=Actor.system(coop), name="Ordinary", conditions=[{"ratio": [1, 2]}])
    ballot = services.open_ballot(actor=Actor.system(coop), ballot=motion(coop, make_roll(coop), kind))
    services.cast_recorded(actor=voter, ballot=ballot, marks={question(ballot).pk: [0]})
    kind.conditions = [{**kind.conditions[0], "denominator": "roll", "ratio": [1, 1], "quorum": 5}]
    kind.save()
    close_and_count(ballot)
    assert Resolution.objects.get(ballot=ballot).sentence.startswith("1 of the 1 who said for or against")


@pytest.mark.conformance
@pytest.mark.parametrize(
    "name", ["debian_2004_gr_sarge", "debian_2006_vote_001", "debian_2006_vote_004", "debian_2008_vote_003"]
)
def test_debian_votes_through_a_ballot_drop_whom_the_project_dropped(coop, samir, name):
    """Quorum and N:1 majorities stand in the question's settings; the papers come from a BLT file with equal ranks."""
    path = elections.needed(f"{name}.json")
    known = json.loads(path.read_bytes())
    with path.open("rb") as file:
        election = normalised.read(file)
    rule = known["rule"]
    make_member(coop, on=JOINED)
    now = clock.now()
    ballot = services.create_ballot(
        actor=samir, title="GR", roll=make_roll(coop), opens_at=now, closes_at=now + timedelta(hours=1)
    )
    services.add_question(
        actor=samir,
        ballot=ballot,
        method="schulze",
        title="General resolution",
        options=[{"name": each} for each in known["candidates"]],
        settings={
            "default": rule["default_option"],
            "quorum": str(rule["quorum"]),
            "majorities": {at: [int(ratio), 1] for at, ratio in rule["majority_ratio"].items()},
        },
    )
    ballot = services.open_ballot(actor=samir, ballot=ballot)
    services.import_paper(
        actor=samir,
        question=question(ballot),
        blt="".join(blt.write(election)).encode(),
        beyond_roll_because="The project's own voters.",
    )
    close_and_count(ballot)
    result = stored.load(Count.objects.get(ballot=ballot).result)
    assert list(result.winners) == known["expected"]["winner_indexes"]
    assert sorted(result.dropped) == known["expected"]["dropped_indexes"]
    assert [list(row) for row in result.pairwise] == known["expected"]["pairwise"]
    ratios = {int(at): int(ratio) for at, ratio in rule["majority_ratio"].items()}
    fallback, names = rule["default_option"], result.candidates
    words = [
        f"{names[at]} is dropped: {result.pairwise[at][fallback]} papers prefer it to {names[fallback]},"
        f" {result.pairwise[fallback][at]} the other way; it needs more than {ratios.get(at, 1)} to 1."
        for at in known["expected"]["dropped_indexes"]
    ]
    assert list(result.explanation[: len(words)]) == words
    shown = outcome(question(ballot), Count.objects.get(ballot=ballot).result)
    assert [each for each in words if each not in shown.detail] == []


def test_a_debian_quorum_that_is_missed_is_said_in_words(coop):
    """Constitution A.6 (2): with sixteen voters Q is half the root, 2, and 3Q is 6; here four vote and 3Q is 3."""
    voters = [member_of(coop, "consumer", n) for n in range(4)]
    now = clock.now()
    ballot = services.create_ballot(
        actor=Actor.system(coop), title="GR", roll=make_roll(coop), opens_at=now, closes_at=now + timedelta(hours=1)
    )
    services.add_question(
        actor=Actor.system(coop),
        ballot=ballot,
        method="schulze",
        title="General resolution",
        options=[{"name": each} for each in ("Vote in May", "Vote in June", "Further discussion")],
        settings={"default": 2, "quorum": "3"},
    )
    ballot = services.open_ballot(actor=Actor.system(coop), ballot=ballot)
    asked = question(ballot).pk
    for voter, paper in zip(voters, ([0, 1, 2], [0, 1, 2], [1], [2]), strict=True):
        services.cast_recorded(actor=voter, ballot=ballot, marks={asked: paper})
    close_and_count(ballot)
    shown = outcome(question(ballot), Count.objects.get(ballot=ballot).result)
    said = "Vote in May is dropped: 2 papers prefer it to Further discussion, and the quorum is 3."
    assert said in shown.detail
    assert "Vote in June" in shown.sentence
