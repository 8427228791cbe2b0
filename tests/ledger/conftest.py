"""Books to test with, and a way to attack them: raw SQL on a connection of its own, as the role that is named."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date

import psycopg2
import pytest
from django.conf import settings
from django.db import connection as ours
from django.db import connections

from coop.kernel import nav
from coop.kernel.models import Cooperative
from coop.kernel.tenancy import Actor
from ledger.models import Account, Entry, Period
from ledger.services.accounts import account, create_chart
from ledger.services.posting import Line, post_entry, post_in_bulk
from tests.cast import make_user

from .factories import make_books
from .stood import own  # noqa: F401
from .surplus_factories import make_buyers

ALIAS = {"app": "default", "owner": "owner"}


@contextmanager
def raw(role: str = "app"):
    """A psycopg2 connection of its own, logged in as the application's role or the owner; nothing is committed."""
    params = connections[ALIAS[role]].get_connection_params()
    params = {k: v for k, v in params.items() if k in ("host", "port", "user", "password", "dbname") and v}
    connection = psycopg2.connect(**params)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user, session_user")
            wanted = settings.DATABASES[ALIAS[role]]["USER"]
            assert cursor.fetchone() == (wanted, wanted)
            assert role == "owner" or wanted == "rochdale_app"
        connection.rollback()
        yield connection
    finally:
        connection.close()


def attack(*statements, role: str = "app") -> None:
    """Run the statements in one transaction and commit. What the database answers is the caller's to expect.

    A statement is SQL, or (SQL, parameters).
    """
    with raw(role) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(*((statement,) if isinstance(statement, str) else statement))
        connection.commit()


@contextmanager
def refused(pattern: str):
    """The database refuses, with a sentence that matches, and afterwards every ledger table is as it was."""
    before = snapshot()
    with pytest.raises(psycopg2.Error, match=pattern):
        yield
    assert snapshot() == before


TABLES = (
    "ledger_entry",
    "ledger_posting",
    "ledger_sealed",
    "ledger_account",
    "ledger_period",
    "ledger_periodevent",
    "ledger_checkpoint",
    "ledger_bulkbatch",
    "ledger_shareclass",
    "ledger_shareevent",
    "ledger_memberfee",
    "ledger_duesrule",
    "ledger_duesrelief",
    "ledger_duesrun",
    "ledger_duescharge",
    "ledger_dueswaiver",
    "ledger_redemption",
    "ledger_redemptionlimit",
    "ledger_certificate",
    "ledger_bankaccount",
    "ledger_bankstatement",
    "ledger_bankline",
    "members_membership",
    "members_membershipevent",
)


def snapshot() -> dict[str, str]:
    """A fingerprint of every row of every table of the ledger, as another connection sees it."""
    every = " UNION ALL ".join(
        f"SELECT '{table}', md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '')) FROM {table} t"
        for table in TABLES
    )
    with raw() as connection, connection.cursor() as cursor:
        cursor.execute(every)
        return dict(cursor.fetchall())


def trace() -> str:
    """A fingerprint of every row the ledger has, inside the transaction."""
    digest = hashlib.sha256()
    with ours.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '') FROM {table} t")
            digest.update(cursor.fetchone()[0].encode())
    return digest.hexdigest()


