"""What members set going: a vacant seat two stand for, and a meeting three ask for where four are needed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from coop.kernel import clock
from coop.kernel.models import User
from coop.kernel.tenancy import Actor
from governance import services
from governance.models import NominationCall

from .people import MEMBERS
from .times import at

STAND = {
    "Chiara Bellini": ("Runs the Saturday stall.", "I want the stall to pay its way, and the young ones to run it."),
    "Oskar Lindgren": ("New, and has time.", "Longer hours on Thursdays, and a tool shelf to borrow from."),
}


def vacancy(coop, officers: dict[str, Actor], members: dict, today: date) -> NominationCall:
    """Called ten days ago for a meeting in forty days; nominations close a fortnight before it."""
    officer, people = officers["returning_officer"], {each.name: each for each in MEMBERS}

    def who(name: str) -> Actor:
        return Actor.of(User.objects.get(email=people[name].email), coop)

    def forward(call: NominationCall, by: str, name: str):
        nominee = members[name]
        return services.nominate(actor=who(by), call=call, number=nominee.number, name=name)

    with clock.at(clock.now() - timedelta(days=10)):
        day = today + timedelta(days=40)
        meeting = services.call_meeting(
            actor=officer,
            title="Extraordinary meeting: a vacant seat",
            kind="extraordinary",
            starts_at=at(day, 17),
            record_date=day - timedelta(days=10),
            place="In the shop, Mill Lane 4",
        )
        ballot = services.create_ballot(actor=officer, title="The vacant seat", meeting=meeting)
        seat = services.add_question(actor=officer, ballot=ballot, method="irv", title="One seat on the board")
        rule: dict[str, Any] = {
            "opens_days": 50,
            "closes_days": 14,
            "seconders": 2,
            "member_for_months": 6,
            "not_employed": True,
        }
        call = services.call_nominations(actor=officer, question=seat, **rule, cite="by-laws § 14 (2)")
    with clock.at(clock.now() - timedelta(days=6)):
        for name, (sentence, statement) in STAND.items():
            said: dict[str, Any] = {"sentence": sentence, "statement": statement, "declared": True}
            made = forward(call, name, name)
            services.accept_nomination(actor=who(name), nomination=made, **said)
            services.second_nomination(actor=who("Finn Gallagher"), nomination=made)
        services.second_nomination(actor=who("Leila Haidari"), nomination=made)
        forward(call, "Leila Haidari", "Tariq Siddiqui")
    return call


def ask_for_a_meeting(coop, today: date) -> None:
    """Begun eight days ago; one more signature starts the board's clock."""
    by_name = {each.name: each.email for each in MEMBERS}

    def who(name: str) -> Actor:
        return Actor.of(User.objects.get(email=by_name[name]), coop)

    with clock.at(at(today - timedelta(days=8), 19)):
        asked = services.begin_requisition(
            actor=who("Beatriz Castro"),
            purpose="What becomes of the shop in Mill Lane",
            reasons="The lease ends next year. We should like to decide together whether to buy, move or stay.",
        )
    for name in ("Hugo Lefèvre", "Marta Oliveira"):
        services.support_requisition(actor=who(name), requisition=asked)
