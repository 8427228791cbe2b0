"""An entry's period and what it reverses are asked once for all entries of a transaction, not entry by entry as well.

``ledger_check_entries`` looks at both before it seals anything: the period is there, is the co-op's own, open, and
holds the entry's day; what an entry reverses is there, in the same co-op, and its mirror. The two foreign keys asked a
part of that again for each entry and locked the period's row each time. What they kept besides, that no period and no
entry goes away or is renumbered under an entry, triggers keep: periods keep their number and their co-op and are never
deleted or truncated, entries are append-only. An entry made in bulk is tied by the keys of its batch, and sealing asks
for the period again.

Periods are now asked group by group: those of one co-op and period by their first and last day. A move of a whole co-op
loads with the triggers off and asks by itself (``coop.moving.examine``). Tests with raw SQL:
``tests/ledger/test_attacks_everyday.py``.
"""

from importlib import import_module

from django.db import migrations

by_key = import_module("ledger.migrations.0021_small_entries_stay_cheap").BY_KEY
before = import_module("ledger.migrations.0023_entries_checked_as_one_set")

DECLARED = "periods bigint[]; mirrors bigint[];"
BEGINS, ENDS = "    -- Held until commit:", "    IF mirrors IS NOT NULL THEN\n"
PERIODS = """    -- Held until commit: closing a period waits for the entries on their way into it, and they for it.
    FOR bunch IN
        SELECT coop_id, period_id, min(posted_on) AS first, max(posted_on) AS last, count(reverses_id) AS reversals
          FROM ledger_entry WHERE id = ANY(ids) GROUP BY coop_id, period_id ORDER BY period_id
    LOOP
        SELECT id, closed_at, starts, ends INTO period FROM ledger_period
         WHERE id = bunch.period_id AND coop_id = bunch.coop_id FOR SHARE;
        IF period.id IS NULL OR period.closed_at IS NOT NULL
           OR bunch.first < period.starts OR bunch.last > period.ends THEN
            SELECT id INTO n FROM ledger_entry WHERE id = ANY(ids) AND period_id = bunch.period_id
               AND coop_id = bunch.coop_id AND (period.id IS NULL OR period.closed_at IS NOT NULL
                    OR posted_on NOT BETWEEN period.starts AND period.ends) LIMIT 1;
            IF period.id IS NULL THEN
                RAISE foreign_key_violation USING MESSAGE =
                    format('entry %s names period %s, which co-op %s does not have', n, bunch.period_id, bunch.coop_id);
            END IF;
            RAISE check_violation USING MESSAGE =
                format('the period of entry %s is closed or does not contain its date', n);
        END IF;
        reversals := reversals + bunch.reversals;
    END LOOP;

    IF reversals > 0 THEN
        SELECT array_agg(id) INTO mirrors FROM ledger_entry WHERE id = ANY(ids) AND reverses_id IS NOT NULL;
"""
ORIGINAL = "          JOIN ledger_entry o ON o.id = e.reverses_id\n         WHERE e.posted_on < o.posted_on\n"
OF_THE_COOP = (
    "          LEFT JOIN ledger_entry o ON o.id = e.reverses_id AND o.coop_id = e.coop_id\n"
    "         WHERE o.id IS NULL OR e.posted_on < o.posted_on\n"
)


def check_entries() -> str:
    """The check of 0023 that asks for periods by the group, and for the co-op of what is reversed."""
    function = before.one_pass()
    for once in (DECLARED, BEGINS, ENDS, ORIGINAL):
        if function.count(once) != 1:
            raise ValueError(f"{once} stands {function.count(once)} times in the check of entries")
    head, rest = function.split(BEGINS)
    function = head + PERIODS + rest.split(ENDS)[1]
    function = function.replace(DECLARED, "mirrors bigint[]; bunch record; period record; reversals bigint := 0;")
    return function.replace(ORIGINAL, OF_THE_COOP) + by_key.format(function="ledger_check_entries(bigint[])")


ONCE = """
ALTER TABLE ledger_entry DROP CONSTRAINT IF EXISTS ledger_entry_period_id_same_coop;
ALTER TABLE ledger_entry DROP CONSTRAINT IF EXISTS ledger_entry_reverses_id_same_coop;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0027_forget_more")]

    operations = [
        migrations.RunSQL(
            check_entries(), before.one_pass() + by_key.format(function="ledger_check_entries(bigint[])")
        ),
        migrations.RunSQL(ONCE, migrations.RunSQL.noop),
    ]
