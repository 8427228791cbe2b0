"""The only door to the journal.

``post_entry`` writes one act, ``reverse_entry`` its mirror, ``post_in_bulk`` an entry of very many lines. Each is known
by a key: the same act under the same key is the entry already posted, another act under it is refused. What is checked
here is checked to say it in a sentence; the database checks it again and would refuse it by itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from json.encoder import encode_basestring as _quoted
from typing import Any, cast

from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, money
from coop.kernel.errors import Refused
from ledger.models import (
    Account,
    BankLine,
    BulkBatch,
    Entry,
    PayoutReturn,
    PayoutRun,
    Posting,
    ShareEvent,
    SurplusPlan,
)
from ledger.services.copying import Text, postings
from ledger.services.patience import patiently
from ledger.services.periods import open_period

KEY_LENGTH = 120
BULK_LOCK = 7015  # advisory locks are pairs (class, id); the class names what is locked
MEMO_LENGTH = 300
LINE_MEMO_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an entry in minor units of its account's currency: debit positive, credit negative."""

    account: Account
    amount: int
    memo: str = ""


def request_hash(*, on: date, kind: str, memo: str, says: str | Iterable[Line], reverses: Entry | None = None) -> str:
    """What an act says, as a SHA-256 over canonical JSON: date, kind, memo, what it reverses, and every line in order.

    An act whose lines follow from the state of the books (a payment goes to the fee first) gives the words of its
    request instead of its lines.
    """
    if isinstance(says, str):
        words = _quoted(says)
    else:
        words = ",".join([f'["{line.account.id}","{line.amount}",{_quoted(line.memo)}]' for line in says])
        words = f"[{words}]"
    # By hand what canonical.plain would say of the same mapping, in a quarter of its time; tested to be the same.
    said = (
        f'{{"kind":{_quoted(kind)},"memo":{_quoted(memo)},"on":"{on.isoformat()}",'
        f'"reverses":{_quoted(str(reverses.pk)) if reverses else "null"},"says":{words}}}'
    )
    return hashlib.sha256(said.encode()).hexdigest()


def posted_before(*, actor, on: date, kind: str, memo: str, key: str, says: str) -> Entry | None:
    """The entry of this very act if it was posted before. Refuses a key that was used for another act."""
    return _already(actor, key, request_hash(on=on, kind=kind, memo=memo, says=says))


def post_entry(
    *,
    actor,
    on: date,
    kind: str,
    memo: str,
    lines: Sequence[Line],
    key: str,
    reverses: Entry | None = None,
    says: str | None = None,
) -> Entry:
    """Post one balanced act on the day ``on`` and return its entry.

    ``lines`` hold accounts of the actor's co-op and whole minor units, no line of nought, adding up to nothing in each
    currency. ``key`` names the act within the co-op: posted again with the same content it returns the entry that is
    there; with other content it is refused (``key_used``); ``says`` is the content where the lines are not. Refuses
    a closed period, a closed account, an unbalanced or empty act and, by ``reverses``, anything but the exact mirror
    of an entry nobody reversed yet.
    """
    lines = list(lines)
    check_entry(actor, memo, lines, key)
    digest = request_hash(on=on, kind=kind, memo=memo, says=lines if says is None else says, reverses=reverses)
    entry = Entry(
        coop_id=actor.coop_id, posted_on=on, kind=kind, memo=memo, key=key, request_hash=digest, reverses=reverses,
        actor_id=actor.user_id, recorded_at=clock.now(),
    )  # fmt: skip
    if _insert(entry, lines):
        return entry
    with transaction.atomic():
        posted = _already(actor, key, digest)
        if posted:
            return posted
        open_period(coop=actor.coop, on=on)  # makes a year that is new, refuses a closed one
        if not _insert(entry, lines):  # somebody posted it between our look and now
            return _already(actor, key, digest) or _refuse_unknown(key)
    return entry


