"""What the database promises by itself: the application's rights, and rows that stay inside their co-op."""

from __future__ import annotations

from datetime import date

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, connections, transaction

from coop.kernel import guards
from coop.kernel.models import AppendOnly, FactorReset
from tests.cast import make_user


def _privileges() -> dict[str, set[str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, privilege_type FROM information_schema.role_table_grants"
            " WHERE grantee = current_user AND table_schema = 'public'"
        )
        found: dict[str, set[str]] = {}
        for table, privilege in cursor.fetchall():
            found.setdefault(table, set()).add(privilege)
    return found


def test_the_application_may_do_what_the_models_declare_and_no_more(db):
    found = _privileges()
    for table, declared in guards.privileges().items():
        assert found.get(table, set()) == set(declared), table


def test_nobody_may_truncate_and_history_is_never_rewritten(db):
    found = _privileges()
    assert [table for table, has in found.items() if has & {"TRUNCATE", "TRIGGER", "REFERENCES"}] == []
    history = [model._meta.db_table for model in apps.get_models() if issubclass(model, AppendOnly)]
    assert history
    assert [table for table in history if found[table] - {"SELECT", "INSERT"}] == []


def test_the_application_owns_nothing(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)"
        )
        assert cursor.fetchall() == []


def test_every_foreign_key_between_a_coops_rows_is_tied_to_the_coop(db):
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT conrelid::regclass::text, (SELECT array_agg(attname ORDER BY ord)
                     FROM unnest(conkey) WITH ORDINALITY k(n, ord)
                     JOIN pg_attribute ON attrelid = conrelid AND attnum = k.n), confrelid::regclass::text
              FROM pg_constraint WHERE contype = 'f' AND array_length(conkey, 1) = 2
            """
        )
        tied = {(child, tuple(columns), parent) for child, columns, parent in cursor.fetchall()}
    wanted = {(child, ("coop_id", column), parent) for child, column, parent, _key in guards.same_coop_keys()}
    assert wanted - tied == set()


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_putting_the_guards_in_place_again_changes_nothing():
    def constraints() -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT conname FROM pg_constraint ORDER BY 1")
            return [name for (name,) in cursor.fetchall()]

    before = _privileges(), constraints()
    guards.ensure(connections["owner"])
    assert (_privileges(), constraints()) == before


def test_a_factor_reset_takes_two_in_the_database(coop, mei, jonas):
    theirs = make_user("carol")
    with pytest.raises(IntegrityError), transaction.atomic():
        FactorReset.objects.create(coop=coop, user=theirs, asked_by=mei.user, confirmed_by=mei.user, reason="alone")
    with pytest.raises(IntegrityError), transaction.atomic():
        FactorReset.objects.create(coop=coop, user=mei.user, asked_by=mei.user, reason="for myself")
    FactorReset.objects.create(coop=coop, user=theirs, asked_by=mei.user, confirmed_by=jonas.user, reason="both")


def test_an_office_cannot_end_before_it_began(coop, mei):
    office = mei.user.offices.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        office.ends_on = date(2019, 1, 1)
        office.save()
