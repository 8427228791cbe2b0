"""Statements are read as their specifications say, and a damaged one gets one clear sentence."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from coop.kernel.errors import Refused
from ledger import references
from ledger.exchange.bank import read_statements
from tests.beside import needed

from .files import CSV, IBAN, MT940, OFX, PAYER, camt

REFERENCE = references.printed(references.of_member(187))
ROWS = [
    ("260.00", f"Shares {REFERENCE}", "Ada Byron", PAYER, "INV-9"),
    ("-12.50", "Account charges March", "Bank", "", ""),
]
FILES = {
    "camt.053.001.02": camt(ROWS, version="02"),
    "camt.053.001.08": camt(ROWS),
    "MT940": MT940.format(reference=REFERENCE),
    "OFX": OFX.format(reference=REFERENCE, currency="EUR"),
    "CSV": CSV.format(reference=REFERENCE),
}


def read(text: str | bytes, name: str = "statement"):
    return read_statements(text.encode() if isinstance(text, str) else text, name, currency="EUR")


def sentence(text: str | bytes) -> str:
    with pytest.raises(Refused) as refused:
        read(text)
    assert refused.value.field == "file"
    return str(refused.value.message)


@pytest.mark.parametrize("kind", FILES)
def test_every_kind_says_the_same(kind):
    (statement,) = read(FILES[kind])
    first, second = statement.rows
    assert (first.amount, second.amount) == (26_000, -1250)
    assert {first.booked_on, second.booked_on} == {date(2026, 3, 2)}
    assert references.members_named(first.text) == {187}
    assert first.name.upper() == "ADA BYRON"
    assert statement.currency == "EUR"
    if kind != "OFX":
        assert first.iban == PAYER
    if kind != "CSV":
        assert statement.closing == 124_750
        assert statement.account == ("0123456789" if kind == "OFX" else IBAN)
        assert [first.bank_ref, second.bank_ref] == {
            "OFX": ["F-1", "F-2"],
            "MT940": ["BANK-1", "BANK-2"],
        }.get(kind, ["B1", "B2"])


@pytest.mark.parametrize("version", ["02", "08"])
def test_our_hand_written_files_are_what_the_schema_says(version):
    schema = etree.XMLSchema(file=str(needed("xsd", f"camt.053.001.{version}.xsd")))
    schema.assertValid(etree.fromstring(camt(ROWS, version=version).encode()))


def test_a_booking_of_several_transactions_is_a_line_each_where_the_bank_says_what_they_are():
    one = camt([("300.00", "collection", "", "", "")]).replace(
        "<NtryDtls>", "<NtryDtls><Btch><NbOfTxs>2</NbOfTxs></Btch>"
    )
    parts = "".join(
        f'<TxDtls><Refs><EndToEndId>E{n}</EndToEndId></Refs><Amt Ccy="EUR">{amount}</Amt>'
        "<CdtDbtInd>CRDT</CdtDbtInd></TxDtls>"
        for n, amount in enumerate(("100.00", "200.00"))
    )
    start, end = one.index("<TxDtls>"), one.index("</TxDtls>") + len("</TxDtls>")
    (statement,) = read(one[:start] + parts + one[end:])
    assert [(row.amount, row.end_to_end, row.bank_ref) for row in statement.rows] == [
        (10_000, "E0", "B1/1"),
        (20_000, "E1", "B1/2"),
    ]
    unsaid = one[:start] + parts.replace("200.00", "199.00") + one[end:]
    assert [row.amount for row in read(unsaid)[0].rows] == [30_000]


def test_a_pending_entry_is_not_taken():
    text = camt([*ROWS, ("5.00", "pending", "X", "", "")])
    last = text.rindex("<Cd>BOOK</Cd>")
    text = text[:last] + "<Cd>PDNG</Cd>" + text[last + len("<Cd>BOOK</Cd>") :]
    assert [row.amount for row in read(text.replace(">1252.50<", ">1247.50<"))[0].rows] == [26_000, -1250]


def test_what_is_wrong_with_a_camt_file():
    text = FILES["camt.053.001.08"]
    assert "does not add up" in sentence(text.replace(">1247.50<", ">1247.51<"))
    assert "check digits do not hold" in sentence(text.replace(IBAN, "DE88370400440532013000"))
    assert "Entry 1 is in USD" in sentence(text.replace('Ccy="EUR">260.00', 'Ccy="USD">260.00', 1))
    assert "not a camt.053 statement" in sentence(text.replace("camt.053", "camt.054"))
    assert "not a camt.053 statement" in sentence("<html><body>No statement</body></html>")
    assert "is no date" in sentence(text.replace("<Dt>2026-03-02</Dt></BookgDt>", "<Dt>2026-02-30</Dt></BookgDt>", 1))
    said = ">260.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>"
    assert "is no amount" in sentence(text.replace(said, said.replace("260.00", "260.001")))
    bomb = text.replace("?>\n", '?>\n<!DOCTYPE Document [<!ENTITY a "b">]>\n', 1)
    assert "document type" in sentence(bomb)


def test_an_outside_file_is_never_fetched(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("the safe's number")
    text = camt([("1.00", "&x;", "", "", "")])
    text = text.replace("?>\n", f'?>\n<!DOCTYPE Document [<!ENTITY x SYSTEM "file://{secret}">]>\n', 1)
    assert "safe" not in sentence(text)


def test_what_is_wrong_with_an_mt940_file():
    text = FILES["MT940"]
    assert "breaks off" in sentence(text.partition(":62F:")[0])
    assert "does not add up" in sentence(text.replace("C260302EUR1247,50", "C260302EUR1247,51"))
    assert "goes on in a part that is not in the file" in sentence(text.replace(":62F:", ":62M:"))
    assert "cannot be read" in sentence(text.replace(":61:2603020302C260,00", ":61:26??020302C260,00"))


def test_an_mt940_statement_in_two_parts_is_one():
    first = FILES["MT940"].replace(":62F:", ":62M:").replace("00007/001", "00007/001")
    second = ":20:STARTUMS\n:25:DE89370400440532013000\n:28C:00007/002\n:60M:C260302EUR1247,50\n"
    second += ":61:2603020302C2,50NTRFNONREF//BANK-3\n:86:rest\n:62F:C260302EUR1250,00\n-\n"
    (statement,) = read(first + second)
    assert (statement.opening, statement.closing, len(statement.rows)) == (100_000, 125_000, 3)


def test_what_is_wrong_with_an_ofx_file():
    text = FILES["OFX"]
    assert "breaks off" in sentence(text[: text.index("</BANKTRANLIST>")])
    assert "cannot be read" in sentence(text.replace("<TRNAMT>260.00", "<TRNAMT>lots"))


def test_what_is_wrong_with_a_csv_file():
    text = FILES["CSV"]
    assert "Line 3: the file breaks off here" in sentence(text[: text.index("Entgelt")])
    assert "needs a column date" in sentence("a;b\n1;2\n")
    assert "Line 2: " in sentence(text.replace("260,00", "lots"))
    assert "in USD" in sentence(text.replace("EUR", "USD"))
    assert "no line" in sentence(text.splitlines()[0] + "\n")


@pytest.mark.parametrize("kind", ["camt.053.001.02", "camt.053.001.08", "MT940", "OFX"])
def test_cut_anywhere_it_is_refused_or_whole(kind):
    """A truncated download is never taken for a statement with fewer lines."""
    whole = read(FILES[kind])
    data = FILES[kind].encode()
    for end in range(0, len(data), 7):
        try:
            found = read(data[:end])
        except Refused as refused:
            assert len(str(refused.message)) < 250, end  # noqa: PT017 - either outcome is right
            continue
        assert found == whole, end


@given(st.binary(max_size=400))
def test_anything_at_all_is_refused_in_a_sentence(data):
    for start in (b"", b"<Document", b":20:X\n", b"OFXHEADER:100\n"):
        try:
            read(start + data)
        except Refused as refused:
            assert refused.message  # noqa: PT017 - either outcome is right


def test_lines_that_say_the_same_are_told_apart_by_their_order():
    (statement,) = read("date,amount,text\n2026-03-02,5.00,milk\n2026-03-02,5.00,milk\n2026-03-02,6.00,milk\n")
    assert len(set(statement.fingerprints())) == 3
