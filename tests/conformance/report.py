"""Writes ``docs/conformance.md`` from what the suite compared. Run it with: python -m tests.conformance.report"""

import re
from pathlib import Path

from governance.exchange import count_file
from tests.beside import DATA

from . import elections

PROJECT = Path(__file__).resolve().parents[2]
REPORT = PROJECT / "docs" / "conformance.md"
SURVIVORS = Path(__file__).with_name("survivors.md")
TITLES = {
    "edinburgh": (
        "Edinburgh City Council 2017, 17 wards",
        "Scottish STV (SI 2007/42)",
        "ballots published by the council; winners are the councillors elected; stages cross-checked with droop",
    ),
    "debian": (
        "Debian project 2004–2012, general resolutions and leaders",
        "Schulze with default option, quorum and majorities (Debian Constitution A.6)",
        "tally sheets and results published by the project's secretary",
    ),
    "kubernetes": (
        "Kubernetes steering committee 2017–2020",
        "Schulze, winning votes, an option without opinion is not compared",
        "ballots and rankings published by the project",
    ),
    "schulze": (
        "Worked examples of Schulze's paper",
        "Schulze, winning votes",
        "the paper, by way of the tests of CondorcetPHP",
    ),
    "burlington": (
        "Burlington, Vermont, mayor 2009",
        "Instant runoff",
        "ballots by ranked.vote; the final round is the official one",
    ),
    "rctab": (
        "RCTab's regression elections, Minneapolis mayor 2013 among them",
        "Instant runoff with the tabulator's switches",
        "expected summaries of the certified tabulator (Bright Spots, MPL-2.0)",
    ),
}
HEAD = """# Which elections these counts were held against

No paper of these elections is in this repository. The suite reads them from `../shared/data/elections` or
`$CONFORMANCE_DATA`; where neither is there it skips and says so, and with `CI=true` that is a failure. This page is
written by the suite (`python -m tests.conformance.report`), and a test fails when it is out of date.

A count here is exact: integers or fractions, no float. Everything listed was compared for equality, to the last
printed decimal.
"""
JSON = """## The published JSON

`manage.py count FILE --format json` prints one object: `method`, `seats`, `ballots` (all papers), `valid` (those with
a usable preference), `quota`, `winners` in the order of their election, `ranking` (tiers of equals, or null),
`dropped`, `pairwise` (row over column, or null), `rounds` (each with `votes` as decimal strings for every candidate
not withdrawn, `elected`, `eliminated`, `exhausted` = valid less all votes, `note`), and `ties` (`round`, `between`,
`for`, `by`).

- Under the Scottish rules a round's `eliminated` is whom that stage excluded and whose papers it moved; under instant
  runoff and Meek it is whom that round's votes put out, as their sources print it.
- `ties[].for` is `surplus` (whose moves first), `elimination` (who goes out), `seat` (who is elected) or `order` (who
  is named first of several elected together).
- Under Meek `quota` is that of the first round, which all valid papers make; each round's own is in its note.
- Where one paper may give several votes (block, approval, score) `exhausted` is 0.
- A carried motion has its first option among the `winners`; a motion that is not carried has none.
"""
GAPS = """## What is not covered by an outside source

- *Motion, block, approval, score*: additions and fractions. Covered by worked examples, properties and hand-made
  papers, not by published elections. (Plurality is compared in Burlington only.)
- *Meek, stage by stage*: the published figures are the winners. Every round is compared with a second implementation
  in the tests, which follows the reference rule paper by paper, on random elections.
- *Limits* (reserved and maximum seats), *countback*, *none of these*: properties and hand-made papers. No published
  election with these rules and its ballots was found.
- *Ties by lot under the Scottish rules*: none of the 17 wards had one. A lot drawn on the night cannot be repeated
  anyway; here the order of the paper or of the seed stands in for it.
- *RCTab's switches* `doesFirstRoundDetermineThreshold`, `minimumVoteThreshold`, `hareQuota` and
  `stopTabulationEarlyAfterRound` are obeyed as its source reads, and tested on hand-made papers. Its switches that
  clean ballots (overvotes, skipped ranks) are not read: the papers of these files are cleaned. Its random tie-breaks
  are not followed: ties go by earlier rounds, then by the order.
- *Kubernetes 2017*: the employer cap was applied by hand to the ranking. The suite compares the ranking, then the cap.
- *Debian A.6.7*: of two defeats with equal winning votes the one with fewer votes against it is the stronger. This is
  done for `debian-schulze` and tested on hand-made papers; no published vote here turns on it. Plain winning votes,
  which `schulze-winning-votes` asks for, do not look at the votes against.
"""


def reported() -> set[str]:
    """The elections the committed report names."""
    return set(re.findall(r"^\| (\w+_\w+) \|", REPORT.read_text("utf-8"), re.M))


def build(only: set[str] | None = None) -> str:
    """The report's text, on all elections here or ``only`` these. Raises Differs when a count is not as published."""
    parts = [HEAD, "## Elections\n"]
    found: dict[str, list[tuple[str, object, list[elections.Check]]]] = {}
    paths = [path for path in elections.paths() if only is None or path.stem in only]
    for path in paths:
        _, result, checks = elections.check(path)
        found.setdefault(elections.family(path), []).append((path.stem, result, checks))
    for family in TITLES:
        parts.append(_section(family, found.get(family, [])))
    parts += [_meek(paths), JSON, GAPS, SURVIVORS.read_text("utf-8") if SURVIVORS.exists() else ""]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts if part)


def _section(family: str, counted: list) -> str:
    title, rule, source = TITLES[family]
    figures = sum(check.figures for _, _, checks in counted for check in checks)
    lines = [f"### {title}", "", f"Rule: {rule}. Source: {source}. {figures:,} figures compared, all equal.", ""]
    lines += ["| election | seats | options | papers | rounds | compared |", "|---|--:|--:|--:|--:|---|"]
    for name, result, checks in counted:
        what: dict[str, int] = {}
        for check in checks:
            label = check.what
            if label.startswith("round "):
                label = "rounds: " + label.split(" ", 2)[2].split(" of ")[0]
            what[label] = what.get(label, 0) + check.figures
        said = ", ".join(f"{label} ({number})" if number > 1 else label for label, number in what.items())
        rounds = len(result.rounds) or "–"
        lines.append(f"| {name} | {result.seats} | {len(result.candidates)} | {result.ballots:,} | {rounds} | {said} |")
    return "\n".join(lines) + "\n"


def _meek(paths: list[Path]) -> str:
    """Where the two ways of STV elect different people: the reason why by-laws name theirs."""
    differ = []
    wards = [path for path in paths if elections.family(path) == "edinburgh"]
    for path in wards:
        scottish, meek = count_file(path), count_file(path, method="meek-stv")
        if set(scottish.winners) != set(meek.winners):
            only = {
                result.method: ", ".join(sorted(set(result.winner_names) - set(other.winner_names)))
                for result, other in ((scottish, meek), (meek, scottish))
            }
            differ.append(f"- {path.stem}: Scottish elects {only['scottish-stv']}, Meek elects {only['meek-stv']}.")
    said = f"They elect different people in {len(differ)} of {len(wards)} wards."
    return "\n".join(["### Scottish and Meek on the same papers", "", said, "", *differ])


if __name__ == "__main__":
    if elections.folder() is None:
        raise SystemExit(f"There are no elections in {DATA}; set CONFORMANCE_DATA to the folder that holds them.")
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(build(), "utf-8")
    print(f"{REPORT.relative_to(PROJECT)} written")
