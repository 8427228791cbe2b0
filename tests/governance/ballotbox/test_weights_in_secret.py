"""A federation votes in secret: as many papers as a member has votes, and nothing on a paper says how many that is."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date

import psycopg2
import pytest
from django.db import connection

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.tenancy import Actor
from governance import boxes, selectors, services
from governance.ballotbox import board, bundle, verify
from governance.models import BoxOpening, Bundle, OpenedPaper, Resolution, RollEntry, StrikeOff
from governance.selectors import papers_of
from tests.cast import make_officer
from tests.database import as_owner
from tests.governance.factories import make_organisation, make_roll, make_voter, membership, question
from tests.governance.test_database_promises import refused

from .voter import Voter, finish, make_secret_ballot, take_together

pytestmark = pytest.mark.django_db
VOTES = 3


def federation(coop, *, people: int = 5, weights=(VOTES, VOTES, VOTES, VOTES)):
    """The member organisation that votes in the tests, and a released secret ballot on a roll with the others."""
    mill = make_organisation(coop, "mill", votes=weights[0])
    for votes in weights[1:]:
        make_organisation(coop, votes=votes)
    roll = make_roll(coop, voters=people)
    return Actor.of(mill.party.account, coop), roll


def several(actor, ballot, votes: int = VOTES) -> list[Voter]:
    return [Voter(actor, ballot) for _ in range(votes)]


def test_a_member_with_three_votes_casts_three_papers_and_all_are_counted(coop):
    mill, roll = federation(coop)
    amara = make_voter(coop, "amara")
    ballot = make_secret_ballot(coop, roll=make_roll(coop))
    assert ballot.manifest["roll"]["votes"] == {"total": 18, "voters": {"1": 6, "3": 4}}
    assert ballot.manifest["secret"]["together"] is False, "papers alike must not stand beside receipts"
    assert len(ballot.manifest["secret"]["credentials"]) == 1, "never a key for a weight"
    papers = several(mill, ballot)
    take_together(papers)
    struck = StrikeOff.objects.get()
    assert (struck.units, struck.entry.votes) == (3, 3)
    for each in papers:
        each.cast([[0, 1], [0]])
    for each in papers:  # changed before the close: all three are replaced
        each.cast([[2], [0]])
    voter = Voter(amara, ballot)
    voter.take()
    voter.cast([[1], [1]])
    finish(ballot)
    opened = BoxOpening.objects.get()
    assert (opened.papers, opened.spoiled, opened.struck_off, opened.together) == (4, 0, 4, False)
    assert set(OpenedPaper.objects.values_list("receipt", flat=True)) == {each.receipt for each in [*papers, voter]}
    assert papers_of(question(ballot)) == {(2,): 3, (1,): 1}
    assert Resolution.objects.get().votes == {"for": 3, "against": 1, "abstain": 0}
    part = selectors.participation(ballot)
    assert (part.total, part.roll) == (4, 18)
    findings = verify.verify(bytes(Bundle.objects.get().content), manifest=ballot.manifest_hash)
    assert [each for each in findings if not each.holds] == []
    said = {each.check: each.sentence for each in findings}
    assert said["numbers"] == "4 papers ≤ 4 credentials ≤ 18 votes on the roll."
    assert "18 votes together" in said["roll"]


def test_the_same_three_messages_get_the_same_signatures_and_any_others_are_refused(coop):
    mill, roll = federation(coop)
    ballot = make_secret_ballot(coop, roll=roll)
    papers = several(mill, ballot)
    first = take_together(papers)
    assert take_together(papers).signatures == first.signatures
    asked = [each.blind() for each in papers]
    for wrong in (asked[:2], [asked[1], asked[0], asked[2]], [*asked[:2], Voter(mill, ballot).blind()], []):
        with pytest.raises(Refused) as no:
            services.issue_credential(actor=mill, ballot=ballot, blinded=wrong)
        assert no.value.code == "issued"
    assert StrikeOff.objects.count() == 1


@pytest.mark.parametrize("number", [0, 1, 2, 4])
def test_no_fewer_and_no_more_tokens_than_votes_are_signed(coop, number):
    mill, roll = federation(coop)
    ballot = make_secret_ballot(coop, roll=roll)
    with pytest.raises(Refused, match="has 3 votes") as no:
        services.issue_credential(
            actor=mill, ballot=ballot, blinded=[each.blind() for each in several(mill, ballot, number)]
        )
    assert no.value.code == "units"
    assert not StrikeOff.objects.exists()


def test_two_tokens_alike_are_refused_and_a_person_still_has_one(coop):
    mill, roll = federation(coop)
    amara = make_voter(coop, "amara")
    ballot = make_secret_ballot(coop, roll=make_roll(coop))
    one, two = several(mill, ballot, 2)
    with pytest.raises(Refused, match="token of its own"):
        services.issue_credential(actor=mill, ballot=ballot, blinded=[one.blind(), two.blind(), one.blind()])
    with pytest.raises(Refused, match="has 1 vote:"):
        services.issue_credential(actor=amara, ballot=ballot, blinded=[one.blind(), two.blind()])


def test_preflight_refuses_a_member_whose_votes_the_result_would_tell_and_too_many_papers(coop):
    _mill, roll = federation(coop, people=8, weights=(3,))
    draft = make_secret_ballot(coop, roll=roll, released=False)
    (heavy,) = [each for each in selectors.issues_before_opening(draft, clock.now()) if each.where == "roll"]
    assert heavy.code == "too_heavy"
    assert "One member has 3 of 11 votes. Where one has more than one in 5" in heavy.sentence
    with pytest.raises(Refused, match="the result tells how they were cast"):
        services.open_ballot(actor=Actor.system(coop), ballot=draft)
    for _ in range(5):
        make_organisation(coop, votes=21)
    many = make_secret_ballot(coop, roll=make_roll(coop), released=False)
    (issue,) = [each for each in selectors.issues_before_opening(many, clock.now()) if each.where == "roll"]
    assert issue.code == "too_many_votes"


@pytest.mark.django_db(transaction=True)
def test_the_database_strikes_off_for_exactly_the_votes_of_the_line(coop):
    mill, roll = federation(coop)
    ballot = make_secret_ballot(coop, roll=roll)
    line = RollEntry.objects.get(roll=roll, membership=membership(mill))
    sql = (
        "INSERT INTO governance_strikeoff (coop_id, ballot_id, entry_id, channel, blinded_hash, units, struck_at)"
        " VALUES (%s, %s, %s, 'online', repeat('a', 64), %s, %s)"
    )
    for units in (1, 2, 4):
        refused(sql, coop.pk, ballot.pk, line.pk, units, clock.now(), says="as many units as the line has votes")
    says = "as many units as the line has votes"
    with as_owner(connection.settings_dict["NAME"]) as cursor, pytest.raises(psycopg2.Error, match=says):
        cursor.execute(sql, [coop.pk, ballot.pk, line.pk, 4, clock.now()])


def test_a_box_with_more_papers_than_votes_were_issued_stays_shut(coop):
    mill, roll = federation(coop)
    ballot = make_secret_ballot(coop, roll=roll)
    papers = several(mill, ballot)
    take_together(papers)
    for each in papers:
        each.cast([[0], [0]])
    boxes.cast(ballot.pk, at=clock.now(), token_hash=bytes(32), credential=0, sealed=papers[0].sealed)
    with pytest.raises(Refused, match="holds 4 papers, but only 3 credentials were issued"):
        finish(ballot)


def test_on_paper_a_member_with_three_votes_gets_three_sheets(coop):
    mill, roll = federation(coop)
    samir, mei = make_officer(coop, "samir", "returning_officer"), make_officer(coop, "mei", "secretary")
    ballot = make_secret_ballot(coop, roll=roll)
    struck = services.hand_out_paper(actor=samir, ballot=ballot, number=membership(mill).number)
    assert struck.units == 3
    with pytest.raises(Refused) as no:
        take_together(several(mill, ballot))
    assert no.value.code == "paper_taken"
    with clock.at(ballot.closes_at):
        services.close_due()
        for sheet in (1, 2, 3):
            for clerk in (samir, mei):
                services.enter_paper(actor=clerk, ballot=ballot, sheet=sheet, marks=[[0], [1]])
        with pytest.raises(Refused, match="3 papers were handed out"):
            services.enter_paper(actor=samir, ballot=ballot, sheet=4, marks=[[0], [1]])
        assert services.settle_urn(actor=samir, ballot=ballot).handed_out == 3
    finish(ballot)
    assert Resolution.objects.get().votes == {"for": 0, "against": 3, "abstain": 0}
    findings = verify.verify(bytes(Bundle.objects.get().content))
    assert [each for each in findings if not each.holds] == []


@pytest.fixture
def whole(coop):
    """The files of a federation's bundle, and how it is written again with its sums right."""
    mill, roll = federation(coop)
    ballot = make_secret_ballot(coop, roll=roll)
    papers = several(mill, ballot)
    take_together(papers)
    for each in papers:
        each.cast([[0], [0]])
    finish(ballot)
    with zipfile.ZipFile(io.BytesIO(bytes(Bundle.objects.get().content))) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name not in (bundle.SUMS, "verify.pyz")}


