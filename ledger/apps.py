from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from coop.kernel import nav


def _bank_lines(actor) -> int:
    """How many lines of the bank wait; asked when a rail is drawn, when all models are there."""
    return import_module("ledger.selectors.bank").waiting_count(actor.coop)


class LedgerConfig(AppConfig):
    name = "ledger"

    def ready(self):
        import_module("ledger.rules")
        carrying = import_module("members.services.carrying")
        carrying.carried_out_by("bank", import_module("ledger.services.payout_requests").CARRIER)
        estates = import_module("ledger.selectors.estates")
        after_death = import_module("members.selectors.after_death")
        after_death.also(estates.open_matters, estates.for_good, estates.meanwhile)
        import_module("members.selectors.parting").also(import_module("ledger.selectors.parting").still_owed)
        readers = ("treasurer", "board", "auditor")
        nav.register(
            nav.Entry("ledger", _("Overview"), "ledger:desk", "chart", requires=readers, order=10),
            nav.Entry("ledger", _("Surplus"), "ledger:surplus", "scales", requires=(*readers, "secretary"), order=12),
            nav.Entry("ledger", _("Purchases"), "ledger:patronage", "upload", requires=readers, order=14),
            nav.Entry("ledger", _("Pay-outs"), "ledger:payouts", "right", requires=readers, order=16),
            nav.Entry("ledger", _("Direct debits"), "ledger:debits", "down", requires=readers, order=17),
            nav.Entry("ledger", _("Shares"), "ledger:shares", "coins", requires=(*readers, "secretary"), order=20),
            nav.Entry(
                "ledger", _("Who has to pay"), "ledger:owing", "clock", requires=(*readers, "secretary"), order=25
            ),
            nav.Entry("ledger", _("Dues"), "ledger:dues", "calendar", requires=readers, order=18),
            nav.Entry("ledger", _("Calls"), "ledger:calls", "people", requires=(*readers, "secretary"), order=24),
            nav.Entry("ledger", _("Bank"), "ledger:bank", "inbox", requires=readers, order=26, count=_bank_lines),
            nav.Entry("ledger", _("Given back"), "ledger:queue", "up", requires=(*readers, "secretary"), order=27),
            nav.Entry("ledger", _("Journal"), "ledger:journal", "receipt", requires=readers, order=30),
            nav.Entry("ledger", _("Accounts"), "ledger:accounts", "book", requires=readers, order=40),
            nav.Entry("ledger", _("Reports"), "ledger:trial-balance", "scales", requires=readers, order=45),
            nav.Entry("ledger", _("Periods"), "ledger:periods", "calendar", requires=readers, order=50),
            nav.Entry("member", _("Money"), "ledger:money", "coins", requires=("member", "former"), order=30),
        )
