"""A wrong IBAN, a wrong currency, a statement that is there, a file that breaks off: a sentence each, nothing changed.

Through the act a treasurer does, in each of the four formats; a row of any table of the ledger would be noticed.
"""

from __future__ import annotations

import pytest

from coop.kernel.errors import Refused
from coop.kernel.models import AuditEvent
from ledger.models import BankAccount, BankLine, BankStatement
from ledger.services.accounts import create_account
from ledger.services.bank import create_bank_account, import_statement
from tests.cast import OFFICES, make_coop, make_officer
from tests.ledger.conftest import trace
from tests.ledger.factories import make_books

from .files import CSV, IBAN, MT940, OFX, PAYER, camt

pytestmark = pytest.mark.django_db
ROWS = [("260.00", "Shares", "Ada Byron", PAYER, ""), ("-12.50", "Account charges", "Bank", "", "")]
FILES = {
    "camt.053": camt(ROWS),
    "MT940": MT940.format(reference="R"),
    "OFX": OFX.format(reference="R", currency="EUR"),
    "CSV": CSV.format(reference="R"),
}
NUMBERS = {"camt.053": IBAN, "MT940": IBAN, "OFX": "0123456789"}
FOREIGN, WRONG = "GB29NWBK60161331926819", "DE88370400440532013000"


@pytest.fixture(scope="module")
def lena(standing):
    """The treasurer of a co-op with an account that has an IBAN and one that has not."""
    coop = make_coop()
    lena = make_officer(coop, "lena", *OFFICES["lena"])
    make_books(coop)
    create_bank_account(actor=lena, name="House bank", number=IBAN)
    of = create_account(actor=lena, code="1001", name="Other bank", kind="asset")
    create_bank_account(actor=lena, name="Other bank", number="0123456789", of=of)
    return lena


@pytest.fixture
def bring(lena, db):
    def bring(kind: str, text: str, name: str = "march"):
        chosen = BankAccount.objects.get(number=IBAN) if kind == "CSV" else None
        return import_statement(actor=lena, data=text.encode(), file_name=name, bank_account=chosen)

    return bring


def refused(bring, kind: str, text: str) -> str:
    before = trace(), AuditEvent.objects.count()
    with pytest.raises(Refused) as refusal:
        bring(kind, text, "again")
    assert (trace(), AuditEvent.objects.count()) == before
    sentence = str(refusal.value.message)
    assert sentence.endswith(".")
    assert len(sentence) < 200
    return sentence


@pytest.mark.parametrize("kind", NUMBERS)
def test_another_account(bring, kind):
    text = FILES[kind].replace(NUMBERS[kind], FOREIGN)
    assert refused(bring, kind, text) == f"The statement is of account {FOREIGN}, which is none of the co-op’s."


@pytest.mark.parametrize("kind", NUMBERS)
def test_an_iban_whose_digits_do_not_hold(bring, kind):
    sentence = refused(bring, kind, FILES[kind].replace(NUMBERS[kind], WRONG))
    assert sentence == f"The IBAN “{WRONG}” in the file is wrong: its check digits do not hold."


@pytest.mark.parametrize("kind", FILES)
def test_another_currency(bring, kind):
    sentence = refused(bring, kind, FILES[kind].replace("EUR", "USD"))
    assert "in USD" in sentence
    assert "EUR" in sentence


@pytest.mark.parametrize("kind", FILES)
def test_the_same_file_again(bring, kind):
    bring(kind, FILES[kind])
    assert BankLine.objects.count() == 2
    assert "was brought in on" in refused(bring, kind, FILES[kind])


@pytest.mark.parametrize(
    ("kind", "was", "now"),
    [
        ("camt.053", "<MsgId>M1", "<MsgId>M2"),
        ("camt.053", "<Id>S-1", "<Id>S-9"),  # numbered anew, and every line known
        ("MT940", ":20:STARTUMS", ":20:STARTUM2"),
        ("OFX", "<DTSERVER>20260303", "<DTSERVER>20260304"),
        ("CSV", "Buchungstag;", "Datum;"),
    ],
)
def test_the_same_statement_fetched_anew(bring, kind, was, now):
    bring(kind, FILES[kind])
    assert was in FILES[kind]
    assert "as “march”; nothing was changed" in refused(bring, kind, FILES[kind].replace(was, now))
    assert BankStatement.objects.count() == 1


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("part", [0.2, 0.5, 0.9])
def test_a_file_that_breaks_off(bring, kind, part):
    refused(bring, kind, FILES[kind][: int(len(FILES[kind]) * part)])


@pytest.mark.parametrize("kind", FILES)
def test_unharmed_it_is_taken(bring, kind):
    """So that what is refused above is refused for its fault and nothing else."""
    assert bring(kind, FILES[kind]).new == 2
