"""Calls on shares, below ``ledger/calls/``."""

from django.urls import path

from . import calls

call_urls = [
    path("ledger/calls/", calls.call_list, name="calls"),
    path("ledger/calls/new/", calls.new, name="call-new"),
    path("ledger/calls/<int:pk>/", calls.detail, name="call"),
    path("ledger/calls/<int:pk>/take-back/", calls.withdraw, name="call-withdraw"),
    path("ledger/calls/lines/<int:pk>/notice/", calls.notice, name="call-notice"),
    path("ledger/calls/lines/<int:pk>/forfeit/", calls.forfeit, name="call-forfeit"),
]
