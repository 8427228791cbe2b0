"""What the database itself keeps true, derived from the models and put in place after every migration.

* The application's role owns nothing, may read and write ordinary tables, and only add to history
  (``privileges`` on a model says otherwise: see ``AppendOnly``). Nobody but the owner may TRUNCATE.
* A row's foreign keys stay inside its co-op: for each foreign key between two models that name a co-op there is a
  composite key ``(coop_id, key) → (coop_id, id)`` beside Django's own. A model whose own triggers keep a key inside the
  co-op, for many rows at once, says so (``tied_by_triggers``) and tests it by raw SQL.
* No trigger can be told to look away. pgtrigger asks a setting that any session may set which of its triggers to skip,
  so whoever can speak SQL could switch every guard off; here the answer is no, whatever the setting says. (It is also
  what makes many rows at once bearable: the question, unanswered, was an error caught in a subtransaction per row, and
  rolling that back walks all deferred triggers so far.)

``ensure`` is idempotent and runs as the owner, from our ``migrate`` command.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from django.apps import apps
from django.conf import settings
from django.db import models, transaction

EVERYDAY = ("SELECT", "INSERT", "UPDATE", "DELETE")
# Tables without a model, or whose model cannot say it: name → privileges of the application's role.
_raw_tables: dict[str, tuple[str, ...]] = {"django_migrations": ("SELECT",)}


class OwnerMigrates:
    """Database router: the schema belongs to the owner's connection, everyday reads and writes to the application's."""

    def allow_migrate(self, db, app_label, **hints):
        return db == "owner"

    def db_for_read(self, model, **hints):
        return None

    db_for_write = db_for_read

    def allow_relation(self, a, b, **hints):
        return True


def raw_table(name: str, *privileges: str) -> None:
    """Declare what the application's role may do on a table that has no model; ``*`` in the name stands for any."""
    _raw_tables[name] = privileges


def privileges() -> dict[str, tuple[str, ...]]:
    """What the application's role may do, by table."""
    declared = {}
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed or hasattr(model, "privileges"):
            declared[model._meta.db_table] = getattr(model, "privileges", EVERYDAY)
    return declared | _raw_tables


def privileges_on(table: str, declared: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """What the application's role may do on a table, out of ``privileges()``.

    A table nobody declared (a partition, a side table) is readable and no more.
    """
    named = next((name for name in declared if "*" in name and fnmatchcase(table, name)), table)
    return declared.get(table, declared.get(named, ("SELECT",)))


def same_coop_keys() -> Iterator[tuple[str, str, str, str]]:
    """Every foreign key between two models that name a co-op, as (child table, column, parent table, its key), but
    those the child's own triggers keep (``tied_by_triggers``)."""
    for model in apps.get_models():
        if not _names_a_coop(model) or not model._meta.managed:
            continue
        tied = getattr(model, "tied_by_triggers", ())
        for field in model._meta.local_fields:
            if field.name in tied:
                continue
            if isinstance(field, models.ForeignKey) and field.name != "coop" and _names_a_coop(field.related_model):
                parent = field.related_model._meta.db_table
                yield model._meta.db_table, field.column, parent, str(field.target_field.column)


def _names_a_coop(model) -> bool:
    return any(field.column == "coop_id" for field in model._meta.local_fields) and not isinstance(
        model._meta.pk, models.CompositePrimaryKey
    )


def ensure(connection) -> None:
    """Grant the application's role what the models declare and tie foreign keys to their co-op."""
    app_role = settings.DATABASES["default"]["USER"]
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:  # no moment without rights
        cursor.execute("SELECT current_user")
        if cursor.fetchone()[0] != app_role:
            _grant(cursor, connection.ops.quote_name(app_role))
        cursor.execute(_NEVER_IGNORED)
        _tie_to_coop(cursor, connection.ops.quote_name)


_NEVER_IGNORED = """
    CREATE OR REPLACE FUNCTION public._pgtrigger_should_ignore(trigger_name NAME) RETURNS BOOLEAN
    LANGUAGE sql IMMUTABLE AS 'SELECT FALSE'
"""


def _grant(cursor, role: str) -> None:
    declared = privileges()
    cursor.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user")
    for (table,) in cursor.fetchall():
        wanted = ", ".join(privileges_on(table, declared))
        cursor.execute(f'REVOKE ALL ON "{table}" FROM {role}')
        if wanted:
            cursor.execute(f'GRANT {wanted} ON "{table}" TO {role}')
    cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}")


def _tie_to_coop(cursor, quote) -> None:
    cursor.execute("SELECT conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace")
    there = {name for (name,) in cursor.fetchall()}
    for child, column, parent, key_column in sorted(set(same_coop_keys())):
        unique = f"{parent}_in_coop"[-63:]
        if unique not in there:
            cursor.execute(f"ALTER TABLE {quote(parent)} ADD CONSTRAINT {quote(unique)} UNIQUE (coop_id, {key_column})")
            there.add(unique)
        key = f"{child}_{column}_same_coop"[-63:]
        if key not in there:
            cursor.execute(
                f"ALTER TABLE {quote(child)} ADD CONSTRAINT {quote(key)} FOREIGN KEY (coop_id, {quote(column)})"
                f" REFERENCES {quote(parent)} (coop_id, {key_column}) DEFERRABLE INITIALLY DEFERRED"
            )
            there.add(key)
