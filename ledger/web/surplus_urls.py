"""Patronage, plans and statements below a co-op's address."""

from django.urls import path

from . import patronage, statements, surplus

surplus_urls = [
    path("ledger/patronage/", patronage.listing, name="patronage"),
    path("ledger/patronage/new/", patronage.new, name="patronage-new"),
    path("ledger/patronage/imports/<int:pk>/", patronage.detail, name="patronage-import"),
    path("ledger/patronage/imports/<int:pk>/record/", patronage.record, name="patronage-record"),
    path("ledger/patronage/imports/<int:pk>/discard/", patronage.discard, name="patronage-discard"),
    path("ledger/patronage/imports/<int:pk>/undo/", patronage.undo, name="patronage-undo"),
    path("ledger/patronage/<int:year>/correct/", patronage.correct, name="patronage-correct"),
    path("ledger/surplus/", surplus.years, name="surplus"),
    path("ledger/surplus/<int:year>/", surplus.year, name="surplus-year"),
    path("ledger/surplus/<int:year>/new/", surplus.new, name="plan-new"),
    path("ledger/plans/<int:pk>/", surplus.detail, name="plan"),
    path("ledger/plans/<int:pk>/edit/", surplus.edit, name="plan-edit"),
    path("ledger/plans/<int:pk>/lines/", surplus.lines, name="plan-lines"),
    path("ledger/plans/<int:pk>/download/<str:form>", surplus.download, name="plan-download"),
    path("ledger/plans/<int:pk>/again/", surplus.again, name="plan-again"),
    path("ledger/plans/<int:pk>/throw-away/", surplus.throw_away, name="plan-throw-away"),
    path("ledger/plans/<int:pk>/propose/", surplus.propose, name="plan-propose"),
    path("ledger/plans/<int:pk>/take-back/", surplus.take_back, name="plan-take-back"),
    path("ledger/plans/<int:pk>/resolution/", surplus.link, name="plan-resolution"),
    path("ledger/plans/<int:pk>/approve/", surplus.approve, name="plan-approve"),
    path("ledger/plans/<int:pk>/post/", surplus.post, name="plan-post"),
    path("ledger/plans/<int:pk>/void/", surplus.void, name="plan-void"),
    path("ledger/plans/<int:pk>/statements/", statements.listing, name="statements"),
    path("ledger/plans/<int:pk>/statements/<int:number>/", statements.of_member, name="statement-of"),
    path("ledger/plans/<int:pk>/statements/<int:number>/pdf/", statements.of_member_pdf, name="statement-of-pdf"),
    path("money/statements/<int:year>/", statements.own, name="statement"),
    path("money/statements/<int:year>/pdf/", statements.own_pdf, name="statement-pdf"),
]
