"""The ledger's pages: what they say, what they refuse, and how many questions they ask the database."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from coop.kernel import clock
from ledger.models import Account, Entry, Period, PeriodEvent, ShareClass
from ledger.selectors.shares import holding_of, reconciliation
from ledger.services.accounts import account
from ledger.services.periods import open_period
from tests.members.factories import make_member

from .factories import make_books, make_entry, make_payment, make_shareholder
from .stood import cast, parts, stands

pytestmark = pytest.mark.django_db
coop, lena, shares = parts("coop", "lena", "shares")


def url(coop, name, **kwargs):
    return reverse(f"ledger:{name}", kwargs={"coop": coop.slug, **kwargs})


@pytest.fixture(scope="module")
def stood(standing):
    made = cast("lena")
    return stands(made, shares=make_books(made.coop))


@pytest.fixture
def admitted(coop, shares):
    return make_member(coop, name="Ada Byron", active=False, on=date(2026, 3, 1))


def form_of(response) -> dict:
    form = response.context["form"]
    return {name: form.get_initial_for_field(field, name) or "" for name, field in form.fields.items()}


def test_an_empty_co_op_gets_an_answer_on_every_page(client_of, other_coop, olga):
    client = client_of(olga)
    for name in (
        "desk",
        "accounts",
        "journal",
        "shares",
        "owing",
        "payment-add",
        "payment-file",
        "periods",
        "entry-add",
    ):
        assert client.get(url(other_coop, name)).status_code == 200, name


def test_the_desk_says_what_is_late(desk, coop, admitted):
    page = desk.get(url(coop, "desk")).content.decode()
    assert "One payment is late" in page
    assert "Ada Byron owes" in page
    make_payment(admitted, 26_000, on=date(2026, 3, 2))
    page = desk.get(url(coop, "desk")).content.decode()
    assert "Nothing is waiting, and the books agree" in page
    assert "€250.00" in page


def test_a_payment_in_the_browser(desk, coop, admitted):
    page = desk.get(url(coop, "payment-add") + f"?member={admitted.number}")
    form = form_of(page)
    assert (form["member"], form["amount"]) == (admitted.number, "260.00")
    said = {**form, "amount": "260,00", "on": "2026-03-02", "reference": "shares"}
    for _twice in range(2):
        answer = desk.post(url(coop, "payment-add"), said, follow=True)
        assert answer.redirect_chain == [(url(coop, "holding", number=admitted.number), 302)]
    assert "€10.00 to the entry fee, €250.00 to shares. Member 1 is active now." in answer.content.decode() or (
        Entry.objects.filter(kind="share_payment").count() == 1
    )
    assert Entry.objects.filter(kind="share_payment").count() == 1
    assert holding_of(admitted).paid_up == 25_000
    changed = desk.post(url(coop, "payment-add"), {**said, "amount": "5"})
    assert changed.status_code == 422
    assert "was used before for another act" in changed.content.decode()


@pytest.mark.parametrize(
    ("amount", "sentence"),
    [
        ("", "Please fill this in."),
        ("lots", "“lots” is not an amount of money."),
        ("1.234", "“1.234” has more than 2 decimal places."),
        ("-5", "A payment is more than nothing."),
        ("0", "A payment is more than nothing."),
        ("9999", "is more than member 1 owes"),
        ("9" * 30, "is more than can be kept here"),
        ("1e5", "is not an amount of money"),
    ],
)
def test_a_wrong_amount_gets_one_sentence(desk, coop, admitted, amount, sentence):
    said = {"key": "form:x", "member": admitted.number, "amount": amount, "on": "2026-03-02"}
    answer = desk.post(url(coop, "payment-add"), said)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert sum(len(errors) for errors in answer.context["form"].errors.values()) == 1
    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"member": "4711"}, "There is no member 4711."),
        ({"member": "x"}, "Write a whole number, with digits only."),
        ({"on": "2999-01-01"}, "is still to come"),
        ({"on": "2026-02-01"}, "nothing is entered for them before that day"),
        ({"on": "31/31/2026"}, "This is not a date. Write it like 2026-03-14."),
    ],
)
def test_a_wrong_member_or_day_gets_one_sentence(desk, coop, admitted, change, sentence):
    said = {"key": "form:x", "member": admitted.number, "amount": "5", "on": "2026-03-02", **change}
    answer = desk.post(url(coop, "payment-add"), said)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()


def test_the_register_says_that_it_agrees_and_shows_it_as_at_a_day(desk, coop, admitted):
    make_payment(admitted, 6000, on=date(2026, 3, 2))
    page = desk.get(url(coop, "shares") + "?on=2026-03-02").content.decode()
    assert "register and books agree to the cent" in page
    assert "Ada Byron" in page
    assert "€50.00" in page
    assert "Nobody held shares then" in desk.get(url(coop, "shares") + "?on=2026-01-01").content.decode()
    assert desk.get(url(coop, "shares") + "?on=yesterday").status_code == 422
    assert "Ada Byron" not in desk.get(url(coop, "shares") + "?q=Nobody").content.decode()


def test_an_account_shows_every_line_and_leads_to_its_entry(desk, coop, admitted):
    make_payment(admitted, 6000, on=date(2026, 3, 2))
    bank = account(coop, "bank")
    page = desk.get(url(coop, "account", pk=bank.pk)).content.decode()
    assert "Bank: " in page
    assert "+€60.00" in page
    entry = Entry.objects.get()
    assert url(coop, "entry", pk=entry.pk) in page
    page = desk.get(url(coop, "entry", pk=entry.pk)).content.decode()
    assert "€10.00" in page
    assert "in 3 lines; debits and credits are equal." in page
    capital = account(coop, "share_capital")
    assert "€50.00" in desk.get(url(coop, "account", pk=capital.pk)).content.decode()
    assert desk.get(url(coop, "account", pk=bank.pk) + "?since=x").status_code == 422
    for page_number in ("0", "-1", "99", "x", "9" * 20):
        assert desk.get(url(coop, "account", pk=bank.pk) + f"?page={page_number}").status_code == 200


def test_an_entry_by_hand(desk, coop, shares):
    bank, rent = account(coop, "bank"), Account.objects.get(coop=coop, code="6200")
    head = {"key": "form:1", "memo": "Rent March", "on": "2026-03-01", **_management()}
    said = {**head, "line-0-account": rent.pk, "line-0-debit": "500", "line-3-account": bank.pk, "line-3-credit": "500"}
    answer = desk.post(url(coop, "entry-add"), said)
    entry = Entry.objects.get()
    assert answer.url == url(coop, "entry", pk=entry.pk)
    assert [line.amount for line in entry.lines.order_by("n")] == [50_000, -50_000]
    for wrong, sentence in (
        ({"line-3-credit": "499"}, "debits and credits differ by €1.00"),
        ({"line-3-debit": "1"}, "Line 4: This line needs a debit or a credit, not both."),
        ({"line-3-account": ""}, "Line 4: This line names no account."),
        ({"line-3-account": account(coop, "share_capital").pk}, "Line 4: Please choose one from the list."),
        ({"line-0-debit": "-5"}, "Line 1: Write a debit instead"),
        ({"memo": " "}, "Please fill this in."),
    ):
        answer = desk.post(url(coop, "entry-add"), {**said, "key": "form:2", **wrong})
        assert answer.status_code == 422
        assert sentence in answer.content.decode(), wrong
    assert Entry.objects.count() == 1


def _management():
    return {"line-TOTAL_FORMS": 8, "line-INITIAL_FORMS": 0, "line-MIN_NUM_FORMS": 0, "line-MAX_NUM_FORMS": 8}


def test_a_payment_is_taken_back_in_the_browser(desk, coop, admitted):
    entry = make_payment(admitted, 6000, on=date(2026, 3, 2)).entry
    assert "Take it back" in desk.get(url(coop, "entry", pk=entry.pk)).content.decode()
    answer = desk.post(url(coop, "entry-reverse", pk=entry.pk), {"because": "wrong member", "on": "2026-03-03"})
    assert answer.status_code == 302
    assert holding_of(admitted).paid_up == 0
    page = desk.get(url(coop, "entry", pk=entry.pk)).content.decode()
    assert "This entry was reversed" in page
    assert "Take it back" not in page
    again = desk.post(url(coop, "entry-reverse", pk=entry.pk), {"because": "wrong member", "on": "2026-03-03"})
    assert again.status_code == 422


def csv_file(text: str, name="payments.csv"):
    return SimpleUploadedFile(name, text.encode() if isinstance(text, str) else text, "text/csv")


def test_payments_from_a_file_once(desk, coop, admitted):
    text = "date;member;amount;reference\n2026-03-02;1;60,00;first\n03.03.2026;1;200,00;rest\n"
    for _twice in range(2):
        answer = desk.post(url(coop, "payment-file"), {"file": csv_file(text), "total": "260"}, follow=True)
        assert answer.redirect_chain
    assert "were entered before" in answer.content.decode()
    assert holding_of(admitted).paid_up == 25_000
    admitted.refresh_from_db()
    assert admitted.state == "active"
    assert Entry.objects.filter(kind="share_payment").count() == 2
    assert reconciliation(coop).agrees


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "This file is empty."),
        ("a,b\n1,2\n", "needs the columns date, member and amount"),
        ("date,member,amount\n", "names its columns and holds no payment"),
        ("date,member,amount\n2026-03-02,4711,5\n", "Line 2: there is no member 4711."),
        ("date,member,amount\n2026-03-02,1,-5\n", "Line 2: a payment is more than nothing."),
        ("date,member,amount\n2026-03-02,1,5.001\n", "Line 2: “5.001” has more than 2 decimal places."),
        ("date,member,amount\n02/03/2026,1,5\n", "Line 2: “02/03/2026” is no date; write 2026-03-31."),
        ("date,member,amount\n2026-03-02,1,=5+5\n", "Line 2: “=5+5” is not an amount of money."),
        ("date,member,amount\n2026-03-02,1,5\n2026-03-02,1,9999\n", "Line 3: €9,999.00 is more than member 1 owes"),
        ("date,member,amount\n2026-03-02,1,6\n", "adds up to €6.00, and you expected €5.00"),
        (b"PK\x03\x04rest", "an Excel or OpenDocument workbook"),
        (b"\x00\x01\x02\x03", "is not a text file"),
        ("date,member,amount\n,,\n2026-03-02,1\n", "Line 3: “” is not an amount of money."),
    ],
)
def test_a_wrong_file_gets_one_sentence_and_changes_nothing(desk, coop, admitted, text, sentence):
    total = "10004" if "9999" in str(text) else "5"
    answer = desk.post(url(coop, "payment-file"), {"file": csv_file(text), "total": total})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Entry.objects.exists()


def test_several_faults_are_all_named(desk, coop, admitted):
    text = "date,member,amount\n2026-03-02,4711,5\nx,1,5\n2026-03-02,1,5\n"
    page = desk.post(url(coop, "payment-file"), {"file": csv_file(text), "total": "15"}).content.decode()
    assert "2 lines cannot be taken, so none was" in page
    assert "Line 2: there is no member 4711." in page
    assert "Line 3: “x” is no date" in page


def test_a_member_sees_every_line_explained(client_of, amara, coop, shares):
    membership = make_member(coop, user=amara.user, active=False, on=date(2026, 3, 1), instalments=True)
    client = client_of(amara)
    page = client.get(url(coop, "money")).content.decode()
    assert "Please pay" in page
    make_payment(membership, 3500, on=date(2026, 3, 1), reference="first part")
    page = client.get(url(coop, "money")).content.decode()
    assert "1 of 10 parts paid" in page
    assert "Your shares" in page
    assert "+€25.00" in page
    assert "Share payment, member 1" in page


def test_older_years_are_closed_together_or_not_at_all(desk, coop, shares):
    for year in (2023, 2024, 2025):
        make_entry(coop, "bank", "dues", 700, on=date(year, 3, 1))
    first, _middle, last = Period.objects.filter(coop=coop, starts__year__lte=2025).order_by("starts")
    assert "Close 2023 to 2025" in desk.get(url(coop, "periods")).content.decode()
    page = desk.get(url(coop, "period-close", pk=last.pk)).content.decode()
    assert "Close the books of 3 years, 2023 to 2025" in page
    assert page.count("one entry") == 3
    assert "Close the books of 2023<" in desk.get(url(coop, "period-close", pk=first.pk)).content.decode()
    running = open_period(coop=coop, on=clock.today(coop))
    assert desk.post(url(coop, "period-close", pk=running.pk), {}).status_code == 422  # not over, so none of them
    assert not Period.objects.filter(coop=coop, closed_at__isnull=False).exists()
    assert desk.post(url(coop, "period-close", pk=last.pk), {"reason": "all at once"}).status_code == 302
    assert [each.name for each in Period.objects.filter(coop=coop, closed_at=None)] == [running.name]
    assert PeriodEvent.objects.filter(period__coop=coop, reason="all at once").count() == 3


def test_periods_are_closed_and_opened_again_in_the_browser(desk, coop, shares):
    make_entry(coop, "bank", "dues", 700, on=date(2025, 3, 1))
    period = Entry.objects.get().period
    assert "The books of 2025 can be closed" in desk.get(url(coop, "periods")).content.decode()
    assert desk.post(url(coop, "period-close", pk=period.pk), {}).status_code == 302
    period.refresh_from_db()
    assert period.is_closed
    assert desk.post(url(coop, "period-close", pk=period.pk), {}).status_code == 422
    assert desk.post(url(coop, "period-reopen", pk=period.pk), {"because": ""}).status_code == 422
    assert desk.post(url(coop, "period-reopen", pk=period.pk), {"because": "an invoice"}).status_code == 302
    period.refresh_from_db()
    assert not period.is_closed
    assert "an invoice" in desk.get(url(coop, "periods")).content.decode()


def test_accounts_and_classes_in_the_browser(desk, coop, shares):
    said = {"code": "1600", "name": "Van", "kind": "asset"}
    assert desk.post(url(coop, "account-add"), said).status_code == 302
    assert "There is an account 1600 already." in desk.post(url(coop, "account-add"), said).content.decode()
    van = Account.objects.get(code="1600")
    assert desk.post(url(coop, "account-change", pk=van.pk), {"name": "Delivery van"}).status_code == 302
    van.refresh_from_db()
    assert (van.name, van.is_open) == ("Delivery van", False)
    bank = account(coop, "bank")
    refused = desk.post(url(coop, "account-change", pk=bank.pk), {"name": "Bank"})
    assert "it stays open" in refused.content.decode()
    assert desk.post(url(coop, "share-class-add"), {"name": "Investor", "par": "100"}).status_code == 302
    assert ShareClass.objects.get(name="Investor").par == 10_000
    assert desk.post(url(coop, "share-class-add"), {"name": "X", "par": "0"}).status_code == 422


def test_more_shares_in_the_browser(desk, coop, admitted):
    make_payment(admitted, 6000, on=date(2026, 3, 2))
    where = url(coop, "subscribe", number=admitted.number)
    assert desk.post(where, {"shares": 2, "on": "2026-03-03"}).status_code == 302
    assert holding_of(admitted).shares == 7
    assert desk.post(where, {"shares": 0, "on": "2026-03-03"}).status_code == 422


def _rows(coop, n: int) -> None:
    day = clock.today(coop).replace(month=1, day=5)
    for number in range(n):
        make_entry(coop, "bank", "dues", 100 + number, on=day)
        make_shareholder(coop, paid=6000, on=day)


@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize(
    ("name", "queries"),
    [("desk", 26), ("accounts", 5), ("journal", 9), ("shares", 8), ("owing", 11), ("periods", 6)],
)
def test_lists_ask_as_many_questions_for_three_rows_as_for_one(
    desk, coop, shares, bare_frame, name, queries, n, django_assert_num_queries
):
    _rows(coop, n)
    desk.get(url(coop, name))
    with django_assert_num_queries(queries):
        assert desk.get(url(coop, name)).status_code == 200


@pytest.mark.parametrize("n", [1, 3])
def test_one_accounts_one_entrys_and_a_members_own_page_do_too(
    desk, client_of, amara, coop, shares, bare_frame, n, django_assert_num_queries
):
    membership = make_member(coop, user=amara.user, active=False, on=date(2026, 3, 1))
    for number in range(n):
        entry = make_payment(membership, 2000, on=date(2026, 3, 2 + number)).entry
    bank = account(coop, "bank")
    mine = client_of(amara)
    mine.get(url(coop, "money"))
    desk.get(url(coop, "desk"))
    for queries, client, where in (
        (7, desk, url(coop, "account", pk=bank.pk)),
        (8, desk, url(coop, "entry", pk=entry.pk)),
        (19, desk, url(coop, "holding", number=membership.number)),
        (22, mine, url(coop, "money")),
    ):
        with django_assert_num_queries(queries):
            assert client.get(where).status_code == 200
