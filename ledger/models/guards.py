"""What several guards of the ledger say in the same words, as it stands in the migrations, blank by blank."""

from __future__ import annotations

from collections.abc import Iterable

import pgtrigger


def row(of: str, columns: Iterable[str]) -> str:
    """Columns of ``NEW`` or ``OLD`` as one value to compare."""
    return "(" + ", ".join(f"{of}.{column}" for column in columns) + ")"


def own_entry(state: str, key: str, sentence: str) -> str:
    """Into that state only with the entry whose key names this very row: ``key`` and its id."""
    return f"""IF NEW.state = '{state}' THEN
                        PERFORM FROM ledger_entry e
                          WHERE e.id = NEW.entry_id AND e.coop_id = NEW.coop_id AND e.key = '{key}:' || NEW.id;
                        IF NOT FOUND THEN
                            RAISE check_violation USING MESSAGE = '{sentence}';
                        END IF;
                    END IF;"""  # noqa: S608 - no outside text


def only_where_found(name: str, query: str, sentence: str) -> pgtrigger.Trigger:
    """A row is added only where the query over ``NEW`` finds something."""
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=f"""
                    PERFORM FROM {query};
                    IF NOT FOUND THEN
                        RAISE check_violation USING MESSAGE = '{sentence}';
                    END IF;
                    RETURN NEW;
                """,
    )


def only_into(name: str, state: str, parent: str, key: str, sentence: str) -> pgtrigger.Trigger:
    """Rows, many at a time, are added to a parent in that state alone; ``parent``: its table and a letter for it."""
    letter = parent.split()[1]
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        level=pgtrigger.Statement,
        referencing=pgtrigger.Referencing(new="added"),
        func=f"""
                    PERFORM FROM {parent}
                      WHERE {letter}.id IN (SELECT {key} FROM added) ORDER BY {letter}.id FOR SHARE;
                    IF EXISTS (SELECT FROM added a JOIN {parent} ON {letter}.id = a.{key}
                                WHERE {letter}.state <> '{state}') THEN
                        RAISE check_violation USING MESSAGE = '{sentence}';
                    END IF;
                    RETURN NULL;
                """,  # noqa: S608 - no outside text
    )
