"""The returning officer's desk: a meeting called, a roll frozen, a ballot made, released, fed with papers, counted."""

import json
import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from coop.kernel import clock
from coop.kernel.tenancy import Actor
from governance import services
from governance.models import Ballot, Meeting, OtherRule, PaperBatch, Question, Resolution, Roll
from tests.governance.factories import (
    carried_resolution,
    close_and_count,
    make_ballot,
    make_meeting,
    make_roll,
    make_voter,
    marks,
    ordinary,
    question,
)
from tests.governance.test_papers import GOOD
from tests.members.factories import make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client_of, samir):
    return client_of(samir)


def moment(value) -> str:
    return value.strftime("%Y-%m-%dT%H:%M")


def test_from_a_meeting_to_a_result(coop, desk):
    """Everything by its pages, as the returning officer does it."""
    amara = make_voter(coop, "amara")
    late = make_member(coop, name="Late Comer")
    soon = clock.now() + timedelta(hours=1)
    yesterday = clock.today(coop) - timedelta(days=1)
    made = desk.post(
        "/riverside/meetings/new/",
        {
            "title": "Annual general meeting",
            "kind": "annual",
            "form": "hybrid",
            "starts_at": moment(soon + timedelta(days=9)),
            "place": "In the shop",
            "record_date": yesterday.isoformat(),
        },
    )
    meeting = Meeting.objects.get()
    assert made.url == f"/riverside/meetings/{meeting.pk}/"
    desk.post(f"/riverside/meetings/{meeting.pk}/freeze/")
    roll = Roll.objects.get()
    assert (roll.size, roll.eligible) == (1, 1)
    found = desk.get(f"/riverside/meetings/{meeting.pk}/roll/", {"q": str(late.number)}).content.decode()
    assert "Late Comer: a member since" in found
    assert "after the record date" in found

    desk.post("/riverside/ballots/new/", {"title": "Board and surplus", "meeting": meeting.pk})
    ballot = Ballot.objects.get()
    assert ballot.roll == roll
    text = desk.get(f"/riverside/ballots/{ballot.pk}/").content.decode()
    for missing in ("Say when the ballot opens and when it closes", "There is nothing to decide yet"):
        assert missing in text
    refused = desk.post(f"/riverside/ballots/{ballot.pk}/release/")
    assert refused.status_code == 422
    assert "The ballot is not ready yet: Say when" in refused.content.decode()

    # Local times of the co-op: the browser sends what stands on the clock in Berlin.
    berlin = clock.now().astimezone(ZoneInfo("Europe/Berlin"))
    desk.post(
        f"/riverside/ballots/{ballot.pk}/change/",
        {
            "title": ballot.title,
            "meeting": meeting.pk,
            "opens_at": moment(berlin - timedelta(minutes=2)),
            "closes_at": moment(berlin + timedelta(hours=2)),
        },
    )
    election = {
        "title": "Two seats",
        "method": "scottish-stv",
        "seats": 2,
        "candidates": "Nadia Brandt | Keeps the budget.\n\n Jonas Weber \nPriya Raman|Nurse\nTomas Hale",
    }
    desk.post(f"/riverside/ballots/{ballot.pk}/questions/election/", election)
    motion = {"title": "Surplus", "text": "We share it.", "resolution_type": ordinary(coop).pk}
    desk.post(f"/riverside/ballots/{ballot.pk}/questions/motion/", motion)
    asked = Question.objects.get(title="Two seats")
    assert list(asked.options.values_list("name", "statement")) == [
        ("Nadia Brandt", "Keeps the budget."),
        ("Jonas Weber", ""),
        ("Priya Raman", "Nurse"),
        ("Tomas Hale", ""),
    ]
    desk.post(f"/riverside/ballots/{ballot.pk}/questions/{asked.pk}/move/", {"to": "down"})
    assert [each.title for each in ballot.questions.order_by("position")] == ["Surplus", "Two seats"]
    assert desk.get(f"/riverside/ballots/{ballot.pk}/release/").status_code == 200
    desk.post(f"/riverside/ballots/{ballot.pk}/release/")
    ballot.refresh_from_db()
    assert ballot.phase(clock.now()) == "open"

    upload = SimpleUploadedFile("room.blt", GOOD.encode())
    why = "Four postal papers came with their own list."
    url = f"/riverside/ballots/{ballot.pk}/papers/{asked.pk}/"
    refused = desk.post(url, {"file": upload})
    assert refused.status_code == 422
    assert "there are 4 more papers than voters on the roll" in refused.content.decode()
    desk.post(url, {"file": SimpleUploadedFile("room.blt", GOOD.encode()), "beyond_roll_because": why})
    batch = PaperBatch.objects.get()
    shown = desk.get(f"/riverside/ballots/{ballot.pk}/files/{batch.pk}/").content.decode()
    assert "5 papers of room.blt are in" in shown
    assert why in shown
    close_and_count(ballot)
    result = desk.get(f"/riverside/votes/{ballot.pk}/result/").content.decode()
    assert "are elected" in result
    assert "How the count" in result or "stage by stage" in result
    assert amara.is_member


