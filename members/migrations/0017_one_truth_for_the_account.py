"""Where a member's money goes is kept by the books alone (``ledger.PayoutDetails``), which have copied what was granted
here before this table goes."""

from django.db import migrations

FUNCTIONS = "pgtrigger_never_changed_324ed(), pgtrigger_not_of_the_erased_39e68(), pgtrigger_no_truncate_6da19()"


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0016_rows_held_without_their_keys"),
    ]

    operations = [
        migrations.DeleteModel(
            name="PartyBank",
        ),
        migrations.RunSQL(f"DROP FUNCTION IF EXISTS {FUNCTIONS}", migrations.RunSQL.noop),
    ]
