"""What the database itself refuses, attacked with raw SQL as its role and, for history, as the owner."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from coop.kernel import clock
from governance import services
from governance.models import Ballot, Count, PaperBatch, RecordedVote, Resolution, Roll, RollEntry
from tests.database import as_owner
from tests.governance.factories import (
    carried_resolution,
    close_and_count,
    make_ballot,
    make_roll,
    make_voter,
    marks,
    question,
)
from tests.members.factories import make_member

pytestmark = pytest.mark.django_db(transaction=True)


def refused(sql: str, *values, says: str = "") -> None:
    """The statement, as the application's role, changes nothing and the database says why."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone()[0] == connection.settings_dict["USER"] == "rochdale_app"
    with pytest.raises(DatabaseError) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
    assert says in str(error.value), str(error.value)


def owner_refused(sql: str, *, says: str) -> None:
    """Nor may the owner, short of taking the trigger away."""
    import psycopg2

    with as_owner(connection.settings_dict["NAME"]) as cursor, pytest.raises(psycopg2.Error, match=says):
        cursor.execute(sql)


@pytest.fixture
def amara(coop):
    return make_voter(coop, "amara")


@pytest.fixture
def ballot(coop, amara):
    return make_ballot(coop, roll=make_roll(coop, voters=2))


@pytest.fixture
def vote(amara, ballot):
    return services.cast_recorded(actor=amara, ballot=ballot, marks=marks(ballot, board=[0], motion=[0]))


COPY = """
    INSERT INTO governance_recordedvote
        (coop_id, ballot_id, entry_id, replaces_id, marks, nonce, receipt, cast_at, cast_by_id)
    SELECT coop_id, ballot_id, {entry}, {replaces}, {marks}, nonce, receipt, {at}, cast_by_id
      FROM governance_recordedvote WHERE id = %s
"""


def copy(vote, *, entry="entry_id", replaces="NULL", marks="marks", at="cast_at", says=""):
    refused(COPY.format(entry=entry, replaces=replaces, marks=marks, at=at), vote.pk, says=says)


class TestRoll:
    def test_no_entry_is_changed_or_removed(self, ballot):
        says = "permission denied"
        refused("UPDATE governance_rollentry SET eligible = true, reasons = '[]'", says=says)
        refused("DELETE FROM governance_rollentry", says=says)
        refused("TRUNCATE governance_rollentry CASCADE", says=says)
        owner_refused("UPDATE governance_rollentry SET eligible = false", says="Cannot update")
        owner_refused("DELETE FROM governance_rollentry", says="Cannot delete")
        owner_refused("TRUNCATE governance_rollentry CASCADE", says="append-only")

    def test_nobody_is_added_after_the_freeze(self, coop, ballot):
        late = make_member(coop)
        refused(
            "INSERT INTO governance_rollentry (coop_id, roll_id, membership_id, number, name, class_name, eligible,"
            " reasons, salt, digest) VALUES (%s, %s, %s, %s, 'Late', '', true, '[]', '', '')",
            coop.pk,
            ballot.roll_id,
            late.pk,
            late.number,
            says="nobody is added to a frozen roll",
        )

    def test_a_frozen_roll_is_not_thawed_or_changed(self, ballot):
        for change in ("frozen_at = NULL", "hash = repeat('0', 64)", "record_date = '2020-01-01'", "size = 0"):
            refused(f"UPDATE governance_roll SET {change}", says="a frozen roll is not changed")
        refused("DELETE FROM governance_roll", says="permission denied")

    def test_a_roll_is_not_frozen_with_wrong_numbers(self, coop):
        make_member(coop)
        roll = Roll.objects.create(coop=coop, title="x", record_date=clock.today(coop))
        refused(
            "UPDATE governance_roll SET frozen_at = now(), hash = repeat('a', 64), size = 1 WHERE id = %s",
            roll.pk,
            says="number of its entries",
        )
        refused(
            "INSERT INTO governance_roll (coop_id, title, record_date, frozen_at, size, eligible, hash, created_at)"
            " VALUES (%s, 'x', now(), now(), 0, 0, repeat('a', 64), now())",
            coop.pk,
            says="only after its entries are in",
        )

    def test_the_record_date_stands_once_the_roll_is_frozen(self, ballot):
        refused("UPDATE governance_meeting SET record_date = record_date - 1", says="frozen at its record date")

    def test_a_roll_does_not_reach_into_another_co_op(self, coop, other_coop, ballot):
        elsewhere = make_member(other_coop)
        roll = Roll.objects.create(coop=coop, title="x", record_date=clock.today(coop))
        with pytest.raises(DatabaseError, match="same_coop"):
            RollEntry.objects.create(
                coop=coop, roll=roll, membership=elsewhere, number=1, name="x", eligible=True, salt="", digest=""
            )
        here = make_member(coop)
        for names in ((coop.pk, roll.pk, 0), (coop.pk, 0, here.pk), (0, roll.pk, here.pk), (None, roll.pk, here.pk)):
            refused(
                "INSERT INTO governance_rollentry (coop_id, roll_id, membership_id, number, name, class_name, eligible,"
                " reasons, salt, digest) VALUES (%s, %s, %s, 1, 'x', '', true, '[]', '', '')",
                *names,
                says="null value" if None in names else "same_coop",
            )