def test_papers_are_taken_out_with_a_reason(coop, desk):
    ballot = make_ballot(coop, roll=make_roll(coop, voters=9))
    url = f"/riverside/ballots/{ballot.pk}/papers/{question(ballot).pk}/"
    desk.post(url, {"file": SimpleUploadedFile("room.blt", GOOD.encode())})
    batch = PaperBatch.objects.get()
    page = f"/riverside/ballots/{ballot.pk}/files/{batch.pk}/"
    assert desk.post(page, {"because": ""}).status_code == 422
    assert desk.post(page, {"because": "Wrong pile."}).status_code == 302
    batch.refresh_from_db()
    assert batch.undone_because == "Wrong pile."
    again = desk.post(page, {"because": "Twice."})
    assert again.status_code == 422
    assert "have been taken out already" in again.content.decode()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "The file cannot be read"),
        (b"4 2\n1 1 2 0\n", "The file cannot be read"),
        (GOOD.replace("Priya", "Prya").encode(), "The file names “Prya Raman”, not on the ballot"),
    ],
)
def test_a_broken_file_is_one_sentence_on_the_form(coop, desk, content, said):
    ballot = make_ballot(coop, roll=make_roll(coop, voters=1))
    url = f"/riverside/ballots/{ballot.pk}/papers/{question(ballot).pk}/"
    answer = desk.post(url, {"file": SimpleUploadedFile("x.blt", content)})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not PaperBatch.objects.exists()


def test_a_second_release_and_a_late_change_lead_back(coop, desk):
    ballot = make_ballot(coop, roll=make_roll(coop, voters=1))
    here = f"/riverside/ballots/{ballot.pk}/"
    assert desk.post(f"{here}release/").url == here
    refused = desk.post(f"{here}change/", {"title": "Another title"})
    assert refused.status_code == 422
    assert "what was put to the vote is not changed" in refused.content.decode()
    assert desk.post(f"{here}delete/").status_code == 422
    assert desk.post(f"{here}questions/{question(ballot).pk}/remove/").status_code == 422
    assert Question.objects.filter(ballot=ballot).count() == 2


def test_seconds_once_said_are_kept_when_something_else_is_changed(coop, desk):
    """A program may close a ballot to the second; whoever then changes its title in the browser changes no more."""
    ballot = make_ballot(coop, roll=make_roll(coop, voters=1), released=False)
    ballot.closes_at = ballot.closes_at.replace(second=42, microsecond=0)
    ballot.save()
    page = desk.get(f"/riverside/ballots/{ballot.pk}/change/").content.decode()
    shown = dict(re.findall(r'name="(opens_at|closes_at)" value="([^"]+)"', page))
    assert shown["closes_at"].endswith(":42")
    sent = {"title": "Another title", "roll": ballot.roll_id, **shown}
    assert desk.post(f"/riverside/ballots/{ballot.pk}/change/", sent).status_code == 302
    changed = Ballot.objects.get()
    assert (changed.title, changed.closes_at) == ("Another title", ballot.closes_at)


