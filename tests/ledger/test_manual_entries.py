"""Entries by hand: one person up to the board's limit, two above it, and the papers behind them."""

from __future__ import annotations

from datetime import date
from hashlib import sha256

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from coop.kernel.errors import Refused
from ledger.models import Entry, EntryDocument, EntryDraft
from ledger.selectors.manual import documents_of
from ledger.services.entries import approve_draft, draft_entry, post_manual_entry, refuse_draft, set_entry_limit
from ledger.services.entry_documents import attach
from ledger.services.posting import Line, post_entry
from tests.cast import make_officer
from tests.ledger.conftest import TABLES, attack, refused
from tests.ledger.surplus.test_races import at_once, errors, fresh

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
OURS = ("ledger_entrylimit", "ledger_entrydraft", "ledger_entrydraftline", "ledger_entrydocument")
DAY = date(2026, 3, 1)
PDF = b"%PDF-1.7 an invoice over a till"


@pytest.fixture(autouse=True)
def all_tables(monkeypatch):
    monkeypatch.setattr("tests.ledger.conftest.TABLES", (*TABLES, *OURS))


@pytest.fixture
def limited(books, jonas):
    set_entry_limit(actor=jonas, amount=1000, resolution="Board 2026/9")
    return books


def lines(books, amount):
    return [Line(books.a, amount), Line(books.b, -amount)]


def draft_of(books, actor, amount=5000, key="till"):
    return draft_entry(actor=actor, on=DAY, memo="A new till", lines=lines(books, amount), key=key)


def code_of(act) -> str:
    with pytest.raises(Refused) as refusal:
        act()
    return refusal.value.code


def test_one_person_up_to_the_limit_and_two_above_it(limited, lena, jonas):
    at_limit = post_manual_entry(actor=lena, on=DAY, memo="Pens", lines=lines(limited, 1000), key="pens")
    assert at_limit.actor_id == lena.user_id

    def above():
        post_manual_entry(actor=lena, on=DAY, memo="A new till", lines=lines(limited, 1001), key="till")

    assert code_of(above) == "takes_two"
    draft = draft_of(limited, lena)
    assert draft_of(limited, lena).pk == draft.pk
    assert Entry.objects.filter(kind="manual").count() == 1
    assert code_of(lambda: draft_of(limited, lena, amount=6000)) == "key_used"
    assert code_of(lambda: approve_draft(actor=lena, draft=draft, seen=draft.request_hash)) == "same_person"
    assert code_of(lambda: approve_draft(actor=jonas, draft=draft, seen="0" * 64)) == "not_what_was_seen"
    entry = approve_draft(actor=jonas, draft=draft, seen=draft.request_hash)
    assert (entry.actor_id, entry.draft.drafted_by_id) == (jonas.user_id, lena.user_id)
    assert [line.amount for line in entry.lines.order_by("n")] == [5000, -5000]
    assert approve_draft(actor=jonas, draft=draft, seen=draft.request_hash) == entry
    assert code_of(lambda: refuse_draft(actor=jonas, draft=draft, because="late")) == "decided"


def test_a_limit_taken_away_and_a_draft_given_up(limited, lena, jonas):
    draft = refuse_draft(actor=jonas, draft=draft_of(limited, lena), because="too dear")
    assert (draft.state, draft.entry) == ("refused", None)
    assert code_of(lambda: approve_draft(actor=jonas, draft=draft, seen=draft.request_hash)) == "decided"
    assert code_of(lambda: set_entry_limit(actor=jonas, amount=-1, resolution="x")) == "amount"
    set_entry_limit(actor=jonas, amount=None, resolution="Board 2026/10")
    assert post_manual_entry(actor=lena, on=DAY, memo="Till", lines=lines(limited, 5000), key="till").pk


def test_other_money_than_the_coops_is_looked_at_by_two(limited, lena):
    dollars = [Line(limited.usd, 1), Line(limited.usd2, -1)]
    act = {"actor": lena, "on": DAY, "memo": "Dollars", "lines": dollars, "key": "usd"}
    assert code_of(lambda: post_manual_entry(**act)) == "takes_two"