class TestVotes:
    def test_a_vote_is_not_changed_or_removed(self, vote):
        refused("UPDATE governance_recordedvote SET marks = '{}'", says="permission denied")
        refused("DELETE FROM governance_recordedvote", says="permission denied")
        refused("TRUNCATE governance_recordedvote CASCADE", says="permission denied")
        owner_refused("UPDATE governance_recordedvote SET receipt = ''", says="Cannot update or delete")
        owner_refused("DELETE FROM governance_recordedvote", says="Cannot update or delete")
        owner_refused("TRUNCATE governance_recordedvote CASCADE", says="append-only")

    def test_a_second_current_vote_is_impossible(self, amara, vote):
        copy(vote, says="recorded_vote_one_line_a_person")
        later = services.cast_recorded(actor=amara, ballot=vote.ballot, marks=marks(vote.ballot, board=[1]))
        copy(vote, replaces=str(vote.pk), says="replaces_id")
        copy(vote, replaces="id", says="replaces_id")
        assert list(RecordedVote.objects.filter(entry=vote.entry).current()) == [later]

    def test_a_vote_replaces_only_its_own_persons(self, vote):
        other = RollEntry.objects.filter(roll=vote.ballot.roll).exclude(pk=vote.entry_id).first()
        copy(vote, entry=str(other.pk), replaces=str(vote.pk), says="only the same person's")

    def test_no_vote_before_opening_after_closing_or_in_another_state(self, coop, amara, vote):
        other = RollEntry.objects.filter(roll=vote.ballot.roll).exclude(pk=vote.entry_id).first()
        says = "the ballot is not open"
        copy(vote, entry=str(other.pk), at="cast_at - interval '1 day'", says=says)
        copy(vote, entry=str(other.pk), at="cast_at + interval '1 day'", says=says)
        with clock.at(vote.ballot.closes_at):
            services.close_due()
        copy(vote, entry=str(other.pk), says=says)

    def test_backdating_does_not_help_once_the_database_clock_has_passed_the_close(self, coop, amara):
        ballot = make_ballot(coop, roll=make_roll(coop, voters=1), lasts=timedelta(seconds=1.5))
        vote = services.cast_recorded(actor=amara, ballot=ballot, marks={})
        other = RollEntry.objects.filter(roll=ballot.roll).exclude(pk=vote.entry_id).first()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(1.6)")
        assert Ballot.objects.get(pk=ballot.pk).state == "open"
        copy(vote, entry=str(other.pk), says="the ballot is not open")

    def test_only_who_is_on_this_roll_and_may_vote(self, coop, vote):
        unpaid = make_member(coop, active=False, on=vote.ballot.roll.record_date)
        other = make_ballot(coop, roll=make_roll(coop))
        elsewhere = RollEntry.objects.get(roll=other.roll, membership=vote.entry.membership)
        copy(vote, entry=str(elsewhere.pk), says="on the roll")
        without = RollEntry.objects.get(roll=other.roll, membership=unpaid)
        with transaction.atomic():
            mine = RecordedVote.objects.filter(pk=vote.pk)
            values = mine.values_list("coop_id", "nonce", "receipt", "cast_by_id").get()
        with pytest.raises(DatabaseError, match="on the roll"):
            RecordedVote.objects.create(
                coop_id=values[0],
                ballot=other,
                entry=without,
                marks={str(q.pk): [] for q in other.questions.all()},
                nonce=values[1],
                receipt=values[2],
                cast_at=clock.now(),
            )

    def test_a_paper_answers_exactly_its_ballots_questions(self, vote):
        other = RollEntry.objects.filter(roll=vote.ballot.roll).exclude(pk=vote.entry_id).first()
        for wrong in ("'{}'::jsonb", "marks || '{\"0\": []}'", f"marks - '{question(vote.ballot).pk}'"):
            copy(vote, entry=str(other.pk), marks=wrong, says="answers each question")


