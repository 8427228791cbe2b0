"""The one way rows leave the register: the database undoes an import, whole, while nothing else depends on it."""

from django.db import migrations

UNDO = """
CREATE OR REPLACE FUNCTION members_undo_import(p_coop bigint, p_batch bigint) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    standing text;
    removed integer;
BEGIN
    SELECT state INTO standing FROM members_importbatch WHERE id = p_batch AND coop_id = p_coop FOR UPDATE;
    IF standing IS DISTINCT FROM 'committed' THEN
        RAISE check_violation USING MESSAGE = 'only an import in the register can be undone';
    END IF;
    IF EXISTS (
        SELECT FROM members_membershipevent e JOIN members_membership m ON m.id = e.membership_id
         WHERE m.batch_id = p_batch AND e.batch_id IS DISTINCT FROM p_batch
    ) THEN
        RAISE check_violation USING MESSAGE = 'members of this import have a history since';
    END IF;
    UPDATE members_importbatch SET state = 'undoing' WHERE id = p_batch;
    DELETE FROM members_eventnote n USING members_membershipevent e WHERE n.event_id = e.id AND e.batch_id = p_batch;
    DELETE FROM members_membershipevent WHERE batch_id = p_batch;
    DELETE FROM members_membership WHERE batch_id = p_batch;
    GET DIAGNOSTICS removed = ROW_COUNT;
    DELETE FROM members_relationship r USING members_party p WHERE p.batch_id = p_batch AND r.subject_id = p.id;
    DELETE FROM members_partycontact d USING members_party p WHERE p.batch_id = p_batch AND d.party_id = p.id;
    DELETE FROM members_partyaddress d USING members_party p WHERE p.batch_id = p_batch AND d.party_id = p.id;
    DELETE FROM members_partyname d USING members_party p WHERE p.batch_id = p_batch AND d.party_id = p.id;
    DELETE FROM members_party WHERE batch_id = p_batch;
    DELETE FROM members_importrow WHERE batch_id = p_batch;
    UPDATE members_importbatch SET state = 'undone', undone_at = now(), content = NULL WHERE id = p_batch;
    RETURN removed;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("members", "0001_initial")]
    operations = [migrations.RunSQL(UNDO, "DROP FUNCTION members_undo_import(bigint, bigint)")]
