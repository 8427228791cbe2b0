"""Reminders: to who has not voted and to nobody else, once a day, logged by number, silent about everything more."""

from __future__ import annotations

from datetime import timedelta

import pytest

from coop.kernel import audit, clock
from coop.kernel.errors import NotAllowed, Refused
from coop.kernel.models import AuditEvent, Job, Mail
from coop.kernel.tenancy import Actor
from governance import services
from governance.models import Reminder
from members.models import PaperLetter
from tests.governance.ballotbox.voter import Voter, make_secret_ballot
from tests.governance.factories import JOINED, make_ballot, make_meeting, make_roll, make_voter, marks, membership
from tests.governance.test_concurrency import at_once
from tests.governance.test_database_promises import owner_refused, refused
from tests.governance.test_proxies import given, take_proxies
from tests.members.factories import make_member

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people(coop):
    """Ruth votes, Felix wants no reminders, Priya gave her proxy to Ruth, Edith has no e-mail, Amara just has not."""
    made = {who: make_voter(coop, who) for who in ("amara", "ruth", "felix", "priya", "nadia")}
    make_member(coop, name="Edith Brandt", email="", street="Mill Lane 9", on=JOINED)
    return made


@pytest.fixture
def meeting(coop, people):
    made = make_meeting(coop)
    take_proxies(made)
    given(made, people["priya"], people["ruth"])
    services.choose_reminders(actor=people["felix"], wanted=False)
    return made


def got(kind: str) -> set[str]:
    return set(Mail.objects.filter(kind=kind).values_list("to", flat=True))


def test_who_has_not_voted_is_reminded_once_and_nobody_else(coop, samir, people, meeting):
    ballot = make_ballot(coop, roll=make_roll(coop, meeting=meeting), lasts=timedelta(days=3))
    for who in ("ruth", "nadia"):
        services.cast_recorded(actor=people[who], ballot=ballot, marks=marks(ballot, board=[0]))
    made = services.remind(actor=samir, ballot=ballot)
    assert made.waiting == 2
    assert Job.objects.filter(kind="governance.send_reminder", args=[made.pk]).count() == 1
    for _twice in range(2):
        services.send_reminder(reminder_id=made.pk)
    assert got("governance.reminder") == {people["amara"].user.email}
    assert Mail.objects.filter(kind="governance.reminder").count() == 1
    assert PaperLetter.objects.get(kind="governance.reminder").name == "Edith Brandt"
    assert got("governance.reminder_neutral") == set()
    assert AuditEvent.objects.filter(kind="governance.voters_reminded").count() == 1
    assert list(audit.verify(coop)) == []
    with pytest.raises(Refused, match="went out today"):
        services.remind(actor=samir, ballot=ballot)
    services.choose_reminders(actor=people["felix"], wanted=True)
    with clock.at(clock.now() + timedelta(days=1)):
        again = services.remind(actor=samir, ballot=ballot)
        services.send_reminder(reminder_id=again.pk)
    assert people["felix"].user.email in got("governance.reminder")


def test_in_a_secret_ballot_everybody_with_a_credential_gets_the_same_neutral_line(coop, samir, people, meeting):
    """Whether the paper was cast changes nothing: nobody can tell, and no letter does."""
    ballot = make_secret_ballot(coop, roll=make_roll(coop, meeting=meeting))
    cast, idle = Voter(people["ruth"], ballot), Voter(people["nadia"], ballot)
    cast.take()
    idle.take()
    cast.cast([[0], [0]])
    services.hand_out_paper(actor=samir, ballot=ballot, number=membership(people["felix"]).number)
    made = services.remind(actor=samir, ballot=ballot)
    services.send_reminder(reminder_id=made.pk)
    assert got("governance.reminder") == {people["amara"].user.email}
    assert got("governance.reminder_neutral") == {people[who].user.email for who in ("ruth", "nadia")}
    one, other = (
        Mail.objects.get(kind="governance.reminder_neutral", to=people[who].user.email).text.replace(
            str(membership(people[who]).party), "…"
        )
        for who in ("ruth", "nadia")
    )
    assert one == other


def test_what_is_refused(coop, samir, people, meeting):
    ballot = make_ballot(coop, roll=make_roll(coop, meeting=meeting), opens_in=timedelta(hours=1))
    with pytest.raises(Refused, match="opens on"):
        services.remind(actor=samir, ballot=ballot)
    with pytest.raises(NotAllowed):
        services.remind(actor=people["amara"], ballot=ballot)
    with clock.at(ballot.opens_at):
        made = services.remind(actor=samir, ballot=ballot)
    with clock.at(ballot.closes_at):
        assert services.send_reminder(reminder_id=made.pk) == 0, "a reminder after the close says nothing true"
        with pytest.raises(Refused, match="closed on"):
            services.remind(actor=samir, ballot=ballot)
    assert got("governance.reminder") == set()


def test_the_database_keeps_one_a_day_while_open(coop, samir, people, meeting):
    ballot = make_ballot(coop, roll=make_roll(coop, meeting=meeting))
    insert = """INSERT INTO governance_reminder (coop_id, ballot_id, day, waiting, sent_at)
                SELECT coop_id, id, '{day}', 3, {at} FROM governance_ballot WHERE id = %s"""
    refused(insert.format(day="2026-01-01", at="closes_at"), ballot.pk, says="while the ballot is open")
    answers = at_once(5, lambda _: services.remind(actor=Actor.of(samir.user, coop), ballot=ballot), range(5))
    assert sum(isinstance(each, Reminder) for each in answers) == 1
    assert {each.code for each in answers if isinstance(each, Refused)} == {"reminded"}
    day = Reminder.objects.get().day
    refused(insert.format(day=day, at="opens_at"), ballot.pk, says="reminder_once_a_day")
    refused("UPDATE governance_reminder SET waiting = 0", says="permission denied")
    owner_refused("DELETE FROM governance_reminder", says="Cannot update or delete")


def test_the_pages(coop, samir, people, meeting, client_of):
    ballot = make_ballot(coop, roll=make_roll(coop, meeting=meeting))
    desk, amara, at = client_of(samir), client_of(people["amara"]), f"/riverside/ballots/{ballot.pk}/remind/"
    assert b"4 people could be reminded" in desk.get(at).content
    assert b"You are reminded of votes" in amara.get("/riverside/votes/reminders/").content
    amara.post("/riverside/votes/reminders/", {"wanted": "no"})
    assert b"You are not reminded of votes" in amara.get("/riverside/votes/reminders/").content
    assert desk.post(at).url == at
    assert b"3 had not voted" in desk.get(at).content
    assert desk.post(at).status_code == 422