class TestBallot:
    def test_it_goes_forward_only(self, ballot):
        set_state = "UPDATE governance_ballot SET state = %s, closed_at = closes_at WHERE id = %s"
        for state in ("draft", "counted"):
            refused(set_state, state, ballot.pk, says="a ballot goes from released to closed to counted")
        refused(set_state, "certified", ballot.pk, says="a result is certified by two officers")
        close_and_count(ballot)
        for state in ("draft", "open", "closed"):
            refused(set_state, state, ballot.pk, says="a ballot goes from released to closed to counted")

    def test_it_is_not_closed_before_its_time_nor_made_shorter(self, ballot):
        refused(
            "UPDATE governance_ballot SET state = 'closed', closed_at = closes_at - interval '1 second'",
            says="not closed before its time",
        )
        refused("UPDATE governance_ballot SET closes_at = closes_at - interval '1 second'", says="only moves later")

    def test_what_was_put_to_the_vote_is_not_changed(self, ballot):
        says = "what was put to the vote is not changed"
        for change in ("title = 'x'", "manifest = '{}'", "tie_secret = 'x'", "opens_at = opens_at - interval '1 day'"):
            refused(f"UPDATE governance_ballot SET {change}", says=says)
        for change in ("seats = 7", "method = 'meek-stv'", "text = 'another motion'"):
            refused(f"UPDATE governance_question SET {change}", says=says)
        refused("UPDATE governance_option SET name = 'Somebody Else' WHERE position = 0", says=says)
        refused("DELETE FROM governance_option", says=says)
        refused(
            "INSERT INTO governance_option (coop_id, question_id, position, name, statement, withdrawn)"
            " SELECT coop_id, id, 9, 'Late Comer', '', false FROM governance_question",
            says=says,
        )
        refused("DELETE FROM governance_ballot", says="a released ballot is not deleted")

    def test_a_ballot_is_not_born_open(self, coop, ballot):
        refused(
            "INSERT INTO governance_ballot (coop_id, title, introduction, kind, state, roll_id, manifest,"
            " manifest_hash, tie_commitment, tie_secret, created_at, opens_at, closes_at, released_at)"
            " VALUES (%s, 'x', '', 'recorded', 'open', %s, '{}', repeat('a', 64), repeat('a', 64), '', now(), now(),"
            " now() + interval '1 day', now())",
            coop.pk,
            ballot.roll_id,
            says="a ballot begins as a draft",
        )


