"""One lock a member was one lock too many: an opening of ten thousand members filled the server's table of locks.

Members share 1021 locks. Two who meet on one wait for each other's commit and for nothing else.
"""

from django.db import migrations

FUNCTION = """
CREATE OR REPLACE FUNCTION ledger_holding_holds() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE held record;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE check_violation USING MESSAGE = 'share events are recorded under READ COMMITTED only';
    END IF;
    PERFORM pg_advisory_xact_lock(7010, (NEW.membership_id % {locks})::integer);  -- one at a time for a member
    SELECT sum(e.shares) AS shares, sum(e.paid) AS paid, min(c.par) AS par INTO held
      FROM ledger_shareevent e JOIN ledger_shareclass c ON c.id = e.share_class_id
     WHERE e.membership_id = NEW.membership_id AND e.share_class_id = NEW.share_class_id;
    IF held.shares < 0 OR held.paid < 0 OR held.paid > held.shares * held.par THEN
        RAISE check_violation USING MESSAGE = format(
            'membership %s would hold %s shares with %s paid', NEW.membership_id, held.shares, held.paid);
    END IF;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0007_bank")]
    operations = [
        migrations.RunSQL(
            FUNCTION.replace("{locks}", "1021"),
            FUNCTION.replace("{locks}", "2147483647"),
        )
    ]
