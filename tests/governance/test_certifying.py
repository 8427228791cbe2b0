"""Two officers certify a result: two people, the same result, officers, and the database holds all of it."""

from __future__ import annotations

import threading

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from coop.kernel import audit
from coop.kernel.errors import NotAllowed, Refused
from governance import services
from governance.models import BoardEntry, Bundle, Certification
from governance.selectors import carried_resolutions
from ledger.services import surplus
from tests.cast import make_officer, show_who_it_is
from tests.governance.ballotbox.voter import electorate, finish
from tests.governance.factories import close_and_count, make_ballot, make_voter, marks
from tests.ledger import surplus_factories
from tests.members.factories import make_member

pytestmark = pytest.mark.django_db


def counted(coop, *, board=()):
    voter = make_voter(coop)
    ballot = make_ballot(coop, board=board)
    services.cast_recorded(actor=voter, ballot=ballot, marks=marks(ballot, board=[0], motion=[0]))
    return close_and_count(ballot)


def sign(actor, ballot, **more):
    return services.certify(actor=actor, ballot=ballot, seen=services.digest_of(ballot), **more)


def refused(sql: str, *values) -> str:
    with pytest.raises(DatabaseError) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
    return str(error.value)


def test_two_officers_certify_and_then_a_resolution_can_be_relied_on(coop, samir, mei):
    ballot = counted(coop)
    assert not carried_resolutions(coop).exists(), "counted is not certified"
    assert sign(samir, ballot, remark="  Read  aloud. ").remark == "Read aloud."
    ballot.refresh_from_db()
    assert ballot.state == "counted"
    assert not carried_resolutions(coop).exists()
    assert sign(mei, ballot).position == 2
    ballot.refresh_from_db()
    assert ballot.state == "certified"
    assert carried_resolutions(coop).get().stands
    assert list(audit.verify(coop)) == []


def test_a_secret_ballots_bundle_is_what_is_signed_and_the_board_says_so(coop, samir, jonas):
    ballot, (voter, *_rest) = electorate(coop, 5, board=())
    voter.take()
    voter.cast([[0]])
    finish(ballot)
    first, second = sign(samir, ballot), sign(jonas, ballot)
    kept = Bundle.objects.get(ballot=ballot).sha256
    assert (first.digest, second.digest, second.office) == (kept, kept, "board")
    last = BoardEntry.objects.filter(ballot=ballot).latest("position").entry
    assert last["event"] == "certified"
    assert last["facts"] == {"bundle": kept, "offices": ["returning_officer", "board"]}


def test_who_may_not_sign_is_refused_in_a_sentence(coop, samir, mei, lena):
    amara = make_voter(coop)
    ballot = make_ballot(coop)
    with pytest.raises(Refused, match="once it has been counted"):
        services.certify(actor=samir, ballot=ballot, seen="0" * 64)
    ballot = counted(coop)
    for nobody in (lena, amara):
        with pytest.raises(NotAllowed):
            sign(nobody, ballot)
    with pytest.raises(Refused, match="not the result that is kept"):
        services.certify(actor=samir, ballot=ballot, seen="0" * 64)
    sign(samir, ballot)
    with pytest.raises(Refused, match="somebody else must sign"):
        sign(samir, ballot)
    sign(mei, ballot)
    with pytest.raises(Refused, match="certified already"):
        sign(mei, ballot)
    assert Certification.objects.count() == 2


def test_whoever_stood_does_not_certify_their_own_election(coop, jonas):
    mine = make_member(coop, user=jonas.user)
    voter, ballot = make_voter(coop), make_ballot(coop, released=False)
    election = ballot.questions.get(method="scottish-stv")
    services.set_options(
        actor=make_officer(coop, "rona", "returning_officer"),
        question=election,
        options=[{"name": "Jonas Weber", "membership": mine}, {"name": "Somebody Else"}, {"name": "A Third"}],
    )
    ballot = services.open_ballot(actor=make_officer(coop, "rolf", "returning_officer"), ballot=ballot)
    services.cast_recorded(actor=voter, ballot=ballot, marks=marks(ballot, board=[0], motion=[0]))
    with pytest.raises(Refused, match="You stood in this ballot"):
        sign(jonas, close_and_count(ballot))


