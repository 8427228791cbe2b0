"""What people learn at Riverside: an induction newcomers owe, one the board asks for, a checklist anybody may tick."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from coop.kernel import clock
from coop.kernel.tenancy import Actor
from members import services
from members.models import Membership, Party
from members.selectors import acts, search

from .times import at

CHECKLIST = [
    ("Where the fire exits and the alarm are", ""),
    ("What to do when somebody faints", "https://www.ifrc.org/our-work/health-and-care/first-aid"),
    ("Who has the keys", ""),
]


def teach(officers: dict[str, Actor], members: dict[str, Membership], today: date) -> None:
    """A session held, one to come, somebody late, somebody whose certificate came from elsewhere."""
    mei = officers["secretary"]
    begun = today - timedelta(days=120)
    with clock.at(at(begun)):
        induction = services.save_course(
            actor=mei, name="Induction", about="How the shop runs, what a member may decide, and who does what."
        )
        board = services.save_course(
            actor=mei, name="Duties of the board", about="Care, conflicts of interest, the books.", valid_months=36
        )
        drill = services.save_course(
            actor=mei, name="Fire and first aid", needs_session=False, valid_months=24, steps=CHECKLIST
        )
        consumer = members["Amara Okafor"].member_class
        asked: dict[str, Any] = {"actor": mei, "starts_on": begun}
        services.require_course(
            **asked, course=induction, member_class=consumer, days=30, cite="board, resolution 3 of this year"
        )
        services.require_course(**asked, course=board, office="board", cite="by-laws § 6")
        held: dict[str, Any] = {
            "actor": mei,
            "course": induction,
            "place": "Mill Lane 4, upstairs",
            "held_by": "Jonas Weber",
        }
        past = services.plan_session(**held, starts_at=at(today - timedelta(days=6), 17), seats=12)
    coming = services.plan_session(**held, starts_at=at(today + timedelta(days=8), 17), seats=12)
    with clock.at(at(today - timedelta(days=20))):
        people = [members[name].party for name in ("Wanjiru Kamau", "Stefan Brandt", "Leila Haidari")]
        seats = [services.sign_up(actor=mei, session=past, learner=party) for party in people]
    with clock.at(at(today - timedelta(days=5))):
        came = {seat.pk: party.name != "Stefan Brandt" for seat, party in zip(seats, people, strict=True)}
        services.mark(actor=mei, session=past, came=came)
        seen = "Certificate of the regional federation."
        jonas = _party(members, "Jonas Weber")
        services.record_completion(
            actor=mei, course=board, learner=jonas, on=today - timedelta(days=200), evidence=seen
        )
    services.sign_up(actor=mei, session=coming, learner=_party(members, "Stefan Brandt"))
    for step in drill.steps.order_by("position")[:2]:
        services.tick(actor=mei, step=step, learner=_party(members, "Amara Okafor"))
    _tag(mei, today)


def _tag(mei: Actor, today: date) -> None:
    """Suppliers are kept apart by a word, given to a whole list at once."""
    found = search.members(mei.coop, today).filter(member_class__slug="producer")
    digest = acts.planned(found, acts.Act.TAG, tag="deliveries").digest
    services.act_on_all(actor=mei, found=found, act=acts.Act.TAG, tag="deliveries", digest=digest)


def _party(members: dict[str, Membership], name: str) -> Party:
    return members[name].party
