"""Instant runoff: one seat, ranked papers, the last goes out until somebody has a majority of the papers still in play.

Source: the alternative vote as in Robert's Rules of Order Newly Revised §45:62 (preferential voting), with the
switches of the Ranked Choice Voting Tabulator (RCTab), whose certified results the suite compares. In rules:

1. Every valid paper counts for the highest preference on it that is still in.
2. Who has more than half of the papers still in play is elected. Where two are left and level, ties decide at once:
   nothing moves after the seat can be filled.
3. Else the option with the fewest votes goes out and its papers count for their next preference; a paper without one is
   exhausted. Ties: fewer votes at the most recent unequal round, then the lot's order.
4. With *batch elimination* all who together have fewer votes than the next one above them go out at once (off by
   default).
5. With ``write_ins`` the catch-all entry for names nobody declared goes out first, in a round of its own, and never
   wins.

Burlington, Vermont, 2009, in a nutshell: the plurality winner loses the last round.

>>> from .model import Contest
>>> papers = {(0,): 33, (0, 1): 4, (1, 2): 29, (2, 1): 26, (2, 0): 8}
>>> result = count(Contest(("Wright", "Kiss", "Montroll"), papers))
>>> result.winner_names, [r.votes for r in result.rounds]
(('Montroll',), [(37, 29, 34), (37, 0, 63)])
"""

from __future__ import annotations

from dataclasses import dataclass

from .model import BadElection, Contest, Result, Round, Transfer
from .papers import Pile, check_question, deal, is_whole, preferences, striker
from .ties import TieBreaker
from .words import and_list, number


@dataclass(frozen=True, slots=True)
class Switches:
    """The options of a count by instant runoff; the defaults are the rule above.

    ``minimum``: who has fewer votes than this goes out in the first elimination. ``first_round_threshold``: half of
    the papers of the first round is needed throughout, and of two who miss it the higher wins. ``whole``: all papers
    in play are needed (the tabulator's "Hare quota" for one seat). ``to_two``: go on after the seat is filled until
    two are left, for the record. ``stop_after``: end after this round, decided or not.
    """

    batch: bool = False
    write_ins: int | None = None
    minimum: int = 0
    first_round_threshold: bool = False
    whole: bool = False
    to_two: bool = False
    stop_after: int | None = None


def count(contest: Contest, switches: Switches | None = None) -> Result:
    """Count one seat by instant runoff. Raises BadElection for what cannot be counted, and for more seats than one."""
    check_question(contest)
    if contest.seats != 1:
        raise BadElection(f"Instant runoff fills one seat, not {contest.seats}.")
    if contest.limits or contest.protected:
        raise BadElection("Instant runoff fills one seat; there is nothing to reserve or limit.")
    return _Count(contest, switches or Switches()).run()


