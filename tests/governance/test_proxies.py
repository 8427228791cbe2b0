"""Proxies: the by-laws' rule, given and accepted, voted by, taken back; one member, one vote, whoever is quicker."""

from datetime import timedelta

import pytest

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.models import AuditEvent, Mail
from coop.kernel.tenancy import Actor
from governance import services
from governance.models import Proxy, RecordedVote, Resolution
from governance.selectors import papers_of, standing, standing_beside_proxy
from members.models import PaperLetter, Party
from tests.cast import make_user
from tests.governance.factories import (
    JOINED,
    close_and_count,
    make_ballot,
    make_meeting,
    make_roll,
    make_voter,
    marks,
    membership,
    question,
)
from tests.members.factories import make_class, make_member

pytestmark = pytest.mark.django_db


def take_proxies(meeting, *, per_holder=2, **more):
    more.setdefault("until", meeting.starts_at - timedelta(days=1))
    actor = Actor.system(meeting.coop)
    return services.set_proxy_rule(actor=actor, meeting=meeting, per_holder=per_holder, **more)


def give(meeting, principal, holder) -> Proxy:
    who = membership(holder)
    return services.give_proxy(actor=principal, meeting=meeting, number=who.number, name=str(who.party))


def given(meeting, principal, holder) -> Proxy:
    """Given and accepted."""
    return services.accept_proxy(actor=holder, proxy=give(meeting, principal, holder))


@pytest.fixture
def people(coop):
    return [make_voter(coop, who) for who in ("amara", "ruth", "felix", "priya")]


@pytest.fixture
def meeting(coop, people):
    return make_meeting(coop)


@pytest.fixture
def ballot(coop, meeting):
    return make_ballot(coop, roll=make_roll(coop, meeting=meeting))


def vote(actor, ballot, mark, proxy=None, **more):
    return services.cast_recorded(
        actor=actor, ballot=ballot, marks=marks(ballot, board=[], motion=[mark]), proxy=proxy, **more
    )


def test_whoever_wants_paper_hears_of_a_proxy_on_paper(coop, meeting, people):
    amara, ruth, *_others = people
    take_proxies(meeting)
    Party.objects.filter(account=ruth.user).update(by_post=True)
    given(meeting, amara, ruth)
    told = {"kind__startswith": "governance.proxy_"}
    assert [each.kind for each in PaperLetter.objects.filter(**told)] == ["governance.proxy_given"]
    assert [(each.kind, each.to) for each in Mail.objects.filter(**told)] == [
        ("governance.proxy_accepted", "amara@example.org")
    ]


def test_a_proxy_is_given_accepted_and_voted_by(coop, meeting, people, ballot):
    amara, ruth, *_others = people
    take_proxies(meeting)
    proxy = give(meeting, amara, ruth)
    assert not proxy.stands
    with pytest.raises(Refused, match="does not stand"):
        vote(ruth, ballot, 0, proxy)
    proxy = services.accept_proxy(actor=ruth, proxy=proxy)
    assert services.accept_proxy(actor=ruth, proxy=proxy).accepted_at == proxy.accepted_at
    vote(ruth, ballot, 1)
    first = vote(ruth, ballot, 1, proxy)
    again = vote(ruth, ballot, 0, proxy)
    assert again.replaces_id == first.pk
    assert (again.entry.number, again.cast_by) == (membership(amara).number, ruth.user)
    assert papers_of(question(ballot, "motion")) == {(0,): 1, (1,): 1}
    sent = list(Mail.objects.filter(kind__startswith="governance.proxy_").order_by("pk").values_list("kind", "to"))
    assert sent == [
        ("governance.proxy_given", "ruth@example.org"),
        ("governance.proxy_accepted", "amara@example.org"),
    ]
    cast = AuditEvent.objects.filter(kind="governance.vote_cast").latest("pk")
    assert cast.payload.body["channel"] == "proxy"


def test_the_principal_does_not_vote_beside_the_proxy(coop, meeting, people, ballot):
    amara, ruth, *_others = people
    take_proxies(meeting)
    proxy = given(meeting, amara, ruth)
    with pytest.raises(Refused, match="You gave your proxy to Ruth"):
        vote(amara, ballot, 0)
    vote(ruth, ballot, 0, proxy)
    services.revoke_proxy(actor=amara, proxy=proxy)
    with pytest.raises(Refused, match="Ruth voted for you by proxy on .*one member, one vote"):
        vote(amara, ballot, 1)
    with pytest.raises(Refused, match="does not stand"):
        vote(ruth, ballot, 1, proxy)
    assert papers_of(question(ballot, "motion")) == {(0,): 1}


def test_who_comes_in_person_first_takes_the_proxy_back(coop, meeting, people, ballot):
    amara, ruth, felix, _priya = people
    take_proxies(meeting)
    services.revoke_proxy(actor=amara, proxy=given(meeting, amara, ruth))
    vote(amara, ballot, 0)
    late = given(meeting, amara, felix)  # for what is still to come at this meeting
    with pytest.raises(Refused, match="A vote was cast for Amara Okafor already, and not by this proxy"):
        vote(felix, ballot, 1, late)
    beside = standing_beside_proxy(ballot, membership(amara), standing(ballot, membership(amara)), None)
    assert beside.sentence.startswith("You gave your proxy to Felix.")


