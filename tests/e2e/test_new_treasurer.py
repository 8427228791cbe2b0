"""A treasurer who has never seen it, with nothing but the pages: from a file with mistakes to the file for the bank.

Nothing is typed into the address line after the first page: every next step has to be on the page before it. What the
way costs is counted in pages, not in seconds: thirty-eight pages at a quarter of a minute each are under ten minutes,
and a page more shows up here.
"""

from __future__ import annotations

from datetime import date

import pytest
from playwright.sync_api import expect

from coop.kernel import clock
from coop.kernel.models import Job
from ledger import tasks
from ledger.selectors.patronage import years_to_record
from tests.e2e.people import Person
from tests.governance.factories import carried_resolution
from tests.ledger.factories import make_books, make_entry
from tests.ledger.payout_factories import ready, with_iban
from tests.members.factories import make_member

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MISTAKES = (
    "Member No;Name;Net sales\n1;Ada;1.200,50\n1;Ada again;3,00\n2;Mary;799,50\n77;Nobody;5,00\nTotal;;2.008,00\n"
)
CORRECTED = "Member No;Name;Net sales\n1;Ada;1.200,50\n2;Mary;799,50\nnon-members;;500,00\nTotal;;2.500,00\n"
LENAS_PAGES, JONAS_PAGES = 31, 7


@pytest.fixture
def visitor(chromium, live_server):
    """Somebody signed in, whose pages are counted."""
    made: list[Person] = []

    def make(actor) -> Person:
        person = Person(chromium, live_server.url, actor.name).is_signed_in_as(actor.user, fresh=True)
        person.pages = []
        person.page.on("load", lambda page: person.pages.append(page.url))
        made.append(person)
        return person

    yield make
    for each in made:
        each.found_nothing_wrong()
        each.context.close()


def rail(person: Person, words: str) -> Person:
    return person.follow(words, within=person.page.locator(".rail"))


def work(kind: str, task) -> None:
    """What the worker does with the newest job of this kind."""
    task(Job.objects.filter(kind=kind).latest("pk").pk)


def test_from_a_file_with_mistakes_to_the_bank(coop, lena, jonas, visitor):
    make_books(coop)
    ready(coop, lena)
    members = [make_member(coop, name=name, on=date(2020, 5, 1)) for name in ("Ada Byron", "Mary Lee")]
    for place, member in enumerate(members):
        with_iban(lena, member, place)
    year = make_year(coop)

    treasurer = visitor(lena).open(f"/{coop.slug}/")
    the_file_comes_in(treasurer, year)
    two_plans_side_by_side(treasurer)
    carried_resolution(coop, "What we do with the surplus")
    rail(treasurer, "Today").sees("Link the members’ decision to plan B").follow("Open the plan")
    treasurer.press("The members carried it").sees("Opens once a second officer has approved it.")

    board = visitor(jonas).open(f"/{coop.slug}/").sees("Approve the surplus plan Half in cash").follow("Read it")
    board.follow("Read and approve it").tick("I have read this plan line by line").press("Approve this plan")

    rail(treasurer, "Today").sees("Post plan B for").follow("Open the plan")
    treasurer.follow("Post the distribution").press("Post the distribution").sees("You may leave this page")
    work("ledger.post_distribution", tasks.post_distribution)
    treasurer.follow("See the result").sees("Plan B is posted").follow("Tell the members")
    treasurer.press("Send the letters")
    work("ledger.send_notices", tasks.send_notices)
    treasurer.follow("See the result").sees("All 2 members were told").follow("Back to the plan")
    treasurer.follow("Pay it out").follow("Draw up a pay-out").press("Draw it up").sees("Waits for release")

    rail(board, "Overview").sees("Pay-out 1 waits for a second officer").follow("Look and release")
    board.press("Release this pay-out")
    work("ledger.post_payout", tasks.post_payout)
    rail(treasurer, "Pay-outs").follow("Pay-out 1").sees("Released and posted")
    name, content = treasurer.download("File for the bank")
    assert name.endswith(".xml")
    assert b"<CtrlSum>160.00</CtrlSum>" in content
    treasurer.sees_not("Draw up a pay-out")
    assert (len(treasurer.pages), len(board.pages)) == (LENAS_PAGES, JONAS_PAGES), (treasurer.pages, board.pages)


def make_year(coop) -> int:
    """The last year that is over, with 500.00 earned: four fifths of the turnover came from members."""
    last = next(each for each in years_to_record(coop, clock.today(coop)) if not each.is_running)
    make_entry(coop, "bank", "sales_members", 2_000_00, on=last.ends_on)
    make_entry(coop, "bank", "sales_others", 500_00, on=last.ends_on)
    make_entry(coop, "bank_charges", "bank", 2_000_00, on=last.ends_on)
    return last.year


def the_file_comes_in(treasurer: Person, year: int) -> None:
    rail(treasurer, "Purchases").follow("Bring in a file")
    expect(treasurer.main.locator("[name=year]")).to_have_value(str(year))  # nothing to choose: the last one that ended
    treasurer.attach("till.csv", MISTAKES.encode("cp1252")).press("Read the file").sees("2 lines cannot be taken")
    treasurer.sees("Line 3: member 1 stands on line 2 already", "Line 5: no member has the number 77.")
    treasurer.follow("Bring in the corrected file").attach("till.csv", CORRECTED.encode()).press("Read the file")
    treasurer.sees("2 members bought €2,000.00", "Sold to members, by the books €2,000.00")
    treasurer.press("Record it").follow("Plan the surplus")


def two_plans_side_by_side(treasurer: Person) -> None:
    treasurer.follow("Draw up a plan").sees("Your books say €400.00 with members and €100.00 elsewhere")
    treasurer.fill(title="All in cash").press("Work it out").sees("2 members get €500.00")
    treasurer.follow("All plans of the year").follow("Copy plan A").fill(title="Half in cash", cash_percent="50")
    treasurer.choose(notice="the rest is kept as the member’s capital").unfold("Another reserve, fund or tax")
    treasurer.fill(a__0__name="Statutory reserve", a__0__percent="36").press("Work it out")
    treasurer.sees("2 members get €320.00", "€180.00").press("Put it before the members")
    treasurer.sees("Words for the motion", "Statutory reserve €180.00; Refunds in cash €160.00")
