"""What leaves the house, and that it is written down: full registers, inspection copies, an alphabetical list."""

import csv
import io
import re
import shutil
import subprocess
from datetime import date
from types import SimpleNamespace

import pytest

from coop.kernel import clock
from coop.kernel.errors import NotAllowed, Refused
from coop.kernel.models import AuditEvent, Office
from coop.kernel.tenancy import Actor, path
from members import services
from members.documents import breakable, register_pdf
from members.exchange.packs import PACKS
from members.models import AccessLog, Membership
from tests.beside import missing
from tests.cast import make_coop, make_officer

from .factories import make_class, make_member
from .test_desk_pages import text
from .test_leaving import on

pytestmark = pytest.mark.django_db
TODAY = date(2026, 6, 30)


def rows(export) -> list[dict]:
    return list(csv.DictReader(io.StringIO(export.content.decode("utf-8-sig"))))


def made(actor, pack: str, holdings=None, **more):
    usual = {"as_at": TODAY, "asked_by": "Ivo Santini", "basis": "right to inspect"}
    with on("2026-06-30"):
        return services.export_register(actor=actor, pack=pack, holdings=holdings or {}, **{**usual, **more})


@pytest.fixture(scope="module")
def coop(standing):
    return make_coop()


@pytest.fixture(scope="module")
def mei(coop):
    return make_officer(coop, "mei", "secretary")


@pytest.fixture(scope="module")
def people(coop):
    noor = make_member(coop, name="Noor Haddad", on=date(2024, 5, 7), street="Quay 1", postcode="24103", place="Kiel")
    firm = make_member(
        coop,
        on=date(2024, 6, 1),
        kind="organisation",
        firm="=Corrigan & Daughters",
        register_court="Kiel",
        register_number="HRB 7",
        family_name="",
        given_names="",
        member_class=make_class(coop, "producer"),
    )
    left = make_member(coop, name="Hanna Król", on=date(2020, 7, 8))
    with on("2024-09-30"):
        services.give_notice(actor=Actor.system(coop), membership=left, received_on=date(2024, 9, 30))
    held = SimpleNamespace(shares=5, subscribed=25_000, paid_up=17_550)
    return SimpleNamespace(noor=noor, firm=firm, left=left, holdings={noor.pk: held, left.pk: held})


def test_uk_inspection_pack_shows_no_holdings_the_full_pack_does_both_logged(mei, people):
    full, inspection = made(mei, "uk-full", people.holdings), made(mei, "uk-inspection", people.holdings)
    assert rows(full)[0]["Paid"] == "175.50"
    assert rows(full)[0]["Shares"] == "5"
    assert not {"Shares", "Nominal", "Paid"} & set(rows(inspection)[0])
    assert b"175" not in inspection.content
    assert b"250" not in inspection.content
    looks = AccessLog.objects.filter(what="export").order_by("id")
    assert [(look.subject, look.rows, look.basis) for look in looks] == [
        ("uk-full as at 2026-06-30", 3, "Ivo Santini: right to inspect"),
        ("uk-inspection as at 2026-06-30", 3, "Ivo Santini: right to inspect"),
    ]
    assert AuditEvent.objects.filter(kind="members.register_exported").count() == 2


def test_the_german_list_says_names_firm_dates_and_shares(mei, people):
    noor, firm, left = rows(made(mei, "de-full", people.holdings))
    assert (noor["Mitgliedsnummer"], noor["Familienname oder Firma"], noor["Vornamen"]) == ("0001", "Haddad", "Noor")
    assert (noor["PLZ"], noor["Eintritt am"], noor["Geschäftsguthaben eingezahlt"]) == ("24103", "2024-05-07", "175.50")
    assert firm["Registergericht und Nummer"] == "Kiel HRB 7"
    assert firm["Geschäftsanteile"] == "0"
    assert (left["Ausscheiden zum"], left["Grund"]) == ("2024-12-31", "Kündigung")


