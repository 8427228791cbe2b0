"""Patronage, plans and statements below ``/api/v1/<coop>/``."""

from django.urls import path

from . import choices, filings, payouts, reassigning, surplus

surplus_urls = [
    path("patronage/", surplus.Years.as_view(), name="patronage-years"),
    path("patronage/imports/", surplus.Imports.as_view(), name="patronage-imports"),
    path("patronage/imports/<int:pk>/", surplus.OneImport.as_view(), name="patronage-import"),
    path("patronage/imports/<int:pk>/record/", surplus.RecordImport.as_view(), name="patronage-record"),
    path("patronage/imports/<int:pk>/discard/", surplus.DiscardImport.as_view(), name="patronage-discard"),
    path("patronage/imports/<int:pk>/undo/", surplus.UndoImport.as_view(), name="patronage-undo"),
    path("patronage/batches/", surplus.Batches.as_view(), name="patronage-batches"),
    path("patronage/corrections/", surplus.Corrections.as_view(), name="patronage-corrections"),
    path("patronage/reassignments/", reassigning.Reassignments.as_view(), name="patronage-reassignments"),
    path("plans/", surplus.Plans.as_view(), name="plans"),
    path("plans/<int:pk>/", surplus.OnePlan.as_view(), name="plan"),
    path("plans/<int:pk>/lines/", surplus.Lines.as_view(), name="plan-lines"),
    path("plans/<int:pk>/propose/", surplus.Propose.as_view(), name="plan-propose"),
    path("plans/<int:pk>/take-back/", surplus.TakeBack.as_view(), name="plan-take-back"),
    path("plans/<int:pk>/resolution/", surplus.LinkResolution.as_view(), name="plan-resolution"),
    path("plans/<int:pk>/approve/", surplus.Approve.as_view(), name="plan-approve"),
    path("plans/<int:pk>/post/", surplus.Post.as_view(), name="plan-post"),
    path("plans/<int:pk>/fire/", filings.Fire.as_view(), name="plan-fire"),
    path("plans/<int:pk>/void/", surplus.Void.as_view(), name="plan-void"),
    path("plans/<int:pk>/statements/<int:number>/", surplus.StatementOf.as_view(), name="statement-of"),
    path("plans/<int:pk>/choices/", choices.Offer.as_view(), name="choices"),
    path("plans/<int:pk>/choices/carry-out/", choices.CarryOut.as_view(), name="choices-carry-out"),
    path("plans/<int:pk>/choices/withdraw/", choices.Withdraw.as_view(), name="choices-withdraw"),
    path("plans/<int:pk>/choices/outcomes/", choices.Outcomes.as_view(), name="choices-outcomes"),
    path("plans/<int:pk>/choices/<int:number>/", choices.ChoiceOf.as_view(), name="choice-of"),
    path("payouts/", payouts.Runs.as_view(), name="payouts"),
    path("payouts/<int:pk>/", payouts.OneRun.as_view(), name="payout"),
    path("payouts/<int:pk>/lines/", payouts.Lines.as_view(), name="payout-lines"),
    path("payouts/<int:pk>/release/", payouts.Release.as_view(), name="payout-release"),
    path("payouts/<int:pk>/returned/", payouts.Returned.as_view(), name="payout-returned"),
    path("money/statements/<int:year>/", surplus.MyStatement.as_view(), name="statement"),
    path("money/statements/<int:year>/choice/", choices.MyChoice.as_view(), name="choice"),
    path("money/statements/<int:year>/pdf/", surplus.MyStatementPDF.as_view(), name="statement-pdf"),
]
