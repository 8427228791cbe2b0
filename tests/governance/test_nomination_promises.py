"""What the database holds of nominations, attacked by raw SQL as its role and as the owner; many at once; the pages."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.tenancy import Actor
from governance import services
from governance.models import Nomination, NominationCall, Option, Second
from governance.services.forgetting import forget_on_rolls
from members.models import Membership
from tests.database import as_owner
from tests.governance.factories import make_voter, membership, question
from tests.governance.test_concurrency import at_once
from tests.governance.test_database_promises import owner_refused, refused
from tests.governance.test_nominations import call_for, photo, put_forward, settle, standing
from tests.members.factories import erased

pytestmark = pytest.mark.django_db(transaction=True)

MAKE = """
    INSERT INTO governance_nomination (coop_id, call_id, nominee_id, proposer_id, proposed_at, accepted_at, said_at,
                                       declared, sentence, statement, photo_alt, ended, ended_because)
    VALUES (%s, %s, %s, %s, {at}, {accepted}, {accepted}, true, 'B.', '', '', '', '')
"""
RELEASE = """
    UPDATE governance_ballot b
       SET state = 'open', manifest = jsonb_build_object('roll', jsonb_build_object('hash', r.hash))
      FROM governance_roll r WHERE r.id = b.roll_id
"""
SECOND = """
    INSERT INTO governance_second (coop_id, nomination_id, membership_id, confirmed_at) VALUES (%s, %s, %s, {at})
