"""A membership on the roll of an open ballot stays with its holder: whoever got it in the middle would vote twice, or find
a vote cast already. The trigger lies on the register's table and is made here, because only decisions know of ballots."""

from django.db import migrations

STAYS = """
CREATE FUNCTION governance_stays_while_voting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM governance_rollentry e JOIN governance_ballot b ON b.roll_id = e.roll_id
         WHERE e.membership_id = NEW.id AND b.state = 'open'
    ) THEN
        RAISE check_violation USING MESSAGE = 'a membership on the roll of an open ballot stays with its holder';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER governance_stays_while_voting BEFORE UPDATE OF party_id ON members_membership
    FOR EACH ROW WHEN (NEW.party_id <> OLD.party_id) EXECUTE FUNCTION governance_stays_while_voting();
"""
BACK = """
DROP TRIGGER governance_stays_while_voting ON members_membership;
DROP FUNCTION governance_stays_while_voting();
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0017_voting_letters"), ("members", "0001_initial")]
    operations = [migrations.RunSQL(STAYS, BACK)]
