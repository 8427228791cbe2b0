"""Meetings, rolls, ballots and resolutions made the way they are made: through the services, by the clock."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from coop.kernel import clock
from coop.kernel.models import Office, User
from coop.kernel.tenancy import Actor
from governance import services
from governance.models import Ballot, Meeting, Question, Resolution, ResolutionType, Roll
from members.models import Membership
from members.selectors import membership_of
from tests.cast import make_officer, make_user
from tests.members.factories import make_member

JOINED = date(2020, 1, 1)
BOARD = ("Nadia Brandt", "Jonas Weber", "Priya Raman", "Tomas Hale")
_numbers = itertools.count(1)


def make_meeting(coop, *, record_date: date | None = None, starts_at: datetime | None = None, **more) -> Meeting:
    """A general meeting in a fortnight, its record date yesterday, unless told otherwise."""
    today = clock.today(coop)
    return services.call_meeting(
        actor=Actor.system(coop),
        title=more.pop("title", "Annual general meeting"),
        record_date=record_date or today - timedelta(days=1),
        starts_at=starts_at or clock.now() + timedelta(days=14),
        **more,
    )


def make_roll(coop, *, voters: int = 0, record_date: date | None = None, meeting: Meeting | None = None) -> Roll:
    """The frozen roll of a meeting; ``voters`` members are made first, all on the register since 2020."""
    for _ in range(voters):
        make_member(coop, on=JOINED)
    meeting = meeting or make_meeting(coop, record_date=record_date)
    return services.freeze_roll(actor=Actor.system(coop), meeting=meeting)


def make_voter(coop, who: str = "", *, on: date = JOINED) -> Actor:
    """Somebody with a login and a membership that may vote."""
    user = make_user(who or f"voter{next(_numbers)}")
    make_member(coop, user=user, on=on)
    return Actor.of(user, coop)


def make_organisation(coop, who: str = "", *, votes: int = 1, on: date = JOINED) -> Membership:
    """A member organisation, with a login where it has a name for one, and so many votes."""
    more = {"user": make_user(who)} if who else {"email": ""}
    firm = f"{who.title() or 'Mill'} Co-operative {next(_numbers)}"
    more |= {"kind": "organisation", "firm": firm, "street": "Mill Lane 7", "postcode": "10115", "place": "Berlin"}
    made = make_member(coop, on=on, **more)
    if votes > 1:
        facts = {"votes": votes, "effective_on": on, "because": "§ 12 of the by-laws"}
        services.set_weight(actor=Actor.system(coop), number=made.number, **facts)
    return made


def ordinary(coop) -> ResolutionType:
    """More than half of the votes for and against."""
    return services.standard_resolution_types(actor=Actor.system(coop))[0]


def make_ballot(
    coop,
    *,
    roll: Roll | None = None,
    board: Sequence[str] = BOARD,
    seats: int = 2,
    motion: str = "We share out the surplus as the board proposes.",
    opens_in: timedelta = timedelta(0),
    lasts: timedelta = timedelta(hours=1),
    released: bool = True,
    title: str = "Board and surplus",
    method: str = "scottish-stv",
) -> Ballot:
    """A ballot with a board election (unless ``board`` is empty) and a motion (unless ``motion`` is), released."""
    system, now = Actor.system(coop), clock.now()
    roll = roll or make_roll(coop)
    ballot = services.create_ballot(
        actor=system,
        title=title,
        meeting=roll.meeting,
        roll=roll,
        opens_at=now + opens_in,
        closes_at=now + opens_in + lasts,
    )
    if board:
        services.add_question(
            actor=system,
            ballot=ballot,
            method=method,
            title="Seats on the board",
            seats=seats,
            options=[{"name": name, "statement": f"{name} stands."} for name in board],
        )
    if motion:
        services.add_question(
            actor=system,
            ballot=ballot,
            method="motion",
            title="What we do with the surplus",
            text=motion,
            resolution_type=ordinary(coop),
        )
    return services.open_ballot(actor=system, ballot=ballot) if released else ballot


def question(ballot: Ballot, method: str = "") -> Question:
    """The ballot's question of that method, or its first."""
    questions = ballot.questions.order_by("position")
    return questions.get(method=method) if method else questions.first()


def marks(ballot: Ballot, **by_method) -> dict[int, list]:
    """``marks(ballot, board=[1, 0], motion=[0])``: the election's ranking and the motion's mark."""
    found = {}
    for each in ballot.questions.all():
        found[each.pk] = by_method.get("motion" if each.is_motion else "board", [])
    return found


def close_and_count(ballot: Ballot) -> Ballot:
    """Let the closing time pass and the clock run, then count, as beat and the worker do."""
    with clock.at(max(ballot.closes_at, clock.now())):
        services.close_due()
        services.count_ballot(actor=Actor.system(ballot.coop), ballot_id=ballot.pk)
    ballot.refresh_from_db()
    return ballot


def certify(ballot: Ballot) -> Ballot:
    """Two officers of the co-op sign the result; they are appointed where there are too few."""
    held = Office.objects.filter(coop=ballot.coop, role__in=("returning_officer", "board", "secretary"))
    users = list(User.objects.filter(pk__in=held.values("user")).order_by("pk")[:2])
    for role in ("returning_officer", "board")[len(users) :]:
        users.append(make_officer(ballot.coop, f"signs-as-{role.replace('_', '-')}-{ballot.coop_id}", role).user)
    with clock.at(max(ballot.closes_at, clock.now())):
        for user in users:
            actor = Actor.of(user, ballot.coop)
            services.certify(actor=actor, ballot=ballot, seen=services.digest_of(ballot))
    ballot.refresh_from_db()
    return ballot


def carried_resolution(
    coop, title: str = "What we do with the surplus", *, carried: bool = True, certified: bool = True
) -> Resolution:
    """A motion put to a ballot of its own, voted on by one member, counted and certified: carried, or lost."""
    voter = make_voter(coop)
    roll = make_roll(coop)
    ballot = services.create_ballot(
        actor=Actor.system(coop),
        title=title,
        meeting=roll.meeting,
        roll=roll,
        opens_at=clock.now(),
        closes_at=clock.now() + timedelta(hours=1),
    )
    services.add_question(
        actor=Actor.system(coop),
        ballot=ballot,
        method="motion",
        title=title,
        text=f"{title}: we do as the board proposes.",
        resolution_type=ordinary(coop),
    )
    ballot = services.open_ballot(actor=Actor.system(coop), ballot=ballot)
    services.cast_recorded(actor=voter, ballot=ballot, marks=marks(ballot, motion=[0 if carried else 1]))
    ballot = close_and_count(ballot)
    if certified:
        certify(ballot)
    return Resolution.objects.get(ballot=ballot)


def membership(actor: Actor) -> Membership:
    """The actor's membership, fresh."""
    actor.__dict__.pop("_membership", None)
    found = membership_of(actor)
    assert found is not None
    return found
