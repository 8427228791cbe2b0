"""Where history names somebody who was erased, the database alone empties the words; nothing else about the row."""

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
    UPDATE members_accesslog SET basis = '(erased)' WHERE coop_id = p_coop AND basis ~* p_pattern;
    GET DIAGNOSTICS emptied = ROW_COUNT;
    RETURN emptied;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("members", "0003_rights_of_people")]
    operations = [migrations.RunSQL(FORGET, "DROP FUNCTION members_forget(bigint, bigint, text)")]
