"""Single transferable vote as Scotland counts it: the Weighted Inclusive Gregory Method.

Source: The Scottish Local Government Elections Order 2007, SI 2007/42, Schedule 1, rules 45 to 52. In its words,
shortened:

45. *First stage.* The valid papers are sorted by first preference and counted, one vote each.
46. *Quota.* The valid papers divided by the seats plus one, decimals ignored, plus one.
47. *Return.* Whose votes equal or exceed the quota at any stage is deemed to be elected, at once.
48. *Surplus.* All papers of a candidate above the quota go to the next continuing candidate marked on them. Each has
    the value surplus × value when received ÷ votes of the candidate, to five decimal places, any remainder ignored.
49. The highest surplus goes first, one at a time. Equal surpluses: the higher votes at the most recent unequal stage,
    then lot.
50. *Exclusion.* When no surplus is left to transfer, the candidate with the fewest votes is excluded and their papers
    go on, at the value at which they came.
51. Equally few votes: the fewer at the most recent unequal stage is excluded, then by lot.
52. *Last vacancies.* When no more candidates continue than seats are vacant they are deemed elected, and nothing
    moves any more.

A worked example, small enough for paper. 16 papers, 2 seats: the quota is 16 // 3 + 1 = 6. Ann has 9, a surplus of 3;
each of her papers goes on at 3 / 9 = 0.33333, so Bob gets 6 × 0.33333 = 1.99998. (Meek elects Bob from the same
papers.)

>>> from .model import Contest
>>> papers = {(0, 1): 6, (0, 2): 3, (1,): 3, (2,): 4}
>>> result = count(Contest(("Ann", "Bob", "Cat"), papers, seats=2))
>>> result.show_quota(), result.winner_names
('6', ('Ann', 'Cat'))
>>> for r in result.rounds:
...     print([result.show(v) for v in r.votes], result.show(r.exhausted))
['9.00000', '3.00000', '4.00000'] 0.00000
['6.00000', '4.99998', '4.99999'] 0.00003
['6.00000', '0.00000', '4.99999'] 5.00001
"""

from __future__ import annotations

from .limits import Guard
from .model import Contest, Result, Round, Transfer, decimal_string
from .papers import Pile, check_question, deal, in_order, preferences, striker
from .ties import TieBreaker
from .words import and_list, have_quota, of_papers

DECIMALS = 5
ONE = 10**DECIMALS


def count(contest: Contest) -> Result:
    """Count by SI 2007/42. Raises BadElection for a question or papers that cannot be counted."""
    check_question(contest)
    return _Count(contest).run()


