"""Below a co-op: ``money/`` is the member's, ``ledger/`` the officers'."""

from django.urls import path, re_path

from . import accounts, bank, desk, holdings, journal, mine, opening, periods, reports, shares
from .surplus_urls import surplus_urls

app_name = "ledger"

urlpatterns = [
    path("money/", mine.money_page, name="money"),
    path("money/give-back/", holdings.my_ask_back, name="my-ask-back"),
    path("money/give-back/<int:pk>/withdraw/", holdings.my_withdraw, name="my-withdraw"),
    path("money/certificate/<int:pk>/", holdings.certificate, name="certificate"),
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
    path("ledger/shares/<int:number>/transfer/", holdings.transfer, name="share-transfer"),
    path("ledger/shares/<int:number>/give/", holdings.give, name="share-give"),
    path("ledger/shares/<int:number>/release/", holdings.release, name="share-release"),
    path("ledger/shares/<int:number>/ask-back/", holdings.ask_back, name="redemption-ask"),
    path("ledger/shares/<int:number>/certify/", holdings.certify, name="certify"),
    path("ledger/queue/", holdings.queue_page, name="queue"),
    path("ledger/queue/limit/", holdings.limit, name="redemption-limit"),
    path("ledger/queue/<int:pk>/accept/", holdings.accept, name="redemption-accept"),
    path("ledger/queue/<int:pk>/refuse/", holdings.refuse, name="redemption-refuse"),
    path("ledger/queue/<int:pk>/pay/", holdings.pay_out, name="redemption-pay"),
    path("ledger/payments/", shares.owing, name="owing"),
    path("ledger/payments/new/", shares.payment_add, name="payment-add"),
    path("ledger/payments/file/", shares.payment_file, name="payment-file"),
    path("ledger/bank/", bank.inbox, name="bank"),
    path("ledger/bank/account/", bank.account_add, name="bank-account-add"),
    path("ledger/bank/new/", bank.statement_add, name="bank-statement-add"),
    path("ledger/bank/enter/", bank.enter_matched, name="bank-enter"),
    path("ledger/bank/statements/<int:pk>/", bank.statement, name="bank-statement"),
    path("ledger/bank/lines/<int:pk>/", bank.line, name="bank-line"),
    path("ledger/bank/lines/<int:pk>/take-up/", bank.line_take_up, name="bank-line-take-up"),
    path("ledger/opening/", opening.open_books, name="opening"),
    path("ledger/opening/take-back/", opening.take_back, name="opening-take-back"),
    path("ledger/periods/", periods.period_list, name="periods"),
    path("ledger/periods/<int:pk>/close/", periods.period_close, name="period-close"),
    path("ledger/periods/<int:pk>/reopen/", periods.period_reopen, name="period-reopen"),
    path("ledger/reports/", reports.trial, name="trial-balance"),
    path("ledger/reports/balance-sheet/", reports.sheet, name="balance-sheet"),
    path("ledger/reports/income/", reports.income, name="income-statement"),
    re_path(r"^ledger/export/(?P<fmt>hledger|ledger|beancount|csv)/$", reports.export_journal, name="export"),
    *surplus_urls,
]
