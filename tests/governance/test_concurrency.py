"""Many at once, over real connections: one current vote a person, and a close that loses nothing it took."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection

from coop.kernel import audit, clock
from coop.kernel.errors import Refused
from coop.kernel.tenancy import Actor
from governance import services, stored
from governance.models import Count, PaperBatch, RecordedVote, Resolution, Roll
from governance.selectors import papers_of
from tests.governance.factories import make_ballot, make_meeting, make_roll, make_voter, marks, question
from tests.members.factories import make_member

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(width: int, work, items) -> list:
    """Run ``work(item)`` for all items over ``width`` connections, started together; exceptions are answers too."""
    gate = Barrier(width, timeout=60)

    def one(pair):
        place, item = pair
        try:
            if place < width:
                connection.ensure_connection()
                gate.wait()
            return work(item)
        except Exception as failure:  # noqa: BLE001 - the test looks at what came back
            return failure
        finally:
            connection.close()

    with ThreadPoolExecutor(width) as pool:
        return list(pool.map(one, enumerate(items)))


def test_fifty_concurrent_casts_by_one_voter_leave_one_current_vote(coop):
    amara = make_voter(coop, "amara")
    ballot = make_ballot(coop, roll=make_roll(coop))
    orders = [[n % 4, (n + 1) % 4] if n % 2 else [n % 4] for n in range(50)]

    def cast(order):
        me = Actor.of(amara.user, coop)
        return services.cast_recorded(actor=me, ballot=ballot, marks=marks(ballot, board=order, motion=[0]))

    answers = at_once(50, cast, orders)
    assert [answer for answer in answers if isinstance(answer, Exception)] == []
    current = list(RecordedVote.objects.filter(ballot=ballot).current())
    assert len(current) == 1
    # The line is whole: one root, every other row replaces exactly the one before it.
    rows = list(RecordedVote.objects.order_by("pk").values_list("pk", "replaces_id"))
    assert rows[0][1] is None
    assert [replaces for _, replaces in rows[1:]] == [pk for pk, _ in rows[:-1]]
    assert sum(papers_of(question(ballot)).values()) == 1
    assert list(audit.verify(coop)) == []


def test_fifty_voters_at_once_are_fifty_votes(coop):
    voters = [make_voter(coop) for _ in range(50)]
    ballot = make_ballot(coop, roll=make_roll(coop))

    def cast(voter):
        return services.cast_recorded(actor=voter, ballot=ballot, marks=marks(ballot, board=[1], motion=[0])).pk

    assert len(set(at_once(25, cast, voters))) == 50
    assert papers_of(question(ballot)) == {(1,): 50}


def test_casting_races_the_close_and_every_acknowledged_vote_counts(coop):
    voters = [make_voter(coop) for _ in range(12)]
    roll = make_roll(coop)
    ballot = make_ballot(coop, roll=roll, lasts=timedelta(seconds=2))
    board = question(ballot)
    acknowledged: dict[int, tuple] = {}
    refusals: Counter = Counter()

    def work(item):
        kind, voter = item
        if kind == "clock":
            while not services.close_due():
                time.sleep(0.005)
            return "closed"
        turn = 0
        while True:
            order = [(turn + at) % 4 for at in range(turn % 4 + 1)]
            try:
                vote = services.cast_recorded(actor=voter, ballot=ballot, marks=marks(ballot, board=order))
            except Refused as refused:
                refusals[refused.code] += 1
                return "refused"
            acknowledged[voter.user_id] = (vote.pk, tuple(order))
            turn += 1

    answers = at_once(13, work, [("clock", None), *(("voter", voter) for voter in voters)])
    assert answers == ["closed", *["refused"] * 12]
    assert dict(refusals) == {"closed": 12}
    ballot.refresh_from_db()
    assert ballot.state == "closed"
    assert not RecordedVote.objects.filter(cast_at__gte=ballot.closes_at).exists()
    current = {vote.cast_by_id: vote for vote in RecordedVote.objects.filter(ballot=ballot).current()}
    assert {who: vote.pk for who, vote in current.items()} == {who: pk for who, (pk, _) in acknowledged.items()}
    services.count_ballot(actor=Actor.system(coop), ballot_id=ballot.pk)
    counted = stored.load(Count.objects.get(question=board).result)
    firsts = Counter(order[0] for _, order in acknowledged.values())
    assert [votes for votes in counted.rounds[0].votes] == [firsts[at] * 10**5 for at in range(4)]


def test_the_clock_in_several_places_closes_and_counts_once(coop):
    ballot = make_ballot(coop, roll=make_roll(coop, voters=1), lasts=timedelta(milliseconds=400))
    time.sleep(0.5)
    assert sorted(at_once(6, lambda _: services.close_due(), range(6))) == [0, 0, 0, 0, 0, 1]
    counted = at_once(6, lambda _: services.count_ballot(actor=Actor.system(coop), ballot_id=ballot.pk).state, range(6))
    assert counted == ["counted"] * 6
    assert (Count.objects.count(), Resolution.objects.count()) == (2, 1)


def test_one_file_imported_by_many_is_in_once(coop, samir):
    ballot = make_ballot(coop, roll=make_roll(coop, voters=9))
    blt = b'4 2\n3 1 2 0\n0\n"Nadia Brandt"\n"Jonas Weber"\n"Priya Raman"\n"Tomas Hale"\n"Board"\n'

    def bring(_):
        return services.import_paper(actor=samir, question=question(ballot), blt=blt, file_name="room.blt").papers

    answers = at_once(8, bring, range(8))
    assert [answer for answer in answers if answer == 3] == [3]
    assert all(isinstance(a, Refused) and a.code == "imported_already" for a in answers if a != 3)
    assert PaperBatch.objects.get().sealed
    assert papers_of(question(ballot)) == {(0, 1): 3}


def test_a_roll_is_frozen_once_however_many_try(coop, samir):
    make_member(coop, on=clock.today(coop) - timedelta(days=10))
    meeting = make_meeting(coop)
    answers = at_once(6, lambda _: services.freeze_roll(actor=samir, meeting=meeting), range(6))
    assert sum(isinstance(answer, Roll) for answer in answers) == 1
    assert all(answer.code == "already_frozen" for answer in answers if isinstance(answer, Refused))
    assert Roll.objects.get().size == 1


def test_undoing_papers_twice_at_once_undoes_them_once(coop, samir):
    ballot = make_ballot(coop, roll=make_roll(coop, voters=9))
    blt = b'4 2\n3 1 2 0\n0\n"Nadia Brandt"\n"Jonas Weber"\n"Priya Raman"\n"Tomas Hale"\n"Board"\n'
    batch = services.import_paper(actor=samir, question=question(ballot), blt=blt)
    answers = at_once(5, lambda _: services.undo_paper(actor=samir, batch=batch, because="Wrong box."), range(5))
    assert sum(isinstance(answer, PaperBatch) for answer in answers) == 1
    assert {answer.code for answer in answers if isinstance(answer, Refused)} == {"undone_already"}
    assert papers_of(question(ballot)) == {}
