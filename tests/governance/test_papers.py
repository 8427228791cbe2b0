"""Paper ballots out of BLT files: matched by name, refused in one sentence, in once, out again before the close."""

from datetime import timedelta

import pytest

from coop.kernel import clock
from coop.kernel.errors import NotAllowed, Refused
from coop.kernel.models import AuditEvent, User
from coop.kernel.tenancy import Actor
from governance import services
from governance.models import Ballot, PaperBatch, PaperPack
from governance.selectors import papers_in, papers_of
from tests.cast import make_coop
from tests.governance.factories import close_and_count, make_ballot, make_roll, make_voter, marks, question
from tests.standing import check_what_waits

pytestmark = pytest.mark.django_db

NAMES = '"Nadia Brandt"\n"Jonas Weber"\n"Priya Raman"\n"Tomas Hale"\n"Board 2026"\n'
GOOD = "4 2\n3 1 2 0\n1 4 0\n1 0\n0\n" + NAMES


@pytest.fixture(scope="module")
def coop(standing):
    return make_coop()


@pytest.fixture(scope="module")
def released(coop) -> tuple[int, int]:
    """Amara's login, and a ballot that she and nine others may vote in."""
    amara = make_voter(coop, "amara")
    ballot = make_ballot(coop, roll=make_roll(coop, voters=9))
    check_what_waits()
    return amara.user_id, ballot.pk


@pytest.fixture
def amara(db, coop, released):
    return Actor.of(User.objects.get(pk=released[0]), coop)


@pytest.fixture
def ballot(db, released):
    return Ballot.objects.get(pk=released[1])


def bring(actor, ballot, text=GOOD, **more):
    data = text if isinstance(text, bytes) else text.encode()
    return services.import_paper(actor=actor, question=question(ballot), blt=data, **{"file_name": "room.blt", **more})


def test_papers_are_taken_in_with_their_marks_and_counted_with_the_votes(samir, amara, ballot):
    services.cast_recorded(actor=amara, ballot=ballot, marks=marks(ballot, board=[0, 1], motion=[0]))
    batch = bring(samir, ballot)
    assert (batch.papers, batch.blank, batch.sealed, batch.file_name) == (5, 1, True, "room.blt")
    assert papers_of(question(ballot)) == {(0, 1): 4, (3,): 1, (): 1}
    assert AuditEvent.objects.get(kind="governance.papers_imported").payload.body["papers"] == 5


def test_candidates_may_stand_in_another_order_and_spelling_of_case(samir, ballot):
    shuffled = '4 2\n2 1 4 0\n0\n"TOMAS HALE"\n"priya  raman"\n"Jonas Weber"\n"Nadia Brandt"\n"Board"\n'
    bring(samir, ballot, shuffled)
    assert papers_of(question(ballot)) == {(3, 0): 2}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "The file cannot be read: line 1: the file is empty"),
        ("hello", "The file cannot be read: line 1: a BLT file begins with two numbers"),
        (b"\x00\x01\x02\xff\xfe", "The file cannot be read: line 1"),
        ("4 2\n1 9 0\n0\n" + NAMES, "line 2: "),
        ("4 2\n1 1 1 0\n0\n" + NAMES, "line 2: "),
        ("4 2\n-3 1 0\n0\n" + NAMES, "line 2: "),
        ("4 2\n1 1 2 0\n", "The file cannot be read: "),
        ("4 2\n1 1 2 0\n0\n\"A\"\n", "The file cannot be read: "),
        (GOOD.replace("Priya", "Prya"), "names “Prya Raman”, not on the ballot and does not name “Priya Raman”"),
        ("3 2\n1 1 0\n0\n\"Nadia Brandt\"\n\"Jonas Weber\"\n\"Priya Raman\"\n\"x\"\n", "does not name “Tomas Hale”"),
        ("5 2\n1 1 0\n0\n\"Zoe\"\n" + NAMES, "names “Zoe”, not on the ballot"),
        (GOOD.replace("4 2\n", "4 3\n", 1), "The file fills 3 seats, the ballot 2"),
        ("4 2\n-1\n1 2 0\n0\n" + NAMES, "differ on whether “Nadia Brandt” withdrew"),
        ("4 2\n1 1=2 3 0\n0\n" + NAMES, "equal ranks, which this rule cannot count"),
        ("4 2\n0\n" + NAMES, "The file holds no papers"),
    ],
)  # fmt: skip
def test_a_file_that_does_not_fit_is_refused_in_one_sentence(samir, ballot, text, said):
    with pytest.raises(Refused) as refused:
        bring(samir, ballot, text)
    assert said in refused.value.message
    assert "\n" not in refused.value.message
    assert refused.value.field == "file"
    assert not PaperBatch.objects.exists()
    assert not PaperPack.objects.exists()


