"""The files themselves: the published schema, the published records, the totals, and what no bank would take."""

import csv
import io
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from lxml import etree

from ledger.exchange import cheques, nacha, pain001
from ledger.exchange.payments_out import Payer, Payment
from tests.beside import needed

PAY = {
    "message": "riverside-20261123-1",
    "made_at": datetime(2026, 11, 23, 10, 0, tzinfo=UTC),
    "pay_on": date(2026, 11, 24),
}
PAYER = Payer("Riverside Food Co-op", iban="DE75512108001245126199", bic="MARKDEFF", place="Riverside", country="DE")
US = Payer("Prairie Grain Co-op", routing="121042882", bank="First Bank", company_id="1123456789")
ONE = Payment(
    reference="P1-17",
    member="17",
    name="Zoë Großmann & Łukasz",
    amount=123_45,
    memo="Riverside Food Co-op, member 17: refund and interest",
    iban="DE89370400440532013000",
    routing="231380104",
    account="12345678",
    street="Mühlgasse 4",
    postcode="12345",
    place="Köln",
    country="DE",
)


def schema():
    return etree.XMLSchema(etree.parse(str(needed("xsd", "pain.001.001.09.xsd"))))


def in_text(document, name):
    return [found.text for found in document.iter(f"{{{pain001.NAMESPACE}}}{name}")]


@pytest.mark.conformance
def test_pain_001_validates_and_says_its_totals():
    others = [
        replace(ONE, reference="P1-18", amount=1, name='<&">', bic="COBADEFFXXX", place="", country=""),
        replace(ONE, reference="P1-19", amount=9_999_999_99, name="李", memo="", street="", postcode=""),
    ]
    file = pain001.write(PAYER, [ONE, *others], **PAY)
    document = etree.fromstring(file.content)
    schema().assertValid(document)
    assert in_text(document, "CtrlSum") == ["10000123.45"] * 2
    assert in_text(document, "NbOfTxs") == ["3", "3"]
    assert file.total == 123_45 + 1 + 9_999_999_99
    assert in_text(document, "EndToEndId") == ["P1-17", "P1-18", "P1-19"]
    assert in_text(document, "Nm")[2:] == ["Zoe Grossmann + Lukasz", ".+..", "."]
    assert in_text(document, "AdrLine") == []  # only structured addresses
    assert in_text(document, "TwnNm") == ["Riverside", "Koln", "Koln"]


@pytest.mark.conformance
def test_pain_001_without_a_bic_of_ours_validates():
    document = etree.fromstring(pain001.write(replace(PAYER, bic=""), [ONE], **PAY).content)
    schema().assertValid(document)


def test_pain_001_of_100_000_payments_takes_seconds():
    payments = [replace(ONE, reference=f"P1-{number}", amount=number) for number in range(1, 100_001)]
    started = time.process_time()
    file = pain001.write(PAYER, payments, **PAY)
    assert time.process_time() - started < 15  # two to three here; twenty times that is another program
    assert (file.count, file.total) == (100_000, 5_000_050_000)


@pytest.mark.parametrize("write", [pain001.write, nacha.write, cheques.write])
def test_nothing_to_pay_and_nothing_on_a_line_are_refused(write):
    payer = US if write is nacha.write else PAYER
    for payments in ([], [replace(ONE, amount=0)], [replace(ONE, amount=-5)]):
        with pytest.raises(ValueError, match="nothing|amount"):
            write(payer, payments, **PAY)


def records(text):
    """Any NACHA file as its records, whatever stands between them; each record as (type, fields by position)."""
    joined = "".join(line.ljust(94) for line in text.split("\n") if line)
    assert len(joined) % 94 == 0
    return [joined[at : at + 94] for at in range(0, len(joined), 94)]


def checked(text):
    """The control figures of a NACHA file, worked out from its entries and compared with what it says."""
    found = records(text)
    assert (found[0][0], found[1][0]) == ("1", "5")
    assert found[0][34:39] == "09410"
    entries = [record for record in found if record[0] == "6"]
    (batch,) = [record for record in found if record[0] == "8"]
    (last,) = [record for record in found if record[0] == "9" and set(record) != {"9"}]
    assert len(found) % 10 == 0
    assert int(last[7:13]) * 10 == len(found)
    checksum = sum(int(entry[3:11]) for entry in entries) % 10**10
    assert int(batch[10:20]) == int(last[21:31]) == checksum
    assert int(batch[4:10]) == int(last[13:21]) == len(entries)
    credit = sum(int(entry[29:39]) for entry in entries if entry[1:3] in ("22", "32"))
    debit = sum(int(entry[29:39]) for entry in entries if entry[1:3] in ("27", "37"))
    assert (int(batch[20:32]), int(batch[32:44])) == (int(last[31:43]), int(last[43:55])) == (debit, credit)
    assert batch[44:54] == found[1][40:50]
    assert batch[79:87] == found[1][79:87]
    return entries, debit, credit


@pytest.mark.conformance
def test_nacha_has_the_published_structure():
    theirs, debit, _credit = checked(needed("nacha", "ppd-debit.ach").read_text())
    assert (len(theirs), debit) == (1, 100_000_000)
    ours = nacha.write(US, [ONE, replace(ONE, amount=55, savings=True, reference="P1-18")], **PAY)
    entries, debit, credit = checked(ours.content.decode("ascii"))
    assert (debit, credit, ours.total) == (0, 123_45 + 55, 123_45 + 55)
    assert [entry[1:3] for entry in entries] == ["22", "32"]
    assert entries[0][39:54].strip() == "P1-17"
    assert entries[0][54:76] == "Zoe Grossmann & Lukasz"
    assert [entry[79:] for entry in entries] == ["121042880000001", "121042880000002"]


@pytest.mark.parametrize("count", [1, 6, 7, 16, 17])
def test_nacha_is_blocked_by_ten(count):
    payments = [replace(ONE, reference=f"P1-{number}") for number in range(count)]
    checked(nacha.write(US, payments, **PAY).content.decode())


@pytest.mark.parametrize(
    "change", [{"routing": "231380105"}, {"routing": ""}, {"account": "1" * 18}, {"account": ""}, {"amount": 10**10}]
)
def test_nacha_refuses_numbers_that_are_none(change):
    with pytest.raises(ValueError, match="P1-17"):
        nacha.write(US, [replace(ONE, **change)], **PAY)


def test_cheques_end_with_their_total_and_start_no_formula():
    evil = replace(ONE, name="=HYPERLINK(1)", place="@x", amount=7)
    rows = list(csv.reader(io.StringIO(cheques.write(PAYER, [ONE, evil], **PAY).content.decode("utf-8-sig"))))
    assert rows[0] == list(cheques.HEAD)
    assert rows[1][2] == ONE.name
    assert (rows[2][2], rows[2][5]) == ("'=HYPERLINK(1)", "'@x")
    assert (rows[-1][0], rows[-1][1], rows[-1][7]) == ("total", "2", "123.52")


def test_no_file_names_a_folder():
    """A file's name is made of the co-op's slug, a day and a number."""
    name = pain001.write(PAYER, [ONE], **PAY).name
    assert Path(name).name == name == "riverside-20261123-1.xml"
