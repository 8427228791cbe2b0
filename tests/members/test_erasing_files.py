"""Erasing opens every stored file: what may go is gone with its words, what the law keeps is named."""

import gzip
import hashlib
import io
import zipfile
import zlib
from datetime import date, timedelta

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.files.base import ContentFile
from django.db import connection, transaction

from coop import kept, privacy
from coop.kernel import clock, reading
from coop.kernel.errors import Refused
from coop.kernel.models import Mail
from governance.models import Bundle
from ledger.models import DebitFile, EntryDocument, PatronageFile, PatronageImport, PatronageYear, PayoutFile
from ledger.retention import paper_kept_until
from ledger.services import debits
from ledger.services.entry_documents import attach
from members import services
from members.models import ImportBatch, Party
from members.recognising import Words
from members.selectors.rights import traces
from members.selectors.stored import file_columns
from members.services import forgetting as members_forgetting
from tests.governance.factories import make_ballot
from tests.ledger.debit_factories import AHEAD, make_debits, may_collect, released, signed
from tests.ledger.factories import make_books, make_entry
from tests.ledger.payout_factories import make_run, owe, paid, ready, with_iban

from .factories import make_member

pytestmark = pytest.mark.django_db

NAME, STREET = "Wilhelmina Müller-Quast", "Elderflower Road 17"
# Every place that holds bytes, and what becomes of it. A new one stands here before it holds anybody's data.
PLACES = {
    "members_importbatch.content": "thrown away",
    "ledger_patronagefile.content": "removed",
    "ledger_payoutfile.content": "removed once the run is over",
    "ledger_debitfile.content": "removed once the run is over",
    "ledger_entrydocument.content": "kept by law, named",
    "governance_bundle.content": "kept: published with the result",
    "governance_nomination.photo": "emptied with the candidate's own words",
}


@pytest.fixture(autouse=True)
def outside(settings, tmp_path):
    settings.ERASURE_LOG, settings.MEDIA_ROOT = str(tmp_path / "erasures.jsonl"), tmp_path / "media"


@pytest.fixture
def gone(coop, mei):
    """Somebody who left long ago."""
    today = clock.today(coop)
    member = make_member(
        coop, name=NAME, on=date(today.year - 9, 2, 1), street=STREET, place="Kiel", email="mina@example.net"
    )
    with clock.at(clock.now().replace(year=today.year - 5, day=1)):
        services.give_notice(actor=mei, membership=member, received_on=clock.today(coop), because="Moving.")
    services.end_due(coop)
    member.refresh_from_db()
    return member


def paper(text: str) -> bytes:
    """A PDF as a program sets it: its letters are numbers of a font that was cut down."""
    import typst

    return typst.compile(text.encode(), format="pdf")


