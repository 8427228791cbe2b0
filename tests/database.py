"""The tests' databases: one migrated template, a copy of it per process, logged in as the application's role.

Migrating takes seconds, copying a template a tenth of one. The template is named after a hash of everything that
shapes the schema, so it is made again when a migration, a model or a guard changes and at no other time.
"""

import os
import re
from contextlib import contextmanager
from hashlib import sha256
from io import StringIO
from pathlib import Path

import psycopg2
import pytest
from psycopg2 import sql

PROJECT = Path(__file__).resolve().parent.parent
SHAPES = ("*/migrations/*.py", "*/models.py", "*/models/*.py", "*/guards*.py", "*/triggers*.py", "*/apps.py")
TEMPLATE_LOCK = 7_306_001


def schema_hash() -> str:
    """Twelve hex digits over every file that decides what a freshly migrated database holds."""
    digest = sha256()
    apps = [folder for folder in PROJECT.iterdir() if (folder / "__init__.py").exists() and folder.name != "tests"]
    files = {file for app in apps for shape in SHAPES for file in [*app.glob(shape), *app.glob(shape[2:])]}
    files.add(PROJECT / "requirements.lock")
    for file in sorted(files):
        digest.update(str(file.relative_to(PROJECT)).encode() + file.read_bytes())
    return digest.hexdigest()[:12]


@contextmanager
def as_owner(database="postgres"):
    """A raw autocommit cursor of the owner's, outside Django: what tests may not do through the application."""
    from django.db import connections

    params = connections["owner"].get_connection_params()
    params = {name: params[name] for name in ("host", "port", "user", "password") if params.get(name)}
    connection = psycopg2.connect(dbname=database, **params)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def point_at(database):
    """Let both aliases log in to ``database``."""
    from django.db import connections

    for alias in connections:
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = database
        connections.databases[alias]["NAME"] = database


def _close_to_public(cursor, database):
    """The same door as in production: the application may connect, and nobody else."""
    from django.conf import settings

    app = sql.Identifier(settings.DATABASES["default"]["USER"])
    cursor.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database)))
    cursor.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(database), app))


def _drop(cursor, database):
    cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))


def _sweep(cursor, template):
    """Drop old templates and the copies of test processes that were killed."""
    cursor.execute(
        "SELECT datname, EXISTS (SELECT FROM pg_stat_activity a WHERE a.datname = d.datname)"
        "  FROM pg_database d WHERE datname LIKE 'test\\_%' AND pg_get_userbyid(datdba) = current_user"
    )
    for name, used in cursor.fetchall():
        copy = re.fullmatch(r"test_(\d+)(_.*)?", name)
        if copy and not Path(f"/proc/{copy[1]}").exists() or name.startswith("test_template_") and name != template:
            if not used:
                _drop(cursor, name)


def build_template(cursor, template):
    """Migrate an empty database as the owner, and give it its name only when it is complete."""
    from django.core.management import call_command
    from django.db import connections

    draft = f"{template}_draft"
    _drop(cursor, draft)
    cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(draft)))
    _close_to_public(cursor, draft)
    point_at(draft)
    call_command("migrate", verbosity=0, skip_checks=True)
    for alias in connections:
        connections[alias].close()
    cursor.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(draft), sql.Identifier(template)))


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker):
    """Replaces pytest-django's: copy the template for this process, and let both roles log in to the copy.

    Its value is the ``Baseline`` every test that commits is taken back to.
    """
    from django.db import connections
    from django.test import SimpleTestCase, TransactionTestCase

    template = f"test_template_{schema_hash()}"
    copy = f"test_{os.getpid()}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    with django_db_blocker.unblock():
        with as_owner() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [TEMPLATE_LOCK])
            _sweep(cursor, template)
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [template])
            if cursor.fetchone() is None:
                build_template(cursor, template)
            _drop(cursor, copy)
            cursor.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                    sql.Identifier(copy), sql.Identifier(template)
                )
            )
            _close_to_public(cursor, copy)
        point_at(copy)
        baseline = Baseline(copy)
    patches = pytest.MonkeyPatch()
    patches.setattr(TransactionTestCase, "_fixture_teardown", lambda case: baseline.restore())
    patches.setattr(SimpleTestCase, "_validate_databases", classmethod(_with_owner(SimpleTestCase._validate_databases)))
    patches.setattr(TransactionTestCase, "_databases_names", classmethod(_without_owner))
    yield baseline
    patches.undo()
    with django_db_blocker.unblock():
        for alias in connections:
            connections[alias].close()
        with as_owner() as cursor:
            _drop(cursor, copy)


