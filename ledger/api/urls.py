"""The books below ``/api/v1/<coop>/``."""

from django.urls import path

from . import bank, books, calls, debits, drafts, dues, reports
from .surplus_urls import surplus_urls

app_name = "ledger-api"
urlpatterns = [
    path("accounts/", books.Accounts.as_view(), name="accounts"),
    path("entries/", books.Entries.as_view(), name="entries"),
    path("entries/<int:pk>/", books.OneEntry.as_view(), name="entry"),
    path("entries/<int:pk>/lines/", books.EntryLines.as_view(), name="entry-lines"),
    path("drafts/", drafts.Drafts.as_view(), name="drafts"),
    path("drafts/<int:pk>/approve/", drafts.ApproveDraft.as_view(), name="draft-approve"),
    path("payments/", books.Payments.as_view(), name="payments"),
    path("shares/", books.Shares.as_view(), name="shares"),
    path("shares/agreement/", books.Agreement.as_view(), name="agreement"),
    path("shares/<int:number>/", books.MemberShares.as_view(), name="member-shares"),
    path("share-classes/", books.ShareClasses.as_view(), name="share-classes"),
    path("share-calls/", calls.ShareCalls.as_view(), name="share-calls"),
    path("share-calls/<int:pk>/lines/", calls.ShareCallLines.as_view(), name="share-call-lines"),
    path("share-calls/lines/<int:pk>/notice/", calls.ShareCallNotice.as_view(), name="share-call-notice"),
    path("share-calls/lines/<int:pk>/forfeit/", calls.ShareCallForfeit.as_view(), name="share-call-forfeit"),
    path("dues/rules/", dues.DuesRules.as_view(), name="dues-rules"),
    path("dues/proposal/", dues.DuesProposal.as_view(), name="dues-proposal"),
    path("dues/runs/", dues.DuesRuns.as_view(), name="dues-runs"),
    path("dues/runs/<int:pk>/charges/", dues.DuesCharges.as_view(), name="dues-run-charges"),
    path("dues/charges/<int:pk>/waive/", dues.WaiveDues.as_view(), name="dues-waive"),
    path("dues/reliefs/", dues.LetOff.as_view(), name="dues-reliefs"),
    path("bank/lines/", bank.BankLines.as_view(), name="bank-lines"),
    path("bank/statements/", bank.BankStatements.as_view(), name="bank-statements"),
    path("bank/enter/", bank.EnterMatched.as_view(), name="bank-enter"),
    path("mandates/", debits.Mandates.as_view(), name="mandates"),
    path("debit-runs/", debits.DebitRuns.as_view(), name="debit-runs"),
    path("debit-runs/<int:pk>/lines/", debits.DebitLines.as_view(), name="debit-run-lines"),
    path("debit-runs/<int:pk>/release/", debits.ReleaseDebits.as_view(), name="debit-run-release"),
    path("members-equity/", reports.Equity.as_view(), name="members-equity"),
    path("members-equity/<slug:part>/", reports.EquityPart.as_view(), name="members-equity-part"),
    path("handover/", reports.HandOver.as_view(), name="handover"),
    path("money/", books.MyMoney.as_view(), name="money"),
    path("money/lines/", books.MyLines.as_view(), name="money-lines"),
    *surplus_urls,
]
