"""A voter's browser in Python: takes a credential through the service, seals a paper, brings it to the box."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta

from coop.kernel import clock
from coop.kernel.tenancy import Actor
from governance import services
from governance.ballotbox import blind, keys, message, paper, sealing
from governance.models import Ballot, Proxy, Roll
from tests.governance.factories import BOARD, make_roll, make_voter, ordinary


@dataclass
class Voter:
    """One person and their browser's memory."""

    actor: Actor
    ballot: Ballot
    token: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    prepared: bytes = b""
    blinded: blind.Blinded | None = None
    signature: bytes = b""
    credential: int = 0
    marks: list = field(default_factory=list)
    nonce: bytes = b""
    sealed: bytes = b""
    proxy: Proxy | None = None  # by which this person votes for another

    @property
    def secret(self) -> dict:
        return self.ballot.manifest["secret"]

    def _key(self, number: int):
        return keys.load_public(self.secret["credentials"][number])

    def blind(self, credential: int = 0) -> bytes:
        """Prepare and blind the token once; the browser keeps it before anything is sent."""
        if self.blinded is None:
            self.credential = credential
            self.prepared = blind.prepare(self.token)
            self.blinded = blind.blind(self._key(credential), self.prepared)
        return self.blinded.message

    def ask(self, credential: int = 0) -> services.Issued:
        said = {"blinded": [self.blind(credential)], "proxy": self.proxy}
        return services.issue_credential(actor=self.actor, ballot=self.ballot, **said)

    def take(self, credential: int = 0) -> services.Issued:
        issued = self.ask(credential)
        assert issued.credential == credential
        assert self.blinded is not None
        key = self._key(credential)
        self.signature = blind.finalize(key, self.prepared, issued.signatures[0], self.blinded.inverse)
        return issued

    def seal(self, marks: list) -> bytes:
        """The message to the box with a new paper on these marks."""
        self.marks, self.nonce = marks, secrets.token_bytes(16)
        bound = sealing.bound_to(self.ballot.manifest_hash, message.token_hash(self.prepared))
        key, written = keys.load_public(self.secret["sealing"]), paper.write(marks, self.nonce)
        self.sealed = sealing.seal(key, written, self.secret["paper_bytes"], bound)
        return message.write(message.Cast(self.credential, self.prepared, self.signature, self.sealed))

    def cast(self, marks: list) -> str:
        return services.cast_secret(ballot_id=self.ballot.pk, body=self.seal(marks))

    @property
    def receipt(self) -> str:
        return paper.receipt(self.marks, self.nonce)


def take_together(voters: list[Voter], credential: int = 0) -> services.Issued:
    """One credential for the papers of a member organisation with as many votes: signed at once, struck off once."""
    first = voters[0]
    asked = [each.blind(credential) for each in voters]
    issued = services.issue_credential(actor=first.actor, ballot=first.ballot, blinded=asked, proxy=first.proxy)
    return finalize_all(voters, issued)


def finalize_all(voters: list[Voter], issued: services.Issued) -> services.Issued:
    """Take the blinding off each of the signatures; the answer is handed on."""
    key = voters[0]._key(issued.credential)
    for each, signature in zip(voters, issued.signatures, strict=True):
        assert each.blinded is not None
        each.signature = blind.finalize(key, each.prepared, signature, each.blinded.inverse)
    return issued


def make_secret_ballot(
    coop,
    *,
    roll: Roll | None = None,
    voters: int = 6,
    board=BOARD,
    motion: str = "We share out the surplus as the board proposes.",
    lasts: timedelta = timedelta(hours=1),
    opens_in: timedelta = timedelta(0),
    released: bool = True,
    title: str = "Board and surplus, in secret",
    resolution_type=None,
    seats: int = 2,
) -> Ballot:
    """A secret ballot with a board election (unless ``board`` is empty) and a motion (unless ``motion`` is)."""
    system, now = Actor.system(coop), clock.now()
    roll = roll or make_roll(coop, voters=voters)
    ballot = services.create_ballot(
        actor=system,
        kind=Ballot.Kind.SECRET,
        title=title,
        meeting=roll.meeting,
        roll=roll,
        opens_at=now + opens_in,
        closes_at=now + opens_in + lasts,
    )
    if board:
        options = [{"name": name, "statement": f"{name} stands."} for name in board]
        services.add_question(
            actor=system, ballot=ballot, method="scottish-stv", title="Seats on the board", seats=seats, options=options
        )
    if motion:
        services.add_question(
            actor=system,
            ballot=ballot,
            method="motion",
            title="What we do with the surplus",
            text=motion,
            resolution_type=resolution_type or ordinary(coop),
        )
    return services.open_ballot(actor=system, ballot=ballot) if released else ballot


def electorate(coop, n: int, **more) -> tuple[Ballot, list[Voter]]:
    """A released secret ballot and ``n`` people who may vote in it, each with a browser."""
    actors = [make_voter(coop) for _ in range(n)]
    ballot = make_secret_ballot(coop, roll=make_roll(coop, voters=max(0, 5 - n)), **more)
    return ballot, [Voter(actor, ballot) for actor in actors]


def finish(ballot: Ballot) -> Ballot:
    """Let the closing time pass; then what beat and the worker do."""
    with clock.at(max(ballot.closes_at, clock.now())):
        services.close_due()
        system = Actor.system(ballot.coop)
        services.open_box(actor=system, ballot_id=ballot.pk)
        services.destroy_spent_keys()
        services.count_ballot(actor=system, ballot_id=ballot.pk)
    ballot.refresh_from_db()
    return ballot
