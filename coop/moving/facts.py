"""What must be the same after a move, summed up in SQL so that a backup can be told them in its own snapshot."""

from __future__ import annotations

from typing import Any

Facts = dict[str, dict[str, str]]

# Each yields (co-op, value as text). No row: the co-op has nothing of the kind.
_SUMS = {
    "audit chain": "SELECT coop_id, count(*) || ' events, last ' || (array_agg(hash ORDER BY seq DESC))[1]"
    "  FROM kernel_auditevent GROUP BY coop_id",
    "histories of members": "SELECT coop_id, count(*) || ' events, '"
    " || encode(sha256(string_agg(hash, ' ' ORDER BY stream, seq)::bytea), 'hex')"
    " FROM members_membershipevent GROUP BY coop_id",
    "members": "SELECT coop_id, count(*) || ', highest number ' || max(number)"
    " FROM members_membership GROUP BY coop_id",
    "journal": "SELECT coop_id, count(*) || ' lines, debits ' || sum(amount) FILTER (WHERE amount > 0)"
    " || ', credits ' || -sum(amount) FILTER (WHERE amount < 0) FROM ledger_posting GROUP BY coop_id",
    "entries": "SELECT coop_id, count(*) || ', last ' || max(id) || ', '"
    " || encode(sha256(string_agg(request_hash, ' ' ORDER BY id)::bytea), 'hex') FROM ledger_entry GROUP BY coop_id",
    "balances": "SELECT coop_id,"
    " encode(sha256(string_agg(code || ' ' || currency || ' ' || amount, E'\\n' ORDER BY code)::bytea), 'hex')"
    " FROM (SELECT a.coop_id, a.code, a.currency, sum(p.amount) AS amount FROM ledger_posting p"
    " JOIN ledger_account a ON a.id = p.account_id GROUP BY a.id) x GROUP BY coop_id",
    "share capital": "SELECT coop_id, sum(shares) || ' shares, paid ' || sum(paid)"
    " FROM ledger_shareevent GROUP BY coop_id",
    "rolls": "SELECT coop_id, count(*) || ' frozen, '"
    " || encode(sha256(string_agg(hash, ' ' ORDER BY id)::bytea), 'hex')"
    " FROM governance_roll WHERE frozen_at IS NOT NULL GROUP BY coop_id",
    "counts": "SELECT coop_id, count(*) || ', '"
    " || encode(sha256(string_agg(papers_hash, ' ' ORDER BY id)::bytea), 'hex')"
    " FROM governance_count GROUP BY coop_id",
    "resolutions": "SELECT coop_id, count(*) || ', '"
    " || encode(sha256(string_agg(text_hash || carried, ' ' ORDER BY id)::bytea), 'hex')"
    " FROM governance_resolution GROUP BY coop_id",
}
# Each yields (co-op, what, value): a ballot is named, so that a difference says which.
_BALLOTS = """
SELECT b.coop_id, 'ballot ' || b.id, b.state || ' ' || b.manifest_hash
       || coalesce(' board ' || (SELECT e.hash FROM governance_boardentry e WHERE e.ballot_id = b.id
                                  ORDER BY e.position DESC LIMIT 1), '')
       || coalesce(' bundle ' || (SELECT u.sha256 FROM governance_bundle u WHERE u.ballot_id = b.id), '')
  FROM governance_ballot b
"""


def facts(cursor: Any) -> Facts:
    """By co-op's slug and kind of fact, one line of text. Compare with ``==``; read with ``differences``."""
    cursor.execute("SELECT id, slug FROM kernel_cooperative ORDER BY slug")
    slugs = dict(cursor.fetchall())
    found: Facts = {slug: {} for slug in slugs.values()}
    for what, query in _SUMS.items():
        cursor.execute(query)
        for coop, value in cursor.fetchall():
            found[slugs[coop]][what] = value
    cursor.execute(_BALLOTS)
    for coop, what, value in cursor.fetchall():
        found[slugs[coop]][what] = value
    return found


def differences(before: Facts, after: Facts) -> list[str]:
    """A sentence for every fact that is not the same; nothing: all are."""
    said = []
    for slug in sorted(before.keys() | after.keys()):
        old, new = before.get(slug, {}), after.get(slug, {})
        for what in sorted(old.keys() | new.keys()):
            if old.get(what) != new.get(what):
                said.append(f"{slug}: {what}: was {old.get(what, 'nothing')}, is {new.get(what, 'nothing')}")
    return said