def _with_owner(original):
    """Every test that may use the application's connection may use the owner's ..."""

    def validate(cls):
        allowed = original.__func__(cls)
        return frozenset(allowed | {"owner"}) if allowed else allowed

    return validate


def _without_owner(cls, include_mirrors=True):
    """... but no transaction is opened on it: what the owner does is for good, until the next emptying."""
    from django.db import connections

    return [alias for alias in connections if alias in cls.databases and alias != "owner"]


class Baseline:
    """What migrations put into the tables, and the way back to it after a test that committed."""

    def __init__(self, database):
        self.database, self.standing = database, False
        with as_owner(database) as cursor:
            cursor.execute(
                "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                " WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND nspname = 'public'"
                "   AND relname <> 'django_migrations' ORDER BY 1"
            )
            self.tables = [name for (name,) in cursor.fetchall()]
            cursor.execute(self._filled(self.tables))
            self.rows = {table: _copy_out(cursor, table) for (table,) in cursor.fetchall()}

    def _filled(self, tables):
        return " UNION ALL ".join(f"(SELECT '{t}' WHERE EXISTS (SELECT FROM {t}))" for t in tables)  # noqa: S608

    def _drop_bulk(self, cursor):
        """Take away the tables bulk postings made, attached or not: a hundred of them make every reading slow."""
        cursor.execute("SELECT relname FROM pg_class WHERE relname ~ '^ledger_posting_[1-9][0-9]*$' AND relkind = 'r'")
        if tables := [name for (name,) in cursor.fetchall()]:
            cursor.execute(f"DROP TABLE {', '.join(tables)}")

    @contextmanager
    def left_standing(self):
        """What is committed within stays from test to test: for tests that only look, and see one world by turns."""
        self.standing = True
        try:
            yield
        finally:
            self.standing = False
            self.restore()

    def restore(self):
        """Empty what is filled and put the migrations' rows back. Triggers do not fire; a stuck lock is an error."""
        if self.standing:
            return
        with as_owner(self.database) as cursor:
            cursor.execute("SET lock_timeout = '20s'; SET session_replication_role = replica")
            cursor.execute(self._filled(self.tables))
            filled = {table for (table,) in cursor.fetchall()}
            dirty = {t for t in filled | set(self.rows) if t not in self.rows or _copy_out(cursor, t) != self.rows[t]}
            if not dirty:
                return
            self._drop_bulk(cursor)
            # No foreign key is asked either, so only what is dirty is emptied: TRUNCATE would cascade.
            cursor.execute("; ".join(f"DELETE FROM {table}" for table in sorted(dirty)))  # noqa: S608
            for table in dirty & set(self.rows):
                _copy_in(cursor, table, self.rows[table])
        from django.contrib.contenttypes.models import ContentType

        ContentType.objects.clear_cache()


def _copy_out(cursor, table):
    out = StringIO()
    cursor.copy_expert(f"COPY (SELECT * FROM {table} ORDER BY 1) TO STDOUT", out)  # noqa: S608
    return out.getvalue()


def _copy_in(cursor, table, rows):
    cursor.copy_expert(f"COPY {table} FROM STDIN", StringIO(rows))