def test_a_file_is_in_once_until_it_is_undone(samir, ballot):
    batch = bring(samir, ballot)
    with pytest.raises(Refused, match="This very file is in already; nothing was added") as refused:
        bring(samir, ballot, file_name="copy.blt")
    assert refused.value.code == "imported_already"
    services.undo_paper(actor=samir, batch=batch, because="It was the test pile.")
    assert bring(samir, ballot).pk != batch.pk


def test_undone_papers_do_not_count_and_the_reason_is_kept(samir, ballot):
    batch = bring(samir, ballot)
    with pytest.raises(Refused, match="Say why these papers are taken out"):
        services.undo_paper(actor=samir, batch=batch, because="  ")
    services.undo_paper(actor=samir, batch=batch, because="Counted twice by hand.")
    batch.refresh_from_db()
    assert (batch.undone_because, batch.undone_by) == ("Counted twice by hand.", samir.user)
    assert papers_of(question(ballot)) == {}
    assert papers_in(question(ballot)) == 0
    with pytest.raises(Refused, match="have been taken out already"):
        services.undo_paper(actor=samir, batch=batch, because="Again.")


def test_nothing_comes_in_or_goes_out_after_the_close(samir, ballot):
    batch = bring(samir, ballot)
    with clock.at(ballot.closes_at), pytest.raises(Refused, match="has closed; no papers come in"):
        bring(samir, ballot, GOOD + "\n")
    close_and_count(ballot)
    with pytest.raises(Refused, match="is closed; no papers come in or go out"):
        services.undo_paper(actor=samir, batch=batch, because="Late.")


def test_a_draft_takes_no_papers(coop, samir, ballot):
    draft = make_ballot(coop, roll=ballot.roll, released=False)
    with pytest.raises(Refused, match="Release the ballot first"):
        bring(samir, draft)


def test_more_papers_than_voters_need_a_reason(coop, samir, amara, ballot):
    services.cast_recorded(actor=amara, ballot=ballot, marks=marks(ballot, board=[1]))
    many = GOOD.replace("3 1 2 0", "8 1 2 0")
    with pytest.raises(Refused, match="1 more paper than voters on the roll; say why before it is taken in") as refused:
        bring(samir, ballot, many)
    assert refused.value.field == "beyond_roll_because"
    batch = bring(samir, ballot, many, beyond_roll_because="The delegates' own list, kept by the federation.")
    assert batch.beyond_roll_because.startswith("The delegates")


def test_a_motion_is_not_imported_from_a_ranked_file(samir, ballot):
    with pytest.raises(Refused, match="is not ranked"):
        services.import_paper(actor=samir, question=question(ballot, "motion"), blt=GOOD.encode())


def test_only_the_returning_officer_brings_papers(mei, lena, nadia, amara, ballot):
    for actor in (mei, lena, nadia, amara):
        with pytest.raises(NotAllowed):
            bring(actor, ballot)


def test_too_large_a_file_is_not_read(samir, ballot):
    with pytest.raises(Refused, match="larger than 32 MB"):
        bring(samir, ballot, b"1" * (32 * 1024 * 1024 + 1))


def test_a_preview_keeps_nothing(samir, ballot):
    seen = services.read_paper(actor=samir, question=question(ballot), blt=GOOD.encode(), file_name="C:\\x\\room.blt")
    assert (seen.papers, seen.blank, seen.beyond_roll, seen.file_name) == (5, 1, 0, "room.blt")
    assert seen.first_choices == (("Nadia Brandt", 3), ("Jonas Weber", 0), ("Priya Raman", 0), ("Tomas Hale", 1))
    assert not PaperBatch.objects.exists()


def test_before_the_opening_hour_papers_may_come_in(coop, samir, ballot):
    later = make_ballot(coop, roll=ballot.roll, opens_in=timedelta(hours=2))
    assert bring(samir, later).papers == 5
    assert Ballot.objects.get(pk=later.pk).phase(clock.now()) == "announced"
