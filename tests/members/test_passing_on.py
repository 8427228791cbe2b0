"""A membership passes to somebody else: end, admission and shares on one day, by one decision, or nothing of it."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connections, transaction

from coop.kernel import audit, clock
from coop.kernel.errors import Refused
from coop.kernel.models import Mail
from coop.kernel.tenancy import Actor
from coop.passing_on import pass_membership_on
from ledger.selectors.shares import holding_of
from members import selectors, services
from members.models import Membership, MembershipEvent
from members.services import history
from tests.ledger.factories import make_books, make_shareholder

from .factories import make_application, make_class, make_member
from .test_concurrency import at_once

DEED = {"resolution": "board, 12", "because": "Written agreement of 3 May."}


@pytest.fixture
def giver(coop):
    make_books(coop)
    giver = make_shareholder(coop, name="Gerda Holm", on=date(2020, 1, 7))
    giver.coop = coop
    return giver


@pytest.mark.django_db(transaction=True)
def test_end_admission_and_shares_hang_together_on_one_day(coop, mei, giver):
    today = clock.today(coop)
    held = holding_of(giver)
    applicant = make_application(coop, name="Nils Holm", on=today - timedelta(days=2))
    taker = pass_membership_on(actor=mei, membership=giver, to=applicant, on=today, **DEED)
    giver.refresh_from_db()
    assert (giver.ends_on, giver.ending, giver.state) == (today, "transferred", "active")
    assert (taker.admitted_on, taker.party.name) == (today, "Nils Holm")
    assert (holding_of(giver).shares, holding_of(taker)) == (0, held)
    event = giver.events.get(kind="transferred")
    assert (event.decision_ref, event.decided_on, event.ends_on) == ("board, 12", today, today)
    assert taker.events.get(kind="admitted").decision_ref == "board, 12"
    assert {"members.passed_on", "members.taken_over"} <= set(Mail.objects.values_list("kind", flat=True))
    numbers = [line.number for line in selectors.register(coop, today, clock.now())]
    assert numbers == [giver.number, taker.number]  # the last day still counts
    with clock.at(clock.now() + timedelta(days=1)):
        services.end_due(coop)
        tomorrow = [line.number for line in selectors.register(coop, today + timedelta(days=1), clock.now())]
    assert tomorrow == [taker.number]
    assert list(history.verify(coop)) == []
    assert list(audit.verify(coop)) == []


@pytest.mark.django_db(transaction=True)
def test_what_cannot_pass_on_is_refused_and_leaves_everything_as_it_was(coop, mei, giver):
    today = clock.today(coop)
    taker = make_member(coop, name="Nils Holm", on=date(2021, 1, 7))
    fixed = make_member(coop, name="Iris Dahl", member_class=make_class(coop, "worker", transferable=False))
    owing = make_shareholder(coop, name="Olaf Ruud", on=date(2020, 1, 7), paid=10_000)
    accused = make_member(coop, name="Carl Falk", on=date(2021, 1, 7))
    due = {"on": today, "hearing_on": today + timedelta(days=14), "resolution": "2026/4"}
    services.open_case(actor=mei, membership=accused, grounds="Took money.", **due)
    before = (MembershipEvent.objects.count(), Membership.objects.count())
    newcomer = make_application(coop, name="Nora Holm")
    before = (MembershipEvent.objects.count(), Membership.objects.count())
    for membership, to, more, code in (
        (fixed, taker, {}, "not_transferable"),
        (owing, newcomer, {}, "not_paid"),
        (accused, taker, {}, "case_open"),
        (giver, giver, {}, "same_member"),
        (giver, taker, {"on": today + timedelta(days=1)}, "in_the_future"),
        (giver, taker, {"on": giver.admitted_on - timedelta(days=1)}, "before_admission"),
        (giver, taker, {"resolution": " "}, "resolution_missing"),
    ):
        with pytest.raises(Refused) as refusal:
            pass_membership_on(actor=mei, membership=membership, to=to, **({"on": today} | DEED | more))
        assert refusal.value.code == code
    newcomer.refresh_from_db()
    assert newcomer.is_open  # the admission went back with the rest
    assert before == (MembershipEvent.objects.count(), Membership.objects.count())


@pytest.mark.django_db(transaction=True)
def test_passed_on_to_two_people_at_once_it_passes_to_one(coop, mei, giver):
    today = clock.today(coop)
    takers = [make_member(coop, name=f"Nils Holm {n}", on=date(2021, 1, 7)) for n in range(4)]

    def act(taker) -> str:
        try:
            pass_membership_on(actor=mei, membership=giver, to=taker, on=today, **DEED)
        except Refused as refusal:
            return refusal.code
        return "done"

    assert sorted(at_once(4, act, takers)).count("done") == 1
    assert giver.events.filter(kind="transferred").count() == 1
    assert sum(holding_of(each).shares for each in takers) == 5


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_the_database_wants_the_decision_of_a_passing_on_and_lifts_no_expulsion_without_its_appeal(coop, mei):
    today = clock.today(coop)
    accused = make_member(coop, name="Carl Falk", on=date(2021, 1, 7))
    first = today - timedelta(days=30)
    case = services.open_case(
        actor=mei, membership=accused, on=first, hearing_on=first + timedelta(14), grounds="Took.", resolution="1"
    )
    services.record_hearing(actor=mei, case=case, on=today, how="writing", statement="No.")
    services.expel(actor=mei, case=case, on=today, resolution="2", because="He did.")
    with pytest.raises(Refused, match="only an appeal can lift"):
        services.reinstate(actor=mei, membership=accused, on=today, reason="Kind.", resolution="3")
    add = (
        "INSERT INTO members_membershipevent (coop_id, stream, seq, membership_id, place, kind, effective_on,"
        " recorded_at, ending, ends_on, reason_code, decided_by, decision_ref, decision_hash, note_hash, previous,"
        " hash) SELECT m.coop_id, m.stream, m.last_seq + 1, m.id, m.last_seq + 1, '{kind}', current_date,"
        " now(), '{ending}', current_date, '', '', '', '', '', (SELECT hash FROM members_membershipevent e"
        " WHERE e.stream = m.stream ORDER BY seq DESC LIMIT 1), 'x' FROM members_membership m"
    )
    for using in ("default", "owner"):
        for kind, ending, says in (
            ("reinstated", "", "by its appeal alone"),
            ("transferred", "transferred", "under an open case"),
        ):
            with pytest.raises(DatabaseError, match=says), transaction.atomic(using):
                connections[using].cursor().execute(add.format(kind=kind, ending=ending))
    other = make_member(coop, name="Ann Falk", on=date(2021, 1, 7))
    for using in ("default", "owner"):
        with pytest.raises(DatabaseError, match="says_who_decided"), transaction.atomic(using):
            sql = add.format(kind="transferred", ending="transferred") + f" WHERE m.id = {other.pk}"
            connections[using].cursor().execute(sql)


@pytest.mark.django_db
def test_the_vote_of_a_household_does_not_move_to_somebody_who_left(coop, mei):
    make_class(coop, household="one_vote")
    home = [make_member(coop, name=name, on=date(2021, 1, 7)) for name in ("Ruth Bakr", "Omar Bakr")]
    household = services.form_household(actor=mei, name="Quay 7", memberships=home, voter=home[0])
    today = clock.today(coop)
    services.pass_on(actor=mei, membership=home[1], to=home[0], on=today - timedelta(days=1), **DEED)
    gone = Membership.objects.get(pk=home[1].pk)
    with pytest.raises(Refused, match="has ended"):
        services.move_vote(actor=Actor.system(coop), household=household, to=gone)
    assert Membership.objects.get(votes_for_household=household) == home[0]
