"""A question's result on paper: the figures of the page, in a tagged document, twice the same file."""

from datetime import timedelta

import pytest

from governance import services
from governance.documents import result_data, result_pdf
from governance.models import Count
from governance.selectors import outcome
from tests.governance.factories import close_and_count, make_ballot, make_roll, question
from tests.governance.test_papers import GOOD

pytestmark = pytest.mark.django_db


@pytest.fixture
def count_of(coop, samir):
    def make(**ballot) -> Count:
        made = make_ballot(coop, roll=make_roll(coop, voters=5), motion="", **ballot)
        services.import_paper(actor=samir, question=question(made), blt=GOOD.encode(), file_name="room.blt")
        return Count.objects.select_related("question", "ballot__coop", "ballot__roll").get(
            ballot=close_and_count(made)
        )

    return make


def test_every_stage_is_on_it_six_to_a_table_and_the_sums_to_check_it(count_of, monkeypatch):
    count = count_of()
    data, shown = result_data(count), outcome(count.question, count.result)
    assert data["lead"].startswith(shown.sentence)
    assert data["stages"] == list(shown.stages)
    assert data["moved"] == []
    (table,) = data["tables"]
    assert [row[0] for row in table["rows"]] == [*(row.name for row in shown.rows), "No further choice"]
    assert len(table["head"]) == 1 + len(shown.stages)
    assert [said for _name, said in data["hashes"]] == [
        count.papers_hash,
        count.ballot.manifest_hash,
        count.ballot.tie_commitment,
    ]
    monkeypatch.setattr("governance.documents.ACROSS", 1)
    parts = result_data(count)["tables"]
    assert [part["head"][1] for part in parts] == table["head"][1:]
    assert [[row[1] for row in part["rows"]] for part in parts] == [
        [row[at] for row in table["rows"]] for at in range(1, len(table["head"]))
    ]


def test_a_close_that_was_moved_stands_on_it_with_its_reason(coop, samir):
    ballot = make_ballot(coop, roll=make_roll(coop, voters=5), motion="")
    for hours, because in ((1, "The server was down."), (2, "So that the post arrives.")):
        until = ballot.closes_at + timedelta(hours=hours)
        services.extend_ballot(actor=samir, ballot=ballot, until=until, because=because)
        ballot.refresh_from_db()
    close_and_count(ballot)
    count = Count.objects.select_related("question", "ballot__coop", "ballot__roll").get(ballot=ballot)
    first, second = result_data(count)["moved"]
    assert first.endswith(": The server was down.")
    assert second.endswith(": So that the post arrives.")
    assert result_pdf(count).startswith(b"%PDF")


def test_the_same_count_twice_is_the_same_tagged_file(count_of):
    count = count_of()
    pdf = result_pdf(count)
    assert pdf.startswith(b"%PDF-")
    assert b"/MarkInfo" in pdf, "the compiler was asked for a document a screen reader can read"
    assert result_pdf(count) == pdf


def test_schulze_shows_one_against_one(count_of):
    data = result_data(count_of(method="schulze"))
    assert data["tables_heading"] == "One against one"
    names = data["tables"][0]["head"][1:]
    assert [row[0] for row in data["tables"][0]["rows"]] == names
    assert all(row[1 + at] == "–" for at, row in enumerate(data["tables"][0]["rows"]))


def test_it_is_downloaded_beside_the_other_files(count_of, client_of, nadia):
    count = count_of()
    answer = client_of(nadia).get(f"/riverside/votes/{count.ballot_id}/result/{count.question_id}.pdf")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer["Content-Disposition"].endswith('-result.pdf"')
