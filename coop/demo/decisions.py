"""The demo's general meeting: a frozen roll, a board election, the motion on the surplus, and two votes still open."""

from __future__ import annotations

import random
from datetime import date, timedelta

from coop.kernel import clock
from coop.kernel.models import User
from coop.kernel.tenancy import Actor
from governance import services
from governance.models import Ballot, Meeting, Resolution, ResolutionType, Roll
from members.models import Membership

from .people import CANDIDATES, MEMBERS
from .times import at

OFFICER_WHO_CHAIRS = "jonas@riverside.example"
SEED = 4471  # the same votes every time
DELEGATES = {
    "Leila Haidari": "Has sat in the federation’s working group on bread since spring.",
    "Finn Gallagher": "Wants the three co-ops of the valley to buy their flour together.",
}


def meeting(
    coop, officers: dict[str, Actor], members: dict[str, Membership], year_end: date, today: date
) -> Resolution:
    """Hold the annual meeting three days ago and count its ballot. Returns the resolution on the surplus."""
    officer = officers["returning_officer"]
    record_date, day = year_end + timedelta(days=8), today - timedelta(days=3)
    with clock.at(at(year_end + timedelta(days=5))):
        agm = services.call_meeting(
            actor=officer,
            title="Annual general meeting",
            starts_at=at(day, 13),
            record_date=record_date,
            form="hybrid",
            place="In the shop, Mill Lane 4, and online",
            notice_on=year_end + timedelta(days=6),
            agenda="1. The year's accounts\n2. What we do with the surplus\n3. Three seats on the board",
        )
    with clock.at(at(record_date + timedelta(days=2))):
        roll = services.freeze_roll(actor=officer, meeting=agm)
        ballot = services.create_ballot(
            actor=officer,
            title="Board and surplus",
            meeting=agm,
            roll=roll,
            introduction="This is a recorded ballot: your vote is kept with your name.",
            opens_at=at(day - timedelta(days=12), 8),
            closes_at=at(day, 17),
        )
        _questions(coop, officer, ballot, members)
        services.open_ballot(actor=officer, ballot=ballot)
    _vote(coop, ballot, day)
    with clock.at(at(day, 17) + timedelta(seconds=5)):
        services.close_due()
        services.count_ballot(actor=Actor.system(coop), ballot_id=ballot.pk)
    ballot.refresh_from_db()
    with clock.at(at(day, 18)):
        for signer in (officer, officers["secretary"]):
            services.certify(actor=signer, ballot=ballot, seen=services.digest_of(ballot))
    _minutes(officers, members, agm, day)
    return Resolution.objects.get(ballot=ballot)


def _minutes(officers: dict[str, Actor], members: dict[str, Membership], agm: Meeting, day: date) -> None:
    """Drawn by the secretary the evening after, signed by her and by the board member who chaired."""
    secretary, chair = officers["secretary"], officers["board"]
    chaired = User.objects.get(email=OFFICER_WHO_CHAIRS)
    there = [members[person.name].number for person in MEMBERS[:24] if person.given != "Ivo"]
    with clock.at(at(day + timedelta(days=1), 19)):
        services.record_attendance(actor=secretary, meeting=agm, room=there[:15], online=there[15:])
        minutes = services.draw_minutes(
            actor=secretary,
            meeting=agm,
            chair=chaired,
            guests="Ms Adler of the auditing union",
            course="The board reported on the year. Three members asked about the lease; the board answered.",
        )
        for who in (secretary, chair):
            services.sign_minutes(actor=who, minutes=minutes, seen=minutes.sha256)


def _questions(coop, officer: Actor, ballot: Ballot, members: dict[str, Membership]) -> None:
    words = (
        "Buys the vegetables on Saturdays.",
        "Keeps the shop's computers alive.",
        "Was treasurer of the sailing club for nine years.",
        "Wants longer opening hours.",
        "Bakes, and knows everybody's name.",
    )
    services.add_question(
        actor=officer,
        ballot=ballot,
        method="scottish-stv",
        title="Three seats on the board",
        text="Rank as many as you like. Counted by single transferable vote (SI 2007/42 rules).",
        seats=3,
        options=[
            {"name": name, "statement": said, "membership": members[name]}
            for name, said in zip(CANDIDATES, words, strict=True)
        ],
    )
    services.add_question(
        actor=officer,
        ballot=ballot,
        method="motion",
        title="What we do with the surplus",
        text="Plan B: three tenths to the reserve, three per cent on shares, the rest by purchases, half in cash.",
        resolution_type=_types(coop)[0],
    )


