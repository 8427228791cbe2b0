"""One way through everything: eight steps by the different people, on real servers, through the pages alone.

A new installation runs as an operator starts it: web server, Celery worker and beat as processes of their own over an
empty database. Nothing is called but pages, and time is the clock on the wall: the ballot is open for as long as this
machine needs, in which the treasurer draws up the plan the members are voting on.
"""

from __future__ import annotations

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from tests.e2e import story
from tests.e2e.houses import new_house
from tests.e2e.people import DESK, PHONE, Person
from tests.e2e.story import AMARA, COOP, ELSA, GITA, MEMBERS, ON_PAPER, ONLINE, PASSWORD, RIVAL, YUSUF

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
OFFICERS = {"mei": "Mei Lindqvist", "samir": "Samir", "lena": "Lena", "jonas": "Jonas"}


@pytest.fixture
def house(prepared):
    """A new installation, started as an operator starts it."""
    with new_house(prepared) as up:
        yield up


@pytest.fixture
def people(house, chromium):
    """Everybody of the story, each with a browser of their own."""
    made = SimpleNamespace(
        **{who: Person(chromium, house.url, name, email=f"{who}@riverside.example") for who, name in OFFICERS.items()},
        **{each.given.lower(): person(chromium, house, each) for each in (*ONLINE, RIVAL)},
    )
    yield made
    for each in vars(made).values():
        each.context.close()


def person(chromium, house, who, width=DESK) -> Person:
    return Person(chromium, house.url, who.name, email=who.email, width=PHONE if who in ONLINE else width)


def test_from_application_to_statement(house, people):
    began = story.now()
    the_co_op_is_founded(people.mei)
    strangers_apply(people)
    the_board_decides(people)
    shares_are_paid(people)
    the_roll_is_frozen(people.samir)
    closes = the_ballot_opens(people.samir, seconds=time_to_vote(began))
    members_vote(people)
    papers_come_in(people.samir)
    the_plan_is_proposed(people.lena)
    it_is_counted(people, closes)
    it_is_certified(people)
    the_plan_is_carried_approved_and_posted(people)
    everybody_reads_their_statement(people)
    for each in vars(people).values():
        each.found_nothing_wrong()


def the_co_op_is_founded(mei: Person) -> None:
    """The first page of a new installation is the founding; officers sign in by a code they are sent."""
    mei.open("/").sees("Found your co-operative", "Nothing is kept until the last page is sent")
    mei.fill(name="Riverside Food Co-op", slug="riverside", registration="registered society 4471")
    mei.fill(address="Mill Lane 4\n12345 Riverside", email="office@riverside.example")
    mei.choose(law="Germany: Genossenschaftsgesetz", currency="EUR, 2 decimals", time_zone="Europe/Berlin")
    mei.choose(fiscal_year_end_month=story.now().strftime("%B")).press("Go on")
    mei.fill(adopted_on=(story.now() - timedelta(days=400)).date().isoformat(), class_name="Consumer")
    mei.fill(eligibility="Whoever lives or shops here.", share_price="50.00", minimum_shares="2", entry_fee="10.00")
    mei.press("Go on")
    mei.fill(founder_name="Mei Lindqvist", founder_email=mei.email, treasurer="lena@riverside.example")
    mei.fill(returning_officer="samir@riverside.example", board="jonas@riverside.example").press("Found it")
    mei.sees("Riverside Food Co-op is founded. Sign in with your e-mail.")
    mei.signs_in()


def strangers_apply(people) -> None:
    """Step 1: who may join and what it costs stand above the form; two come on paper."""
    strangers = [getattr(people, each.given.lower()) for each in (*ONLINE, RIVAL)]
    for each, stranger in zip((*ONLINE, RIVAL), strangers, strict=True):
        stranger.open(f"{COOP}/join/")
        stranger.sees("Who can join", "Whoever lives or shops here.", "What it costs")
        assert_in_order(stranger, "Whoever lives or shops here.", "€110.00", "2 shares of €50.00, yours", "Forenames")
        stranger.fill(given_names=each.given, family_name=each.family, email=each.email)
        stranger.fill(street="Mill Lane 7", postcode="12345", place="Riverside", shares_wanted=str(each.shares))
        stranger.tick("I have read the by-laws")
    strangers[-1].page.wait_for_timeout(2100)  # quicker than that is a machine
    for stranger in strangers:
        stranger.press("Send my application")
        stranger.sees("Thank you. Your application is in.", "You need not do anything until then.")
    for each in ON_PAPER:
        people.mei.open(f"{COOP}/register/applications/new/").fill(given_names=each.given, family_name=each.family)
        people.mei.fill(street="Mill Lane 9", postcode="12345", place="Riverside", shares_wanted=str(each.shares))
        people.mei.press("Add the application").sees(f"The application of {each.name} is in.")


