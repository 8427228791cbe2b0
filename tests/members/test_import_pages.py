"""The import in the browser's place: CORE-POS and éléfan through the pages, and everything a new user gets wrong."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from coop.kernel.jobs import Running, run
from coop.kernel.models import Job
from coop.kernel.tenancy import path
from members import services, tasks
from members.models import ImportBatch, Membership, Party
from tests.beside import needed

from .factories import make_class
from .test_desk_pages import text

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(coop, mei, client_of):
    make_class(coop)
    return client_of(mei)


def upload(desk, coop, data: bytes, name: str = "members.csv"):
    return desk.post(path(coop, "members:imports"), {"file": SimpleUploadedFile(name, data, "text/csv")})


def columns(batch: ImportBatch, **more) -> dict:
    chosen = {f"column_{name}": str(at) for name, at in batch.mapping.items()}
    return {**chosen, "member_class": "consumer", "admitted_on": "2020-01-01", "active": "on", **more}


@pytest.mark.conformance
@pytest.mark.parametrize(
    ("file", "totals", "sentence"),
    [
        ("core-pos/custdata.csv", {"members": "844"}, "The file has 1,000 lines; 1 stay out, 4"),
        ("elefan/mocked_users.csv", {"members": "50", "capital": "23,814.00"}, "The file has 50 lines; 0 stay out"),
        ("elefan/mocked_users_semicolon.csv", {"members": "50", "capital": "23814"}, "The file has 50 lines; 0 stay"),
    ],
)
def test_other_programs_files_come_in_and_go_out_through_the_pages(coop, desk, file, totals, sentence):
    data = needed("members", *file.split("/")).read_bytes()
    page = upload(desk, coop, data, file.rpartition("/")[2])
    batch = ImportBatch.objects.get()
    here = path(coop, "members:import", pk=batch.pk)
    assert page.url == here
    assert desk.post(path(coop, "members:import-columns", pk=batch.pk), columns(batch)).url == here
    assert sentence in text(desk.get(here))
    wrong = desk.post(path(coop, "members:import-commit", pk=batch.pk), {**totals, "members": "1"})
    assert wrong.status_code == 422
    assert "and you said 1" in text(wrong)
    assert not Membership.objects.exists()
    assert desk.post(path(coop, "members:import-commit", pk=batch.pk), totals).status_code == 302
    assert Membership.objects.count() == int(totals["members"])
    again = upload(desk, coop, data)
    assert again.status_code == 422
    assert "is the same file as" in text(again)
    desk.post(path(coop, "members:import-undo", pk=batch.pk))
    assert not Membership.objects.exists()
    assert not Party.objects.exists()
    assert "Taken back out of the register" in text(desk.get(here))


def test_a_large_file_is_checked_and_written_by_the_worker(coop, desk, monkeypatch, mei):
    monkeypatch.setattr("members.services.importing.IN_A_REQUEST", 2)
    monkeypatch.setattr("members.services.admitting_imports.IN_A_REQUEST", 2)
    upload(desk, coop, b"number,name\n1,Noor Haddad\n2,Ivo Santini\n3,Gita Mohan\n")
    batch = ImportBatch.objects.get()
    desk.post(path(coop, "members:import-columns", pk=batch.pk), columns(batch))
    job = Job.objects.get()
    assert (job.kind, job.state, job.total) == ("members.check_import", "queued", 4)
    assert "Checking “members.csv”" in text(desk.get(path(coop, "members:import", pk=batch.pk)))
    services.check_lines(batch)
    desk.post(path(coop, "members:import-commit", pk=batch.pk), {"members": "3"})
    batch.refresh_from_db()
    assert batch.state == "committing"
    assert not Membership.objects.exists()
    seen = []
    services.write_import(actor=mei, batch=batch, progress=lambda done, total: seen.append((done, total)))
    services.write_import(actor=mei, batch=batch)
    assert seen == [(3, 3)]
    assert Membership.objects.count() == 3
    assert {tasks.check_import.name, tasks.write_import.name} == {"members.check_import", "members.write_import"}


@pytest.mark.django_db(transaction=True)
def test_the_jobs_run_to_their_end_with_progress(coop, desk, monkeypatch):
    monkeypatch.setattr("members.services.importing.IN_A_REQUEST", 2)
    upload(desk, coop, b"number,name\n1,Noor Haddad\n2,Ivo Santini\n3,Gita Mohan\n")
    batch = ImportBatch.objects.get()
    desk.post(path(coop, "members:import-columns", pk=batch.pk), columns(batch))
    job = Job.objects.get()

    def check(running, pk):
        services.check_lines(ImportBatch.objects.get(pk=pk), running.progress)

    run(job.pk, check)
    job.refresh_from_db()
    batch.refresh_from_db()
    assert (job.state, job.done, batch.state, batch.members) == ("done", 3, "staged", 3)


@pytest.mark.django_db(transaction=True)
def test_the_page_moves_while_a_large_file_is_checked_and_taken_in(coop, desk, monkeypatch):
    """What another connection sees on the page between two parts of the work, while nothing of it is committed."""
    for name in ("importing.IN_A_REQUEST", "admitting_imports.IN_A_REQUEST", "admitting_imports.GROUPS_AT_ONCE"):
        monkeypatch.setattr(f"members.services.{name}", 2)
    monkeypatch.setattr("members.services.importing.CHUNK", 2)
    lines = "".join(f"{n},Somebody Number{n}\n" for n in range(1, 9))
    upload(desk, coop, f"number,name\n{lines}".encode())
    batch = ImportBatch.objects.get()
    here, said = path(coop, "members:import", pk=batch.pk), []
    write_down = Running.progress

    def look(running, done, total=None) -> None:
        write_down(running, done, total)
        with ThreadPoolExecutor(1) as elsewhere:
            page = elsewhere.submit(_page_elsewhere, desk, here).result(timeout=60)
        bar = re.search(r'<progress value="(\d+)" max="(\d+)"', page)
        said.append(tuple(map(int, bar.groups())) if bar else page)

    monkeypatch.setattr(Running, "progress", look)
    desk.post(path(coop, "members:import-columns", pk=batch.pk), columns(batch))
    tasks.check_import.run(Job.objects.get(kind="members.check_import").pk)
    assert said == [(1, 8), (2, 8), (3, 8), (4, 8), (5, 8), (6, 8), (7, 8), (8, 8)]
    said.clear()
    desk.post(path(coop, "members:import-commit", pk=batch.pk), {"members": "8"})
    assert "8 members are being written into the register" in text(desk.get(here))
    tasks.write_import.run(Job.objects.get(kind="members.write_import").pk)
    assert said == [(2, 8), (4, 8), (6, 8), (8, 8)]
    assert "8 members came in" in text(desk.get(here))


def _page_elsewhere(desk, here: str) -> str:
    try:
        return desk.get(here).text
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "a picture, not a CSV file"),
        (b"name\n", "nothing below it"),
    ],
)
def test_what_is_no_list_stands_beside_the_field(coop, desk, data, words):
    page = upload(desk, coop, data)
    assert page.status_code == 422
    assert words in text(page)
    assert not ImportBatch.objects.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"column_name": ""}, "Say which column holds the names."),
        ({"column_email": "1"}, "One column cannot mean two things."),
        ({"column_email": "77"}, "77"),
        ({"admitted_on": "soon"}, "This is not a date"),
        ({"member_class": "king"}, "king"),
    ],
)
def test_wrong_columns_are_sent_back_with_the_choices(coop, desk, change, words):
    upload(desk, coop, b"number,name\n1,Noor Haddad\n")
    batch = ImportBatch.objects.get()
    page = desk.post(path(coop, "members:import-columns", pk=batch.pk), columns(batch, **change))
    assert page.status_code == 422
    assert words in text(page)


def test_capital_is_typed_as_people_write_it(coop, desk):
    upload(desk, coop, b"number,name,paid\n1,Noor Haddad,250.00\n")
    batch = ImportBatch.objects.get()
    desk.post(path(coop, "members:import-columns", pk=batch.pk), columns(batch))
    address = path(coop, "members:import-commit", pk=batch.pk)
    assert "is not an amount of money" in text(desk.post(address, {"members": "1", "capital": "lots"}))
    assert desk.post(address, {"members": "1", "capital": "€250"}).status_code == 302


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(("name", "queries"), [("members:imports", 8), ("members:import", 12)])
def test_lists_take_the_same_queries(coop, mei, desk, django_assert_num_queries, rows, name, queries):
    lines = "".join(f"{n},\n" for n in range(1, rows + 1))
    for n in range(rows):
        data = f"number,name\n{lines}{100 + n},Noor{n} Haddad\n".encode()
        batch = services.read_file(actor=mei, file_name=f"{n}.csv", data=data)
        services.name_columns(actor=mei, batch=batch, mapping=batch.mapping, options={"member_class": "consumer"})
    address = path(coop, name, **({"pk": batch.pk} if name == "members:import" else {}))
    desk.get(address)
    with django_assert_num_queries(queries):
        assert desk.get(address).status_code == 200
