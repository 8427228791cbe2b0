"""What every test may ask for: the databases, the people, the populated co-op and the browser."""

import gc

from hypothesis import settings

from tests.ballot_keys import keys_of_their_own, stocked_keys  # noqa: F401
from tests.browser import browse, chromium  # noqa: F401
from tests.cast import *  # noqa: F403
from tests.database import django_db_setup  # noqa: F401
from tests.limits import fresh_limits  # noqa: F401
from tests.prepared import prepared  # noqa: F401
from tests.standing import standing  # noqa: F401
from tests.world import world  # noqa: F401

settings.register_profile("house", deadline=None)  # a machine that is busy is not a property that fails
settings.load_profile("house")


def pytest_collection_finish(session):
    """What is loaded by now stays: not looked through for garbage all the time, it saves a twentieth of a run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