def test_a_draft_is_thrown_away_whole(coop, desk):
    ballot = make_ballot(coop, roll=make_roll(coop, voters=1), released=False)
    desk.post(f"/riverside/ballots/{ballot.pk}/delete/")
    assert not Ballot.objects.exists()
    assert not Question.objects.exists()


def test_a_roll_is_not_frozen_before_its_day(coop, desk):
    make_member(coop)
    meeting = make_meeting(coop, record_date=clock.today(coop) + timedelta(days=2))
    refused = desk.post(f"/riverside/meetings/{meeting.pk}/freeze/")
    assert refused.status_code == 422
    assert "lies ahead" in refused.content.decode()
    assert not Roll.objects.exists()


def test_the_record_date_stays_once_the_roll_is_frozen(coop, desk):
    roll = make_roll(coop, voters=1)
    meeting = roll.meeting
    changed = {
        "title": meeting.title,
        "kind": meeting.kind,
        "form": meeting.form,
        "starts_at": moment(meeting.starts_at),
        "record_date": (roll.record_date - timedelta(days=1)).isoformat(),
    }
    refused = desk.post(f"/riverside/meetings/{meeting.pk}/change/", changed)
    assert refused.status_code == 422
    assert "frozen at its record date" in refused.content.decode()


def test_the_roll_is_searched_downloaded_and_checked(coop, desk):
    make_member(coop, name="=HYPERLINK(1) Evil", on=clock.today(coop) - timedelta(days=9))
    make_member(coop, name="Unpaid Person", active=False, on=clock.today(coop) - timedelta(days=9))
    roll = make_roll(coop)
    here = f"/riverside/meetings/{roll.meeting_id}/roll/"
    text = desk.get(here, {"q": "unpaid"}).content.decode()
    assert "The first share was not paid by" in text
    assert "HYPERLINK" not in text
    assert "Unpaid" not in desk.get(here, {"may": "yes"}).content.decode()
    assert "No member has the number 777" in desk.get(here, {"q": "777"}).content.decode()
    assert "The roll is whole" in desk.get(here, {"check": "1"}).content.decode()
    lines = (
        b"".join(desk.get(f"/riverside/meetings/{roll.meeting_id}/roll.csv").streaming_content).decode().splitlines()
    )
    assert len(lines) == 3
    assert "'=HYPERLINK(1) Evil" in lines[1]


def test_who_voted_how_is_read_after_the_close_and_by_two_offices_only(coop, desk, client_of, nadia, jonas, mei):
    amara = make_voter(coop, "amara")
    ballot = make_ballot(coop, roll=make_roll(coop))
    services.cast_recorded(actor=amara, ballot=ballot, marks=marks(ballot, board=[2], motion=[1]))
    url = f"/riverside/ballots/{ballot.pk}/turnout/"
    open_page = desk.get(url).content.decode()
    assert "Amara Okafor" in open_page
    assert "Priya Raman" not in open_page
    close_and_count(ballot)
    assert "1 Priya Raman" in desk.get(url).content.decode()
    assert "1 Priya Raman" in client_of(nadia).get(url).content.decode()
    for other in (jonas, mei):
        assert "Priya Raman" not in client_of(other).get(url).content.decode()


def test_files_of_a_result_hold_the_same_papers_and_no_name(coop, desk):
    amara = make_voter(coop, "amara")
    ballot = make_ballot(coop, roll=make_roll(coop, voters=5))
    services.cast_recorded(actor=amara, ballot=ballot, marks=marks(ballot, board=[2, 0], motion=[0]))
    close_and_count(ballot)
    board = question(ballot)

    def file(kind, of=board):
        answer = desk.get(f"/riverside/votes/{ballot.pk}/result/{of.pk}.{kind}")
        assert "attachment" in answer["Content-Disposition"]
        return b"".join(answer.streaming_content if answer.streaming else [answer.content]).decode()

    assert "1 3 1 0" in file("blt").splitlines()
    everything = json.loads(file("json"))
    assert everything["winners"] == json.loads(file("json"))["winners"]
    assert everything["rounds"][0]["votes"]["Priya Raman"] == "1.00000"
    assert everything["ballot"]["manifest_hash"] == ballot.manifest_hash
    assert file("stages").splitlines()[0].startswith("\ufeffcandidate,stage 1")
    assert "Priya Raman" in file("csv")
    assert all("Amara" not in file(kind) for kind in ("blt", "csv", "stages", "json"))
    assert json.loads(file("json", question(ballot, "motion")))["carried"] is True
    assert desk.get(f"/riverside/votes/{ballot.pk}/result/{board.pk}.exe").status_code == 404