_HEAD_AND_LINES = """
WITH head AS (
    INSERT INTO ledger_entry
      (coop_id, period_id, posted_on, kind, memo, key, request_hash, reverses_id, batch, actor_id, recorded_at)
    SELECT %(coop)s, p.id, %(on)s, %(kind)s, %(memo)s, %(key)s, %(hash)s, %(reverses)s, 0, %(actor)s, %(at)s
      FROM ledger_hold_period(%(coop)s, %(on)s) p WHERE p.closed_at IS NULL
    ON CONFLICT (coop_id, key) DO NOTHING RETURNING id, period_id
), lines AS (
    INSERT INTO ledger_posting (entry_id, coop_id, account_id, amount, n, posted_on, memo)
    SELECT head.id, %(coop)s, x.account, x.amount, x.n, %(on)s, x.memo
      FROM head, unnest(%(accounts)s::bigint[], %(amounts)s::bigint[], %(memos)s::text[])
           WITH ORDINALITY AS x (account, amount, memo, n)
)
SELECT id, period_id FROM head
"""


def _insert(entry: Entry, lines: Sequence[Line]) -> bool:
    """Write the entry and its lines into the open period of its day, which is kept from closing until we are done.

    False, with nothing written, where there is no such period or the key is taken. One statement is one transaction
    where none is open: posting one by one asks the server once.
    """
    said: dict[str, Any] = {
        "coop": entry.coop_id, "on": entry.posted_on, "kind": entry.kind, "memo": entry.memo, "key": entry.key,
        "hash": entry.request_hash, "reverses": entry.reverses_id, "actor": entry.actor_id, "at": entry.recorded_at,
        "accounts": [line.account.pk for line in lines], "amounts": [line.amount for line in lines],
        "memos": [line.memo for line in lines],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_HEAD_AND_LINES, said)
        row = cursor.fetchone()
    if row is None:
        return False
    entry.pk, entry.period_id = row
    entry._state.adding, entry._state.db = False, connection.alias
    return True


def _already(actor, key: str, digest: str) -> Entry | None:
    entry = Entry.objects.filter(coop_id=actor.coop_id, key=key).first()
    if entry is not None and entry.request_hash != digest:
        raise Refused(
            "key_used",
            _("“%(key)s” was used before for another act (entry %(entry)s); nothing was posted.")
            % {"key": key, "entry": entry.pk},
            "key",
            status=409,
        )
    return entry


def _refuse_unknown(key: str) -> Entry:
    raise Refused("try_again", _("“%(key)s” is just being posted by somebody else; try again.") % {"key": key})


def check_entry(actor, memo: str, lines: Sequence[Line], key: str) -> None:
    """What an entry is refused for before anything is written. For this app's own doors."""
    if not key or len(key) > KEY_LENGTH:
        raise Refused("key", _("An act needs a key of 1 to %(n)s characters.") % {"n": KEY_LENGTH}, "key")
    if len(memo) > MEMO_LENGTH:
        raise Refused("memo", _("The text of an entry is too long."), "memo")
    if len(lines) < 2:
        raise Refused("too_few_lines", _("An entry has at least two lines."), "lines")
    coop_id, largest, sums = actor.coop_id, money.LARGEST, dict[str, int]()
    for number, line in enumerate(lines, start=1):
        account, amount = line.account, line.amount
        wrong = type(amount) is not int or not amount or not -largest <= amount <= largest
        if wrong or account.coop_id != coop_id or not account.is_open or len(line.memo) > LINE_MEMO_LENGTH:
            raise _refused_line(actor, number, line)
        sums[account.currency] = sums.get(account.currency, 0) + amount
    for currency, off in sums.items():
        if off:
            said = _("The lines do not add up: debits and credits differ by %(amount)s.")
            raise Refused("unbalanced", said % {"amount": money.format_minor(off, currency)}, "lines")


def _refused_line(actor, number: int, line: Line) -> Refused:
    account = line.account
    if len(line.memo) > LINE_MEMO_LENGTH:
        return Refused("memo", _("The text of an entry is too long."), "memo")
    if type(line.amount) is not int or abs(line.amount) > money.LARGEST:
        return Refused("amount", _("Line %(n)s is not a whole number of minor units.") % {"n": number}, "lines")
    if line.amount == 0:
        return Refused("nothing", _("Line %(n)s moves nothing.") % {"n": number}, "lines")
    if account.coop_id != actor.coop_id:
        return Refused("other_coop", _("Line %(n)s names an account of another co-op.") % {"n": number}, "lines")
    return Refused("closed_account", _("Account %(account)s takes no more postings.") % {"account": account}, "lines")


