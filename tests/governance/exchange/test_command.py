"""``manage.py count``: its options, its JSON, and what it takes from the file's rule."""

import hashlib
import json
import os
import subprocess
import sys

import pytest

from tests.governance.exchange.test_malformed import BLT, PROJECT, SOC, count

KEYS = ["method", "seats", "ballots", "valid", "quota", "winners", "ranking", "dropped", "pairwise", "rounds", "ties"]
BOARD = {
    "id": "board",
    "title": "Board",
    "seats": 2,
    "candidates": ["Ann", "Bob", "Cat"],
    "withdrawn": [],
    "ballots": [[6, [0, 1]], [3, [0, 2]], [3, [1]], [4, [2]], [2, []]],
    "rule": {"name": "scottish-stv"},
    "expected": {"winners": ["nobody looks here"]},
}


@pytest.fixture
def counted(tmp_path, capfd):
    """Count an election given as keys that differ from the board's; returns the JSON."""

    def run(*options, name="board.json", content=None, **changes):
        path = tmp_path / name
        path.write_bytes(content or json.dumps({**BOARD, **changes}).encode())
        status, out, err = count(capfd, path, "--format", "json", *options)
        assert (status, err) == (0, "")
        return json.loads(out)

    return run


@pytest.fixture
def refused(tmp_path, capfd):
    def run(*options, **changes):
        path = tmp_path / "board.json"
        path.write_text(json.dumps({**BOARD, **changes}))
        status, out, err = count(capfd, path, *options)
        assert (status, out) == (2, "")
        return err

    return run


def test_the_json_is_one_object_of_this_shape(counted):
    assert counted() == {
        "method": "scottish-stv",
        "seats": 2,
        "ballots": 18,
        "valid": 16,
        "quota": "6",
        "winners": ["Ann", "Cat"],
        "ranking": None,
        "dropped": [],
        "pairwise": None,
        "rounds": [
            {
                "votes": {"Ann": "9.00000", "Bob": "3.00000", "Cat": "4.00000"},
                "elected": ["Ann"],
                "eliminated": [],
                "exhausted": "0.00000",
                "note": "First preferences. The quota is 6: 16 valid papers divided by 3, plus one. "
                "Ann reaches the quota and is elected.",
            },
            {
                "votes": {"Ann": "6.00000", "Bob": "4.99998", "Cat": "4.99999"},
                "elected": [],
                "eliminated": [],
                "exhausted": "0.00003",
                "note": "The surplus of Ann, 3.00000, goes to the next preferences.",
            },
            {
                "votes": {"Ann": "6.00000", "Bob": "0.00000", "Cat": "4.99999"},
                "elected": ["Cat"],
                "eliminated": ["Bob"],
                "exhausted": "5.00001",
                "note": "Bob is excluded (the fewest votes, 4.99998); the papers go to the next preferences. "
                "No more candidates continue than seats are vacant: Cat is deemed elected.",
            },
        ],
        "ties": [],
    }


@pytest.mark.parametrize("method", ["plurality", "block", "approval", "scottish-stv", "meek-stv", "schulze"])
def test_every_method_prints_the_same_keys(counted, method):
    said = counted("--method", method)
    assert list(said) == KEYS
    assert said["method"] == method
    assert len(said["winners"]) == said["seats"] == 2
    assert said["ballots"] == 18
    for round_ in said["rounds"]:
        assert list(round_) == ["votes", "elected", "eliminated", "exhausted", "note"]
        assert list(round_["votes"]) == ["Ann", "Bob", "Cat"]


def test_options_go_before_the_file(counted):
    meek = counted("--method", "meek-stv")
    assert meek["winners"] == ["Ann", "Bob"]
    assert meek["quota"] == "5.333333334"
    assert counted("--seats", "1")["quota"] == "9"
    assert counted("--method", "irv", "--seats", "1")["quota"] == "9"


def test_withdrawn_candidates_have_no_votes(counted):
    said = counted(withdrawn=[0])
    assert all(list(round_["votes"]) == ["Bob", "Cat"] for round_ in said["rounds"])
    assert said["winners"] == ["Bob", "Cat"]
    assert said["valid"] == 16


def test_a_blank_and_a_withdrawn_preference_are_not_valid(counted):
    said = counted(withdrawn=[1], ballots=[[1, [0]], [2, [1]], [4, []]], seats=1)
    assert (said["ballots"], said["valid"], said["quota"]) == (7, 1, "1")


