"""What the database itself refuses about proxies, by raw SQL as its role, and what many at once leave behind."""

from datetime import timedelta
from functools import partial

import pytest

from coop.kernel import audit, clock
from coop.kernel.errors import Refused
from coop.kernel.tenancy import Actor
from governance import services
from governance.models import Proxy, RecordedVote
from governance.selectors import papers_of
from tests.governance.factories import make_ballot, make_meeting, make_roll, make_voter, marks, membership, question
from tests.governance.test_concurrency import at_once
from tests.governance.test_database_promises import COPY, owner_refused, refused
from tests.governance.test_proxies import give, given, take_proxies, vote

pytestmark = pytest.mark.django_db(transaction=True)

GIVE = """
    INSERT INTO governance_proxy
        (coop_id, meeting_id, principal_id, holder_id, on_paper, given_at, accepted_at, ended, ended_because)
    VALUES (%s, %s, %s, %s, true, {at}, {at}, '', '')
"""


def test_the_database_holds_rule_cap_chain_time_and_history(coop):
    amara, ruth, felix, priya = people = [make_voter(coop) for _ in range(4)]
    meeting = make_meeting(coop)

    def slip(principal, holder, says, at="now()"):
        row = (coop.pk, meeting.pk, membership(principal).pk, membership(holder).pk)
        refused(GIVE.format(at=at), *row, says=says)

    slip(amara, ruth, "takes no proxies")
    take_proxies(meeting, per_holder=1)
    slip(amara, ruth, "given and accepted in time", at="now() + interval '13 days'")
    proxy = given(meeting, amara, ruth)
    slip(felix, ruth, "as many proxies as one may hold")
    slip(amara, felix, "proxy_one_a_principal")
    slip(ruth, felix, "who holds a proxy gives none")
    slip(felix, amara, "who gave one holds none")
    slip(felix, felix, "proxy_is_somebody_else")
    for change in (f"holder_id = {membership(felix).pk}", "accepted_at = NULL", "given_at = now()"):
        refused(f"UPDATE governance_proxy SET {change}", says="accepted once and ended once")
    refused("UPDATE governance_proxy SET ended_at = now()", says="proxy_ends_in_some_way")
    refused("UPDATE governance_proxyrule SET per_holder = 9", says="stands once one was given")
    for table in ("proxy", "proxyrule"):
        refused(f"DELETE FROM governance_{table}", says="permission denied")
        owner_refused(f"TRUNCATE governance_{table} CASCADE", says="append-only")
    owner_refused("DELETE FROM governance_proxy", says="ended, not deleted")
    services.revoke_proxy(actor=amara, proxy=proxy)
    refused("UPDATE governance_proxy SET ended_at = NULL, ended = ''", says="accepted once and ended once")
    assert len(people) == 4


def test_no_vote_beside_a_proxy_and_none_by_one_that_does_not_stand(coop):
    amara, ruth = make_voter(coop), make_voter(coop)
    meeting = make_meeting(coop)
    take_proxies(meeting)
    ballot = make_ballot(coop, roll=make_roll(coop, meeting=meeting))
    before = vote(amara, ballot, 0)
    again = COPY.replace("entry_id, replaces_id,", "entry_id, replaces_id, proxy_id,").replace(
        "{entry}, {replaces},", "{entry}, {replaces}, {proxy},"
    )
    put = {"entry": "entry_id", "replaces": "id", "marks": "marks", "at": "cast_at"}
    proxy = given(meeting, amara, ruth)
    refused(again.format(**put, proxy="NULL"), before.pk, says="takes it back before voting")
    refused(again.format(**put, proxy=proxy.pk), before.pk, says="replaces only the same person")
    services.revoke_proxy(actor=amara, proxy=proxy)
    refused(again.format(**{**put, "replaces": "NULL"}, proxy=proxy.pk), before.pk, says="that stands votes for its")


def test_six_accepted_at_once_by_one_holder_leave_two(coop):
    holder, principals = make_voter(coop), [make_voter(coop) for _ in range(6)]
    meeting = make_meeting(coop)
    take_proxies(meeting, per_holder=2)
    asked = [give(meeting, each, holder) for each in principals]
    answers = at_once(6, lambda p: services.accept_proxy(actor=Actor.of(holder.user, coop), proxy=p), asked)
    assert sum(isinstance(each, Proxy) for each in answers) == 2
    assert all(isinstance(each, Proxy | Refused) for each in answers), answers
    assert Proxy.objects.standing().count() == 2


def test_principal_and_holder_at_once_are_one_vote(coop):
    pairs = [(make_voter(coop), make_voter(coop)) for _ in range(5)]
    meeting = make_meeting(coop)
    take_proxies(meeting)
    ballot = make_ballot(coop, roll=make_roll(coop, meeting=meeting), board=())
    works = []
    for principal, holder in pairs:
        proxy = given(meeting, principal, holder)

        def in_person(principal=principal, proxy=proxy):
            me = Actor.of(principal.user, coop)
            services.revoke_proxy(actor=me, proxy=proxy)
            return services.cast_recorded(actor=me, ballot=ballot, marks=marks(ballot, motion=[0]))

        def by_proxy(holder=holder, proxy=proxy):
            me = Actor.of(holder.user, coop)
            return services.cast_recorded(actor=me, ballot=ballot, marks=marks(ballot, motion=[1]), proxy=proxy)

        works += [in_person, by_proxy]
    answers = at_once(len(works), lambda work: work(), works)
    assert all(isinstance(each, RecordedVote | Refused) for each in answers), answers
    current = list(RecordedVote.objects.filter(ballot=ballot).current().values_list("entry_id", flat=True))
    assert len(current) == len(set(current)) == 5
    assert sum(papers_of(question(ballot, "motion")).values()) == 5
    assert list(audit.verify(coop)) == []


def test_accepting_ending_and_voting_in_person_at_once_is_an_answer_each(coop):
    """Nobody waits for another in a circle, and whoever comes too late is told so in a sentence."""
    people = [(make_voter(coop), make_voter(coop)) for _ in range(8)]
    meeting = make_meeting(coop)
    take_proxies(meeting)
    ballot = make_ballot(coop, roll=make_roll(coop, meeting=meeting), board=())
    works = []
    for principal, holder in people:
        proxy, me, them = give(meeting, principal, holder), Actor.of(principal.user, coop), Actor.of(holder.user, coop)
        works += [
            partial(services.accept_proxy, actor=them, proxy=proxy),
            partial(services.revoke_proxy, actor=me, proxy=proxy),
            partial(services.cast_recorded, actor=me, ballot=ballot, marks=marks(ballot, motion=[0])),
        ]
    answers = at_once(len(works), lambda work: work(), works)
    assert all(isinstance(each, RecordedVote | Proxy | Refused) for each in answers), answers
    assert not Proxy.objects.standing().exists()


def test_the_time_for_proxies_is_also_the_databases(coop):
    """A clock of ours set back does not help: what lies ahead when the rule is set is held to the database's clock."""
    import time

    amara, ruth = make_voter(coop), make_voter(coop)
    meeting = make_meeting(coop)
    take_proxies(meeting, until=clock.now() + timedelta(seconds=1))
    time.sleep(1.1)
    early = "now() - interval '1 hour'"
    row = (coop.pk, meeting.pk, membership(amara).pk, membership(ruth).pk)
    refused(GIVE.format(at=early), *row, says="given and accepted in time")
