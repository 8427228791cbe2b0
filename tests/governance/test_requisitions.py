"""Members ask for a meeting together: the share in words, the last signature starts the clock, the inbox says so."""

from datetime import timedelta

import pytest

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.models import AuditEvent, Mail
from coop.kernel.tenancy import Actor
from governance import services
from governance.models import Requisition, Support
from governance.requisition_law import Share
from governance.selectors.requisitions import needed, requisitions, threshold_in_words
from members.selectors.inbox import inbox, inbox_count
from tests.governance.factories import make_meeting, make_voter, membership
from tests.governance.test_concurrency import at_once
from tests.governance.test_database_promises import owner_refused, refused

pytestmark = pytest.mark.django_db(transaction=True)
ASKED = {"purpose": "A second shop", "reasons": "The first is full."}


def test_a_tenth_of_the_register_asks_and_the_clock_runs(coop, mei):
    people = [make_voter(coop) for _ in range(11)]
    with pytest.raises(Refused, match="says what for, and why"):
        services.begin_requisition(actor=people[0], purpose="A shop", reasons=" ")
    asked = services.begin_requisition(actor=people[0], **ASKED)
    day = f"{clock.today(coop):%-d %B %Y}"
    assert threshold_in_words(asked) == (
        f"On {day} 11 members stood on the register. 1 of 10 must ask together: 11 × 1 ÷ 10, rounded up, is 2."
        " (GenG § 45 (1), (2))"
    )
    assert asked.reached_at is None
    assert inbox(coop) == [] and inbox_count(coop) == 0  # noqa: PT018
    assert services.support_requisition(actor=people[0], requisition=asked).reached_at is None  # twice is once
    reached = services.support_requisition(actor=people[1], requisition=asked)
    assert reached.call_by == clock.today(coop) + timedelta(days=21)
    [line] = inbox(coop)
    assert (line.due, line.sentence) == (reached.call_by, "Members ask for a meeting: A second shop")
    assert inbox_count(coop) == 1
    assert [each.to for each in Mail.objects.filter(kind="governance.requisition_reached")] == ["mei@example.org"]
    with pytest.raises(Refused, match="theirs as well now"):
        services.withdraw_requisition(actor=people[0], requisition=asked)
    with pytest.raises(Refused, match="comes after it was asked for"):
        early = make_meeting(coop, starts_at=clock.now() - timedelta(hours=1))
        services.answer_requisition(actor=mei, requisition=asked, meeting=early)
    services.answer_requisition(actor=mei, requisition=asked, meeting=make_meeting(coop))
    assert AuditEvent.objects.get(kind="governance.requisition_answered").payload.body["in_time"] is True
    assert inbox(coop) == []
    with pytest.raises(Refused, match="has been answered"):
        services.support_requisition(actor=people[2], requisition=asked)


def test_the_by_laws_go_before_the_law_and_an_item_stays_with_its_meeting(coop, mei, other_coop):
    amara = make_voter(coop, "amara")
    services.set_requisition_rule(actor=mei, part=1, whole=3, call_within_days=7, cite="§ 20")
    meeting = make_meeting(coop)
    item = services.begin_requisition(actor=amara, meeting=meeting, **ASKED)
    assert (item.kind, item.whole, item.needed) == ("item", 3, 1)
    assert item.call_by == clock.today(coop) + timedelta(days=7)  # one of one member is enough
    with pytest.raises(Refused, match="agenda of another meeting"):
        services.answer_requisition(actor=mei, requisition=item, meeting=make_meeting(coop))
    services.answer_requisition(actor=mei, requisition=item, meeting=meeting)
    with pytest.raises(Refused, match="has not written down yet"):
        services.begin_requisition(actor=make_voter(other_coop, "olive"), **ASKED)
    with pytest.raises(Refused, match="The share is some of all members"):
        services.set_requisition_rule(actor=mei, part=2, whole=1, call_within_days=7, cite="")
    mine = services.begin_requisition(actor=make_voter(coop, "ruth"), **ASKED)
    assert mine.reached_at


def test_the_share_is_rounded_up_and_never_nobody():
    tenth = Share(1, 10, 21, "")
    assert [needed(n, tenth) for n in (1, 10, 11, 100, 101, 231)] == [1, 1, 2, 10, 11, 24]