INSERT = (
    "INSERT INTO governance_certification (coop_id, ballot_id, position, digest, office, remark, signed_at,"
    " signed_by_id) VALUES (%s, %s, %s, %s, %s, '', now(), %s)"
)


def test_raw_sql_neither_certifies_alone_nor_forges_a_signature(coop, samir, jonas, lena):
    ballot, (voter, *_rest) = electorate(coop, 5, board=())
    voter.take()
    voter.cast([[0]])
    certified = "UPDATE governance_ballot SET state = 'certified' WHERE id = %s"
    kept = "0" * 64
    assert "once it has been counted" in refused(
        INSERT, coop.pk, ballot.pk, 1, kept, "returning_officer", samir.user_id
    )
    finish(ballot)
    assert "certified by two officers" in refused(certified, ballot.pk)
    assert "the bundle as it is kept" in refused(
        INSERT, coop.pk, ballot.pk, 1, kept, "returning_officer", samir.user_id
    )
    kept = services.digest_of(ballot)
    assert "certified by officers" in refused(INSERT, coop.pk, ballot.pk, 1, kept, "board", lena.user_id)
    assert "certified_by_two" in refused(INSERT, coop.pk, ballot.pk, 3, kept, "board", jonas.user_id)
    sign(samir, ballot)
    assert "certified by two officers" in refused(certified, ballot.pk)
    assert "a second person" in refused(INSERT, coop.pk, ballot.pk, 2, kept, "returning_officer", samir.user_id)
    for attack in ("UPDATE governance_certification SET remark = 'x'", "DELETE FROM governance_certification"):
        assert any(word in refused(attack) for word in ("permission denied", "Cannot update or delete"))


@pytest.mark.django_db(transaction=True)
def test_two_who_sign_in_the_same_moment_are_first_and_second(coop, samir, jonas, mei):
    ballot, answers = counted(coop), []

    def signs(actor):
        try:
            answers.append(sign(actor, ballot).position)
        except Refused as refused_:
            answers.append(refused_.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=signs, args=(actor,)) for actor in (samir, jonas, mei)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    assert sorted(map(str, answers)) == ["1", "2", "certified"]
    assert Certification.objects.filter(ballot=ballot).count() == 2


def test_the_page_asks_who_it_is_and_signs(coop, samir, mei, client_of, django_assert_max_num_queries):
    ballot = counted(coop)
    page = f"/riverside/ballots/{ballot.pk}/certify/"
    stale = Client()
    stale.force_login(samir.user, backend="django.contrib.auth.backends.ModelBackend")
    assert "/accounts/reauthenticate/" in stale.get(page)["Location"]
    assert "/accounts/reauthenticate/" in stale.post(page, {"seen": services.digest_of(ballot)})["Location"]
    assert not Certification.objects.exists()
    show_who_it_is(stale, samir.user)
    stale.get(page)
    with django_assert_max_num_queries(24):
        said = stale.get(page).content.decode()
    assert "Do you certify this result?" in said
    assert stale.post(page, {"seen": "1" * 64}).status_code == 422
    assert stale.post(page, {"seen": services.digest_of(ballot)}).status_code == 302
    assert "one more officer is needed" in stale.get(page).content.decode()
    second = client_of(mei)
    second.post(page, {"seen": services.digest_of(ballot), "remark": "In the minutes, no. 7."})
    said = second.get(f"/riverside/votes/{ballot.pk}/result/").content.decode()
    assert "Certified by two officers" in said
    assert "In the minutes, no. 7." in said


def test_a_plan_leans_only_on_a_certified_resolution(coop, lena, samir, mei):
    make_member(coop)
    surplus_factories.make_import(lena, {1: "100.00"})
    plan, ballot = surplus_factories.make_plan(lena), counted(coop)
    plan = surplus.propose(actor=lena, plan=plan)
    resolution = ballot.resolutions.get()
    with pytest.raises(Refused, match="have not certified"):
        surplus.link_resolution(actor=lena, plan=plan, resolution=resolution)
    for officer in (samir, mei):
        sign(officer, ballot)
    resolution.refresh_from_db()
    assert surplus.link_resolution(actor=lena, plan=plan, resolution=resolution).state == "resolved"
