"""A secret ballot's life in any order: credentials, casts, lost answers, shakes, crashes, the close, twice everything.

Papers ≤ issued ≤ roll, nobody counted twice, and nobody lost who was told that their paper is in the box.
"""

from __future__ import annotations

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.tenancy import Actor
from governance import boxes, services
from governance.models import BoxOpening, OpenedPaper, StrikeOff
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
    st.tuples(st.just("crash while shaking")),
)


class Life:
    """One ballot, its voters' browsers, and what each was told."""

    def __init__(self, coop, actors, roll):
        self.ballot = make_secret_ballot(coop, roll=roll)
        self.voters = [Voter(actor, self.ballot) for actor in actors]
        self.told: dict[int, str] = {}

    def do(self, what: str, at: int = 0, mark: int = 0) -> None:
        if what.startswith("take"):
            issued = services.issue_credential(
                actor=self.voters[at].actor, ballot=self.ballot, blinded=self.voters[at].blind()
            )
            if "lost" not in what:
                assert issued.signature == self.voters[at].take().signature
        elif what == "another browser":
            self.other_browser(at)
        elif what.startswith("cast"):
            self.cast(at, mark, again="lost" in what)
        elif what == "shake":
            services.shake_open()
        elif what == "tick":
            services.close_due()
            services.destroy_spent_keys()
        else:
            self.crash()

    def other_browser(self, at: int) -> None:
        mine = membership(self.voters[at].actor)
        if not StrikeOff.objects.filter(ballot=self.ballot, entry__membership=mine).exists():
            return
        with pytest.raises(Refused, match="another browser"):
            Voter(self.voters[at].actor, self.ballot).take()

    def cast(self, at: int, mark: int, again: bool) -> None:
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
            for _twice in range(2):
                services.open_box(actor=system, ballot_id=self.ballot.pk)
                services.destroy_spent_keys()
            for _twice in range(2):
                services.count_ballot(actor=system, ballot_id=self.ballot.pk)
        opening = BoxOpening.objects.get(ballot=self.ballot)
        issued = StrikeOff.objects.filter(ballot=self.ballot).count()
        assert opening.papers <= issued <= self.ballot.roll.eligible
        assert opening.spoiled == 0
        papers = set(OpenedPaper.objects.filter(ballot=self.ballot).values_list("receipt", flat=True))
        assert papers == set(self.told.values()), "nobody lost, nobody twice"
        assert opening.papers == len(self.told)


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
    return coop, actors, make_roll(coop)
