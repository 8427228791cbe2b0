"""A ballot closes later, with a reason, before it closes: never earlier, never without its row, never after."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction

from coop.kernel import audit, clock
from coop.kernel.errors import NotAllowed, Refused
from coop.kernel.models import AuditEvent, Job, Mail
from coop.kernel.tenancy import Actor
from governance import services
from governance.models import Ballot, Extension, RecordedVote
from members.models import PaperLetter
from tests.governance.ballotbox.voter import electorate
from tests.governance.factories import JOINED, make_ballot, make_roll, make_voter, marks
from tests.governance.test_concurrency import at_once
from tests.governance.test_database_promises import owner_refused, refused
from tests.members.factories import make_member

pytestmark = pytest.mark.django_db(transaction=True)
WHY = "The server was down for two hours."


@pytest.fixture
def amara(coop):
    return make_voter(coop, "amara")


@pytest.fixture
def ballot(coop, amara):
    return make_ballot(coop, roll=make_roll(coop))


def later(ballot: Ballot, **by):
    return ballot.closes_at + timedelta(**(by or {"hours": 2}))


def test_a_vote_after_the_old_close_counts_and_everybody_is_told_once(coop, samir, amara):
    letterless = make_member(coop, name="Edith Brandt", email="", street="Mill Lane 9", on=JOINED)
    ballot = make_ballot(coop, roll=make_roll(coop), title="The new roof")
    old = ballot.closes_at
    made = services.extend_ballot(actor=samir, ballot=ballot, until=later(ballot), because=f"  {WHY}\n ")
    ballot.refresh_from_db()
    assert (ballot.closes_at, made.was, made.because, ballot.was_extended) == (later(made.ballot), old, WHY, True)
    with clock.at(old + timedelta(minutes=1)):
        assert services.close_due() == 0
        services.cast_recorded(actor=amara, ballot=ballot, marks=marks(ballot, board=[1]))
    assert Job.objects.filter(kind="governance.announce_extension", args=[made.pk]).count() == 1
    for _twice in range(2):
        services.announce_extension(extension_id=made.pk)
    letter = Mail.objects.get(kind="governance.ballot_extended", to=amara.user.email)
    assert WHY in letter.text
    assert "<time" not in letter.text
    on_paper = PaperLetter.objects.get(kind="governance.ballot_extended")
    assert on_paper.party == letterless.party
    assert WHY in on_paper.text
    assert "<time" not in on_paper.text
    assert AuditEvent.objects.filter(kind="governance.ballot_extended", subject=f"ballot:{ballot.pk}").count() == 1
    assert list(audit.verify(coop)) == []


def test_what_is_refused_with_a_sentence(samir, amara, ballot):
    def extend(until, because=WHY, actor=samir):
        services.extend_ballot(actor=actor, ballot=ballot, until=until, because=because)

    for until in (ballot.closes_at, ballot.closes_at - timedelta(seconds=1)):
        with pytest.raises(Refused, match="never earlier"):
            extend(until)
    with pytest.raises(Refused, match="Say why"):
        extend(later(ballot), "  ")
    with clock.at(ballot.closes_at), pytest.raises(Refused, match="before it closes, not after"):
        extend(later(ballot))
    with pytest.raises(NotAllowed):
        extend(later(ballot), actor=amara)
    with clock.at(ballot.closes_at):
        services.close_due()
    with pytest.raises(Refused, match="before it closes, not after"):
        extend(later(ballot))
    assert not Extension.objects.exists()
    draft = make_ballot(ballot.coop, roll=ballot.roll, released=False)
    with pytest.raises(Refused, match="is a draft"):
        services.extend_ballot(actor=samir, ballot=draft, until=later(draft), because=WHY)


INSERT = """
    INSERT INTO governance_extension (coop_id, ballot_id, was, until, because, extended_at)
    SELECT coop_id, id, {was}, {until}, '{because}', {at} FROM governance_ballot WHERE id = %s