def assert_in_order(person: Person, *words: str) -> None:
    """They stand on the page one below the other."""
    text = " ".join(person.main.inner_text().split())
    places = [text.find(each) for each in words]
    assert -1 not in places, f"{words} in {text}"
    assert places == sorted(places), words


def the_board_decides(people) -> None:
    """Step 2: one sheet, one resolution; numbers in the order of application, and everybody hears of it."""
    mei = people.mei.open(f"{COOP}/register/applications/").sees("6 applications are waiting")
    mei.follow("Put them on a sheet").press("Make the sheet").sees("6 applicants for")
    card = mei.main.locator("section.card").filter(has_text=RIVAL.name).first
    card.get_by_label("Refuse", exact=True).check()
    mei.fill(resolution="B 2026/3")
    mei.press("Record the decision").sees("Please look at this again.", "Rolf Kramer")
    card = mei.main.locator("section.card").filter(has_text=RIVAL.name).first
    card.get_by_label("Reason").fill(story.REASON)
    mei.press("Record the decision").sees("5 members were admitted and written to.", "Resolution B 2026/3")
    mei.open(f"{COOP}/register/members/")
    for each in MEMBERS:
        expect(mei.row(each.name)).to_contain_text(f"{each.number:04d}")
    mei.sees_not(RIVAL.name)
    assert "your member number is 0001" in mei.letter("", AMARA.email)
    assert story.REASON in mei.letter("", RIVAL.email)


def shares_are_paid(people) -> None:
    """Step 3: each payment is one balanced entry; with the minimum paid the member is active at once."""
    lena = people.lena.signs_in()
    for each in MEMBERS:
        for number, amount in enumerate(each.pays, start=1):
            lena.open(f"{COOP}/ledger/payments/new/?member={each.number}").fill(amount=amount, reference="transfer")
            lena.press("Post the payment")
            if number == len(each.pays):
                lena.sees(f"Member {each.number} is active now.", f"{each.name} has paid everything")
            else:
                lena.sees("€10.00 to the entry fee, €50.00 to shares.", "€50.00 still to pay")
    lena.open(f"{COOP}/ledger/journal/").sees("€210.00", "€60.00", "€50.00")
    lena.chooses_a_password(PASSWORD)
    for who in ONLINE:
        member = getattr(people, who.given.lower()).signs_up(PASSWORD)
        member.open(f"{COOP}/claim/").press("Connect my login with my membership")
        member.open(f"{COOP}/").sees("You are a member in good standing.", f"member {who.number:04d}")
        member.sees(f"Your {who.shares} shares are fully paid, and nothing is owed.")


def the_roll_is_frozen(samir: Person) -> None:
    """Step 4: a meeting is called, and the roll says who may vote and why."""
    samir.signs_in().open(f"{COOP}/meetings/new/")
    samir.fill(title="Annual general meeting", place="In the shop", record_date=story.now().date().isoformat())
    samir.fill(starts_at=story.as_typed(story.now() + timedelta(days=14)))
    samir.choose(kind="Annual general meeting").press("Call the meeting")
    samir.sees("The roll is not frozen yet").follow("Freeze the roll").press("Freeze the roll")
    samir.sees("5 memberships are on the roll.", "5 of 5 on the roll may vote")
    for each in MEMBERS:
        expect(samir.row(each.name)).to_contain_text("yes")


def time_to_vote(began) -> float:
    """Seconds the ballot is open: voting took a tenth of what came before it when this was measured; a busy machine
    is busy before and after."""
    return min(180, max(12, 0.3 * (story.now() - began).total_seconds()))


def the_ballot_opens(samir: Person, *, seconds: float):
    """Step 5: an election by Scottish STV and a motion, plainly labelled as recorded. Returns when it closes."""
    samir.open(f"{COOP}/meetings/").follow("Annual general meeting").follow("Make a ballot")
    samir.fill(title="Board and surplus").press("Make the draft")
    samir.follow("Add an election").fill(title="Two seats on the board", seats="2")
    samir.fill(candidates="\n".join(each.name for each in story.CANDIDATES))
    samir.choose(method="Scottish STV").press("Add the election")
    samir.follow("Add a motion").fill(title="What we do with the surplus", text=story.MOTION).press("Add the motion")
    samir.sees("Say when the ballot opens and when it closes.")
    opens = story.now()
    closes = (opens + timedelta(seconds=seconds)).replace(microsecond=0)
    samir.follow("Change", within=samir.main.get_by_role("region", name="The ballot"))
    samir.fill(opens_at=story.as_typed(opens), closes_at=story.as_typed(closes)).press("Keep it")
    samir.follow("Read it and release").sees("Recorded ballot:", "This is not a secret ballot.", "for 5 people")
    samir.press("Release the ballot").sees("“Board and surplus” is released. It opens and closes by the clock.")
    return closes


