"""What people type, checked for shape. What it may mean is the services' business."""

from .desk import (
    AsAtForm,
    DecisionForm,
    DetailsForm,
    MemberSearchForm,
    NameForm,
    PaperApplicationForm,
    SheetForm,
    StandingForm,
)
from .imports import ColumnsForm, TotalsForm, UploadForm
from .joining import ApplicationForm
from .returns import ExportForm
from .standing import DeathForm, HouseholdForm, NoticeForm

__all__ = [
    "ApplicationForm",
    "AsAtForm",
    "ColumnsForm",
    "DeathForm",
    "DecisionForm",
    "DetailsForm",
    "ExportForm",
    "HouseholdForm",
    "MemberSearchForm",
    "NameForm",
    "NoticeForm",
    "PaperApplicationForm",
    "SheetForm",
    "StandingForm",
    "TotalsForm",
    "UploadForm",
]
