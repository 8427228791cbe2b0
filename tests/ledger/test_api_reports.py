"""Through the API: members' equity, the accountant's figures, a second person's release of a collection."""

from __future__ import annotations

from datetime import date

import pytest

from coop.kernel.models import Mail
from ledger.models import DebitRun, Entry, ShareClass
from tests.ledger.debit_factories import make_debits, may_collect, signed
from tests.ledger.factories import make_entry, make_shareholder

pytestmark = pytest.mark.django_db
JSON = {"content_type": "application/json"}
END = date(2025, 12, 31)


def test_equity_by_class_and_who_holds_it(coop, lena, client_of):
    member = make_shareholder(coop, name="Ada")
    desk, part = client_of(lena), f"class-{ShareClass.objects.get(coop=coop).pk}"
    told = desk.get("/api/v1/riverside/members-equity/").json()
    assert [(each["part"], each["came_in"], each["closing"]) for each in told["parts"]] == [(part, 25_000, 25_000)]
    assert told["total"]["closing"] == 25_000
    held = desk.get(f"/api/v1/riverside/members-equity/{part}/").json()["results"]
    assert [(each["number"], each["amount"]) for each in held] == [(member.number, 25_000)]
    assert desk.get("/api/v1/riverside/members-equity/class-0815/").status_code == 404


def test_the_accountants_figures_are_looked_at_then_taken_over_once(coop, lena, client_of):
    make_shareholder(coop)
    make_entry(coop, "bank", "dues", 100, on=date(2025, 3, 1))
    desk, before = client_of(lena), Entry.objects.count()
    said = {
        "on": "2025-12-31",
        "how": "bookings",
        "file_name": "b.csv",
        "csv": "account,debit,credit\n6200,1.00,\n1000,,1.00\n",
    }
    looked = desk.post("/api/v1/riverside/handover/", said, **JSON)
    assert (looked.status_code, looked.json()["problems"], looked.json()["result"]) == (200, [], 0)
    assert [(row["code"], row["change"]) for row in looked.json()["rows"]] == [("6200", 100), ("1000", -100)]
    assert Entry.objects.count() == before
    answers = [desk.post("/api/v1/riverside/handover/", said | {"post": True}, **JSON).json() for _twice in (1, 2)]
    assert answers[0]["entry"] == answers[1]["entry"] > 0
    assert Entry.objects.count() == before + 1
    off = said | {"csv": "account,debit,credit\n6200,1.00,\n", "post": True}
    assert desk.post("/api/v1/riverside/handover/", off, **JSON).status_code == 422


def test_a_collection_is_released_by_a_second_person_who_has_just_shown_who_they_are(coop, lena, jonas, client_of):
    may_collect(coop, lena)
    member = signed(coop, lena, "Ada")
    run, at = make_debits(lena), "/api/v1/riverside/debit-runs"
    board = client_of(jonas)
    lines = board.get(f"{at}/{run.pk}/lines/").json()["results"]
    assert [(each["member"], each["returned"]) for each in lines] == [(member.membership.number, False)]
    act, body = f"{at}/{run.pk}/release/", {"hash": run.hash}
    session = board.session
    lately = session.pop("account_authentication_methods", None)
    session.save()
    answer = board.post(act, body, **JSON)
    assert (answer.status_code, answer.json()["code"]) == (403, "reauthentication_needed")
    session["account_authentication_methods"] = lately
    session.save()
    assert board.post(act, {"hash": "0" * 64}, **JSON).status_code == 409
    assert client_of(lena).post(act, body, **JSON).status_code == 403
    assert not Mail.objects.filter(kind="ledger.debit").exists()
    assert board.post(act, body, **JSON).json()["state"] == "released"
    assert DebitRun.objects.get(pk=run.pk).released_by_id == jonas.user_id
