"""Where more of what nobody edits names somebody who was erased: sessions of courses, and letters to many."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

FORGET = """
CREATE OR REPLACE FUNCTION members_forget(p_coop bigint, p_party bigint, p_pattern text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    emptied integer;
BEGIN
    IF NOT EXISTS (SELECT FROM members_party WHERE id = p_party AND coop_id = p_coop AND erased_at IS NOT NULL) THEN
        RAISE check_violation USING MESSAGE = 'only who was erased is forgotten';
    END IF;
    UPDATE members_bulkletter SET subject = '(erased)', text = '(erased)'
     WHERE coop_id = p_coop AND (subject ~* p_pattern OR text ~* p_pattern);
    UPDATE members_coursesession SET held_by = '(erased)' WHERE coop_id = p_coop AND held_by ~* p_pattern;
    UPDATE members_coursesession SET place = '(erased)' WHERE coop_id = p_coop AND place ~* p_pattern;
    UPDATE members_coursesession SET because = '(erased)' WHERE coop_id = p_coop AND because ~* p_pattern;
    UPDATE members_accesslog SET basis = '(erased)' WHERE coop_id = p_coop AND basis ~* p_pattern;
    GET DIAGNOSTICS emptied = ROW_COUNT;
    RETURN emptied;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0014_tags_and_paper"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="bulkletter",
            name="begun_stands",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="coursesession",
            name="cancelled_once",
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="bulkletter",
            trigger=pgtrigger.compiler.Trigger(
                name="begun_stands",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN ((OLD.finished_at IS NOT NULL OR (NEW.coop_id, NEW.key, NEW.about, NEW.subject, NEW.text, NEW.digest, NEW.made_by_id) IS DISTINCT FROM (OLD.coop_id, OLD.key, OLD.about, OLD.subject, OLD.text, OLD.digest, OLD.made_by_id)) AND (current_user = session_user OR (NEW.subject, NEW.text) <> ('(erased)', '(erased)') OR (NEW.coop_id, NEW.key, NEW.about, NEW.digest, NEW.made_by_id, NEW.finished_at) IS DISTINCT FROM (OLD.coop_id, OLD.key, OLD.about, OLD.digest, OLD.made_by_id, OLD.finished_at)))",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="14a35f5c6a11bdf456c2e382e67ea49c5c94992d",
                    operation="UPDATE",
                    pgid="pgtrigger_begun_stands_d0f73",
                    table="members_bulkletter",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="coursesession",
            trigger=pgtrigger.compiler.Trigger(
                name="cancelled_once",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN ((OLD.cancelled_at IS NOT NULL OR (NEW.coop_id, NEW.course_id, NEW.starts_at, NEW.place, NEW.seats) IS DISTINCT FROM (OLD.coop_id, OLD.course_id, OLD.starts_at, OLD.place, OLD.seats)) AND (current_user = session_user OR to_jsonb(NEW) - '{place,held_by,because}'::text[] <> to_jsonb(OLD) - '{place,held_by,because}'::text[]))",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="4e31cf07f958206d918c4aa4c01ffd998b094891",
                    operation="UPDATE",
                    pgid="pgtrigger_cancelled_once_4d351",
                    table="members_coursesession",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.RunSQL(FORGET, migrations.RunSQL.noop),
    ]
