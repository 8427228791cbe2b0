"""Opening the books: reconciled to the cent before anything is posted, all or nothing, once, and taken back whole."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from coop.kernel.errors import NotAllowed, Refused
from ledger.models import Account, Entry, ShareEvent
from ledger.selectors.balances import balances
from ledger.selectors.shares import holding_of, reconciliation
from ledger.services.accounts import account, member_account
from ledger.services.opening import open_books, take_back_opening
from ledger.services.posting import reverse_entry
from ledger.services.shares import record_payment
from tests.members.factories import make_member

from .conftest import snapshot
from .factories import make_books

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
DAY = date(2026, 1, 1)
TRIAL = """account,name,kind,debit,credit
1000,Bank,,"12,400.50",
1950,Old van,asset,3000.00,
3000,Share capital,,,700.00
2130,Prepaid,,,12.50
3200,Reserve,,,"14,688.00"
"""


@pytest.fixture
def three(transactional_db, coop):
    make_books(coop)
    return [make_member(coop, active=False, on=date(2025, 3, 1)) for _ in range(3)]


def members_file(three, rows=("250.00,5,", "400.00,,12.50", "50.00,5,")) -> str:
    lines = [f"{member.number},{row}" for member, row in zip(three, rows, strict=True)]
    return "member,paid,shares,credit\n" + "\n".join(lines) + "\n"


def opened(actor, three, trial: str = TRIAL, members: str | None = None):
    members = members_file(three) if members is None else members
    return open_books(
        actor=actor,
        on=DAY,
        trial=trial.encode(),
        trial_name="trial.csv",
        members=members.encode(),
        members_name="m.csv",
    )


def refuses(code: str, act, *args, **kwargs) -> str:
    before = snapshot()
    with pytest.raises(Refused) as refused:
        act(*args, **kwargs)
    assert refused.value.code == code
    assert snapshot() == before
    return " ".join([str(refused.value.message), *getattr(refused.value, "problems", [])])


def test_books_and_register_begin_where_the_others_ended(coop, lena, three):
    done = opened(lena, three)
    assert (done.members, done.accounts) == (3, 1)
    held = [(each.shares, each.subscribed, each.paid_up) for each in map(holding_of, three)]
    assert held == [(5, 25_000, 25_000), (8, 40_000, 40_000), (5, 25_000, 5_000)]
    assert reconciliation(coop, DAY).agrees
    held = balances(coop, DAY)
    assert held[account(coop, "bank").pk] == 1_240_050
    assert held[Account.objects.get(coop=coop, code="1950").pk] == 300_000
    assert held[member_account(three[1], "member_credit").pk] == -1250
    assert sum(held.values()) == 0
    three[0].refresh_from_db()
    assert three[0].state == "admitted"  # the entry fee is not in the file, and nobody said that it was paid


def test_what_an_opening_is_refused_for(coop, lena, three):
    assert "differ by €0.01" in refuses("unbalanced", opened, lena, three, TRIAL.replace("3000.00", "3000.01"))
    less = members_file(three).replace("400.00", "399.99")
    assert "€700.00 in the trial balance and €699.99" in refuses("not_reconciled", opened, lena, three, TRIAL, less)
    why = refuses("file_refused", opened, lena, three, TRIAL.replace("asset", "").replace("3200", "9999"))
    assert "Line 3: there is no account 1950" in why
    assert "Line 6: there is no account 9999" in why
    assert "income or expense" in refuses("file_refused", opened, lena, three, TRIAL.replace("3200,", "4000,"))
    assert "one by one" in refuses("file_refused", opened, lena, three, TRIAL.replace("2130,", "2100,"))
    few = members_file(three).replace("250.00,5", "250.00,4")
    assert "more than 4 shares are worth" in refuses("too_few_shares", opened, lena, three, TRIAL, few)
    strange = members_file(three).replace(f"{three[2].number},50.00", "4711,50.00") + f"{three[0].number},,,\n"
    why = refuses("file_refused", opened, lena, three, TRIAL, strange)
    assert "there is no member 4711" in why
    assert "stands there twice" in why
    assert "holds less than nothing" in refuses(
        "file_refused", opened, lena, three, TRIAL, members_file(three).replace("250.00", "-250.00")
    )
    refuses("columns", opened, lena, three, "a,b\n1,2\n")


def test_the_books_are_opened_once_and_taken_back_whole(coop, lena, three):
    entry = opened(lena, three).entry
    refuses("opened_already", opened, lena, three)
    refuses("reverse_by_act", reverse_entry, actor=lena, entry=entry, on=DAY, because="wrong")
    take_back_opening(actor=lena, on=DAY, because="the wrong year")
    assert [holding_of(member).shares for member in three] == [0, 0, 0]
    assert reconciliation(coop).agrees
    assert set(balances(coop).values()) <= {0}
    assert opened(lena, three).entry != entry
    assert reconciliation(coop).agrees


def test_what_was_moved_since_is_not_taken_back(coop, lena, three):
    opened(lena, three)
    record_payment(actor=lena, membership=three[2], amount=5_000, on=date(2026, 2, 1), key="p")
    record_payment(actor=lena, membership=three[2], amount=5_000, on=date(2026, 2, 1), key="p2")
    refuses("moved_since", take_back_opening, actor=lena, on=date(2026, 2, 2), because="wrong")


def test_only_the_treasurer(mei, jonas, nadia, three):
    for actor in (mei, jonas, nadia):
        with pytest.raises(NotAllowed):
            opened(actor, three)
    assert not ShareEvent.objects.exists()


def test_in_the_browser(desk, coop, three):
    where = reverse("ledger:opening", kwargs={"coop": coop.slug})
    assert "Bring the balances" in desk.get(where).content.decode()

    def send(trial: str):
        files = {
            "trial": SimpleUploadedFile("trial.csv", trial.encode()),
            "members": SimpleUploadedFile("members.csv", members_file(three).encode()),
        }
        return desk.post(where, {"on": "2026-01-01", **files}, follow=True)

    wrong = send(TRIAL.replace("3200", "9999").replace("asset", ""))
    assert wrong.status_code == 422
    assert "Line 6: there is no account 9999" in wrong.content.decode()
    assert "Opening balances" in send(TRIAL).content.decode()
    entry = Entry.objects.get(kind="opening")
    page = desk.get(where).content.decode()
    assert "The books were opened" in page
    back = reverse("ledger:opening-take-back", kwargs={"coop": coop.slug})
    assert desk.post(back, {"because": "", "on": "2026-01-01"}).status_code == 422
    assert desk.post(back, {"because": "wrong year", "on": "2026-01-01"}).status_code == 302
    assert Entry.objects.filter(reverses=entry).exists()
