"""A file read a piece at a time says what it says as a whole, wherever the pieces end."""

from __future__ import annotations

import io
import tracemalloc
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coop.kernel import csv_source, csv_table
from coop.kernel.csv_source import Packed, opened, pieces
from coop.kernel.errors import Refused

LETTERS = st.text(st.sampled_from(list('aé€,;"\r\n\t 1')), max_size=60)


@settings(max_examples=60)
@given(text=LETTERS, size=st.integers(1, 9), codec=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]))
def test_pieces_are_the_whole(text, size, codec):
    data = text.encode(codec)
    whole = list(io.StringIO(text, newline="")) if text else []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(csv_source, "PIECE", size)
        for source in (data, Packed(zlib.compress(data)), Packed(memoryview(zlib.compress(data)))):
            assert b"".join(pieces(source)) == data
            assert list(opened(source, codec)) == whole
            assert csv_table.digest_of(source) == csv_table.digest_of(data)


FILES = [
    b"member,amount\n17,5.00\n18,6.00\n",
    b"\r\n;;\r\nmember;amount\r\n17;5,00\r\n",
    b"sep=|\nmember|amount\n17|5\n",
    "Mitglied;Käufe\n17;5\n".encode("cp1252"),
    "Mitglied\tKäufe\r17\t5\r".encode("utf-16"),
    '\ufeffmember,"a\nb"\n17,5\n'.encode(),
]


@pytest.mark.parametrize("data", FILES)
@pytest.mark.parametrize("size", [1, 7, 1 << 16])
def test_a_packed_file_is_the_same_table(data, size, monkeypatch):
    monkeypatch.setattr(csv_source, "PIECE", size)
    plain, packed = csv_table.open_table(data, "x"), csv_table.open_table(Packed(zlib.compress(data)), "x")
    assert (plain.encoding, plain.delimiter, plain.heading) == (packed.encoding, packed.delimiter, packed.heading)
    assert plain.heading[0] in ("member", "Mitglied")
    assert list(plain.lines) == list(packed.lines)


def test_a_small_package_of_a_huge_file_is_refused_without_unpacking_it():
    bomb = Packed(zlib.compress(b"17,1.00\n" * 20_000_000, 9))  # 160 MB out of 160 KB
    tracemalloc.start()
    try:
        with pytest.raises(Refused) as refused:
            csv_table.open_table(bomb, "x.csv")
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()
    assert refused.value.code == "file_too_large"
