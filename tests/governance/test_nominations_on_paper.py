"""A nomination signed on paper: entered by the returning officer, under the same rule, and told to who signed it."""

from datetime import timedelta

import pytest

from coop.kernel import clock
from coop.kernel.errors import NotAllowed, Refused
from coop.kernel.models import AuditEvent, Mail
from governance import services
from governance.documents_nominations import nomination_form_data, nomination_form_pdf
from governance.models import Nomination, Option
from governance.selectors import nominations as known
from tests.governance.factories import make_voter, membership
from tests.governance.test_nominations import call_for, settle

pytestmark = pytest.mark.django_db


@pytest.fixture
def numbers(coop):
    return [membership(make_voter(coop, who)).number for who in ("amara", "ruth", "felix", "priya")]


def enter(samir, call, nominee, proposer, *seconders, **more):
    said = {"sentence": "Keeps  the bees.", **more}
    act = services.record_paper_nomination
    return act(actor=samir, call=call, nominee=nominee, proposer=proposer, seconders=seconders, **said)


def test_a_signed_sheet_stands_at_once_and_everybody_on_it_is_told(coop, samir, numbers):
    amara, ruth, felix, priya = numbers
    call = call_for(coop, seconders=2, not_employed=True)
    made = enter(samir, call, amara, ruth, felix, priya, declared=True)
    found = known.nominations_of(call, samir, None)[0]
    assert (found.pk, found.seconded, known.enough(call, found)) == (made.pk, 2, True)
    told = Mail.objects.filter(kind="governance.nomination_entered").values_list("to", flat=True)
    assert sorted(told) == [f"{who}@example.org" for who in ("amara", "felix", "priya", "ruth")]
    logged = AuditEvent.objects.get(kind="governance.nomination_entered").payload.body
    assert (logged["nominee"], logged["proposer"], logged["seconders"]) == (amara, ruth, [felix, priya])
    settle(call)
    option = Option.objects.get(question=call.question)
    assert (option.membership.number, option.statement) == (amara, "Keeps the bees.")


def test_the_form_to_print_says_the_calls_own_rule_and_has_room_for_every_signature(coop, numbers):
    call = call_for(coop, seconders=2, not_employed=True)
    said = nomination_form_data(call)
    assert [part["heading"] for part in said["parts"]] == ["Who stands", "Who puts them forward", "Who second it"]
    assert "does not employ me" in said["parts"][0]["words"]
    assert len(said["parts"][2]["blanks"]) == 2 * 4
    assert said["rules"] == known.rule_in_words(call)
    assert nomination_form_pdf(call).startswith(b"%PDF")
    alone = nomination_form_data(call_for(coop, seconders=0))
    assert [part["heading"] for part in alone["parts"]] == ["Who stands", "Who puts them forward"]
    assert "employ" not in alone["parts"][0]["words"]


def test_what_is_refused_leaves_nothing_behind(coop, samir, mei, numbers):
    amara, ruth, felix, priya = numbers
    call = call_for(coop, seconders=1, not_employed=True)

    def refused(says, *people, **more):
        with pytest.raises(Refused, match=says):
            enter(samir, call, *people, **{"declared": True, **more})

    refused("No member has the number 99999", amara, 99999)
    refused("others than its two people", amara, ruth, ruth)
    refused("others than its two people", amara, ruth, felix, felix)
    refused("sheet must declare it", amara, ruth, felix, declared=False)
    refused("type it from the sheet", amara, ruth, felix, sentence=" ")
    with pytest.raises(NotAllowed):
        enter(mei, call, amara, ruth)
    enter(samir, call, amara, amara, felix, declared=True)
    refused("put forward already", amara, ruth, felix)
    with clock.at(call.closes_at + timedelta(seconds=1)):
        refused("Nominations closed on", ruth, amara, felix)
    strict = call_for(coop, member_for_months=600)
    with pytest.raises(Refused, match="member"):
        enter(samir, strict, ruth, amara)
    assert Nomination.objects.count() == 1


def test_the_desk_enters_it_from_the_call(client_of, coop, samir, numbers):
    amara, ruth, felix, _priya = numbers
    call = call_for(coop, seconders=1)
    desk = f"/riverside/ballots/{call.question.ballot_id}/questions/{call.question_id}/nominations/"
    client = client_of(samir)
    assert f"{desk}signed/" in client.get(desk).content.decode()
    said = {"nominee": amara, "proposer": ruth, "seconders": f"{felix}, x", "sentence": "Keeps the bees."}
    wrong = client.post(f"{desk}signed/", said)
    assert wrong.status_code == 422
    assert "Please type member numbers" in wrong.content.decode()
    assert client.post(f"{desk}signed/", said | {"seconders": str(felix)}).url == desk
    assert Nomination.objects.get().accepted_at is not None
