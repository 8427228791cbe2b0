"""Each partition of the lines ties itself to the accounts, so that joining one asks nothing of the accounts.

While the foreign key stood on ``ledger_posting`` itself, ATTACH merged the partition's own into it and dropped the
triggers of the partition's on ``ledger_account``: that takes ACCESS EXCLUSIVE on the accounts of all co-ops, from ATTACH
to the commit, and waiting for it behind any longer transaction stopped every post. Now the key stands on every partition
(``ledger_build_batch`` has always put it there and checked it), and the seal looks that it does.
"""

from django.db import migrations

EACH = """
DO $$
DECLARE part regclass;
BEGIN
    ALTER TABLE ledger_posting DROP CONSTRAINT posting_account_of_the_coop;
    FOR part IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'ledger_posting'::regclass ORDER BY 1 LOOP
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT posting_account_of_the_coop FOREIGN KEY (coop_id, account_id)'
            ' REFERENCES ledger_account (coop_id, id)', part);
    END LOOP;
END $$;
"""
BACK = """
DO $$
DECLARE part regclass;
BEGIN
    FOR part IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'ledger_posting'::regclass LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT posting_account_of_the_coop', part);
    END LOOP;
    ALTER TABLE ledger_posting ADD CONSTRAINT posting_account_of_the_coop FOREIGN KEY (coop_id, account_id)
        REFERENCES ledger_account (coop_id, id);
END $$;
"""
TIED = """
CREATE FUNCTION ledger_batch_is_tied() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conrelid = to_regclass('ledger_posting_' || NEW.id)
            AND c.conname = 'posting_account_of_the_coop' AND c.contype = 'f' AND c.convalidated
            AND c.confrelid = 'ledger_account'::regclass) THEN
        RAISE check_violation USING MESSAGE = format('the lines of batch %s are not tied to the accounts', NEW.id);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER tied BEFORE UPDATE ON ledger_bulkbatch FOR EACH ROW
    WHEN (NEW.state = 'sealed' AND OLD.state <> 'sealed') EXECUTE FUNCTION ledger_batch_is_tied();
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0018_two_people_book_unclaimed_money")]

    operations = [
        migrations.RunSQL(EACH, BACK),
        migrations.RunSQL(TIED, "DROP TRIGGER tied ON ledger_bulkbatch; DROP FUNCTION ledger_batch_is_tied()"),
    ]