class _Count:
    """The table, the piles on it, and the book in which every stage is written."""

    def __init__(self, contest: Contest) -> None:
        self.contest = contest
        self.name = contest.candidates
        self.size = len(contest.candidates)
        self.guard = Guard(contest)
        self.ties = TieBreaker(self.size, contest.seed)
        self.pile, self.papers, self.valid = preferences(contest)
        self.quota = (self.valid // (contest.seats + 1) + 1) * ONE  # rule 46
        self.hopeful = contest.standing
        self.elected: list[int] = []
        self.waiting: set[int] = set()  # elected with a surplus that has not moved yet
        self.votes = [0] * self.size
        self.piles: dict[int, dict[int, Pile]] = {c: {} for c in self.hopeful}  # candidate → value of a paper → papers
        self.rounds: list[Round] = []

    def run(self) -> Result:
        self.first_stage()
        while not self.complete():
            if self.waiting:
                self.transfer_surplus()
            else:
                self.exclude()
        contest = self.contest
        return Result(
            method="scottish-stv",
            candidates=self.name,
            withdrawn=contest.withdrawn,
            seats=contest.seats,
            ballots=self.papers,
            valid=self.valid,
            quota=self.quota,
            decimals=DECIMALS,
            winners=tuple(self.elected),
            rounds=tuple(self.rounds),
            ties=tuple(self.ties.ties),
            title=contest.title,
            seed=contest.seed,
        )

    def complete(self) -> bool:
        """Rule 52: every seat is filled, or has been, by those who were left."""
        return len(self.elected) >= self.guard.seats or not self.hopeful

    def first_stage(self) -> None:
        """Rule 45."""
        into: dict[int, Pile] = {c: {} for c in self.hopeful}
        for c, papers in deal(self.pile, striker((), self.size), into).items():
            if c is not None:
                self.votes[c] = papers * ONE
                self.piles[c] = {ONE: into[c]}
        self.pile = {}
        quota = decimal_string(self.quota // ONE, 0)
        self.close_stage(
            "count",
            None,
            [],
            f"First preferences. The quota is {quota}: {of_papers(self.valid)} divided by "
            f"{self.contest.seats + 1}, plus one.",
        )

    def close_stage(self, action: str, subject: int | None, moved: list[Transfer], note: str) -> None:
        """Write the stage down and deem elected whom it brought to the quota (rule 47) or to the last seats (rule
        52).
        """
        number = len(self.rounds) + 1
        self.ties.remember(self.votes)
        over = [c for c in self.hopeful if self.votes[c] >= self.quota]
        elected = self.elect(over, number)
        if elected:
            note += f" {have_quota(self.name, elected)}"
        vacancies = self.guard.seats - len(self.elected)
        barred = self.guard.barred(self.elected, self.hopeful) if vacancies else set()
        open_ = [c for c in self.hopeful if c not in barred]
        if vacancies and len(open_) <= vacancies:
            last = self.elect(open_, number)
            elected += last
            note += f" No more candidates continue than seats are vacant: {and_list(self.name, last)} deemed elected."
        total = sum(self.votes)
        gone = self.contest.withdrawn
        self.rounds.append(
            Round(
                number=number,
                action=action,  # type: ignore[arg-type]
                subject=subject,
                votes=tuple(None if i in gone else v for i, v in enumerate(self.votes)),
                elected=tuple(elected),
                eliminated=(subject,) if action == "exclusion" and subject is not None else (),
                exhausted=self.valid * ONE - total,
                transfers=tuple(moved),
                note=note,
                quota=self.quota,
            )
        )

    def elect(self, over: list[int], number: int) -> list[int]:
        """Deem elected, by votes then; with limits, as many as they allow."""
        if not over:
            return []
        order = self.ties.in_order(over, number)
        elected = self.guard.take(order, self.elected, self.hopeful)
        for c in elected:
            self.elected.append(c)
            self.hopeful.remove(c)
            if self.votes[c] > self.quota:
                self.waiting.add(c)
        return elected

    def transfer_surplus(self) -> None:
        """Rules 48 and 49."""
        number = len(self.rounds) + 1
        highest = max(self.votes[c] for c in self.waiting)
        level = [c for c in self.waiting if self.votes[c] == highest]
        source = self.ties.favoured(level, "surplus", number)
        self.waiting.remove(source)
        surplus = highest - self.quota
        moved = self.move(source, surplus, highest)
        self.votes[source] = self.quota
        note = f"The surplus of {self.name[source]}, {decimal_string(surplus, DECIMALS)}, goes to the next preferences."
        self.close_stage("surplus", source, moved, note)

    def exclude(self) -> None:
        """Rules 50 and 51. Those a limit bars go first; those it needs never go."""
        number = len(self.rounds) + 1
        barred = self.guard.barred(self.elected, self.hopeful)
        safe = self.guard.safe(self.elected, self.hopeful)
        pool = sorted(barred) or [c for c in self.hopeful if c not in safe]
        fewest = min(self.votes[c] for c in pool)
        source = self.ties.lowest([c for c in pool if self.votes[c] == fewest], number)
        self.hopeful.remove(source)
        moved = self.move(source, 1, 1)
        self.votes[source] = 0
        why = f"{self.guard.why_barred(source)}" if barred else f"the fewest votes, {decimal_string(fewest, DECIMALS)}"
        note = f"{self.name[source]} is excluded ({why}); the papers go to the next preferences."
        self.close_stage("exclusion", source, moved, note)

    def move(self, source: int, surplus: int, total: int) -> list[Transfer]:
        """Move every paper of ``source`` on, each at its value × surplus ÷ total, remainders ignored."""
        strike = striker((i for i in range(self.size) if i not in self.hopeful), self.size)
        moved: dict[int | None, int] = {}
        for value, pile in self.piles.pop(source).items():
            passed = value * surplus // total
            into: dict[int, Pile] = {c: self.piles[c].setdefault(passed, {}) for c in self.hopeful}
            for c, papers in deal(pile, strike, into).items():
                moved[c] = moved.get(c, 0) + papers * passed
        for c, votes in moved.items():
            if c is not None:
                self.votes[c] += votes
        return [Transfer(source, c, votes) for c, votes in in_order(moved).items() if votes]