def zipped(*files: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return out.getvalue()


LIST = f"number;family;given;street\n7;Santini;Ivo;Quay 1\n8;Müller-Quast;Wilhelmina;{STREET}\n"
ROW = "<row><c><is><t>{}</t></is></c><c><is><t>{}</t></is></c></row>"
FORMS = {
    "utf-8": LIST.encode(),
    "latin-1": "8;Müller-Quast;Wilhelmina\n".encode("latin-1"),
    "utf-16": "8;Müller-Quast;Wilhelmina\n".encode("utf-16"),
    "utf-16-be": "8;MÜLLER-QUAST;WILHELMINA\n".encode("utf-16-be"),
    "as a bank writes it": b"<Nm>WILHELMINA MUELLER-QUAST</Nm>",
    "without accents": b"8,Wilhelmina,Dr.,Muller-Quast",
    "zlib": zlib.compress(LIST.encode(), 6),
    "gzip": gzip.compress(LIST.encode()),
    "a workbook": zipped(("xl/worksheets/sheet1.xml", ROW.format("Wilhelmina", "Müller-Quast").encode())),
    "an archive in an archive": zipped(("list.zip", zipped(("list.csv", LIST.encode())))),
    "a file's name": zipped((f"{NAME}.txt", b"x")),
    "across a seam": b"x" * ((1 << 20) - 8) + b" " + NAME.encode() + b" ",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_name_is_found_however_a_file_is_written(form):
    assert Words.of([NAME], [NAME]).speak_in_file(FORMS[form])
    assert not Words.of(["Wilhelmina Quastmann"], ["Wilhelmina Quastmann"]).speak_in_file(FORMS[form])


def test_a_pdf_is_read_and_what_cannot_be_read_is_said(coop):
    words = Words.of([NAME], [NAME])
    assert words.speak_in_file(paper(f"Thank you, {NAME}."))
    assert words.speak_in_file(paper(f'#set document(title: "For {NAME}")\nThank you.'))
    assert not words.speak_in_file(paper("Thank you, Ivo."))
    locked = bytearray(zipped(("a.csv", b"x")))
    locked[6] |= 1
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    for data, why in (
        (b"%PDF-1.7 and nothing more", "damaged"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b"PK\x03\x04" + bytes(40), "x"),
        (bytes(locked), "locked"),
    ):
        if why == "x":
            assert not words.speak_in_file(data)
            continue
        with pytest.raises(reading.Unread, match=why):
            words.speak_in_file(data)


def test_no_archive_unpacks_without_end(monkeypatch):
    monkeypatch.setattr(reading, "LARGEST", 1 << 20)
    with pytest.raises(reading.Unread, match="larger"):
        list(reading._Reader(1 << 20).read(zlib.compress(b"0" * (1 << 23)), 0))


def test_every_place_that_holds_bytes_is_known():
    assert {f"{table}.{column}" for table, column in file_columns()} == set(PLACES)


def as_owner_sees(column: str) -> list[bytes]:
    table, name = column.split(".")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {name} FROM {table} WHERE {name} IS NOT NULL")
        return [bytes(row[0]) for row in cursor.fetchall()]


def bank_files(coop, lena, jonas) -> None:
    """A pay-out and a collection of other members, both over, whose files name her: she holds the account."""
    make_books(coop)
    ready(coop, lena)
    ivo = make_member(coop, name="Ivo Santini")
    owe(coop, ivo, refund=34_76)
    with_iban(lena, ivo)
    run = paid(make_run(lena), jonas)
    PayoutFile.objects.filter(run=run).delete()
    PayoutFile.objects.create(run=run, content=zlib.compress(FORMS["as a bank writes it"], 6))
    may_collect(coop, lena)
    signed(coop, lena, "Ada")
    collection = released(make_debits(lena), jonas)
    with clock.at(clock.now() + timedelta(days=AHEAD)):
        debits.book_debits(actor=lena, run_id=collection.pk)
    DebitFile.objects.filter(run=collection).delete()
    DebitFile.objects.create(run=collection, content=zlib.compress(FORMS["as a bank writes it"], 6))


def plant(coop, lena) -> EntryDocument:
    """The words in every kind of file, however kept; the paper of the books is returned."""
    now = clock.now()
    ImportBatch.objects.create(
        coop=coop, file_name="list.csv", digest="a" * 64, size=9, encoding="UTF-8", delimiter=";", content=LIST.encode()
    )
    ImportBatch.objects.create(
        coop=coop, file_name="old.csv", digest="b" * 64, size=9, encoding="UTF-16", delimiter=";",
        content="number;name\n1;Ivo Santini\n".encode("utf-16"),
    )  # fmt: skip
    year = PatronageYear.objects.create(
        coop=coop, year=now.year - 1, starts_on=date(now.year - 1, 1, 1), ends_on=date(now.year - 1, 12, 31)
    )
    for text in (LIST, "number;amount\n7;3.00\n"):
        said = {"pool": "Shop", "unit": "money", "file_name": "till.csv", "size": len(text)}
        digest = f"{len(text):064d}"
        found = PatronageImport.objects.create(coop=coop, year=year, digest=digest, state="checked", **said)
        PatronageFile.objects.create(source=found, content=zlib.compress(text.encode(), 6))
    coop.logo.save("logo.png", ContentFile(b"\x89PNG\r\n\x1a\n" + f"tEXtAuthor\0{NAME}".encode()))
    session = SessionStore()
    session["account_login_code"] = {"email": "mina@example.net"}
    session.save()
    bundle = zipped(("manifest.json", f'{{"candidates": ["{NAME}"]}}'.encode()))
    ballot = make_ballot(coop, roll=None, released=False)
    Bundle.objects.create(
        coop=coop, ballot=ballot, content=bundle, sha256=hashlib.sha256(bundle).hexdigest(), made_at=now
    )
    entry = make_entry(coop, "bank", "dues", 500, on=clock.today(coop))
    attach(actor=lena, to=entry, name="other.pdf", data=paper("Rent"))
    attach(actor=lena, to=entry, name="scan.jpg", data=b"\xff\xd8\xff\xe0 a scan")
    return attach(actor=lena, to=entry, name="bill.pdf", data=paper(f"Bill for {NAME}"))


def test_what_names_the_person_goes_from_every_file_and_what_stays_is_named(coop, mei, lena, jonas, gone):
    bank_files(coop, lena, jonas)
    bill = plant(coop, lena)
    done = privacy.erase_person(actor=mei, party=gone.party, scope="all", basis="Asked.")
    words = Words.of([NAME, STREET, "mina@example.net"], [NAME])
    for place, what in PLACES.items():
        named = [data for data in as_owner_sees(place) if safely(words, data)]
        assert len(named) == what.startswith("kept"), place
    assert set(ImportBatch.objects.values_list("file_name", "state", "content")) >= {("list.csv", "discarded", None)}
    assert bytes(ImportBatch.objects.get(file_name="old.csv").content), "another list stays as it came"
    assert sorted(PatronageImport.objects.values_list("state", flat=True)) == ["checked", "discarded"]
    assert PatronageFile.objects.count() == 1
    assert not Session.objects.exists()
    until = paper_kept_until(coop.law, bill.entry.posted_on)
    kept_ones = [place for place, what in PLACES.items() if what.startswith("kept")]
    assert done.left == dict.fromkeys([*kept_ones, f"media.{coop.logo.name}"], 1)
    said = {each.where: each.why for each in done.places}
    assert str(until.year) in said[f"Paper {bill.pk} behind entry {bill.entry_id}"]
    assert done.unreadable == [f"Paper {bill.pk - 1} behind entry {bill.entry_id}"]
    assert traces([NAME, STREET, "mina@example.net"]) == {}


def safely(words: Words, data: bytes) -> bool:
    try:
        return words.speak_in_file(data)
    except reading.Unread:
        return False


@pytest.mark.parametrize(
    ("module", "name", "place"),
    [
        (members_forgetting, "_drop_files", "members_importbatch.content"),
        (privacy, "forget_files", "ledger_patronagefile.content"),
        (privacy, "forget_files", "ledger_payoutfile.content"),
        (privacy, "forget_files", "ledger_debitfile.content"),
    ],
)
def test_a_store_left_out_is_noticed(coop, mei, lena, jonas, gone, monkeypatch, module, name, place):
    bank_files(coop, lena, jonas)
    plant(coop, lena)
    monkeypatch.setattr(module, name, lambda *args, **named: 0)
    assert privacy.erase_person(actor=mei, party=gone.party, scope="all", basis="Asked.").left[place] == 1


def test_restored_the_files_go_again(coop, mei, lena, gone, django_capture_on_commit_callbacks):
    make_member(coop, name="Gita Mohan", on=date(2020, 1, 2))
    make_books(coop)
    plant(coop, lena)
    backup = transaction.savepoint()
    with django_capture_on_commit_callbacks(execute=True):
        privacy.erase_person(actor=mei, party=gone.party, scope="all", basis="Asked.")
    transaction.savepoint_rollback(backup)
    assert PatronageFile.objects.count() == 2
    assert len(privacy.erase_again()) == 1
    assert PatronageFile.objects.count() == 1
    assert ImportBatch.objects.exclude(content=None).count() == 1


def test_whom_something_keeps_after_a_restore_does_not_keep_the_others(coop, mei, gone, monkeypatch):
    privacy.log_file().write_text("")
    with transaction.atomic():
        savepoint = transaction.savepoint()
        erasure = privacy.erase_person(actor=mei, party=gone.party, scope="all", basis="Asked.").erasure
        privacy.remember(erasure)
        transaction.savepoint_rollback(savepoint)

    def under_way(**_named):
        raise Refused("payout_under_way", "Pay-out 3 is under way.")

    monkeypatch.setattr(privacy, "forget_payout_details", under_way)
    said: list[str] = []
    assert privacy.erase_again(said.append) == []
    assert said == [f"{coop.slug}: party {gone.party_id} could not be erased again: Pay-out 3 is under way."]
    assert Party.objects.get(pk=gone.party_id).name == NAME


def test_what_another_co_op_wrote_is_its_own(coop, other_coop, mei, gone):
    for where in (coop, other_coop):
        Mail.objects.create(coop=where, to="mina@example.net", sender="x", subject=f"Dear {NAME}", text="x")
    done = privacy.erase_person(actor=mei, party=gone.party, scope="all", basis="Asked.")
    assert list(Mail.objects.filter(subject__contains="Quast").values_list("coop", flat=True)) == [other_coop.pk]
    assert done.left == {}


def test_names_with_marks_are_found_within_json_and_html(coop, mei):
    Mail.objects.create(coop=coop, to="a@example.net", sender="x", subject="x", text="x", html="Sean O&#x27;Brien")
    assert traces(["Sean O'Brien"]) == {"kernel_mail.html": 1}


def test_places_have_their_reason(coop):
    files = kept.Files((), ())
    said = kept.explained(coop, {"governance_question.options": 1, "ledger_entry.memo": 2, "members_x.y": 1}, files)
    assert [("result" in each.why, "books" in each.why, "Nothing asks" in each.why) for each in said] == [
        (True, False, False), (False, True, False), (False, False, True),
    ]  # fmt: skip
    assert paper_kept_until("de-geng", date(2024, 3, 1)) == date(2032, 12, 31)
