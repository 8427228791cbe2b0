"""Somebody who has left still reaches their own data and money, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from coop.kernel import clock, nav, rules, tokens
from coop.kernel.errors import NotAllowed, Refused
from coop.kernel.models import Office
from coop.kernel.tenancy import Actor, coops_of, path
from ledger.services import redemption
from members import services
from members.models import ChangeRequest, Party
from members.selectors.leaving import payout_by
from members.selectors.parting import still_owed
from tests.access.harness import EVERYBODY, all_cases
from tests.cast import make_user, signed_in
from tests.members.factories import dead, make_member
from tests.members.test_desk_pages import text

# Everything of the co-op that opens to somebody who has left, beside what opens to any login.
OPEN = """
    get ledger-api:money
    get ledger-api:money-account
    get ledger-api:money-lines
    get ledger:money
    get ledger:my-lines
    get ledger:my-mandate
    get ledger:payout-mine
    get ledger:statement
    get members-api:me
    get members-api:my-requests
    get members:me
    get members:me-data
    get members:me-details
    get members:me-looked
    get members:me-name
    get members:my-case
    get my-data
    patch members-api:me
    post ledger-api:money-account
    post ledger:my-mandate
    post members-api:my-requests
    post members:me-erase
"""


def test_this_and_nothing_else_opens_to_somebody_who_has_left():
    """The tables of the matrix, which are held against the code, say so."""
    strangers = EVERYBODY - {"anonymous"}
    found = {case.id for case in all_cases() if "former" in case.allowed and not strangers <= set(case.allowed)}
    assert found == {line.strip() for line in OPEN.strip().splitlines()}


def test_they_are_led_in_and_told_what_stays_open_and_what_is_owed(world, client_of):
    client, coop = client_of(world.former), world.coop
    assert coops_of(world.former.user) == [coop]
    answer = client.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, path(coop, "home"))
    page = client.get(path(coop, "home"))
    words, last = text(page), world.left_last
    assert f"You were a member until 31 December {last.year}." in words
    assert f"for your 5 shares was to be paid back by 30 June {last.year + 1}." in words
    assert "We do not know yet where to pay it." in words
    for name in ("ledger:money", "members:me-data", "members:me", "ledger:payout-mine"):
        assert f'href="{path(coop, name)}"' in page.content.decode()
    shown = nav.for_actor(Actor.of(world.former.user, coop), page.wsgi_request)
    assert [str(link.label) for link in shown.tabs] == ["Home", "Money", "My data", "Me"]
    assert shown.rail == ()


def test_my_membership_says_when_it_ended_and_no_act_of_a_member_is_offered(world, client_of):
    page = client_of(world.former).get(path(world.coop, "members:me"))
    words, sent = text(page), page.content.decode()
    assert f"You left on 31 December {world.left_last.year}." in words
    assert "was to be paid back by" in words
    for name in ("members:leave", "members:me-courses", "governance:votes"):
        assert path(world.coop, name) not in sent
    assert "vote" not in words.lower()


def test_money_shows_what_was_theirs_and_offers_no_act_on_shares(world, client_of):
    client, coop = client_of(world.former), world.coop
    page = client.get(path(coop, "ledger:money"))
    words = text(page)
    assert "€250.00 is still yours" in words
    assert path(coop, "ledger:certificate", pk=world.left_certificate.pk) in page.content.decode()
    assert path(coop, "ledger:my-ask-back") not in page.content.decode()
    paper = client.get(path(coop, "ledger:certificate", pk=world.left_certificate.pk))
    assert paper.content.startswith(b"%PDF")
    assert client.get(path(coop, "ledger:certificate", pk=world.certificate.pk)).status_code == 404


def test_before_its_day_the_money_is_promised_and_without_shares_nothing_is(world):
    """The day is the by-laws' time after the last day: six months (GenG § 73 (2))."""
    left = world.left
    day = payout_by(left)
    assert (day.month, day.day, day.year) == (6, 30, world.left_last.year + 1)
    assert still_owed(left, day)[0].sentence == f"€250.00 for your 5 shares is paid back by 30 June {day.year}."
    lean = make_member(world.coop, name="Lea Lean", on=day)
    assert still_owed(lean, day) == []


def test_their_requests_are_taken_back_and_their_data_leaves_with_them(world, client_of):
    client, coop = client_of(world.former), world.coop
    mine = client.get(path(coop, "my-data")).json()
    assert [each["number"] for each in mine["memberships"]] == [world.left.number]
    where = path(coop, "members:me-request-withdraw", pk=world.left_request.pk)
    assert client.post(where).status_code == 302
    assert ChangeRequest.objects.get(pk=world.left_request.pk).state == "withdrawn"
    other = path(coop, "members:me-request-withdraw", pk=world.request.pk)
    assert client.post(other).status_code == 404, "Amara's own"


