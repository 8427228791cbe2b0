"""What people type, checked for shape. What it may mean is the services' business."""

from .cases import AppealDecisionForm, AppealForm, DropForm, HearingForm, OpenCaseForm, PaperAppealForm
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
from .letters import CodeForm, DeliveryForm, PostForm
from .merging import MergeForm, SplitForm, TwinForm, UndoMergeForm
from .returns import ExportForm
from .rights import AnswerForm, ConsentForm, EraseForm, NewNameForm
from .standing import DeathForm, HouseholdForm, NoticeForm
from .standing_for import StandInForm

__all__ = [
    "CodeForm",
    "DeliveryForm",
    "PostForm",
    "AppealDecisionForm",
    "AppealForm",
    "DropForm",
    "HearingForm",
    "OpenCaseForm",
    "PaperAppealForm",
    "StandInForm",
    "AnswerForm",
    "ConsentForm",
    "EraseForm",
    "NewNameForm",
    "ApplicationForm",
    "AsAtForm",
    "ColumnsForm",
    "DeathForm",
    "DecisionForm",
    "DetailsForm",
    "ExportForm",
    "HouseholdForm",
    "MemberSearchForm",
    "MergeForm",
    "NameForm",
    "NoticeForm",
    "PaperApplicationForm",
    "SheetForm",
    "SplitForm",
    "StandingForm",
    "TwinForm",
    "UndoMergeForm",
    "TotalsForm",
    "UploadForm",
]
