"""What the platform's staff sees in the admin. Everything is for reading; only logins and groups are changed here.

Whatever a co-op does goes through its services, which ask who acts, refuse, and write it down. The database would
refuse most of what an admin form could do to history; here nobody is offered it in the first place. Nothing personal
stands in a list, no code, key or hash of one on any page.
"""

from __future__ import annotations

from typing import Any, ClassVar

import allauth.account.admin
import allauth.mfa.admin
import allauth.usersessions.admin  # noqa: F401 - registered before ours replace them
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.utils.translation import gettext_lazy as _

from .models import ApiToken, AuditEvent, Cooperative, FactorReset, Job, Mail, Office, User


class ReadOnly(admin.ModelAdmin):
    """Looked at and never touched: nothing is added, changed or deleted, in single rows or in bulk."""

    actions = None
    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False


class OfCoop(ReadOnly):
    """Rows of one co-op each."""

    list_filter: ClassVar[Any] = ("coop",)
    list_select_related: ClassVar[Any] = ("coop",)


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    """A login may be switched off and on, and made staff. Its address, password and keys are its owner's."""

    list_display = ("email", "name", "is_active", "is_staff", "is_superuser", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser")
    search_fields = ("email", "name")
    fields = (
        "email",
        "name",
        "is_active",
        "is_staff",
        "is_superuser",
        "groups",
        "user_permissions",
        "last_login",
        "date_joined",
    )
    readonly_fields = ("email", "name", "last_login", "date_joined")
    filter_horizontal = ("groups", "user_permissions")
    actions = None

    def get_readonly_fields(self, request, obj=None):
        """Only a superuser says what somebody may do here."""
        if request.user.is_superuser:
            return self.readonly_fields
        return (*self.readonly_fields, "is_staff", "is_superuser", "groups", "user_permissions")

    def has_add_permission(self, request) -> bool:
        return False  # people make their own login

    def has_delete_permission(self, request, obj=None) -> bool:
        return False  # the audit trail names it

    def has_change_permission(self, request, obj=None) -> bool:
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)


@admin.register(Cooperative)
class CooperativeAdmin(ReadOnly):
    list_display = ("name", "slug", "law", "currency", "time_zone", "created_at")
    search_fields = ("name", "slug")


@admin.register(Office)
class OfficeAdmin(OfCoop):
    list_display = ("coop", "role", "user", "starts_on", "ends_on")
    list_filter = ("coop", "role")
    list_select_related = ("coop", "user")


@admin.register(FactorReset)
class FactorResetAdmin(OfCoop):
    list_display = ("coop", "user", "asked_by", "asked_at", "confirmed_by", "confirmed_at")
    list_select_related = ("coop", "user", "asked_by", "confirmed_by")


@admin.register(ApiToken)
class ApiTokenAdmin(OfCoop):
    list_display = ("start", "coop", "user", "reads_only", "expires_at", "last_used_at", "revoked_at")
    list_select_related = ("coop", "user")
    exclude = ("digest",)


@admin.register(AuditEvent)
class AuditEventAdmin(OfCoop):
    """The chain itself; what an event says is read in its co-op, by those who may."""

    list_display = ("coop", "seq", "at", "kind", "subject", "actor")
    list_select_related = ("coop", "actor")
    search_fields = ("kind", "subject")


@admin.register(Job)
class JobAdmin(OfCoop):
    list_display = ("id", "coop", "kind", "state", "done", "total", "attempt", "created_at", "finished_at")
    list_filter = ("state", "coop")


@admin.register(Mail)
class MailAdmin(ReadOnly):
    """What became of each letter. What it says is its reader's."""

    list_display = ("id", "kind", "state", "attempts", "created_at", "sent_at")
    list_filter = ("state", "kind")
    exclude = ("text", "html")


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnly):
    """What staff did in this admin."""

    list_display = ("action_time", "user", "content_type", "object_id", "action_flag")
    list_select_related = ("user", "content_type")


# Keys and addresses open logins: their owners see to them, and two officers where a key is lost.
for model in (EmailAddress, Authenticator, UserSession):
    admin.site.unregister(model)


@admin.register(EmailAddress)
class EmailAddressAdmin(ReadOnly):
    list_display = ("email", "user", "primary", "verified")
    list_select_related = ("user",)
    search_fields = ("email",)


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnly):
    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    list_select_related = ("user",)
    exclude = ("data",)


@admin.register(UserSession)
class UserSessionAdmin(ReadOnly):
    list_display = ("user", "created_at", "last_seen_at", "browser")
    list_select_related = ("user",)
    fields = ("user", "created_at", "last_seen_at", "ip", "user_agent")

    @admin.display(description=_("with"))
    def browser(self, session) -> str:
        return session.user_agent[:60]
