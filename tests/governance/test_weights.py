"""A federation: member organisations with several votes, on the roll, in recorded ballots, in the database."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.models import AuditEvent
from coop.kernel.tenancy import Actor
from governance import selectors, services
from governance.models import Resolution, RollEntry, Weight
from governance.selectors import papers_of
from tests.cast import make_officer
from tests.governance.factories import (
    close_and_count,
    make_ballot,
    make_organisation,
    make_roll,
    make_voter,
    marks,
    membership,
    question,
)
from tests.governance.test_database_promises import refused

pytestmark = pytest.mark.django_db
WRITTEN = {"effective_on": date(2020, 1, 1), "because": "§ 12"}


@pytest.fixture
def samir(coop):
    return make_officer(coop, "samir", "returning_officer")


def test_a_roll_takes_the_weight_in_force_on_its_record_date(coop, samir):
    mill, yesterday = make_organisation(coop), clock.today(coop) - timedelta(days=1)
    amara = make_voter(coop)
    for votes, day in ((3, date(2020, 1, 1)), (7, yesterday), (9, yesterday + timedelta(days=1))):
        services.set_weight(
            actor=samir, number=mill.number, votes=votes, effective_on=day, because="§ 12, 3,100 members"
        )
    roll = make_roll(coop)
    line, own = RollEntry.objects.get(membership=mill), RollEntry.objects.get(membership=membership(amara))
    assert (line.votes, own.votes, roll.eligible, roll.further_votes, roll.votes) == (7, 1, 2, 6, 8)
    assert line.reasons[-1] == "As a member organisation it has 7 votes instead: § 12, 3,100 members"
    assert selectors.roll_is_whole(roll)
    assert AuditEvent.objects.filter(kind="governance.weight_set").count() == 3


def test_one_vote_again_from_a_day_on(coop, samir):
    mill = make_organisation(coop, votes=7)
    services.set_weight(actor=samir, number=mill.number, votes=1, effective_on=date(2021, 1, 1), because="Divided.")
    roll = make_roll(coop)
    assert (roll.votes, roll.weighted) == (1, False)


def test_a_person_has_one_vote_whatever_is_written(coop, samir):
    amara = membership(make_voter(coop))
    with pytest.raises(Refused, match="is a person: one member, one vote"):
        services.set_weight(actor=samir, number=amara.number, votes=2, **WRITTEN)
    sql = (
        "INSERT INTO governance_weight (coop_id, membership_id, votes, effective_on, because, set_at)"
        " VALUES (%s, %s, 2, '2020-01-01', '§ 12', now())"
    )
    refused(sql, coop.pk, amara.pk, says="a person has one vote")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"votes": 0}, "between 1 and 10,000"),
        ({"votes": 10_001}, "between 1 and 10,000"),
        ({"because": "  "}, "where it is written"),
        ({"number": 999_999}, "No member has the number 999999"),
    ],
)
def test_a_weight_that_makes_no_sense_is_refused_in_a_sentence(coop, samir, wrong, says):
    mill = make_organisation(coop)
    with pytest.raises(Refused, match=says):
        services.set_weight(actor=samir, **{"number": mill.number, "votes": 2, **WRITTEN, **wrong})
    assert not Weight.objects.exists()


def test_a_recorded_ballot_counts_every_vote_of_a_member_organisation(coop):
    mill = make_organisation(coop, "mill", votes=4)
    for_it = Actor.of(mill.party.account, coop)
    others = [make_voter(coop) for _ in range(3)]
    ballot = make_ballot(coop, roll=make_roll(coop))
    services.cast_recorded(actor=for_it, ballot=ballot, marks=marks(ballot, board=[2, 0], motion=[0]))
    for each in others:
        services.cast_recorded(actor=each, ballot=ballot, marks=marks(ballot, board=[1], motion=[1]))
    assert ballot.manifest["roll"]["votes"] == {"total": 7, "voters": {"1": 3, "4": 1}}
    close_and_count(ballot)
    assert papers_of(question(ballot)) == {(2, 0): 4, (1,): 3}
    assert Resolution.objects.get().votes == {"for": 4, "against": 3, "abstain": 0}
    assert Resolution.objects.get().carried
    part = selectors.participation(ballot)
    assert (part.total, part.roll) == (7, 7)


def test_an_objection_can_be_about_the_number_of_votes(coop, samir):
    mill = make_organisation(coop)
    amara = make_voter(coop, "amara")
    roll = make_roll(coop)
    services.publish_roll(actor=samir, roll=roll, until=clock.now() + timedelta(days=3))
    said = services.object_to_roll(actor=amara, roll=roll, about=mill.number, because="The mill has three votes.")
    with pytest.raises(Refused, match="says the same as the line"):
        services.rule_on_objection(actor=samir, objection=said, upheld=True, because="So it is.")
    services.set_weight(actor=samir, number=mill.number, votes=3, **WRITTEN)
    services.rule_on_objection(actor=samir, objection=said, upheld=True, because="So it is.")
    roll.refresh_from_db()
    assert (roll.votes, RollEntry.objects.get(membership=mill).votes) == (4, 3)
    assert selectors.roll_is_whole(roll)


def test_raw_sql_gives_no_line_more_votes_than_its_weight(coop):
    mill, other = make_organisation(coop, votes=3), make_organisation(coop)
    roll = services.rolls.Roll.objects.create(coop=coop, title="By hand", record_date=date(2024, 1, 1))
    sql = (
        "INSERT INTO governance_rollentry (coop_id, roll_id, membership_id, number, name, class_name, eligible, votes,"
        " reasons, salt, digest) VALUES (%s, %s, %s, %s, 'x', '', true, %s, '[]', repeat('a', 32), repeat('b', 64))"
    )
    for line, votes in ((mill, 4), (mill, 2), (other, 2)):
        refused(sql, coop.pk, roll.pk, line.pk, line.number, votes, says="by the weight in force on the record date")
    refused(sql, coop.pk, roll.pk, other.pk, other.number, 0, says="weight in force")
    frozen = make_roll(coop)
    entry = RollEntry.objects.get(roll=frozen, membership=mill)
    refused("UPDATE governance_rollentry SET votes = 1 WHERE id = %s", entry.pk, says="permission denied")
    refused(
        "UPDATE governance_roll SET further_votes = 9 WHERE id = %s", frozen.pk, says="a frozen roll is not changed"
    )
    refused("UPDATE governance_weight SET votes = 9", says="permission denied")
    refused("DELETE FROM governance_weight", says="permission denied")


def test_the_page_writes_it_down_and_the_roll_shows_it(coop, samir, client_of):
    mill, desk = make_organisation(coop), client_of(samir)
    page = "/riverside/rolls/votes/"
    assert "Everybody has one vote" in desk.get(page).content.decode()
    said = {"number": mill.number, "votes": 5, "effective_on": "2020-01-01", "because": "§ 12"}
    assert desk.post(page, said).url == page
    assert "§ 12" in desk.get(page).content.decode()
    person = membership(make_voter(coop))
    answer = desk.post(page, said | {"number": person.number})
    assert answer.status_code == 422
    assert "one member, one vote" in answer.content.decode()
    roll = make_roll(coop)
    shown = desk.get(f"/riverside/meetings/{roll.meeting_id}/roll/").content.decode()
    assert "Together they have 6 votes" in shown
    assert "As a member organisation it has 5 votes instead" in shown
