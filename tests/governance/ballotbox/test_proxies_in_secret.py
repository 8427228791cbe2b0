"""A proxy in a secret ballot: one credential on the principal's line, taken by the holder; nobody counted twice."""

from __future__ import annotations

import base64
import json
from types import SimpleNamespace

import pytest

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.models import Mail
from coop.kernel.tenancy import Actor
from governance import services
from governance.ballotbox import verify
from governance.models import BoxOpening, Bundle, OpenedPaper, StrikeOff
from tests.governance.factories import make_meeting, make_roll, make_voter, membership
from tests.governance.test_concurrency import at_once
from tests.governance.test_database_promises import refused
from tests.governance.test_proxies import given, take_proxies

from .voter import Voter, finish, make_secret_ballot

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast(coop) -> SimpleNamespace:
    """Amara has given her proxy to Ruth, who accepted; Felix has given none."""
    people = {who: make_voter(coop, who) for who in ("amara", "ruth", "felix")}
    meeting = make_meeting(coop)
    take_proxies(meeting, per_holder=2)
    ballot = make_secret_ballot(coop, roll=make_roll(coop, voters=3, meeting=meeting))
    return SimpleNamespace(**people, ballot=ballot, proxy=given(meeting, people["amara"], people["ruth"]))


def browser(cast, who, proxy=None) -> Voter:
    return Voter(getattr(cast, who), cast.ballot, proxy=proxy)


def number(actor) -> int:
    return membership(actor).number


def test_the_holder_casts_a_paper_of_its_own_for_the_principal_and_each_counts_once(coop, cast, samir, client_of):
    own, for_amara = browser(cast, "ruth"), browser(cast, "ruth", cast.proxy)
    for voter, mark in ((own, 0), (for_amara, 1)):
        voter.take()
        voter.cast([[mark], [0]])
    assert for_amara.take().again, "a broken line costs nothing"
    lines = {each.entry.number: each.proxy_id for each in StrikeOff.objects.select_related("entry")}
    assert lines == {number(cast.ruth): None, number(cast.amara): cast.proxy.pk}
    letter = Mail.objects.get(kind="governance.credential_issued", to=cast.amara.user.email)
    assert "who holds your proxy, took a credential for you" in letter.text
    turnout = client_of(samir).get(f"/riverside/ballots/{cast.ballot.pk}/turnout/").content.decode()
    assert f"by proxy of {membership(cast.ruth).party}" in turnout
    with pytest.raises(Refused, match="took your vote by proxy"):
        browser(cast, "amara").take()
    services.revoke_proxy(actor=cast.amara, proxy=cast.proxy)
    with pytest.raises(Refused, match="took your vote by proxy"):
        browser(cast, "amara").take()  # who comes in person after that finds the line struck off
    with pytest.raises(Refused, match="struck off already"):
        services.hand_out_paper(actor=samir, ballot=cast.ballot, number=number(cast.amara))
    ballot = finish(cast.ballot)
    receipts = set(OpenedPaper.objects.values_list("receipt", flat=True))
    assert receipts == {own.receipt, for_amara.receipt}
    opening = BoxOpening.objects.get(ballot=ballot)
    assert opening.papers == opening.struck_off == 2
    findings = verify.verify(bytes(Bundle.objects.get(ballot=ballot).content))
    assert all(each.holds for each in findings)


def test_a_proxy_taken_back_in_time_leaves_the_vote_with_the_member(cast, samir):
    with pytest.raises(Refused, match="You gave your proxy to"):
        browser(cast, "amara").take()
    with pytest.raises(Refused, match="gave a proxy to"):
        services.hand_out_paper(actor=samir, ballot=cast.ballot, number=number(cast.amara))
    services.revoke_proxy(actor=cast.amara, proxy=cast.proxy)
    with pytest.raises(Refused, match="does not stand"):
        browser(cast, "ruth", cast.proxy).take()
    browser(cast, "amara").take()
    assert StrikeOff.objects.get().proxy is None