def members_vote(people) -> None:
    """On their telephones; Amara changes her mind."""
    vote(people.amara, ranks={ELSA: "1"}, motion="Against")
    vote(people.yusuf, ranks={YUSUF: "1", GITA: "2"}, motion="For")
    vote(people.elsa, ranks={ELSA: "1", GITA: "2"}, motion="Against")
    amara = people.amara.follow("Change").sees("What you cast next replaces it.")
    vote(amara, ranks={ELSA: "2", YUSUF: "1"}, motion="For", again=True)
    amara.open(f"{COOP}/votes/").sees("You have voted")


def vote(member: Person, *, ranks: dict, motion: str, again: bool = False) -> None:
    if not again:
        member.open(f"{COOP}/").waits_for("Yes, you can vote now").follow("Vote now")
    member.sees("Recorded ballot: kept with your name", "Your ballot paper", "2 questions.")
    for candidate, rank in ranks.items():
        member.main.get_by_label(f"Rank for {candidate.name}").select_option(rank)
    member.tick(motion).press("Review my paper").sees("Cast this paper?", f"Recorded with your name: {member.name}")
    member.press("Cast my ballot").sees("Your vote is recorded.", "Recorded, not secret")
    member.sees(*(f"{rank} {candidate.name}" for candidate, rank in ranks.items()), motion)


def papers_come_in(samir: Person) -> None:
    """The papers of those without a computer, out of a BLT file."""
    samir.open(f"{COOP}/ballots/").follow("Board and surplus").sees("3 of 5 have voted so far.")
    samir.follow("Bring in paper ballots").attach("papers.blt", story.PAPERS.encode(), kind="text/plain")
    samir.press("Bring them in").sees("2 papers of papers.blt are in", "Gita Mohan, Elsa Nyström")


def the_plan_is_proposed(lena: Person) -> None:
    """Step 7 begins: the books, the year's purchases from the till, and the plan the members are voting on."""
    entry(
        lena,
        "Sales of the year",
        (
            ("1000 Bank", "debit", "6000.00"),
            ("4000 Sales to members", "credit", "5380.33"),
            ("4010 Sales to others", "credit", "619.67"),
        ),
    )
    entry(
        lena,
        "Costs of the year",
        (("5000 Goods sold, at cost", "debit", "5049.99"), ("1000 Bank", "credit", "5049.99")),
    )
    lena.open(f"{COOP}/ledger/patronage/new/").attach("till.csv", story.till())
    lena.main.locator("select[name=year]").select_option(str(story.now().year))
    lena.press("Read the file")
    lena.sees("5 members bought €5,380.33", "Nothing counts yet: compare the total with your books, then record it.")
    lena.press("Record it").sees("“till.csv” is recorded.")
    lena.open(f"{COOP}/ledger/surplus/{story.now().year}/new/")
    expect(lena.main.locator("[name=patronage]")).to_have_value("896.73")  # 1,000.01 less what others brought
    expect(lena.main.locator("[name=nonpatronage]")).to_have_value("103.28")
    lena.fill(title="Half in cash", rate="3", cash_percent="50").choose(
        notice="the rest is kept as the member’s capital"
    )
    lena.unfold("Another reserve, fund or tax")
    lena.fill(a__0__name="Statutory reserve", a__0__percent="20").choose(a__0__account="3200 Statutory reserve")
    lena.press("Work it out").sees("4 members get €782.00", "Out of a surplus of €1,000.01.")
    for words, amount in (("Statutory reserve", "€200.01"), ("Interest on shares", "€18.00"), ("purchases", "€782.00")):
        expect(lena.row(words).first).to_contain_text(amount)
    lena.press("Put it before the members").sees("Plan A is before the members; it is no longer changed.")
    lena.sees("once it is carried, it is linked here.")


