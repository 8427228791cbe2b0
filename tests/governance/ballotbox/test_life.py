"""A secret ballot's life in any order: credentials, proxies, letters, paper, casts, lost answers, crashes, the close.

Papers ≤ issued ≤ votes on the roll, nobody counted twice, and nobody lost who was told that their paper is in the box.
Two voters are people; three are organisations of a federation with two votes each, who take two tokens and cast two
papers. ``make soak`` draws many more lives (``ROCHDALE_LIVES`` says how many).
"""

from __future__ import annotations

import os
from functools import partial

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.tenancy import Actor
from governance import boxes, services
from governance.models import BoxOpening, OpenedPaper, Proxy, StrikeOff, VotingLetter
from tests.cast import make_officer
from tests.governance.factories import make_organisation, make_roll, make_voter, membership
from tests.governance.test_proxies import take_proxies

from .voter import make_secret_ballot
from .voters_life import Browser

pytestmark = pytest.mark.django_db
LIVES = int(os.environ.get("ROCHDALE_LIVES", "300" if "ROCHDALE_SOAK" in os.environ else "12"))
VOTES = (1, 2, 1, 2, 2)
VOTERS = len(VOTES)
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
    st.tuples(st.just("the line breaks behind the first paper"), who, st.integers(0, 3)),
    st.tuples(st.just("print a letter"), who),
    st.tuples(st.just("spoil the letter"), who),
    st.tuples(st.just("take by letter"), who),
    st.tuples(st.just("cast by letter"), who, st.integers(0, 3)),
    st.tuples(st.just("crash while issuing by letter"), who),
)


# What chance seldom strings together: a proxy used, taken back too late, and one taken back in time.
PROXIES = [
    *[("give a proxy", 0, 1), ("take", 0), ("paper", 0, 1), ("crash while issuing by proxy", 0), ("take by proxy", 0)],
    *[("cast by proxy", 0, 2), ("take", 1), ("cast", 1, 3), ("take it back", 0), ("take", 0), ("another browser", 0)],
    *[("paper", 0, 0), ("give a proxy", 0, 2), ("take by proxy", 0), ("cast by proxy", 0, 1), ("give a proxy", 3, 4)],
    *[("take it back", 3), ("take by proxy", 3), ("take", 3), ("cast", 3, 0), ("give a proxy", 3, 4)],
    *[("take by proxy", 3), ("take", 3), ("cast", 3, 1)],
]
# Letters beside everything else that strikes a line off, and the papers of an organisation half replaced.
LETTERS = [
    *[("print a letter", 1), ("crash while issuing by letter", 1), ("take by letter", 1), ("cast by letter", 1, 2)],
    *[("take", 1), ("paper", 1, 0), ("print a letter", 1), ("spoil the letter", 1), ("take by letter", 1)],
    *[("print a letter", 2), ("print a letter", 2), ("spoil the letter", 2), ("take by letter", 2), ("take", 2)],
    *[("print a letter", 3), ("give a proxy", 3, 0), ("take by letter", 3), ("take it back", 3), ("take by letter", 3)],
    *[("cast by letter", 3, 1), ("give a proxy", 3, 0), ("take by proxy", 3), ("print a letter", 4), ("paper", 4, 1)],
    *[("take by letter", 4), ("take", 0), ("cast", 0, 1), ("the line breaks behind the first paper", 1, 3)],
]