def reverse_entry(*, actor, entry: Entry, on: date, because: str) -> Entry:
    """Post the exact mirror of an entry, once, with the reason. Asked again it returns the reversal that is there.

    Refuses an entry that moved share capital or a fee: those are reversed by the act that knows the register.
    """
    because = because.strip()
    if not because:
        raise Refused("reason", _("A reversal needs its reason."), "because")
    if entry.coop_id != actor.coop_id:
        raise Refused("other_coop", _("This entry belongs to another co-op."))
    if ShareEvent.objects.filter(entry=entry).exists() or entry.fees.exists():
        raise Refused("reverse_by_act", _("This entry belongs to the register of shares; reverse the payment instead."))
    if SurplusPlan.objects.filter(entry=entry).exists():
        raise Refused("reverse_by_act", _("This entry is a distribution of the surplus; give its plan up instead."))
    if PayoutRun.objects.filter(entry=entry).exists() or PayoutReturn.objects.filter(entry=entry).exists():
        raise Refused("reverse_by_act", _("This entry is a pay-out; payments come back one by one, on its page."))
    if entry.kind.startswith("dues"):
        raise Refused("reverse_by_act", _("This entry is of a member’s dues; waive the dues instead."))
    if entry.key.startswith(("unclaimed", "equity:", "choices:")):
        said = _("Unclaimed money is given back on its list; a payback and what members chose are not reversed.")
        raise Refused("reverse_by_act", said)
    with transaction.atomic():
        reversal = mirror(actor=actor, entry=entry, on=on, because=because)
        audit.record(actor=actor, kind="ledger.entry_reversed", subject=f"entry:{entry.pk}", by=reversal.pk)
        return reversal


def mirror(*, actor, entry: Entry, on: date, because: str) -> Entry:
    """The mirror itself, without the question whose act it was. For the acts of this app."""
    if on < entry.posted_on:
        raise Refused(
            "too_early",
            _("A reversal is not dated before its entry of %(day)s.") % {"day": date_format(entry.posted_on)},
            "on",
        )
    posted = Entry.objects.filter(reverses=entry).first()
    if posted is not None:
        raise Refused(
            "reversed_already",
            _("Entry %(entry)s was reversed already, by entry %(by)s.") % {"entry": entry.pk, "by": posted.pk},
            status=409,
        )
    if entry.batch:
        raise Refused("bulk", _("An entry made in bulk is reversed in bulk."))
    lines = [
        Line(line.account, -line.amount, line.memo)
        for line in Posting.objects.filter(batch=0, entry=entry).select_related("account").order_by("n")
    ]
    reversal = post_entry(
        actor=actor,
        on=on,
        kind="reversal",
        memo=because[:MEMO_LENGTH],
        lines=lines,
        key=f"reverse:{entry.pk}",
        reverses=entry,
    )
    # What the bank said waits to be entered again.
    BankLine.objects.filter(entry=entry).update(state=BankLine.State.OPEN, entry=None, membership=None)
    return reversal


# --- very many lines --------------------------------------------------------------------------------------------------

_STEPS = (("open", "keyed"), ("keyed", "tied"), ("tied", "valid"), ("valid", "built"))
BUILDING = len(_STEPS)


@dataclass(frozen=True, slots=True)
class Query:
    """Rows made in the database: a SELECT of (account id, amount[, memo]) and its parameters."""

    sql: str
    params: Sequence | dict = ()


