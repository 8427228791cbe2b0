"""Check a ballot's bundle and count it anew, offline: ``python verify.pyz bundle.zip``.

Each check answers in a sentence. What it can find is that the files do not agree with each other, with the fingerprint
in the opening letter (``--manifest``), with the sum two officers put into the minutes (``--bundle``), or with a receipt
a voter kept (``--receipt``). What it cannot find is a paper that never reached the box: for that, voters look up their
receipts.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ..tally import BadElection, Result, commitment
from . import board, bundle, keys, paper, recount

NEEDED = ("manifest.json", "roll.txt", "facts.json", "receipts.txt", "papers.json", "results.json", "board.json")


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at, whether it holds, and a sentence."""

    check: str
    holds: bool
    sentence: str


class Wrong(ValueError):
    """A check failed; the text is its sentence."""


class Bundle:
    """A bundle read apart, each part parsed when it is first asked for."""

    def __init__(self, content: bytes) -> None:
        self.files = bundle.read(content)
        missing = [name for name in (*NEEDED, bundle.SUMS) if name not in self.files]
        if missing:
            raise bundle.BadBundle(f"The bundle lacks {', '.join(missing)}.")
        self.sha256 = hashlib.sha256(content).hexdigest()
        try:
            self.manifest = json.loads(self.files["manifest.json"])
            self.facts = json.loads(self.files["facts.json"])
            self.papers = json.loads(self.files["papers.json"])
            self.results = json.loads(self.files["results.json"])
            self.board = json.loads(self.files["board.json"])
            self.receipts = [_receipt(line) for line in self.files["receipts.txt"].decode("ascii").splitlines()]
        except (ValueError, RecursionError) as broken:
            raise bundle.BadBundle(f"A file of the bundle cannot be read: {broken}") from broken

    @property
    def manifest_hash(self) -> str:
        return hashlib.sha256(self.files["manifest.json"]).hexdigest()

    def event(self, name: str) -> dict[str, Any]:
        """The facts of the board's entry of that name. Raises Wrong where there is not exactly one."""
        found = [entry["facts"] for entry in self.board if entry["event"] == name]
        if len(found) != 1:
            raise Wrong(f"The board has {len(found)} entries “{name}” and not one.")
        return dict(found[0])


def _receipt(line: str) -> tuple[str, list[Any] | None]:
    receipt, _space, marks = line.partition(" ")
    if not re.fullmatch(r"[0-9a-f]{64}", receipt):
        raise ValueError(f"“{line[:40]}” is not a receipt")
    return receipt, json.loads(marks) if marks else None


def _sums(b: Bundle) -> str:
    lines = b.files[bundle.SUMS].decode("ascii").splitlines()
    said = {name: digest for digest, _gap, name in (line.partition("  ") for line in lines)}
    if set(said) != set(b.files) - {bundle.SUMS}:
        raise Wrong("The list of sums does not name exactly the files that are there.")
    for name, digest in sorted(said.items()):
        if hashlib.sha256(b.files[name]).hexdigest() != digest:
            raise Wrong(f"{name} is not the file its sum was made of.")
    return f"All {len(said)} files have the sums that are listed."


def _manifest(b: Bundle) -> str:
    said = b.event("released")
    if b.manifest_hash != said["manifest"]:
        raise Wrong("The manifest is not the one that was released: its fingerprint is not on the board.")
    if said["tie_commitment"] != b.manifest["tie_commitment"] or said["roll"] != b.manifest["roll"]["hash"]:
        raise Wrong("Manifest and board differ on the roll or on the lot.")
    for each in (b.manifest["secret"]["sealing"], *b.manifest["secret"]["credentials"]):
        keys.load_public(each)
    return f"The manifest is the one that was released: {b.manifest_hash}."


def _board(b: Bundle) -> str:
    head = board.head(b.board)
    events = [entry["event"] for entry in b.board if entry["event"] not in ("keys_destroyed", "extended")]
    if events != ["released", "opened", "counted"]:
        raise Wrong(f"The board says {', '.join(events)}, and not released, opened, counted.")
    if hashlib.sha256(board.canonical(b.results)).hexdigest() != b.event("counted")["results"]:
        raise Wrong("The results are not those the board says were counted.")
    return f"The bulletin board is one chain; its last hash is {head}.{_extended(b)}"


