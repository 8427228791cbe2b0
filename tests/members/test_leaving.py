"""Leaving, staying after all, dying, living together; the register on the days around it."""

from datetime import UTC, date, datetime, time

import pytest
from django.db import IntegrityError, transaction

from coop.kernel import audit, clock
from coop.kernel.errors import NotAllowed, Refused
from coop.kernel.models import Mail
from coop.kernel.tenancy import Actor, path
from members import selectors, services
from members.models import Membership
from members.services import history

from .factories import make_class, make_member
from .test_desk_pages import text

pytestmark = pytest.mark.django_db


def on(day: str):
    return clock.at(datetime.combine(date.fromisoformat(day), time(12), tzinfo=UTC))


def names(coop, as_at: str, known=None) -> dict:
    lines = selectors.register(coop, date.fromisoformat(as_at), known or clock.now())
    return {line.name: line for line in lines}


def test_register_at_31_december_with_a_member_whose_exit_takes_effect_on_1_january(coop):
    system = Actor.system(coop)
    hanna = make_member(coop, name="Hanna Krol", on=date(2020, 7, 8), street="Old Lane 1", place="Kiel")
    with on("2024-09-30"):
        services.give_notice(actor=system, membership=hanna, received_on=date(2024, 9, 30))
    with on("2025-01-02"):
        assert services.end_due(coop) == 1
        assert services.end_due(coop) == 0
        told = clock.now()
    with on("2025-02-10"):  # two things are put right: she had moved in November, and the name had a slip
        services.change_details(
            actor=system, party=hanna.party, on=date(2024, 11, 15), street="New Lane 2", place="Kiel"
        )
        services.change_details(
            actor=system, party=hanna.party, on=date(2020, 7, 8), family_name="Król", given_names="Hanna"
        )
    then, since = names(coop, "2024-12-31", told), names(coop, "2024-12-31")
    assert (list(then), then["Hanna Krol"].address, then["Hanna Krol"].state) == (
        ["Hanna Krol"],
        "Old Lane 1, Kiel",
        "active",
    )
    assert (list(since), since["Hanna Król"].address) == (["Hanna Król"], "New Lane 2, Kiel")
    assert names(coop, "2024-10-31")["Hanna Król"].address == "Old Lane 1, Kiel"
    assert names(coop, "2025-01-01") == {}
    hanna.refresh_from_db()
    assert (hanna.state, hanna.ending, hanna.ends_on) == ("ended", "resigned", date(2024, 12, 31))


def test_three_months_notice_to_the_end_of_a_calendar_year(coop, theo, client_of):
    theos = make_member(coop, user=theo.user, on=date(2020, 1, 1))
    other = make_member(coop, name="Late Larch", on=date(2020, 1, 1))
    with on("2026-09-30"):
        words = text(client_of(theo).get(path(coop, "members:leave")))
        assert "If you leave today, your last day is 31 December 2026." in words
        assert "For that day notice may arrive until 30 September 2026" in words
        assert "paid back by 30 June 2027" in words
        assert client_of(theo).post(path(coop, "members:leave")).status_code == 302
    with on("2026-10-01"):
        services.give_notice(actor=Actor.system(coop), membership=other, received_on=date(2026, 10, 1))
    theos.refresh_from_db()
    other.refresh_from_db()
    assert (theos.ends_on, other.ends_on) == (date(2026, 12, 31), date(2027, 12, 31))
    letter = Mail.objects.get(kind="members.notice_received", to="theo@example.org")
    assert "31 December 2026 is your last day" in letter.text
    assert "The notice period of 3 months runs out on 30 December 2026." in letter.text


def test_notice_can_be_taken_back_until_the_last_day_is_over(coop, theo, client_of):
    membership = make_member(coop, user=theo.user, on=date(2020, 1, 1))
    with on("2024-09-30"):
        client_of(theo).post(path(coop, "members:leave"))
    with on("2024-12-31"):
        words = text(client_of(theo).get(path(coop, "members:leave")))
        assert "Your last day is 31 December 2024." in words
        assert client_of(theo).post(path(coop, "members:stay")).status_code == 302
        membership.refresh_from_db()
        assert (membership.ends_on, membership.notice_on, membership.state) == (None, None, "active")
    with on("2025-09-30"):
        services.give_notice(actor=Actor.of(theo.user, coop), membership=membership, received_on=date(2025, 9, 30))
    with on("2026-01-01"), pytest.raises(Refused, match="has ended"):
        services.withdraw_notice(actor=Actor.system(coop), membership=membership)
    with on("2026-01-01"):
        assert "You left on 31 December 2025." in text(client_of(theo).get(path(coop, "members:me")))
        for name in ("leave", "stay"):
            assert client_of(theo).post(path(coop, f"members:{name}")).status_code == 403, "who has left has no notice"


def test_notice_is_refused_where_it_makes_no_sense(coop, mei, theo):
    membership = make_member(coop, name="Hanna Krol", on=date(2024, 1, 9))
    for received, code in (("2023-12-31", "before_admission"), ("2100-01-01", "in_the_future")):
        with pytest.raises(Refused) as refused:
            services.give_notice(actor=mei, membership=membership, received_on=date.fromisoformat(received))
        assert (refused.value.code, refused.value.field) == (code, "received_on")
    with pytest.raises(NotAllowed):
        services.give_notice(actor=theo, membership=membership, received_on=clock.today(coop))
    with pytest.raises(Refused, match="nothing to take back"):
        services.withdraw_notice(actor=mei, membership=membership)
    services.give_notice(actor=mei, membership=membership, received_on=clock.today(coop))
    with pytest.raises(Refused, match="already ending"):
        services.give_notice(actor=mei, membership=membership, received_on=clock.today(coop))