class _Count:
    def __init__(self, contest: Contest, switches: Switches) -> None:
        self.contest = contest
        self.rule = switches
        self.name = contest.candidates
        self.size = len(contest.candidates)
        if not is_whole(switches.minimum) or switches.minimum < 0:
            raise BadElection("The least number of votes to stay in must be a whole number from 0.")
        self.ties = TieBreaker(self.size, contest.seed)
        pile, self.papers, self.valid = preferences(contest)
        self.hopeful = contest.standing
        self.piles: dict[int, Pile] = {c: {} for c in self.hopeful}
        self.votes = [0] * self.size
        for c, papers in deal(pile, striker((), self.size), self.piles).items():
            if c is not None:
                self.votes[c] = papers
        self.write_ins = switches.write_ins if switches.write_ins in self.hopeful else None
        self.winner: int | None = None
        self.rounds: list[Round] = []
        self.threshold = 0

    def run(self) -> Result:
        while self.goes_on():
            self.round()
        contest = self.contest
        return Result(
            method="irv",
            candidates=self.name,
            withdrawn=contest.withdrawn,
            seats=1,
            ballots=self.papers,
            valid=self.valid,
            quota=self.valid // 2 + 1,
            decimals=0,
            winners=() if self.winner is None else (self.winner,),
            rounds=tuple(self.rounds),
            ties=tuple(self.ties.ties),
            title=contest.title,
            seed=contest.seed,
        )

    def goes_on(self) -> bool:
        if not self.rounds:
            return True
        if self.rule.stop_after is not None and len(self.rounds) >= self.rule.stop_after:
            return False
        if self.winner is None:
            return bool(self.hopeful)
        return self.rule.to_two and (len(self.hopeful) > 2 or bool(self.rounds[-1].eliminated))

    def round(self) -> None:
        number_ = len(self.rounds) + 1
        self.ties.remember(self.votes)
        before = list(self.votes)
        in_play = sum(before)
        if not self.rounds or not self.rule.first_round_threshold:
            self.threshold = max(in_play if self.rule.whole else in_play // 2 + 1, self.rule.minimum)
        elected: list[int] = []
        eliminated: list[int] = []
        moved: list[Transfer] = []
        note = "First preferences." if not self.rounds else ""
        if self.winner is None and (found := self.find_winner(number_)) is not None:
            self.winner = found
            elected = [found]
            note += f" {self.why_elected(found, in_play)}"
        elif self.winner is None or len(self.hopeful) > 2:
            eliminated, why = self.find_losers(number_)
            moved = self.eliminate(eliminated)
            note += f" {and_list(self.name, eliminated)} eliminated: {why}."
        gone = self.contest.withdrawn
        self.rounds.append(
            Round(
                number=number_,
                action="count",
                subject=None,
                votes=tuple(None if i in gone else v for i, v in enumerate(before)),
                elected=tuple(elected),
                eliminated=tuple(eliminated),
                exhausted=self.valid - in_play,
                transfers=tuple(moved),
                note=note.strip() or "Two are left.",
                quota=self.threshold,
            )
        )

    def find_winner(self, number_: int) -> int | None:
        """Rule 2."""
        votes, hopeful = self.votes, self.hopeful
        if self.write_ins is not None and (votes[self.write_ins] or len(hopeful) == 1):
            return None
        able = [c for c in hopeful if c != self.write_ins]
        over = [c for c in able if votes[c] >= self.threshold]
        if not over and len(hopeful) == 2 and len(able) == 2 and min(votes[c] for c in able) >= self.rule.minimum:
            over = able
        if len(hopeful) == 1:
            over = able
        if not over:
            return None
        most = max(votes[c] for c in over)
        return self.ties.favoured([c for c in over if votes[c] == most], "seat", number_)

    def why_elected(self, winner: int, in_play: int) -> str:
        has = number(self.votes[winner])
        if self.votes[winner] * 2 > in_play:
            return f"{self.name[winner]} has {has} of the {number(in_play)} votes in play, a majority, and is elected."
        if len(self.hopeful) == 1:
            return f"{self.name[winner]} is the only one left and is elected."
        return f"{self.name[winner]} has {has} of the {number(in_play)} votes in play and leads the other: elected."

    def find_losers(self, number_: int) -> tuple[list[int], str]:
        """Rules 3 to 5: who goes out now, and why."""
        votes, hopeful = self.votes, self.hopeful
        if self.write_ins is not None:
            catch_all, self.write_ins = self.write_ins, None
            return [catch_all], "names that nobody declared go out first"
        below = [c for c in hopeful if votes[c] < self.rule.minimum]
        if len(below) == len(hopeful):
            raise BadElection(f"Everybody has fewer than the {number(self.rule.minimum)} votes needed to stay in.")
        if below:
            return below, f"fewer than {number(self.rule.minimum)} votes"
        batch = self.batch() if self.rule.batch else []
        if len(batch) > 1:
            together = number(sum(votes[c] for c in batch))
            return batch, f"their {together} votes together cannot reach the next above them"
        fewest = min(votes[c] for c in hopeful)
        loser = self.ties.lowest([c for c in hopeful if votes[c] == fewest], number_)
        return [loser], f"the fewest votes, {number(fewest)}"

    def batch(self) -> list[int]:
        """Rule 4: the largest group at the bottom that cannot catch the next above it."""
        seen: list[int] = []
        best: list[int] = []
        total = 0
        floor = 2 if self.rule.to_two else 1
        for level in sorted({self.votes[c] for c in self.hopeful}):
            if total < level and len(self.hopeful) - len(seen) >= floor:
                best = list(seen)
            here = [c for c in self.hopeful if self.votes[c] == level]
            seen += here
            total += level * len(here)
        return sorted(best)

    def eliminate(self, losers: list[int]) -> list[Transfer]:
        """Take the losers off the table and deal their papers on."""
        for c in losers:
            self.hopeful.remove(c)
        strike = striker((i for i in range(self.size) if i not in self.hopeful), self.size)
        transfers: list[Transfer] = []
        for source in losers:
            self.votes[source] = 0
            for target, papers in deal(self.piles.pop(source), strike, self.piles).items():
                transfers.append(Transfer(source, target, papers))
                if target is not None:
                    self.votes[target] += papers
        return transfers
