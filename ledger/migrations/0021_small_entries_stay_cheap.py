"""What an entry costs does not grow with the books, whenever its session began.

PostgreSQL plans a check once and keeps the plan. A session that began while the books were nearly empty kept plans that
read all of them: a foreign key's check went through the index of the whole co-op, the checks of an entry through
the whole tables, and every entry made the next one dearer (2,400 entries a second fell to 840 within 10,000).

* The checks look entries, lines and seals up by their keys, however few there are when the plan is made.
* Indexes on the co-op alone go where another begins with the co-op: they only offered themselves for the wrong plan.
* A simple foreign key beside the composite one that says the same and more is not asked a second time: the entry's
  period and what it reverses belong to its co-op by the composite keys, which refuse whatever the simple ones refused.
  The co-op itself is there because the period's is.
"""

from django.db import migrations

# CREATE OR REPLACE forgets them: a later migration that replaces one of these functions says them again.
BY_KEY = """
ALTER FUNCTION {function} SET enable_seqscan = off;
ALTER FUNCTION {function} SET enable_hashjoin = off;
ALTER FUNCTION {function} SET enable_mergejoin = off;
ALTER FUNCTION {function} SET enable_bitmapscan = off;
"""
BACK = """
ALTER FUNCTION {function} RESET enable_seqscan;
ALTER FUNCTION {function} RESET enable_hashjoin;
ALTER FUNCTION {function} RESET enable_mergejoin;
ALTER FUNCTION {function} RESET enable_bitmapscan;
"""
CHECKS = (
    "ledger_no_late_lines()",
    "ledger_check_entries(bigint[])",
    "ledger_check_share_register(bigint[])",
    "ledger_entry_complete()",
)

# The same promises as in 0002, in the same order, asked entry by entry: OFFSET 0 keeps the planner from beginning at
# the other end (the accounts, the period) and reading its way through everything posted there.
CHECK_ENTRIES = """
CREATE OR REPLACE FUNCTION ledger_check_entries(ids bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE bad record; n bigint; periods bigint[]; mirrors bigint[];
BEGIN
    SELECT i AS id, s.currency, s.off INTO bad FROM unnest(ids) i LEFT JOIN LATERAL (
        SELECT a.currency, sum(p.amount) AS off
          FROM (SELECT account_id, amount FROM ledger_posting WHERE batch = 0 AND entry_id = i OFFSET 0) p
          JOIN ledger_account a ON a.id = p.account_id
         GROUP BY a.currency
    ) s ON true WHERE coalesce(s.off, 1) <> 0 LIMIT 1;
    IF FOUND THEN
        SELECT count(*) INTO n FROM ledger_posting WHERE batch = 0 AND entry_id = bad.id;
        IF n < 2 THEN
            RAISE check_violation USING MESSAGE = format('entry %s has %s lines', bad.id, n);
        END IF;
        RAISE check_violation USING MESSAGE = format('entry %s is off by %s %s', bad.id, bad.off, bad.currency);
    END IF;

    -- Held until commit: closing a period waits for the entries on their way into it, and they for it.
    SELECT array_agg(DISTINCT period_id), array_agg(id) FILTER (WHERE reverses_id IS NOT NULL) INTO periods, mirrors
      FROM ledger_entry WHERE id = ANY(ids);
    PERFORM FROM ledger_period WHERE id = ANY(periods) ORDER BY id FOR SHARE;
    SELECT e.id INTO bad FROM (SELECT id, period_id, posted_on FROM ledger_entry WHERE id = ANY(ids) OFFSET 0) e
      LEFT JOIN ledger_period p ON p.id = e.period_id
     WHERE p.id IS NULL OR p.closed_at IS NOT NULL OR e.posted_on NOT BETWEEN p.starts AND p.ends LIMIT 1;
    IF FOUND THEN
        RAISE check_violation USING MESSAGE =
            format('the period of entry %s is closed or does not contain its date', bad.id);
    END IF;

    IF mirrors IS NOT NULL THEN
        SELECT e.id, e.reverses_id INTO bad FROM (SELECT * FROM ledger_entry WHERE id = ANY(mirrors) OFFSET 0) e
          JOIN ledger_entry o ON o.id = e.reverses_id
         WHERE e.posted_on < o.posted_on
            OR EXISTS ((SELECT account_id, amount FROM ledger_posting WHERE batch = e.batch AND entry_id = e.id)
                       EXCEPT ALL
                       (SELECT account_id, -amount FROM ledger_posting WHERE batch = o.batch AND entry_id = o.id))
            OR EXISTS ((SELECT account_id, -amount FROM ledger_posting WHERE batch = o.batch AND entry_id = o.id)
                       EXCEPT ALL
                       (SELECT account_id, amount FROM ledger_posting WHERE batch = e.batch AND entry_id = e.id))
         LIMIT 1;
        IF FOUND THEN
            RAISE check_violation USING MESSAGE = format('entry %s is no mirror of entry %s', bad.id, bad.reverses_id);
        END IF;
    END IF;
    PERFORM ledger_check_share_register(ids);
END $$;

CREATE OR REPLACE FUNCTION ledger_check_share_register(ids bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE bad record;
BEGIN
    SELECT entry_id, membership_id INTO bad FROM (
        SELECT p.entry_id, a.membership_id, a.share_class_id, -p.amount AS paid
          FROM (SELECT entry_id, account_id, amount FROM ledger_posting WHERE batch = 0 AND entry_id = ANY(ids)
                OFFSET 0) p
          JOIN ledger_account a ON a.id = p.account_id WHERE a.purpose = 'share_capital'
        UNION ALL
        SELECT entry_id, membership_id, share_class_id, -paid FROM ledger_shareevent WHERE entry_id = ANY(ids)
    ) x GROUP BY entry_id, membership_id, share_class_id HAVING sum(paid) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE check_violation USING MESSAGE =
            format('entry %s moves share capital that the register of shares does not show', bad.entry_id);
    END IF;
END $$;
"""

# Django names its keys and indexes by a digest; they are found by what they are.
ONCE = """
DO $$
DECLARE one record;
BEGIN
    FOR one IN
        SELECT c.conname FROM pg_constraint c
         WHERE c.conrelid = 'ledger_entry'::regclass AND c.contype = 'f' AND cardinality(c.conkey) = 1
           AND (SELECT attname FROM pg_attribute WHERE attrelid = c.conrelid AND attnum = c.conkey[1])
               IN ('coop_id', 'period_id', 'reverses_id')
    LOOP
        EXECUTE format('ALTER TABLE ledger_entry DROP CONSTRAINT %I', one.conname);
    END LOOP;
    FOR one IN
        SELECT i.indexrelid::regclass AS name FROM pg_index i
          JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
         WHERE i.indrelid IN ('ledger_entry'::regclass, 'ledger_account'::regclass)
           AND i.indnatts = 1 AND a.attname = 'coop_id'
    LOOP
        EXECUTE format('DROP INDEX %s', one.name);
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0020_payback_lines_guard_in_common_words")]

    operations = [
        migrations.RunSQL(CHECK_ENTRIES, migrations.RunSQL.noop),
        migrations.RunSQL(
            "".join(BY_KEY.format(function=each) for each in CHECKS),
            "".join(BACK.format(function=each) for each in CHECKS),
        ),
        migrations.RunSQL(ONCE, migrations.RunSQL.noop),
    ]
