"""Below a co-op: ``money/`` is the member's, ``ledger/`` the officers'."""

from django.urls import path, re_path

from . import accounts, desk, journal, mine, periods, reports, shares
from .surplus_urls import surplus_urls

app_name = "ledger"

urlpatterns = [
    path("money/", mine.money_page, name="money"),
    path("ledger/", desk.desk, name="desk"),
    path("ledger/accounts/", accounts.account_list, name="accounts"),
    path("ledger/accounts/new/", accounts.account_add, name="account-add"),
    path("ledger/accounts/<int:pk>/", accounts.account_detail, name="account"),
    path("ledger/accounts/code/<str:code>/", accounts.account_by_code, name="account-by-code"),
    path("ledger/accounts/<int:pk>/change/", accounts.account_change, name="account-change"),
    path("ledger/journal/", journal.entry_list, name="journal"),
    path("ledger/journal/new/", journal.entry_add, name="entry-add"),
    path("ledger/journal/<int:pk>/", journal.entry_detail, name="entry"),
    path("ledger/journal/<int:pk>/reverse/", journal.entry_reverse, name="entry-reverse"),
    path("ledger/shares/", shares.register, name="shares"),
    path("ledger/shares/class/", shares.share_class_add, name="share-class-add"),
    path("ledger/shares/<int:number>/", shares.holding, name="holding"),
    path("ledger/shares/<int:number>/subscribe/", shares.subscribe, name="subscribe"),
    path("ledger/payments/", shares.owing, name="owing"),
    path("ledger/payments/new/", shares.payment_add, name="payment-add"),
    path("ledger/payments/file/", shares.payment_file, name="payment-file"),
    path("ledger/periods/", periods.period_list, name="periods"),
    path("ledger/periods/<int:pk>/close/", periods.period_close, name="period-close"),
    path("ledger/periods/<int:pk>/reopen/", periods.period_reopen, name="period-reopen"),
    path("ledger/reports/", reports.trial, name="trial-balance"),
    path("ledger/reports/balance-sheet/", reports.sheet, name="balance-sheet"),
    path("ledger/reports/income/", reports.income, name="income-statement"),
    re_path(r"^ledger/export/(?P<fmt>hledger|ledger|beancount|csv)/$", reports.export_journal, name="export"),
    *surplus_urls,
]