class TestPapers:
    @pytest.fixture
    def batch(self, samir, ballot):
        blt = b'4 2\n2 1 2 0\n0\n"Nadia Brandt"\n"Jonas Weber"\n"Priya Raman"\n"Tomas Hale"\n"Board"\n'
        return services.import_paper(actor=samir, question=question(ballot), blt=blt, file_name="room.blt")

    def test_papers_are_undone_and_never_edited(self, batch):
        refused("UPDATE governance_paperpack SET count = 99", says="permission denied")
        refused("DELETE FROM governance_paperpack", says="permission denied")
        refused("DELETE FROM governance_paperbatch", says="permission denied")
        refused("UPDATE governance_paperbatch SET papers = 99", says="only undone")
        refused("UPDATE governance_paperbatch SET sealed = false", says="only undone")
        refused("UPDATE governance_paperbatch SET undone_at = now()", says="undone_with_a_reason")
        refused(
            "INSERT INTO governance_paperpack (coop_id, batch_id, mark, count) VALUES (%s, %s, '[0]', 5)",
            batch.coop_id,
            batch.pk,
            says="nothing is added to sealed papers",
        )

    def test_packs_add_up_to_their_file(self, coop, ballot, batch):
        made = PaperBatch.objects.create(
            coop=coop,
            ballot=ballot,
            question=question(ballot),
            file_name="x",
            sha256="b" * 64,
            papers=3,
            imported_at=clock.now(),
        )
        refused("UPDATE governance_paperbatch SET sealed = true WHERE id = %s", made.pk, says="do not add up")

    def test_nothing_comes_in_or_goes_out_after_the_close(self, samir, ballot, batch):
        with clock.at(ballot.closes_at):
            services.close_due()
        says = "only while the ballot is released"
        refused("UPDATE governance_paperbatch SET undone_at = now(), undone_because = 'x'", says=says)
        refused(
            "INSERT INTO governance_paperbatch (coop_id, ballot_id, question_id, file_name, sha256, papers, blank,"
            " beyond_roll_because, imported_at, sealed, undone_because)"
            " SELECT coop_id, ballot_id, question_id, 'y', repeat('c', 64), 1, 0, '', now(), false, ''"
            " FROM governance_paperbatch",
            says=says,
        )


class TestResults:
    def test_counts_and_resolutions_only_grow(self, coop):
        carried_resolution(coop)
        for table in ("governance_count", "governance_resolution"):
            refused(f"UPDATE {table} SET coop_id = coop_id", says="permission denied")
            refused(f"DELETE FROM {table}", says="permission denied")
            refused(f"TRUNCATE {table} CASCADE", says="permission denied")
            owner_refused(f"UPDATE {table} SET coop_id = coop_id", says="Cannot update or delete")
            owner_refused(f"DELETE FROM {table}", says="Cannot update or delete")
            owner_refused(f"TRUNCATE {table} CASCADE", says="append-only")

    def test_nothing_is_counted_while_votes_come_in_or_twice(self, ballot):
        values = {
            "coop": ballot.coop,
            "ballot": ballot,
            "question": question(ballot),
            "method": "scottish-stv",
            "papers": 0,
            "valid": 0,
            "papers_hash": "",
            "seed": "",
            "result": {},
            "counted_at": clock.now(),
        }
        with pytest.raises(DatabaseError, match="once its ballot is closed"):
            Count.objects.create(**values)
        close_and_count(ballot)
        with pytest.raises(DatabaseError, match="once its ballot is closed"):
            Count.objects.create(**values)

    def test_a_resolution_says_what_was_counted(self, coop):
        lost = carried_resolution(coop, carried=False)
        copied = {
            field.attname: getattr(lost, field.attname) for field in Resolution._meta.fields if field.name != "id"
        }
        with pytest.raises(DatabaseError, match="says what was counted"):
            Resolution.objects.create(**copied | {"carried": True, "number": "2026-99"})
