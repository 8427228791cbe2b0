"""Paper beside the browser: one strike-off list, two clerks apart, a third where they differ, then all is counted."""

from __future__ import annotations

import threading

import pytest
from django.db import DatabaseError, connection, transaction

from coop.kernel import clock
from coop.kernel.errors import NotAllowed, Refused
from coop.kernel.models import Job
from coop.kernel.tenancy import Actor
from governance import keyring, services
from governance.ballotbox import verify
from governance.models import BoxOpening, Bundle, StrikeOff, UrnCount, UrnPack, UrnSheet
from governance.selectors import participation
from tests.governance.factories import membership

from .voter import electorate

pytestmark = pytest.mark.django_db
A, B, BLANK = [[1], [0]], [[0, 2], [1]], [[], []]


def number(voter) -> int:
    return membership(voter.actor).number


def hand_out(samir, ballot, voter, channel="paper"):
    return services.hand_out_paper(actor=samir, ballot=ballot, number=number(voter), channel=channel)


def close(ballot):
    with clock.at(ballot.closes_at):
        services.close_due()
    ballot.refresh_from_db()


def enter(actor, ballot, sheet, marks, because=""):
    return services.enter_paper(actor=actor, ballot=ballot, sheet=sheet, marks=marks, spoiled_because=because)


def refused(sql: str, *values) -> str:
    with pytest.raises(DatabaseError) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
    return str(error.value)


def test_one_strike_off_list_serves_browser_room_and_post(coop, samir):
    ballot, (one, two, three, *_rest) = electorate(coop, 6)
    hand_out(samir, ballot, one)
    with pytest.raises(Refused, match="given a paper"):
        one.take()
    two.take()
    for channel in ("paper", "post"):
        with pytest.raises(Refused, match="struck off already: Online"):
            hand_out(samir, ballot, two, channel)
    hand_out(samir, ballot, three, "post")
    with pytest.raises(Refused, match="struck off already: On paper, by post"):
        hand_out(samir, ballot, three)
    with pytest.raises(Refused, match="not on the roll"):
        services.hand_out_paper(actor=samir, ballot=ballot, number=9999)
    with pytest.raises(Refused, match="in the room or by post"):
        hand_out(samir, ballot, two, "online")
    with pytest.raises(NotAllowed):
        hand_out(two.actor, ballot, one)
    close(ballot)
    with clock.at(ballot.closes_at), pytest.raises(Refused, match="closed on"):
        hand_out(samir, ballot, _rest[0])
    assert StrikeOff.objects.filter(ballot=ballot).count() == 3


@pytest.mark.django_db(transaction=True)
def test_a_paper_and_a_credential_in_the_same_moment_strike_one_of_them_off(coop, samir):
    ballot, voters = electorate(coop, 6)
    answers: list[str] = []

    def run(act):
        try:
            act()
            answers.append("struck")
        except Refused as said:
            answers.append(said.code)
        finally:
            connection.close()

    for voter in voters[:4]:
        voter.blind()
    acts = [act for v in voters[:4] for act in (v.take, lambda v=v: hand_out(samir, ballot, v))]
    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    assert answers.count("struck") == 4
    assert set(answers) <= {"struck", "struck_off", "paper_taken"}
    assert StrikeOff.objects.filter(ballot=ballot).count() == 4


def with_papers(coop, samir, n=3):
    """A closed ballot: two voted in the browser, ``n`` were given papers."""
    ballot, voters = electorate(coop, 7)
    for voter in voters[:2]:
        voter.take()
        voter.cast(A)
    for at, voter in enumerate(voters[2 : 2 + n]):
        hand_out(samir, ballot, voter, ("paper", "post")[at % 2])
    close(ballot)
    return ballot