@dataclass
class Books:
    """A co-op with closed books for 2025, open ones for 2026, and an everyday and a bulk entry in them."""

    coop: Cooperative
    actor: Actor
    a: Account
    b: Account
    usd: Account
    usd2: Account
    closed: Period
    open: Period
    everyday: Entry
    bulk: Entry
    keys: list = field(default_factory=list)

    def entry(self, number: int, on="2026-03-01", period=None, **more) -> tuple[str, list]:
        """SQL for an entry's head."""
        columns = {
            "id": number,
            "coop_id": self.coop.pk,
            "period_id": (period or self.open).pk,
            "posted_on": on,
            "kind": "attack",
            "memo": "",
            "key": f"attack-{number}",
            "request_hash": "0" * 64,
            "batch": 0,
            "recorded_at": "2026-03-01",
            **more,
        }
        marks = ", ".join(["%s"] * len(columns))
        return (
            f"INSERT INTO ledger_entry ({', '.join(columns)}) OVERRIDING SYSTEM VALUE VALUES ({marks})",
            list(columns.values()),
        )

    def line(self, number: int, n: int, account: Account, amount: int, into="ledger_posting", **more):
        """SQL for one line."""
        columns = {
            "entry_id": number,
            "coop_id": self.coop.pk,
            "account_id": account.pk,
            "amount": amount,
            "n": n,
            "batch": 0,
            "posted_on": "2026-03-01",
            **more,
        }
        marks = ", ".join(["%s"] * len(columns))
        return f"INSERT INTO {into} ({', '.join(columns)}) VALUES ({marks})", list(columns.values())

    def good(self, number: int, amount: int = 100, **more) -> list:
        """SQL for a whole entry that balances."""
        dated = {"posted_on": more["on"]} if "on" in more else {}
        return [
            self.entry(number, **more),
            self.line(number, 1, self.a, amount, **dated),
            self.line(number, 2, self.b, -amount, **dated),
        ]

    def post(self, amount: int, key: str, on=date(2026, 3, 1), **more) -> Entry:
        """The proper way."""
        return post_entry(
            actor=self.actor,
            on=on,
            kind="test",
            memo="",
            lines=[Line(self.a, amount), Line(self.b, -amount)],
            key=key,
            **more,
        )


@pytest.fixture
def books(transactional_db, coop, lena) -> Books:
    create_chart(coop=coop, template="eu-consumer")
    dollars = [
        Account.objects.create(coop=coop, code=code, name=code, kind="asset", currency="USD")
        for code in ("USD1", "USD2")
    ]
    a, b = account(coop, "bank"), account(coop, "statutory_reserve")
    lines = [Line(a, 700), Line(b, -700)]
    post_entry(actor=lena, on=date(2025, 5, 1), kind="test", memo="", lines=lines, key="old")
    closed = Period.objects.get(coop=coop, starts="2025-01-01")
    attack(("SELECT ledger_close_period(%s, NULL, now(), NULL, '')", [closed.pk]))
    closed.refresh_from_db()
    everyday = post_entry(actor=lena, on=date(2026, 2, 1), kind="test", memo="", lines=lines, key="everyday")
    bulk = post_in_bulk(
        actor=lena,
        on=date(2026, 2, 1),
        kind="test",
        memo="",
        key="bulk",
        rows=[(a.pk, 5), (a.pk, 6), (b.pk, -5), (b.pk, -6)],
    )
    opened = Period.objects.get(coop=coop, starts="2026-01-01")
    return Books(coop, lena, a, b, *dollars, closed, opened, everyday, bulk)


@pytest.fixture(params=["everyday", "bulk"])
def sealed(request, books) -> Callable:
    """An entry that stands, once of the everyday partition and once of a bulk partition."""
    return getattr(books, request.param)


@pytest.fixture(params=["app", "owner"])
def role(request) -> str:
    """Both roles: the application has no grant, and the owner, who has, meets the triggers."""
    return request.param


# --- pages ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def shares(coop):
    return make_books(coop)


@pytest.fixture
def desk(client_of, lena, shares):
    return client_of(lena)


@pytest.fixture
def amara(coop):
    return Actor.of(make_user("amara"), coop)


@pytest.fixture
def bare_frame(monkeypatch):
    """The rail counts what waits in other rooms; here only the page's own questions are counted."""
    monkeypatch.setattr(nav, "for_actor", lambda actor, request: nav.Navigation())


@pytest.fixture
def buyers(coop):
    """Memberships by number: Amara, Ben and Carla, who buy."""
    return make_buyers(coop)
