"""What a treasurer's spreadsheet may look like, and the one sentence each wrong one gets."""

from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coop.kernel.errors import Refused
from ledger.exchange import patronage_csv as csv_in
from ledger.units import Measure

EURO = Measure("money", "EUR")


def read(text, *, measure=EURO, name="2026.csv", encoding="utf-8", **kwargs):
    data = text if isinstance(text, bytes) else text.encode(encoding)
    return csv_in.read(data, file_name=name, measure=measure, pool="purchases", **kwargs)


def rows(sheet):
    return [(row.number, row.quantity) for row in sheet.rows]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_delimiter_is_detected(mark, end):
    sheet = read(
        end.join([f"Member number{mark}Name{mark}Purchases", f"17{mark}Ann{mark}12.50", f"0018{mark}Ben{mark}3"])
    )
    assert sheet.delimiter == mark
    assert rows(sheet) == [(17, 1250), (18, 300)]
    assert sheet.columns == ("Member number", "Purchases", "")


@pytest.mark.parametrize(
    ("encoding", "named"),
    [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("utf-16", "UTF-16"), ("cp1252", "Windows-1252")],
)
def test_every_encoding_is_detected(encoding, named):
    sheet = read("Número de socio;Nombre;Compras\n17;Begoña;1.234,50 €\n", encoding=encoding)
    assert sheet.encoding == named
    assert rows(sheet) == [(17, 123450)]


def test_excels_own_first_line_is_believed_and_blank_lines_count():
    sheet = read("sep=;\r\nmember;amount\r\n\r\n17;x\r\n")
    assert sheet.delimiter == ";"
    assert sheet.problems[0].line == 4


def test_quoted_cells_may_hold_the_delimiter_and_a_line_break():
    sheet = read('member,name,amount\n17,"Shop, Ltd\nBranch 2","1,234.50"\n18,Ben,x\n')
    assert rows(sheet) == [(17, 123450)]
    assert sheet.problems[0].line == 4


def test_a_column_of_departments_makes_pools():
    sheet = read("member,department,amount\n17,Bakery,1\n17,Cheese  counter,2\n18,,3\n")
    assert [(row.number, row.pool, row.quantity) for row in sheet.rows] == [
        (17, "bakery", 100),
        (17, "cheese counter", 200),
        (18, "purchases", 300),
    ]


def test_business_with_non_members_is_kept_apart():
    sheet = read("member,amount\n17,1\nNon-members,99.10\n")
    assert rows(sheet) == [(17, 100), (None, 9910)]
    assert sheet.rows.members(0, 9) == [17]


def test_the_files_own_total_is_checked_and_not_a_member():
    assert rows(read("member,amount\n17,1.50\n18,2\nTotal,3.50\n")) == [(17, 150), (18, 200)]
    wrong = read("member,name,amount\n17,Ann,1.50\n18,Ben,2\n,Total,3.49\n")
    assert [p.sentence for p in wrong.problems] == ["Line 4 says the total is 3.49; the lines above add up to 3.50."]
    after = read("member,amount\nTotal,1\n17,1\n")
    assert "below the line with the total" in after.problems[0].sentence


def test_other_units_have_their_own_places():
    assert rows(read("member,kWh\n17,12.345\n", measure=Measure("kwh", "EUR"))) == [(17, 12345)]
    assert rows(read("member,hours\n17,7.5\n", measure=Measure("hours", "EUR"))) == [(17, 750)]
    assert rows(read("member,amount\n17,1200\n", measure=Measure("money", "JPY"))) == [(17, 1200)]
    two_ways = read('member,kWh\n17,"12,345"\n', measure=Measure("kwh", "EUR"))
    assert "can be read in two ways" in two_ways.problems[0].sentence


def test_columns_may_be_named_where_they_are_not_recognised():
    text = "code,gross,net\n17,5,4\n"
    with pytest.raises(Refused, match="has the columns “code”, “gross”, “net”"):
        read(text)
    assert rows(read(text, columns={"member": "Code", "amount": "net"})) == [(17, 400)]


def test_two_columns_that_could_be_meant_are_never_guessed_at():
    with pytest.raises(Refused) as refused:
        read("member,sales,total\n17,5,4\n")
    assert refused.value.code == "wrong_columns"


@pytest.mark.parametrize(
    ("data", "code", "sentence"),
    [
        (b"", "file_empty", "“2026.csv” is empty."),
        (b" \r\n\r\n", "file_empty", "“2026.csv” is empty."),
        (b"\xef\xbb\xbf", "file_empty", "“2026.csv” is empty."),
        (b"member,amount\n", "no_rows", "“2026.csv” has a heading and no lines below it."),
        (b"17,5\n18,4\n", "no_heading", "The first line of “2026.csv” must name the columns"),
        (b"PK\x03\x04\x14\x00", "not_csv", "“2026.csv” is an Excel or OpenDocument workbook, not a CSV file"),
        (b"%PDF-1.7", "not_csv", "“2026.csv” is a PDF, not a CSV file"),
        (bytes(range(256)) * 10, "not_text", "“2026.csv” is not a text file."),
        (b"\xff\xfem\x00a", "not_text", "“2026.csv” is not a text file."),
        (b"\x81\x8d\x8f\x90" * 9, "not_text", "“2026.csv” is not a text file."),
        (b"member\n17\n", "wrong_columns", "“2026.csv” has the columns “member”; it needs one for the member number"),
        (b"hello world\n", "wrong_columns", "“2026.csv” has the columns “hello world”"),
    ],
)
def test_a_file_that_is_no_such_table(data, code, sentence):
    with pytest.raises(Refused) as refused:
        read(data)
    assert refused.value.code == code
    assert refused.value.field == "file"
    assert refused.value.message.startswith(sentence)


