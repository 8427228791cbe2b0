"""The admin: for staff, behind a second factor; it shows history and cannot change it; it shows no secret."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.test import Client
from django.urls import NoReverseMatch, reverse

from coop.kernel import audit, outbox, tokens
from coop.kernel.models import AppendOnly, AuditEvent, Mail, Office, User
from ledger.models import Entry
from members.models import AccessLog, Party
from tests.access.harness import World
from tests.cast import PASSWORD, make_user, show_who_it_is
from tests.world import make_world

CHANGEABLE = {User, Group}
SECRETS = {
    "kernel.apitoken": "digest",
    "kernel.mail": "text",
    "mfa.authenticator": "data",
    "governance.ballot": "tie_secret",
    "governance.recordedvote": "marks",
    "members.application": "reference",
}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    show_who_it_is(client, user)
    return client


@pytest.fixture(scope="module")
def world(standing) -> World:
    """The populated co-op, built once for those who only look at it."""
    return make_world()


@pytest.fixture(scope="module")
def mei(world):
    return world.mei


@pytest.fixture
def root(db) -> Client:
    return signed_in(User.objects.create_superuser("root@example.org", PASSWORD))


def url(model, what: str, *args) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{what}", args=args)


def registered():
    return list(admin.site._registry)


# --- who comes in -----------------------------------------------------------------------------------------------------


def test_nobody_signs_in_at_the_admins_own_form(db):
    for path in ("/admin/", "/admin/login/", "/admin/kernel/user/"):
        answer = Client().get(path)
        assert answer.status_code == 302
        assert answer.url.startswith(("/accounts/login/?next=", "/admin/login/?next="))
    answer = Client().post("/admin/login/", {"username": "root@example.org", "password": PASSWORD})
    assert answer.status_code in (302, 403)
    assert answer.status_code == 403 or answer.url.startswith("/accounts/login/")


def test_officers_and_members_are_not_staff(mei, client_of):
    assert client_of(mei).get("/admin/", follow=True).status_code == 403


def test_staff_without_a_second_factor_is_led_to_set_one_up_and_back(db, settings):
    settings.OFFICERS_NEED_MFA = True
    user = User.objects.create_superuser("root@example.org", PASSWORD)
    client = signed_in(user)
    answer = client.get("/admin/kernel/user/")
    assert answer.url.startswith("/admin/login/")
    assert client.get(answer.url).url == reverse("mfa_index")
    assert client.session["after_second_factor"] == "/admin/kernel/user/"
    assert client.post(url(User, "change", user.pk), {"is_active": "on"}).status_code == 302
    TOTP.activate(user, generate_totp_secret())
    assert client.get("/admin/kernel/user/").status_code == 200


def test_the_way_back_from_the_second_factor_stays_here(db, settings):
    settings.OFFICERS_NEED_MFA = True
    client = signed_in(User.objects.create_superuser("root@example.org", PASSWORD))
    client.get("/admin/login/?next=https://elsewhere.example/")
    assert client.session["after_second_factor"].startswith("/admin/")


def test_a_change_asks_again_who_it_is(db):
    user = User.objects.create_superuser("root@example.org", PASSWORD)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    other = make_user("petra")
    assert client.get(url(User, "change", other.pk)).status_code == 200
    answer = client.post(url(User, "change", other.pk), {"is_staff": "on"})
    assert answer.url.startswith("/accounts/reauthenticate/")
    other.refresh_from_db()
    assert not other.is_staff
    client.post(answer.url, {"password": PASSWORD, "next": url(User, "change", other.pk)})
    other.refresh_from_db()
    assert other.is_staff, "it goes on with what was written"


def test_the_command_makes_a_superuser_who_can_sign_in(db, settings, mailoutbox):
    call_command("createsuperuser", email="Root@Example.org", interactive=False)
    user = User.objects.latest("pk")
    assert (user.email, user.is_staff, user.is_superuser) == ("root@example.org", True, True)
    user.set_password(PASSWORD)
    user.save()
    client = Client()
    answer = client.post("/accounts/login/", {"login": "root@example.org", "password": PASSWORD, "next": "/admin/"})
    assert answer.url == reverse("account_email_verification_sent")
    code = mailoutbox[-1].body.split("\n    ")[1].split()[0]
    assert client.post(answer.url, {"code": code}).url == "/admin/"
    assert client.get("/admin/").status_code == 200


# --- nothing but logins and groups is changed -------------------------------------------------------------------------


def test_every_model_that_is_history_is_here_for_reading_or_not_at_all():
    for model in registered():
        if model not in CHANGEABLE:
            for act in ("add", "change", "delete"):
                assert not getattr(admin.site._registry[model], f"has_{act}_permission")(None), model
    assert [model for model in CHANGEABLE if issubclass(model, AppendOnly)] == []
    for model in apps.get_models():
        if issubclass(model, AppendOnly):
            assert model not in CHANGEABLE


@pytest.mark.timeout(600)
def test_every_page_answers_and_no_page_changes_or_deletes(world, root):
    """Each model's list, one row, its history; then every way the admin has to add, change and delete it."""
    outbox.put(to="x@example.org", subject="x", text="x")
    EmailAddress.objects.create(user=world.mei.user, email=world.mei.user.email, verified=True, primary=True)
    TOTP.activate(world.mei.user, generate_totp_secret())
    wrong, seen = [], set()

    def expect(model, answer, *wanted: int) -> None:
        if answer.status_code not in wanted:
            wrong.append(f"{model._meta.label} {answer.request['PATH_INFO']} → {answer.status_code}, not {wanted}")

    for model in registered():
        expect(model, root.get(url(model, "changelist")), 200)
        expect(model, root.get(url(model, "changelist") + "?q=7&o=1"), 200, 302)
        row = model._base_manager.order_by("pk").last()
        if model in CHANGEABLE:
            continue
        expect(model, root.get(url(model, "add")), 403)
        expect(model, root.post(url(model, "add"), {}), 403)
        picked = {"action": "delete_selected", "_selected_action": [row.pk if row else 1], "post": "yes"}
        expect(model, root.post(url(model, "changelist"), picked), 200, 302, 403)
        if row is None:
            continue
        seen.add(model._meta.label)
        expect(model, root.get(url(model, "change", row.pk)), 200)
        expect(model, root.get(url(model, "history", row.pk)), 200)
        expect(model, root.post(url(model, "change", row.pk), {"_save": "1"}), 403)
        expect(model, root.get(url(model, "delete", row.pk)), 403)
        expect(model, root.post(url(model, "delete", row.pk), {"post": "yes"}), 403)
        if not model._base_manager.filter(pk=row.pk).exists():
            wrong.append(f"{model._meta.label} was deleted")
    assert wrong == []
    assert {"kernel.AuditEvent", "members.MembershipEvent", "kernel.Office", "kernel.Mail"} <= seen