def post_in_bulk(
    *,
    actor,
    on: date,
    kind: str,
    memo: str,
    key: str,
    rows: Iterable[tuple] | Query | Sequence[Query],
    says: str = "",
    reverses: Entry | None = None,
    progress: Callable[[int], None] | None = None,
    stepped: Callable[[], None] | None = None,
    sealing: Callable[[Entry], None] | None = None,
) -> Entry:
    """Post one entry of very many lines: built aside, checked there, joined in one short moment. Returns the entry.

    ``rows`` are (account id, amount) or (account id, amount, memo), a stream, a :class:`Query` or several. ``says`` is
    what the act says in a few bytes (a plan's hash): with date, kind and memo it makes up the request's hash, since the
    rows are not read to find out whether they were posted before. ``sealing`` runs in the sealing transaction with the
    entry, so that the caller's own state changes with it or not at all. ``progress`` is told lines loaded so far,
    ``stepped`` is called after each of the ``BUILDING`` steps that follow.

    Must be called outside a transaction: each step commits by itself and shows nothing before the last. Killed in
    between, it is called again and begins anew. Refuses what ``post_entry`` refuses, and lines of share capital.
    """
    if connection.in_atomic_block:
        raise RuntimeError("post_in_bulk commits step by step and needs to be called outside a transaction.")
    digest = request_hash(on=on, kind=kind, memo=memo, says=says, reverses=reverses)
    with _alone(actor, key):
        posted = _already(actor, key, digest)
        if posted:
            return posted
        period = open_period(coop=actor.coop, on=on)
        parameters = [actor.coop_id, key, digest, on, period.pk, kind, memo, reverses.pk if reverses else None]
        batch = _call("ledger_open_batch", *parameters, actor.user_id, clock.now())
        try:
            _load(batch, rows, progress)
            _build(batch, stepped)
            with transaction.atomic():
                entry = Entry.objects.get(pk=_call("ledger_seal_batch", batch, clock.now()))
                if sealing:
                    sealing(entry)
                return entry
        except IntegrityError as broken:
            posted = _already(actor, key, digest)  # an everyday entry was quicker
            _give_up(batch)
            if posted:
                return posted
            raise Refused("bulk_refused", str(broken).splitlines()[0]) from broken
        except Refused:
            _give_up(batch)
            raise


@contextmanager
def _alone(actor, key: str) -> Iterator[None]:
    """Whoever posts the same act in bulk waits for the run before, instead of taking its table away.

    The lock belongs to the connection, so a killed worker's ends with it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", [BULK_LOCK, f"{actor.coop_id} {key}"])
    try:
        yield
    finally:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", [BULK_LOCK, f"{actor.coop_id} {key}"])
        except DatabaseError:
            connection.close()  # it is gone, and its locks with it


def _call(function: str, *values):
    marks = ", ".join(["%s"] * len(values))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}({marks})", values)  # noqa: S608 - our own function names
        return cursor.fetchone()[0]


def _build(batch: int, stepped: Callable[[], None] | None) -> None:
    for step in _STEPS:
        patiently(partial(_call, "ledger_build_batch", batch, *step))
        if stepped:
            stepped()


def _give_up(batch: int) -> None:
    if BulkBatch.objects.filter(pk=batch).exclude(state__in=["sealed", "dropped"]).exists():
        _call("ledger_drop_batch", batch)


def _load(batch: int, rows: Iterable[tuple] | Query | Sequence[Query], progress: Callable[[int], None] | None) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        queries = [rows] if isinstance(rows, Query) else rows if isinstance(rows, list) else []
        if queries and isinstance(queries[0], Query):
            _insert_queries(cursor, batch, cast(Sequence[Query], queries), progress)
            return
        table, columns = f"ledger_posting_{batch:d}", "(n, account_id, amount, memo)"
        cursor.copy_expert(f"COPY {table} {columns} FROM STDIN", Text(postings(cast(Iterable[tuple], rows), progress)))


def _insert_queries(cursor, batch: int, queries: Sequence[Query], progress: Callable[[int], None] | None) -> None:
    """A table that has just grown has no statistics yet: without hash joins a million accounts are looked up a million
    times over."""
    cursor.execute("SET LOCAL enable_nestloop = off")
    done = 0
    for query in queries:
        cursor.execute(
            f"INSERT INTO ledger_posting_{batch:d} (n, account_id, amount)"  # noqa: S608 - a number of ours
            f" SELECT {done:d} + row_number() OVER (), x.* FROM ({query.sql}) x",
            query.params,
        )
        done += cursor.rowcount
        if progress:
            progress(done)
    cursor.execute("SET LOCAL enable_nestloop = on")
