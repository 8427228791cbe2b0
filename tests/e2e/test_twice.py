"""What people do to every page sooner or later: press twice, keep two tabs open, come back after a night.

Each time the thing happens once or not at all, and the page says which.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session

from coop.kernel.models import Job
from governance.models import Ballot, PaperBatch, RecordedVote, Roll
from ledger.models import Entry, PatronageImport, PatronageRecord, SurplusPlan
from ledger.services.accounts import create_chart
from members.models import Application, Membership
from tests.cast import PASSWORD
from tests.e2e.logins import with_login
from tests.e2e.people import PHONE, Person
from tests.governance.factories import make_ballot, make_meeting, make_roll, make_voter, question
from tests.ledger.factories import make_books
from tests.ledger.surplus_factories import YEAR, approved, make_import, make_plan
from tests.members.factories import make_application, make_class, make_member

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
POSTING = "ledger.post_distribution"


@pytest.fixture
def visitor(chromium, live_server):
    """Somebody with a browser of their own, signed in unless they are nobody."""
    made: list[Person] = []

    def make(actor=None, **more) -> Person:
        made.append(Person(chromium, live_server.url, actor.name if actor else "a stranger", **more))
        return made[-1].is_signed_in_as(actor.user, fresh=True) if actor else made[-1]

    yield make
    for each in made:
        each.found_nothing_wrong()
        each.context.close()


@pytest.fixture
def owing(coop):
    """Member 1 owes 10.00 for joining and 250.00 for five shares."""
    make_books(coop)
    return make_member(coop, name="Ada Byron", active=False)


class TestTwice:
    """The same button, pressed twice as fast as a hand can."""

    def test_a_payment(self, coop, lena, owing, visitor):
        treasurer = visitor(lena).open("/riverside/ledger/payments/new/?member=1").press_twice("Post the payment")
        treasurer.sees("Ada Byron has paid everything")
        assert Entry.objects.count() == 1
        assert Membership.objects.get().state == Membership.State.ACTIVE

    def test_an_application(self, coop, visitor):
        make_books(coop)
        make_class(coop, minimum_age=0, instalments=1)
        stranger = visitor().open("/riverside/join/")
        stranger.fill(given_names="Noor", family_name="Aziz", email="noor@example.net")
        stranger.fill(street="Mill Lane 1", postcode="12345", place="Riverside").tick("I have read the by-laws")
        stranger.page.wait_for_timeout(2100)
        stranger.press_twice("Send my application").sees("Thank you. Your application is in.")
        assert Application.objects.count() == 1

    def test_the_boards_decision(self, coop, mei, visitor):
        make_books(coop)
        for name in ("Ada Byron", "Mary Lee"):
            make_application(coop, name=name)
        secretary = visitor(mei).open("/riverside/register/sheets/new/").press_twice("Make the sheet")
        secretary.sees("applicants for")
        secretary.fill(resolution="B 1").press_twice("Record the decision")
        secretary.sees_one_of(
            "Resolution B 1", "This sheet has been decided; a decision is not changed, only followed."
        )
        secretary.open(secretary.page.url).sees("Resolution B 1")
        assert sorted(Membership.objects.values_list("number", flat=True)) == [1, 2]

    def test_a_roll_and_a_release(self, coop, samir, visitor):
        make_voter(coop)
        meeting = make_meeting(coop)
        officer = visitor(samir).open(f"/riverside/meetings/{meeting.pk}/freeze/").press_twice("Freeze the roll")
        officer.sees("1 of 1 on the roll may vote")
        ballot = make_ballot(coop, roll=Roll.objects.get(), released=False)
        officer.open(f"/riverside/ballots/{ballot.pk}/release/").press_twice("Release the ballot")
        officer.sees("Who has voted")
        assert Ballot.objects.get().state == Ballot.State.OPEN

    def test_papers(self, coop, samir, visitor):
        ballot = make_ballot(coop, roll=make_roll(coop, voters=9))
        names = "".join(f'"{each.name}"\n' for each in question(ballot).options.all())
        officer = visitor(samir).open(f"/riverside/ballots/{ballot.pk}/papers/{question(ballot).pk}/")
        officer.attach("papers.blt", f'4 2\n3 1 2 0\n0\n{names}"Board"\n'.encode(), kind="text/plain")
        officer.press_twice("Bring them in")
        officer.sees_one_of("3 papers of papers.blt are in", "This very file is in already; nothing was added.")
        assert PaperBatch.objects.count() == 1
        assert PaperBatch.objects.get().papers == 3

    def test_a_vote(self, coop, visitor):
        amara = make_voter(coop, "amara")
        ballot = make_ballot(coop, roll=make_roll(coop))
        voter = visitor(amara, width=PHONE).open(f"/riverside/votes/{ballot.pk}/").tick("Against")
        voter.press("Review my paper").press_twice("Cast my ballot").sees("Your vote is recorded.", "Against")
        assert RecordedVote.objects.count() == 1

    def test_a_file_of_purchases(self, coop, lena, owing, visitor):
        create_chart(coop=coop)
        treasurer = visitor(lena).open("/riverside/ledger/patronage/new/").attach("till.csv", b"member;sum\n1;5.00\n")
        treasurer.press_twice("Read the file").sees("One member bought €5.00")
        treasurer.press_twice("Record it").sees("€5.00")
        assert PatronageRecord.objects.count() == 1
        assert PatronageImport.objects.filter(state=PatronageImport.State.RECORDED).count() == 1

    def test_an_approval_and_a_posting(self, coop, lena, jonas, owing, visitor):
        make_import(lena, {1: "100.00"})
        plan = approved(make_plan(lena), lena, jonas)
        treasurer = (
            visitor(lena).open(f"/riverside/ledger/surplus/plans/{plan.pk}/post/").press_twice("Post the distribution")
        )
        treasurer.sees("Posting plan A for")
        assert Job.objects.filter(kind=POSTING).count() == 1


class TestTwoTabs:
    """What was decided in one tab is not undone by the other, which is older."""

    def test_a_vote(self, coop, visitor):
        amara = make_voter(coop, "amara")
        ballot = make_ballot(coop, roll=make_roll(coop))
        first, second = visitor(amara), visitor(amara)
        for tab in (first, second):
            tab.open(f"/riverside/votes/{ballot.pk}/")
        first.tick("Against").press("Review my paper").press("Cast my ballot").sees("Your vote is recorded.")
        second.tick("For").press("Review my paper").press("Cast my ballot").sees("You cast another paper at")
        assert list(RecordedVote.objects.values_list("replaces", flat=True)) == [None]
        second.sees("Your ballot paper").press("Review my paper").press("Cast my ballot").sees("Your vote is recorded.")
        assert RecordedVote.objects.count() == 2

    def test_a_payment(self, coop, lena, owing, visitor):
        first, second = visitor(lena), visitor(lena)
        for tab in (first, second):
            tab.open("/riverside/ledger/payments/new/?member=1")
        first.press("Post the payment").sees("Ada Byron has paid everything")
        second.press("Post the payment").sees("Please look at this again.", "is more than member 1 owes")
        assert Entry.objects.count() == 1

    def test_a_sheet(self, coop, mei, jonas, visitor):
        make_books(coop)
        make_application(coop, name="Ada Byron")
        secretary = visitor(mei).open("/riverside/register/sheets/new/").press("Make the sheet")
        board = visitor(jonas).open(secretary.page.url)
        secretary.fill(resolution="B 1").press("Record the decision").sees("Resolution B 1")
        board.fill(resolution="B 2").press("Record the decision")
        board.sees("This sheet has been decided; a decision is not changed, only followed.")
        assert Membership.objects.count() == 1

    def test_a_plan(self, coop, lena, owing, visitor):
        make_import(lena, {1: "100.00"})
        plan = make_plan(lena)
        first, second = visitor(lena), visitor(lena)
        first.open(f"/riverside/ledger/surplus/plans/{plan.pk}/")
        second.open(f"/riverside/ledger/surplus/plans/{plan.pk}/edit/")
        first.press("Put it before the members").sees("is before the members; it is no longer changed.")
        second.fill(title="Something else").press("Work it out")
        second.sees("Plan A was proposed; it is no longer changed.")
        assert SurplusPlan.objects.get().title == plan.title


class TestBack:
    """Back in the browser, to a form that has been sent, and sent once more."""

    def test_to_a_payment(self, coop, lena, owing, visitor):
        treasurer = visitor(lena).open("/riverside/ledger/payments/new/?member=1").press("Post the payment")
        treasurer.sees("Ada Byron has paid everything")
        treasurer.page.go_back(wait_until="load")
        treasurer.fill(amount="260.00").press("Post the payment").sees(
            "Please look at this again.", "is more than member 1 owes"
        )
        assert treasurer.status == 422
        assert Entry.objects.count() == 1

    def test_to_an_application(self, coop, visitor):
        make_books(coop)
        make_class(coop, minimum_age=0, instalments=1)
        stranger = visitor(width=PHONE).open("/riverside/join/")
        stranger.fill(given_names="Noor", family_name="Aziz", email="noor@example.net")
        stranger.fill(street="Mill Lane 1", postcode="12345", place="Riverside").tick("I have read the by-laws")
        stranger.page.wait_for_timeout(2100)
        stranger.press("Send my application").sees("Thank you. Your application is in.")
        stranger.page.go_back(wait_until="load")
        stranger.page.wait_for_timeout(2100)
        stranger.press("Send my application").sees_one_of(
            "Thank you. Your application is in.", "Please look at this again."
        )
        assert Application.objects.count() == 1

    def test_to_a_posting(self, coop, lena, jonas, owing, visitor):
        make_import(lena, {1: "100.00"})
        plan = approved(make_plan(lena), lena, jonas)
        treasurer = visitor(lena).open(f"/riverside/ledger/surplus/plans/{plan.pk}/post/")
        treasurer.press("Post the distribution").sees("Posting plan A for")
        treasurer.page.go_back(wait_until="load")
        treasurer.press("Post the distribution").sees("Posting plan A for")
        assert Job.objects.filter(kind=POSTING).count() == 1


class TestAfterANight:
    """The session is over; what was typed is not sent in anybody's name, and the way leads back."""

    def test_a_payment(self, coop, lena, owing, visitor):
        with_login(lena.user)
        treasurer = visitor(lena).open("/riverside/ledger/payments/new/?member=1")
        Session.objects.all().delete()
        treasurer.press("Post the payment").sees("Sign in")
        assert Entry.objects.count() == 0
        treasurer.fill(login=lena.user.email, password=PASSWORD).press("Sign in")
        treasurer.sees("Enter a share payment")
        assert Entry.objects.count() == 0

    def test_a_vote(self, coop, visitor):
        amara = make_voter(coop, "amara")
        ballot = make_ballot(coop, roll=make_roll(coop), lasts=timedelta(days=2))
        voter = visitor(amara, width=PHONE).open(f"/riverside/votes/{ballot.pk}/").tick("For").press("Review my paper")
        Session.objects.all().delete()
        voter.press("Cast my ballot").sees("Sign in")
        assert RecordedVote.objects.count() == 0

    def test_a_posting_asks_again_who_it_is(self, coop, lena, jonas, owing, visitor):
        make_import(lena, {1: "100.00"})
        plan = approved(make_plan(lena), lena, jonas)
        treasurer = visitor(lena).open(f"/riverside/ledger/surplus/plans/{plan.pk}/post/")
        treasurer.sees(f"Post plan A for {YEAR}?")
        treasurer.is_signed_in_as(lena.user)  # the same person, but not just now
        treasurer.press("Post the distribution").sees("Is it still you?")
        assert not Job.objects.filter(kind=POSTING)
        treasurer.fill(password="not the one").press("It is me").sees("Please look at this again.")
        assert not Job.objects.filter(kind=POSTING)

    def test_a_form_whose_pass_is_gone(self, coop, lena, owing, visitor):
        """Cookies were cleared and somebody signed in anew in another tab."""
        treasurer = visitor(lena).open("/riverside/ledger/payments/new/?member=1")
        treasurer.context.clear_cookies(name=settings.CSRF_COOKIE_NAME)
        treasurer.press("Post the payment").sees("This page was open too long.")
        assert Entry.objects.count() == 0
        treasurer.follow("Open the page anew").press("Post the payment").sees("Ada Byron has paid everything")