def test_a_login_is_neither_added_nor_deleted_nor_renamed(root, mei):
    assert root.get(url(User, "add")).status_code == 403
    assert root.post(url(User, "delete", mei.user.pk), {"post": "yes"}).status_code == 403
    said = {"email": "evil@example.org", "password": "x", "is_active": "on", "name": "Evil"}
    assert root.post(url(User, "change", mei.user.pk), said).status_code == 302
    mei.user.refresh_from_db()
    assert (mei.user.email, mei.user.name) == ("mei@example.org", "Mei Lindqvist")
    assert mei.user.check_password(PASSWORD)


def test_a_login_switched_off_is_out_at_once(root, mei, client_of):
    client = client_of(mei)
    _token, secret = tokens.make(actor=mei, name="Till", reads_only=True, days=7)
    assert client.get("/riverside/audit/").status_code == 200
    root.post(url(User, "change", mei.user.pk), {})
    assert client.get("/riverside/audit/").url.startswith("/accounts/login/")
    assert tokens.find(secret) is None
    assert Office.objects.filter(user=mei.user).count() == 1, "the office is the co-op's to end"


def test_staff_who_is_no_superuser_cannot_make_themselves_one(db):
    user = User.objects.create_user("staff@example.org", PASSWORD, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="kernel", codename__endswith="_user"))
    client = signed_in(user)
    said = {"is_active": "on", "is_staff": "on", "is_superuser": "on"}
    assert client.post(url(User, "change", user.pk), said).status_code == 302
    user.refresh_from_db()
    assert not user.is_superuser
    root = User.objects.create_superuser("root@example.org", PASSWORD)
    assert client.post(url(User, "change", root.pk), {}).status_code == 403
    root.refresh_from_db()
    assert root.is_active


def test_staff_sees_only_what_their_groups_let_them(mei):
    user = User.objects.create_user("staff@example.org", PASSWORD, is_staff=True)
    client = signed_in(user)
    assert client.get("/admin/").status_code == 200
    assert client.get(url(AuditEvent, "changelist")).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_auditevent"))
    assert client.get(url(AuditEvent, "changelist")).status_code == 200


# --- nothing secret is shown, and looking at a person is written down -------------------------------------------------


@pytest.mark.parametrize(("label", "field"), SECRETS.items())
def test_a_secret_is_on_no_page(label, field):
    model = apps.get_model(label)
    shown = admin.site._registry[model]
    names = [*shown.list_display, *shown.search_fields, *(shown.fields or ())]
    assert field not in names
    assert shown.fields or field in (shown.exclude or ())


def test_no_password_key_or_code_in_the_html(root, mei):
    TOTP.activate(mei.user, generate_totp_secret())
    kept = Authenticator.objects.get()
    page = root.get(url(Authenticator, "change", kept.pk)).content.decode()
    assert kept.data["secret"][:20] not in page
    assert mei.user.password not in root.get(url(User, "change", mei.user.pk)).content.decode()
    mail = outbox.put(to="x@example.org", subject="Code", text="QXJ-77K", kind=outbox.SECURITY)
    assert "QXJ-77K" not in root.get(url(Mail, "change", mail.pk)).content.decode()


def test_whoever_is_looked_at_in_the_admin_can_see_it(world, root):
    party = world.membership.party
    before = AccessLog.objects.count()
    listed = root.get(url(Party, "changelist")).content.decode()
    assert party.name not in listed
    assert AccessLog.objects.count() == before
    assert party.name in root.get(url(Party, "change", party.pk)).content.decode()
    note = AccessLog.objects.order_by("-pk").first()
    assert (note.about, note.basis, note.coop) == (party.pk, "platform staff", world.coop)
    me = Client()
    me.force_login(world.amara.user, backend="django.contrib.auth.backends.ModelBackend")
    assert "platform staff" in me.get(reverse("members:me-looked", kwargs={"coop": "riverside"})).content.decode()


def test_the_journal_shows_its_lines(world, root):
    entry = Entry.objects.order_by("pk").first()
    page = root.get(url(Entry, "change", entry.pk)).content.decode()
    assert all(line.account.code in page for line in entry.lines.all()[:5])


def test_the_chain_still_holds_after_all_that_looking(world, root):
    for event in AuditEvent.objects.all()[:20]:
        root.get(url(AuditEvent, "change", event.pk))
    assert list(audit.verify(world.coop)) == []
    with pytest.raises(NoReverseMatch):
        reverse("admin:kernel_auditpayload_changelist")