def test_raw_sql_posts_nothing_above_the_limit_alone(limited, lena, jonas, role):
    by_hand = {"kind": "manual"}
    head, one, two = limited.good(900_001, amount=1001)
    head = limited.entry(900_001, **by_hand)
    with refused("was not approved by a second person"):
        attack(head, one, two, role=role)
    with refused("is not complete yet"):  # asked before its lines are in
        attack(head, "SET CONSTRAINTS manual_takes_two IMMEDIATE", one, two, role=role)
    small = [limited.line(900_001, 1, limited.a, 5), limited.line(900_001, 2, limited.b, -5)]
    with refused("takes no more lines"):  # answered for little, then made much
        attack(head, *small, "SET CONSTRAINTS ALL IMMEDIATE", limited.line(900_001, 3, limited.a, 9), role=role)
    draft = draft_of(limited, lena)
    joined = f"UPDATE ledger_entrydraft SET state = 'posted', entry_id = 900001, decided_at = now(), approved_by_id = {{}} WHERE id = {draft.pk}"  # noqa: E501
    mine = limited.entry(900_001, kind="manual", key=f"draft:{draft.pk}", actor_id=lena.user_id)
    with refused("entrydraft_takes_two"):
        attack(mine, one, two, joined.format(lena.user_id), role=role)
    theirs = limited.entry(900_001, kind="manual", key=f"draft:{draft.pk}", actor_id=jonas.user_id)
    with refused("was not approved by a second person"):  # another hash and other lines than were drafted
        attack(theirs, one, two, joined.format(jonas.user_id), role=role)
    said = {"kind": "manual", "key": f"draft:{draft.pk}", "actor_id": jonas.user_id, "memo": draft.memo}
    same_hash = limited.entry(900_001, request_hash=draft.request_hash, **said)
    with refused("was not approved by a second person"):  # the hash copied, the lines not
        attack(same_hash, one, two, joined.format(jonas.user_id), role=role)
    with refused("posted by its own entry"):
        attack(head, one, two, joined.format(jonas.user_id), role=role)


def test_drafts_limits_and_papers_are_not_changed(limited, lena, jonas, role):
    draft = draft_of(limited, lena)
    attach(actor=lena, to=draft, name="till.pdf", data=PDF)
    changes = ("memo = 'x'", '"on" = "on" - 1', "drafted_by_id = 1", "request_hash = 'x'", "coop_id = coop_id + 1")
    for change in changes:
        with refused("."):
            attack(f"UPDATE ledger_entrydraft SET {change}", role=role)
    for table in OURS:
        with refused("."):
            attack(f"DELETE FROM {table}", role=role)
        with refused("."):
            attack(f"TRUNCATE {table} CASCADE", role=role)
    for change in ("limit SET amount = 0", "draftline SET amount = 1", "document SET content = ''"):
        with refused("."):
            attack(f"UPDATE ledger_entry{change}", role=role)
    approve_draft(actor=jonas, draft=draft, seen=draft.request_hash)
    with refused("is approved or refused"):
        attack("UPDATE ledger_entrydraft SET state = 'draft', entry_id = NULL, approved_by_id = NULL", role=role)
    with refused("to a draft only"):
        attack(
            "INSERT INTO ledger_entrydraftline (coop_id, draft_id, n, account_id, amount)"
            " SELECT coop_id, draft_id, 9, account_id, 1 FROM ledger_entrydraftline LIMIT 1",
            role=role,
        )
    paper = (
        "INSERT INTO ledger_entrydocument (coop_id, draft_id, name, kind, size, digest, content, added_at)"
        " SELECT coop_id, draft_id, name, '{kind}', {size}, '{digest}', {content}, now() FROM ledger_entrydocument"
    )
    other = {"kind": "pdf", "size": 5, "digest": sha256(b"%PDF-").hexdigest(), "content": "'%PDF-'"}
    for change in ({"size": 6}, {"digest": "0" * 64}, {"content": "'%PDF+'"}, {"kind": "png"}, {"kind": "exe"}):
        with refused("document"):
            attack(paper.format(**(other | change)), role=role)
    attack(paper.format(**other), role=role)  # and the harness itself can


