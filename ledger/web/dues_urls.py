"""Dues, below ``ledger/dues/``."""

from django.urls import path

from . import dues

dues_urls = [
    path("ledger/dues/", dues.overview, name="dues"),
    path("ledger/dues/rules/new/", dues.rule_add, name="dues-rule-add"),
    path("ledger/dues/charge/", dues.charge, name="dues-charge"),
    path("ledger/dues/runs/<int:pk>/", dues.run, name="dues-run"),
    path("ledger/dues/charges/<int:pk>/waive/", dues.waive, name="dues-waive"),
    path("ledger/dues/members/<int:number>/", dues.let_off, name="dues-let-off"),
]