class Life:
    """One ballot, its voters' browsers, what each was told, and what stands on each paper that was handed out."""

    def __init__(self, coop, actors, roll, clerks, codes):
        self.ballot = make_secret_ballot(coop, roll=roll)
        self.voters = [Browser(actor, self.ballot, votes) for actor, votes in zip(actors, VOTES, strict=True)]
        self.told: dict[tuple[int, int], str] = {}  # voter and which of their papers → its receipt
        self.papers: dict[int, int] = {}  # voter → mark, 4 where the paper is spoiled
        self.proxies: dict[int, Proxy] = {}  # those that stand, by who gave them
        self.holders: dict[int, Browser] = {}  # the browser in which a holder votes for who gave the proxy
        self.letters: dict[int, VotingLetter] = {}  # those that stand, by whose line
        self.by_letter: dict[int, Browser] = {}  # the browser in which a code was typed last
        self.taken: dict[int, str] = {}  # who was struck off, and how: own, proxy, letter, paper
        self.clerks, self.codes = clerks, codes

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
            "the line breaks behind the first paper": partial(self.cast, first_only=True),
            "print a letter": self.print_letter,
            "spoil the letter": self.spoil_letter,
            "take by letter": self.take_by_letter,
            "cast by letter": self.cast_by_letter,
            "crash while issuing by letter": self.crash_by_letter,
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
        told = {"paper": "given a paper", "proxy": "by proxy", "letter": "another browser", "own": ""}
        return told[self.taken[at]] if at in self.taken else "You gave your proxy" if at in self.proxies else ""

    def other_browser(self, at: int) -> None:
        if at not in self.taken:
            return
        with pytest.raises(Refused, match=self.why_refused(at) or "another browser"):
            Browser(self.voters[at].actor, self.ballot, VOTES[at]).take()

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
        if self.taken.get(giver) != "proxy":  # else the browser that took it keeps it, whoever holds the proxy now
            said = {"proxy": self.proxies[giver]}
            self.holders[giver] = Browser(self.voters[holder].actor, self.ballot, VOTES[giver], **said)

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
        if how in ("own", "paper", "letter") or how == "proxy" and holder.proxy != self.proxies[at]:
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
            self.holders[at].forget_signatures()

    def cast_by_proxy(self, at: int, mark: int) -> None:
        if self.taken.get(at) == "proxy":  # its proxy may have ended since; the credential is in the holder's browser
            self.deliver(at, self.holders[at], mark)

    def print_letter(self, at: int) -> None:
        """A letter, or a new one in the place of the last; none for a line that was struck off."""
        mine = membership(self.voters[at].actor)
        ask = partial(
            services.reissue_voting_letter,
            actor=self.clerks[0],
            ballot=self.ballot,
            number=mine.number,
            address="https://x.test/",
            because="No login at hand.",
        )
        if at in self.taken:
            with pytest.raises(Refused, match="struck off already"):
                ask()
            return
        ask()
        code, coop = self.codes[mine.number], self.ballot.coop
        self.letters[at] = services.open_by_code(coop=coop, typed=code, address=f"192.0.2.{at}")
        self.by_letter[at] = Browser(self.voters[at].actor, self.ballot, VOTES[at], letter=self.letters[at])

    def spoil_letter(self, at: int) -> None:
        said = {"number": membership(self.voters[at].actor).number, "because": "It came back."}
        spoil = partial(services.spoil_voting_letters, actor=self.clerks[0], ballot=self.ballot, **said)
        if at not in self.letters or self.taken.get(at) == "letter":
            with pytest.raises(Refused, match="No letter that could still be used"):
                spoil()
            return
        spoil()
        del self.letters[at]

    def take_by_letter(self, at: int) -> None:
        """Whoever typed the code takes the credential; the line is struck off once. A spoiled code opens nothing."""
        if at not in self.by_letter:
            return
        browser, how = self.by_letter[at], self.taken.get(at)
        why = "opens no ballot now" if at not in self.letters else ""
        if not why and how != "letter":
            why = "another browser" if how == "own" else self.why_refused(at)
        if why:
            with pytest.raises(Refused, match=why):
                browser.ask()
            return
        browser.take()
        self.taken[at] = "letter"

    def crash_by_letter(self, at: int) -> None:
        before = dict(self.taken)
        with pytest.raises(ConnectionError), transaction.atomic():
            self.take_by_letter(at)
            raise ConnectionError("the power went")
        self.taken = before
        if before.get(at) != "letter" and at in self.by_letter:
            self.by_letter[at].forget_signatures()

    def cast_by_letter(self, at: int, mark: int) -> None:
        if self.taken.get(at) == "letter":
            self.deliver(at, self.by_letter[at], mark)

    def deliver(self, at: int, browser: Browser, mark: int, *, again: bool = False, first_only: bool = False) -> None:
        """Each paper of a browser into the box, or only the first; told is who was answered."""
        for number, body in enumerate(browser.seal([[mark], [0]], only=1 if first_only else None)):
            for _each in range(2 if again else 1):  # a lost answer changes nothing: the same paper is sent again
                services.cast_secret(ballot_id=self.ballot.pk, body=body)
            self.told[at, number] = browser.papers[number].receipt

    def crash_while_casting(self, at: int, mark: int) -> None:
        """Nobody was told, so the paper that counts is the one before; the browser's memory of it stays too."""
        voter = self.voters[at]
        if not voter.signed:
            return
        told = dict(self.told)
        with voter.forgetting(), pytest.raises(ConnectionError), transaction.atomic():
            self.deliver(at, voter, mark)
            raise ConnectionError("the power went")
        self.told = told

    def empty_the_urn(self) -> None:
        sheets = [mark for at, mark in self.papers.items() for _vote in range(VOTES[at])]
        for sheet, mark in enumerate(sheets, start=1):
            marks, why = (None, "Torn.") if mark == 4 else ([[mark], [1]], "")
            said = {"ballot": self.ballot, "sheet": sheet, "marks": marks, "spoiled_because": why}
            for clerk in self.clerks:
                services.enter_paper(actor=clerk, **said)
                with pytest.raises(Refused, match="You have read this paper already"):
                    services.enter_paper(actor=clerk, **said)  # a button pressed twice enters nothing twice
        if self.papers:
            services.settle_urn(actor=self.clerks[0], ballot=self.ballot)

    def cast(self, at: int, mark: int, *, again: bool = False, first_only: bool = False) -> None:
        voter = self.voters[at]
        if not voter.signed:
            with pytest.raises(Refused, match="not signed"):
                voter.cast_unsigned([[mark], [0]])
            return
        self.deliver(at, voter, mark, again=again, first_only=first_only)

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
        online = StrikeOff.objects.filter(ballot=self.ballot, channel="online")
        issued, sheets = sum(each.units for each in online), sum(VOTES[at] for at in self.papers)
        assert issued == sum(VOTES[at] for at, how in self.taken.items() if how != "paper")
        assert opening.papers <= issued == opening.struck_off
        assert issued + sheets <= self.ballot.roll.votes
        assert opening.spoiled == 0
        papers = set(OpenedPaper.objects.filter(ballot=self.ballot).values_list("receipt", flat=True))
        assert papers == set(self.told.values()), "nobody lost, nobody twice"
        assert opening.papers == len(self.told)
        good = sum(VOTES[at] for at, mark in self.papers.items() if mark != 4)
        lines = StrikeOff.objects.filter(ballot=self.ballot)
        assert {each.entry.number for each in lines} == {membership(self.voters[at].actor).number for at in self.taken}
        assert lines.filter(proxy__isnull=False).count() == list(self.taken.values()).count("proxy")
        assert lines.filter(letter__isnull=False).count() == list(self.taken.values()).count("letter")
        for at in list(self.proxies):
            self.take_back(at)
        assert self.ballot.resolutions.get().votes == {"for": len(self.told), "against": good, "abstain": 0}


@settings(max_examples=LIVES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(step, max_size=25))
@example(steps=PROXIES)
@example(steps=LETTERS)
def test_any_life_of_a_ballot_counts_each_paper_once(world_of_voters, steps):
    life = Life(*world_of_voters)
    for each in steps:
        life.do(*each)
    life.end()


@pytest.fixture
def world_of_voters(coop, monkeypatch):
    """Two people and three organisations who vote, two people who never do, two clerks, and the codes of letters."""
    actors = []
    for number, votes in enumerate(VOTES):
        if votes == 1:
            actors.append(make_voter(coop))
        else:
            actors.append(Actor.of(make_organisation(coop, f"firm{number}", votes=votes).party.account, coop))
    clerks = [make_officer(coop, "samir", "returning_officer"), make_officer(coop, "mei", "secretary")]
    roll = make_roll(coop, voters=2)
    take_proxies(roll.meeting, per_holder=2)
    codes: dict[int, str] = {}

    def unprinted(ballot, sheets, address, at):  # the typesetting has tests of its own
        codes.update({entry.number: code for entry, _lines, code in sheets})
        return b"%PDF"

    monkeypatch.setattr("governance.services.letters.voting_letters_pdf", unprinted)
    return coop, actors, roll, clerks, codes