def _found(files, change) -> set[str]:
    facts = json.loads(files["facts.json"])
    change(facts)
    told = verify.verify(bundle.write(files | {"facts.json": board.canonical(facts)}))
    return {each.check for each in told if not each.holds}


def test_the_verifier_finds_votes_that_do_not_come_to_what_was_issued(whole):
    assert _found(whole, lambda facts: None) == set()
    assert _found(whole, lambda facts: facts["units"].__setitem__(0, 2)) == {"numbers"}
    assert _found(whole, lambda facts: facts["issued"].update(online=4)) == {"numbers"}
    assert _found(whole, lambda facts: (facts["units"].__setitem__(0, 4), facts["issued"].update(online=4))) == {
        "numbers"
    }


def test_the_verifier_finds_a_manifest_whose_votes_do_not_add_up(whole):
    manifest = json.loads(whole["manifest.json"])
    manifest["roll"]["votes"]["total"] += 1
    told = verify.verify(bundle.write(whole | {"manifest.json": board.canonical(manifest)}))
    assert {"manifest", "roll"} <= {each.check for each in told if not each.holds}


def test_votes_written_down_later_change_no_open_ballot(coop):
    mill, roll = federation(coop)
    ballot = make_secret_ballot(coop, roll=roll)
    number = membership(mill).number
    facts = {"votes": 9, "effective_on": date(2020, 1, 1), "because": "Grown."}
    services.set_weight(actor=Actor.system(coop), number=number, **facts)
    take_together(several(mill, ballot))
    assert StrikeOff.objects.get().units == 3
