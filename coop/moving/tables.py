"""What belongs to one co-op, table by table: found through the models, so that a new table is not forgotten.

A table that names no co-op and hangs on none has to stand in ``STAYS`` with the reason; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db import models

# Tables that do not move, and why.
STAYS = {
    "django_session": "logins of this installation",
    "usersessions_usersession": "logins of this installation",
    "mfa_authenticator": "second factors are sealed by this installation's secret; they are set up anew",
    "account_emailconfirmation": "letters under way",
    "kernel_factorreset": "second factors stay",
    "kernel_apitoken": "tokens are given anew",
    "kernel_job": "work of this installation's queue",
    "kernel_mail": "letters this installation sends",
    "django_admin_log": "of the installation's administrators",
    "django_content_type": "made by migrate",
    "auth_permission": "made by migrate",
    "auth_group": "of the installation's administrators",
    "auth_group_permissions": "of the installation's administrators",
    "kernel_user_groups": "of the installation's administrators",
    "kernel_user_user_permissions": "of the installation's administrators",
    "governance_box": "a box moves only once it has been opened and its papers are in governance_openedpaper",
}
USER, COOP = "kernel_user", "kernel_cooperative"
# What is said instead of a column: secrets and powers do not travel.
INSTEAD = {
    (USER, "password"): "'!moved'",
    (USER, "is_superuser"): "false",
    (USER, "is_staff"): "false",
    (USER, "last_login"): "NULL",
}
# Of these only some rows are of any use elsewhere.
ONLY = {"ledger_bulkbatch": "state IN ('sealed', 'dropped')"}


@dataclass(frozen=True, slots=True)
class Table:
    """A table, its columns in the database's order, and which of its rows are the co-op's (one ``%(coop)s``)."""

    name: str
    columns: tuple[str, ...]
    where: str
    key: tuple[str, ...]

    def query(self) -> str:
        """The SELECT of the co-op's rows, ordered so that the same rows give the same file."""
        wanted = (INSTEAD.get((self.name, each), f'"{each}"') + f' AS "{each}"' for each in self.columns)
        order = ", ".join(f'"{each}"' for each in self.key)
        return f'SELECT {", ".join(wanted)} FROM "{self.name}" WHERE {self.where} ORDER BY {order}'  # noqa: S608


def tables() -> list[Table]:
    """Every table that moves, those first that others without deferred keys point at."""
    models_ = [each for each in apps.get_models(include_auto_created=True) if each._meta.db_table not in STAYS]
    coops = {each._meta.db_table: "coop_id = %(coop)s" for each in models_ if _names_a_coop(each)}
    coops[COOP] = "id = %(coop)s"
    for model in models_:
        table = model._meta.db_table
        if table not in coops and table != USER:
            parent = _parent(model, coops)
            if parent is not None:
                field, of = parent
                rows = f'SELECT "{field.target_field.column}" FROM "{of}" WHERE {coops[of]}'  # noqa: S608
                coops[table] = f'"{field.column}" IN ({rows})'
    coops[USER] = "id IN (" + " UNION ".join(_users(models_, coops)) + ")"
    coops["account_emailaddress"] = f"user_id IN (SELECT id FROM {USER} WHERE {coops[USER]})"  # noqa: S608
    found = [
        Table(
            each._meta.db_table,
            tuple(field.column for field in each._meta.local_fields if field.column),
            " AND ".join(filter(None, [coops[each._meta.db_table], ONLY.get(each._meta.db_table, "")])),
            tuple(field.column for field in each._meta.pk_fields),  # type: ignore[misc]
        )
        for each in models_
        if each._meta.db_table in coops
    ]
    first = [USER, COOP, "members_party", "members_membership", "ledger_shareclass", "ledger_account", "ledger_entry"]
    return sorted(found, key=lambda table: first.index(table.name) if table.name in first else len(first))


def forgotten() -> list[str]:
    """Tables that neither move nor are said to stay."""
    moving = {table.name for table in tables()}
    return [
        each._meta.db_table
        for each in apps.get_models(include_auto_created=True)
        if each._meta.db_table not in moving and each._meta.db_table not in STAYS
    ]


def _names_a_coop(model) -> bool:
    return any(field.column == "coop_id" for field in model._meta.local_fields)


def _parent(model, coops: dict[str, str]) -> tuple[models.ForeignKey, str] | None:
    for field in model._meta.local_fields:
        if isinstance(field, models.ForeignKey) and not field.null:
            of = field.related_model._meta.db_table
            if of in coops:
                return field, of
    return None


def _users(models_, coops: dict[str, str]) -> Iterator[str]:
    """Whoever any of the co-op's rows names as a login."""
    for model in models_:
        where = coops.get(model._meta.db_table)
        for field in model._meta.local_fields if where else ():
            if isinstance(field, models.ForeignKey) and field.related_model._meta.db_table == USER:
                yield f'SELECT "{field.column}" FROM "{model._meta.db_table}" WHERE {where}'  # noqa: S608
