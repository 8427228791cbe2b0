"""Our books, added up again by programs nobody here wrote."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import subprocess
from datetime import date
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from coop.kernel.money import decimal_text
from ledger.exchange.journal_export import FORMATS, beancount_name, plain_text_name
from ledger.exchange.journal_rows import journal_export
from ledger.models import Account, Posting
from ledger.selectors.balances import balances
from ledger.services.accounts import account, create_account
from ledger.services.posting import Line, mirror, post_entry
from ledger.services.shares import reverse_payment
from tests.beside import missing
from tests.members.factories import make_member

from .factories import make_books, make_entry, make_payment, make_shareholder

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 1)
NASTY = ['rent; "quoted" \\ and more', "(12) * ! brackets", "line\nbreak\tand  blanks", "=SUM(A1)", "Ünïcode – | x"]


@pytest.fixture
def books(coop, lena):
    """Share payments, a reversal, names and memos that mean something to other programs, another currency."""
    make_books(coop)
    for n in range(3):
        make_shareholder(coop, on=DAY, paid=26_000 - n * 1000)
    wrong = make_payment(make_member(coop, active=False, on=DAY), 2000, on=DAY).entry
    reverse_payment(actor=lena, entry=wrong, on=date(2026, 3, 5), because="wrong member")
    odd = [
        create_account(actor=lena, code=code, name=name, kind="asset", currency=currency)
        for code, name, currency in (
            ("1900", "Tills: north;  south (old)", "EUR"),
            ("y1", "yen [abroad]", "JPY"),
            ("y2", "yen  at home", "JPY"),
        )
    ]
    for n, memo in enumerate(NASTY):
        make_entry(coop, odd[0], "dues", 101 + n, on=DAY, memo=memo)
    lines = [Line(odd[1], 12_345, "=1+1; note"), Line(odd[2], -12_345, 'say "hello"')]
    yen = post_entry(actor=lena, on=DAY, kind="manual", memo="", lines=lines, key="yen")
    mirror(actor=lena, entry=yen, on=date(2026, 4, 1), because="too much")
    post_entry(actor=lena, on=date(2026, 4, 2), kind="manual", memo="again", lines=lines, key="yen2")
    return coop


def written(coop, fmt: str, tmp_path):
    file = tmp_path / f"books.{fmt}"
    call_command("export_journal", coop=coop.slug, format=fmt, output=str(file))
    return file


def ours(coop, name) -> dict[str, Decimal]:
    """Our balances by the name the other program knows."""
    accounts = {each.pk: each for each in journal_accounts(coop)}
    found = {}
    for pk, amount in balances(coop, date(2999, 1, 1)).items():
        account_, exported = accounts[pk]
        found[name(exported)] = Decimal(decimal_text(amount, account_.currency))
    return found


class _Pair(tuple):
    __slots__ = ()

    @property
    def pk(self):
        return self[0].pk


def journal_accounts(coop):
    exported = {each.code: each for each in journal_export(coop).accounts}
    return [_Pair((each, exported[each.code])) for each in Account.objects.filter(coop=coop)]


def run(*command, ok: bool = True) -> str:
    if shutil.which(command[0]) is None:
        missing(f"{command[0]} is not installed; it is a Debian package.")
    env = {**os.environ, "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, env=env)
    assert (done.returncode == 0) is ok, done.stdout + done.stderr
    return done.stdout


def hledger_balances(file, *, ok=True) -> dict[str, Decimal]:
    run("hledger", "-f", f"journal:{file}", "check", "-s", ok=ok)
    text = run("hledger", "-f", f"journal:{file}", "balance", "-N", "--flat", "-O", "csv", ok=ok)
    return {} if not ok else {row[0]: _number(row[1]) for row in list(csv.reader(io.StringIO(text)))[1:]}


def ledger_balances(file, *, ok=True) -> dict[str, Decimal]:
    options = ["--args-only", "--pedantic", "--flat", "--no-total", "--balance-format", "%(account)\t%(amount)\n"]
    text = run("ledger", "-f", str(file), *options, "balance", ok=ok)
    rows = (line.split("\t") for line in text.splitlines() if "\t" in line)
    return {} if not ok else {name.strip(): _number(amount) for name, amount in rows if _number(amount)}


def beancount_balances(file, *, ok=True) -> dict[str, Decimal]:
    from beancount import loader
    from beancount.core.data import Transaction

    entries, errors, _options = loader.load_file(str(file))
    assert (not errors) is ok, errors
    found: dict[str, Decimal] = {}
    for entry in entries:
        for posting in entry.postings if isinstance(entry, Transaction) else ():
            found[posting.account] = found.get(posting.account, Decimal(0)) + posting.units.number
    return {name: amount for name, amount in found.items() if amount}


def _number(text: str) -> Decimal:
    return Decimal(re.sub(r"[A-Z\s]", "", text) or "0")


READERS = {
    "hledger": (hledger_balances, plain_text_name),
    "ledger": (ledger_balances, plain_text_name),
    "beancount": (beancount_balances, beancount_name),
}


@pytest.mark.books
@pytest.mark.parametrize("fmt", READERS)
def test_the_others_agree_to_the_cent(books, tmp_path, fmt):
    read, name = READERS[fmt]
    expected = ours(books, name)
    assert len(expected) > 8
    assert read(written(books, fmt, tmp_path)) == expected


@pytest.mark.books
@pytest.mark.parametrize("fmt", READERS)
def test_the_others_find_a_planted_cent(books, tmp_path, fmt):
    read, _name = READERS[fmt]
    file = written(books, fmt, tmp_path)
    text = file.read_text()
    assert text.count(" 1.03 EUR") == 1
    file.write_text(text.replace(" 1.03 EUR", " 1.04 EUR"))
    read(file, ok=False)


@pytest.mark.books
@pytest.mark.parametrize("fmt", READERS)
def test_the_others_find_a_cent_planted_on_both_sides(books, tmp_path, fmt):
    read, _name = READERS[fmt]
    file = written(books, fmt, tmp_path)
    text = file.read_text()
    assert text.count("1.03 EUR") == 2
    file.write_text(text.replace("1.03 EUR", "1.04 EUR"))
    read(file, ok=False)


@pytest.mark.books
@pytest.mark.parametrize("fmt", READERS)
def test_a_line_left_out_is_found(books, tmp_path, fmt):
    read, _name = READERS[fmt]
    file = written(books, fmt, tmp_path)
    lines = file.read_text().splitlines(keepends=True)
    place = next(n for n, line in enumerate(lines) if " 1.03 EUR" in line)
    file.write_text("".join(lines[:place] + lines[place + 1 :]))
    read(file, ok=False)


def test_csv_holds_every_line_and_no_formula(books, tmp_path):
    rows = list(csv.DictReader(io.StringIO(written(books, "csv", tmp_path).read_text())))
    assert len(rows) == Posting.objects.filter(coop=books).count()
    sums: dict[str, Decimal] = {}
    for row in rows:
        sums[row["currency"]] = sums.get(row["currency"], Decimal(0)) + Decimal(row["amount"])
        for text in ("memo", "line_memo", "account_name"):
            assert row[text][:1] not in ("=", "+", "-", "@")
    assert set(sums.values()) == {Decimal(0)}
    assert "'=SUM(A1)" in {row["memo"] for row in rows}


@pytest.mark.parametrize("fmt", FORMATS)
def test_books_without_an_entry_are_a_file_too(coop, tmp_path, fmt):
    make_books(coop)
    file = written(coop, fmt, tmp_path)
    if fmt in READERS:
        assert READERS[fmt][0](file) == {}


def test_it_writes_to_standard_output(books, capsys):
    call_command("export_journal", coop=books.slug, format="ledger")
    assert "commodity EUR" in capsys.readouterr().out


def test_what_it_refuses_in_one_line(books, tmp_path):
    with pytest.raises(CommandError, match="There is no co-op “nowhere” here") as refusal:
        call_command("export_journal", coop="nowhere", format="csv")
    assert refusal.value.returncode == 2
    missing = tmp_path / "missing" / "books.csv"
    with pytest.raises(CommandError, match="cannot be written: No such file or directory") as refusal:
        call_command("export_journal", coop=books.slug, format="csv", output=str(missing))
    assert refusal.value.returncode == 2
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export_journal", coop=books.slug, format="csv", output=str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_members_are_numbers_in_the_books(books, tmp_path):
    """A person's name never leaves with the journal."""
    names = [m.party.name for m in {line.membership for line in _members(books)}]
    assert names
    for fmt in FORMATS:
        text = written(books, fmt, tmp_path).read_text()
        assert not [name for name in names if name in text]


def _members(coop):
    from ledger.models import ShareEvent

    return ShareEvent.objects.filter(coop=coop).select_related("membership__party")


def test_another_co_ops_books_stay_out(books, other_coop, tmp_path):
    make_books(other_coop)
    make_entry(other_coop, "bank", "dues", 4711, on=DAY, memo="theirs")
    text = written(books, "csv", tmp_path).read_text()
    assert "47.11" not in text
    assert "theirs" not in text
    assert account(other_coop, "bank").currency == "GBP"