def test_the_secretary_sees_the_day_before_writing_it_down(coop, mei, client_of):
    make_member(coop, name="Hanna Krol", on=date(2024, 1, 9))
    address = path(coop, "members:record-notice", number=1)
    client = client_of(mei)
    shown = client.post(address, {"received_on": "2026-09-30", "act": "preview"})
    assert "The last day would be 31 December 2026" in text(shown)
    assert Membership.objects.get().ends_on is None
    assert client.post(address, {"received_on": "2026-09-30", "act": "record"}).status_code == 302
    assert "Leaving 31 Dec 2026" in text(client.get(path(coop, "members:list"), {"tab": "leaving"}))
    assert client.post(path(coop, "members:record-stay", number=1)).status_code == 302
    assert client.post(path(coop, "members:record-stay", number=1)).status_code == 422


def test_a_class_has_its_own_rule_before_the_laws(coop):
    quick = make_class(coop, "supporter", notice_rule={"to": "month_end", "months": 1})
    membership = make_member(coop, name="Ivo Santini", on=date(2024, 1, 9), member_class=quick)
    with on("2026-02-01"):
        services.give_notice(actor=Actor.system(coop), membership=membership, received_on=date(2026, 2, 1))
    membership.refresh_from_db()
    assert membership.ends_on == date(2026, 3, 31)


def test_a_dead_member_does_not_vote_and_the_heirs_hold_until_the_year_ends(coop, mei):
    membership = make_member(coop, name="Otto Brandt", on=date(2016, 5, 4))
    heir = make_member(coop, name="Ida Brandt", on=date(2017, 5, 4)).party
    party = membership.party
    with on("2026-04-10"):
        with pytest.raises(Refused, match="before the death"):
            services.name_heir(actor=mei, deceased=party, heir=heir, on=date(2026, 4, 10), evidence="Will")
        services.record_death(actor=mei, party=party, died_on=date(2026, 4, 2), evidence="Certificate 4/2026")
        party.refresh_from_db()
        services.name_heir(actor=mei, deceased=party, heir=heir, on=date(2026, 4, 10), evidence="Will", represents=True)
        with pytest.raises(Refused, match="already stands for the heirs"):
            services.name_heir(
                actor=mei, deceased=party, heir=heir, on=date(2026, 4, 10), evidence="Will", represents=True
            )
        with pytest.raises(Refused, match="already on the register"):
            services.record_death(actor=mei, party=party, died_on=date(2026, 4, 2), evidence="Certificate")
    membership.refresh_from_db()
    assert (membership.ends_on, membership.ending) == (date(2026, 12, 31), "died")
    before = {line.name: line.eligible for line in selectors.roll_candidates(coop, date(2026, 4, 1))}
    after = {line.name: line for line in selectors.roll_candidates(coop, date(2026, 4, 2))}
    assert before["Otto Brandt"] is True
    assert after["Otto Brandt"].reasons == ("This member has died.",)
    with on("2027-01-01"):
        assert services.end_due(coop) == 1
    assert "Otto Brandt" not in names(coop, "2027-01-01")


def test_a_household_of_three_one_vote_the_database_refuses_the_second(coop, mei):
    consumer = make_class(coop, "consumer", household="one_vote")
    home = [
        make_member(coop, name=f"{name} Bakr", on=date(2024, 2, 1), member_class=consumer)
        for name in ("Ruth", "Omar", "Lea")
    ]
    household = services.form_household(actor=mei, name="Quay 7", memberships=home, voter=home[0])
    today = clock.today(coop)
    lines = {line.name: line for line in selectors.roll_candidates(coop, today)}
    assert [name for name, line in lines.items() if line.eligible] == ["Ruth Bakr"]
    assert lines["Omar Bakr"].reasons == ("Somebody else casts the one vote of this household.",)
    for second in home[1:]:
        with pytest.raises(IntegrityError, match="membership_one_vote_a_household"), transaction.atomic():
            Membership.objects.filter(pk=second.pk).update(votes_for_household=household)
    home[1].refresh_from_db()
    services.move_vote(actor=mei, household=household, to=home[1])
    eligible = [line.name for line in selectors.roll_candidates(coop, today) if line.eligible]
    assert eligible == ["Omar Bakr"]
    services.leave_household(actor=mei, membership=home[2])
    eligible = [line.name for line in selectors.roll_candidates(coop, today) if line.eligible]
    assert eligible == ["Omar Bakr", "Lea Bakr"]
    with pytest.raises(Refused, match="already belongs"):
        services.form_household(actor=mei, name="Quay 8", memberships=[home[1], home[2]], voter=home[2])
    assert list(audit.verify(coop)) == []
    for each in home:
        events = list(each.events.order_by("seq"))
        assert [event.hash for event in events] == [history.event_hash(event) for event in events]


@pytest.mark.parametrize(
    ("numbers", "words"),
    [("1", "at least two"), ("1, x", "“x” is not a member number"), ("1 99", "Nobody here has the number 99")],
)
def test_households_of_nobody_are_refused_beside_their_field(coop, mei, client_of, numbers, words):
    make_member(coop)
    page = client_of(mei).post(path(coop, "members:household-new"), {"name": "Quay 7", "numbers": numbers})
    assert page.status_code == 422
    assert words in text(page)


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_of_households_takes_the_same_queries(coop, mei, client_of, django_assert_num_queries, rows):
    for n in range(rows):
        pair = [make_member(coop), make_member(coop)]
        services.form_household(actor=mei, name=f"Quay {n}", memberships=pair, voter=pair[0])
    client = client_of(mei)
    client.get(path(coop, "members:households"))
    with django_assert_num_queries(10):
        client.get(path(coop, "members:households"))