def _extended(b: Bundle) -> str:
    """Each extension moves the close that stood, later, between the release and the opening, and says why."""
    closes, events = datetime.fromisoformat(b.manifest["closes_at"]), [entry["event"] for entry in b.board]
    opened = events.index("opened")
    told = ""
    for at, entry in enumerate(b.board):
        if entry["event"] != "extended":
            continue
        was, until = (datetime.fromisoformat(entry["facts"][name]) for name in ("was", "until"))
        if was != closes or until <= was or at > opened or not entry["facts"]["because"].strip():
            raise Wrong(f"Entry {at + 1} of the board does not extend the ballot from the close that stood.")
        closes, told = until, f" The close was moved: {entry['facts']['until']}."
    return told


def _roll(b: Bundle) -> str:
    roll, digests = b.manifest["roll"], b.files["roll.txt"].decode("ascii").split()
    if _roll_sum(b, digests) != roll["hash"]:
        raise Wrong("The lines of the roll are not those that were frozen.")
    corrected = roll.get("corrections", [])
    lines = list(digests)
    for each in reversed(corrected):
        at = each["place"] - 1
        if lines[at] != each["now"] or _roll_sum(b, lines) != each["after"]:
            raise Wrong("The roll does not come of its corrections.")
        lines[at : at + 1] = [each["was"]] if each["was"] else []
        if _roll_sum(b, lines) != each["before"]:
            raise Wrong("The roll does not come of its corrections.")
    told = f" {len(corrected)} corrections lead to it from {corrected[0]['before']}." if corrected else ""
    if "votes" in roll:
        voters, total = _weights(b), roll["votes"]["total"]
        if voters.total() != roll["eligible"] or sum(votes * n for votes, n in voters.items()) != total:
            raise Wrong(f"The votes on the roll do not come to {total} of {roll['eligible']} who may vote.")
        told = f" They have {total} votes together.{told}"
    return f"The roll has {len(digests)} lines and the hash it was frozen with; {roll['eligible']} may vote.{told}"


def _weights(b: Bundle) -> Counter[int]:
    """In a federation: how many voters have how many votes."""
    return Counter({int(votes): n for votes, n in b.manifest["roll"]["votes"]["voters"].items()})


def _entitled(b: Bundle) -> int:
    """All votes on the roll: one for each who may vote, or, in a federation, what its manifest says."""
    roll = b.manifest["roll"]
    return int(roll["votes"]["total"]) if "votes" in roll else int(roll["eligible"])


def _roll_sum(b: Bundle, digests: list[str]) -> str:
    roll = b.manifest["roll"]
    head = board.canonical({"coop": b.manifest["co-op"], "record_date": roll["record_date"], "lines": len(digests)})
    return hashlib.sha256(head + b"\n" + "\n".join(digests).encode()).hexdigest()


def _numbers(b: Bundle) -> str:
    facts, opened, eligible = b.facts, b.event("opened"), b.manifest["roll"]["eligible"]
    struck, papers, spoiled = facts["struck_off"], facts["papers"], facts["spoiled"]
    issued = _issued(b)
    if papers != len(b.receipts):
        raise Wrong(f"{papers} papers are said to have been opened, but {len(b.receipts)} receipts are published.")
    if (opened["papers"], opened["spoiled"], opened["struck_off"]) != (papers, spoiled, issued["online"]):
        raise Wrong("The board gives other numbers of papers and credentials.")
    if not papers + spoiled <= issued["online"]:
        raise Wrong(f"{papers + spoiled} papers came out of the box, but {issued['online']} credentials were issued.")
    if sum(struck.values()) > eligible:
        raise Wrong(f"{sum(struck.values())} people were struck off a roll of {eligible}.")
    if facts.get("numbers") is not None and len(facts["numbers"]) != sum(struck.values()):
        raise Wrong("The list of who took part has another length.")
    if "votes" in b.manifest["roll"]:
        return f"{papers + spoiled} papers ≤ {issued['online']} credentials ≤ {_entitled(b)} votes on the roll."
    return f"{papers + spoiled} papers ≤ {issued['online']} credentials ≤ {eligible} on the roll."


