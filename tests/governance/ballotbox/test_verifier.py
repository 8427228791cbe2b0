"""The bundle and its verifier: honest ones pass, offline and bare; each way of cheating is found, sums made anew."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path

import cryptography
import pytest

from coop.kernel import clock
from governance import services
from governance.ballotbox import board, bundle, paper, verify
from governance.models import Ballot, Bundle
from governance.services.publishing import files_of
from tests.cast import make_coop, make_officer
from tests.standing import check_what_waits

from .voter import Voter, electorate, finish

pytestmark = pytest.mark.django_db
MARKS = [[[2, 0], [0]], [[2], [0]], [[1, 2], [1]], [[], [2]], [[3, 2, 1, 0], [0]]]


@pytest.fixture(scope="module")
def coop(standing):
    return make_coop()


@pytest.fixture(scope="module")
def counted(coop) -> tuple[bytes, Ballot, list[Voter]]:
    ballot, voters = electorate(coop, 5)
    for voter, marks in zip(voters, MARKS, strict=True):
        voter.take()
        voter.cast(marks)
    ballot = finish(ballot)
    check_what_waits()
    return bytes(Bundle.objects.get(ballot=ballot).content), ballot, voters


def forged(content: bytes, sums: bool = True, **changes) -> bytes:
    """The bundle with files changed (``name__ending=function of its bytes``), its sums made anew as a forger would."""
    files = bundle.read(content)
    for name, change in changes.items():
        at = name.replace("__", ".")
        files[at] = change(files[at])
    if sums:
        lines = [f"{hashlib.sha256(files[n]).hexdigest()}  {n}\n" for n in sorted(files) if n != bundle.SUMS]
        files[bundle.SUMS] = "".join(lines).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def in_json(change):
    def changed(data: bytes) -> bytes:
        value = json.loads(data)
        change(value)
        return board.canonical(value)

    return changed


def wrong(content: bytes, **given) -> set[str]:
    return {finding.check for finding in verify.verify(content, **given) if not finding.holds}


def first_pack(papers: dict) -> list:
    return next(iter(papers.values()))


def test_an_honest_bundle_passes(counted):
    content, ballot, voters = counted
    sums = hashlib.sha256(content).hexdigest()
    assert wrong(content, manifest=ballot.manifest_hash, sha256=sums, receipt=voters[3].receipt) == set()
    assert wrong(content, receipt=paper.code(voters[0].receipt).lower()) == set()
    assert wrong(content, receipt="0" * 64) == {"receipt"}
    assert wrong(content, manifest="0" * 64, sha256="1" * 64) == {"letter", "minutes"}


def test_the_bundle_is_the_same_bytes_whenever_it_is_made(counted):
    content, ballot, _voters = counted

    without = {name: data for name, data in files_of(ballot).items() if name != "board.json"}
    for name, data in without.items():
        assert bundle.read(content)[name] == data


def test_an_altered_paper_is_found(counted):
    content, *_rest = counted

    def alter(papers):
        first_pack(papers)[0]["mark"] = [3]

    assert "papers" in wrong(forged(content, papers__json=in_json(alter)))


def test_a_removed_paper_is_found(counted):
    content, *_rest = counted
    assert "receipts" in wrong(forged(content, receipts__txt=lambda data: data.split(b"\n", 1)[1]))

    def fewer(papers):
        for packs in papers.values():
            packs[0]["count"] -= 1
            packs[:] = [pack for pack in packs if pack["count"]]

    both = forged(
        content,
        receipts__txt=lambda data: data.split(b"\n", 1)[1],
        papers__json=in_json(fewer),
        facts__json=in_json(lambda facts: facts.update(papers=facts["papers"] - 1)),
    )
    assert {"numbers", "receipts", "papers"} <= wrong(both)


def test_an_added_paper_is_found(counted):
    content, *_rest = counted

    def more(papers):
        for packs in papers.values():
            packs[0]["count"] += 1

    added = forged(
        content,
        receipts__txt=lambda data: b"\n".join(sorted([*data.split(), b"f" * 64])) + b"\n",
        papers__json=in_json(more),
        facts__json=in_json(lambda facts: facts.update(papers=facts["papers"] + 1)),
    )
    assert {"numbers", "receipts", "papers"} <= wrong(added)


def test_a_changed_manifest_is_found(counted):
    content, *_rest = counted
    renamed = in_json(lambda manifest: manifest["questions"][0].update(seats=3))
    assert "manifest" in wrong(forged(content, manifest__json=renamed))
    other_key = in_json(lambda manifest: manifest["secret"]["sealing"].update(fingerprint="0" * 64))
    assert "manifest" in wrong(forged(content, manifest__json=other_key))


def test_a_wrong_count_is_found(counted):
    content, *_rest = counted

    def elect(results):
        results["questions"][0]["exact"]["winners"] = [0, 3]

    assert {"board", "count"} <= wrong(forged(content, results__json=in_json(elect)))

    def lose(results):
        results["questions"][1]["carried"] = False

    assert {"board", "count"} <= wrong(forged(content, results__json=in_json(lose)))


def test_more_papers_than_credentials_and_another_roll_are_found(counted):
    content, *_rest = counted
    assert "numbers" in wrong(forged(content, facts__json=in_json(lambda facts: facts["struck_off"].update(online=4))))
    assert "roll" in wrong(forged(content, roll__txt=lambda data: data[65:]))
    assert "papers" in wrong(forged(content, results__json=in_json(lambda results: results.update(tie_secret="x"))))


def test_a_forger_who_makes_everything_anew_is_found_by_the_minutes_and_the_letter(counted):
    """Whoever rewrites every file consistently still cannot rewrite what was written down elsewhere."""
    content, ballot, _voters = counted
    files = bundle.read(content)
    manifest = json.loads(files["manifest.json"]) | {"title": "Another"}
    files["manifest.json"] = board.canonical(manifest)
    entries = json.loads(files["board.json"])
    entries[0]["facts"]["manifest"] = hashlib.sha256(files["manifest.json"]).hexdigest()
    files["board.json"] = board.canonical(board.chain((e["event"], e["at"], e["facts"]) for e in entries))
    del files[bundle.SUMS], files["verify.pyz"]
    anew = bundle.write(files)
    assert wrong(anew) == set()
    sums = hashlib.sha256(content).hexdigest()
    assert wrong(anew, manifest=ballot.manifest_hash, sha256=sums) == {"letter", "minutes"}


@pytest.mark.parametrize("broken", [b"", b"PK", b"not a zip" * 100], ids=["empty", "short", "text"])
def test_what_is_no_bundle_is_refused_in_a_sentence(broken):
    with pytest.raises(bundle.BadBundle):
        verify.verify(broken)


def test_damage_anywhere_is_answered_in_a_sentence_and_never_by_a_traceback(counted):
    content, *_rest = counted
    for name in verify.NEEDED:
        for data in (b"", b"[]", b"{}", b"null", b"\xff", b"[" * 50_000, b'{"secret":1}'):
            damaged = forged(content, **{name.replace(".", "__"): lambda _old, data=data: data})
            with contextlib.suppress(bundle.BadBundle):
                assert wrong(damaged)
    files = bundle.read(content)
    del files["papers.json"]
    with pytest.raises(bundle.BadBundle, match="lacks"):
        verify.verify(bundle.write({n: d for n, d in files.items() if n not in (bundle.SUMS, "verify.pyz")}))
    assert "sums" in wrong(forged(content, sums=False, facts__json=lambda data: data + b" "))


@pytest.fixture(scope="module")
def bare(tmp_path_factory) -> Path:
    """The Python of a virtual environment that has cryptography, what that needs, and nothing else."""
    place = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place / "venv"], check=True)
    site = next((place / "venv" / "lib").glob("python*/site-packages"))
    packages = Path(cryptography.__file__).parent.parent
    for name in ("cryptography", "cffi", "pycparser", "_cffi_backend*"):
        for found in packages.glob(name):
            (site / found.name).symlink_to(found)
    return place / "venv" / "bin" / "python"


def run(bare: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    command = [bare, "-I", "verify.pyz", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, env={"PATH": ""})


def test_the_verifier_runs_bare_and_offline(counted, bare, tmp_path):
    content, ballot, voters = counted
    (tmp_path / "ballot.zip").write_bytes(content)
    with zipfile.ZipFile(tmp_path / "ballot.zip") as archive:
        archive.extract("verify.pyz", tmp_path)
    absent = subprocess.run([bare, "-I", "-c", "import django"], capture_output=True, check=False)
    assert absent.returncode == 1, "the environment is not bare"
    good = run(bare, tmp_path, "ballot.zip", "--manifest", ballot.manifest_hash, "--receipt", voters[0].receipt)
    print(good.stdout)
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.count("ok ") == 10
    assert "is carried" in good.stdout

    def elect(results):
        results["questions"][0]["exact"]["winners"] = [0, 3]

    (tmp_path / "bad.zip").write_bytes(forged(content, results__json=in_json(elect)))
    bad = run(bare, tmp_path, "bad.zip")
    assert bad.returncode == 1
    assert "WRONG count" in bad.stdout
    (tmp_path / "no.zip").write_bytes(b"no")
    assert run(bare, tmp_path, "no.zip").returncode == 2
    assert run(bare, tmp_path, "missing.zip").returncode == 2


def test_marks_beside_receipts_are_checked_too(coop):
    ballot, voters = electorate(coop, 25, board=())
    assert ballot.manifest["secret"]["together"]
    for voter in voters[:7]:
        voter.take()
        voter.cast([[0]])
    finish(ballot)
    content = bytes(Bundle.objects.get(ballot=ballot).content)
    assert wrong(content) == set()
    assert b" [[0]]" in bundle.read(content)["receipts.txt"]
    altered = forged(content, receipts__txt=lambda data: data.replace(b" [[0]]", b" [[1]]", 1))
    assert wrong(altered) == {"receipts"}


@pytest.fixture(scope="module")
def extended(coop) -> bytes:
    samir = make_officer(coop, "extends", "returning_officer")
    ballot, (voter, *_rest) = electorate(coop, 5)
    for hours in (1, 2):
        until = ballot.closes_at + timedelta(hours=hours)
        services.extend_ballot(actor=samir, ballot=ballot, until=until, because="The line was down.")
        ballot.refresh_from_db()
    with clock.at(ballot.closes_at - timedelta(minutes=1)):
        voter.take()
        voter.cast([[2, 0], [0]])
    content = bytes(Bundle.objects.get(ballot=finish(ballot)).content)
    check_what_waits()
    return content


def test_a_ballot_that_was_extended_says_so_and_passes(extended):
    findings = {finding.check: finding for finding in verify.verify(extended)}
    assert all(finding.holds for finding in findings.values())
    assert "The close was moved" in findings["board"].sentence


@pytest.mark.parametrize("change", ["earlier", "from elsewhere", "without a reason", "left out", "after the opening"])
def test_an_extension_that_was_tampered_with_is_found(extended, change):
    """The forger chains the board anew, as far as nobody wrote its last hash down."""

    def again(entries: list) -> None:
        first, second = entries[1]["facts"], entries[2]["facts"]
        if change == "earlier":
            first["until"] = second["was"] = "2000-01-01T00:00:00+00:00"
        elif change == "from elsewhere":
            second["was"] = first["was"]
        elif change == "without a reason":
            first["because"] = " "
        elif change == "left out":
            del entries[1]
        else:
            entries.append(entries.pop(2))
        events = [(entry["event"], entry["at"], entry["facts"]) for entry in entries]
        entries[:] = board.chain(events)

    assert wrong(forged(extended, board__json=in_json(again))) == {"board"}
