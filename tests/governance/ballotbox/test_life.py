"""A secret ballot's life in any order: credentials, proxies, paper, casts, lost answers, shakes, crashes, the close.

Papers ≤ issued ≤ roll, nobody counted twice, and nobody lost who was told that their paper is in the box.
"""

from __future__ import annotations

from functools import partial

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.tenancy import Actor
from governance import boxes, services
from governance.models import BoxOpening, OpenedPaper, Proxy, StrikeOff
from tests.cast import make_officer
from tests.governance.factories import make_roll, make_voter, membership
from tests.governance.test_proxies import take_proxies

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
    st.tuples(st.just("give a proxy"), who, who),
    st.tuples(st.just("take it back"), who),
    st.tuples(st.just("take by proxy"), who),
    st.tuples(st.just("cast by proxy"), who, st.integers(0, 3)),
    st.tuples(st.just("crash while issuing by proxy"), who),
)


# What chance seldom strings together: a proxy used, taken back too late, and one taken back in time.
PROXIES = [
    *[("give a proxy", 0, 1), ("take", 0), ("paper", 0, 1), ("crash while issuing by proxy", 0), ("take by proxy", 0)],
    *[("cast by proxy", 0, 2), ("take", 1), ("cast", 1, 3), ("take it back", 0), ("take", 0), ("another browser", 0)],
    *[("paper", 0, 0), ("give a proxy", 0, 2), ("take by proxy", 0), ("cast by proxy", 0, 1), ("give a proxy", 3, 4)],
    *[("take it back", 3), ("take by proxy", 3), ("take", 3), ("cast", 3, 0), ("give a proxy", 3, 4)],
    *[("take by proxy", 3), ("take", 3), ("cast", 3, 1)],
]


