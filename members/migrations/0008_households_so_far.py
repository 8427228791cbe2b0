"""Where members live already begins the dated rows: from the day it was last written down."""

from django.db import migrations

SO_FAR = """
INSERT INTO members_householdstanding (coop_id, membership_id, household_id, votes, effective_on, recorded_at)
SELECT m.coop_id, m.id, m.household_id, m.votes_for_household_id IS NOT NULL,
       coalesce(max(e.effective_on), m.admitted_on), coalesce(max(e.recorded_at), m.created_at)
  FROM members_membership m
  LEFT JOIN members_membershipevent e ON e.membership_id = m.id AND e.kind = 'household'
 WHERE m.household_id IS NOT NULL
 GROUP BY m.id
"""


class Migration(migrations.Migration):
    dependencies = [("members", "0007_letters_and_households")]
    operations = [migrations.RunSQL(SO_FAR, migrations.RunSQL.noop)]