def entry(lena: Person, memo: str, lines) -> None:
    lena.open(f"{COOP}/ledger/journal/new/").fill(memo=memo)
    for number, (account, side, amount) in enumerate(lines, start=1):
        lena.main.get_by_label(f"Account of line {number}").select_option(label=account)
        lena.main.get_by_label(f"{side.title()} of line {number}").fill(amount)
    lena.press("Write the entry").sees(memo)


def it_is_counted(people, closes) -> None:
    """Step 6: beat closes at the minute, the worker counts, and every round stands on the page."""
    amara = people.amara
    amara.page.wait_for_timeout(max(0, (closes - story.now()).total_seconds()) * 1000)
    amara.open(f"{COOP}/votes/").waits_for("Earlier ballots").waits_for("Counted").follow("Result")
    amara.sees("Yusuf Bakr and Gita Mohan are elected.", "5 papers came in; 5 were on the roll.")
    amara.sees("“What we do with the surplus” is carried by 2 to 1.", "5 of 5 on the roll")
    amara.sees("The quota is 2: 5 valid papers divided by 3, and one.")
    for candidate, figures in story.STAGES.items():
        cells = amara.main.locator("table.stages tr").filter(has_text=candidate.name).locator("td")
        expect(cells).to_have_text([re.compile(r"\s*".join(map(re.escape, each.split()))) for each in figures])
    amara.sees("Each paper moves on with 0.33333 of what it was worth: 1 divided by 3.")
    amara.sees("Elsa Nyström had the fewest and is out. 1.33333 votes move to the next choice on those papers.")


def it_is_certified(people) -> None:
    """Two officers, each having shown who they are, sign what was counted; before that nothing leans on it."""
    samir, jonas = people.samir, people.jonas.signs_in()
    for officer, said in (
        (samir, "You have signed. One more officer"),
        (jonas, "is certified. Others may rely on it now."),
    ):
        officer.chooses_a_password(PASSWORD)
        officer.open(f"{COOP}/ballots/").follow("Board and surplus").follow("Certify it")
        officer.shows_who_they_are(PASSWORD).sees("Do you certify this result?", "is carried by 2 to 1.")
        officer.press("Certify this result").sees(said)


def the_plan_is_carried_approved_and_posted(people) -> None:
    """Step 7 goes on: the motion is linked, a second officer shows who he is and approves, the worker posts."""
    lena, jonas = people.lena, people.jonas
    lena.open(f"{COOP}/ledger/surplus/").follow("Open plan A")
    lena.main.locator("select[name=resolution]").select_option(index=0)
    lena.press("The members carried it").sees(
        "Plan A is carried by resolution", "Not you: the board or another treasurer."
    )
    lena.sees("Opens once a second officer has approved it.")
    jonas.open(f"{COOP}/").follow("Read it").follow("Read and approve it")  # he showed who he is when he certified
    jonas.sees("Approve plan A for", "lena@riverside.example drew it up")
    jonas.sees("the members carried it by resolution", "What we do with the surplus", "€200.01", "€782.00")
    jonas.tick("I have read this plan line by line").press("Approve this plan").sees("You approved plan A.")
    lena.page.reload()
    lena.follow("Post the distribution").shows_who_they_are(PASSWORD).sees("€409.01 will have to be paid out.")
    lena.press("Post the distribution").sees("Posting plan A for")
    lena.sees("See the result").follow("See the result").sees("Posted")


def everybody_reads_their_statement(people) -> None:
    """Step 8: the figure, its arithmetic, and the same on paper."""
    for who in ONLINE:
        member = getattr(people, who.given.lower())
        member.open(f"{COOP}/money/statements/{story.now().year}/")
        member.sees(f"For {who.name}, member {who.number:04d}.", "The members decided this on", "by 2 to 1.")
        member.sees(f"Your purchases were {euro(who.spent)} of the €5,380.33 that all members bought.")
        member.sees(f"So your share of the €782.00 shared out is €{who.refund}", f"€{who.kept} more is yours later.")
        name, pdf = member.download("PDF")
        assert name == f"statement-{story.now().year}-{who.number:04d}.pdf"
        assert_one_page(pdf, f"Statement {story.now().year}", who)


def assert_one_page(pdf: bytes, title: str, who) -> None:
    """One sheet of paper, whose title a screen reader says first."""
    assert pdf.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    titles = [bytes.fromhex(each.decode()).decode("utf-16-be") for each in re.findall(rb"/Title<FEFF([0-9A-F]+)>", pdf)]
    assert any(each.startswith(title) for each in titles), titles
    assert any(f"€{who.refund}" in each or "You get" in each for each in titles), titles


def euro(plain: str) -> str:
    return f"€{float(plain):,.2f}"