def test_fifty_megabytes_are_refused_before_they_are_read():
    with pytest.raises(Refused) as refused:
        read(b"member,amount\n" + b"17,1.00\n" * 6_250_000)
    assert refused.value.code == "file_too_large"
    assert refused.value.message == "“2026.csv” has 51 MB, and 32 MB is the most taken at once; split it by month."


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("17", "Line 2 has 1 cells; the heading has 2."),
        (",5", "Line 2 has no member number."),
        ("17,", "Line 2 has no amount; write 0 if there was none."),
        ("M-17,5", "Line 2: “M-17” is not a member number."),
        ("17.0,5", "Line 2: “17.0” is not a member number."),
        ("٣,5", "Line 2: “٣” is not a member number."),
        ("17,five", "Line 2: “five” is not an amount of money."),
        ("17,1e3", "Line 2: “1e3” is not an amount of money."),
        ("17,NaN", "Line 2: “NaN” is not an amount of money."),
        ("17,3.141", "Line 2: “3.141” has more than 2 decimal places."),
        ("17,-3.00", "Line 2: -3.00 is negative; take returns off before, or correct the figure afterwards."),
        ("17,−3", "Line 2: −3 is negative; take returns off before, or correct the figure afterwards."),
        ('17,"=SUM(A1:A9)"', "Line 2 holds a formula (“=SUM(A1:A9)”); save the file with values only."),
        ("=1+1,5", "Line 2 holds a formula (“=1+1”); save the file with values only."),
        ("17,+A1*2", "Line 2 holds a formula (“+A1*2”); save the file with values only."),
        ("17,@cmd", "Line 2 holds a formula (“@cmd”); save the file with values only."),
        ("17,99999999999999999999", "Line 2: “99999999999999999999” is more than can be kept here."),
    ],
)
def test_one_sentence_for_a_line_that_cannot_be_taken(line, sentence):
    sheet = read(f"member,amount\n{line}\n18,1\n")
    assert [(p.line, p.sentence) for p in sheet.problems] == [(2, sentence)]


def test_a_member_twice_is_refused_with_both_lines():
    sheet = read("member,amount\n17,1\n18,1\n017,2\n")
    assert [p.sentence for p in sheet.problems] == [
        "Line 4: member 17 stands on line 2 already; add the two up or remove one."
    ]


def test_unknown_members_are_named_by_line():
    sheet = read("member,amount\n17,1\n99,1\n18,x\n")
    csv_in.unknown_members(sheet, lambda wanted: set(wanted) - {17, 18})
    assert [p.line for p in sheet.problems] == [3, 4]
    assert sheet.problems[0].sentence == "Line 3: no member has the number 99."


def test_problems_are_counted_and_their_list_is_cut():
    sheet = read("member,amount\n" + "x,1\n" * 1000)
    assert sheet.problem_count == 1000
    assert len(sheet.problems) == csv_in.SHOWN_PROBLEMS


NUMBERS = st.sampled_from("1;2;3;17;017;0;00;;x; 2;1 ;total;=1;999999999999999999;9999999999999999999".split(";"))
FIGURES = st.sampled_from(
    "1.00 2.50 3 1.5 1,50 0.00 -1.00 € 1.234 1.2345 99999999999999.99 999999999999999.9999".split()
    + ["", "€ 4.00", "9" * 20, "."]
)
POOLS = st.sampled_from(["", "bakery", "Bakery", " bakery", "long" * 20, "7"])


@given(
    st.lists(st.tuples(NUMBERS, FIGURES, POOLS, st.sampled_from(["", ",more"])), max_size=12),
    st.sampled_from(["EUR", "JPY", "KWD", "CLF"]),
)
def test_plain_lines_are_taken_as_any_line_would_be(lines, currency):
    """The quick way for bare numbers and amounts changes nothing: rows, sums and every sentence are the same."""
    text = "member,amount,pool\n1,5,\n" + "".join(f"{a},{b},{c}{rest}\n" for a, b, c, rest in lines)
    quick = read(text, measure=Measure("money", currency))
    with mock.patch.object(csv_in._Reading, "_plainly", return_value=False):
        slow = read(text, measure=Measure("money", currency))
    assert list(quick.rows) == list(slow.rows)
    assert (quick.problems, quick.problem_count, quick.rows.by_pool()) == (
        slow.problems,
        slow.problem_count,
        slow.rows.by_pool(),
    )
    assert (quick.rows.total, quick.rows.outside) == (slow.rows.total, slow.rows.outside)
