"""The demo co-op's books and those of ten thousand members, added up again by programs nobody here wrote."""

from __future__ import annotations

from decimal import Decimal

import pytest

from coop.demo import story
from coop.kernel.money import decimal_text
from ledger.models import Posting
from ledger.selectors.balances import chart

from .test_journal_export import READERS, ours, written

pytestmark = [pytest.mark.django_db(transaction=True, databases=["default", "owner"]), pytest.mark.books]


def plant_a_cent(file, fmt: str) -> None:
    """One cent more in the last line with an amount: the way a typist would."""
    lines = file.read_text().splitlines(keepends=True)
    place = max(n for n, line in enumerate(lines) if line.startswith("  ") and " EUR" in line)
    head, _space, _currency = lines[place].rstrip("\n").rpartition(" ")
    words, _space, amount = head.rpartition(" ")
    lines[place] = f"{words} {Decimal(amount) + Decimal('0.01')} EUR\n"
    file.write_text("".join(lines))


def compare(coop, tmp_path) -> None:
    lines = Posting.objects.filter(coop=coop).count()
    trial = sum((Decimal(decimal_text(line.amount, coop.currency)) for line in chart(coop)), Decimal(0))
    assert trial == 0
    for fmt, (read, name) in READERS.items():
        expected = ours(coop, name)
        file = written(coop, fmt, tmp_path)
        assert read(file) == expected, fmt
        plant_a_cent(file, fmt)
        read(file, ok=False)
    assert lines > len(expected) > 0


@pytest.mark.timeout(400)
def test_the_demos_books(transactional_db, tmp_path):
    compare(story.seed(), tmp_path)