def test_who_voted_before_giving_a_proxy_goes_on_alone_and_the_holder_gets_nothing(coop, cast):
    felix = browser(cast, "felix")
    felix.take()
    proxy = given(cast.ballot.meeting, cast.felix, cast.ruth)
    with pytest.raises(Refused, match="It stands"):
        browser(cast, "ruth", proxy).take()
    assert felix.take().again
    with pytest.raises(Refused, match="You hold no such proxy"):
        browser(cast, "felix", cast.proxy).take()


def test_in_the_room_the_holder_gets_the_principals_paper(cast, samir):
    hand = {"actor": samir, "ballot": cast.ballot, "by_proxy": True}
    with pytest.raises(Refused, match="Nobody holds a proxy"):
        services.hand_out_paper(**hand, number=number(cast.felix))
    made = services.hand_out_paper(**hand, number=number(cast.amara))
    assert (made.channel, made.proxy) == ("paper", cast.proxy)
    with pytest.raises(Refused, match="It stands|given a paper"):
        browser(cast, "ruth", cast.proxy).take()


def test_raw_sql_strikes_nobody_off_beside_or_without_a_standing_proxy(cast):
    lines = cast.ballot.roll.entries
    entries = {who: lines.get(membership=membership(getattr(cast, who))).pk for who in ("amara", "felix")}
    insert = """INSERT INTO governance_strikeoff
                    (coop_id, ballot_id, entry_id, channel, blinded_hash, struck_at, proxy_id)
                VALUES (%s, %s, %s, 'online', repeat('a', 64), %s, {proxy})"""
    said = (cast.ballot.coop_id, cast.ballot.pk)
    now = clock.now()
    refused(insert.format(proxy="NULL"), *said, entries["amara"], now, says="takes it back before voting")
    other = insert.format(proxy=cast.proxy.pk)
    refused(other, *said, entries["felix"], now, says="only a proxy of this meeting that stands")
    services.revoke_proxy(actor=cast.amara, proxy=cast.proxy)
    refused(other, *said, entries["amara"], now, says="only a proxy of this meeting that stands")
    browser(cast, "amara").take()
    refused(f"UPDATE governance_strikeoff SET proxy_id = {cast.proxy.pk}", says="permission denied")


def test_the_member_and_the_holder_at_once_are_one_line(coop, cast):
    """Real connections: the member takes the proxy back and votes while the holder votes by it."""

    def act(who):
        me = Actor.of(getattr(cast, who).user, coop)
        if who == "amara":
            services.revoke_proxy(actor=me, proxy=cast.proxy)
        voter = Voter(me, cast.ballot, proxy=cast.proxy if who == "ruth" else None)
        voter.take()
        voter.cast([[0], [0]])
        return who

    answers = at_once(2, act, ["amara", "ruth"])
    won = [each for each in answers if isinstance(each, str)]
    assert len(won) == 1
    assert all(isinstance(each, Refused) for each in answers if each not in won)
    line = StrikeOff.objects.get()
    assert (line.proxy_id is not None) is (won == ["ruth"])


def test_the_holder_votes_on_the_principals_page(cast, client_of):
    at = f"/riverside/votes/{cast.ballot.pk}/"
    ruth, amara = client_of(cast.ruth), client_of(cast.amara)
    assert f"?for={cast.proxy.pk}" in ruth.get(at).content.decode()
    page = ruth.get(f"{at}?for={cast.proxy.pk}").content.decode()
    assert f"The ballot paper of {membership(cast.amara).party}" in page
    assert f'data-credential="{at}credential/?for={cast.proxy.pk}"' in page
    assert f'data-who="{number(cast.amara)}"' in page
    assert b"You gave your proxy to" in amara.get(at).content
    body = json.dumps({"blinded": [base64.b64encode(browser(cast, "ruth", cast.proxy).blind()).decode()]})
    posted = {"data": body, "content_type": "application/json"}
    assert client_of(cast.felix).post(f"{at}credential/?for={cast.proxy.pk}", **posted).status_code == 404
    assert ruth.post(f"{at}credential/?for={cast.proxy.pk}", **posted).status_code == 200
    assert StrikeOff.objects.get().proxy == cast.proxy
    assert ruth.get(f"{at}check/?for={cast.proxy.pk}").status_code == 200
    assert b"took your vote by proxy" in amara.get(at).content
