"""The bank in the browser: bring in, look, enter; every refusal is a sentence on the page."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from ledger import references
from ledger.models import BankLine
from ledger.selectors.shares import holding_of
from ledger.services.accounts import account
from tests.ledger.factories import make_entry
from tests.members.factories import make_member

from .files import PAYER, camt

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 2)


def url(coop, name, **kwargs):
    return reverse(f"ledger:{name}", kwargs={"coop": coop.slug, **kwargs})


def upload(client, coop, text: str, **more):
    file = SimpleUploadedFile("march.xml", text.encode())
    return client.post(url(coop, "bank-statement-add"), {"file": file, **more}, follow=True)


@pytest.fixture
def bank(desk, coop):
    where = url(coop, "bank-account-add")
    wrong = desk.post(where, {"name": "House bank", "number": "DE88370400440532013000", "of": account(coop, "bank").pk})
    assert "check digits do not hold" in wrong.content.decode()
    said = {"name": "House bank", "number": "DE89 3704 0044 0532 0130 00", "of": account(coop, "bank").pk}
    assert desk.post(where, said).status_code == 302
    return desk


@pytest.fixture
def ada(coop, shares):
    return make_member(coop, name="Ada Byron", active=False, on=date(2026, 3, 1))


def rows_of(ada, *more):
    return [("260.00", references.printed(references.of_member(ada.number)), "Ada Byron", PAYER, ""), *more]


def test_before_there_is_an_account_the_page_says_what_to_do(desk, coop):
    page = desk.get(url(coop, "bank")).content.decode()
    assert "No bank account is named yet" in page
    assert "Bring in a statement" not in page


def test_from_the_file_to_the_books(bank, coop, ada):
    page = upload(bank, coop, camt(rows_of(ada, ("-12.50", "Charges", "Bank", "", "")))).content.decode()
    assert "2 new lines wait below." in page
    assert "2 lines of the bank wait" in bank.get(url(coop, "desk")).content.decode()
    assert "Enter the matched payment" in page
    page = bank.post(url(coop, "bank-enter"), follow=True).content.decode()
    assert "One payment was entered: €260.00." in page
    assert holding_of(ada).paid_up == 25_000
    line = BankLine.objects.get(state="open")
    where = url(coop, "bank-line", pk=line.pk)
    assert "went out" in bank.get(where).content.decode()
    said = {"act": "account", "to": account(coop, "bank_charges").pk, "memo": "Charges"}
    assert bank.post(where, said).status_code == 302
    assert "Everything the bank said is in the books" in bank.get(url(coop, "bank")).content.decode()
    assert bank.post(where, said).status_code == 409


def test_a_hint_is_confirmed_by_hand(bank, coop, ada):
    upload(bank, coop, camt([("260.00", f"member {ada.number}", "A. Byron", "", "")]))
    where = url(coop, "bank-line", pk=BankLine.objects.get().pk)
    page = bank.get(where).content.decode()
    assert "Perhaps of Ada Byron" in page
    wrong = bank.post(where, {"act": "payment", "member": 4711})
    assert wrong.status_code == 422
    assert "There is no member 4711." in wrong.content.decode()
    assert bank.post(where, {"act": "payment", "member": ada.number}).status_code == 302
    assert holding_of(ada).paid_up == 25_000


def test_set_aside_and_back_and_tied_to_an_entry(bank, coop, ada):
    entry = make_entry(coop, "bank", "dues", 500, on=DAY)
    upload(bank, coop, camt([("5.00", "dues", "", "", "")]))
    where = url(coop, "bank-line", pk=BankLine.objects.get().pk)
    assert bank.post(where, {"act": "aside", "because": ""}).status_code == 422
    assert bank.post(where, {"act": "aside", "because": "a trial"}).status_code == 302
    assert "a trial" in bank.get(where).content.decode()
    assert bank.post(where + "take-up/").status_code == 302
    assert bank.post(where, {"act": "entry", "entry": entry.pk}).status_code == 302
    assert BankLine.objects.get().entry == entry


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda text: text[:700], "breaks off or is damaged"),
        (lambda text: text.replace(">1260.00<", ">1260.01<"), "does not add up"),
        (lambda text: text.replace("DE89370400440532013000", PAYER), "none of the co-op’s"),
        (lambda text: text.replace("DE89370400440532013000", "DE88370400440532013000"), "check digits do not hold"),
        (lambda text: text.replace("EUR", "SEK"), "is in SEK"),
        (lambda text: "", "empty"),
    ],
)
def test_a_wrong_file_gets_one_sentence_and_changes_nothing(bank, coop, ada, change, sentence):
    answer = upload(bank, coop, change(camt(rows_of(ada))))
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not BankLine.objects.exists()


def test_the_same_file_again_says_when_it_came(bank, coop, ada):
    upload(bank, coop, camt(rows_of(ada)))
    again = upload(bank, coop, camt(rows_of(ada)))
    assert "was brought in on" in again.content.decode()
    assert BankLine.objects.count() == 1


@pytest.mark.parametrize("n", [1, 3])
def test_the_inbox_asks_as_many_questions_for_three_as_for_one(
    bank, coop, shares, bare_frame, n, django_assert_num_queries
):
    rows = []
    for _each in range(n):
        member = make_member(coop, active=False, on=date(2026, 3, 1))
        rows.append(("60.00", references.of_member(member.number), "x", PAYER, ""))
    upload(bank, coop, camt(rows))
    statement = BankLine.objects.first().statement_id
    for queries, where in ((15, url(coop, "bank")), (8, url(coop, "bank-statement", pk=statement))):
        with django_assert_num_queries(queries):
            assert bank.get(where).status_code == 200