def test_a_name_a_spreadsheet_would_run_is_harmless(mei, people):
    assert rows(made(mei, "ca", people.holdings))[1]["Name"] == "'=Corrigan & Daughters"


def test_the_american_list_is_alphabetical_by_class_and_without_who_left(mei, people):
    listed = rows(made(mei, "us-alphabetical"))
    assert [(row["Class"], row["Name"]) for row in listed] == [
        ("Consumer", "Noor Haddad"),
        ("Producer", "'=Corrigan & Daughters"),
    ]


def test_as_at_an_earlier_day_as_known_then(mei, people):
    names = [row["Name"] for row in rows(made(mei, "uk-inspection", as_at=date(2020, 12, 31)))]
    assert names == ["Hanna Król"]
    assert rows(made(mei, "uk-inspection", as_at=date(2020, 12, 31), known=date(2020, 1, 1))) == []


@pytest.mark.parametrize("key", PACKS)
def test_every_pack_writes_its_headings_and_cites_its_law(mei, people, key):
    export = made(mei, key, people.holdings)
    assert rows(export)
    assert PACKS[key].citation
    assert export.name.startswith(f"riverside-{key}-2026-06-30")


def test_the_british_register_of_officers(coop, mei, people, django_assert_max_num_queries):
    ivo = make_officer(coop, "ivo", "treasurer")
    member = make_member(coop, name="Ivo Santini", user=ivo.user, on=date(2024, 1, 1), street="Quay 9", place="Leeds")
    Office.objects.filter(coop=coop).update(starts_on=date(2023, 4, 1))
    Office.objects.filter(user=ivo.user).update(ends_on=date(2026, 3, 31))
    with on("2025-01-01"):
        services.change_details(actor=mei, party=member.party, street="Harbour 2")
    with django_assert_max_num_queries(12):
        now = {row["Office"]: row for row in rows(made(mei, "uk-officers"))}
    assert (now["Treasurer"]["Name"], now["Treasurer"]["Street"]) == ("Ivo Santini", "Harbour 2")
    assert (now["Treasurer"]["Took office"], now["Treasurer"]["Left it"]) == ("2023-04-01", "2026-03-31")
    assert now["Secretary"]["Left it"] == ""
    assert "Shares" not in now["Treasurer"]
    then = {row["Office"]: row for row in rows(made(mei, "uk-officers", as_at=date(2024, 6, 30)))}
    assert (then["Treasurer"]["Street"], then["Treasurer"]["Left it"]) == ("Quay 9", "")
    assert rows(made(mei, "uk-officers", as_at=date(2020, 1, 1))) == []
    assert made(mei, "uk-officers", form="pdf").content.startswith(b"%PDF")


def test_nobody_gets_a_list_without_a_reason(mei, lena, people):
    for more, code in (({"asked_by": " "}, "asked_by_missing"), ({"basis": ""}, "basis_missing")):
        with pytest.raises(Refused) as refused:
            made(mei, "ca", **more)
        assert refused.value.code == code
    with pytest.raises(Refused, match="no such list"):
        made(mei, "everything")
    with pytest.raises(NotAllowed):
        made(lena, "ca")
    assert not AccessLog.objects.filter(what="export").exists()


def test_the_page_hands_over_the_file_and_lists_it(coop, mei, people, client_of):
    client = client_of(mei)
    address = path(coop, "returns")
    asked = {"pack": "de-full", "as_at": "2026-06-30", "form": "csv", "asked_by": "auditors", "basis": "yearly audit"}
    answer = client.post(address, asked)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "Haddad" in answer.content.decode("utf-8-sig")
    assert "auditors: yearly audit" in text(client.get(address))
    late = client.post(address, {**asked, "as_at": f"{clock.today(coop).year + 1}-01-01"})
    assert late.status_code == 422
    assert "still to come" in text(late)


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_of_exports_takes_the_same_queries(coop, mei, people, client_of, django_assert_num_queries, count):
    for _ in range(count):
        made(mei, "ca")
    client = client_of(mei)
    client.get(path(coop, "returns"))
    with django_assert_num_queries(8):
        client.get(path(coop, "returns"))