def test_what_is_refused_says_that_it_is_for_members(world, client_of):
    answer = client_of(world.former).get(path(world.coop, "governance:votes"))
    assert answer.status_code == 403
    assert "Your membership has ended; your data and your money stay open to you." in text(answer)


@pytest.mark.parametrize(
    "act",
    [
        lambda w: services.give_notice(actor=w.former, membership=w.left, received_on=w.left_last),
        lambda w: services.withdraw_notice(actor=w.former, membership=w.left),
        lambda w: services.sign_up(actor=w.former, session=w.evening, learner=w.left.party),
        lambda w: redemption.ask_back(actor=w.former, membership=w.left, shares=5, on=clock.today(w.coop)),
    ],
    ids=["give notice", "stay", "take a course", "give shares back"],
)
def test_no_service_lets_somebody_who_has_left_act_as_a_member(world, act):
    """Whoever comes past the page."""
    with pytest.raises((Refused, NotAllowed)):
        act(world)


def test_a_token_opens_what_its_login_may_and_no_more(world, client_of):
    _token, secret = tokens.make(actor=world.former, name="Archive", reads_only=True, days=7)
    client = client_of(None)
    client.defaults["HTTP_AUTHORIZATION"] = f"Token {secret}"
    coop = world.coop.slug
    assert client.get(reverse("ledger-api:money", kwargs={"coop": coop})).json()["shares"] == 5
    assert client.get(reverse("governance-api:ballots", kwargs={"coop": coop})).status_code == 403


def test_a_former_member_of_another_co_op_is_a_stranger(world, client_of):
    client = client_of(world.former)
    for name in ("members:me", "members:me-data", "ledger:money", "governance:votes"):
        assert client.get(path(world.other_coop, name)).status_code == 404
    assert not rules.may(Actor.of(world.former.user, world.other_coop), "kernel.knows")


def nobody_here(world, user) -> bool:
    return coops_of(user) == [] and not rules.may(Actor.of(user, world.coop), "kernel.knows")


def test_the_erased_and_the_dead_reach_nothing(world):
    user = world.former.user
    services.withdraw_change(actor=world.former, request=world.left_request)
    assert not nobody_here(world, user)
    far = clock.today(world.coop).year + 30
    with clock.at(datetime(far, 1, 2, 12, tzinfo=UTC)):
        services.erase(actor=world.mei, party=world.left.party, scope="all", basis="Asked.")
    assert nobody_here(world, user)
    died = make_user("dora")
    dead(make_member(world.coop, user=died, name="Dora Dahl"))
    assert nobody_here(world, died)


def test_a_record_merged_away_opens_nothing_by_the_login_it_keeps(world):
    kept, twin = (Party.objects.get(pk=each.party_id) for each in (world.suspended, world.unmade))
    kept.account, twin.account = make_user("dele"), make_user("twin")
    kept.save(update_fields=["account"])
    twin.save(update_fields=["account"])
    assert coops_of(twin.account) == [world.coop]
    services.merge(actor=world.mei, kept=kept, other=twin, because="One person.", choose={"login": "kept"})
    twin.refresh_from_db()
    assert nobody_here(world, twin.account)
    assert coops_of(kept.account) == [world.coop]


@pytest.mark.parametrize(("name", "many"), [("home", 9), ("members:me", 18), ("ledger:money", 27)])
def test_their_pages_cost_so_many_queries(world, client_of, django_assert_num_queries, name, many):
    client = client_of(world.former)
    client.get(path(world.coop, name))
    with django_assert_num_queries(many):
        client.get(path(world.coop, name))


def test_whoever_stands_for_a_firm_that_left_sees_its_money_until_it_is_erased(world):
    coop, firm = world.coop, world.firm
    niamh = Party.objects.get(pk=world.stand_in.subject_id)
    niamh.account = make_user("niamh")
    niamh.save(update_fields=["account"])
    services.give_notice(actor=world.mei, membership=firm, received_on=clock.today(coop))
    far = clock.today(coop).year + 30
    with clock.at(datetime(far, 1, 2, 12, tzinfo=UTC)):
        services.end_due(coop)
        words = text(signed_in(niamh.account).get(path(coop, "home")))
        assert "The membership of Corrigan Ltd ended on 31 December" in words
        assert signed_in(niamh.account).get(path(coop, "ledger:money")).status_code == 200
        services.erase(actor=world.mei, party=firm.party, scope="all", basis="Asked.")
        assert nobody_here(world, niamh.account)


def test_an_officer_who_has_left_keeps_the_office_and_votes_no_more(world):
    Office.objects.create(coop=world.coop, user=world.former.user, role="auditor", starts_on="2020-01-01", reason="b 1")
    auditor = Actor.of(world.former.user, world.coop)
    assert rules.may(auditor, "kernel.belongs")
    assert rules.may(auditor, "ledger.read_books")
    assert not rules.may(auditor, "governance.vote")
    assert not rules.may(auditor, "ledger.act_on_own")
