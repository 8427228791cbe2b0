"""The register in the admin: for reading. Who is looked at can see that the platform's staff looked."""

from __future__ import annotations

from django.contrib import admin

from coop.kernel.admin import OfCoop
from coop.kernel.tenancy import Actor
from members import models, services
from members.models import AccessLog

BASIS = "platform staff"


class Personal(OfCoop):
    """Rows about one person: no name in a list, and opening one is written down where the person reads it."""

    what = AccessLog.What.MEMBER

    def party_of(self, row):
        """Whom the row is about, or None where nobody is known yet."""
        return row.party

    def get_object(self, request, object_id, from_field=None):
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            services.looked_at(
                actor=Actor.of(request.user, row.coop),
                what=self.what,
                party=self.party_of(row),
                subject=f"{self.opts.model_name} {row.pk}",
                basis=BASIS,
            )
        return row


class DatedInline(admin.TabularInline):
    extra = 0
    can_delete = False

    def has_add_permission(self, request, obj=None) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False


class NameInline(DatedInline):
    model = models.PartyName
    fields = ("valid_from", "given_names", "family_name", "firm", "recorded_at")


class AddressInline(DatedInline):
    model = models.PartyAddress
    fields = ("valid_from", "street", "postcode", "place", "country", "recorded_at")


class ContactInline(DatedInline):
    model = models.PartyContact
    fields = ("valid_from", "kind", "value", "recorded_at")


@admin.register(models.Party)
class PartyAdmin(Personal):
    list_display = ("id", "coop", "kind", "created_at", "erased_at")
    list_filter = ("coop", "kind")
    exclude = ("search", "grams", "sort_name")
    inlines = (NameInline, AddressInline, ContactInline)

    def party_of(self, row):
        return row


@admin.register(models.Membership)
class MembershipAdmin(Personal):
    list_display = ("number", "coop", "member_class", "state", "admitted_on", "ends_on")
    list_filter = ("coop", "state")
    list_select_related = ("coop", "member_class")
    search_fields = ("=number",)


@admin.register(models.Application)
class ApplicationAdmin(Personal):
    what = AccessLog.What.APPLICATION
    list_display = ("id", "coop", "state", "channel", "received_on", "decide_by", "decided_on")
    list_filter = ("coop", "state")
    exclude = ("search", "reference")  # the reference opens the applicant's own page


@admin.register(models.MembershipEvent)
class MembershipEventAdmin(OfCoop):
    list_display = ("id", "coop", "stream", "seq", "kind", "effective_on", "recorded_at")
    list_filter = ("coop", "kind")
    search_fields = ("=stream",)
    exclude = ("membership",)


@admin.register(models.AccessLog)
class AccessLogAdmin(OfCoop):
    list_display = ("at", "coop", "actor", "what", "about", "rows", "basis")
    list_filter = ("coop", "what")
    list_select_related = ("coop", "actor")


@admin.register(models.ByLaws)
class ByLawsAdmin(OfCoop):
    list_display = ("version", "coop", "title", "adopted_on", "effective_on")


@admin.register(models.MembershipClass)
class MembershipClassAdmin(OfCoop):
    list_display = ("name", "coop", "slug", "position")


@admin.register(models.ClassTerms)
class ClassTermsAdmin(OfCoop):
    list_display = ("member_class", "coop", "bylaws", "minimum_shares", "maximum_shares", "entry_fee", "votes")
    list_select_related = ("coop", "member_class", "bylaws")


@admin.register(models.BoardSheet)
class BoardSheetAdmin(OfCoop):
    list_display = ("id", "coop", "body", "meeting_on", "state", "resolution", "decided_on")
    list_filter = ("coop", "state")


@admin.register(models.ImportBatch)
class ImportBatchAdmin(OfCoop):
    list_display = ("id", "coop", "file_name", "state", "lines", "members", "created_at", "committed_at", "undone_at")
    list_filter = ("coop", "state")
    exclude = ("content", "heading")
