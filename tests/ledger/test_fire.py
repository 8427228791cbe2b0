"""A whole 1099-PATR filing: lengths, order, totals; and what no record has room for."""

import doctest

import pytest

from ledger.exchange.fire import FireRefused, Organisation, Payee, filing, payee_record
from ledger.reports import patr
from ledger.reports.patr import Boxes

PAYER = Organisation(
    tin="12-3456789",
    name="Prairie Grain Co-op",
    street="1 Elevator Road",
    city="Hays",
    state="KS",
    zip_code="67601",
    phone="5555555555",
    control_code="55AA5",
    contact="Lena Okafor",
    email="lena@example.org",
)


def payee(**changes):
    base = {
        "tin": "987654321",
        "tin_type": "2",
        "name": "Ben Ito",
        "street": "2 Mill Lane",
        "city": "Hays",
        "state": "KS",
        "zip_code": "67601-1234",
        "account": "000017",
    }
    return Payee(**{**base, **changes})


def test_the_worked_example_in_the_docstring_holds():
    assert doctest.testmod(patr).failed == 0


def test_a_filing_has_its_records_in_order_each_750_long_and_its_totals():
    returns = [(payee(), Boxes(box1=1000, box4=120)), (payee(tin="111223333", account="000018"), Boxes(box5=1500))]
    lines = list(filing(PAYER, returns, year=2025, count=2))
    assert [line[0] for line in lines] == ["T", "A", "B", "B", "C", "F"]
    assert all(len(line) == 750 and line.endswith("\r\n") for line in lines)
    assert [int(line[499:507]) for line in lines] == [1, 2, 3, 4, 5, 6]
    assert lines[1][25:27] == "7 "
    totals = [int(lines[4][15 + 18 * place : 33 + 18 * place]) for place in range(5)]
    assert totals == [1000, 0, 0, 120, 1500]
    assert (int(lines[4][1:9]), int(lines[5][1:9]), int(lines[5][49:57])) == (2, 1, 2)
    assert lines[2][489:498] == "676011234"


def test_what_has_no_place_in_a_record_is_refused():
    with pytest.raises(FireRefused, match="name"):
        payee_record(payee(name="Zoë"), {}, year=2025, sequence=3)
    with pytest.raises(FireRefused, match="TIN"):
        payee_record(payee(tin="12345"), {}, year=2025, sequence=3)
    with pytest.raises(FireRefused, match="amount 1"):
        payee_record(payee(), {"1": 10**12}, year=2025, sequence=3)
    with pytest.raises(FireRefused, match="amount 1"):
        payee_record(payee(), {"1": -1}, year=2025, sequence=3)
    with pytest.raises(FireRefused, match="I"):
        payee_record(payee(), {"I": 1}, year=2025, sequence=3)
    with pytest.raises(FireRefused, match="announced"):
        list(filing(PAYER, [(payee(), Boxes(box1=1000))], year=2025, count=2))


def test_a_negative_figure_is_refused_and_totals_add_up():
    with pytest.raises(ValueError, match="qualified"):
        patr.boxes(qualified=-1)
    returns = [patr.boxes(cash=5, netted=7), patr.boxes(redeemed_nonqualified=11, withheld=3)]
    assert patr.totals(returns) == {"count": 2, "box1": 12, "box2": 0, "box3": 0, "box4": 3, "box5": 11}
