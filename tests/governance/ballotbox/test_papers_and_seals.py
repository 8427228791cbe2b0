"""Papers, receipts, seals, messages and the board: one way to write each, and everything else refused."""

from __future__ import annotations

import hashlib
import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from governance.ballotbox import board, keys, message, paper, sealing

MANIFEST = "ab" * 32
position = st.integers(0, 30)
mark = st.lists(st.one_of(position, st.none(), st.lists(position, min_size=2, max_size=4)), max_size=8)
marks = st.lists(mark, max_size=5)


@pytest.fixture(scope="module")
def key():
    return keys.generate()


@given(marks, st.binary(min_size=16, max_size=16))
def test_a_paper_is_canonical_json_and_reads_back(said, nonce):
    written = paper.write(said, nonce)
    assert written == rfc8785.dumps({"marks": said, "nonce": nonce.hex()})
    assert paper.read(written) == (said, nonce)
    assert paper.receipt(said, nonce) == hashlib.sha256(nonce + rfc8785.dumps(said)).hexdigest()


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"[]",
        b"{}",
        b'{"marks":[[1]],"nonce":"00"}',
        b'{"marks":[[1]], "nonce":"' + b"0" * 32 + b'"}',
        b'{"nonce":"' + b"0" * 32 + b'","marks":[[1]]}',
        b'{"marks":[["x"]],"nonce":"' + b"0" * 32 + b'"}',
        b'{"marks":[[1.0]],"nonce":"' + b"0" * 32 + b'"}',
        b'{"marks":[[true]],"nonce":"' + b"0" * 32 + b'"}',
        b'{"marks":[[1e2]],"nonce":"' + b"0" * 32 + b'"}',
        b'{"marks":[[[[[1]]]]],"nonce":"' + b"0" * 32 + b'"}',
        b'{"marks":[[99999999999]],"nonce":"' + b"0" * 32 + b'"}',
        b'{"marks":[[1]],"nonce":"' + b"A" * 32 + b'"}',
        b'{"marks":{"1":[1]},"nonce":"' + b"0" * 32 + b'"}',
        b'{"marks":[[1]],"nonce":"' + b"0" * 32 + b'","name":"Amara"}',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_what_is_not_exactly_a_paper_is_refused(broken):
    with pytest.raises(paper.BadPaper):
        paper.read(broken)


def test_a_receipts_code_is_its_first_eighty_bits():
    assert paper.code("0" * 64) == "0000 0000 0000 0000"
    assert paper.code("f" * 64) == "ZZZZ ZZZZ ZZZZ ZZZZ"
    assert paper.code("00000000000000000001" + "a" * 44) == "0000 0000 0000 0001"


@given(st.data())
def test_every_paper_of_a_ballot_has_one_length(data):
    options = data.draw(st.lists(st.integers(1, 40), min_size=1, max_size=5))
    length = paper.length_for([{"options": n} for n in options])
    said = []
    for n in options:
        order = data.draw(st.permutations(range(n)))
        alike = data.draw(st.booleans())
        said.append([order[i : i + 2] if alike else order[i] for i in range(0, n, 2 if alike else 1)])
    assert len(paper.pad(paper.write(said, bytes(16)), length)) == length
    assert len(paper.pad(paper.write([[] for _ in options], bytes(16)), length)) == length
    assert length % 64 == 0


def test_the_longest_scores_fit():
    length = paper.length_for([{"options": 12, "longest": 4}])
    for score in (-100, 1000, None):
        paper.pad(paper.write([[score] * 12], bytes(16)), length)


def test_a_sealed_paper_opens_and_all_have_one_length(key):
    bound = sealing.bound_to(MANIFEST, b"h" * 32)
    short, long = paper.write([[]], b"n" * 16), paper.write([[3, 1, 2, 0]], b"m" * 16)
    sealed = [sealing.seal(key.public_key(), each, 128, bound) for each in (short, long)]
    assert {len(each) for each in sealed} == {sealing.sealed_length(key.public_key(), 128)}
    assert [sealing.unseal(key, each, bound) for each in sealed] == [short, long]


def test_a_seal_holds_against_every_change_and_every_other_place(key):
    bound = sealing.bound_to(MANIFEST, b"h" * 32)
    sealed = sealing.seal(key.public_key(), paper.write([[1]], b"n" * 16), 128, bound)
    for at in (0, 383, 390, 400, len(sealed) - 1):
        bent = bytearray(sealed)
        bent[at] ^= 1
        with pytest.raises(paper.BadPaper):
            sealing.unseal(key, bytes(bent), bound)
    with pytest.raises(paper.BadPaper):  # copied under another token
        sealing.unseal(key, sealed, sealing.bound_to(MANIFEST, b"i" * 32))
    with pytest.raises(paper.BadPaper):  # carried into another ballot
        sealing.unseal(key, sealed, sealing.bound_to("cd" * 32, b"h" * 32))
    with pytest.raises(paper.BadPaper):
        sealing.unseal(keys.generate(), sealed, bound)
    with pytest.raises(paper.BadPaper):
        sealing.unseal(key, sealed[:100], bound)


def test_a_cast_travels_in_one_shape():
    cast = message.Cast(1, b"p" * 64, b"s" * 384, b"c" * 540)
    body = message.write(cast)
    assert message.read(body, signature=384, sealed=540) == cast
    assert cast.token_hash == hashlib.sha256(b"p" * 64).digest()
    for broken in (body[:-1], body + b"x", b"", b"\x02" + body[1:]):
        with pytest.raises(message.BadMessage):
            message.read(broken, signature=384, sealed=540)


def test_the_board_is_one_chain():
    entries = board.chain([("opened", "2026-05-01", {"manifest": "a"}), ("closed", "2026-05-02", {"papers": 3})])
    head = board.head(entries)
    for entry in entries:
        assert board.canonical(entry) == rfc8785.dumps(entry)
    assert head == board.entry_hash(entries[-1])
    bent = json.loads(json.dumps(entries))
    bent[0]["facts"]["manifest"] = "b"
    with pytest.raises(board.BrokenBoard, match="Entry 2"):
        board.head(bent)
    with pytest.raises(board.BrokenBoard, match="Entry 1"):
        board.head(entries[1:])
    bent = json.loads(json.dumps(entries))
    bent[1]["facts"]["papers"] = 4
    assert board.head(bent) != head
