"""Somebody who has left, for the role ``former``. What opens to them stands in the other tables, as ``OWN``."""

from __future__ import annotations

from datetime import UTC, date, datetime

from coop.kernel import clock
from coop.kernel.tenancy import Actor
from ledger.services.certificates import issue_certificate
from members import services
from tests.access.harness import Case, World
from tests.cast import make_user
from tests.ledger.factories import make_shareholder


def build(world: World) -> None:
    """Uma joined and paid last spring, was accused of something that was let be, and gave notice. Her shares are still
    to be paid back, and she asked for a new name."""
    coop, year = world.coop, clock.today(world.coop).year - 1
    user, noticed = make_user("uma"), date(year, 6, 1)
    world.left = make_shareholder(coop, user=user, name="Uma Frey", on=date(year, 2, 1))
    with clock.at(datetime(year, 6, 1, 12, tzinfo=UTC)):
        world.left_certificate = issue_certificate(actor=world.lena, membership=world.left, on=noticed)
        due = {"on": noticed, "hearing_on": date(year, 6, 15), "resolution": f"{year}/6"}
        case = services.open_case(actor=world.mei, membership=world.left, grounds="Was loud.", **due)
        services.drop_case(actor=world.mei, case=case, on=noticed, resolution=f"{year}/7", because="Was not.")
        services.give_notice(actor=world.mei, membership=world.left, received_on=noticed)
    services.end_due(coop)
    world.left.refresh_from_db()
    world.left_last = world.left.ends_on
    world.former = Actor.of(user, coop)
    asks = {"party": world.left.party, "kind": "name", "given_names": "Uma", "family_name": "Frey-Berg"}
    world.left_request = services.ask_change(actor=world.former, **asks)


CASES: list[Case] = []