def test_two_who_approve_at_once_post_one_entry(limited, lena, jonas, second_treasurer):
    draft = draft_of(limited, lena)
    answers = at_once(
        *(
            lambda who=who: approve_draft(actor=fresh(who), draft=draft, seen=draft.request_hash)
            for who in (jonas, second_treasurer)
        )
    )
    assert errors(answers) == []
    assert len({entry.pk for entry in answers}) == 1
    assert Entry.objects.filter(kind="manual").count() == 1


@pytest.fixture
def second_treasurer(coop):
    return make_officer(coop, "second", "treasurer")


def test_papers_are_what_they_say_and_kept_once(limited, lena, jonas, coop):
    draft = draft_of(limited, lena)
    paper = attach(actor=lena, to=draft, name="..\\..\\Rechnung 7/till.exe", data=PDF)
    assert (paper.name, paper.kind, paper.size) == ("till.pdf", "pdf", len(PDF))
    assert attach(actor=lena, to=draft, name="again.pdf", data=PDF) == paper
    assert code_of(lambda: attach(actor=lena, to=draft, name="a.pdf", data=b"")) == "empty"
    assert code_of(lambda: attach(actor=lena, to=draft, name="a.pdf", data=b"MZ not a paper")) == "kind"
    assert code_of(lambda: attach(actor=lena, to=draft, name="a.pdf", data=PDF + bytes(5 * 2**20))) == "too_large"
    entry = approve_draft(actor=jonas, draft=draft, seen=draft.request_hash)
    later = attach(actor=lena, to=entry, name="warranty.png", data=b"\x89PNG\r\n\x1a\n a picture")
    assert [each.pk for each in documents_of(entry)] == [paper.pk, later.pk]
    other = post_entry(actor=lena, on=DAY, kind="other", memo="", lines=lines(limited, 5), key="other")
    assert code_of(lambda: attach(actor=lena, to=other, name="a.pdf", data=PDF)) == "not_by_hand"


def test_the_way_over_the_pages(limited, client_of, lena, jonas, coop):
    def to(name, **kwargs):
        return reverse(f"ledger:{name}", kwargs={"coop": coop.slug, **kwargs})

    desk, board = client_of(lena), client_of(jonas)
    form = desk.get(to("entry-add")).context["form"]
    sent = {
        "key": form.initial["key"], "memo": "A new till", "on": "2026-03-01", "line-TOTAL_FORMS": 8,
        "line-INITIAL_FORMS": 0, "line-0-account": limited.a.pk, "line-0-debit": "50.00",
        "line-1-account": limited.b.pk, "line-1-credit": "50.00",
        "document": SimpleUploadedFile("till.txt", b"no paper at all"),
    }  # fmt: skip
    answer = desk.post(to("entry-add"), sent)
    assert answer.status_code == 422
    assert b"no PDF, JPEG or PNG" in answer.content
    assert EntryDraft.objects.count() == 0  # both or neither
    sent["document"] = SimpleUploadedFile("till.pdf", PDF)
    answer = desk.post(to("entry-add"), sent)
    draft = EntryDraft.objects.get()
    assert answer.url == to("entry-draft", pk=draft.pk)
    assert b"Approve and post" not in desk.get(answer.url).content
    assert b"A new till" in board.get(to("desk")).content
    assert b"Approve and post" in board.get(answer.url).content
    assert desk.post(to("entry-draft-approve", pk=draft.pk), {"seen": draft.request_hash}).status_code == 403
    answer = board.post(to("entry-draft-approve", pk=draft.pk), {"seen": draft.request_hash})
    page = board.get(answer.url)
    assert b"till.pdf" in page.content
    file = board.get(to("document", pk=EntryDocument.objects.get().pk))
    assert file.content == PDF
    assert file["Content-Disposition"].startswith("attachment")
    assert "sandbox" in file["Content-Security-Policy"]
    assert file["X-Content-Type-Options"] == "nosniff"
