"""The books in the admin: for reading. What is wrong in them is put right by a new entry, by the treasurer."""

from __future__ import annotations

from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _

from coop.kernel.admin import OfCoop
from coop.kernel.money import format_minor
from ledger import models

LINES_SHOWN = 200  # a distribution's entry has a line for every member


@admin.register(models.Account)
class AccountAdmin(OfCoop):
    list_display = ("code", "coop", "name", "kind", "currency", "purpose", "year", "is_open")
    list_filter = ("coop", "kind", "purpose")
    search_fields = ("code",)
    exclude = ("membership",)


@admin.register(models.Period)
class PeriodAdmin(OfCoop):
    list_display = ("name", "coop", "starts", "ends", "closed_at")


@admin.register(models.PeriodEvent)
class PeriodEventAdmin(OfCoop):
    list_display = ("at", "coop", "period", "kind", "actor", "reason")
    list_select_related = ("coop", "period", "actor")


@admin.register(models.Entry)
class EntryAdmin(OfCoop):
    """An entry and its lines, as they stand in the journal."""

    list_display = ("id", "coop", "posted_on", "kind", "memo", "recorded_at")
    list_filter = ("coop", "kind")
    search_fields = ("=id", "=key")
    readonly_fields = ("lines",)

    @admin.display(description=_("lines"))
    def lines(self, entry) -> str:
        """Debit positive, credit negative."""
        found = models.Posting.objects.filter(entry=entry, batch=entry.batch).select_related("account").order_by("n")
        rows = [
            (each.account.code, format_minor(each.amount, each.account.currency), each.memo)
            for each in found[:LINES_SHOWN]
        ]
        return format_html_join("", "<div>{} · {} · {}</div>", rows)


@admin.register(models.BulkBatch)
class BulkBatchAdmin(OfCoop):
    list_display = ("id", "coop", "kind", "memo", "state", "lines", "opened_at", "sealed_at")
    list_filter = ("coop", "state")


@admin.register(models.ShareClass)
class ShareClassAdmin(OfCoop):
    list_display = ("name", "coop", "slug", "par", "currency", "is_default", "is_open")


@admin.register(models.ShareEvent)
class ShareEventAdmin(OfCoop):
    list_display = ("id", "coop", "share_class", "kind", "shares", "effective_on", "recorded_at")
    list_filter = ("coop", "kind")
    list_select_related = ("coop", "share_class")
    exclude = ("membership",)


@admin.register(models.PatronageYear)
class PatronageYearAdmin(OfCoop):
    list_display = ("year", "coop", "starts_on", "ends_on", "version")


@admin.register(models.PatronageImport)
class PatronageImportAdmin(OfCoop):
    list_display = ("id", "coop", "year", "file_name", "rows", "members", "state", "recorded_at", "undone_at")
    list_filter = ("coop", "state")
    list_select_related = ("coop", "year")
    exclude = ("problems",)


@admin.register(models.SurplusPlan)
class SurplusPlanAdmin(OfCoop):
    list_display = ("id", "coop", "year", "letter", "title", "state", "line_count", "approved_at", "posted_at")
    list_filter = ("coop", "state")
    list_select_related = ("coop", "year")
