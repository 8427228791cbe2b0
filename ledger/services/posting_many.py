"""Very many small entries in one transaction: written and checked as sets, a fraction of the time one by one takes.

The same door: what ``post_entry`` refuses is refused here, and one refusal refuses all.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from coop.kernel import clock
from coop.kernel.copying import next_keys, text_of
from coop.kernel.errors import Refused
from ledger.models import Entry
from ledger.services.periods import open_period
from ledger.services.posting import Line, check_entry, request_hash

_HEADS = (
    "COPY ledger_entry (id, coop_id, period_id, posted_on, kind, memo, key, request_hash, batch, actor_id, recorded_at)"
    " FROM STDIN"
)
_LINES = "COPY ledger_posting (entry_id, coop_id, posted_on, n, account_id, amount, memo) FROM STDIN"
_SPECIAL = re.compile(r"[\\\t\n\r]")


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
    new, posted = {draft.key: draft for draft in drafts}, dict[str, int]()
    while new:
        numbers = next_keys(Entry, len(new))
        heads, lines = _rows(actor, new, hashes, periods, numbers)
        try:
            with transaction.atomic():
                _copy(_HEADS, heads)
        except IntegrityError:
            # A key was used before, or somebody posts it just now: what is there stays, the rest goes in again.
            known = _known(actor, new, hashes)
            if not known:
                raise
            posted |= known
            new = {key: draft for key, draft in new.items() if key not in known}
        else:
            _copy(_LINES, lines)
            posted |= zip(new, numbers, strict=True)
            break
    return [posted[draft.key] for draft in drafts]


def _known(actor, drafts: dict[str, Draft], hashes: dict[str, str]) -> dict[str, int]:
    """The numbers of those that are posted already, by key. Refuses a key that was used for another act."""
    known = Entry.objects.filter(coop_id=actor.coop_id, key__in=list(drafts)).values_list("key", "pk", "request_hash")
    found = {}
    for key, number, said in known:
        if said != hashes[key]:
            raise _used(key)
        found[key] = number
    return found


def _used(key: str) -> Refused:
    return Refused(
        "key_used",
        _("“%(key)s” was used before for another act; nothing was posted.") % {"key": key},
        "key",
        status=409,
    )


def _rows(
    actor, drafts: dict[str, Draft], hashes: dict[str, str], periods: dict[date, int], numbers: Sequence[int]
) -> tuple[str, str]:
    """Heads and lines as COPY reads them. Most texts need no escaping, which is found out for all of them at once."""
    words = "".join([text for draft in drafts.values() for text in (draft.kind, draft.memo, draft.key)])
    if "\0" in words or any(["\0" in line.memo for draft in drafts.values() for line in draft.lines if line.memo]):
        raise Refused("text", _("A text holds a character that cannot be kept."))
    written = text_of if _SPECIAL.search(words) else str
    days = {day: (f"{period}\t{day.isoformat()}", f"{day.isoformat()}") for day, period in periods.items()}
    tail = f"0\t{text_of(actor.user_id)}\t{clock.now().isoformat()}\n"
    coop_id, heads, lines = actor.coop_id, [], []
    for number, (key, draft) in zip(numbers, drafts.items(), strict=True):
        placed, day = days[draft.on]
        heads.append(
            f"{number}\t{coop_id}\t{placed}\t{written(draft.kind)}\t{written(draft.memo)}\t{written(key)}"
            f"\t{hashes[key]}\t{tail}"
        )
        head = f"{number}\t{coop_id}\t{day}\t"
        for n, line in enumerate(draft.lines, start=1):
            memo = text_of(line.memo) if line.memo else ""
            lines.append(f"{head}{n}\t{line.account.id}\t{line.amount}\t{memo}\n")
    return "".join(heads), "".join(lines)


def _copy(statement: str, rows: str) -> None:
    with connection.cursor() as cursor, connection.wrap_database_errors:  # COPY is psycopg's own, and so its errors
        cursor.copy_expert(statement, io.StringIO(rows))
