"""What an erased member said against a roll, and what was answered, goes with the name on it."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

FORGET = """
CREATE OR REPLACE FUNCTION governance_forget(p_coop bigint, p_membership bigint) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    emptied integer;
BEGIN
    IF NOT EXISTS (
        SELECT FROM members_membership m JOIN members_party p ON p.id = m.party_id
         WHERE m.id = p_membership AND m.coop_id = p_coop AND p.erased_at IS NOT NULL
    ) THEN
        RAISE check_violation USING MESSAGE = 'only who was erased is forgotten';
    END IF;
    UPDATE governance_nomination SET sentence = '', statement = '', photo = NULL, photo_alt = ''
     WHERE coop_id = p_coop AND nominee_id = p_membership AND said_at IS NOT NULL;
    UPDATE governance_ruling r SET because = '(erased)' FROM governance_objection o
     WHERE o.id = r.objection_id AND o.coop_id = p_coop AND p_membership IN (o.membership_id, o.about_id);
    UPDATE governance_objection SET because = '(erased)'
     WHERE coop_id = p_coop AND p_membership IN (membership_id, about_id);
    UPDATE governance_rollentry SET name = '', salt = ''
     WHERE coop_id = p_coop AND membership_id = p_membership AND salt <> '';
    GET DIAGNOSTICS emptied = ROW_COUNT;
    RETURN emptied;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0021_correcting_weights"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="objection",
            name="append_only",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="ruling",
            name="append_only",
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="objection",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="e1179d1134856131af2b0341ee1013a99d145e0f",
                    operation="DELETE",
                    pgid="pgtrigger_append_only_75351",
                    table="governance_objection",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="objection",
            trigger=pgtrigger.compiler.Trigger(
                name="only_forgotten",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            IF current_user <> session_user AND NEW.because = '(erased)'\n               AND to_jsonb(NEW) - 'because' = to_jsonb(OLD) - 'because' THEN\n                RETURN NEW;\n            END IF;\n            RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;\n        ",
                    hash="f17d4c64e0f979b0061c3865ed7a2c99bb96925b",
                    operation="UPDATE",
                    pgid="pgtrigger_only_forgotten_12a6a",
                    table="governance_objection",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ruling",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="c1fe7808ba64bf073774f7185934d96fc97c5978",
                    operation="DELETE",
                    pgid="pgtrigger_append_only_19fcb",
                    table="governance_ruling",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ruling",
            trigger=pgtrigger.compiler.Trigger(
                name="only_forgotten",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            IF current_user <> session_user AND NEW.because = '(erased)'\n               AND to_jsonb(NEW) - 'because' = to_jsonb(OLD) - 'because' THEN\n                RETURN NEW;\n            END IF;\n            RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;\n        ",
                    hash="abb9aaf740fe5a827c612769ff2a336a6997b272",
                    operation="UPDATE",
                    pgid="pgtrigger_only_forgotten_5d0da",
                    table="governance_ruling",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.RunSQL(FORGET, migrations.RunSQL.noop),
    ]