def _issued(b: Bundle) -> dict[str, int]:
    """Credentials and sheets by channel: one for each who was struck off, or, in a federation, one for each vote."""
    struck: dict[str, int] = b.facts["struck_off"]
    if "votes" not in b.manifest["roll"]:
        return struck
    issued, units = b.facts["issued"], Counter[int](b.facts["units"])
    if set(issued) != set(struck) or any(issued[name] < struck[name] for name in struck):
        raise Wrong("Fewer credentials or sheets were taken than people were struck off.")
    if units.total() != sum(struck.values()) or sum(n * votes for votes, n in units.items()) != sum(issued.values()):
        raise Wrong("What each who took part has taken does not come to what was issued.")
    if units - _weights(b):
        raise Wrong("Somebody who took part has taken more than anybody on the roll has votes.")
    return dict(issued)


def _receipts(b: Bundle) -> str:
    only = [receipt for receipt, _marks in b.receipts]
    if only != sorted(set(only)):
        raise Wrong("The receipts are not sorted, or one of them is there twice.")
    if hashlib.sha256(board.canonical(only)).hexdigest() != b.event("opened")["receipts"]:
        raise Wrong("The receipts are not those that came out of the box: a paper was added, removed or exchanged.")
    beside = [marks for _receipt, marks in b.receipts if marks is not None]
    if not b.facts["together"]:
        if beside:
            raise Wrong("Marks stand beside receipts, though they are published apart.")
        return f"All {len(only)} receipts are those that came out of the box."
    if len(beside) != len(only):
        raise Wrong("A receipt stands without its marks.")
    _beside(b, beside)
    return f"All {len(only)} receipts came out of the box, and their marks are the papers that were counted."


def _beside(b: Bundle, beside: list[list[Any]]) -> None:
    for at, question in enumerate(b.manifest["questions"]):
        told = Counter(recount.as_text(marks[at]) for marks in beside)
        packs = Counter[str]()
        for pack in b.papers[str(question["id"])]:
            packs[recount.as_text(pack["mark"])] += pack["count"]
        if told != packs:
            raise Wrong(f"The papers on “{question['title']}” are not those that stand beside the receipts.")


def _papers(b: Bundle) -> str:
    for question, result in _each(b):
        total = Counter[str]()
        for pack in b.papers[str(question["id"])]:
            if pack["count"] < 1:
                raise Wrong(f"A mark on “{question['title']}” is counted {pack['count']} times.")
            total[recount.as_text(pack["mark"])] += pack["count"]
        papers = b.facts["papers"] + b.facts.get("on_paper", {}).get(str(question["id"]), 0)
        if total.total() != papers:
            raise Wrong(f"On “{question['title']}” there are {total.total()} papers and not {papers}.")
        digest = recount.papers_hash(sorted(total.items(), key=lambda each: each[0].encode()))
        if digest != result["papers_hash"]:
            raise Wrong(f"The papers on “{question['title']}” are not those that were counted.")
        if result["seed"] != f"{b.results['tie_secret']}:{digest}":
            raise Wrong(f"The lot of “{question['title']}” is not made of the secret and the papers.")
    if commitment(b.results["tie_secret"]) != b.manifest["tie_commitment"]:
        raise Wrong("The secret half of the lot is not the one committed to before the opening.")
    return "The papers are those that were counted, and the lot is the one committed to before the opening."


def _each(b: Bundle) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    results = {each["question"]: each for each in b.results["questions"]}
    questions = b.manifest["questions"]
    if set(results) != {question["id"] for question in questions}:
        raise Wrong("The results are not of the questions that were put to the vote.")
    return ((question, results[question["id"]]) for question in questions)


def _exact(result: Result) -> dict[str, Any]:
    """The part of a result two counts must agree on to the last unit."""
    return {
        "ballots": result.ballots,
        "valid": result.valid,
        "quota": result.quota,
        "winners": list(result.winners),
        "ranking": None if result.ranking is None else [list(tier) for tier in result.ranking],
        "rounds": [[list(each.votes), list(each.elected), list(each.eliminated)] for each in result.rounds],
    }