def test_ties_go_by_the_order_of_the_paper_or_of_the_seed(counted):
    tied = {"ballots": [[2, [0]], [2, [1]], [2, [2]]], "seats": 1, "rule": {"name": "irv"}}
    said = counted(**tied)
    assert said["winners"] == ["Ann"]
    assert [round_["eliminated"] for round_ in said["rounds"]] == [["Cat"], []]
    assert said["ties"] == [
        {"round": 1, "between": ["Ann", "Bob", "Cat"], "for": "elimination", "by": "order"},
        {"round": 2, "between": ["Ann", "Bob"], "for": "seat", "by": "order"},
    ]
    seed = "annual meeting"
    order = sorted(range(3), key=lambda i: hashlib.sha256(f"{seed}\n{i}".encode()).digest())
    said = counted("--seed", seed, **tied)
    assert said["winners"] == [BOARD["candidates"][order[0]]]
    assert said["rounds"][0]["eliminated"] == [BOARD["candidates"][order[2]]]
    assert {tie["by"] for tie in said["ties"]} == {"seed"}


def test_a_tie_an_earlier_stage_breaks(counted):
    ballots = [[5, [0]], [4, [1]], [3, [2]], [2, [3, 2]]]
    said = counted(candidates=["A", "B", "C", "D"], ballots=[*ballots, [1, [1, 3]]], seats=1, rule={"name": "irv"})
    assert said["ties"][0] == {"round": 2, "between": ["A", "B", "C"], "for": "elimination", "by": "earlier stage"}
    assert said["rounds"][1]["eliminated"] == ["C"]


def test_equal_ranks_are_refused_or_exhaust(counted, refused):
    shape = {"ballot_format": "pref-list of groups", "ballots": [[3, [[0], [1, 2]]], [2, [[1, 2]]], [1, [[1]]]]}
    assert "same rank" in refused(**shape)
    said = counted("--equal-ranks", "exhaust", **shape)
    assert (said["ballots"], said["valid"]) == (6, 4)
    assert said["rounds"][0]["votes"] == {"Ann": "3.00000", "Bob": "1.00000", "Cat": "0.00000"}
    assert counted("--method", "schulze", **shape)["valid"] == 6


WRITE_INS = ["Ann", "Undeclared Write-ins", "Bob"]


def test_undeclared_write_ins_go_first_and_never_win(counted):
    ballots = [[5, [1]], [3, [0]], [2, [2, 0]]]
    rule = {"name": "irv", "rctab_rules": {}}
    said = counted(candidates=WRITE_INS, ballots=ballots, seats=1, rule=rule)
    assert said["rounds"][0]["eliminated"] == ["Undeclared Write-ins"]
    assert said["rounds"][0]["votes"]["Undeclared Write-ins"] == "5"
    assert said["rounds"][1]["votes"] == {"Ann": "3", "Undeclared Write-ins": "0", "Bob": "2"}
    assert said["rounds"][1]["exhausted"] == "5"
    assert said["winners"] == ["Ann"]
    plain = counted(candidates=WRITE_INS, ballots=ballots, seats=1, rule={"name": "irv"})
    assert plain["rounds"][0]["eliminated"] == ["Bob"], "without the tabulator's rules it is a name like another"


@pytest.mark.parametrize("batch", [False, True])
def test_batch_elimination_only_when_asked(counted, batch):
    said = counted(
        candidates=["A", "B", "C", "D"],
        ballots=[[10, [0]], [8, [1]], [2, [2, 1]], [1, [3, 2]]],
        seats=1,
        rule={"name": "irv", "rctab_rules": {"batchElimination": batch}},
    )
    assert said["rounds"][0]["eliminated"] == (["C", "D"] if batch else ["D"])


def test_the_tabulator_quotes_its_numbers(counted, refused):
    rules = {
        "minimumVoteThreshold": "3",
        "stopTabulationEarlyAfterRound": "",
        "winnerElectionMode": "singleWinnerMajority",
    }
    ballots = [[4, [0]], [4, [1]], [2, [2, 1]]]
    said = counted(ballots=ballots, seats=1, rule={"name": "irv", "rctab_rules": rules})
    assert said["rounds"][0]["eliminated"] == ["Cat"]
    assert "fewer than 3 votes" in said["rounds"][0]["note"]
    stopped = {"stopTabulationEarlyAfterRound": "1"}
    assert counted(ballots=ballots, seats=1, rule={"name": "irv", "rctab_rules": stopped})["winners"] == []
    for key, value in (
        ("winnerElectionMode", "multiWinnerAllowOnlyOneWinnerPerRound"),
        ("batchElimination", "yes"),
        ("minimumVoteThreshold", "few"),
    ):
        assert "line 1: " in refused(seats=1, rule={"name": "irv", "rctab_rules": {key: value}})
    assert "object" in refused(seats=1, rule={"name": "irv", "rctab_rules": []})


