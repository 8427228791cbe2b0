"""Ties: by the latest unequal stage, then by an order nobody can choose."""

import hashlib

import pytest

from governance.tally import Contest, commitment, count, live_seed, lot_order
from governance.tally.ties import TieBreaker

ABC = ("Ann", "Bob", "Cat", "Dan")


def test_without_a_seed_the_order_of_the_paper():
    assert lot_order(4, None) == [0, 1, 2, 3]


def test_with_a_seed_the_order_of_the_hashes():
    for seed in ("", "a", "annual meeting", "ä\ud800"):
        place = lot_order(5, seed)
        digests = [hashlib.sha256(f"{seed}\n{i}".encode("utf-8", "surrogatepass")).hexdigest() for i in range(5)]
        assert sorted(range(5), key=place.__getitem__) == sorted(range(5), key=digests.__getitem__)
        assert sorted(place) == list(range(5))


def test_the_commitment_is_the_hash_of_the_secret():
    assert commitment("s3cret") == hashlib.sha256(b"s3cret").hexdigest()


def test_the_live_seed_joins_secret_and_papers():
    papers = {(1, 0): 2, (0,): 1}
    seed = live_seed("secret", papers)
    assert seed == "secret:" + hashlib.sha256(b"1:(0,)\n2:(1, 0)\n").hexdigest()
    assert seed == live_seed("secret", dict(reversed(papers.items())))
    assert seed != live_seed("other", papers)
    assert seed != live_seed("secret", {**papers, (0,): 2})


def breaker(*stages, seed=None):
    ties = TieBreaker(4, seed)
    for votes in stages:
        ties.remember(votes)
    return ties


def test_the_most_recent_unequal_stage_decides():
    ties = breaker((9, 1, 0, 0), (1, 2, 0, 0), (5, 5, 5, 0))
    assert ties.favoured([0, 1], "seat", 3) == 1
    assert ties.lowest([0, 1], 3) == 0
    assert [(t.round, t.between, t.purpose, t.by, t.chosen) for t in ties.ties] == [
        (3, (0, 1), "seat", "earlier stage", 1),
        (3, (0, 1), "elimination", "earlier stage", 0),
    ]


def test_three_level_are_narrowed_stage_by_stage():
    """At the latest unequal stage two of them share the lowest place; the stage before decides between these."""
    ties = breaker((3, 2, 9, 0), (4, 4, 6, 0), (7, 7, 7, 0))
    assert ties.lowest([0, 1, 2], 3) == 1
    assert ties.favoured([0, 1, 2], "surplus", 3) == 2
    assert [t.by for t in ties.ties] == ["earlier stage", "earlier stage"]


def test_level_at_every_stage_the_lot_decides():
    ties = breaker((1, 1, 1, 0), (2, 2, 2, 0))
    assert ties.favoured([1, 2, 0], "surplus", 2) == 0
    assert ties.lowest([2, 0, 1], 2) == 2
    assert [(t.between, t.by) for t in ties.ties] == [((0, 1, 2), "order"), ((0, 1, 2), "order")]
    seeded = breaker((1, 1, 1, 0), seed="x")
    place = lot_order(4, "x")
    assert seeded.favoured([0, 1, 2], "seat", 1) == min((0, 1, 2), key=place.__getitem__)
    assert seeded.lowest([0, 1, 2], 1) == max((0, 1, 2), key=place.__getitem__)
    assert {t.by for t in seeded.ties} == {"seed"}


def test_partly_broken_by_stages_and_then_by_lot_counts_as_lot():
    ties = breaker((1, 1, 5, 0), (3, 3, 3, 0))
    assert ties.lowest([0, 1, 2], 2) == 1
    assert ties.ties[0].by == "order"
    assert ties.favoured([0, 1, 2], "seat", 2) == 2
    assert ties.ties[1].by == "earlier stage"


def test_the_latest_stage_can_be_left_out():
    ties = breaker((2, 1, 0, 0), (4, 5, 0, 0))
    assert ties.lowest([0, 1], 2, skip=1) == 1
    assert ties.lowest([0, 1], 2) == 0
    assert breaker((4, 5, 0, 0)).lowest([0, 1], 1, skip=1) == 1, "nothing earlier: the one that stands last"


def test_one_alone_is_no_tie():
    ties = breaker((1, 1, 1, 1))
    assert ties.favoured([2], "seat", 1) == 2
    assert ties.lowest([2], 1) == 2
    assert ties.ties == []


def test_those_elected_together_stand_by_votes_then_by_earlier_stages_then_by_lot():
    ties = breaker((1, 2, 2, 9), (5, 5, 5, 7))
    assert ties.in_order([0, 1, 2, 3], 2) == [3, 1, 2, 0]
    assert [(t.round, t.between, t.purpose, t.by, t.chosen) for t in ties.ties] == [(2, (0, 1, 2), "order", "order", 1)]
    ties = breaker((1, 3, 2, 9), (5, 5, 5, 7))
    assert ties.in_order([2, 3, 0], 2) == [3, 2, 0]
    assert [(t.between, t.by, t.chosen) for t in ties.ties] == [((0, 2), "earlier stage", 2)]


# --- in a count ------------------------------------------------------------------------------------------------------


def test_equal_surpluses_move_in_the_order_of_the_paper():
    papers = {(0, 2): 6, (1, 3): 6, (2,): 1, (3,): 1}
    result = count("scottish-stv", Contest(ABC, papers, 3))
    assert [(r.action, r.subject) for r in result.rounds[:3]] == [("count", None), ("surplus", 0), ("surplus", 1)]
    assert ("surplus", 2, 0) in [(t.purpose, t.round, t.chosen) for t in result.ties]
    assert ("order", 1, 0) in [(t.purpose, t.round, t.chosen) for t in result.ties]


def test_the_seed_turns_a_level_runoff_round():
    papers = {(0,): 1, (1,): 1}
    winners = {count("irv", Contest(("A", "B"), papers, seed=f"seed {i}")).winners for i in range(20)}
    assert winners == {(0,), (1,)}


@pytest.mark.parametrize("method", ["scottish-stv", "meek-stv", "irv", "plurality", "approval", "block", "schulze"])
def test_nobody_voted_and_still_somebody_is_elected_by_lot(method):
    result = count(method, Contest(("A", "B", "C"), {}))
    assert result.winners == (0,)
    assert {t.by for t in result.ties} == {"order"}
    seeded = count(method, Contest(("A", "B", "C"), {}, seed="s"))
    assert seeded.winners == (lot_order(3, "s").index(0),)
    assert {t.by for t in seeded.ties} == {"seed"}
