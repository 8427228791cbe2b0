"""A secret ballot from release to result: who gets a credential, what the box takes, what comes out of it."""

from __future__ import annotations

import hashlib
import json

import pytest
from django.db import connection

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.models import AuditEvent, Mail
from coop.kernel.tenancy import Actor
from governance import keyring, services
from governance.ballotbox import keys, verify
from governance.models import BoardEntry, BoxOpening, Bundle, Count, OpenedPaper, Resolution, StrikeOff
from governance.selectors.letters import without_letter
from members.models import PaperLetter, Party
from tests.cast import make_coop
from tests.governance.factories import make_ballot, make_roll, make_voter, membership, question
from tests.members.factories import known_as

from .voter import Voter, electorate, finish, make_secret_ballot

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def coop(standing):
    return make_coop()


def test_from_release_to_result(coop):
    ballot, voters = electorate(coop, 6)
    assert keyring.there(ballot.pk)
    marks = [[[2, 0], [0]], [[2], [0]], [[1, 2], [1]], [[], [2]], [[3, 2, 1, 0], [0]], [[0], []]]
    for voter, each in zip(voters, marks, strict=True):
        voter.take()
        assert voter.cast(each) == hashlib.sha256(voter.sealed).hexdigest()
    ballot = finish(ballot)
    assert ballot.state == "counted"
    opening = BoxOpening.objects.get(ballot=ballot)
    assert (opening.papers, opening.spoiled, opening.struck_off) == (6, 0, 6)
    assert set(OpenedPaper.objects.values_list("receipt", flat=True)) == {voter.receipt for voter in voters}
    assert list(OpenedPaper.objects.order_by("pk").values_list("receipt", flat=True)) == sorted(
        voter.receipt for voter in voters
    )
    motion = Count.objects.get(question=question(ballot, "motion"))
    assert motion.papers == 6
    assert Resolution.objects.get(ballot=ballot).votes == {"for": 3, "against": 1, "abstain": 1}
    assert Count.objects.get(question=question(ballot)).papers == 6
    assert not keyring.there(ballot.pk)
    events = [entry.entry["event"] for entry in BoardEntry.objects.filter(ballot=ballot)]
    assert events == ["released", "opened", "keys_destroyed", "counted"]
    kinds = list(AuditEvent.objects.values_list("kind", flat=True))
    assert "governance.box_opened" in kinds
    assert "governance.keys_destroyed" in kinds
    bundle = Bundle.objects.get(ballot=ballot)
    findings = verify.verify(bytes(bundle.content), manifest=ballot.manifest_hash, receipt=voters[0].receipt)
    assert [finding for finding in findings if not finding.holds] == []


def test_a_vote_can_be_changed_until_the_close_and_only_the_last_counts(five):
    ballot, (voter, *_rest) = five
    voter.take()
    first = voter.cast([[0], [0]])
    second = voter.cast([[1], [1]])
    assert first != second
    assert services.look_up(ballot_id=ballot.pk, prepared=voter.prepared) == second
    finish(ballot)
    assert list(OpenedPaper.objects.values_list("receipt", flat=True)) == [voter.receipt]
    assert Resolution.objects.get(ballot=ballot).votes["against"] == 1


def test_the_same_blinded_message_always_gets_the_same_signature(five):
    ballot, (voter, *_rest) = five
    first, again = voter.take(), voter.take()
    assert (first.again, again.again) == (False, True)
    assert first.signatures == again.signatures
    assert StrikeOff.objects.filter(ballot=ballot).count() == 1
    assert Mail.objects.filter(kind="governance.credential_issued").count() <= 1


def test_a_second_blinded_message_is_refused(five):
    ballot, (voter, *_rest) = five
    voter.take()
    with pytest.raises(Refused) as refused:
        Voter(voter.actor, ballot).take()
    assert refused.value.code == "issued"
    assert "recovery code" in refused.value.message


def test_a_blinded_message_at_or_above_n_is_refused_and_strikes_nobody_off(five):
    ballot, (voter, *_rest) = five
    n = keys.load_public(ballot.manifest["secret"]["credentials"][0]).public_numbers().n
    for blinded in (n.to_bytes(384, "big"), b"\xff" * 384, b"", b"\x01" * 383):
        with pytest.raises(Refused) as refused:
            services.issue_credential(actor=voter.actor, ballot=ballot, blinded=[blinded])
        assert refused.value.code == "blinded"
    assert not StrikeOff.objects.exists()