def test_schulze_reads_default_quorum_and_majorities(counted):
    ballots = [[5, [1, 3, 2]], [2, [2, 1, 3]], [2, [3, None, 1]]]
    shape = {"ballot_format": "rank-vector", "candidates": ["A", "B", "None"], "ballots": ballots, "seats": 1}
    said = counted(**shape, rule={"name": "debian-schulze", "default_option": 2})
    assert (said["winners"], said["dropped"]) == (["A"], ["B"])
    assert said["pairwise"] == [[0, 7, 7], [2, 0, 2], [2, 7, 0]]
    said = counted(**shape, rule={"name": "debian-schulze", "default_option": 2, "majority_ratio": {"0": 3.5}})
    assert (said["winners"], said["dropped"]) == (["None"], ["A", "B"])
    said = counted(
        **shape, rule={"name": "debian-schulze", "default_option": 2, "quorum": 7.0, "majority_ratio": {"0": 3}}
    )
    assert said["winners"] == ["A"]
    said = counted(**shape, rule={"name": "debian-schulze", "default_option": 2, "quorum": 7.01})
    assert said["ranking"] == [["None"]]


def test_an_unranked_option_is_last_or_not_compared(counted):
    shape = {"ballot_format": "rank-vector", "ballots": [[1, [1, None, None]], [1, [2, 1, None]]], "seats": 1}
    rule = {"name": "schulze-winning-votes"}
    assert counted(**shape, rule=rule)["pairwise"] == [[0, 1, 2], [1, 0, 1], [0, 0, 0]]
    assert counted(**shape, rule=rule | {"unranked": "no-opinion"})["pairwise"] == [[0, 0, 0], [1, 0, 0], [0, 0, 0]]
    quiet = {**shape, "ballot_format": 'rank-vector; null = "No opinion" = no pairwise comparison'}
    assert counted(**quiet, rule=rule)["pairwise"] == [[0, 0, 0], [1, 0, 0], [0, 0, 0]]
    assert counted(**quiet, rule=rule | {"unranked": "last"})["pairwise"] == [[0, 1, 2], [1, 0, 1], [0, 0, 0]]


def test_schulze_names_as_many_as_there_are_seats(counted):
    said = counted("--method", "schulze", "--seats", "1", ballots=[[1, [0, 1, 2]], [1, [1, 0, 2]]])
    assert said["ranking"] == [["Ann", "Bob"], ["Cat"]]
    assert said["winners"] == ["Ann"]
    assert said["ties"] == [{"round": 1, "between": ["Ann", "Bob"], "for": "seat", "by": "order"}]
    assert said["rounds"] == []


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ({"name": "schulze", "default_option": 9}, "default option"),
        ({"name": "schulze", "default_option": "Ann"}, "default_option"),
        ({"name": "schulze", "quorum": 3}, "default option"),
        ({"name": "schulze", "default_option": 0, "quorum": "many"}, "quorum"),
        ({"name": "schulze", "default_option": 0, "quorum": -1}, "negative"),
        ({"name": "schulze", "default_option": 0, "majority_ratio": {"9": 1}}, "majority_ratio"),
        ({"name": "schulze", "default_option": 0, "majority_ratio": {"Ann": 1}}, "majority_ratio"),
        ({"name": "schulze", "default_option": 0, "majority_ratio": [1]}, "majority_ratio"),
        ({"name": "schulze", "unranked": "first"}, "unranked"),
        ({"name": 7}, "not known"),
        ({}, "--method"),
        ({"spec": "as usual"}, "not known"),
        ({"name": "block", "marks": "few"}, "marks"),
        ({"name": "motion", "conditions": []}, "conditions"),
    ],
)
def test_rules_nobody_can_follow_are_refused(refused, rule, fault):
    assert fault in refused(rule=rule)