def test_another_rule_is_asked_for_and_marked_as_not_the_result(coop, desk, django_capture_on_commit_callbacks):
    ballot = make_ballot(coop, roll=make_roll(coop, voters=2))
    close_and_count(ballot)
    url = f"/riverside/votes/{ballot.pk}/compare/{question(ballot).pk}/"
    assert desk.post(url, {"method": "alchemy"}).status_code == 422
    asked = desk.post(url, {"method": "meek-stv"})
    assert "/jobs/" in asked.url
    services.count_other_rule(actor=Actor.system(coop), question_id=question(ballot).pk, method="meek-stv")
    text = desk.get(url).content.decode()
    assert "None of this is the result" in text
    assert "Meek STV (not the result)" in text
    assert OtherRule.objects.count() == 1


@pytest.mark.parametrize("rows", [1, 3])
class TestQueries:
    """Each list page takes the same number of queries with one row and with three."""

    def count(self, django_assert_num_queries, desk, url, number):
        desk.get(url)
        with django_assert_num_queries(number):
            assert desk.get(url).status_code == 200

    def test_meetings(self, coop, desk, django_assert_num_queries, rows):
        make_member(coop, on=clock.today(coop) - timedelta(days=9))
        for _ in range(rows):
            make_roll(coop)
        self.count(django_assert_num_queries, desk, "/riverside/meetings/", 8)

    def test_meeting(self, coop, desk, django_assert_num_queries, rows):
        roll = make_roll(coop, voters=rows)
        for _ in range(rows):
            close_and_count(make_ballot(coop, roll=roll))
        self.count(django_assert_num_queries, desk, f"/riverside/meetings/{roll.meeting_id}/", 9)

    def test_roll(self, coop, desk, django_assert_num_queries, rows):
        roll = make_roll(coop, voters=rows)
        self.count(django_assert_num_queries, desk, f"/riverside/meetings/{roll.meeting_id}/roll/", 10)

    def test_ballots(self, coop, desk, django_assert_num_queries, rows):
        roll = make_roll(coop, voters=1)
        for _ in range(rows):
            make_ballot(coop, roll=roll)
        self.count(django_assert_num_queries, desk, "/riverside/ballots/", 8)

    def test_ballot(self, coop, desk, django_assert_num_queries, rows):
        ballot = make_ballot(coop, roll=make_roll(coop, voters=40))
        for n in range(rows):
            blt = GOOD.replace("3 1 2 0", f"{n + 1} 1 2 0").encode()
            services.import_paper(actor=Actor.system(coop), question=question(ballot), blt=blt)
        self.count(django_assert_num_queries, desk, f"/riverside/ballots/{ballot.pk}/", 11)

    def test_turnout(self, coop, desk, django_assert_num_queries, rows):
        voters = [make_voter(coop) for _ in range(rows)]
        ballot = make_ballot(coop, roll=make_roll(coop))
        for voter in voters:
            services.cast_recorded(actor=voter, ballot=ballot, marks=marks(ballot, motion=[0]))
        close_and_count(ballot)
        self.count(django_assert_num_queries, desk, f"/riverside/ballots/{ballot.pk}/turnout/", 12)

    def test_resolutions(self, coop, desk, django_assert_num_queries, rows):
        for _ in range(rows):
            carried_resolution(coop)
        self.count(django_assert_num_queries, desk, "/riverside/resolutions/", 8)
        assert Resolution.objects.count() == rows
