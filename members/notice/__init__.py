"""Notice periods: when a membership ends after somebody gives notice, and why that day. Pure."""

from .rule import PRESETS, Line, Notice, NoticeRule, add_months, issues, notice, received_day

__all__ = ["PRESETS", "Line", "Notice", "NoticeRule", "add_months", "issues", "notice", "received_day"]