"""


def test_the_database_holds_time_rule_eligibility_and_paper(coop):
    amara, ruth, felix = (make_voter(coop, who) for who in ("amara", "ruth", "felix"))
    young = make_voter(coop, "young", on=date(2026, 11, 1))
    call = call_for(coop, seconders=1, member_for_months=12, not_employed=True)

    def slip(says, *, at="now()", accepted="NULL", who=amara):
        row = (coop.pk, call.pk, membership(who).pk, membership(ruth).pk)
        refused(MAKE.format(at=at, accepted=accepted), *row, says=says)

    slip("while their call is open", at="now() + interval '12 days'")
    slip("while their call is open", at="now() - interval '80 days'")
    slip("begins as made, and is accepted after", accepted="now()")
    hers, bad = put_forward(call, ruth, amara), Nomination
    slip("nomination_one_a_nominee")
    set_ = "UPDATE governance_nomination SET "
    refused(set_ + "accepted_at = now(), said_at = now(), sentence = 'B.'", says="declares not to be employed")
    refused(set_ + "sentence = 'Vote for me'", says="who accepts a nomination speaks")
    refused(set_ + "place = 0", says="only who accepted and was seconded")
    with as_owner(coop_database()) as cursor:  # as if the service had let somebody too young through
        cursor.execute(
            MAKE.format(at="now()", accepted="NULL"),
            (coop.pk, call.pk, membership(young).pk, membership(ruth).pk),
        )
    refused(
        set_ + "accepted_at = now(), said_at = now(), declared = true WHERE nominee_id = %s",
        membership(young).pk,
        says="only who may stand by the by-laws",
    )
    services.accept_nomination(actor=amara, nomination=hers, sentence="Bees.", declared=True)
    for own in (amara, ruth):
        refused(SECOND.format(at="now()"), coop.pk, hers.pk, membership(own).pk, says="somebody else seconds")
    late = SECOND.format(at="now() + interval '12 days'")
    refused(late, coop.pk, hers.pk, membership(felix).pk, says="while their call is open")
    refused("UPDATE governance_nominationcall SET seconders = 0", says="stands once one was made")
    refused(
        "UPDATE governance_nominationcall SET settled_at = now(), lot_seed = repeat('a', 32)", says="after its close"
    )
    refused("DELETE FROM governance_nominationcall", says="somebody was put forward in is not deleted")
    services.second_nomination(actor=felix, nomination=hers)
    for change in ("accepted_at = NULL", "nominee_id = proposer_id", "declared = false"):
        refused(set_ + change + " WHERE accepted_at IS NOT NULL", says="accepted once, placed once and ended once")
    refused("DELETE FROM governance_second", says="permission denied")
    owner_refused("DELETE FROM governance_second", says="Cannot update or delete")
    refused("DELETE FROM governance_nomination", says="permission denied")
    owner_refused("DELETE FROM governance_nomination", says="ended, not deleted")
    for table in ("nomination", "nominationcall", "second"):
        owner_refused(f"TRUNCATE governance_{table} CASCADE", says="append-only")
    refused(RELEASE, says="whoever was nominated stands, and nobody else")
    settled = settle(call)
    refused("UPDATE governance_nominationcall SET lot_seed = repeat('b', 32)", says="settled once")
    refused(set_ + "place = 7 WHERE place IS NOT NULL", says="accepted once, placed once and ended once")
    with clock.at(settled.closes_at), pytest.raises(Refused, match="open until|closed on"):
        services.nominate(actor=ruth, call=call, number=membership(felix).number, name="Felix")
    assert bad.objects.filter(place__isnull=False).count() == Option.objects.count() == 1


def coop_database() -> str:
    from django.db import connection

    return connection.settings_dict["NAME"]


def test_a_paper_other_than_the_nominations_is_not_released_by_anybody(coop):
    amara, ruth = make_voter(coop, "amara"), make_voter(coop, "ruth")
    call = call_for(coop)
    standing(call, amara)
    standing(call, ruth)
    settle(call)
    says = "whoever was nominated stands"
    Option.objects.filter(position=1).update(membership=None)
    refused(RELEASE, says=says)
    owner_refused(RELEASE, says=says)
    Option.objects.filter(position=1).delete()
    refused(RELEASE, says=says)
    settle(call)  # writes the paper again; what the release still lacks is its manifest
    refused("UPDATE governance_ballot SET state = 'open'", says="a ballot is released with its roll as it stands")


def test_accepting_seconding_stepping_back_and_settling_at_once_is_an_answer_each(coop):
    people = [make_voter(coop) for _ in range(4)]
    call = call_for(coop, seconders=1)
    rows = [put_forward(call, each, each) for each in people]
    works = []
    for n, (who, row) in enumerate(zip(people, rows, strict=True)):
        other = people[(n + 1) % 4]
        works += [
            lambda who=who, row=row: services.accept_nomination(actor=fresh(who), nomination=row, sentence="B."),
            lambda other=other, row=row: services.second_nomination(actor=fresh(other), nomination=row),
            lambda other=other, row=row: services.second_nomination(actor=fresh(other), nomination=row),
            lambda: services.settle_nominations(actor=Actor.system(coop), call=call),
        ]
    works.append(lambda: services.step_back(actor=fresh(people[0]), nomination=rows[0]))
    answers = at_once(6, lambda work: work(), works)
    allowed = Nomination | Second | NominationCall | Refused
    assert all(isinstance(each, allowed) for each in answers), answers
    assert Second.objects.count() <= 4
    settle(call)
    assert Option.objects.filter(question=call.question).count() >= 3


def fresh(actor: Actor) -> Actor:
    return Actor.of(actor.user, actor.coop)


def test_an_erased_candidates_words_and_photo_go(coop, mei):
    amara = make_voter(coop, "amara")
    call = call_for(coop)
    standing(call, amara, statement="More bees.", photo=photo((80, 80)), photo_alt="Amara")
    hers = membership(amara)
    erased(hers)
    forget_on_rolls(actor=mei, membership=Membership.objects.get(pk=hers.pk))
    left = Nomination.objects.get()
    assert (left.sentence, left.statement, left.photo, left.photo_alt) == ("", "", None, "")


def test_from_the_rule_to_the_paper_through_the_pages(coop, samir, client_of):
    amara, ruth = make_voter(coop, "amara"), make_voter(coop, "ruth")
    call = call_for(coop)
    NominationCall.objects.all().delete()  # nobody was put forward: it may go
    asked, desk = call.question, client_of(samir)
    at = f"/riverside/ballots/{asked.ballot_id}/questions/{asked.pk}/"
    rule = {"opens_days": 3, "closes_days": 9, "seconders": 1, "member_for_months": 0, "minimum_age": 0, "order": "lot"}
    assert desk.post(at + "call/", rule).status_code == 422
    assert desk.post(at + "call/", rule | {"opens_days": 60, "closes_days": 3}).url == at + "nominations/"
    call = NominationCall.objects.get()
    giver, second = client_of(amara), client_of(ruth)
    page = f"/riverside/votes/nominations/{call.pk}/"
    assert b"You can stand" in giver.get(page).content
    me = {"number": membership(amara).number, "name": "Amara"}
    assert giver.post(page + "nominate/", me | {"name": "Nobody"}).status_code == 422
    made = giver.post(page + "nominate/", me)
    row = Nomination.objects.get()
    own = f"/riverside/votes/nominations/of/{row.pk}/"
    assert made.url == own + "stand/"
    assert second.get(own).status_code == 404  # not accepted: nobody else sees it
    said = {"sentence": "Bees.", "statement": "More bees.", "photo_alt": "Amara"}
    bad = SimpleUploadedFile("me.jpg", b"nothing")
    assert giver.post(own + "stand/", said | {"photo": bad}).status_code == 422
    good = SimpleUploadedFile("me.png", photo((90, 90)))
    assert giver.post(own + "stand/", said | {"photo": good}).url == own
    assert second.get(own + "photo.jpg")["Content-Type"] == "image/jpeg"
    assert b'alt="Amara"' in second.get(own).content
    assert second.get(own + "stand/").status_code == 404
    assert second.post(own, {"act": "second"}).url == own
    assert b"You second this." in second.get(own).content
    assert desk.post(at + "nominations/").status_code == 422
    with clock.at(call.closes_at):
        assert desk.post(at + "nominations/").url == at + "nominations/"
        assert giver.post(own, {"act": "step_back"}).url == own
    assert question(asked.ballot).options.count() == 0


@pytest.mark.parametrize("rows", [1, 3])
def test_literal_queries(coop, samir, client_of, django_assert_num_queries, rows):
    people = [make_voter(coop) for _ in range(rows)]
    call = call_for(coop)
    for who in people:
        standing(call, who)
    asked, reader = call.question, client_of(people[0])
    page = f"/riverside/votes/nominations/{call.pk}/"
    one = f"/riverside/votes/nominations/of/{Nomination.objects.earliest('pk').pk}/"
    for number, url in ((LIST, "/riverside/votes/nominations/"), (CALL, page), (ONE, one)):
        with django_assert_num_queries(number):
            assert reader.get(url).status_code == 200
    desk = client_of(samir)
    with django_assert_num_queries(DESK):
        desk.get(f"/riverside/ballots/{asked.ballot_id}/questions/{asked.pk}/nominations/")


LIST, CALL, ONE, DESK = 12, 7, 7, 17