def words_of(pdf: bytes, tmp_path) -> str:
    """What a reader finds in the PDF, by poppler where the machine has it."""
    tool = shutil.which("pdftotext")
    if tool is None:
        missing("pdftotext is not installed; it is in Debian's poppler-utils.")
    (tmp_path / "list.pdf").write_bytes(pdf)
    done = subprocess.run([tool, "-layout", tmp_path / "list.pdf", "-"], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize("key", PACKS)
def test_every_pack_is_a_paper_too_and_the_same_list_is_the_same_file(mei, people, key):
    one = made(mei, key, people.holdings, form="pdf")
    assert one.content.startswith(b"%PDF-")
    assert (one.name.rpartition(".")[2], one.content_type) == ("pdf", "application/pdf")
    assert one.content == made(mei, key, people.holdings, form="pdf").content
    assert one.rows == made(mei, key, people.holdings).rows


def test_the_paper_says_what_the_file_says(mei, people, tmp_path):
    said = words_of(made(mei, "uk-full", people.holdings, form="pdf").content, tmp_path)
    for word in (
        "Haddad",
        "175.50",
        "Register of members",
        "As at 30 June 2026",
        "s. 30",
        "Made for Ivo Santini",
        "1/1",
    ):
        assert word in said.replace("1 / 1", "1/1")
    inspection = words_of(made(mei, "uk-inspection", people.holdings, form="pdf").content, tmp_path)
    assert "175.50" not in inspection
    german = words_of(made(mei, "de-full", people.holdings, form="pdf").content, tmp_path)
    assert "Stand 30. Juni 2026" in german


def test_a_paper_through_the_page(coop, mei, people, client_of):
    asked = {"pack": "de-full", "as_at": "2026-06-30", "form": "pdf", "asked_by": "auditors", "basis": "yearly audit"}
    answer = client_of(mei).post(path(coop, "returns"), asked)
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    with pytest.raises(Refused, match="CSV file or a PDF"):
        made(mei, "ca", form="odt")


def test_the_reason_on_the_german_list_is_german_whatever_it_is():
    line = SimpleNamespace(ending="")
    column = dict(PACKS["de-full"].columns)["Grund"]
    for ending in Membership.Ending:
        line.ending = ending.value
        assert column(line, None, str) not in ("", ending.value, str(ending.label))


def test_a_long_word_breaks_inside_its_own_column(mei, people):
    long = "Donaudampfschiffahrtsgesellschaftskapitaenswitwe" * 3
    with_breaks = breakable(f"Elsa {long} elsa.nystrom-okafor@housing-co-op.example")
    assert with_breaks.replace("\u00ad", "").replace("\u200b", "") == (
        f"Elsa {long} elsa.nystrom-okafor@housing-co-op.example"
    )
    assert max(map(len, re.split("[\u00ad\u200b\\s-]", with_breaks))) < 16
    assert breakable("Elsa Nystrom, Harbour Street 12") == "Elsa Nystrom, Harbour Street 12"
    made_of = {"over": "", "lead": "", "foot": "", "lang": "de", "at": clock.now()}
    table = [["Nr.", *"abcdefg"], ["1", long, "Vornamen", *["x"] * 5]]
    pdf = register_pdf(coop=mei.coop, title="Liste", table=table, **made_of)
    assert pdf.startswith(b"%PDF")
    if shutil.which("pdftotext") is None:
        missing("pdftotext is not installed; it is in Debian's poppler-utils.")
    boxes = subprocess.run(["pdftotext", "-bbox", "-", "-"], input=pdf, capture_output=True, check=True).stdout.decode()
    words = re.findall(r'xMin="([\d.]+)" yMin="[\d.]+" xMax="([\d.]+)"[^>]*>([^<]+)<', boxes)
    (given,) = (float(left) for left, _right, word in words if word == "Vornamen")
    name = [float(right) for left, right, word in words if word.replace("\u00ad", "") in long and len(word) > 5]
    assert len(name) > 3
    assert max(name) <= given
