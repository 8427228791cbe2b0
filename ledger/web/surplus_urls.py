"""Patronage, plans and statements below a co-op's address."""

from django.urls import path

from . import filings, notices, patronage, payouts, statements, surplus, unclaimed

PLAN = "ledger/surplus/plans/<int:pk>/"

surplus_urls = [
    path("ledger/patronage/", patronage.listing, name="patronage"),
    path("ledger/patronage/new/", patronage.new, name="patronage-new"),
    path("ledger/patronage/imports/<int:pk>/", patronage.detail, name="patronage-import"),
    path("ledger/patronage/imports/<int:pk>/record/", patronage.record, name="patronage-record"),
    path("ledger/patronage/imports/<int:pk>/discard/", patronage.discard, name="patronage-discard"),
    path("ledger/patronage/imports/<int:pk>/undo/", patronage.undo, name="patronage-undo"),
    path("ledger/patronage/<int:year>/correct/", patronage.correct, name="patronage-correct"),
    path("ledger/patronage/<int:year>/reassign/", patronage.reassign, name="patronage-reassign"),
    path("ledger/surplus/", surplus.years, name="surplus"),
    path("ledger/surplus/<int:year>/", surplus.year, name="surplus-year"),
    path("ledger/surplus/<int:year>/new/", surplus.new, name="plan-new"),
    path(PLAN, surplus.detail, name="plan"),
    path(f"{PLAN}edit/", surplus.edit, name="plan-edit"),
    path(f"{PLAN}lines/", surplus.lines, name="plan-lines"),
    path(f"{PLAN}download/<str:form>", surplus.download, name="plan-download"),
    path(f"{PLAN}again/", surplus.again, name="plan-again"),
    path(f"{PLAN}throw-away/", surplus.throw_away, name="plan-throw-away"),
    path(f"{PLAN}propose/", surplus.propose, name="plan-propose"),
    path(f"{PLAN}take-back/", surplus.take_back, name="plan-take-back"),
    path(f"{PLAN}resolution/", surplus.link, name="plan-resolution"),
    path(f"{PLAN}approve/", surplus.approve, name="plan-approve"),
    path(f"{PLAN}post/", surplus.post, name="plan-post"),
    path(f"{PLAN}void/", surplus.void, name="plan-void"),
    path(f"{PLAN}fire/", filings.fire, name="plan-fire"),
    path(f"{PLAN}statements/", statements.listing, name="statements"),
    path(f"{PLAN}statements/<int:number>/", statements.of_member, name="statement-of"),
    path(
        "ledger/surplus/plans/<int:pk>/statements/<int:number>/pdf/", statements.of_member_pdf, name="statement-of-pdf"
    ),
    path(f"{PLAN}notices/", notices.overview, name="notices"),
    path(f"{PLAN}notices/send/", notices.send, name="notices-send"),
    path(f"{PLAN}notices/sheets/<int:part>/", notices.sheets, name="notices-sheets"),
    path(f"{PLAN}notices/posted/", notices.posted, name="notices-posted"),
    path("ledger/payouts/", payouts.listing, name="payouts"),
    path("ledger/payouts/new/", payouts.new, name="payout-new"),
    path("ledger/payouts/account/", payouts.paying_account, name="paying-account"),
    path("ledger/payouts/members/<int:number>/", payouts.of_member, name="payout-details"),
    path("ledger/payouts/<int:pk>/", payouts.detail, name="payout"),
    path("ledger/payouts/<int:pk>/release/", payouts.release, name="payout-release"),
    path("ledger/payouts/<int:pk>/cancel/", payouts.cancel, name="payout-cancel"),
    path("ledger/payouts/<int:pk>/file/", payouts.file, name="payout-file"),
    path("ledger/payouts/<int:pk>/returned/<int:number>/", payouts.came_back, name="payout-return"),
    path("money/account/", payouts.mine, name="payout-mine"),
    path("money/statements/<int:year>/", statements.own, name="statement"),
    path("money/statements/<int:year>/pdf/", statements.own_pdf, name="statement-pdf"),
    path("ledger/unclaimed/", unclaimed.overview, name="unclaimed"),
    path("ledger/unclaimed/new/", unclaimed.new, name="unclaimed-new"),
    path("ledger/unclaimed/<int:pk>/", unclaimed.detail, name="unclaimed-list"),
    path("ledger/unclaimed/<int:pk>/letters/", unclaimed.letters, name="unclaimed-letters"),
    path("ledger/unclaimed/<int:pk>/book/", unclaimed.book, name="unclaimed-book"),
    path("ledger/unclaimed/<int:pk>/cancel/", unclaimed.cancel, name="unclaimed-cancel"),
    path("ledger/unclaimed/<int:pk>/list.csv", unclaimed.file, name="unclaimed-file"),
    path("ledger/unclaimed/<int:pk>/back/<int:number>/", unclaimed.give_back, name="unclaimed-back"),
]
