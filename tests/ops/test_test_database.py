"""The tests' own database behaves as promised: the application's role, both aliases, emptied with history guarded."""

import pytest
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db import connection, connections

USER = {"email": "amara@example.org"}


@pytest.mark.django_db
def test_tests_log_in_as_the_application():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_setting('is_superuser'), current_database()")
        user, superuser, database = cursor.fetchone()
    assert (user, superuser) == ("rochdale_app", "off")
    assert database.startswith("test_")


@pytest.mark.django_db
def test_the_owner_may_be_used_beside_it():
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT current_user, current_database()")
        user, database = cursor.fetchone()
    assert user == "rochdale_owner"
    assert database == connection.settings_dict["NAME"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_a_committed_row_is_gone_in_the_next_test(turn):
    assert not get_user_model().objects.exists()
    types = ContentType.objects.count()
    assert types > 10
    get_user_model().objects.create(**USER)
    ContentType.objects.get(app_label="sessions").delete()


@pytest.mark.django_db(transaction=True)
def test_rows_made_by_migrations_come_back():
    assert ContentType.objects.filter(app_label="sessions").exists()


@pytest.mark.django_db
def test_the_application_owns_nothing():
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) = 'rochdale_app'")
        assert cursor.fetchall() == []
        cursor.execute("SELECT has_database_privilege(current_database(), 'TEMP')")
        assert cursor.fetchone() == (False,)
