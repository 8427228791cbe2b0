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
from .joining import ApplicationForm

__all__ = [
    "ApplicationForm",
    "AsAtForm",
    "DecisionForm",
    "DetailsForm",
    "MemberSearchForm",
    "NameForm",
    "PaperApplicationForm",
    "SheetForm",
    "StandingForm",
]
