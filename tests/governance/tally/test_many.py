"""More candidates than fit a byte: the same counts in another dress."""

import pytest

from governance.tally import BadElection, Contest, count

STV = ("scottish-stv", "meek-stv")


def test_more_than_255_candidates():
    names = tuple(f"Candidate {i}" for i in range(300))
    papers = {(299, 1): 5, (1, 299): 3, (0, 298, 299): 2, (298,): 1}
    for method in STV:
        result = count(method, Contest(names, papers, 1))
        assert result.winners == (299,)
        gone = count(method, Contest(names, papers, 1, withdrawn=frozenset({299})))
        assert gone.winners == (1,)
        assert gone.rounds[0].votes[1] == 8 * 10**gone.decimals
    assert count("schulze", Contest(names, papers, 1)).winners == (299,)
    assert count("plurality", Contest(names, papers, 1, withdrawn=frozenset({299}))).winners == (1,)
    with pytest.raises(BadElection, match="same rank"):
        count("scottish-stv", Contest(names, {((1, 2),): 1}, 1))
    with pytest.raises(BadElection, match="twice"):
        count("scottish-stv", Contest(names, {(1, 1): 1}, 1))
    with pytest.raises(BadElection, match="option 300"):
        count("scottish-stv", Contest(names, {(300,): 1}, 1))
