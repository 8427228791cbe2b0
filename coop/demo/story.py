"""The story: founded seven years ago, forty members, a business year just ended, a meeting, an election, a surplus.

Every row is made by the services a real co-op uses, at the time it would have happened (``clock.at``). Dates are
counted back from today, so that the year has always just ended.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from coop.founding.service import Founding, Kind, found
from coop.kernel import clock
from coop.kernel.models import Cooperative, User
from coop.kernel.tenancy import Actor
from members.models import Membership
from members.services.deciding import ADMIT, REFUSE, Decision, create_sheet, decide_sheet
from members.services.joining import apply

from . import bank, courses, decisions, lives, money, nominations, owed
from .people import LATE, MEMBERS, REFUSED, WAITING, Person
from .times import at, last_month_end

PASSWORD = "rochdale-demo"  # noqa: S105 - printed by the demo, refused by nobody, and only on this machine
SLUG = "riverside"
TIME_ZONE = "Europe/Berlin"
OFFICES = (  # e-mail's first part, office, what they do, as the welcome says it
    ("mei", "secretary", "secretary: applications, register"),
    ("samir", "returning_officer", "returning officer: roll, ballots"),
    ("lena", "treasurer", "treasurer: shares, books, surplus"),
    ("jonas", "board", "board: approves as the second officer"),
    ("nadia", "auditor", "auditor: reads everything, changes nothing"),
)
BYLAWS = """1. Name. The society is called Riverside Food Co-op and runs the shop on Mill Lane for its members.
2. Membership. Whoever lives or shops here may join. The board decides within six weeks of an application; who is \
refused is told why and may appeal to the general meeting within four weeks.
3. Shares. A share is 50 euros. Each member takes up at least five; they may be paid in ten parts.
4. One vote. Each member has one vote, however many shares they hold. Supporters who do not shop here have none.
5. The roll. Who was a member on the record date may vote at the general meeting.
6. The board is elected by single transferable vote (SI 2007/42 rules).
7. Surplus. At least a fifth of each surplus goes to the statutory reserve. On paid-up shares at \
most 3 per cent is paid. What the meeting shares among members follows their purchases in that year.
8. Leaving. A member may leave at the end of a business year with three months' notice.
9. Dues. Supporters pay 24 euros a year and producers 15 euros a quarter, by the month in the year they join or leave; \
the board may ask half. Other members pay none.
10. Building shares. Members may take shares of 100 euros for buildings. The board calls for them in parts."""


def seed() -> Cooperative:
    """Tell the whole story once, on an empty database, as it stands at one moment: midnight may pass meanwhile."""
    now = clock.now()
    with clock.at(now):
        return _tell(now.astimezone(ZoneInfo(TIME_ZONE)).date())


def _tell(today: date) -> Cooperative:
    year_end = last_month_end(today - timedelta(days=25))
    with clock.at(at(year_end - timedelta(days=7 * 365))):
        coop = _found(year_end.month)
    officers = _officers(coop)
    members = _members(coop, officers, year_end)
    later = year_end + timedelta(days=12)
    with clock.at(at(later)):
        members |= _admit(officers, [*LATE], later, "board, after the record date")
    _knock(coop, officers, today)
    money.year(officers, members, year_end)
    plan = money.plans(officers, year_end)
    resolution = decisions.meeting(coop, officers, members, year_end, today)
    money.distribute(officers, plan, resolution, today)
    bank.statement(officers["treasurer"], today)
    bank.by_hand(officers, today)
    bank.collection(officers["treasurer"], today)
    owed.dues(officers, members, today)
    owed.call(officers, members, today)
    money.pay_out(officers, members, today)
    asked = decisions.open_vote(coop, officers, today)
    decisions.secret_vote(officers, asked.voters, today, members)
    nominations.vacancy(coop, officers, members, today)
    nominations.ask_for_a_meeting(coop, today)
    lives.tell(officers, members, today)
    courses.teach(officers, members, today)
    return coop


def _found(year_end_month: int) -> Cooperative:
    coop = found(
        founding=Founding(
            slug=SLUG,
            name="Riverside Food Co-op",
            registration="registered society 4471",
            founded_on=clock.today(None),
            law="de-geng",
            currency="EUR",
            time_zone=TIME_ZONE,
            fiscal_year_end_month=year_end_month,
            address="Mill Lane 4\n12345 Riverside",
            email="office@riverside.example",
            founder_name="Mei Lindqvist",
            founder_email="mei@riverside.example",
            bylaws_title="By-laws of Riverside Food Co-op",
            bylaws_text=BYLAWS,
            share_price=50_00,
            kinds=(
                Kind("Consumer", "Whoever lives or shops here.", 5, 100, 10, 10_00, minimum_age=16),
                Kind("Producer", "Whoever delivers to the shop.", 10, None, 1, 10_00),
                Kind("Supporter", "Whoever wants the shop to last.", 5, None, 1, 0, 0),
            ),
            officers=[(role, f"{who}@riverside.example", _name(who)) for who, role, _what in OFFICES[1:]],
        ),
    )
    User.objects.update(password=hashed())
    return coop


@cache
def hashed() -> str:
    """The password everybody shares, hashed once: forty times would take as long as all the rest."""
    return make_password(PASSWORD)


def _name(who: str) -> str:
    return {"nadia": "Nadia Petrova"}.get(who) or next(each.name for each in MEMBERS if each.given.lower() == who)


def _officers(coop: Cooperative) -> dict[str, Actor]:
    return {role: Actor.of(User.objects.get(email=f"{who}@riverside.example"), coop) for who, role, _what in OFFICES}


def _login(person: Person) -> User:
    user = User.objects.filter(email=person.email).first()
    if user is None:
        name = f"{person.given} {person.family}"
        user = User.objects.create(email=person.email, password=hashed(), name=name)
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def _members(coop: Cooperative, officers: dict, year_end: date) -> dict[str, Membership]:
    """Everybody who was here when the year ended, in eight board sheets over six years."""
    found: dict[str, Membership] = {}
    first = year_end - timedelta(days=6 * 365 + 200)
    for number, start in enumerate(range(0, len(MEMBERS), 5)):
        day = first + timedelta(days=290 * number)
        with clock.at(at(day)):
            found |= _admit(officers, MEMBERS[start : start + 5], day, f"board {day:%Y}-{number + 1:02d}")
    return found


def _apply(coop: Cooperative, person: Person, account: User | None = None):
    kind = {"Ivo": "supporter", "Corrigan": "producer"}.get(person.given, "consumer")
    name: dict[str, Any] = (
        {"kind": "organisation", "firm": person.firm, "register_court": "Riverside", "register_number": "HRB 1180"}
        if person.firm
        else {"given_names": person.given, "family_name": person.family}
    )
    return apply(
        coop=coop,
        member_class=kind,
        shares_wanted=person.shares,
        instalments=person.paid < 100,
        account=account,
        email=person.email,
        street=f"{person.street} {10 + len(person.name)}",
        postcode="12345",
        place="Riverside",
        country="DE",
        **name,
    )


def _admit(officers: dict, people, day: date, resolution: str) -> dict[str, Membership]:
    """One board sheet: apply, decide, pay for the shares."""
    secretary = officers["secretary"]
    applications = {person: _apply(secretary.coop, person, _login(person)) for person in people}
    sheet = create_sheet(actor=secretary, meeting_on=day, applications=applications.values())
    decided = {application.pk: Decision(ADMIT) for application in applications.values()}
    decide_sheet(actor=secretary, sheet=sheet, decisions=decided, resolution=resolution, on=day)
    found = {}
    for person, application in applications.items():
        application.refresh_from_db()
        found[person.name] = application.membership
        money.pay_for_shares(officers["treasurer"], application.membership, person, day)
    return found


def _knock(coop: Cooperative, officers: dict, today: date) -> None:
    """Applications that wait, and one that was refused."""
    secretary = officers["secretary"]
    asked = today - timedelta(days=60)
    with clock.at(at(asked)):
        refused = _apply(coop, REFUSED)
        sheet = create_sheet(actor=secretary, meeting_on=asked, applications=[refused])
        decide_sheet(
            actor=secretary,
            sheet=sheet,
            decisions={refused.pk: Decision(REFUSE, "He runs a shop that competes with ours (by-laws § 2).")},
            resolution="board, extra meeting",
            on=asked,
        )
    for person, ago in zip(WAITING, (44, 20, 9, 3), strict=True):
        with clock.at(at(today - timedelta(days=ago))):
            _apply(coop, person)


def welcome(url: str) -> str:
    """What the demo prints: where to look and as whom."""
    home = f"{url}/{SLUG}/"
    lines = [
        "",
        f"  Riverside Food Co-op   {home}",
        f"  Join as a stranger     {home}join/",
        f"  Letters it sent        {url}/outbox/",
        f"  The API, to try        {url}/api/",
        "",
        f"  Everybody's password is {PASSWORD}",
        "    amara@riverside.example   member: votes, reads her statement",
        *(f"    {f'{who}@riverside.example':<25} {what}" for who, _role, what in OFFICES),
        "",
        "  Ctrl-C stops everything; the data is kept.",
        "",
    ]
    return "\n".join(lines)
