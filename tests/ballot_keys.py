"""Keys of secret ballots out of a small stock: a ballot's two of 3072 bits cost more than all else its test does.

They are real keys in turn, made when first needed. The processes of ``tests/faults`` and ``tests/e2e`` make their own.
"""

from __future__ import annotations

from functools import cache
from itertools import count

import pytest

from governance.ballotbox import keys

STOCK = 10  # more than any test has ballots at once
_generate, _turn = keys.generate, count()


@cache
def _kept(place: int):
    return _generate()


def from_stock(bits: int = keys.BITS):
    """A key of a ballot's size from the stock, any other size newly made."""
    return _kept(next(_turn) % STOCK) if bits == keys.BITS else _generate(bits)


@pytest.fixture
def keys_of_their_own(monkeypatch):
    """For tests of two ballots: in turn, they may come to have the same keys."""
    monkeypatch.setattr(keys, "generate", _generate)


@pytest.fixture(scope="session", autouse=True)
def stocked_keys():
    patches = pytest.MonkeyPatch()
    patches.setattr(keys, "generate", from_stock)
    yield
    patches.undo()