def _types(coop):
    return ResolutionType.objects.filter(coop=coop).order_by("pk")


def _vote(coop, ballot: Ballot, day: date) -> None:
    """Thirty of the voters take part, over twelve days, each at an hour of their own."""
    draw = random.Random(SEED)  # noqa: S311 - a story, not a secret
    election, motion = ballot.questions.order_by("position")
    voters = draw.sample([person for person in MEMBERS if person.given != "Ivo"], 30)
    weights = [5, 4, 6, 2, 3]
    for number, person in enumerate(voters):
        ranking: list[int] = []
        left = list(range(len(CANDIDATES)))
        for _place in range(draw.randint(1, len(left))):
            ranking.append(draw.choices(left, [weights[each] for each in left])[0])
            left.remove(ranking[-1])
        answer = draw.choices([0, 1, 2], [80, 12, 8])[0]
        moment = at(day - timedelta(days=12), 9) + timedelta(hours=9 * number)
        with clock.at(moment):
            services.cast_recorded(
                actor=Actor.of(User.objects.get(email=person.email), coop),
                ballot=ballot,
                marks={election.pk: ranking, motion.pk: [answer]},
            )


def open_vote(coop, officers: dict[str, Actor], today: date) -> Ballot:
    """A question that everybody on the roll can still answer, for five more days: its close was moved by one."""
    officer = officers["returning_officer"]
    with clock.at(clock.now() - timedelta(days=2)):
        roll = services.freeze_roll(
            actor=officer, record_date=today - timedelta(days=2), title="Opening hours, a vote between meetings"
        )
        ballot = services.create_ballot(
            actor=officer,
            title="Shall we open on Sundays?",
            roll=roll,
            introduction="The board asks before it decides about the summer.",
            opens_at=clock.now(),
            closes_at=at(today + timedelta(days=4), 17),
        )
        services.add_question(
            actor=officer,
            ballot=ballot,
            method="motion",
            title="Open on Sundays in summer",
            text="From May to September the shop opens on Sundays from 10 to 14.",
            resolution_type=_types(coop)[0],
        )
        services.add_question(
            actor=officer,
            ballot=ballot,
            method="irv",
            title="What to do with the yard",
            text="One plan wins. Rank as many as you like.",
            options=[{"name": name} for name in ("A bread oven", "Bicycle stands", "Raised beds", "Leave it as it is")],
        )
        ballot = services.open_ballot(actor=officer, ballot=ballot)
        later, why = at(today + timedelta(days=5), 17), "The letters on paper went out a day late."
        services.extend_ballot(actor=officer, ballot=ballot, until=later, because=why)
        return ballot


def secret_vote(officers: dict[str, Actor], roll: Roll, today: date, members: dict[str, Membership]) -> Ballot:
    """A secret ballot on the same roll, and a voting letter for somebody who has no device to sign in with."""
    officer = officers["returning_officer"]
    with clock.at(clock.now() - timedelta(hours=20)):
        ballot = services.create_ballot(
            actor=officer,
            title="Who speaks for us in the federation?",
            roll=roll,
            kind=Ballot.Kind.SECRET,
            introduction="In secret: your name is nowhere on your paper.",
            opens_at=clock.now(),
            closes_at=at(today + timedelta(days=6), 17),
        )
        services.add_question(
            actor=officer,
            ballot=ballot,
            method="irv",
            title="Our delegate",
            options=[{"name": name, "statement": said} for name, said in DELEGATES.items()],
        )
        ballot = services.open_ballot(actor=officer, ballot=ballot)
        services.reissue_voting_letter(
            actor=officer,
            ballot=ballot,
            number=members["Gita Mohan"].number,
            because="No computer at home; asked for a letter at the till.",
            address="http://localhost:8000/riverside/letter/",
        )
        return ballot
