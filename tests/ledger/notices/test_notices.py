"""Every member of a posted plan is told once: by a letter, or on a sheet with an address."""

from __future__ import annotations

import pytest
from django.urls import reverse

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.models import Job, Mail
from ledger import documents, tasks
from ledger.models import AllocationNotice
from ledger.selectors import notices as selectors
from ledger.selectors import statements
from ledger.services import allocation_notices as services
from tests.ledger.conftest import TABLES, attack, refused
from tests.ledger.surplus.test_races import at_once, errors, fresh
from tests.ledger.surplus_factories import make_import, make_plan, posted
from tests.members.factories import known_as

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
SITE = "https://coop.example/"


def url(coop, name, **kwargs):
    return reverse(f"ledger:{name}", kwargs={"coop": coop.slug, **kwargs})


@pytest.fixture
def plan(lena, jonas, buyers):
    return make_told(lena, jonas, buyers)


def make_told(lena, jonas, buyers):
    """Amara and Ben have an e-mail address, Carla has none; Ben gets a qualified notice."""
    make_import(lena, {1: "2318.40", 2: "640.00", 3: "99.90"})
    known_as(buyers[3].party, email="")
    terms = {"cash_percent": "30", "notice": "qualified"}
    return posted(make_plan(lena, settlement=terms), lena, jonas)


def letters():
    return Mail.objects.filter(kind="ledger.allocation").order_by("id")


def test_a_letter_each_with_figures_and_link_and_no_second(coop, lena, plan):
    before = selectors.told(plan)
    assert (before.with_email, before.on_the_list, before.told) == (2, 1, 0)
    seen = []
    for expected in (2, 0):
        found = services.send(actor=lena, plan_id=plan.pk, site=SITE, progress=lambda *done: seen.append(done))
        assert found == expected
    assert seen == [(2, 2)]
    first, second = letters()
    line = plan.lines.get(number=1)
    assert first.to == line.membership.party.email
    assert f"https://coop.example/{coop.slug}/money/statements/2025/" in first.text
    statement = statements.of_member(plan, line.membership_id)
    assert statement is not None
    data = documents.statement_data(statement)
    assert data["headline"] in first.text
    assert "qualified notice" in first.text
    assert second.to != first.to
    after = selectors.told(plan)
    assert (after.by_email, after.with_email, after.on_the_list) == (2, 0, 1)


def test_two_workers_write_one_letter_each_member(lena, plan, monkeypatch):
    monkeypatch.setattr(services, "BATCH", 1)
    answers = at_once(*[lambda: services.send(actor=fresh(lena), plan_id=plan.pk, site=SITE)] * 3)
    assert errors(answers) == []
    assert letters().count() == AllocationNotice.objects.count() == 2


def test_nobody_is_told_of_a_plan_that_is_not_posted(lena, jonas, buyers):
    make_import(lena, {1: "1.00"})
    draft = make_plan(lena)
    for act in (
        lambda: services.ask_to_send(actor=lena, plan=draft, site=SITE),
        lambda: services.send(actor=lena, plan_id=draft.pk, site=SITE),
        lambda: services.record_paper(actor=lena, plan=draft, on=clock.today(lena.coop)),
    ):
        with pytest.raises(Refused, match="posted"):
            act()


@pytest.mark.parametrize("role", ["app", "owner"])
def test_raw_sql_makes_changes_and_doubles_no_notice(lena, plan, role, monkeypatch):
    services.record_paper(actor=lena, plan=plan, on=clock.today(lena.coop))
    monkeypatch.setattr("tests.ledger.conftest.TABLES", (*TABLES, "ledger_allocationnotice"))
    columns = "coop_id, plan_id, membership_id, way, given_on, recorded_at"
    again = f"INSERT INTO ledger_allocationnotice ({columns}) SELECT {columns} FROM ledger_allocationnotice"
    stranger = again.replace("membership_id, way, given_on, recorded_at FROM", "NULL, way, given_on, recorded_at FROM")
    for statement, why in (
        (again, "allocationnotice_once"),
        (stranger, "null value|a member's line"),
        ("UPDATE ledger_allocationnotice SET way = 'email'", "append-only|permission denied|Cannot update"),
        ("DELETE FROM ledger_allocationnotice", "append-only|permission denied|Cannot update"),
        ("TRUNCATE ledger_allocationnotice", "append-only|permission denied|Cannot update"),
    ):
        with refused(why):
            attack(statement, role=role)


def test_the_page_from_the_button_to_everybody_told(coop, lena, client_of, plan, django_assert_num_queries):
    client = client_of(lena)
    page = client.get(url(coop, "notices", pk=plan.pk)).content.decode()
    assert "0 of 3 members were told" in page
    assert "15 September 2026" in page
    answer = client.post(url(coop, "notices-send", pk=plan.pk))
    job = Job.objects.get(kind="ledger.send_notices")
    assert answer.url.endswith(f"/{job.pk}/")
    tasks.send_notices(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error) == (Job.State.DONE, "")
    assert "http://testserver/" in letters()[0].text
    wrong = client.post(url(coop, "notices-posted", pk=plan.pk), {"on": "2020-01-01"})
    assert wrong.status_code == 422
    client.post(url(coop, "notices-posted", pk=plan.pk), {"on": clock.today(coop).isoformat()})
    with django_assert_num_queries(11):
        page = client.get(url(coop, "notices", pk=plan.pk)).content.decode()
    assert "All 3 members were told" in page