def test_who_is_not_on_the_roll_or_too_early_or_too_late_gets_no_credential(coop, five):
    ballot, (voter, *_rest) = five
    late = make_voter(coop, "late")
    with pytest.raises(Refused) as refused:
        Voter(late, ballot).take()
    assert refused.value.status == 403
    with clock.at(ballot.closes_at), pytest.raises(Refused, match="closed on"):
        voter.take()
    coming = make_secret_ballot(coop, roll=ballot.roll, opens_in=ballot.closes_at - ballot.opens_at)
    with pytest.raises(Refused, match="opens on"):
        Voter(voter.actor, coming).take()
    recorded = make_ballot(coop, roll=ballot.roll)
    with pytest.raises(Refused, match="not secret"):
        services.issue_credential(actor=voter.actor, ballot=recorded, blinded=[b"\x01" * 384])
    with pytest.raises(Refused, match="is secret"):
        services.cast_recorded(actor=voter.actor, ballot=ballot, marks={})


def test_a_forged_token_is_refused(five):
    ballot, (voter, *_rest) = five
    voter.blind()
    voter.signature = b"\x07" * 384
    with pytest.raises(Refused) as refused:
        voter.cast([[0], [0]])
    assert refused.value.code == "token"
    voter.take()
    good = voter.prepared
    voter.prepared = good[:-1] + bytes([good[-1] ^ 1])
    with pytest.raises(Refused, match="not signed for this ballot"):
        voter.cast([[0], [0]])


def test_a_reused_token_replaces_and_never_adds(five):
    ballot, voters = five
    voters[0].take()
    for marks in ([[0], [0]], [[1], [0]], [[2], [0]]):
        voters[0].cast(marks)
    finish(ballot)
    assert BoxOpening.objects.get(ballot=ballot).papers == 1


def test_another_ballots_token_is_refused(coop, five, keys_of_their_own):
    ballot, (voter, *_rest) = five
    other = make_secret_ballot(coop, roll=ballot.roll, title="Another")
    voter.take()
    body = voter.seal([[0], [0]])
    with pytest.raises(Refused, match="not signed for this ballot"):
        services.cast_secret(ballot_id=other.pk, body=body)


def with_classes(coop):
    """Ten voters of one class, and a kind of resolution that this class must carry too."""
    actors = [make_voter(coop) for _ in range(10)]
    founder = membership(actors[0]).member_class
    kind = services.create_resolution_type(
        actor=Actor.system(coop),
        name="Both",
        conditions=[{"denominator": "for+against"}, {"denominator": "for+against", "of_class": founder.name}],
    )
    return actors, kind, founder.name


def test_another_classes_token_is_refused_and_class_votes_count_apart(coop):
    actors, kind, name = with_classes(coop)
    ballot = make_secret_ballot(coop, roll=make_roll(coop), board=(), resolution_type=kind)
    assert [each["class"] for each in ballot.manifest["secret"]["credentials"]] == ["", name]
    voters = [Voter(actor, ballot) for actor in actors]
    with pytest.raises(AssertionError):
        voters[0].take(0)  # signed by the class's key, whatever the browser hoped for
    assert StrikeOff.objects.count() == 1
    for voter in voters[1:6]:
        voter.take(1)
        voter.cast([[0]])
    forged = voters[1]
    forged.credential = 0
    with pytest.raises(Refused, match="not signed for this ballot"):
        forged.cast([[1]])
    ballot = finish(ballot)
    assert Resolution.objects.get(ballot=ballot).carried
    findings = verify.verify(bytes(Bundle.objects.get(ballot=ballot).content))
    assert all(finding.holds for finding in findings), findings


def test_what_is_no_paper_is_counted_as_spoiled_and_stops_nothing(coop):
    ballot, voters = electorate(coop, 6)
    bad = [[[9], [0]], [[0, 0], [0]], [[0]], [[0], [0, 1]], [["x"], [0]]]
    for voter, marks in zip(voters, bad, strict=False):
        voter.take()
        try:
            voter.cast(marks)
        except Exception:  # noqa: BLE001 - the browser itself would not write it
            voter.sealed = b""
    voters[5].take()
    voters[5].cast([[1], [1]])
    finish(ballot)
    opening = BoxOpening.objects.get(ballot=ballot)
    assert (opening.papers, opening.spoiled) == (1, 4)


