"""Direct debits below a co-op's address."""

from django.urls import path

from . import debits

RUN = "ledger/debits/<int:pk>/"

debit_urls = [
    path("ledger/debits/", debits.overview, name="debits"),
    path("ledger/debits/new/", debits.new, name="debit-new"),
    path("ledger/debits/creditor/", debits.creditor, name="debit-creditor"),
    path("ledger/debits/mandates/", debits.mandate_list, name="mandates"),
    path("ledger/debits/mandates/new/", debits.mandate_add, name="mandate-add"),
    path("ledger/debits/mandates/<int:pk>/revoke/", debits.mandate_revoke, name="mandate-revoke"),
    path(RUN, debits.detail, name="debit-run"),
    path(f"{RUN}release/", debits.release, name="debit-release"),
    path(f"{RUN}cancel/", debits.cancel, name="debit-cancel"),
    path(f"{RUN}book/", debits.book, name="debit-book"),
    path(f"{RUN}file/", debits.file, name="debit-file"),
    path(f"{RUN}returned/<int:number>/", debits.came_back, name="debit-return"),
    path("money/mandate/", debits.mine, name="my-mandate"),
]
