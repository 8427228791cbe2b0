"""Files as bytes in the database: which columns hold any, and which of them speak of somebody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db import connection

from coop.kernel.reading import Unread
from members.recognising import Words

# The ballot box is not among them: nobody's role reads it, and a sealed paper names nobody.
_FILES = """
    SELECT c.relname, a.attname FROM pg_class c
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
       AND a.atttypid = 'bytea'::regtype AND has_table_privilege(c.oid, 'SELECT')
     ORDER BY 1, 2
"""


@dataclass(frozen=True)
class Held:
    """One file that names somebody, or one that nobody can search (``unread`` says why)."""

    table: str
    column: str
    key: int
    unread: str = ""

    @property
    def where(self) -> str:
        return f"{self.table}.{self.column}"


def file_columns() -> list[tuple[str, str]]:
    """Every table and column of the database that holds bytes the application may read."""
    with connection.cursor() as cursor:
        cursor.execute(_FILES)
        return cursor.fetchall()


def files_naming(words: Words, coop) -> Iterator[Held]:
    """The co-op's files in whose text any of these words stand, and those that cannot be read. One file in memory."""
    for table, column in file_columns():
        for key in _keys(table, column, coop):
            if (held := _read(table, column, key, words)) is not None:
                yield held


def _keys(table: str, column: str, coop) -> list[int]:
    model = next(each for each in apps.get_models() if each._meta.db_table == table)
    rows = model._default_manager.exclude(**{column: None})
    return list(rows.filter(**{_to_coop(model): coop}).order_by("pk").values_list("pk", flat=True))


def _to_coop(model) -> str:
    """How a row leads to its co-op: by itself, or by the row it is the file of."""
    if any(field.name == "coop" for field in model._meta.local_fields):
        return "coop"
    return f"{model._meta.pk.name}__coop"


def _read(table: str, column: str, key: int, words: Words) -> Held | None:
    model = next(each for each in apps.get_models() if each._meta.db_table == table)
    data = model._default_manager.filter(pk=key).values_list(column, flat=True).first()
    try:
        return Held(table, column, key) if data and words.speak_in_file(data) else None
    except Unread as unread:
        return Held(table, column, key, str(unread))
