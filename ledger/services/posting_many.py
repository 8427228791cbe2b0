"""Very many small entries in one transaction: written and checked as sets, a fraction of the time one by one takes.

The same door: what ``post_entry`` refuses is refused here, and one refusal refuses all.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection, transaction
from django.utils.translation import gettext as _

from coop.kernel import clock
from coop.kernel.copying import text_of
from coop.kernel.errors import Refused
from ledger.models import Entry
from ledger.services.periods import open_period
from ledger.services.posting import Line, check_entry, request_hash

_COPY = "COPY ledger_posting (entry_id, coop_id, posted_on, n, account_id, amount, memo) FROM STDIN"
_IN_AN_ARRAY = str.maketrans({"\\": r"\\", '"': r"\""})


@dataclass(frozen=True, slots=True)
class Draft:
    """One entry to be posted with others; each field as in ``post_entry``."""

    on: date
    kind: str
    memo: str
    lines: Sequence[Line]
    key: str


@transaction.atomic
def post_entries(*, actor, drafts: Sequence[Draft]) -> list[int]:
    """Post many balanced acts at once, all or none, and return their entries' numbers in the order of the drafts.

    A draft posted before under its key with the same content is the entry that is there. Refuses what ``post_entry``
    refuses, two different drafts under one key, and a key that was used for another act.
    """
    if not drafts:
        return []
    hashes: dict[str, str] = {}
    for draft in drafts:
        check_entry(actor, draft.memo, draft.lines, draft.key)
        said = request_hash(on=draft.on, kind=draft.kind, memo=draft.memo, says=draft.lines)
        if hashes.setdefault(draft.key, said) != said:
            raise _used(draft.key)
    periods = {day: open_period(coop=actor.coop, on=day).pk for day in sorted({draft.on for draft in drafts})}
    new = {draft.key: draft for draft in drafts}
    with connection.cursor() as cursor:
        made = dict(_heads(cursor, actor, new, hashes, periods))
        there = [key for key in new if key not in made]  # known before, or just posted by somebody else
        known = {
            key: (pk, said)
            for key, pk, said in Entry.objects.filter(coop_id=actor.coop_id, key__in=there).values_list(
                "key", "pk", "request_hash"
            )
        }
        for key in there:
            if known[key][1] != hashes[key]:
                raise _used(key)
        _lines(cursor, actor, {made[key]: new[key] for key in new if key in made})
    return [made[draft.key] if draft.key in made else known[draft.key][0] for draft in drafts]


def _used(key: str) -> Refused:
    return Refused(
        "key_used",
        _("“%(key)s” was used before for another act; nothing was posted.") % {"key": key},
        "key",
        status=409,
    )


def _heads(cursor, actor, new: dict[str, Draft], hashes: dict[str, str], periods: dict[date, int]) -> list[tuple]:
    drafts = list(new.values())
    cursor.execute(
        "INSERT INTO ledger_entry (coop_id, period_id, posted_on, kind, memo, key, request_hash, batch, actor_id,"
        " recorded_at) SELECT %s, x.period, x.posted_on, x.kind, x.memo, x.key, x.said, 0, %s, %s"
        " FROM unnest(%s::bigint[], %s::date[], %s::text[], %s::text[], %s::text[], %s::text[])"
        " AS x (period, posted_on, kind, memo, key, said)"
        " ON CONFLICT (coop_id, key) DO NOTHING RETURNING key, id",
        [
            actor.coop_id,
            actor.user_id,
            clock.now(),
            "{" + ",".join([str(periods[draft.on]) for draft in drafts]) + "}",
            "{" + ",".join([draft.on.isoformat() for draft in drafts]) + "}",
            _array([draft.kind for draft in drafts]),
            _array([draft.memo for draft in drafts]),
            _array([draft.key for draft in drafts]),
            "{" + ",".join([hashes[draft.key] for draft in drafts]) + "}",
        ],
    )
    return cursor.fetchall()


def _array(values: Sequence[str]) -> str:
    """An array as PostgreSQL reads it from one literal: a list of thousands would be parsed as as many expressions.

    What must be escaped is looked for in all values at once; a NUL, which no text of the database holds, parts them.
    """
    joined = "\0".join(values)
    if joined.count("\0") != len(values) - 1:
        raise Refused("text", _("A text holds a character that cannot be kept."))
    return '{"' + joined.translate(_IN_AN_ARRAY).replace("\0", '","') + '"}'


def _lines(cursor, actor, made: dict[int, Draft]) -> None:
    rows, coop_id = [], actor.coop_id
    for entry, draft in made.items():
        head = f"{entry}\t{coop_id}\t{draft.on.isoformat()}\t"
        for n, line in enumerate(draft.lines, start=1):
            memo = text_of(line.memo) if line.memo else ""
            rows.append(f"{head}{n}\t{line.account.id}\t{line.amount}\t{memo}\n")
    cursor.copy_expert(_COPY, io.StringIO("".join(rows)))