def test_a_motion_in_a_file(counted, refused):
    ballots = [[30, [0]], [16, [1]], [4, [2]], [1, []]]
    shape = {"candidates": ["For", "Against", "Abstain"], "ballots": ballots, "seats": 1}
    said = counted(**shape, rule={"name": "motion"})
    assert (said["winners"], said["valid"], said["quota"]) == (["For"], 50, "24")
    assert said["rounds"][0]["votes"] == {"For": "30", "Against": "16", "Abstain": "4"}
    two_thirds = {"denominator": "for+against", "ratio": "2/3", "at_least": True}
    said = counted(**shape, rule={"name": "motion", "conditions": [two_thirds]})
    assert (said["winners"], said["quota"]) == ([], "31")
    assert "at least 2/3 is needed, that is 31" in said["rounds"][0]["note"]
    classes = {"workers": {"for": 5, "against": 6}, "users": {"for": 25, "against": 10, "abstain": 4}}
    both = [{"class": "workers"}, {"class": "users"}]
    said = counted(**shape, rule={"name": "motion", "conditions": both, "classes": classes})
    assert said["winners"] == []
    assert "In the class workers: 5 of 11" in said["rounds"][0]["note"]
    quorum = {"quorum": "1/2"}
    assert "on the roll was not given" in refused(**shape, rule={"name": "motion", "conditions": [quorum]})
    said = counted(**shape, rule={"name": "motion", "roll": 100, "conditions": [quorum]})
    assert said["winners"] == ["For"]
    turned = {**shape, "candidates": ["Against", "For", "Abstain"]}
    assert "in this order" in refused(**turned, rule={"name": "motion"})
    for wrong in ({"classes": []}, {"classes": {"a": 3}}, {"roll": "many"}, {"conditions": [{"ratio": "half"}]}):
        assert refused(**shape, rule={"name": "motion", **wrong}).startswith("count: line 1: ")


def test_scores_in_a_file(counted, refused):
    shape = {"ballot_format": "score-vector", "ballots": [[2, [5, 3, None]], [1, [0, 4, 5]]], "seats": 1}
    said = counted(**shape, rule={"name": "score", "low": 0, "high": 5})
    assert said["rounds"][0]["votes"] == {"Ann": "10", "Bob": "10", "Cat": "5"}
    assert said["ties"][0]["for"] == "seat"
    assert "from 0 to 4" in refused(**shape, rule={"name": "score", "low": 0, "high": 4})
    assert "“high”" in refused(**shape, rule={"name": "score", "high": "five"})
    assert "rankings" in refused(**shape, rule={"name": "irv"})


def test_limits_and_none_of_these_in_a_file(counted, refused):
    limits = [{"name": "youth", "members": ["Bob"], "at_least": 1}, {"name": "shop", "members": [2], "at_most": 0}]
    assert counted(limits=limits)["winners"] == ["Ann", "Bob"]
    assert counted("--method", "approval", none_of_these=1, seats=2)["winners"] == ["Bob"]
    assert "two limits" in refused(limits=[{"name": "a", "members": [0]}, {"name": "b", "members": [0]}])
    for wrong in ("all", [3], [{"name": "a", "members": [9]}], [{"members": [0], "at_least": -1}]):
        assert refused(limits=wrong)


def test_text_is_a_table_of_stages(tmp_path, capfd):
    path = tmp_path / "board.json"
    path.write_text(json.dumps(BOARD))
    status, out, err = count(capfd, path)
    assert (status, err) == (0, "")
    assert out.splitlines()[:8] == [
        "Board",
        "scottish-stv: 2 seats, 18 papers, 16 valid, quota 6",
        "Elected: Ann, Cat",
        "",
        "                  1         2         3",
        "Ann        9.00000*  6.00000   6.00000",
        "Bob        3.00000   4.99998   0.00000-",
        "Cat        4.00000   4.99999   4.99999*",
    ]
    assert "3. Bob is excluded" in out


@pytest.mark.parametrize("method", ["motion", "schulze", "approval"])
def test_text_of_the_other_methods(tmp_path, capfd, method):
    path = tmp_path / "board.json"
    candidates = ["For", "Against", "Abstain"] if method == "motion" else ["Änn", "Bob", "Cat"]
    path.write_text(json.dumps({**BOARD, "ballots": [[3, [0]], [3, [1]]], "candidates": candidates, "seats": 1}))
    status, out, err = count(capfd, path, "--method", method)
    assert (status, err) == (0, "")
    said = {"motion": "Not carried", "schulze": "Papers that prefer the option", "approval": "Tie in stage 1 between"}
    assert said[method] in out


def test_blt_and_preflib_files(counted):
    assert counted(name="a.blt", content=BLT)["method"] == "scottish-stv"
    assert counted("--method", "schulze", "--seats", "1", name="a.soc", content=SOC)["winners"] == ["Amara"]


def test_it_runs_with_no_environment_and_starts_nothing(tmp_path):
    path = tmp_path / "board.json"
    path.write_text(json.dumps(BOARD))
    data = tmp_path / "data"
    done = subprocess.run(
        [sys.executable, "manage.py", "count", str(path), "--format", "json"],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], "ROCHDALE_DATA": str(data), "LANG": "C"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["winners"] == ["Ann", "Cat"]
    assert not data.exists() or not any(data.rglob("*")), "nothing is set up for a count"
