"""Made-up elections for Hypothesis."""

import os
from functools import cache
from itertools import permutations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from governance.tally import Contest, Limit

_LIMIT = int(os.environ.get("HYPOTHESIS_EXAMPLES", "1000000"))
NAMES = ("Amara", "Jonas", "Mei", "Lena", "Samir", "Theo", "Ines")
SINGLE = ("irv",)
SEVERAL = ("plurality", "block", "approval", "scottish-stv", "meek-stv", "schulze")


@cache
def cut_short(size, length):
    """All orders of so many out of ``size``: to pick one of them is a single draw."""
    return tuple(permutations(range(size), length))


@st.composite
def rankings(draw, size, ties=False):
    """One paper: a permutation cut short, with groups where ties are allowed."""
    flat = draw(st.sampled_from(cut_short(size, draw(st.integers(0, size)))))
    if not ties or len(flat) < 2:
        return flat
    grouped, i = [], 0
    while i < len(flat):
        width = draw(st.integers(1, 3))
        group = flat[i : i + width]
        grouped.append(group[0] if len(group) == 1 else tuple(sorted(group)))
        i += width
    return tuple(grouped)


@st.composite
def contests(draw, ties=False, max_seats=4, withdrawn=True, limits=False, least=1):
    size = draw(st.integers(least, len(NAMES)))
    ballots = draw(st.dictionaries(rankings(size, ties), st.integers(1, 9) | st.sampled_from([50, 1000]), max_size=14))
    out = draw(st.sets(st.integers(0, size - 1), max_size=max(0, min(2, size - least)))) if withdrawn else set()
    seats = draw(st.integers(1, max_seats))
    return Contest(
        candidates=NAMES[:size],
        ballots=ballots,
        seats=seats,
        withdrawn=frozenset(out),
        invalid=draw(st.integers(0, 3)),
        seed=draw(st.none() | st.text(max_size=3)),
        limits=draw(limits_for(size, seats)) if limits else (),
    )


@st.composite
def limits_for(draw, size, seats):
    """Up to two limits that do not overlap."""
    home = draw(st.lists(st.integers(0, 2), min_size=size, max_size=size))
    made, free = [], seats
    for number in (1, 2):
        members = frozenset(i for i, h in enumerate(home) if h == number)
        least = draw(st.integers(0, min(free, 2)))
        most = draw(st.none() | st.integers(least, 3))
        free -= least
        made.append(Limit(f"group {number}", members, least, most))
    return tuple(made)


def examples(number):
    """So many examples, or fewer where HYPOTHESIS_EXAMPLES says so: mutants are tried by the thousand."""
    return settings(
        max_examples=min(number, _LIMIT),
        deadline=None,
        derandomize=_LIMIT < number,
        suppress_health_check=[HealthCheck.too_slow],  # a busy machine is no fault of the rule
    )
