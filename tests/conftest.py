"""What every test may ask for. The databases are in ``tests/database.py``, the people in ``tests/cast.py``."""

from tests.cast import *  # noqa: F403
from tests.browser import browse, chromium  # noqa: F401
from tests.database import django_db_setup  # noqa: F401
