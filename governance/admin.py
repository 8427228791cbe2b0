"""Decisions in the admin: for reading. It shows nobody's vote, and no ballot's secret before it is counted."""

from __future__ import annotations

from django.contrib import admin

from coop.kernel.admin import OfCoop
from governance import models


@admin.register(models.Meeting)
class MeetingAdmin(OfCoop):
    list_display = ("title", "coop", "kind", "starts_at", "record_date", "notice_on")


@admin.register(models.ResolutionType)
class ResolutionTypeAdmin(OfCoop):
    list_display = ("name", "coop", "slug", "cite")


@admin.register(models.Roll)
class RollAdmin(OfCoop):
    """How many are on it and its hash; who is, the returning officer says."""

    list_display = ("id", "coop", "title", "record_date", "frozen_at", "size", "eligible")


@admin.register(models.Ballot)
class BallotAdmin(OfCoop):
    list_display = ("title", "coop", "kind", "state", "opens_at", "closes_at", "counted_at")
    list_filter = ("coop", "state")
    exclude = ("tie_secret",)


@admin.register(models.Question)
class QuestionAdmin(OfCoop):
    list_display = ("title", "coop", "ballot", "position", "method", "seats")
    list_select_related = ("coop", "ballot")


@admin.register(models.Option)
class OptionAdmin(OfCoop):
    list_display = ("name", "coop", "question", "position", "withdrawn")
    list_select_related = ("coop", "question")
    exclude = ("membership",)


@admin.register(models.RecordedVote)
class RecordedVoteAdmin(OfCoop):
    """That a paper was cast, and when. Neither whose it is nor what it says."""

    list_display = ("id", "coop", "ballot", "cast_at")
    list_select_related = ("coop", "ballot")
    fields = ("coop", "ballot", "cast_at")


@admin.register(models.PaperBatch)
class PaperBatchAdmin(OfCoop):
    list_display = ("file_name", "coop", "question", "papers", "blank", "sealed", "imported_at", "undone_at")
    list_select_related = ("coop", "question")


@admin.register(models.Count)
class CountAdmin(OfCoop):
    list_display = ("id", "coop", "question", "method", "papers", "valid", "counted_at")
    list_select_related = ("coop", "question")


@admin.register(models.OtherRule)
class OtherRuleAdmin(OfCoop):
    list_display = ("id", "coop", "question", "method", "counted_at")
    list_select_related = ("coop", "question")


@admin.register(models.Resolution)
class ResolutionAdmin(OfCoop):
    list_display = ("number", "coop", "title", "carried", "decided_on")
    list_filter = ("coop", "carried")
