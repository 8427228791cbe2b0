"""A secret ballot's life in any order: credentials, casts, lost answers, shakes, crashes, the close, twice everything.

Papers ≤ issued ≤ roll, nobody counted twice, and nobody lost who was told that their paper is in the box.
"""

from __future__ import annotations

from functools import partial

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.tenancy import Actor
from governance import boxes, services
from governance.models import BoxOpening, OpenedPaper, StrikeOff
from tests.cast import make_officer
from tests.governance.factories import make_roll, make_voter, membership

from .voter import Voter, make_secret_ballot

pytestmark = pytest.mark.django_db
VOTERS = 5
who = st.integers(0, VOTERS - 1)
step = st.one_of(
    st.tuples(st.just("take"), who),
    st.tuples(st.just("take, answer lost"), who),
    st.tuples(st.just("another browser"), who),
    st.tuples(st.just("cast"), who, st.integers(0, 3)),
    st.tuples(st.just("cast, answer lost"), who, st.integers(0, 3)),
    st.tuples(st.just("shake")),
    st.tuples(st.just("tick")),
    st.tuples(st.just("paper"), who, st.integers(0, 4)),
    st.tuples(st.just("crash while issuing"), who),
    st.tuples(st.just("crash while casting"), who, st.integers(0, 3)),
    st.tuples(st.just("crash while shaking")),
)


class Life:
    """One ballot, its voters' browsers, what each was told, and what stands on each paper that was handed out."""

    def __init__(self, coop, actors, roll, clerks):
        self.ballot = make_secret_ballot(coop, roll=roll)
        self.voters = [Voter(actor, self.ballot) for actor in actors]
        self.told: dict[int, str] = {}
        self.papers: dict[int, int] = {}  # voter → mark, 4 where the paper is spoiled
        self.clerks = clerks

    def do(self, what: str, *more: int) -> None:
        acts = {
            "take": self.take,
            "take, answer lost": self.take_or_refused,
            "another browser": self.other_browser,
            "cast": self.cast,
            "cast, answer lost": partial(self.cast, again=True),
            "paper": self.paper,
            "shake": services.shake_open,
            "tick": self.tick,
            "crash while issuing": self.crash_while_issuing,
            "crash while casting": self.crash_while_casting,
            "crash while shaking": self.crash,
        }
        acts[what](*more)

    def tick(self) -> None:
        services.close_due()
        services.destroy_spent_keys()

    def take(self, at: int) -> None:
        issued = self.take_or_refused(at)
        if issued is not None:
            assert issued.signature == self.voters[at].take().signature

    def crash_while_issuing(self, at: int) -> None:
        with pytest.raises(ConnectionError), transaction.atomic():
            self.take_or_refused(at)
            raise ConnectionError("the power went")

    def other_browser(self, at: int) -> None:
        mine = membership(self.voters[at].actor)
        if not StrikeOff.objects.filter(ballot=self.ballot, entry__membership=mine).exists():
            return
        with pytest.raises(Refused, match="given a paper" if at in self.papers else "another browser"):
            Voter(self.voters[at].actor, self.ballot).take()

    def take_or_refused(self, at: int) -> services.Issued | None:
        voter = self.voters[at]
        ask = partial(services.issue_credential, actor=voter.actor, ballot=self.ballot, blinded=voter.blind())
        if at not in self.papers:
            return ask()
        with pytest.raises(Refused, match="given a paper"):
            ask()
        return None

    def paper(self, at: int, mark: int) -> None:
        """A paper in the room: whoever was struck off already, here or online, gets none."""
        mine = membership(self.voters[at].actor)
        ask = partial(services.hand_out_paper, actor=self.clerks[0], ballot=self.ballot, number=mine.number)
        if StrikeOff.objects.filter(ballot=self.ballot, entry__membership=mine).exists():
            with pytest.raises(Refused, match="struck off already"):
                ask()
            return
        ask()
        self.papers[at] = mark

    def crash_while_casting(self, at: int, mark: int) -> None:
        """Nobody was told, so the paper that counts is the one before; the browser's memory of it stays too."""
        voter = self.voters[at]
        if not voter.signature:
            return
        marks, nonce, sealed = voter.marks, voter.nonce, voter.sealed
        with pytest.raises(ConnectionError), transaction.atomic():
            services.cast_secret(ballot_id=self.ballot.pk, body=voter.seal([[mark], [0]]))
            raise ConnectionError("the power went")
        voter.marks, voter.nonce, voter.sealed = marks, nonce, sealed

    def empty_the_urn(self) -> None:
        for sheet, mark in enumerate(self.papers.values(), start=1):
            marks, why = (None, "Torn.") if mark == 4 else ([[mark], [1]], "")
            said = {"ballot": self.ballot, "sheet": sheet, "marks": marks, "spoiled_because": why}
            for clerk in self.clerks:
                services.enter_paper(actor=clerk, **said)
                with pytest.raises(Refused, match="You have read this paper already"):
                    services.enter_paper(actor=clerk, **said)  # a button pressed twice enters nothing twice
        if self.papers:
            services.settle_urn(actor=self.clerks[0], ballot=self.ballot)

    def cast(self, at: int, mark: int, *, again: bool = False) -> None:
        voter = self.voters[at]
        if not voter.signature:
            voter.blind()
            voter.signature = bytes(384)
            with pytest.raises(Refused, match="not signed"):
                voter.cast([[mark], [0]])
            voter.signature = b""
            return
        body = voter.seal([[mark], [0]])
        services.cast_secret(ballot_id=self.ballot.pk, body=body)
        if again:
            services.cast_secret(ballot_id=self.ballot.pk, body=body)
        self.told[at] = voter.receipt  # a lost answer changes nothing: the browser sends the same paper again

    def crash(self) -> None:
        with pytest.raises(ConnectionError), transaction.atomic():
            boxes.shake(self.ballot.pk)
            raise ConnectionError("the power went")

    def end(self) -> None:
        with clock.at(self.ballot.closes_at):
            services.close_due()
            system = Actor.system(self.ballot.coop)
            self.empty_the_urn()
            for _twice in range(2):
                services.open_box(actor=system, ballot_id=self.ballot.pk)
                services.destroy_spent_keys()
            for _twice in range(2):
                services.count_ballot(actor=system, ballot_id=self.ballot.pk)
        opening = BoxOpening.objects.get(ballot=self.ballot)
        issued = StrikeOff.objects.filter(ballot=self.ballot, channel="online").count()
        assert opening.papers <= issued
        assert issued + len(self.papers) <= self.ballot.roll.eligible
        assert opening.spoiled == 0
        papers = set(OpenedPaper.objects.filter(ballot=self.ballot).values_list("receipt", flat=True))
        assert papers == set(self.told.values()), "nobody lost, nobody twice"
        assert opening.papers == len(self.told)
        good = sum(mark != 4 for mark in self.papers.values())
        assert self.ballot.resolutions.get().votes == {"for": len(self.told), "against": good, "abstain": 0}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(step, max_size=25))
def test_any_life_of_a_ballot_counts_each_paper_once(world_of_voters, steps):
    life = Life(*world_of_voters)
    for each in steps:
        life.do(*each)
    life.end()


@pytest.fixture
def world_of_voters(coop):
    actors = [make_voter(coop) for _ in range(VOTERS)]
    clerks = [make_officer(coop, "samir", "returning_officer"), make_officer(coop, "mei", "secretary")]
    return coop, actors, make_roll(coop), clerks
