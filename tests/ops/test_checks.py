"""Our system checks: silent where the set-up is right, and each planted fault is named by its check."""

import pytest
from allauth.mfa.models import Authenticator
from django.core import checks
from django.db import DatabaseError, ProgrammingError, connection

from coop import checks as ours
from coop.kernel.models import Cooperative, Office, User
from tests.database import as_owner

pytestmark = pytest.mark.django_db


def ids(**options):
    """The ids of our own messages."""
    return sorted({m.id for m in checks.run_checks(**options) if str(m.id).startswith("coop.")})


def told(identifier, **options):
    (message,) = [m for m in checks.run_checks(**options) if m.id == identifier]
    return f"{message.msg} {message.hint}"


@pytest.fixture
def production(settings):
    settings.DEBUG = False
    settings.SECRET_KEY = "x" * 64
    settings.MAIL_TRANSPORT = "smtp"


def test_a_right_set_up_is_quiet(production):
    assert ids(databases=["default", "owner"]) == []
    assert ids() == []


def test_the_trial_secret_is_reported(production, settings):
    settings.SECRET_KEY = settings.TRIAL_SECRET_KEY
    assert ids() == ["coop.E001"]
    settings.DEBUG = True
    assert ids() == []


@pytest.mark.parametrize("backend", ["locmem.LocMemCache", "dummy.DummyCache"])
def test_a_cache_nobody_shares_is_reported(production, settings, backend):
    settings.CACHES = {"default": {"BACKEND": f"django.core.cache.backends.{backend}"}}
    assert ids() == ["coop.E002"]
    assert "REDIS_URL" in told("coop.E002")


def test_mail_that_is_shown_instead_of_sent_is_reported(production, settings):
    settings.MAIL_TRANSPORT = "demo"
    assert ids() == ["coop.E003"]


@pytest.fixture
def owner(transactional_db):
    """A raw cursor of the owner's in this test's database."""
    with as_owner(connection.settings_dict["NAME"]) as cursor:
        yield cursor


@pytest.mark.parametrize(
    ("wrong", "right", "named"),
    [
        (
            "GRANT UPDATE ON kernel_auditevent TO rochdale_app",
            "REVOKE UPDATE ON kernel_auditevent FROM rochdale_app",
            "UPDATE on kernel_auditevent",
        ),
        (
            "GRANT TRUNCATE ON kernel_user TO rochdale_app",
            "REVOKE TRUNCATE ON kernel_user FROM rochdale_app",
            "TRUNCATE on kernel_user",
        ),
        (
            "GRANT DELETE ON django_migrations TO PUBLIC",
            "REVOKE DELETE ON django_migrations FROM PUBLIC",
            "DELETE on django_migrations",
        ),
    ],
)
def test_privileges_beyond_the_models_are_reported(production, owner, wrong, right, named):
    owner.execute(wrong)
    try:
        assert ids(databases=["default"]) == ["coop.E006"]
        assert named in told("coop.E006", databases=["default"])
    finally:
        owner.execute(right)
    assert ids(databases=["default"]) == []


def test_a_column_of_history_that_may_be_written_is_reported(production, owner):
    owner.execute("GRANT UPDATE (kind) ON kernel_auditevent TO rochdale_app")
    try:
        assert "UPDATE on kernel_auditevent" in told("coop.E006", databases=["default"])
    finally:
        owner.execute("REVOKE UPDATE (kind) ON kernel_auditevent FROM rochdale_app")


def test_a_role_that_owns_is_reported(production, owner, settings):
    """Logged in as the owner, the application would own every table."""
    database = connection.settings_dict
    before = database["USER"]
    connection.close()
    database["USER"] = "rochdale_owner"
    try:
        assert "coop.E005" in ids(databases=["default"])
        assert " and " in told("coop.E005", databases=["default"])
    finally:
        connection.close()
        database["USER"] = before


def test_temporary_tables_are_reported(production, owner):
    name = connection.settings_dict["NAME"]
    owner.execute(f'GRANT TEMP ON DATABASE "{name}" TO rochdale_app')
    try:
        assert ids(databases=["default"]) == ["coop.E007"]
    finally:
        owner.execute(f'REVOKE TEMP ON DATABASE "{name}" FROM rochdale_app')


def test_nobody_can_shadow_the_audit_table(owner):
    """Why the check above exists: the guard's function would read a temporary table of that name instead."""
    with (
        connection.cursor() as cursor,
        pytest.raises(DatabaseError, match="permission denied to create temporary tables"),
    ):
        cursor.execute("CREATE TEMP TABLE kernel_auditevent (LIKE public.kernel_auditevent)")


def an_officer(**office):
    coop = Cooperative.objects.create(slug="riverside", name="Riverside")
    user = User.objects.create_user("lena@example.org", "sheaf-of-seven-stalks")
    Office.objects.create(coop=coop, user=user, role="treasurer", **{"starts_on": "2020-01-01", **office})
    return user


def test_an_officer_without_a_second_factor_is_named(production, settings):
    settings.OFFICERS_NEED_MFA = True
    user = an_officer()
    assert "lena@example.org (riverside)" in told("coop.W009", databases=["default"])
    assert ids() == [], "nobody asked for the database"
    Authenticator.objects.create(user=user, type=Authenticator.Type.RECOVERY_CODES, data={})
    assert ids(databases=["default"]) == ["coop.W009"], "codes to recover a factor are not a factor"
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
    assert ids(databases=["default"]) == []


@pytest.mark.parametrize("office", [{"ends_on": "2021-01-01"}, {"starts_on": "2999-01-01"}])
def test_who_holds_no_office_today_needs_none(production, settings, office):
    settings.OFFICERS_NEED_MFA = True
    an_officer(**office)
    assert ids(databases=["default"]) == []


def test_where_officers_need_none_none_is_asked_for(production, settings):
    settings.OFFICERS_NEED_MFA = False
    an_officer()
    assert ids(databases=["default"]) == []


def test_an_empty_database_is_no_reason_to_fall_over(production, settings, monkeypatch):
    def nothing_there():
        raise ProgrammingError('relation "kernel_office" does not exist')

    settings.OFFICERS_NEED_MFA = True
    monkeypatch.setattr(ours, "_officers_without", nothing_there)
    assert ids(databases=["default"]) == []
