"""Reserved and maximum seats per constituency or class.

A candidate is *barred* when electing them would leave the limits impossible to keep, and *safe* when excluding them
would. Both are found by trying: is there still a way to fill the vacancies with every limit kept? Candidates belong
to one limit at most, so the question is a sum and no search. (The guarded and doomed candidates of I. D. Hill, "STV
with constraints", Voting matters 9, 1998.)

Where fewer stand than seats are reserved, the reservation holds for as many as stand; where ceilings leave fewer than
all seats to be filled, the rest stay vacant.
"""

from __future__ import annotations

from collections.abc import Iterable

from .model import BadElection, Contest, Limit
from .papers import is_whole, short


def check_limits(contest: Contest) -> None:
    """Refuse limits that overlap, name unknown options or ask for more seats than there are."""
    seen: dict[int, str] = {}
    for limit in contest.limits:
        _check_one(limit, contest)
        for i in limit.members:
            if i in seen:
                raise BadElection(
                    f"{short(contest.candidates[i])} stands under two limits, {short(seen[i])} and {short(limit.name)}."
                )
            seen[i] = limit.name
    if sum(limit.at_least for limit in contest.limits) > contest.seats:
        raise BadElection("More seats are reserved than there are to fill.")


def _check_one(limit: Limit, contest: Contest) -> None:
    if not is_whole(limit.at_least) or limit.at_least < 0:
        raise BadElection(f"The seats reserved for {short(limit.name)} must be a whole number from 0.")
    if limit.at_most is not None and (not is_whole(limit.at_most) or limit.at_most < limit.at_least):
        raise BadElection(
            f"The ceiling for {short(limit.name)} must be a whole number and not below its reserved seats."
        )
    if bad := [i for i in limit.members if not is_whole(i) or not 0 <= i < len(contest.candidates)]:
        raise BadElection(f"The limit {short(limit.name)} names option {short(bad[0])}, which is not on the paper.")


class Guard:
    """Knows at every stage who is barred and who is safe. Cheap when a contest has no limits."""

    def __init__(self, contest: Contest) -> None:
        check_limits(contest)
        standing = set(contest.standing)
        self.home: dict[int, int] = dict.fromkeys(standing, 0)
        self.least = [0]
        self.most: list[int] = [len(standing)]
        self.names = [""]
        for number, limit in enumerate(contest.limits, 1):
            members = limit.members & standing
            self.home.update(dict.fromkeys(members, number))
            self.least.append(min(limit.at_least, len(members)))
            self.most.append(len(members) if limit.at_most is None else min(limit.at_most, len(members)))
            self.names.append(limit.name)
        self.most[0] = sum(1 for home in self.home.values() if home == 0)
        self.protected = contest.protected & standing
        if len(self.protected) > contest.seats:
            raise BadElection("More members sit than there are seats.")
        self.active = bool(contest.limits) or bool(self.protected)
        self.seats = min(contest.seats, sum(self.most))  # the rest stay vacant
        if not self.seats:
            raise BadElection("The limits leave no seat to fill.")
        if self.active and not self._possible([], list(standing), self.seats):
            raise BadElection("The limits cannot all be kept with the candidates who stand.")

    def _possible(self, elected: Iterable[int], open_: Iterable[int], vacancies: int) -> bool:
        """Can ``vacancies`` seats still be filled from ``open_`` with every limit kept?"""
        size = len(self.least)
        have, rest, kept = [0] * size, [0] * size, [0] * size
        for i in elected:
            have[self.home[i]] += 1
        for i in open_:
            rest[self.home[i]] += 1
            kept[self.home[i]] += i in self.protected
        needs = [max(0, self.least[g] - have[g], kept[g]) for g in range(size)]
        rooms = [min(rest[g], self.most[g] - have[g]) for g in range(size)]
        if any(need > room for need, room in zip(needs, rooms, strict=True)):
            return False
        return sum(needs) <= vacancies <= sum(rooms)

    def barred(self, elected: list[int], hopeful: list[int]) -> set[int]:
        """Those who can no longer be elected without breaking a limit."""
        if not self.active:
            return set()
        vacancies = self.seats - len(elected)
        return {c for c in hopeful if not self._possible([*elected, c], [h for h in hopeful if h != c], vacancies - 1)}

    def safe(self, elected: list[int], hopeful: list[int]) -> set[int]:
        """Those whose exclusion would make a limit impossible to keep; sitting members among them."""
        if not self.active:
            return set()
        vacancies = self.seats - len(elected)
        barred = self.barred(elected, hopeful)
        return {
            c
            for c in hopeful
            if c not in barred
            and (c in self.protected or not self._possible(elected, [h for h in hopeful if h != c], vacancies))
        }

    def take(self, order: Iterable[int], elected: list[int], hopeful: list[int]) -> list[int]:
        """Elect from ``order`` as many as seats and limits allow; returns them, in that order."""
        taken: list[int] = []
        left = list(hopeful)
        for c in order:
            if len(elected) + len(taken) >= self.seats:
                break
            left.remove(c)
            if self.active:
                vacancies = self.seats - len(elected) - len(taken)
                if not self._possible([*elected, *taken, c], left, vacancies - 1):
                    left.append(c)
                    continue
            taken.append(c)
        return taken

    def why_barred(self, candidate: int) -> str:
        """The reason in words."""
        name = self.names[self.home[candidate]]
        return f"no further seat is open to {name}" if name else "the seats left are reserved"
