"""The journal read for a file: accounts first, then every line in order, in one snapshot, a few thousand at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from django.db import connection, transaction

from ledger.models import Account, Posting

from .journal_export import Export, ExportAccount, ExportLine

CHUNK = 5000


@contextmanager
def one_snapshot() -> Iterator[None]:
    """Everything read inside is of one moment. Inside a transaction already, it is that transaction's."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def journal_export(coop, *, since: date | None = None, until: date | None = None) -> Export:
    """The co-op's journal, or the part between two days, to be walked inside ``one_snapshot``."""
    found = Account.objects.filter(coop=coop).select_related("parent").order_by("code")
    accounts = {each.pk: _account(each) for each in found.iterator(chunk_size=CHUNK)}
    return Export(
        title=coop.name,
        currency=coop.currency,
        accounts=list(accounts.values()),
        lines=_lines(coop, accounts, since, until),
    )


def _account(account: Account) -> ExportAccount:
    above = account.parent
    return ExportAccount(
        account.code,
        account.name,
        account.kind,
        account.currency,
        above.code if above else "",
        above.name if above else "",
    )


def _lines(coop, accounts: dict[int, ExportAccount], since: date | None, until: date | None) -> Iterator[ExportLine]:
    found = Posting.objects.filter(coop=coop)
    if since:
        found = found.filter(posted_on__gte=since)
    if until:
        found = found.filter(posted_on__lte=until)
    rows = (
        found.order_by("posted_on", "entry_id", "n")
        .values_list(
            "entry_id",
            "posted_on",
            "entry__kind",
            "entry__memo",
            "entry__recorded_at",
            "entry__reverses_id",
            "n",
            "account_id",
            "amount",
            "memo",
        )
        .iterator(chunk_size=CHUNK)
    )
    for entry_id, on, kind, said, recorded_at, reverses, n, account_id, amount, memo in rows:
        yield ExportLine(entry_id, on, kind, said, recorded_at, reverses, n, accounts[account_id], amount, memo)
