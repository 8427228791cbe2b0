"""By-laws as co-ops write them, each with votes on its edge: carried or not, and what the page says about it.

A case is a kind of resolution (``conditions``), what was counted, and the sentence a member reads. Those present
by proxy are present: the number of those present includes them, as the by-laws that use it say.
"""

from dataclasses import dataclass, field

import pytest

from governance.motions import decide, worth
from governance.resolutions import clean, in_words, said
from governance.tally import Votes

NB = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Case:
    """``votes`` are for, against, abstain; ``classes`` the same for a class, with those present and on its roll."""

    name: str
    conditions: tuple[dict, ...]
    votes: tuple[int, int, int]
    carried: bool
    says: str
    present: int | None = None
    roll: int | None = None
    classes: dict = field(default_factory=dict)


def kind(denominator="for+against", ratio=(1, 2), at_least=False, quorum=None, of_class=None, cap=None):
    return {
        "denominator": denominator,
        "ratio": list(ratio),
        "at_least": at_least,
        "quorum": quorum,
        "of_class": of_class,
        "cap": cap,
    }


TENTH = {"of_class": "Investor", "share": [1, 10]}
PRESENT_75 = kind("present", (3, 4), at_least=True)
SPECIAL = kind(ratio=(2, 3), at_least=True)
CASES = [
    Case(
        "more than half of those who said for or against, by one vote",
        (kind(),),
        (51, 50, 0),
        True,
        f"51 of the 101 who said for or against were for it: 50.5{NB}%. More than half was needed, that is 51.",
    ),
    Case(
        "a tie is not more than half",
        (kind(),),
        (50, 50, 0),
        False,
        f"50 of the 100 who said for or against were for it: 50.0{NB}%. More than half was needed, that is 51.",
    ),
    Case(
        "abstentions do not count against a motion where only for and against are counted",
        (kind(),),
        (3, 2, 95),
        True,
        f"3 of the 5 who said for or against were for it: 60.0{NB}%. More than half was needed, that is 3.",
    ),
    Case(
        "abstentions count against it where all votes cast are the whole",
        (kind("cast"),),
        (40, 10, 50),
        False,
        f"40 of the 100 who voted, abstentions included, were for it: 40.0{NB}%."
        " More than half was needed, that is 51.",
    ),
    Case(
        "two thirds of votes cast are reached exactly",
        (kind("cast", (2, 3), at_least=True),),
        (200, 60, 40),
        True,
        f"200 of the 300 who voted, abstentions included, were for it: 66.7{NB}%."
        " At least two thirds was needed, that is 200.",
    ),
    Case(
        "two thirds of 100 are 67, not 66",
        (SPECIAL,),
        (66, 34, 0),
        False,
        f"66 of the 100 who said for or against were for it: 66.0{NB}%. At least two thirds was needed, that is 67.",
    ),
    Case(
        "three quarters to change the by-laws (GenG § 16)",
        (kind(ratio=(3, 4), at_least=True),),
        (75, 25, 12),
        True,
        f"75 of the 100 who said for or against were for it: 75.0{NB}%."
        " At least three quarters was needed, that is 75.",
    ),
    Case(
        "more than three quarters is one vote more than three quarters",
        (kind(ratio=(3, 4)),),
        (75, 25, 0),
        False,
        f"75 of the 100 who said for or against were for it: 75.0{NB}%."
        " More than three quarters was needed, that is 76.",
    ),
    Case(
        "nine tenths to change the object of the co-op (GenG § 16 (3))",
        (kind(ratio=(9, 10), at_least=True),),
        (179, 20, 0),
        False,
        f"179 of the 199 who said for or against were for it: 89.9{NB}%. At least nine tenths was needed, that is 180.",
    ),
    Case(
        "an absolute majority of everybody on the roll",
        (kind("roll"),),
        (199, 3, 1),
        False,
        f"199 of the 398 on the roll were for it: 50.0{NB}%. More than half was needed, that is 200.",
        roll=398,
    ),
    Case(
        "an absolute majority of the roll, reached by the one vote more",
        (kind("roll"),),
        (200, 3, 1),
        True,
        f"200 of the 398 on the roll were for it: 50.3{NB}%. More than half was needed, that is 200.",
        roll=398,
    ),
    Case(
        "those in the room who do not vote count against where those present are the whole",
        (kind("present"),),
        (40, 10, 5),
        False,
        f"40 of the 90 who took part were for it: 44.4{NB}%. More than half was needed, that is 46.",
        present=90,
    ),
    Case(
        "75 % of those present, proxies included",
        (PRESENT_75,),
        (90, 20, 5),
        True,
        f"90 of the 120 who took part were for it: 75.0{NB}%. At least three quarters was needed, that is 90.",
        present=120,
    ),
    Case(
        "75 % of those present, proxies included, missed because two came and did not vote",
        (PRESENT_75,),
        (90, 20, 5),
        False,
        f"90 of the 122 who took part were for it: 73.8{NB}%. At least three quarters was needed, that is 92.",
        present=122,
    ),
    Case(
        "75 % of those present, investors capped at a tenth: forty weigh six and two thirds beside sixty",
        (kind("present", (3, 4), at_least=True, cap=TENTH),),
        (50, 50, 0),
        True,
        f"50 of the 66.67 who took part were for it: 75.0{NB}%. At least three quarters was needed."
        " The class Investor together counts for 1/10 of the votes, no more.",
        present=100,
        classes={"Investor": Votes(0, 40, 0, present=40, roll=40)},
    ),
    Case(
        "75 % of those present, proxies included, investors capped at a tenth: missed by one member",
        (kind("present", (3, 4), at_least=True, quorum=[1, 5], cap=TENTH),),
        (49, 51, 0),
        False,
        f"100 took part; 80 were needed for the quorum. 49 of the 66.67 who took part were for it: 73.5{NB}%."
        " At least three quarters was needed. The class Investor together counts for 1/10 of the votes, no more.",
        present=100,
        roll=398,
        classes={"Investor": Votes(0, 40, 0, present=40, roll=40)},
    ),
    Case(
        "investors within their tenth count like anybody",
        (kind("present", (3, 4), at_least=True, cap=TENTH),),
        (74, 26, 0),
        False,
        f"74 of the 100 who took part were for it: 74.0{NB}%. At least three quarters was needed, that is 75.",
        present=100,
        classes={"Investor": Votes(0, 10, 0, present=10, roll=10)},
    ),
    Case(
        "investors alone carry nothing: a tenth of nobody is nothing",
        (kind("cast", cap=TENTH),),
        (40, 0, 0),
        False,
        "Nobody voted.",
        classes={"Investor": Votes(40, 0, 0)},
    ),
    Case(
        "a cap of a quarter (SCE Regulation art. 59 (3))",
        (kind(cap={"of_class": "Investor", "share": [1, 4]}),),
        (90, 60, 0),
        False,
        f"27.78 of the 80 who said for or against were for it: 34.7{NB}%. More than half was needed."
        " The class Investor together counts for 1/4 of the votes, no more.",
        classes={"Investor": Votes(80, 10, 0)},
    ),
    Case(
        "a quorum as a share of the roll, reached exactly",
        (kind(quorum=[1, 5]),),
        (60, 20, 0),
        True,
        f"80 took part; 80 were needed for the quorum. 60 of the 80 who said for or against were for it: 75.0{NB}%."
        " More than half was needed, that is 41.",
        present=80,
        roll=398,
    ),
    Case(
        "a quorum missed by one carries nothing, however many are for it",
        (kind(quorum=[1, 5]),),
        (79, 0, 0),
        False,
        f"Only 79 took part; the quorum is 80, so nothing is carried. 79 of the 79 who said for or against were for it:"
        f" 100.0{NB}%. More than half was needed, that is 40.",
        present=79,
        roll=398,
    ),
    Case(
        "abstaining counts for the quorum",
        (kind(quorum=[1, 5]),),
        (3, 2, 75),
        True,
        f"80 took part; 80 were needed for the quorum. 3 of the 5 who said for or against were for it: 60.0{NB}%."
        " More than half was needed, that is 3.",
        present=80,
        roll=398,
    ),
    Case(
        "a quorum in members, not in shares",
        (kind(quorum=25),),
        (20, 4, 0),
        False,
        f"Only 24 took part; the quorum is 25, so nothing is carried. 20 of the 24 who said for or against were for it:"
        f" 83.3{NB}%. More than half was needed, that is 13.",
        present=24,
    ),
    Case(
        "half the roll must take part and two thirds agree (SCE Regulation art. 61 (4))",
        (kind("cast", (2, 3), at_least=True, quorum=[1, 2]),),
        (140, 50, 10),
        True,
        "200 took part; 199 were needed for the quorum. 140 of the 200 who voted, abstentions included, were for it:"
        f" 70.0{NB}%. At least two thirds was needed, that is 134.",
        present=200,
        roll=398,
    ),
    Case(
        "the second meeting needs no quorum",
        (kind("cast", (2, 3), at_least=True),),
        (14, 5, 1),
        True,
        f"14 of the 20 who voted, abstentions included, were for it: 70.0{NB}%."
        " At least two thirds was needed, that is 14.",
        present=20,
        roll=398,
    ),
    Case(
        "a quorum by proxies: sixty in the room hold twenty proxies",
        (kind(quorum=[1, 5]),),
        (45, 35, 0),
        True,
        f"80 took part; 80 were needed for the quorum. 45 of the 80 who said for or against were for it: 56.2{NB}%."
        " More than half was needed, that is 41.",
        present=80,
        roll=400,
    ),
    Case(
        "a class must agree too, and does",
        (kind(), kind("class", (1, 2), of_class="Producer")),
        (60, 40, 0),
        True,
        f"60 of the 100 who said for or against were for it: 60.0{NB}%. More than half was needed, that is 51."
        f" In the class Producer: 11 of the 20 in the class were for it: 55.0{NB}%."
        " More than half was needed, that is 11.",
        classes={"Producer": Votes(11, 2, 0, present=13, roll=20)},
    ),
    Case(
        "a class that does not agree stops what everybody else wants",
        (kind(), kind(of_class="Producer")),
        (90, 10, 0),
        False,
        f"90 of the 100 who said for or against were for it: 90.0{NB}%. More than half was needed, that is 51."
        f" In the class Producer: 4 of the 10 who said for or against were for it: 40.0{NB}%."
        " More than half was needed, that is 6.",
        classes={"Producer": Votes(4, 6, 0, present=10, roll=20)},
    ),
    Case(
        "three quarters overall, half of the workers, and half of each class must have come",
        (SPECIAL, kind(quorum=[1, 2], of_class="Worker")),
        (70, 30, 5),
        False,
        f"70 of the 100 who said for or against were for it: 70.0{NB}%. At least two thirds was needed, that is 67."
        " In the class Worker: Only 7 took part; the quorum is 8, so nothing is carried."
        f" 7 of the 7 who said for or against were for it: 100.0{NB}%. More than half was needed, that is 4.",
        classes={"Worker": Votes(7, 0, 0, present=7, roll=15)},
    ),
    Case(
        "nobody said for or against: nothing is carried",
        (kind(),),
        (0, 0, 12),
        False,
        "Nobody said for or against.",
    ),
    Case(
        "unanimous consent of everybody on the roll",
        (kind("roll", (1, 1), at_least=True),),
        (11, 0, 0),
        False,
        f"11 of the 12 on the roll were for it: 91.7{NB}%. At least the whole was needed, that is 12.",
        roll=12,
    ),
    Case(
        "a third may demand it (a minority's right)",
        (kind("roll", (1, 3), at_least=True),),
        (133, 200, 0),
        True,
        f"133 of the 398 on the roll were for it: 33.4{NB}%. At least 1/3 was needed, that is 133.",
        roll=398,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_by_law_says_what_it_means(case):
    conditions = [clean(each) for each in case.conditions]
    decided = decide(conditions, Votes(*case.votes, present=case.present, roll=case.roll), case.classes)
    assert " ".join(said(conditions, decided.tests, decided.scales)) == case.says
    assert decided.carried is case.carried


def test_there_are_enough_of_them():
    used = {each["denominator"] for case in CASES for each in case.conditions}
    assert len(CASES) >= 25
    assert used == {"for+against", "cast", "present", "roll", "class"}
    assert {True, False} == {case.carried for case in CASES}


def test_before_the_vote_the_paper_says_the_same_rule():
    assert in_words([clean(kind("present", (3, 4), at_least=True, quorum=[1, 5], cap=TENTH))]) == [
        "At least three quarters of everybody who takes part must be in favour. At least 1 in 5 on the roll must take"
        " part. The class Investor together counts for at most 1/10 of the votes."
    ]
    assert in_words([clean(kind(of_class="Producer"))]) == [
        "In the class Producer: More than half of the votes for and against must be in favour."
    ]


@pytest.mark.parametrize("others", range(0, 60, 7))
@pytest.mark.parametrize("investors", range(1, 90, 11))
def test_a_cap_holds_exactly(others, investors):
    from fractions import Fraction

    for cap in (Fraction(1, 10), Fraction(1, 4), Fraction(1, 3)):
        each = worth(others, investors, cap)
        assert 0 <= each <= 1
        weight = each * investors
        if each < 1:
            assert weight == cap * (others + weight)
        else:
            assert weight <= cap * (others + weight)
