"""Does everything that can be proven about a co-op's records hold? Asked after every move, and whenever one likes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from django.db import connection

from coop.kernel import audit
from governance.ballotbox import board
from governance.digests import canonical, sha256
from governance.models import Ballot, BoardEntry, Bundle, Resolution, Roll
from governance.selectors.rolls import roll_is_whole
from ledger.selectors.shares import reconciliation
from members.services import history

_OFF = """
SELECT p.entry_id, a.currency, sum(p.amount) FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
 WHERE p.coop_id = %s GROUP BY p.entry_id, a.currency HAVING sum(p.amount) <> 0 ORDER BY 1 LIMIT 5
"""
_SEALS = """
SELECT e.id, coalesce(s.lines, 0), count(p.n) FROM ledger_entry e LEFT JOIN ledger_sealed s ON s.entry_id = e.id
  LEFT JOIN ledger_posting p ON p.batch = e.batch AND p.entry_id = e.id
 WHERE e.coop_id = %s GROUP BY e.id, s.lines HAVING coalesce(s.lines, 0) <> count(p.n) ORDER BY 1 LIMIT 5
"""
# Everyday lines are tied to entry and account by a trigger, which looks away while a co-op moves in.
_STRAY = """
SELECT p.entry_id, p.n FROM ledger_posting p
  LEFT JOIN ledger_account a ON a.id = p.account_id AND a.coop_id = p.coop_id
  LEFT JOIN ledger_entry e ON e.id = p.entry_id AND e.coop_id = p.coop_id AND e.batch = p.batch
   AND e.posted_on = p.posted_on
 WHERE p.coop_id = %s AND (a.id IS NULL OR e.id IS NULL) ORDER BY 1, 2 LIMIT 5
"""
# So are an entry's period and what it reverses.
_MISPLACED = """
SELECT e.id FROM ledger_entry e
  LEFT JOIN ledger_period p ON p.id = e.period_id AND p.coop_id = e.coop_id AND e.posted_on BETWEEN p.starts AND p.ends
  LEFT JOIN ledger_entry o ON o.id = e.reverses_id AND o.coop_id = e.coop_id
 WHERE e.coop_id = %s AND (p.id IS NULL OR (e.reverses_id IS NOT NULL AND o.id IS NULL)) ORDER BY 1 LIMIT 5
"""


def examine(coop) -> list[str]:
    """A sentence for everything that does not hold; nothing: the audit chain, the members' histories, the journal, the
    register of shares, the rolls, the boards, the bundles and the resolutions are whole."""
    found = [f"audit event {each.seq}: {each.what}" for each in audit.verify(coop)]
    found += history.verify(coop)
    found += _journal(coop)
    found += _rolls_and_resolutions(coop)
    found += _ballots(coop)
    return found


def _journal(coop) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(_OFF, [coop.pk])
        for entry, currency, off in cursor.fetchall():
            yield f"entry {entry} is off by {off} {currency}"
        cursor.execute(_SEALS, [coop.pk])
        for entry, sealed, lines in cursor.fetchall():
            yield f"entry {entry} was sealed with {sealed} lines and has {lines}"
        cursor.execute(_STRAY, [coop.pk])
        for entry, n in cursor.fetchall():
            yield f"line {n} of entry {entry} belongs to no entry or no account of this co-op"
        cursor.execute(_MISPLACED, [coop.pk])
        for (entry,) in cursor.fetchall():
            yield f"entry {entry} lies in no period, or reverses no entry, of this co-op"
    agreement = reconciliation(coop)
    if not agreement.agrees:
        yield f"the register of shares says {agreement.register}, the capital account {agreement.account}"


def _rolls_and_resolutions(coop) -> Iterator[str]:
    for roll in Roll.objects.filter(coop=coop, frozen_at__isnull=False).select_related("coop"):
        if not roll_is_whole(roll):
            yield f"roll {roll.pk} does not say what was frozen"
    for resolution in Resolution.objects.filter(coop=coop):
        if sha256(resolution.text.encode()) != resolution.text_hash:
            yield f"resolution {resolution.number}: its text was changed"


def _ballots(coop) -> Iterator[str]:
    for ballot in Ballot.objects.filter(coop=coop).exclude(manifest_hash=""):
        if sha256(canonical(ballot.manifest)) != ballot.manifest_hash:
            yield f"ballot {ballot.pk}: its manifest was changed"
        entries = list(BoardEntry.objects.filter(ballot=ballot).order_by("position"))
        try:
            head = board.head([each.entry for each in entries])
        except board.BrokenBoard as broken:
            yield f"ballot {ballot.pk}: {broken}"
        else:
            if entries and entries[-1].hash != head:
                yield f"ballot {ballot.pk}: the last entry of its board was changed"
    for bundle in Bundle.objects.filter(coop=coop).iterator(chunk_size=1):
        if hashlib.sha256(bytes(bundle.content)).hexdigest() != bundle.sha256:
            yield f"ballot {bundle.ballot_id}: its bundle was changed"
