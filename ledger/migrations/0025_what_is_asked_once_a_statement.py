"""What is asked of everyday lines is asked once a statement and not line by line as well.

* ``ledger_no_late_lines`` asks of all lines of a statement whether their entry is there, of the same co-op, day and
  batch, and stands open; the foreign key asked the first again for each line and took a lock on the entry for it. Now it
  also asks whether the accounts are there and the co-op's own, each account once, and that foreign key goes too.
* What the keys kept besides, that no entry and no account goes away or is renumbered under its lines, triggers keep:
  entries are append-only, accounts keep their number. The partitions of bulk postings keep their keys.
* ``ledger_sealed`` is written by the check of the entries alone, which has just read them; nobody else may.
* Three indexes on entries go that nothing reads by: the period's and the actor's. What an entry reverses is still
  there once only, in an index without the entries that reverse nothing.

A move of a whole co-op loads with the triggers off and asks by itself (``coop.moving``), and so does ``examine``.
Tests with raw SQL: ``tests/ledger/test_attacks_everyday.py``.
"""

from importlib import import_module

from django.db import migrations

before = import_module("ledger.migrations.0002_journal_guards")
by_key = import_module("ledger.migrations.0021_small_entries_stay_cheap").BY_KEY

NEEDLE = "DECLARE late record;\nBEGIN\n"
ACCOUNTS_ARE_OWN = """
    SELECT n.account_id, n.coop_id INTO late
      FROM (SELECT DISTINCT account_id, coop_id FROM new_rows) n
      LEFT JOIN ledger_account a ON a.id = n.account_id AND a.coop_id = n.coop_id
     WHERE a.id IS NULL LIMIT 1;
    IF FOUND THEN
        RAISE foreign_key_violation USING MESSAGE =
            format('a line names account %s, which co-op %s does not have', late.account_id, late.coop_id);
    END IF;
"""


def no_late_lines() -> str:
    """The check of 0002 that also looks at the accounts."""
    function = before.NO_LATE_LINES.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
    if function.count(NEEDLE) != 1:
        raise ValueError("the check of lines is not what it was")
    return function.replace(NEEDLE, NEEDLE + ACCOUNTS_ARE_OWN) + by_key.format(function="ledger_no_late_lines()")


STAYS = before.ACCOUNTS.partition("CREATE TRIGGER")[0].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
STAYS_NUMBERED = STAYS.replace("(OLD.coop_id,", "(OLD.id, OLD.coop_id,").replace("(NEW.coop_id,", "(NEW.id, NEW.coop_id,")

ONCE = """
ALTER TABLE ledger_posting_0 DROP CONSTRAINT posting_entry_of_the_coop;
ALTER TABLE ledger_posting_0 DROP CONSTRAINT posting_account_of_the_coop;
DO $$
DECLARE one record;
BEGIN
    FOR one IN SELECT conname FROM pg_constraint WHERE conrelid = 'ledger_sealed'::regclass AND contype = 'f' LOOP
        EXECUTE format('ALTER TABLE ledger_sealed DROP CONSTRAINT %I', one.conname);
    END LOOP;
    FOR one IN
        SELECT i.indexrelid::regclass AS name FROM pg_index i
          JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
         WHERE i.indrelid = 'ledger_entry'::regclass AND i.indnatts = 1 AND a.attname IN ('actor_id', 'period_id')
    LOOP
        EXECUTE format('DROP INDEX %s', one.name);
    END LOOP;
    FOR one IN
        SELECT conname FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
         WHERE c.conrelid = 'ledger_entry'::regclass AND c.contype = 'u' AND cardinality(c.conkey) = 1
           AND a.attname = 'reverses_id'
    LOOP
        EXECUTE format('ALTER TABLE ledger_entry DROP CONSTRAINT %I', one.conname);
    END LOOP;
END $$;
CREATE UNIQUE INDEX ledger_entry_reverses_id_once ON ledger_entry (reverses_id) WHERE reverses_id IS NOT NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0024_patronage_rows_hold_each_key_once")]

    operations = [
        migrations.RunSQL(no_late_lines(), migrations.RunSQL.noop),
        migrations.RunSQL(STAYS_NUMBERED, STAYS),
        migrations.RunSQL(ONCE, migrations.RunSQL.noop),
    ]
