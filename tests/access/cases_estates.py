"""Who may come in: a member's death, the heirs, and the way back."""

from datetime import date, timedelta

from coop.kernel import clock
from members import services
from tests.access.harness import OFFICERS, Case, World
from tests.members.factories import make_member

SECRETARY = {"secretary"}


def build(world: World) -> None:
    today = clock.today(world.coop)
    world.dead = make_member(world.coop, name="Otto Brandt", on=date(2016, 5, 4))
    services.record_death(
        actor=world.mei, party=world.dead.party, died_on=today - timedelta(days=5), evidence="Certificate 4/2026."
    )
    world.dead.refresh_from_db()


def dead(world: World) -> dict:
    return {"number": world.dead.number}


def alive(world: World) -> dict:
    return {"number": world.membership.number}


def a_death(world: World) -> dict:
    return {"died_on": clock.today(world.coop).isoformat(), "evidence": "Certificate 5/2026."}


def an_heir(world: World) -> dict:
    day = clock.today(world.coop).isoformat()
    return {"given_names": "Ida", "family_name": "Brandt", "represents": True, "on": day, "evidence": "Will."}


def a_reason(world: World) -> dict:
    return {"because": "A namesake."}


CASES = [
    Case("members:detail", OFFICERS, dead, query="?died"),
    Case("members:heir", SECRETARY, dead),
    Case("members:take-back-death", SECRETARY, dead),
    Case("members-api:death", OFFICERS, dead, html=False, api=True),
    Case("members-api:death", SECRETARY, alive, method="post", data=a_death, html=False, api=True),
    Case("members-api:heirs", SECRETARY, dead, method="post", data=an_heir, html=False, api=True),
    Case("members-api:death-take-back", SECRETARY, dead, method="post", data=a_reason, html=False, api=True),
]