def test_two_clerks_read_apart_a_third_where_they_differ_and_then_all_is_counted(coop, samir, mei, jonas):
    ballot = with_papers(coop, samir)
    assert not Job.objects.filter(kind="governance.count_ballot").exists(), "it waits for the urn"
    system = Actor.system(coop)
    with pytest.raises(Refused, match="once the urn is settled"):
        services.open_box(actor=system, ballot_id=ballot.pk)
    enter(samir, ballot, 1, B)
    with pytest.raises(Refused, match="somebody else reads it"):
        enter(samir, ballot, 1, B)
    enter(mei, ballot, 1, B)
    with pytest.raises(Refused, match="needs no third"):
        enter(jonas, ballot, 1, A)
    enter(mei, ballot, 2, B)
    enter(jonas, ballot, 2, None, "Torn in half.")
    with pytest.raises(Refused, match="Paper 2 needs another clerk"):
        services.settle_urn(actor=samir, ballot=ballot)
    enter(samir, ballot, 2, None, "Torn in half, and signed.")
    with pytest.raises(Refused, match="1 paper is missing"):
        services.settle_urn(actor=samir, ballot=ballot)
    settled = services.settle_urn(actor=samir, ballot=ballot, missing_because="One came after the close by post.")
    assert (settled.papers, settled.spoiled, settled.handed_out, settled.missing) == (1, 1, 3, 1)
    with pytest.raises(Refused, match="nothing is added"):
        enter(jonas, ballot, 3, A)
    assert Job.objects.filter(kind="governance.count_ballot").count() == 1
    services.open_box(actor=system, ballot_id=ballot.pk)
    services.destroy_spent_keys()
    services.count_ballot(actor=system, ballot_id=ballot.pk)
    assert ballot.resolutions.get().votes == {"for": 2, "against": 1, "abstain": 0}
    opening = BoxOpening.objects.get(ballot=ballot)
    assert (opening.papers, opening.together) == (2, False)
    part = participation(ballot)
    assert (part.online, part.papers) == (2, 1)
    kept = Bundle.objects.get(ballot=ballot)
    assert [f for f in verify.verify(bytes(kept.content), manifest=ballot.manifest_hash) if not f.holds] == []


def test_what_is_no_reading_is_refused_in_a_sentence(coop, samir, mei, lena):
    ballot = with_papers(coop, samir)
    with pytest.raises(NotAllowed):
        enter(lena, ballot, 1, A)
    for sheet, marks, because, says in (
        (4, A, "", "3 papers were handed out"),
        (0, A, "", "3 papers were handed out"),
        (1, None, "", "has marks, or a reason"),
        (1, A, "Torn", "has marks, or a reason"),
        (1, [[0]], "", "answers each question"),
        (1, [[9], [0]], "", "not on the paper"),
    ):
        with pytest.raises(Refused, match=says):
            enter(mei, ballot, sheet, marks, because)
    assert not UrnSheet.objects.exists()
    early, _voters = electorate(coop, 5)
    with pytest.raises(Refused, match="emptied once it has closed"):
        enter(mei, early, 1, A)


SHEET = (
    "INSERT INTO governance_urnsheet (coop_id, ballot_id, sheet, hand, class_name, marks, spoiled_because, entered_at,"
    " entered_by_id) VALUES (%s, %s, %s, %s, '', '[[1], [0]]', '', now(), %s)"
)
COUNT = (
    "INSERT INTO governance_urncount (coop_id, ballot_id, papers, spoiled, handed_out, missing_because, settled_at,"
    " settled_by_id) VALUES (%s, %s, %s, %s, %s, %s, now(), %s)"
)


