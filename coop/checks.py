"""Our own system checks: a wrong set-up is reported before members meet it.

``manage.py check --deploy --fail-level WARNING --database default`` runs all of them; those that ask the database are
silent until it is migrated. Each message says what is wrong and what to do.
"""

from collections.abc import Iterator

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError, connections

from coop.kernel import clock, guards
from coop.kernel.models import Office

PRIVATE_CACHES = ("locmem.LocMemCache", "dummy.DummyCache", "filebased.FileBasedCache")
OF_COLUMNS = ("SELECT", "INSERT", "UPDATE", "REFERENCES")  # what can be given on one column alone
PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")


@register(Tags.security)
def secret_is_ours(app_configs, **kwargs) -> list[CheckMessage]:
    """Outside DEBUG nobody signs sessions with a secret that stands in the source."""
    if settings.DEBUG or settings.SECRET_KEY != settings.TRIAL_SECRET_KEY:
        return []
    hint = "Set SECRET_KEY, or SECRET_KEY_FILE, to a long random text of your own."
    return [Error("SECRET_KEY is the one from the source code.", hint=hint, id="coop.E001")]


@register(Tags.caches)
def cache_is_shared(app_configs, **kwargs) -> list[CheckMessage]:
    """Limits on logins are counted in the cache: one that each process keeps for itself multiplies them."""
    backend = settings.CACHES["default"]["BACKEND"]
    if settings.DEBUG or not backend.endswith(PRIVATE_CACHES):
        return []
    hint = "Use Redis or Valkey: set REDIS_URL and leave CACHES as it is."
    return [Error(f"The cache {backend} is not shared between processes.", hint=hint, id="coop.E002")]


@register(Tags.security)
def mail_leaves_the_house(app_configs, **kwargs) -> list[CheckMessage]:
    """The demo keeps every letter readable in the browser, login codes included."""
    if settings.DEBUG or settings.MAIL_TRANSPORT != "demo":
        return []
    hint = "Set MAIL_TRANSPORT=smtp and EMAIL_HOST."
    return [Error("MAIL_TRANSPORT is 'demo': letters are shown, not sent.", hint=hint, id="coop.E003")]


@register(Tags.database)
def role_is_harmless(app_configs, databases=None, **kwargs) -> list[CheckMessage]:
    """The application's role owns nothing and may do no more to any table than its model declares."""
    if "default" not in (databases or ()):
        return []
    try:
        with connections["default"].cursor() as cursor:
            return list(_excesses(cursor))
    except DatabaseError as problem:
        return [Error(f"The database does not answer: {problem}", id="coop.E008")]


def _excesses(cursor) -> Iterator[CheckMessage]:
    cursor.execute(
        "SELECT current_user, rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user"
    )
    role, *powers = cursor.fetchone()
    if any(powers):
        hint = f"ALTER ROLE {role} NOSUPERUSER NOBYPASSRLS NOCREATEROLE"
        yield Error(f"The application's role {role} has powers over the whole server.", hint=hint, id="coop.E004")
    cursor.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v')"
        "   AND pg_has_role(relowner, 'MEMBER') ORDER BY 1"
    )
    owned = [name for (name,) in cursor.fetchall()]
    if owned:
        hint = "Run 'manage.py migrate' with DATABASE_OWNER_URL naming another role, after REASSIGN OWNED."
        yield Error(f"The application's role {role} owns {_some(owned)}.", hint=hint, id="coop.E005")
    yield from _privileges_beyond(cursor, role)
    cursor.execute("SELECT has_database_privilege(current_database(), 'TEMP')")
    if cursor.fetchone()[0]:
        # A temporary table is found before the real one of that name, by the guards' own functions too.
        hint = "REVOKE ALL ON DATABASE … FROM PUBLIC; GRANT CONNECT ON DATABASE … TO the application's role."
        yield Error(f"The application's role {role} may create temporary tables.", hint=hint, id="coop.E007")


def _privileges_beyond(cursor, role: str) -> Iterator[CheckMessage]:
    declared = guards.privileges()
    cursor.execute(
        "SELECT relname, p FROM pg_class, unnest(%s) p WHERE relnamespace = 'public'::regnamespace"
        "   AND relkind IN ('r', 'p') AND (has_table_privilege(pg_class.oid, p)"
        "    OR p = ANY(%s) AND has_any_column_privilege(pg_class.oid, p)) ORDER BY 1, 2",
        [list(PRIVILEGES), list(OF_COLUMNS)],
    )
    beyond = [f"{p} on {table}" for table, p in cursor.fetchall() if p not in guards.privileges_on(table, declared)]
    if beyond:
        hint = "Run 'manage.py migrate': it takes away what was never meant to be given."
        yield Error(f"The application's role {role} has {_some(beyond)}.", hint=hint, id="coop.E006")


@register(Tags.database)
def officers_have_a_second_factor(app_configs, databases=None, **kwargs) -> list[CheckMessage]:
    """Where OFFICERS_NEED_MFA, an officer without one is locked out of the office: say so before they find out."""
    if not settings.OFFICERS_NEED_MFA or "default" not in (databases or ()):
        return []
    try:
        bare = _officers_without()
    except DatabaseError:
        return []  # not migrated yet, or role_is_harmless has said that nothing answers
    if not bare:
        return []
    hint = "Ask them to set one up under 'Second factor' in their account."
    return [Warning(f"Officers without a second factor: {_some(bare)}.", hint=hint, id="coop.W009")]


def _officers_without() -> list[str]:
    # Codes for recovery alone are no second factor.
    factors = Authenticator.objects.exclude(type=Authenticator.Type.RECOVERY_CODES)
    offices = Office.objects.select_related("user", "coop").exclude(user__in=factors.values("user"))
    held = [o for o in offices if o.starts_on <= (today := clock.today(o.coop)) and (o.ends_on or today) >= today]
    return sorted({f"{office.user.email} ({office.coop.slug})" for office in held})


def _some(names: list[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
