"""Posting by other libraries, in their own environment and their own database beside ours. Started by ``ledger.py``.

Reads commands from standard input, one a line: ``one N`` or ``bulk N``; answers with seconds. So the two take turns in
one run, on one server, under one load.
"""

import json
import os
import sys
from time import perf_counter

import django
from django.conf import settings


def configure(library):
    database = json.loads(os.environ["BENCH_DATABASE"])
    apps = ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"]
    apps += {"hordak": ["mptt", "hordak"], "django_ledger": ["import_export", "django_ledger"]}[library]
    settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", **database}},
        INSTALLED_APPS=apps,
        USE_TZ=True,
        SECRET_KEY=os.urandom(16).hex(),
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        CURRENCIES=("EUR",),
        DEFAULT_CURRENCY="EUR",
        HORDAK_CURRENCIES=["EUR"],
        HORDAK_DECIMAL_PLACES=2,
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    )
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


class Hordak:
    def __init__(self):
        from hordak.models import Account
        from moneyed import Money

        self.money = Money
        self.bank = Account.objects.create(name="Bank", code="1", type="AS", currencies=["EUR"])
        self.dues = Account.objects.create(name="Dues", code="2", type="IN", currencies=["EUR"])

    def one(self, n):
        from django.db import transaction

        for number in range(n):
            with transaction.atomic():
                self.dues.transfer_to(self.bank, self.money(number % 500 + 1, "EUR"), description="dues")

    def bulk(self, n):
        from django.db import transaction
        from hordak.models import Leg, Transaction

        with transaction.atomic():
            made = Transaction.objects.bulk_create([Transaction(description="dues") for _number in range(n)])
            legs = []
            for number, each in enumerate(made):
                amount = self.money(number % 500 + 1, "EUR")
                legs.append(Leg(transaction=each, account=self.dues, credit=amount))
                legs.append(Leg(transaction=each, account=self.bank, debit=amount))
            Leg.objects.bulk_create(legs)


class DjangoLedger:
    """Its documented door, ``commit_txs``, which posts one journal entry; it has none for many at once."""

    def __init__(self):
        from datetime import date

        from django.contrib.auth import get_user_model
        from django_ledger.models import EntityModel

        admin = get_user_model().objects.create_user("bench")
        entity = EntityModel.create_entity(name="Bench", use_accrual_method=True, admin=admin, fy_start_month=1)
        entity.create_chart_of_accounts(assign_as_default=True, commit=True)
        kinds = {"bank": ("1000", "asset_ca_cash", "debit"), "dues": ("4000", "in_operational", "credit")}
        self.accounts = {
            name: entity.create_account(code=code, role=role, name=name, balance_type=side, active=True)
            for name, (code, role, side) in kinds.items()
        }
        self.ledger, self.day = entity.create_ledger(name="Bench", posted=True), date(2026, 3, 1)

    def one(self, n):
        for number in range(n):
            sides = (("bank", "debit"), ("dues", "credit"))
            lines = [
                {"account": self.accounts[name], "amount": number % 500 + 1, "tx_type": side, "description": "dues"}
                for name, side in sides
            ]
            self.ledger.commit_txs(je_timestamp=self.day, je_txs=lines, je_posted=True, je_desc="dues")


def main(library):
    configure(library)
    peer = {"hordak": Hordak, "django_ledger": DjangoLedger}[library]()
    print("ready", flush=True)
    for line in sys.stdin:
        what, n = line.split()
        started = perf_counter()
        getattr(peer, what)(int(n))
        print(perf_counter() - started, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