"""


def insert(ballot, says, *, was="closes_at", until="closes_at + interval '1 hour'", because="x", at="opens_at"):
    refused(INSERT.format(was=was, until=until, because=because, at=at), ballot.pk, says=says)


def test_the_database_moves_no_close_without_its_row_and_writes_no_row_without_the_move(samir, ballot):
    moved = "UPDATE governance_ballot SET closes_at = closes_at + interval '1 hour'"
    refused(moved, says="by an extension with its reason")
    owner_refused(moved, says="by an extension with its reason")
    insert(ballot, "extension_with_a_reason", because=" ")
    insert(ballot, "extension_only_later", until="closes_at")
    insert(ballot, "begins at the close that stands", was="closes_at - interval '1 minute'")
    insert(ballot, "extended before it closes", at="closes_at")
    services.extend_ballot(actor=samir, ballot=ballot, until=later(ballot), because=WHY)
    ballot.refresh_from_db()
    insert(ballot, "begins at the close that stands", was="closes_at - interval '2 hours'")
    refused("UPDATE governance_extension SET because = 'y'", says="permission denied")
    refused("DELETE FROM governance_extension", says="permission denied")
    owner_refused("UPDATE governance_extension SET because = 'y'", says="Cannot update")
    owner_refused("DELETE FROM governance_extension", says="Cannot update or delete")
    owner_refused("TRUNCATE governance_extension CASCADE", says="append-only")
    refused("UPDATE governance_ballot SET closes_at = closes_at - interval '1 hour'", says="only moves later")
    row = INSERT.format(was="closes_at", until="closes_at + interval '1 hour'", because="x", at="opens_at")
    with connection.cursor() as cursor:  # the row alone is the move
        cursor.execute(row, [ballot.pk])
    before = ballot.closes_at
    ballot.refresh_from_db()
    assert ballot.closes_at == before + timedelta(hours=1)
    with clock.at(ballot.closes_at):
        services.close_due()
    insert(ballot, "extended before it closes")


def test_an_application_whose_clock_is_slow_extends_nothing_after_the_close(coop, samir):
    ballot = make_ballot(coop, roll=make_roll(coop, voters=1), lasts=timedelta(milliseconds=300))
    time.sleep(0.4)
    with clock.at(ballot.closes_at - timedelta(seconds=1)), pytest.raises(Refused, match="not after"):
        services.extend_ballot(actor=samir, ballot=ballot, until=later(ballot), because=WHY)
    assert not Extension.objects.exists()


class Held(threading.Thread):
    """An extension that is asked for before the close and whose transaction ends after it."""

    def __init__(self, actor, ballot: Ballot, *, commit: bool) -> None:
        super().__init__()
        self.actor, self.ballot, self.commit = actor, ballot, commit
        self.moved, self.end = threading.Event(), threading.Event()

    def run(self) -> None:
        try:
            with transaction.atomic():
                until = self.ballot.closes_at + timedelta(hours=1)
                services.extend_ballot(actor=self.actor, ballot=self.ballot, until=until, because=WHY)
                self.moved.set()
                self.end.wait(20)
                if not self.commit:
                    raise ConnectionError("the power went")
        except ConnectionError:
            pass
        finally:
            connection.close()


def past(ballot: Ballot) -> None:
    time.sleep(max(0.0, (ballot.closes_at - clock.now()).total_seconds()) + 0.05)


@pytest.mark.parametrize("commit", [True, False])
def test_a_cast_at_the_closing_second_waits_for_the_extension_and_goes_by_what_became_of_it(coop, samir, commit):
    ballot, (voter, *_rest) = electorate(coop, 5, lasts=timedelta(seconds=5))
    voter.take()
    held = Held(samir, ballot, commit=commit)
    held.start()
    assert held.moved.wait(10)
    past(ballot)
    assert services.close_due() == 0, "whoever holds the ballot is not closed under"
    answers: list = []

    def cast() -> None:
        try:
            answers.append(voter.cast([[0], [0]]))
        except Refused as refused_:
            answers.append(refused_.code)
        finally:
            connection.close()

    paper = threading.Thread(target=cast)
    paper.start()
    paper.join(0.3)
    assert answers == [], "the paper waits for the lock"
    held.end.set()
    held.join(20)
    paper.join(20)
    assert (answers == ["closed"]) is not commit
    assert len(answers) == 1
    assert Extension.objects.exists() is commit
    assert services.close_due() == (0 if commit else 1)


def test_extending_races_the_closer_and_the_voters_and_one_of_both_ends_stands(coop, samir):
    voters = [make_voter(coop) for _ in range(3)]
    roll = make_roll(coop)
    for early in (0.08, 0.0, -0.02):
        ballot = make_ballot(coop, roll=roll, lasts=timedelta(seconds=1.2), motion="")
        cast: dict[int, int] = {}

        def work(item, ballot=ballot, cast=cast, early=early):
            kind, who = item
            close = ballot.closes_at
            if kind == "extend":
                time.sleep(max(0.0, (close - clock.now()).total_seconds() - early))
                return services.extend_ballot(actor=who, ballot=ballot, until=close + timedelta(hours=1), because=WHY)
            late = False
            while not late:  # the last try begins after the close, however seldom this thread is let run
                late = clock.now() > close + timedelta(milliseconds=150)
                if kind == "close":
                    services.close_due()
                else:
                    vote = services.cast_recorded(actor=who, ballot=ballot, marks=marks(ballot, board=[len(cast) % 4]))
                    cast[who.user_id] = vote.pk
            return "done"

        answers = at_once(6, work, [("extend", samir), *[("close", None)] * 2, *(("cast", each) for each in voters)])
        ballot.refresh_from_db()
        extended = isinstance(answers[0], Extension)
        assert extended or answers[0].code == "closed"
        assert ballot.state == ("open" if extended else "closed")
        assert Extension.objects.filter(ballot=ballot).exists() is extended
        for each in answers[3:]:
            assert each == "done" if extended else each.code == "closed"
        current = RecordedVote.objects.filter(ballot=ballot).current()
        assert {vote.cast_by_id: vote.pk for vote in current} == cast, "nobody lost who was told"


def test_two_officers_extend_at_once_and_the_close_moves_along_one_line(coop, samir, ballot):
    first = ballot.closes_at

    def extend(hours):
        me = Actor.of(samir.user, coop)
        return services.extend_ballot(actor=me, ballot=ballot, until=first + timedelta(hours=hours), because=WHY)

    answers = at_once(6, extend, [1, 2, 3, 4, 5, 6])
    made = [each for each in answers if isinstance(each, Extension)]
    assert all(each.code == "not_later" for each in answers if each not in made)
    line = list(Extension.objects.order_by("was").values_list("was", "until"))
    assert line[0][0] == first
    assert [was for was, _until in line[1:]] == [until for _was, until in line[:-1]]
    ballot.refresh_from_db()
    assert ballot.closes_at == line[-1][1] == first + timedelta(hours=6)


def test_the_page_and_the_api_extend_and_everybody_reads_why(client_of, samir, amara, ballot):
    desk, until = client_of(samir), ballot.closes_at.replace(second=0, microsecond=0) + timedelta(hours=3)
    at = f"/riverside/ballots/{ballot.pk}/extend/"
    typed = until.astimezone(ZoneInfo(ballot.coop.time_zone)).strftime("%Y-%m-%dT%H:%M")
    early = desk.post(at, {"until": "2020-01-01T10:00", "because": WHY})
    assert (early.status_code, "never earlier" in early.content.decode()) == (422, True)
    assert desk.post(at, {"until": typed, "because": WHY}).status_code == 302
    ballot.refresh_from_db()
    assert ballot.closes_at == until
    for who, page in ((samir, f"/riverside/ballots/{ballot.pk}/"), (amara, f"/riverside/votes/{ballot.pk}/")):
        assert WHY in client_of(who).get(page).content.decode()
    api = f"/api/v1/riverside/ballots/{ballot.pk}/extensions/"
    said = {"until": (until + timedelta(hours=1)).isoformat(), "because": "And the line, too."}
    made = desk.post(api, said, content_type="application/json")
    assert made.status_code == 201, made.content
    refused_ = desk.post(api, said, content_type="application/json")
    assert (refused_.status_code, refused_.json()["code"]) == (422, "not_later")
    assert [each["because"] for each in client_of(amara).get(api).json()["results"]] == [WHY, "And the line, too."]
