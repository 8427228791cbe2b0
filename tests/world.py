"""The populated co-op that the access matrix, the API's tests and the browser walk through."""

from __future__ import annotations

import pytest

from coop.kernel.tenancy import Actor
from tests.access.harness import World, build_world
from tests.cast import OFFICES, make_coop, make_officer, make_other_coop, make_user


def make_world() -> World:
    """A co-op with something at every address, and the people who knock, with ``actors`` by role."""
    coop, other_coop = make_coop(), make_other_coop()
    officers = {who: make_officer(coop, who, *roles) for who, roles in OFFICES.items()}
    amara = Actor.of(make_user("amara"), coop)
    world = World(
        coop=coop,
        other_coop=other_coop,
        amara=amara,
        theo=Actor.of(make_user("theo"), coop),
        olga=make_officer(other_coop, "olga", "secretary", "treasurer", "board", "returning_officer"),
        **officers,
    )
    build_world(world)
    world.actors = {
        "anonymous": None,
        "outsider": world.theo,
        "member": Actor.of(amara.user, coop),
        "former": world.former,
        "board": world.jonas,
        "secretary": world.mei,
        "treasurer": world.lena,
        "returning_officer": world.samir,
        "auditor": world.nadia,
        "other": world.olga,
    }
    return world


@pytest.fixture
def world(db) -> World:
    return make_world()
