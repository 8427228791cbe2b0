"""Two branches met: pay-outs and the shared locks of holdings. Neither touches what the other does."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("ledger", "0008_payouts"), ("ledger", "0008_holding_locks")]
    operations = []
