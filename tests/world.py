"""The populated co-op that the access matrix and the browser walk through."""

import pytest

from coop.kernel.tenancy import Actor
from tests.access.harness import World, build_world
from tests.cast import make_user


@pytest.fixture
def world(coop, other_coop, jonas, mei, lena, samir, nadia, theo, olga) -> World:
    """A co-op with something at every address, and the people who knock."""
    amara = Actor.of(make_user("amara"), coop)
    world = World(
        coop=coop,
        other_coop=other_coop,
        amara=amara,
        jonas=jonas,
        mei=mei,
        lena=lena,
        samir=samir,
        nadia=nadia,
        theo=theo,
        olga=olga,
    )
    build_world(world)
    world.actors = {
        "anonymous": None,
        "outsider": theo,
        "member": Actor.of(amara.user, coop),
        "board": jonas,
        "secretary": mei,
        "treasurer": lena,
        "returning_officer": samir,
        "auditor": nadia,
        "other": olga,
    }
    return world