def test_a_paper_copied_under_another_token_is_spoiled(five):
    """Whoever sees the box cannot double somebody's vote, or learn it by finding the same receipt twice."""
    ballot, (amara, jonas, *_rest) = five
    amara.take()
    amara.cast([[0], [0]])
    jonas.take()
    body = jonas.seal([[1], [1]])
    services.cast_secret(ballot_id=ballot.pk, body=body[: -len(amara.sealed)] + amara.sealed)
    finish(ballot)
    assert OpenedPaper.objects.count() == 1
    assert BoxOpening.objects.get(ballot=ballot).spoiled == 1


def test_a_key_that_is_gone_leaves_the_ballot_waiting_safely(coop, five, tmp_path):
    ballot, (voter, *_rest) = five
    voter.take()
    voter.cast([[0], [0]])
    place = keyring.folder() / str(ballot.pk)
    away = place.rename(tmp_path / "away")
    with clock.at(ballot.closes_at):
        services.close_due()
        with pytest.raises(Refused, match="cannot be read"):
            services.open_box(actor=Actor.system(coop), ballot_id=ballot.pk)
        with pytest.raises(Refused, match="once its box has been opened"):
            services.count_ballot(actor=Actor.system(coop), ballot_id=ballot.pk)
        away.rename(place)
    finish(ballot)
    assert OpenedPaper.objects.count() == 1


def test_a_box_with_more_papers_than_credentials_stays_shut(coop, five):
    ballot, (voter, *_rest) = five
    voter.take()
    voter.cast([[0], [0]])
    sealed = bytes(len(voter.sealed))
    with connection.cursor() as cursor:  # somebody inside, past the signature
        cursor.execute(
            "SELECT governance_box_cast(%s, %s, sha256('stuffed'), 0::smallint, %s)", [ballot.pk, clock.now(), sealed]
        )
        assert cursor.fetchone() == ("cast",)
    with clock.at(ballot.closes_at):
        services.close_due()
        with pytest.raises(Refused, match="stays shut"):
            services.open_box(actor=Actor.system(coop), ballot_id=ballot.pk)
    assert not BoxOpening.objects.exists()


def test_receipts_and_marks_are_apart_unless_every_marking_is_expected_k_times(coop, five):
    ballot, _voters = five
    assert ballot.manifest["secret"]["together"] is False
    small = make_secret_ballot(coop, roll=make_roll(coop, voters=20), board=())
    assert small.manifest["secret"]["together"] is True


def test_the_opening_letter_carries_the_fingerprint_once(five):
    ballot, voters = five
    known_as(membership(voters[0].actor).party, email="amara@example.org")
    paper = membership(voters[1].actor).party
    known_as(paper, email="ruth@example.org")
    Party.objects.filter(pk=paper.pk).update(by_post=True)
    assert paper.pk in [each.membership.party_id for each in without_letter(ballot)], "a voting letter, too"
    assert services.announce(ballot_id=ballot.pk) >= 2
    assert services.announce(ballot_id=ballot.pk) == 0
    letter = Mail.objects.filter(kind="governance.ballot_released").first()
    assert ballot.manifest_hash in letter.text.replace(" ", "").replace("\n", "")
    assert not Mail.objects.filter(to="ruth@example.org").exists()
    posted = PaperLetter.objects.get(party=paper, kind="governance.ballot_released")
    assert ballot.manifest_hash in posted.text.replace(" ", "").replace("\n", "")


def test_the_ballot_is_refused_where_it_could_not_be_secret(other_coop, settings):
    ballot = make_secret_ballot(other_coop, roll=make_roll(other_coop, voters=3), released=False)
    with pytest.raises(Refused, match="fewer than 5 is not secret"):
        services.open_ballot(actor=Actor.system(other_coop), ballot=ballot)
    settings.BALLOT_LEAST = 2
    services.open_ballot(actor=Actor.system(other_coop), ballot=ballot)
    assert json.dumps(ballot.manifest)
