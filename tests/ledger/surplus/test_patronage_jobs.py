"""A large file of patronage is read and recorded by the worker; what a person decides stays the same."""

import pytest
from django.db import transaction

from coop.kernel.errors import Refused
from ledger import tasks
from ledger.exchange import patronage_csv
from ledger.models import PatronageImport, PatronageRecord
from ledger.services import patronage, patronage_jobs, patronage_rows
from tests.ledger.surplus_factories import YEAR, csv_of

pytestmark = pytest.mark.django_db
SAID = {"year": YEAR, "pool": "purchases", "unit": "money", "file_name": "large.csv"}
BOUGHT = {1: "2318.40", 2: "99.99"}


@pytest.fixture(autouse=True)
def everything_is_large(monkeypatch):
    monkeypatch.setattr(patronage_jobs, "AT_ONCE", 10)


def read(lena, found, said=None):
    """What the worker does with a waiting file."""
    tell = (lambda done, total: said.append(done)) if said is not None else None
    return patronage_jobs.read_waiting(actor=lena, import_id=found.pk, progress=tell)


@pytest.mark.django_db(transaction=True)
def test_it_is_read_then_agreed_to_then_recorded(lena, buyers, client_of):
    found, job = patronage_jobs.take_file(actor=lena, data=csv_of(BOUGHT), **SAID)
    assert (found.state, found.rows, job.kind) == ("reading", 0, "ledger.read_patronage")
    page = client_of(lena).get(f"/riverside/ledger/patronage/imports/{found.pk}/")
    assert b"The file is being read" in page.content
    assert b"Record it" not in page.content

    tasks.read_patronage(job.pk)
    found.refresh_from_db()
    assert (found.state, found.rows, found.members, found.total) == ("checked", 2, 2, 241_839)
    shown = patronage.preview(actor=lena, patronage_import=found)
    assert [(row.number, row.quantity) for row in shown.lines] == [(1, 231_840), (2, 9_999)]
    assert shown.pools == [("purchases", 2, 241_839)]
    assert b"Record it" in client_of(lena).get(f"/riverside/ledger/patronage/imports/{found.pk}/").content
    assert not PatronageRecord.objects.exists()

    same, job = patronage_jobs.record(actor=lena, patronage_import=found)
    again, twice = patronage_jobs.record(actor=lena, patronage_import=found)
    assert (same.state, job.pk) == ("checked", twice.pk)
    assert b"Record it" not in client_of(lena).get(f"/riverside/ledger/patronage/imports/{found.pk}/").content
    tasks.record_patronage(job.pk)
    tasks.record_patronage(job.pk)  # whoever does it again finds it done
    job.refresh_from_db()
    assert (job.state, job.done, job.total) == ("done", 4, 4)
    found.refresh_from_db()
    assert found.state == "recorded"
    assert PatronageRecord.objects.count() == 2


def test_how_far_it_is_is_told_at_every_step(lena, buyers, monkeypatch):
    monkeypatch.setattr(patronage_csv, "TOLD_EVERY", 1)
    monkeypatch.setattr(patronage_rows, "AT_ONCE", 1)
    found, _job = patronage_jobs.take_file(actor=lena, data=csv_of(BOUGHT), **SAID)
    said = []
    found = read(lena, found, said)
    assert said == [0, 1]
    said.clear()
    tell = lambda done, total: said.append((done, total))  # noqa: E731
    patronage.record_import(actor=lena, patronage_import=found, progress=tell)
    assert said == [(0, 4), (1, 4), (2, 4), (3, 4)]


def test_the_same_file_sent_twice_is_read_once(lena, buyers):
    first, job = patronage_jobs.take_file(actor=lena, data=csv_of(BOUGHT), **SAID)
    second, twice = patronage_jobs.take_file(actor=lena, data=csv_of(BOUGHT), **SAID)
    assert (first.pk, job.pk) == (second.pk, twice.pk)


def test_a_file_that_is_no_table_is_thrown_away_with_the_sentence(lena, buyers):
    found, _job = patronage_jobs.take_file(actor=lena, data=b"name,colour\nAmara,green\n", **SAID)
    with pytest.raises(Refused, match="has the columns"):
        read(lena, found)
    found.refresh_from_db()
    assert found.state == "discarded"
    with pytest.raises(Refused):
        patronage_jobs.record(actor=lena, patronage_import=found)


def test_wrong_lines_are_listed_and_such_a_file_is_not_recorded(lena, buyers):
    found, _job = patronage_jobs.take_file(actor=lena, data=csv_of({1: "5", 999: "7"}), **SAID)
    found = read(lena, found)
    assert [line for line, _said in found.problems] == [3]
    with pytest.raises(Refused):
        patronage_jobs.record(actor=lena, patronage_import=found)


def test_what_is_thrown_away_while_it_is_read_stays_away(lena, buyers):
    found, _job = patronage_jobs.take_file(actor=lena, data=csv_of(BOUGHT), **SAID)
    patronage.discard_import(actor=lena, patronage_import=found)
    assert read(lena, found).state == "discarded"


def test_the_database_lets_no_read_file_be_told_anew(lena, buyers):
    checked = patronage.check_file(actor=lena, data=csv_of(BOUGHT), **SAID)
    with pytest.raises(Exception, match="what a file said is not changed"), transaction.atomic():
        PatronageImport.objects.filter(pk=checked.pk).update(total=1)
    with pytest.raises(Exception, match="checked, recorded and perhaps undone"), transaction.atomic():
        PatronageImport.objects.filter(pk=checked.pk).update(state="reading")


def test_what_is_thrown_away_in_the_middle_of_the_reading_stays_away(lena, buyers):
    found, _job = patronage_jobs.take_file(actor=lena, data=csv_of(BOUGHT), **SAID)

    def thrown_away(done, total):
        patronage.discard_import(actor=lena, patronage_import=found)

    assert patronage_jobs.read_waiting(actor=lena, import_id=found.pk, progress=thrown_away).state == "discarded"