def test_raw_sql_cannot_stuff_the_urn_nor_settle_it_otherwise(coop, samir, mei, jonas):
    ballot = with_papers(coop, samir)
    at, me = (coop.pk, ballot.pk), samir.user_id
    assert "no more papers than were handed out" in refused(SHEET, *at, 4, 1, me)
    assert "a third clerk decides" in refused(SHEET, *at, 1, 3, me)
    for sheet in (1, 2, 3):
        enter(samir, ballot, sheet, A)
    assert "what the clerks agreed on" in refused(COUNT, *at, 3, 0, 3, "", me), "one reading is none"
    for sheet in (1, 2, 3):
        enter(mei, ballot, sheet, A if sheet < 3 else B)
    assert "urn_sheet_by_other_people" in refused(SHEET, *at, 3, 3, me)
    assert "a third clerk decides" in refused(SHEET, *at, 1, 3, jonas.user_id)
    assert "what the clerks agreed on" in refused(COUNT, *at, 3, 0, 3, "", me), "two differ on the third"
    enter(jonas, ballot, 3, B)
    assert "answers each question" in refused(COUNT, *at, 3, 0, 3, "", me), "no packs"
    services.settle_urn(actor=samir, ballot=ballot)
    assert "settled urn" in refused(
        "INSERT INTO governance_urnpack (coop_id, ballot_id, question_id, class_name, mark, count)"
        " SELECT coop_id, ballot_id, question_id, '', mark, 1 FROM governance_urnpack LIMIT 1"
    )
    for table in ("urnsheet", "urnpack", "urncount"):
        for attack in (f"UPDATE governance_{table} SET id = id", f"DELETE FROM governance_{table}"):
            assert any(word in refused(attack) for word in ("permission denied", "Cannot update or delete"))
    assert UrnCount.objects.get().papers == 3
    assert sum(pack.count for pack in UrnPack.objects.filter(question__method="motion")) == 3


def test_the_box_is_not_opened_while_papers_are_out(coop, samir):
    ballot = with_papers(coop, samir, n=1)
    assert "once its urn is settled" in refused(
        "INSERT INTO governance_boxopening (coop_id, ballot_id, papers, spoiled, struck_off, together, opened_at)"
        " VALUES (%s, %s, 0, 0, 2, false, now())",
        coop.pk,
        ballot.pk,
    )


def test_keys_that_went_before_a_crash_are_written_down_by_the_next_run(coop):
    ballot, (voter, *_rest) = electorate(coop, 5)
    voter.take()
    voter.cast(A)
    close(ballot)
    services.open_box(actor=Actor.system(coop), ballot_id=ballot.pk)
    assert keyring.destroy(ballot.pk)  # and here the database dies
    assert services.destroy_spent_keys() == 1
    assert ballot.board.filter(entry__event="keys_destroyed").count() == 1
    assert services.destroy_spent_keys() == 0


@pytest.mark.parametrize("n", [1, 3])
def test_the_urns_pages(coop, samir, mei, client_of, django_assert_max_num_queries, n):
    ballot, voters = electorate(coop, 6)
    desk, clerk, at = client_of(samir), client_of(mei), f"/riverside/ballots/{ballot.pk}/"
    for voter in voters[:n]:
        assert desk.post(f"{at}hand-out/", {"number": number(voter), "channel": "post"}).status_code == 302
    again = desk.post(f"{at}hand-out/", {"number": number(voters[0]), "channel": "paper"})
    assert again.status_code == 422
    assert "struck off already" in again.content.decode()
    close(ballot)
    first, second = [f"question_{question.pk}" for question in ballot.questions.order_by("position")]
    for sheet in range(1, n + 1):
        for client in (desk, clerk):
            said = {"sheet": sheet, first: "3 1", second: "1"}
            assert client.post(f"{at}urn/paper/", said).status_code == 302
    assert "Please type numbers" in clerk.post(f"{at}urn/paper/", {"sheet": 1, first: "b"}).content.decode()
    assert UrnSheet.objects.first().marks == [[2, 0], [0]]
    with django_assert_max_num_queries(20):
        assert "Read by one clerk only" in clerk.get(f"{at}urn/").content.decode()
    assert clerk.post(f"{at}urn/").status_code == 403
    assert desk.post(f"{at}urn/").status_code == 302
    assert "Settled by Samir Haddad" in desk.get(f"{at}urn/").content.decode()
