"""A million made-up papers, always the same: the three electorates the counting targets are stated for.

``blocs``: three blocs with tastes of their own, Plackett–Luce draws, papers of 1 to 10 preferences. ``uniform``:
everybody ranks all ten, no taste at all, hardly two papers alike. ``short``: one strong common taste, mostly two to
four preferences.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Iterator

OPTIONS = 10
SEATS = 3
PAPERS = 1_000_000
SEED = 1844  # the year the Rochdale Pioneers opened their shop

BLOCS = (
    (0.45, (33.8, 21.0, 12.9, 7.7, 3.4, 2.0, 1.1, 0.75, 0.41, 0.22)),
    (0.33, (0.31, 0.75, 1.3, 2.4, 26.0, 16.3, 9.7, 5.1, 1.0, 0.52)),
    (0.22, (1.5, 0.41, 0.52, 1.0, 0.75, 1.5, 2.7, 7.7, 23.5, 28.5)),
)
COMMON = (75.2, 47.8, 31.2, 21.0, 14.0, 8.9, 5.8, 3.7, 2.4, 1.5)


def _draw(rng: random.Random, weights: tuple[float, ...], length: int) -> tuple[int, ...]:
    """The first ``length`` of a Plackett–Luce order: exponential clocks, the earliest first."""
    clock = [-math.log(1.0 - rng.random()) / w for w in weights]
    return tuple(sorted(range(OPTIONS), key=clock.__getitem__)[:length])


def blocs(papers: int = PAPERS) -> Counter[tuple[int, ...]]:
    """About a quarter of a million different papers."""
    rng = random.Random(SEED)
    shares = [share for share, _ in BLOCS]
    tastes = [taste for _, taste in BLOCS]
    picks = rng.choices(tastes, shares, k=papers)
    return Counter(_draw(rng, taste, rng.randint(1, OPTIONS)) for taste in picks)


def uniform(papers: int = PAPERS) -> Counter[tuple[int, ...]]:
    """About 870,000 different papers."""
    rng = random.Random(SEED)

    def orders() -> Iterator[tuple[int, ...]]:
        for _ in range(papers):
            yield tuple(rng.sample(range(OPTIONS), OPTIONS))

    return Counter(orders())


def short(papers: int = PAPERS) -> Counter[tuple[int, ...]]:
    """About 135,000 different papers."""
    rng = random.Random(SEED)
    lengths = rng.choices(range(1, OPTIONS + 1), (14, 18, 18, 14, 11, 8.6, 6, 4.6, 3.2, 2.6), k=papers)
    return Counter(_draw(rng, COMMON, length) for length in lengths)


ELECTORATES: dict[str, Callable[[], Counter[tuple[int, ...]]]] = {"blocs": blocs, "uniform": uniform, "short": short}
