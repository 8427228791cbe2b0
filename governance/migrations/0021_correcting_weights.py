"""The door by which a frozen roll changes (see 0012) knows how many votes a line has: an objection can be about that."""

from importlib import import_module

from django.db import migrations

before = import_module("governance.migrations.0012_correcting_rolls")
CORRECT = """
CREATE FUNCTION governance_correct_roll(
    p_coop bigint, p_ruling bigint, p_name text, p_class text, p_eligible boolean, p_votes integer,
    p_reasons jsonb, p_salt text, p_digest text, p_at timestamptz, p_by bigint
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    o governance_objection%ROWTYPE;
    r governance_roll%ROWTYPE;
    e governance_rollentry%ROWTYPE;
    m members_membership%ROWTYPE;
    body text;
    lines bigint;
    fresh text;
    made bigint;
BEGIN
    SELECT ob.* INTO o FROM governance_objection ob JOIN governance_ruling u ON u.objection_id = ob.id
     WHERE u.id = p_ruling AND u.coop_id = p_coop AND u.upheld;
    IF NOT FOUND THEN
        RAISE check_violation USING MESSAGE = 'a roll is corrected by an objection that was upheld';
    END IF;
    SELECT * INTO r FROM governance_roll WHERE id = o.roll_id FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM governance_ballot b WHERE b.roll_id = r.id AND b.state <> 'draft') THEN
        RAISE check_violation USING MESSAGE = 'a ballot on this roll has been released';
    END IF;
    SELECT * INTO m FROM members_membership WHERE id = o.about_id;
    SELECT * INTO e FROM governance_rollentry WHERE roll_id = r.id AND membership_id = m.id;
    SELECT count(*), string_agg(all_of.digest, E'\\n' ORDER BY all_of.number) INTO lines, body FROM (
        SELECT x.number, x.digest FROM governance_rollentry x WHERE x.roll_id = r.id AND x.membership_id <> m.id
        UNION ALL SELECT m.number, p_digest) all_of;
    fresh := encode(sha256(convert_to(
        format('{"coop":"%s","lines":%s,"record_date":"%s"}', (SELECT c.slug FROM kernel_cooperative c WHERE c.id = r.coop_id),
               lines, to_char(r.record_date, 'YYYY-MM-DD')) || E'\\n' || body, 'UTF8')), 'hex');
    INSERT INTO governance_rollcorrection (
        coop_id, ruling_id, roll_id, membership_id, place, was_digest, was_eligible, was_votes, was_class, was_reasons,
        digest, eligible, votes, class_name, reasons, was_hash, hash, corrected_at, corrected_by_id)
    VALUES (
        p_coop, p_ruling, r.id, m.id,
        1 + (SELECT count(*) FROM governance_rollentry x WHERE x.roll_id = r.id AND x.number < m.number),
        coalesce(e.digest, ''), e.eligible, coalesce(e.votes, 1), coalesce(e.class_name, ''), coalesce(e.reasons, '[]'),
        p_digest, p_eligible, p_votes, p_class, p_reasons, r.hash, fresh, p_at, p_by)
    RETURNING id INTO made;
    IF e.id IS NULL THEN
        INSERT INTO governance_rollentry (
            coop_id, roll_id, membership_id, number, name, class_name, eligible, votes, reasons, salt, digest)
        VALUES (p_coop, r.id, m.id, m.number, p_name, p_class, p_eligible, p_votes, p_reasons, p_salt, p_digest);
    ELSE
        UPDATE governance_rollentry
           SET class_name = p_class, eligible = p_eligible, votes = p_votes, reasons = p_reasons, digest = p_digest
         WHERE id = e.id;
    END IF;
    UPDATE governance_roll SET hash = fresh, size = lines,
           eligible = (SELECT count(*) FROM governance_rollentry x WHERE x.roll_id = r.id AND x.eligible),
           further_votes = (SELECT coalesce(sum(x.votes - 1), 0) FROM governance_rollentry x
                             WHERE x.roll_id = r.id AND x.eligible)
     WHERE id = r.id;
    RETURN made;
END $$;
"""
GONE = """
DROP FUNCTION governance_correct_roll(
    bigint, bigint, text, text, boolean, integer, jsonb, text, text, timestamptz, bigint)
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0020_weights")]
    operations = [migrations.RunSQL(before.GONE + ";" + CORRECT, GONE + ";" + before.CORRECT)]
