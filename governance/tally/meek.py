"""Single transferable vote by Meek's method, as the Proportional Representation Foundation's reference rule fixes it.

Source: PR Foundation, *Reference Meek Rule* (prfound.org/resources/reference/reference-meek-rule), after B. L. Meek
(1969) and Hill, Wichmann and Woodall, "Algorithm 123", Computer Journal 30 (1987). Fixed arithmetic of nine decimals,
omega 0.000001:

A.  Every candidate is hopeful with keep factor 1.
B1. The count is complete when every seat is filled, or no more are elected and hopeful than there are seats.
B2. a. Each paper starts with weight 1. In the order of its preferences each candidate keeps weight × keep factor,
       rounded up; the rest goes on.
    b. The quota is all votes ÷ (seats + 1), cut to nine decimals, plus 0.000000001.
    c. Every hopeful candidate with the quota is elected.
    d. The surplus is the sum of (votes − quota) over the elected, not below 0.
    e. If somebody was elected, back to B1. If the surplus is below omega, or no smaller than the last time, on to B3.
    f. Each elected candidate's keep factor becomes factor × quota (rounded up) ÷ votes (rounded up). Back to a.
B3. The hopeful candidate with the fewest votes is defeated; candidates within the surplus of them are tied with them.
C.  Seats still empty go to those still hopeful.

Ties are broken by earlier rounds and then by the lot's order, as everywhere in this package; the reference leaves
them open.

>>> from .model import Contest
>>> result = count(Contest(("Ann", "Bob", "Cat"), {(0, 1): 6, (0, 2): 3, (1,): 3, (2,): 4}, seats=2))
>>> result.winner_names, result.show_quota()
(('Ann', 'Bob'), '5.333333334')
>>> for r in result.rounds:
...     print([result.show(v) for v in r.votes], r.elected, r.eliminated)
['9.000000000', '3.000000000', '4.000000000'] (0,) ()
['5.333333337', '5.444444442', '5.222222221'] (1,) ()
"""

from __future__ import annotations

from .limits import Guard
from .model import Contest, Result, Round, decimal_string
from .papers import SMALL, Paper, Pile, check_question, preferences, striker
from .ties import TieBreaker
from .words import and_list, have_quota

DECIMALS = 9
ONE = 10**DECIMALS
OMEGA = 10 ** (DECIMALS - 6)


def count(contest: Contest) -> Result:
    """Count by the PR Foundation's Meek rule. Raises BadElection for a question or papers that cannot be counted."""
    check_question(contest)
    return _Count(contest).run()


