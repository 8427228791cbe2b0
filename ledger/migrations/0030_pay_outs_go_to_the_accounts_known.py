"""A pay-out is released only to the accounts known at that moment; and what the secretary had granted in the register,
which no pay-out read, becomes what they read."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

# The newest account granted for each party counts for every membership of it, unless one was named to the books since.
GRANTED = """
    INSERT INTO ledger_payoutdetails (coop_id, membership_id, way, holder, iban, bic, routing, account, savings,
                                      recorded_at, recorded_by_id)
    SELECT m.coop_id, m.id, 'sepa', left(b.holder, 70), b.iban, '', '', '', false, b.recorded_at, b.recorded_by_id
      FROM (SELECT DISTINCT ON (party_id) * FROM members_partybank g
             WHERE NOT EXISTS (SELECT FROM members_partybank c WHERE c.corrects_id = g.id)
             ORDER BY party_id, valid_from DESC, id DESC) b
      JOIN members_membership m ON m.party_id = b.party_id
     WHERE b.iban <> ''
       AND NOT EXISTS (SELECT FROM ledger_payoutdetails d
                        WHERE d.membership_id = m.id AND d.recorded_at >= b.recorded_at)
     ORDER BY m.id
"""


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0029_rows_held_without_their_keys'),
        ('members', '0016_rows_held_without_their_keys'),
    ]
    run_before = [('members', '0017_one_truth_for_the_account')]

    operations = [
        migrations.RunSQL(GRANTED, migrations.RunSQL.noop),
        pgtrigger.migrations.AddTrigger(
            model_name='payoutrun',
            trigger=pgtrigger.compiler.Trigger(name='to_the_accounts_known', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (OLD.state = 'draft' AND NEW.state = 'released')", func="\n                    IF EXISTS (SELECT FROM ledger_payoutline l JOIN ledger_payoutdetails d USING (membership_id)\n                                WHERE l.run_id = NEW.id AND l.amount > 0 AND d.recorded_at > NEW.prepared_at) THEN\n                        RAISE check_violation USING MESSAGE = 'a pay-out goes to the accounts known when it leaves';\n                    END IF;\n                    RETURN NEW;\n                ", hash='995f568e1aaee51c3d06a7748ef71893c3d52745', operation='UPDATE', pgid='pgtrigger_to_the_accounts_known_b1f95', table='ledger_payoutrun', when='BEFORE')),
        ),
    ]