def test_cap_chain_time_and_who_may_hold(coop, meeting, people, mei):
    amara, ruth, felix, priya = people
    with pytest.raises(Refused, match="takes no proxies"):
        give(meeting, amara, ruth)
    take_proxies(meeting, per_holder=1)
    first, second = give(meeting, amara, ruth), give(meeting, felix, ruth)
    services.accept_proxy(actor=ruth, proxy=first)
    with pytest.raises(Refused, match="holds as many proxies already"):
        services.accept_proxy(actor=ruth, proxy=second)
    with pytest.raises(Refused, match="holds as many proxies already"):
        give(meeting, priya, ruth)
    with pytest.raises(Refused, match="a vote is not handed on"):
        give(meeting, ruth, priya)
    with pytest.raises(Refused, match="a vote is not handed on"):
        give(meeting, priya, amara)
    with pytest.raises(Refused, match="given already"):
        give(meeting, amara, priya)
    with pytest.raises(Refused, match="held by somebody else"):
        give(meeting, priya, priya)
    with pytest.raises(Refused, match="this number and this name"):
        services.give_proxy(actor=priya, meeting=meeting, number=membership(amara).number, name="Ruth")
    with pytest.raises(Refused, match="not yours"):
        services.accept_proxy(actor=priya, proxy=second)
    make_member(coop, user=mei.user, on=JOINED)
    with pytest.raises(Refused, match="holds an office"):
        give(meeting, priya, mei)
    with clock.at(meeting.starts_at - timedelta(days=1)), pytest.raises(Refused, match="had to be given and accepted"):
        give(meeting, priya, felix)
    with pytest.raises(Refused, match="the rule it was given under stands"):
        take_proxies(meeting)


def test_only_within_the_class_where_the_by_laws_say_so(coop, meeting, people):
    take_proxies(meeting, holders="same_class")
    user = make_user("grower")
    make_member(coop, user=user, on=JOINED, member_class=make_class(coop, "producer"))
    with pytest.raises(Refused, match="a member of the same class"):
        give(meeting, people[0], Actor.of(user, coop))


def test_a_signed_form_stands_at_once_and_is_struck_out_with_a_reason(coop, meeting, people, mei):
    amara, ruth, *_others = people
    take_proxies(meeting)
    numbers = {"principal": membership(amara).number, "holder": membership(ruth).number}
    proxy = services.record_paper_proxy(actor=mei, meeting=meeting, **numbers)
    assert proxy.stands
    with pytest.raises(Refused, match="Say why"):
        services.strike_out_proxy(actor=mei, proxy=proxy, because=" ")
    ended = services.strike_out_proxy(actor=mei, proxy=proxy, because="She came herself.", in_person=True)
    assert ended.get_ended_display() == "the member came in person"
    with pytest.raises(Refused, match="has ended already"):
        services.strike_out_proxy(actor=mei, proxy=proxy, because="Twice.")
    assert Mail.objects.filter(kind="governance.proxy_ended").count() == 2


def test_three_quarters_of_those_present_proxies_included_with_investors_capped_at_a_tenth(coop):
    """The by-law of acceptance 7 through a real ballot: five in the room, two by proxy, three investors in all."""
    members = [make_voter(coop) for _ in range(6)]
    investors = []
    for n in range(3):
        user = make_user(f"investor{n}")
        make_member(coop, user=user, on=JOINED, member_class=make_class(coop, "investor"))
        investors.append(Actor.of(user, coop))
    kind = services.create_resolution_type(
        actor=Actor.system(coop),
        name="Change of the by-laws",
        conditions=[
            {
                "denominator": "present",
                "ratio": [3, 4],
                "at_least": True,
                "quorum": [1, 2],
                "cap": {"of_class": "Investor", "share": [1, 10]},
            }
        ],
    )
    meeting = make_meeting(coop)
    take_proxies(meeting)
    proxies = [given(meeting, members[4], members[0]), given(meeting, members[5], members[0])]
    roll = make_roll(coop, meeting=meeting)
    now = clock.now()
    ballot = services.create_ballot(
        actor=Actor.system(coop),
        title="By-laws",
        meeting=meeting,
        roll=roll,
        opens_at=now,
        closes_at=now + timedelta(hours=1),
    )
    services.add_question(
        actor=Actor.system(coop), ballot=ballot, method="motion", title="§ 4", text="New.", resolution_type=kind
    )
    ballot = services.open_ballot(actor=Actor.system(coop), ballot=ballot)
    for voter in members[:4]:
        vote(voter, ballot, 0)
    for proxy in proxies:
        vote(members[0], ballot, 0, proxy)
    for investor in investors:
        vote(investor, ballot, 1)
    close_and_count(ballot)
    decided = Resolution.objects.get(ballot=ballot)
    # Nine are present, two of them by proxy. Three investors weigh two thirds together beside six: 6 of 6 2/3.
    assert decided.sentence == (
        "9 took part; 5 were needed for the quorum. 6 of the 6.67 who took part were for it: 90.0\N{NO-BREAK SPACE}%."
        " At least three quarters was needed. The class Investor together counts for 1/10 of the votes, no more."
    )
    assert decided.carried
    assert RecordedVote.objects.filter(proxy__isnull=False).count() == 2
