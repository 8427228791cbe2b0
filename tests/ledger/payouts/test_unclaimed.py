"""Money nobody claims: only the old part, only after the letters, and back to whoever turns up, once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from coop.kernel import audit, clock
from coop.kernel.errors import Refused
from coop.kernel.models import Mail, User
from coop.kernel.tenancy import Actor
from ledger.models import Posting, UnclaimedLine, UnclaimedList, UnclaimedReturn
from ledger.selectors import unclaimed as selectors
from ledger.services import payouts, unclaimed
from ledger.services.payout_requests import name_account
from ledger.services.posting import mirror, reverse_entry
from ledger.unclaimed_laws import LAWS, law_of
from members.models import PaperLetter, Party
from tests.cast import make_officer
from tests.ledger.payout_factories import IBANS, make_run, owe, paid, ready, with_iban

pytestmark = pytest.mark.django_db
LINK = "https://coop.example/riverside/me/"
OLD = timedelta(days=6 * 366)


@pytest.fixture
def owed(coop, lena, buyers):
    """Amara is owed 30.00 from six years ago and 5.00 from today, Ben 1.10 of old interest, Carla only new money."""
    ready(coop, lena)
    with clock.at(clock.now() - OLD):
        owe(coop, buyers[1], refund=30_00)
        owe(coop, buyers[2], interest=1_10)
    owe(coop, buyers[1], refund=5_00)
    owe(coop, buyers[3], refund=9_00)
    return buyers


def drawn(lena, **changes):
    return unclaimed.draw_up(actor=lena, **{"years": 5, "notice_days": 30, "goes_to": "3200", **changes})


def booked(lena, coop):
    """A list whose letters went out a month ago, booked."""
    with clock.at(clock.now() - timedelta(days=31)):
        found = drawn(lena)
        unclaimed.send_letters(actor=lena, unclaimed=found, link=LINK)
    return unclaimed.book(actor=second(coop), unclaimed=found)


def second(coop):
    """A board member, who books what the treasurer listed."""
    user = User.objects.filter(email="jonas@example.org").first()
    return Actor.of(user, coop) if user else make_officer(coop, "jonas", "board")


def balance(membership, purpose="patronage_payable"):
    found = Posting.objects.filter(account__membership=membership, account__purpose=purpose)
    return -sum(found.values_list("amount", flat=True))


def reserve(coop):
    return -sum(Posting.objects.filter(coop=coop, account__code="3200").values_list("amount", flat=True))


def test_only_what_is_old_and_still_there_is_listed(coop, lena, jonas, owed):
    today = clock.today(coop)
    found = {each.number: each.total for each in selectors.dormant(coop, unclaimed.years_before(today, 5))}
    assert found == {1: 30_00, 2: 1_10}
    assert selectors.dormant(coop, unclaimed.years_before(today, 10)) == []
    with_iban(lena, owed[1])
    run = paid(make_run(lena), jonas)
    assert [each.number for each in selectors.dormant(coop, unclaimed.years_before(today, 5))] == [2]
    payouts.record_return(actor=lena, line=run.lines.get(number=1), on=today, because="closed")
    came_back = {each.number: each.total for each in selectors.dormant(coop, unclaimed.years_before(today, 5))}
    assert came_back == {1: 30_00, 2: 1_10}, "a payment that came back makes nothing younger"


def test_letters_first_then_the_days_then_one_entry(coop, lena, owed):
    found = drawn(lena)
    assert (found.count, found.total) == (2, 31_10)
    with pytest.raises(Refused, match="First the members are written to"):
        unclaimed.book(actor=second(coop), unclaimed=found)
    Party.objects.filter(pk=owed[2].party_id).update(by_post=True)
    assert unclaimed.send_letters(actor=lena, unclaimed=found, link=LINK) == 2
    assert PaperLetter.objects.get(kind="ledger.unclaimed").party_id == owed[2].party_id
    assert unclaimed.send_letters(actor=lena, unclaimed=found, link=LINK) == 0
    letter = Mail.objects.get(kind="ledger.unclaimed", subject_ref=f"membership:{owed[1].pk}")
    assert "€30.00 waits for you" in letter.subject
    assert LINK in letter.text
    with pytest.raises(Refused, match="have until"):
        unclaimed.book(actor=second(coop), unclaimed=found)
    with clock.at(clock.now() + timedelta(days=30)):
        done = unclaimed.book(actor=second(coop), unclaimed=found)
        assert unclaimed.book(actor=second(coop), unclaimed=found).entry_id == done.entry_id
    assert (done.state, done.booked_count, done.booked_total) == ("booked", 2, 31_10)
    assert (balance(owed[1]), balance(owed[2], "share_interest_payable"), reserve(coop)) == (5_00, 0, 31_10)
    assert list(audit.verify(coop)) == []


def test_who_answers_or_is_paid_is_left_out(coop, lena, jonas, owed):
    with clock.at(clock.now() - timedelta(days=31)):
        found = drawn(lena)
        unclaimed.send_letters(actor=lena, unclaimed=found, link=LINK)
    with_iban(lena, owed[1])
    done = unclaimed.book(actor=second(coop), unclaimed=found)
    assert (done.booked_count, done.booked_total, balance(owed[1])) == (1, 1_10, 35_00)
    with pytest.raises(Refused, match="Nothing of this member was booked"):
        unclaimed.give_back(actor=lena, line=found.lines.get(number=1), because="asked")


def test_who_asked_for_another_account_has_been_heard_of(coop, lena, amara, owed):
    with clock.at(clock.now() - timedelta(days=31)):
        with_iban(lena, owed[1])
        found = drawn(lena)
        unclaimed.send_letters(actor=lena, unclaimed=found, link=LINK)
    asked = name_account(actor=amara, party=owed[1].party, way="sepa", iban=IBANS[2])
    done = unclaimed.book(actor=second(coop), unclaimed=found)
    assert (asked.state, done.booked_count, balance(owed[1])) == ("open", 1, 35_00)


def test_somebody_turns_up_and_is_paid_once(coop, lena, jonas, owed):
    done = booked(lena, coop)
    line = done.lines.get(number=1)
    back = unclaimed.give_back(actor=lena, line=line, because="Found the letter behind the fridge.")
    assert unclaimed.give_back(actor=lena, line=line, because="again") == back
    assert (balance(owed[1]), reserve(coop)) == (35_00, 1_10)
    with_iban(lena, owed[1])
    assert make_run(lena).lines.get(number=1).amount == 35_00


def test_a_pay_out_and_a_list_keep_out_of_each_others_way(coop, lena, jonas, owed):
    with_iban(lena, owed[1])
    run = make_run(lena)
    with pytest.raises(Refused, match="Pay-out 1 is under way"):
        drawn(lena)
    payouts.cancel(actor=lena, run=run, because="first the list")
    assert booked(lena, coop).booked_count == 1, "Amara named her account after the letters"


def test_what_cannot_be_is_refused(coop, lena, jonas, mei, owed):
    from django.core.exceptions import PermissionDenied

    with pytest.raises(PermissionDenied):
        unclaimed.draw_up(actor=mei, years=5, notice_days=30, goes_to="3200")
    for wrong in ({"goes_to": "1000"}, {"goes_to": "nope"}, {"years": 0}, {"years": 20}):
        with pytest.raises(Refused):
            drawn(lena, **wrong)
    found = drawn(lena)
    with pytest.raises(Refused, match="Another list is under way"):
        drawn(lena)
    unclaimed.cancel(actor=lena, unclaimed=found, because="by mistake")
    assert drawn(lena).number == 2


@pytest.fixture
def role():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("rochdale_app",)


def test_the_database_keeps_list_booking_and_return_together(coop, lena, owed, role):
    done = booked(lena, coop)
    listed = UnclaimedList.objects.filter(pk=done.pk)
    line = done.lines.get(number=1)
    for attack in (
        lambda: listed.update(state="listed"),
        lambda: listed.update(total=1),
        lambda: UnclaimedLine.objects.filter(pk=line.pk).update(refund=1),
        lambda: UnclaimedReturn.objects.create(coop=coop, line=line, because="x", entry=done.entry),
        lambda: mirror(actor=lena, entry=done.entry, on=clock.today(coop), because="no"),
        lambda: listed.delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            attack()
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(Refused, match="given back on its list"):
        reverse_entry(actor=lena, entry=done.entry, on=clock.today(coop), because="no")


def test_a_list_is_not_booked_before_its_days_whatever_says_so(coop, lena, owed, role):
    entry = booked(lena, coop).entry
    with clock.at(clock.now() - OLD):
        owe(coop, owed[3], refund=1_00)
    found = drawn(lena)
    with pytest.raises(DatabaseError, match="after the letters"), transaction.atomic():
        UnclaimedList.objects.filter(pk=found.pk).update(
            state="booked", entry=entry, booked_at=clock.now(), booked_total=1, letters_on=date(2020, 1, 1)
        )


def test_nobody_books_what_they_listed_nor_more_than_was_listed(coop, lena, owed):
    with clock.at(clock.now() - timedelta(days=31)):
        found = drawn(lena)
        unclaimed.send_letters(actor=lena, unclaimed=found, link=LINK)
    with pytest.raises(PermissionDenied):
        unclaimed.book(actor=lena, unclaimed=found)
    with pytest.raises(DatabaseError, match="does not book it"), transaction.atomic():
        unclaimed.book(actor=Booker(lena), unclaimed=found)  # past the service's own question
    with pytest.raises(DatabaseError, match="and its lines disagree"), transaction.atomic():
        UnclaimedLine.objects.create(
            coop=coop, unclaimed=found, membership=owed[3], number=3, refund=9_00, since=date(2020, 1, 1)
        )
        unclaimed.book(actor=second(coop), unclaimed=found)


class Booker:
    """Lena, to whom every right is given."""

    is_system = False

    def __init__(self, lena):
        self.coop, self.coop_id, self.user, self.user_id = lena.coop, lena.coop_id, lena.user, None

    def holds(self, *roles):
        return True


def test_every_law_has_its_source_and_its_own_rule(coop):
    assert all(law.cite and law.years and law.as_of for law in LAWS.values())
    coop.law = "us-state"
    assert (law_of(coop).listed_from, law_of(coop).goes_to) == (50_00, "state")
    coop.law = "somewhere-new"
    assert law_of(coop).code == "generic"
    assert unclaimed.years_before(date(2024, 2, 29), 5) == date(2019, 2, 28)


def test_from_the_page_to_the_file(coop, lena, owed, client_of):
    desk = client_of(lena)

    def at(name, **more):
        return reverse(f"ledger:{name}", kwargs={"coop": coop.slug, **more})

    assert "2 members have not claimed" in desk.get(at("unclaimed")).content.decode()
    drawn_up = desk.post(at("unclaimed-new"), {"years": 5, "notice_days": 0, "goes_to": "3200"})
    found = UnclaimedList.objects.get()
    assert drawn_up["Location"] == at("unclaimed-list", pk=found.pk)
    desk.post(at("unclaimed-letters", pk=found.pk))
    assert desk.get(at("unclaimed-book", pk=found.pk)).status_code == 403  # she drew it up
    assert "Somebody else has to book it" in desk.get(at("unclaimed-list", pk=found.pk)).content.decode()
    board = client_of(second(coop))
    assert "Look and book it" in board.get(at("unclaimed-list", pk=found.pk)).content.decode()
    assert "Book €31.10 as unclaimed?" in board.get(at("unclaimed-book", pk=found.pk)).content.decode()
    board.post(at("unclaimed-book", pk=found.pk))
    page = desk.get(at("unclaimed-list", pk=found.pk)).content.decode()
    assert "of 2 members went to “Statutory reserve”" in page
    assert "€31.10" in page
    text = desk.get(at("unclaimed-file", pk=found.pk)).content.decode("utf-8-sig")
    assert text.splitlines()[-1].startswith("total,2,")
    assert ",30.00,yes," in text
    desk.post(at("unclaimed-back", pk=found.pk, number=1), {"because": "came by"})
    assert "came by" in desk.get(at("unclaimed-list", pk=found.pk)).content.decode()


def test_the_list_asks_the_same_queries_for_one_line_and_for_three(coop, lena, owed, django_assert_num_queries):
    found = drawn(lena)
    with django_assert_num_queries(1):
        assert len([(row.booked, row.answered, row.membership.party.name) for row in selectors.lines(found)]) == 2
    with django_assert_num_queries(1):
        selectors.dormant(coop, clock.today(coop))