def _up(dividend: int, divisor: int) -> int:
    """Division rounded up."""
    return -(-dividend // divisor)


class _Count:
    """Papers lie in piles by the way they run: elected candidates first met, then the first hopeful one, who stops
    them.

    All papers of one way spread their weight alike, so an iteration costs as many steps as there are ways, not papers.
    """

    def __init__(self, contest: Contest) -> None:
        self.contest = contest
        self.name = contest.candidates
        self.size = len(contest.candidates)
        self.guard = Guard(contest)
        self.ties = TieBreaker(self.size, contest.seed)
        pile, self.papers, self.valid = preferences(contest)
        self.hopeful = contest.standing
        self.elected: list[int] = []
        self.keep = [ONE] * self.size
        self.votes = [0] * self.size
        self.quota = self.surplus = 0
        self.ways: dict[Paper, Pile] = {}
        self.rounds: list[Round] = []
        start: Paper = b"" if self.size <= SMALL else ()
        self.settle(start, pile)
        self.totals: list[tuple[Paper, int]] = []

    def settle(self, way: Paper, rests: Pile) -> None:
        """Lay papers that have run ``way`` where they stop now."""
        left = {*self.hopeful, *self.elected}
        strike = striker((i for i in range(self.size) if i not in left), self.size)
        hopeful = set(self.hopeful)
        for rest, count_ in rests.items():
            paper = strike(rest)
            stop = 0
            for c in paper:
                stop += 1
                if c in hopeful:
                    break
            pile = self.ways.setdefault(way + paper[:stop], {})
            tail = paper[stop:]
            pile[tail] = pile.get(tail, 0) + count_

    def resettle(self, changed: list[int]) -> None:
        """Papers that stopped at somebody who is elected or defeated now run on."""
        moving = set(changed)
        defeated = moving - set(self.elected)
        for way in [way for way in self.ways if way and way[-1] in moving]:
            pile = self.ways.pop(way)
            self.settle(way[:-1] if way[-1] in defeated else way, pile)

    def run(self) -> Result:
        changed: list[int] = []
        while len(self.elected) < self.guard.seats and (self.hopeful or not self.rounds):
            self.resettle(changed)
            changed = self.round()
        contest = self.contest
        first = self.rounds[0].quota if self.rounds else None
        return Result(
            method="meek-stv",
            candidates=self.name,
            withdrawn=contest.withdrawn,
            seats=contest.seats,
            ballots=self.papers,
            valid=self.valid,
            quota=first,
            decimals=DECIMALS,
            winners=tuple(self.elected),
            rounds=tuple(self.rounds),
            ties=tuple(self.ties.ties),
            title=contest.title,
            seed=contest.seed,
        )

    def round(self) -> list[int]:
        """Steps B1 to B3; returns whose papers must run on."""
        number = len(self.rounds) + 1
        self.totals = [(way, sum(pile.values())) for way, pile in self.ways.items() if way]
        over = self.iterate()
        self.ties.remember(self.votes)
        quota = decimal_string(self.quota, DECIMALS)
        note = f"The quota is {quota}."
        elected = self.elect(over, number)
        eliminated: list[int] = []
        if elected:
            note += f" {have_quota(self.name, elected)}"
        elif not self.last_vacancies():
            loser, why = self.defeat(number)
            eliminated = [loser]
            note += f" {self.name[loser]} is eliminated ({why})."
        if last := self.last_vacancies():
            last = self.elect(last, number)
            elected += last
            note += f" No more candidates continue than seats are vacant: {and_list(self.name, last)} deemed elected."
        self.write(number, elected, eliminated, note)
        return [*elected, *eliminated]

    def last_vacancies(self) -> list[int]:
        """Steps B1 and C: those who fill the seats left because no more of them can."""
        vacancies = self.guard.seats - len(self.elected)
        if not vacancies:
            return []
        barred = self.guard.barred(self.elected, self.hopeful)
        able = [c for c in self.hopeful if c not in barred]
        return able if len(able) <= vacancies else []

    def iterate(self) -> list[int]:
        """Step B2; returns the hopeful candidates that have the quota."""
        last: int | None = None
        while True:
            self.distribute()
            self.quota = sum(self.votes) // (self.contest.seats + 1) + 1
            over = [c for c in self.hopeful if self.votes[c] >= self.quota]
            if over and self.guard.active:
                barred = self.guard.barred(self.elected, self.hopeful)
                over = [c for c in over if c not in barred]
            self.surplus = max(0, sum(self.votes[c] - self.quota for c in self.elected))
            if over or self.surplus < OMEGA or (last is not None and self.surplus >= last):
                return over
            last = self.surplus
            for c in self.elected:
                self.keep[c] = _up(_up(self.keep[c] * self.quota, ONE) * ONE, self.votes[c])

    def distribute(self) -> None:
        """Step B2a."""
        votes = [0] * self.size
        keep = self.keep
        for way, papers in self.totals:
            weight = ONE
            for c in way:
                kept = _up(weight * keep[c], ONE)
                votes[c] += kept * papers
                weight -= kept
                if weight <= 0:
                    break
        self.votes = votes

    def elect(self, over: list[int], number: int) -> list[int]:
        if not over:
            return []
        elected = self.guard.take(self.ties.in_order(over, number), self.elected, self.hopeful)
        for c in elected:
            self.elected.append(c)
            self.hopeful.remove(c)
        return elected

    def defeat(self, number: int) -> tuple[int, str]:
        """Step B3. Those a limit bars go first; those it needs never go."""
        barred = self.guard.barred(self.elected, self.hopeful)
        safe = self.guard.safe(self.elected, self.hopeful)
        pool = sorted(barred) or [c for c in self.hopeful if c not in safe]
        fewest = min(self.votes[c] for c in pool)
        tied = [c for c in pool if self.votes[c] <= fewest + self.surplus]
        loser = self.ties.lowest(tied, number, skip=1)
        self.hopeful.remove(loser)
        why = self.guard.why_barred(loser) if barred else f"the fewest votes, {decimal_string(fewest, DECIMALS)}"
        return loser, why

    def write(self, number: int, elected: list[int], eliminated: list[int], note: str) -> None:
        gone = self.contest.withdrawn
        self.rounds.append(
            Round(
                number=number,
                action="count",
                subject=None,
                votes=tuple(None if i in gone else v for i, v in enumerate(self.votes)),
                elected=tuple(elected),
                eliminated=tuple(eliminated),
                exhausted=self.valid * ONE - sum(self.votes),
                transfers=(),
                note=note,
                quota=self.quota,
            )
        )
