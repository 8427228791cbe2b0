"""The name of an erased member leaves the frozen rolls; number, vote and digest stay, so the roll's hash holds."""

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
    UPDATE governance_rollentry SET name = '', salt = ''
     WHERE coop_id = p_coop AND membership_id = p_membership AND salt <> '';
    GET DIAGNOSTICS emptied = ROW_COUNT;
    RETURN emptied;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0004_names_can_be_erased"), ("members", "0003_rights_of_people")]
    operations = [migrations.RunSQL(FORGET, "DROP FUNCTION governance_forget(bigint, bigint)")]