def test_the_database_checks_the_arithmetic_the_count_and_the_history(coop, mei):
    amara, ruth = make_voter(coop, "amara"), make_voter(coop, "ruth")
    services.set_requisition_rule(actor=mei, part=1, whole=1, call_within_days=7, cite="§ 20")
    asked = services.begin_requisition(actor=amara, **ASKED)
    reach = "UPDATE governance_requisition SET reached_at = now(), call_by = now()"
    refused(reach, says="reached by enough members")
    owner_refused(reach, says="reached by enough members")
    for change in ("needed = 1", "members = 1", "part = 0", "reasons = 'x'"):
        refused(f"UPDATE governance_requisition SET {change}", says="what members asked for stands")
    copied = (
        "INSERT INTO governance_requisition (coop_id, kind, purpose, reasons, begun_by_id, begun_at, as_of, members,"
        " part, whole, needed, call_within_days, cite) SELECT coop_id, kind, 'x', 'x', begun_by_id, now(), now(), 10,"
        " 1, 3, {n}, 7, '' FROM governance_requisition"
    )
    refused(copied.format(n=3), says="begins with its share")
    refused(copied.format(n=5), says="begins with its share")
    sign = "INSERT INTO governance_support (coop_id, requisition_id, membership_id, at) VALUES (%s, %s, %s, now())"
    refused(sign, coop.pk, asked.pk, membership(amara).pk, says="support_once_a_member")
    services.support_requisition(actor=ruth, requisition=asked)
    refused("UPDATE governance_requisition SET call_by = call_by + 9", says="what members asked for stands")
    refused("DELETE FROM governance_requisition", says="permission denied")
    owner_refused("DELETE FROM governance_requisition", says="withdrawn, not deleted")
    refused("DELETE FROM governance_support", says="permission denied")
    owner_refused("UPDATE governance_requisitionrule SET whole = 99", says="Cannot update or delete")
    for table in ("requisition", "requisitionrule", "support"):
        owner_refused(f"TRUNCATE governance_{table} CASCADE", says="append-only")
    other = services.begin_requisition(actor=amara, **ASKED)
    services.withdraw_requisition(actor=amara, requisition=other)
    refused(sign, coop.pk, other.pk, membership(ruth).pk, says="only an open requisition")


def test_many_signing_at_once_reach_it_once(coop, mei):
    people = [make_voter(coop) for _ in range(6)]
    services.set_requisition_rule(actor=mei, part=1, whole=2, call_within_days=7, cite="§ 20")
    asked = services.begin_requisition(actor=people[0], **ASKED)
    work = lambda who: services.support_requisition(actor=Actor.of(who.user, coop), requisition=asked)  # noqa: E731
    answers = at_once(6, work, [*people[1:], people[1]])
    assert all(isinstance(each, Requisition) for each in answers), answers
    assert Support.objects.count() == 6
    assert Mail.objects.filter(kind="governance.requisition_reached").count() == 1


def test_through_the_pages(coop, mei, client_of):
    amara, ruth = make_voter(coop, "amara"), make_voter(coop, "ruth")
    member, other, desk = client_of(amara), client_of(ruth), client_of(mei)
    base = "/riverside/votes/requisitions/"
    rule = {"part": 1, "whole": 1, "call_within_days": 7, "cite": "§ 20"}
    assert desk.post(base + "rule/", rule | {"whole": 0}).status_code == 422
    assert desk.post(base + "rule/", rule).url == base
    assert member.post(base + "new/", {"purpose": "A shop"}).status_code == 422
    page = member.post(base + "new/", ASKED).url
    assert b"One more member is needed" in other.get(page).content
    assert other.post(page, {"act": "support"}).url == page
    assert b"The board calls it by" in other.get(page).content
    assert b"Members ask for a meeting: A second shop" in desk.get("/riverside/register/").content
    answering = make_meeting(coop, title="The members’ own")
    assert desk.post(page + "answer/", {"meeting": answering.pk}).url == page
    assert "Answered: The members’ own" in member.get(page).content.decode()
    assert member.post(page, {"act": "withdraw"}).status_code == 422


@pytest.mark.parametrize("rows", [1, 3])
def test_literal_queries(coop, mei, client_of, django_assert_num_queries, rows):
    amara = make_voter(coop, "amara")
    services.set_requisition_rule(actor=mei, part=1, whole=1, call_within_days=7, cite="§ 20")
    for _n in range(rows):
        last = services.begin_requisition(actor=amara, **ASKED)
    reader = client_of(amara)
    with django_assert_num_queries(LIST):
        assert len(requisitions(amara)) == rows and reader.get("/riverside/votes/requisitions/")  # noqa: PT018
    with django_assert_num_queries(ONE):
        reader.get(f"/riverside/votes/requisitions/{last.pk}/")


LIST, ONE = 15, 7
