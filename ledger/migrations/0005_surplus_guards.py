"""A distribution and its plan stand and fall together, whichever of the two somebody writes by hand."""

from django.db import migrations

GUARD = """
CREATE FUNCTION ledger_distribution_has_its_plan() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.key LIKE 'distribution:%' AND NOT EXISTS (SELECT FROM ledger_surplusplan p
            WHERE p.entry_id = NEW.id AND p.coop_id = NEW.coop_id AND NEW.key = 'distribution:' || p.id) THEN
        RAISE check_violation USING MESSAGE = 'an entry of a distribution belongs to its plan';
    END IF;
    IF EXISTS (SELECT FROM ledger_surplusplan p
                WHERE p.entry_id = NEW.reverses_id AND p.reversal_id IS DISTINCT FROM NEW.id) THEN
        RAISE check_violation USING MESSAGE = 'a distribution is reversed together with its plan';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER distribution_has_its_plan AFTER INSERT ON ledger_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.reverses_id IS NOT NULL OR NEW.key LIKE 'distribution:%')
    EXECUTE FUNCTION ledger_distribution_has_its_plan();
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_surplus")]

    operations = [
        migrations.RunSQL(
            GUARD,
            "DROP TRIGGER distribution_has_its_plan ON ledger_entry; DROP FUNCTION ledger_distribution_has_its_plan()",
        )
    ]