def _count(b: Bundle) -> str:
    said = []
    for question, result in _each(b):
        packs, entitled = b.papers[str(question["id"])], _entitled(b)
        try:
            counted, decided = recount.again(question, packs, result["seed"], entitled, b.facts["classes"])
        except BadElection as bad:
            raise Wrong(f"“{question['title']}” cannot be counted: {bad}") from bad
        exact = _exact(counted)
        if decided is not None:
            exact["winners"] = [0] if decided.carried else []
            exact["rounds"][0][1] = exact["winners"]
            if decided.carried != result["carried"]:
                raise Wrong(f"“{question['title']}” is {'' if decided.carried else 'not '}carried by these papers.")
        if exact != result["exact"]:
            raise Wrong(f"Counted anew, “{question['title']}” comes out otherwise.")
        said.append(_said(question, counted, result))
    return " ".join(said)


def _said(question: dict[str, Any], counted: Result, result: dict[str, Any]) -> str:
    if question["method"] == "motion":
        return f"“{question['title']}” is {'' if result['carried'] else 'not '}carried."
    return f"“{question['title']}”: {', '.join(counted.winner_names) or 'nobody'}."


CHECKS: tuple[tuple[str, Callable[[Bundle], str]], ...] = (
    ("sums", _sums),
    ("manifest", _manifest),
    ("board", _board),
    ("roll", _roll),
    ("numbers", _numbers),
    ("receipts", _receipts),
    ("papers", _papers),
    ("count", _count),
)


def verify(content: bytes, *, manifest: str = "", sha256: str = "", receipt: str = "") -> list[Finding]:
    """Every check on a bundle. ``manifest``, ``sha256`` and ``receipt`` are what somebody wrote down elsewhere.

    Raises ``bundle.BadBundle`` for a file that is no bundle.
    """
    b = Bundle(content)
    findings = [_asked(name, check, b) for name, check in CHECKS]
    if manifest:
        findings.append(_same("letter", manifest, b.manifest_hash, "The manifest’s fingerprint"))
    if sha256:
        findings.append(_same("minutes", sha256, b.sha256, "The bundle’s sum"))
    if receipt:
        findings.append(_find(b, receipt))
    return findings


def _asked(name: str, check: Callable[[Bundle], str], b: Bundle) -> Finding:
    try:
        return Finding(name, True, check(b))
    except Wrong as wrong:
        return Finding(name, False, str(wrong))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as broken:
        return Finding(name, False, f"The bundle is not written as it should be ({type(broken).__name__}: {broken}).")


def _folded(text: str) -> str:
    return re.sub(r"[\s:-]", "", text)


def _same(name: str, given: str, found: str, what: str) -> Finding:
    if _folded(given).lower() == found:
        return Finding(name, True, f"{what} is the one you gave.")
    return Finding(name, False, f"{what} is {found}, not the one you gave.")


def _find(b: Bundle, given: str) -> Finding:
    wanted = _folded(given)
    for receipt, marks in b.receipts:
        if receipt == wanted.lower() or _folded(paper.code(receipt)) == wanted.upper():
            beside = "" if marks is None else f"; its marks are {recount.as_text(marks)}"
            return Finding("receipt", True, f"The receipt {paper.code(receipt)} is among the papers{beside}.")
    return Finding("receipt", False, "The receipt is not among the papers.")


def main(argv: list[str] | None = None) -> None:
    """The command. Exit 0: everything holds; 1: something does not; 2: not a bundle."""
    parser = argparse.ArgumentParser(prog="verify.pyz", description="Check a ballot's bundle and count it anew.")
    parser.add_argument("bundle", help="the zip from the result page")
    parser.add_argument("--manifest", default="", metavar="FINGERPRINT", help="from the letter that opened the ballot")
    parser.add_argument("--bundle-sum", default="", metavar="SHA256", help="from the minutes")
    parser.add_argument("--receipt", default="", metavar="CODE", help="a voter's code, short or long")
    given = parser.parse_args(argv)
    try:
        content = Path(given.bundle).read_bytes()
        findings = verify(content, manifest=given.manifest, sha256=given.bundle_sum, receipt=given.receipt)
    except (OSError, bundle.BadBundle) as bad:
        print(f"{given.bundle}: {bad}", file=sys.stderr)
        sys.exit(2)
    for finding in findings:
        print(f"{'ok   ' if finding.holds else 'WRONG'} {finding.check:9} {finding.sentence}")
    print(f"      bundle    SHA-256 {hashlib.sha256(content).hexdigest()}")
    sys.exit(0 if all(finding.holds for finding in findings) else 1)


if __name__ == "__main__":
    main()
