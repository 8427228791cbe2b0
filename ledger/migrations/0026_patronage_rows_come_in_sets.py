"""A row of patronage belongs to its co-op by the key of its year, and is not asked a second time; nobody looks rows up
by their co-op alone, or by who recorded them. A million rows come at once, and each key and index costs them seconds."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0025_what_is_asked_once_a_statement"),
    ]

    operations = [
        migrations.AlterField(
            model_name="patronagerecord",
            name="coop",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="kernel.cooperative",
            ),
        ),
        migrations.AlterField(
            model_name="patronagerecord",
            name="recorded_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]
