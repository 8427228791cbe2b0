"""What an erased member said of giving shares back can be emptied; nobody else's can be changed."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0027_dues"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="redemption",
            name="forward_only",
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="redemption",
            trigger=pgtrigger.compiler.Trigger(
                name="forward_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n                    IF NEW.reason IN ('', '(erased)') AND NEW.answer IN ('', '(erased)')\n                       AND to_jsonb(NEW) - '{reason,answer}'::text[] = to_jsonb(OLD) - '{reason,answer}'::text[]\n                       AND EXISTS (SELECT FROM members_membership m JOIN members_party p ON p.id = m.party_id\n                                    WHERE m.id = OLD.membership_id AND p.erased_at IS NOT NULL) THEN\n                        RETURN NEW;\n                    END IF;\n                    IF (OLD.coop_id, OLD.membership_id, OLD.share_class_id, OLD.shares, OLD.asked_on)\n                       IS DISTINCT FROM (NEW.coop_id, NEW.membership_id, NEW.share_class_id, NEW.shares, NEW.asked_on)\n                       OR OLD.entry_id IS NOT NULL AND (OLD.entry_id, OLD.amount) IS DISTINCT FROM\n                                                       (NEW.entry_id, NEW.amount)\n                       OR (OLD.state, NEW.state) NOT IN (('asked', 'accepted'), ('asked', 'withdrawn'),\n                           ('asked', 'refused'), ('accepted', 'paid')) THEN\n                        RAISE check_violation USING MESSAGE = 'a redemption goes forward and keeps what it is of';\n                    END IF;\n                    RETURN NEW;\n                ",
                    hash="cb946f1ac32232a3cd7367f6bc3c00cf660f8410",
                    operation="UPDATE",
                    pgid="pgtrigger_forward_only_55ffc",
                    table="ledger_redemption",
                    when="BEFORE",
                ),
            ),
        ),
    ]
