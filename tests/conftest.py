"""What every test may ask for: the databases, the people, the populated co-op and the browser."""

from tests.browser import browse, chromium  # noqa: F401
from tests.cast import *  # noqa: F403
from tests.database import django_db_setup  # noqa: F401
from tests.world import world  # noqa: F401
