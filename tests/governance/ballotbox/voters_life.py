"""A browser of the life machine: one voter, or an organisation with a paper for each of its votes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from coop.kernel.tenancy import Actor
from governance import services
from governance.models import Ballot, Proxy, VotingLetter

from .voter import Voter, finalize_all


@dataclass
class Browser:
    """Whoever sits at it, by their own login, by a proxy they hold, or by the code of a letter."""

    actor: Actor
    ballot: Ballot
    votes: int
    proxy: Proxy | None = None
    letter: VotingLetter | None = None
    papers: list[Voter] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.papers = [Voter(self.actor, self.ballot) for _vote in range(self.votes)]

    def ask(self) -> services.Issued:
        blinded = [each.blind() for each in self.papers]
        if self.letter is not None:
            return services.issue_by_letter(coop=self.ballot.coop, letter=self.letter, blinded=blinded)
        return services.issue_credential(actor=self.actor, ballot=self.ballot, blinded=blinded, proxy=self.proxy)

    def take(self) -> services.Issued:
        return finalize_all(self.papers, self.ask())

    @property
    def signed(self) -> bool:
        return bool(self.papers[0].signature)

    def forget_signatures(self) -> None:
        for each in self.papers:
            each.signature = b""

    def seal(self, marks: list, *, only: int | None = None) -> Iterator[bytes]:
        """The messages to the box, each sealed when it is asked for; ``only`` the first so many."""
        for each in self.papers[:only]:
            yield each.seal(marks)

    def cast_unsigned(self, marks: list) -> None:
        """What somebody tries who has no credential."""
        first = self.papers[0]
        first.blind()
        first.signature = bytes(384)
        try:
            first.cast(marks)
        finally:
            first.signature = b""

    @contextmanager
    def forgetting(self) -> Iterator[None]:
        """What was sealed within was told to nobody: the memory is what it was."""
        before = [(each.marks, each.nonce, each.sealed) for each in self.papers]
        yield
        for each, (marks, nonce, sealed) in zip(self.papers, before, strict=True):
            each.marks, each.nonce, each.sealed = marks, nonce, sealed
