"""One count by another library, in its own environment; prints time, memory and winners. Started by ``counting.py``."""

import json
import pickle
import re
import sys
from pathlib import Path
from time import process_time

SEATS = {"scottish-stv": 3, "meek-stv": 3, "irv": 1, "schulze": 3}


def pyrankvote(names, papers, method):
    from pyrankvote import Ballot, Candidate, instant_runoff_voting

    people = [Candidate(name) for name in names]
    cast = []
    for ranking, count in papers.items():
        paper = Ballot(ranked_candidates=[people[i] for i in ranking])
        cast += [paper] * count
    start = process_time()
    result = instant_runoff_voting(people, cast)
    return process_time() - start, [str(person.name) for person in result.get_winners()]


def pref_voting(names, papers, method):
    from pref_voting.iterative_methods import instant_runoff_for_truncated_linear_orders
    from pref_voting.margin_based_methods import beat_path
    from pref_voting.profiles_with_ties import ProfileWithTies
    from pref_voting.proportional_methods import stv_meek, stv_scottish

    rankings = [{c: place for place, c in enumerate(ranking, 1)} for ranking in papers]
    profile = ProfileWithTies(rankings, list(papers.values()), candidates=list(range(len(names))))
    start = process_time()
    if method == "irv":
        winners = instant_runoff_for_truncated_linear_orders(profile)
    elif method == "schulze":
        profile.use_extended_strict_preference()
        winners = beat_path(profile)
    else:
        count = stv_scottish if method == "scottish-stv" else stv_meek
        winners = count(profile, num_seats=SEATS[method])
    return process_time() - start, [names[i] for i in winners]


def peak():
    """The most memory this process has held, in MB; unlike getrusage's figure it owes nothing to the parent's."""
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1024


def main(path, library, method):
    with open(path, "rb") as file:
        names, papers = pickle.load(file)  # noqa: S301 - written by counting.py a moment ago
    papers.pop((), None)
    took, winners = {"pyrankvote": pyrankvote, "pref_voting": pref_voting}[library](names, papers, method)
    print(json.dumps({"cpu": took, "peak": peak(), "winners": winners}))


if __name__ == "__main__":
    main(*sys.argv[1:])
