"""Each row of patronage is held to its year, its member and its file by one key, the one that names the co-op, too."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0023_entries_checked_as_one_set"),
    ]

    operations = [
        migrations.AlterField(
            model_name="patronagerecord",
            name="membership",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="patronage",
                to="members.membership",
            ),
        ),
        migrations.AlterField(
            model_name="patronagerecord",
            name="source",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="records",
                to="ledger.patronageimport",
            ),
        ),
        migrations.AlterField(
            model_name="patronagerecord",
            name="year",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="records",
                to="ledger.patronageyear",
            ),
        ),
    ]
