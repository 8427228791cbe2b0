"""A published roll: objections, rulings, and lines corrected by nothing else, before any ballot on it is released."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from django.db import connection

from coop.kernel import audit, clock
from coop.kernel.errors import Refused
from coop.kernel.models import Job, Mail
from coop.kernel.tenancy import Actor
from governance import services
from governance.ballotbox import verify
from governance.models import Ballot, Bundle, Objection, Roll, RollCorrection, RollEntry, StrikeOff
from governance.selectors import issues_before_opening, roll_is_whole
from members.models import Membership, PaperLetter
from members.services import activate, suspend
from tests.governance.ballotbox.test_verifier import forged, in_json, wrong
from tests.governance.ballotbox.voter import Voter, finish, make_secret_ballot
from tests.governance.factories import JOINED, make_meeting, make_roll, make_voter, membership
from tests.governance.test_concurrency import at_once
from tests.governance.test_database_promises import owner_refused, refused
from tests.members.factories import make_member

pytestmark = pytest.mark.django_db(transaction=True)
PAID = date(2021, 3, 1)


@pytest.fixture
def amara(coop):
    return make_voter(coop, "amara")


@pytest.fixture
def ines(coop) -> Membership:
    """Her payment was found only after the roll was frozen."""
    return make_member(coop, name="Ines Kovač", on=JOINED, active=False)


@pytest.fixture
def roll(coop, amara, ines) -> Roll:
    return make_roll(coop, voters=5)


def publish(roll: Roll, **by) -> None:
    services.publish_roll(
        actor=Actor.system(roll.coop), roll=roll, until=clock.now() + timedelta(**(by or {"days": 3}))
    )


def after(roll: Roll):
    return clock.at(roll.publication.until + timedelta(seconds=1))


def objected(roll: Roll, about: Membership, by=None, because: str = "She paid in March.") -> Objection:
    actor, number = by or Actor.system(roll.coop), None if by else about.number
    return services.object_to_roll(actor=actor, roll=roll, by=number, about=about.number, because=because)


def test_an_objection_upheld_corrects_the_line_and_everything_downstream_uses_it(coop, samir, roll, amara, ines):
    """Eligibility, the strike-off list, the manifest and the verifier."""
    frozen, eligible = roll.hash, roll.eligible
    publish(roll)
    late = make_member(coop, name="Otto Lang", on=JOINED)  # admitted long ago, entered after the freeze
    gone = Membership.objects.exclude(pk__in=(ines.pk, late.pk)).latest("pk")
    activate(actor=Actor.system(coop), membership=ines, on=PAID)
    suspend(actor=Actor.system(coop), membership=gone, on=PAID, reason="Arrears.", resolution="B 7")
    for about in (ines, late, gone):
        made = objected(roll, about, by=amara if about is ines else None)
        services.rule_on_objection(actor=samir, objection=made, upheld=True, because="The register says so.")
    roll.refresh_from_db()
    line = {each.membership_id: each for each in RollEntry.objects.filter(roll=roll)}
    assert (line[ines.pk].eligible, line[late.pk].eligible, line[gone.pk].eligible) == (True, True, False)
    assert "Corrected on an objection: The register says so." in line[ines.pk].reasons
    assert (roll.size, roll.eligible) == (len(line), eligible + 1)
    assert roll_is_whole(roll), "the database's hash is the one Python makes"
    chain = list(RollCorrection.objects.values_list("was_hash", "hash"))
    assert [chain[0][0], chain[-1][1]] == [frozen, roll.hash]
    assert [was for was, _now in chain[1:]] == [now for _was, now in chain[:-1]]
    assert Mail.objects.filter(kind="governance.objection_ruled").count() >= 2
    assert list(audit.verify(coop)) == []
    with after(roll):
        ballot = make_secret_ballot(coop, roll=roll)
        told = ballot.manifest["roll"]
        assert (told["hash"], told["eligible"], len(told["corrections"])) == (roll.hash, roll.eligible, 3)
        Voter(amara, ballot).take()
        services.hand_out_paper(actor=samir, ballot=ballot, number=ines.number)
        with pytest.raises(Refused, match="may not vote"):
            services.hand_out_paper(actor=samir, ballot=ballot, number=gone.number)
        services.hand_out_paper(actor=samir, ballot=ballot, number=late.number)
        assert StrikeOff.objects.filter(ballot=ballot).count() <= roll.eligible


def test_the_verifier_undoes_the_corrections_one_by_one(coop, samir, roll, amara, ines):
    publish(roll)
    activate(actor=Actor.system(coop), membership=ines, on=PAID)
    late = make_member(coop, name="Otto Lang", on=JOINED)
    for about in (ines, late):
        services.rule_on_objection(actor=samir, objection=objected(roll, about), upheld=True, because="It is so.")
    with after(roll):
        ballot = make_secret_ballot(coop, roll=Roll.objects.get(pk=roll.pk), lasts=timedelta(days=9))
        voter = Voter(amara, ballot)
        voter.take()
        voter.cast([[1], [0]])
    content = bytes(Bundle.objects.get(ballot=finish(ballot)).content)
    findings = {each.check: each for each in verify.verify(content)}
    assert all(each.holds for each in findings.values())
    assert roll.hash in findings["roll"].sentence, "the hash it was frozen with"

    def other_line(manifest: dict) -> None:
        manifest["roll"]["corrections"][0]["was"] = "0" * 64

    assert "roll" in wrong(forged(content, manifest__json=in_json(other_line)))


def test_everybody_on_a_published_roll_is_written_to_once_with_what_their_line_says(coop, amara, ines):
    edith = make_member(coop, name="Edith Brandt", email="", street="Mill Lane 9", on=JOINED)
    roll = make_roll(coop, voters=1)
    publish(roll)
    made = roll.publication
    assert Job.objects.filter(kind="governance.announce_roll", args=[made.pk]).count() == 1
    assert services.announce_roll(publication_id=made.pk) == 4
    assert services.announce_roll(publication_id=made.pk) == 0, "a job may run twice"
    hers = Mail.objects.get(kind="governance.roll_published", to=ines.party.email).text
    assert "You have no vote" in hers
    assert "You may vote" in Mail.objects.get(kind="governance.roll_published", to=amara.user.email).text
    assert PaperLetter.objects.get(kind="governance.roll_published").party == edith.party
    other = make_roll(coop)
    publish(other)
    with after(other):
        assert services.announce_roll(publication_id=other.publication.pk) == 0, "objecting would be too late"


def test_what_is_refused_with_a_sentence(coop, samir, roll, amara, ines):
    with pytest.raises(Refused, match="not been published"):
        objected(roll, ines)
    with pytest.raises(Refused, match="some time"):
        services.publish_roll(actor=samir, roll=roll, until=clock.now())
    publish(roll)
    with pytest.raises(Refused, match="has been published"):
        publish(roll)
    with pytest.raises(Refused, match="Say what is wrong"):
        objected(roll, ines, because=" ")
    with pytest.raises(Refused, match="No member has the number"):
        services.object_to_roll(actor=amara, roll=roll, about=99_999, because="x")
    made = objected(roll, ines, by=amara)
    with pytest.raises(Refused, match="objected to this line already"):
        objected(roll, ines, by=amara)
    with pytest.raises(Refused, match="Say why"):
        services.rule_on_objection(actor=samir, objection=made, upheld=True, because="")
    with pytest.raises(Refused, match="register says the same"):
        services.rule_on_objection(actor=samir, objection=made, upheld=True, because="So be it.")
    draft = make_secret_ballot(coop, roll=roll, released=False, lasts=timedelta(days=9))
    codes = {each.code for each in issues_before_opening(draft, clock.now()) if not each.warning}
    assert codes == {"objections_run", "objections_open"}
    with after(roll):
        with pytest.raises(Refused, match="were to come before"):
            objected(roll, membership(amara))
        with pytest.raises(Refused, match="waits for a decision"):
            services.open_ballot(actor=samir, ballot=draft)
        services.rule_on_objection(actor=samir, objection=made, upheld=False, because="Not paid in time.")
        with pytest.raises(Refused, match="has been decided"):
            services.rule_on_objection(actor=samir, objection=made, upheld=False, because="Again.")
        services.open_ballot(actor=samir, ballot=draft)
    assert not RollCorrection.objects.exists()


def test_nobody_decides_about_their_own_objection(coop, samir, roll):
    own = make_member(coop, user=samir.user, on=JOINED)
    publish(roll)
    made = objected(roll, own)
    with pytest.raises(Refused, match="their own objection"):
        services.rule_on_objection(actor=samir, objection=made, upheld=False, because="No.")


CALL = "SELECT governance_correct_roll(%s, %s, 'X', 'Consumer', true, 1, '[]', repeat('a', 32), %s, now(), NULL)"


def test_raw_sql_changes_no_frozen_line_but_by_an_upheld_objection(coop, samir, roll, amara, ines):
    publish(roll)
    made = objected(roll, ines)
    refused("UPDATE governance_rollentry SET eligible = true, reasons = '[]'", says="permission denied")
    owner_refused("UPDATE governance_rollentry SET eligible = true", says="Cannot update")
    owner_refused("UPDATE governance_rollentry SET name = '', salt = ''", says="Cannot update")
    for change in ("hash = repeat('0', 64)", "eligible = eligible + 1", "title = 'x'"):
        refused(f"UPDATE governance_roll SET {change}", says="a frozen roll is not changed")
        owner_refused(f"UPDATE governance_roll SET {change}", says="a frozen roll is not changed")
    add = """INSERT INTO governance_rollentry
             (coop_id, roll_id, membership_id, number, name, class_name, eligible, reasons, salt, digest)
             SELECT coop_id, roll_id, (SELECT max(id) FROM members_membership), 4242, name, class_name, true, reasons,
                    salt, digest FROM governance_rollentry LIMIT 1"""
    refused(add, says="nobody is added to a frozen roll")
    owner_refused(add, says="nobody is added to a frozen roll")
    refused("INSERT INTO governance_rollcorrection (coop_id) VALUES (1)", says="permission denied")
    refused(CALL, coop.pk, 0, "b" * 64, says="by an objection that was upheld")
    ruling = """INSERT INTO governance_ruling (coop_id, objection_id, upheld, because, ruled_at)
                VALUES (%s, %s, {upheld}, '{because}', now())"""
    refused(ruling.format(upheld="true", because=" "), coop.pk, made.pk, says="ruling_with_a_reason")
    down = services.rule_on_objection(actor=samir, objection=made, upheld=False, because="Not paid.")
    refused(CALL, coop.pk, down.pk, "b" * 64, says="by an objection that was upheld")
    refused(ruling.format(upheld="true", because="x"), coop.pk, made.pk, says="duplicate key")
    other = objected(roll, membership(amara))
    activate(actor=Actor.system(coop), membership=ines, on=PAID)
    with connection.cursor() as cursor:
        cursor.execute(ruling.format(upheld="true", because="x") + " RETURNING id", [coop.pk, other.pk])
        (upheld,) = cursor.fetchone()
    owner_refused(CALL % (coop.pk, upheld, f"'{'b' * 64}'"), says="Cannot update")
    for attack in ("UPDATE governance_ruling SET upheld = true", "DELETE FROM governance_objection"):
        refused(attack, says="permission denied")
        owner_refused(attack, says="Cannot")
    with after(roll):
        make_secret_ballot(coop, roll=roll)
        refused(CALL, coop.pk, upheld, "b" * 64, says="has been released")
        with pytest.raises(Refused, match="has been released"):
            objected(roll, ines)
    late = "INSERT INTO governance_objection (coop_id, roll_id, membership_id, about_id, because, made_at)"
    late += f" VALUES ({coop.pk}, {roll.pk}, {ines.pk}, {membership(amara).pk}, 'x', now())"
    refused(late, says="has been released")
    assert roll_is_whole(Roll.objects.get(pk=roll.pk))


def test_a_release_waits_for_a_correction_and_no_objection_slips_under_a_release(coop, samir, amara, ines):
    """Real connections, started together: whichever comes second sees what the first one did."""
    activated = False
    for _turn in range(3):
        roll = make_roll(coop, voters=0 if activated else 5, meeting=make_meeting(coop))
        publish(roll, milliseconds=700)
        draft = make_secret_ballot(coop, roll=roll, board=(), released=False)
        made = objected(roll, membership(amara))
        activated = True

        def act(what, roll=roll, draft=draft, made=made):
            me = Actor.of(samir.user, coop)
            if what == "release":
                with after(roll):
                    return services.open_ballot(actor=me, ballot=Ballot.objects.get(pk=draft.pk)).state
            if what == "rule":
                return services.rule_on_objection(actor=me, objection=made, upheld=False, because="No.").pk
            return objected(roll, ines).pk

        answers = at_once(5, act, ["release", "rule", "object", "release", "object"])
        draft.refresh_from_db()
        waiting = Objection.objects.filter(roll=roll, ruling__isnull=True).exists()
        assert not (draft.state == "open" and waiting), answers
        if draft.state == "open":
            assert draft.manifest["roll"]["hash"] == Roll.objects.get(pk=roll.pk).hash


def test_a_member_objects_on_the_page_and_reads_the_answer(client_of, coop, samir, roll, amara, ines):
    desk, member = client_of(samir), client_of(amara)
    at = f"/riverside/rolls/{roll.pk}/objections/"
    until = (clock.now() + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M")
    assert desk.post(at + "publish/", {"until": until}).url == at
    assert roll.title in member.get("/riverside/votes/rolls/").content.decode()
    mine = f"/riverside/votes/rolls/{roll.pk}/"
    assert b"You are on this roll and may vote" in member.get(mine).content
    assert member.post(mine, {"because": ""}).status_code == 422
    assert member.post(mine, {"about": ines.number, "because": "She paid in March."}).url == mine
    assert b"It waits for a decision" in member.get(mine).content
    assert desk.post(at + "new/", {"by": ines.number, "because": "I paid."}).url == at
    first = Objection.objects.get(about=ines, membership=membership(amara))
    assert b"She paid in March." in desk.get(at).content
    rule = f"/riverside/rolls/objections/{first.pk}/"
    assert b"May not vote" in desk.get(rule).content
    assert b"register says the same" in desk.post(rule, {"upheld": "yes", "because": "Yes."}).content
    activate(actor=Actor.system(coop), membership=ines, on=PAID)
    assert desk.post(rule, {"upheld": "yes", "because": "The receipt was found."}).url == at
    assert b"The receipt was found." in member.get(mine).content
    api = f"/api/v1/riverside/rolls/{roll.pk}/objections/"
    told = desk.get(api).json()["results"]
    assert {json.dumps(each["ruling"] and each["ruling"]["upheld"]) for each in told} == {"true", "null"}
