"""The same rules told a second time, slowly: paper by paper, without piles, bytes or merging. Only tests use this.

Each function takes rankings as a list of tuples (one entry a paper) and follows its source line by line, so that a
fault in the quick counts would have to be made twice, in two shapes, to go unseen.
"""

from decimal import ROUND_DOWN, ROUND_UP, Decimal, localcontext
from fractions import Fraction


def _history_key(candidate, history):
    return tuple(stage[candidate] for stage in reversed(history))


def _lowest(level, history):
    return min(level, key=lambda c: (_history_key(c, history), -c))


def _highest(level, history):
    return max(level, key=lambda c: (_history_key(c, history), -c))


def scottish(papers, candidates, seats):  # noqa: C901 - one piece on purpose, to be read beside the statute
    """Winners in order and the votes of every stage, as Decimal."""
    five = Decimal("0.00001")
    papers = [list(p) for p in papers if p]
    quota = Decimal(len(papers) // (seats + 1) + 1)
    holder = [p[0] for p in papers]
    value = [Decimal(1)] * len(papers)
    votes = {c: Decimal(holder.count(c)) for c in candidates}
    continuing, winners, surpluses, history = list(candidates), [], [], []
    while True:
        history.append(dict(votes))
        reached = sorted(
            (c for c in continuing if votes[c] >= quota),
            key=lambda c: (tuple(-v for v in _history_key(c, history)), c),
        )
        for c in reached:
            winners.append(c)
            continuing.remove(c)
            if votes[c] > quota:
                surpluses.append(c)
        if len(winners) >= seats:
            break
        if len(continuing) <= seats - len(winners):
            winners += sorted(continuing, key=lambda c: (tuple(-v for v in _history_key(c, history)), c))
            break
        if surpluses:
            top = max(votes[c] for c in surpluses)
            source = _highest([c for c in surpluses if votes[c] == top], history)
            surpluses.remove(source)
            surplus, total, left = votes[source] - quota, votes[source], quota
        else:
            low = min(votes[c] for c in continuing)
            source = _lowest([c for c in continuing if votes[c] == low], history)
            continuing.remove(source)
            surplus, total, left = Decimal(1), Decimal(1), Decimal(0)
        for i, paper in enumerate(papers):
            if holder[i] != source:
                continue
            exact = Fraction(value[i]) * Fraction(surplus) / Fraction(total)
            value[i] = (Decimal(exact.numerator * 10**5 // exact.denominator) * five).quantize(five)
            holder[i] = next((c for c in paper if c in continuing), None)
            if holder[i] is not None:
                votes[holder[i]] += value[i]
        votes[source] = left
    return winners, history


def irv(papers, candidates):
    """The winner and the votes of every round."""
    left, history = list(candidates), []
    while True:
        votes = {c: 0 for c in candidates}
        for paper in papers:
            top = next((c for c in paper if c in left), None)
            if top is not None:
                votes[top] += 1
        history.append(votes)
        most = max(votes[c] for c in left)
        if 2 * most > sum(votes.values()) or len(left) <= 2:
            return _highest([c for c in left if votes[c] == most], history), history
        low = min(votes[c] for c in left)
        left.remove(_lowest([c for c in left if votes[c] == low], history))


def meek(papers, candidates, seats):  # noqa: C901 - as above
    """Winners as a set and the votes at the end of every round, as Decimal."""
    nine = Decimal("0.000000001")
    papers = [p for p in papers if p]
    keep = {c: Decimal(1) for c in candidates}
    hopeful, winners, history = list(candidates), [], []
    with localcontext() as context:
        context.prec = 60
        while True:
            last = None
            while True:
                votes = {c: Decimal(0) for c in candidates}
                for paper in papers:
                    weight = Decimal(1)
                    for c in paper:
                        kept = (weight * keep[c]).quantize(nine, ROUND_UP)
                        votes[c] += kept
                        weight -= kept
                        if weight <= 0:
                            break
                quota = (sum(votes.values()) / (seats + 1)).quantize(nine, ROUND_DOWN) + nine
                reached = [c for c in hopeful if votes[c] >= quota]
                surplus = max(Decimal(0), sum(votes[c] - quota for c in winners))
                if reached or surplus < Decimal("0.000001") or (last is not None and surplus >= last):
                    break
                last = surplus
                for c in winners:
                    up = (keep[c] * quota).quantize(nine, ROUND_UP)
                    keep[c] = (up / votes[c]).quantize(nine, ROUND_UP)
            if reached:
                reached.sort(key=lambda c: (-votes[c], tuple(-v for v in _history_key(c, history)), c))
                winners += reached[: seats - len(winners)]
                hopeful = [c for c in hopeful if c not in winners]
            elif len(hopeful) > seats - len(winners):
                low = min(votes[c] for c in hopeful)
                loser = _lowest([c for c in hopeful if votes[c] <= low + surplus], history)
                hopeful.remove(loser)
                keep[loser] = Decimal(0)
            history.append(dict(votes))
            if len(winners) >= seats or not hopeful:
                return winners, history
            if len(hopeful) <= seats - len(winners):
                winners += sorted(hopeful, key=lambda c: (tuple(-v for v in _history_key(c, history)), c))
                return winners, history


def schulze(papers, candidates, no_opinion=False):  # noqa: C901 - as above
    """The matrix of preferences and the ranking. ``papers`` hold groups of equal rank."""
    size = len(candidates)
    matrix = [[0] * size for _ in range(size)]
    for paper in papers:
        rank = {c: place for place, group in enumerate(paper) for c in group}
        for a in candidates:
            for b in candidates:
                if no_opinion and not (a in rank and b in rank):
                    continue
                if rank.get(a, size) < rank.get(b, size):
                    matrix[a][b] += 1
    beats = {(a, b): matrix[a][b] for a in candidates for b in candidates if matrix[a][b] > matrix[b][a]}
    reach = {}
    for a in candidates:  # the widest way from a, by trying every bottleneck from the strongest down
        for b in candidates:
            reach[a, b] = 0
            for floor in sorted(set(beats.values()), reverse=True):
                seen, edge = {a}, [a]
                while edge:
                    here = edge.pop()
                    for (x, y), strength in beats.items():
                        if x == here and strength >= floor and y not in seen:
                            seen.add(y)
                            edge.append(y)
                if b in seen and a != b:
                    reach[a, b] = floor
                    break
    rest, ranking = list(candidates), []
    while rest:
        tier = [a for a in rest if all(reach[b, a] <= reach[a, b] for b in rest)]
        ranking.append(tuple(tier))
        rest = [a for a in rest if a not in tier]
    return matrix, tuple(ranking)