class Life:
    """One ballot, its voters' browsers, what each was told, and what stands on each paper that was handed out."""

    def __init__(self, coop, actors, roll, clerks):
        self.ballot = make_secret_ballot(coop, roll=roll)
        self.voters = [Voter(actor, self.ballot) for actor in actors]
        self.told: dict[int, str] = {}
        self.papers: dict[int, int] = {}  # voter → mark, 4 where the paper is spoiled
        self.proxies: dict[int, Proxy] = {}  # those that stand, by who gave them
        self.holders: dict[int, Voter] = {}  # the browser in which a holder votes for who gave the proxy
        self.taken: dict[int, str] = {}  # who was struck off, and how: own, proxy, paper
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
            "give a proxy": self.give,
            "take it back": self.take_back,
            "take by proxy": self.take_by_proxy,
            "cast by proxy": self.cast_by_proxy,
            "crash while issuing by proxy": self.crash_by_proxy,
        }
        acts[what](*more)

    def tick(self) -> None:
        services.close_due()
        services.destroy_spent_keys()

    def take(self, at: int) -> None:
        issued = self.take_or_refused(at)
        if issued is not None:
            assert issued.signatures == self.voters[at].take().signatures

    def crash_while_issuing(self, at: int) -> None:
        before = dict(self.taken)
        with pytest.raises(ConnectionError), transaction.atomic():
            self.take_or_refused(at)
            raise ConnectionError("the power went")
        self.taken = before

    def why_refused(self, at: int) -> str:
        """What a member is told who asks for a credential of their own, empty where they get it."""
        told = {"paper": "given a paper", "proxy": "by proxy", "own": ""}
        return told[self.taken[at]] if at in self.taken else "You gave your proxy" if at in self.proxies else ""

    def other_browser(self, at: int) -> None:
        if at not in self.taken:
            return
        with pytest.raises(Refused, match=self.why_refused(at) or "another browser"):
            Voter(self.voters[at].actor, self.ballot).take()

    def take_or_refused(self, at: int) -> services.Issued | None:
        if why := self.why_refused(at):
            with pytest.raises(Refused, match=why):
                self.voters[at].ask()
            return None
        issued = self.voters[at].ask()
        self.taken[at] = "own"
        return issued

    def paper(self, at: int, mark: int) -> None:
        """A paper in the room: whoever was struck off already, here or online, gets none."""
        mine = membership(self.voters[at].actor)
        ask = partial(services.hand_out_paper, actor=self.clerks[0], ballot=self.ballot, number=mine.number)
        if at in self.taken or at in self.proxies:
            with pytest.raises(Refused, match="struck off already" if at in self.taken else "gave a proxy"):
                ask()
            return
        ask()
        self.papers[at], self.taken[at] = mark, "paper"

    def give(self, giver: int, holder: int) -> None:
        """Given and accepted, where the meeting's rule allows it: one a member, no chains, two a holder."""
        meeting, who = self.ballot.meeting, membership(self.voters[holder].actor)
        try:
            with transaction.atomic():
                said = {"meeting": meeting, "number": who.number, "name": str(who.party)}
                proxy = services.give_proxy(actor=self.voters[giver].actor, **said)
                self.proxies[giver] = services.accept_proxy(actor=self.voters[holder].actor, proxy=proxy)
        except Refused as refused:
            if refused.code not in ("oneself", "given", "chain", "cap"):
                raise
            return
        self.holders.setdefault(giver, Voter(self.voters[holder].actor, self.ballot))
        if self.taken.get(giver) != "proxy":  # else the browser that took it keeps it, whoever holds the proxy now
            self.holders[giver] = Voter(self.voters[holder].actor, self.ballot, proxy=self.proxies[giver])

    def take_back(self, at: int) -> None:
        if (proxy := self.proxies.pop(at, None)) is not None:
            services.revoke_proxy(actor=self.voters[at].actor, proxy=proxy)

    def take_by_proxy(self, at: int) -> None:
        """The holder's browser takes a credential for who gave the proxy; the line is struck off once, whoever asks."""
        if at not in self.proxies:
            if at in self.holders:
                with pytest.raises(Refused, match="does not stand"):
                    self.holders[at].ask()
            return
        holder, how = self.holders[at], self.taken.get(at)
        if how in ("own", "paper") or how == "proxy" and holder.proxy != self.proxies[at]:
            with pytest.raises(Refused, match="It stands" if holder.proxy == self.proxies[at] else "does not stand"):
                holder.ask()
            return
        holder.take()
        self.taken[at] = "proxy"

    def crash_by_proxy(self, at: int) -> None:
        before = dict(self.taken)
        with pytest.raises(ConnectionError), transaction.atomic():
            self.take_by_proxy(at)
            raise ConnectionError("the power went")
        self.taken = before
        if before.get(at) != "proxy" and at in self.holders:
            self.holders[at].signature = b""

    def cast_by_proxy(self, at: int, mark: int) -> None:
        if self.taken.get(at) == "proxy":  # its proxy may have ended since; the credential is in the holder's browser
            services.cast_secret(ballot_id=self.ballot.pk, body=self.holders[at].seal([[mark], [0]]))
            self.told[at] = self.holders[at].receipt

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
        lines = StrikeOff.objects.filter(ballot=self.ballot)
        assert {each.entry.number for each in lines} == {membership(self.voters[at].actor).number for at in self.taken}
        assert lines.filter(proxy__isnull=False).count() == list(self.taken.values()).count("proxy")
        for at in list(self.proxies):
            self.take_back(at)
        assert self.ballot.resolutions.get().votes == {"for": len(self.told), "against": good, "abstain": 0}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(step, max_size=25))
@example(steps=PROXIES)
def test_any_life_of_a_ballot_counts_each_paper_once(world_of_voters, steps):
    life = Life(*world_of_voters)
    for each in steps:
        life.do(*each)
    life.end()


@pytest.fixture
def world_of_voters(coop):
    actors = [make_voter(coop) for _ in range(VOTERS)]
    clerks = [make_officer(coop, "samir", "returning_officer"), make_officer(coop, "mei", "secretary")]
    roll = make_roll(coop)
    take_proxies(roll.meeting, per_holder=2)
    return coop, actors, roll, clerks
