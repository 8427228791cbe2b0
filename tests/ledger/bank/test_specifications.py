"""What the specifications of OFX and MT940 allow and banks do write, one thing at a time, by hand."""

from __future__ import annotations

from datetime import date

import pytest

from .files import MT940, OFX
from .test_reading import IBAN, read, sentence

SGML = OFX.format(reference="R", currency="EUR")
SWIFT = MT940.format(reference="R")

# OFX 2.2, an XML document with a processing instruction for its header; section 11.4.2 of the specification.
XML = """<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<?OFX OFXHEADER="200" VERSION="220" SECURITY="NONE" OLDFILEUID="NONE" NEWFILEUID="NONE"?>
<OFX>
<SIGNONMSGSRSV1><SONRS><STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS>
<DTSERVER>20260303060000</DTSERVER><LANGUAGE>ENG</LANGUAGE></SONRS></SIGNONMSGSRSV1>
<BANKMSGSRSV1><STMTTRNRS><TRNUID>1</TRNUID><STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS>
<STMTRS><CURDEF>EUR</CURDEF>
<BANKACCTFROM><BANKID>37040044</BANKID><ACCTID>DE89370400440532013000</ACCTID><ACCTTYPE>CHECKING</ACCTTYPE></BANKACCTFROM>
<BANKTRANLIST><DTSTART>20260301</DTSTART><DTEND>20260302</DTEND>
<STMTTRN><TRNTYPE>CREDIT</TRNTYPE><DTPOSTED>20260302000000[+1:CET]</DTPOSTED><TRNAMT>260.00</TRNAMT><FITID>F-1</FITID>
<NAME>ZOË &amp; ADA</NAME><MEMO>Shares R</MEMO></STMTTRN>
</BANKTRANLIST>
<LEDGERBAL><BALAMT>1260.00</BALAMT><DTASOF>20260302</DTASOF></LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>
"""


def test_ofx_2_is_read_as_ofx_1_is():
    (statement,) = read(XML)
    assert (statement.account, statement.currency, statement.closing) == (IBAN, "EUR", 126_000)
    (row,) = statement.rows
    assert (row.amount, row.name, row.text, row.bank_ref) == (26_000, "ZOË & ADA", "Shares R", "F-1")


@pytest.mark.parametrize(
    "moment",
    ["20260302", "20260302120000", "20260302230000.000[-5:EST]", "20260302000000[+1:CET]", "20260302233000[-3.30:NST]"],
)
def test_an_ofx_line_is_booked_on_the_day_the_bank_wrote(moment):
    """Section 3.2.8: the hour may carry its distance from Greenwich, where it is another day."""
    (statement,) = read(SGML.replace("<DTPOSTED>20260302120000", f"<DTPOSTED>{moment}"))
    assert {row.booked_on for row in statement.rows} == {date(2026, 3, 2)}


@pytest.mark.parametrize("written", ["260.00", "260,00", "+260.00", "260", "260.0"])
def test_an_ofx_amount_has_a_point_or_a_comma(written):
    """Section 3.2.9.1: either one, a sign, and no grouping."""
    (statement,) = read(SGML.replace("<TRNAMT>260.00", f"<TRNAMT>{written}"))
    assert statement.rows[0].amount == 26_000


def test_ofx_tags_may_be_closed_and_words_escaped():
    (statement,) = read(SGML.replace("<NAME>ADA BYRON", "<NAME>ADA &amp; BYRON</NAME>"))
    assert statement.rows[0].name == "ADA & BYRON"


def test_two_accounts_in_one_ofx_file_are_two_statements():
    start, end = SGML.index("<STMTTRNRS>"), SGML.index("</STMTTRNRS>") + len("</STMTTRNRS>")
    second = SGML[start:end].replace("0123456789", "9876543210").replace("<DTPOSTED>20260302", "<DTPOSTED>20260301")
    first, other = read(SGML[:end] + second + SGML[end:])
    assert (first.account, other.account) == ("0123456789", "9876543210")
    assert {row.booked_on for row in first.rows} == {date(2026, 3, 2)}
    assert {row.booked_on for row in other.rows} == {date(2026, 3, 1)}


@pytest.mark.parametrize(
    ("mark", "amount", "closing"),
    [("C", 26_000, "1247,50"), ("D", -26_000, "727,50"), ("RC", -26_000, "727,50"), ("RD", 26_000, "1247,50")],
)
def test_an_mt940_mark_says_which_way_the_money_went(mark, amount, closing):
    """Field 61, subfield 3: a reversed credit leaves the account, a reversed debit comes back into it."""
    (statement,) = read(SWIFT.replace("0302C260,00", f"0302{mark}260,00").replace("EUR1247,50", f"EUR{closing}"))
    assert statement.rows[0].amount == amount


@pytest.mark.parametrize(
    ("written", "booked"),
    [
        ("2603020302", date(2026, 3, 2)),
        ("260302", date(2026, 3, 2)),  # subfield 2 may be left out
        ("2512310102", date(2026, 1, 2)),  # and has no year of its own
        ("2601011231", date(2025, 12, 31)),
    ],
)
def test_an_mt940_line_is_booked_on_the_entry_date(written, booked):
    (statement,) = read(SWIFT.replace(":61:2603020302C260,00", f":61:{written}C260,00"))
    assert statement.rows[0].booked_on == booked


@pytest.mark.parametrize("written", ["C260,00", "C260,", "CR260,00"])
def test_an_mt940_amount_has_its_comma_and_perhaps_a_funds_code(written):
    (statement,) = read(SWIFT.replace("0302C260,00", f"0302{written}"))
    assert statement.rows[0].amount == 26_000


@pytest.mark.parametrize(
    ("written", "account"),
    [
        ("DE89370400440532013000", IBAN),
        ("DE89370400440532013000EUR", IBAN),
        ("COBADEFFXXX/DE89370400440532013000", IBAN),
        ("37040044/0532013000", "37040044/0532013000"),
        ("37040044/0532013000EUR", "37040044/0532013000"),
    ],
)
def test_an_mt940_account_is_an_iban_or_the_banks_own_writing(written, account):
    (statement,) = read(SWIFT.replace(":25:DE89370400440532013000", f":25:{written}"))
    assert statement.account == account


def test_an_account_overdrawn_in_an_envelope_of_swift():
    text = SWIFT.replace(":60F:C260301EUR1000,00", ":60F:D260301EUR1000,00")
    text = text.replace("C260302EUR1247,50", "D260302EUR752,50").removesuffix("-\n").replace("\n", "\r\n")
    text += ":64:D260302EUR752,50\r\n:86:until further notice"
    (statement,) = read("{1:F01COBADEFFXXXX0000000000}{2:I940RIVERXXXXN}{4:\r\n" + text + "\r\n-}")
    assert (statement.opening, statement.closing) == (-100_000, -75_250)


def test_an_mt940_field_86_without_subfields():
    start, end = SWIFT.index(":86:166"), SWIFT.index(":61:2603020302D")
    (statement,) = read(SWIFT[:start] + ":86:Shares R from Ada\nsecond line\n" + SWIFT[end:])
    assert (statement.rows[0].text, statement.rows[1].text) == (
        "Shares R from Ada second line",
        "Account charges March",
    )


@pytest.mark.parametrize(
    "text",
    [SWIFT.replace(IBAN, "DE88370400440532013000"), XML.replace(IBAN, "DE88370400440532013000")],
    ids=["MT940", "OFX"],
)
def test_an_iban_whose_digits_do_not_hold_is_named(text):
    assert sentence(text) == "The IBAN “DE88370400440532013000” in the file is wrong: its check digits do not hold."
