"""What every test may ask for. The databases are in ``tests/database.py``."""

from tests.database import django_db_setup  # noqa: F401
