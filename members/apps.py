from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from coop.kernel import nav


class MembersConfig(AppConfig):
    name = "members"

    def ready(self):
        rules = import_module("members.rules")
        import_module("coop.kernel.tenancy").ties(rules.coops_joined)
        inbox = import_module("members.selectors.inbox")
        pending = import_module("members.selectors.pending")
        inbox.also(pending.lines, pending.COUNTED)
        import_module("coop.kernel.offices").asks_first(import_module("members.services.learning").refuse_office)
        readers = ("secretary", "board", "treasurer", "returning_officer", "auditor")
        nav.register(
            nav.Entry(
                "register",
                _("Inbox"),
                "members:inbox",
                "inbox",
                requires=readers,
                order=5,
                count=lambda actor: inbox.inbox_count(actor.coop),
            ),
            nav.Entry("register", _("Members"), "members:list", "people", requires=readers, order=10),
            nav.Entry("register", _("Applications"), "members:applications", "person", requires=readers, order=20),
            nav.Entry("register", _("Board sheets"), "members:sheets", "register", requires=readers, order=30),
            nav.Entry("register", _("Households"), "members:households", "home", requires=readers, order=40),
            nav.Entry("register", _("Courses"), "members:courses", "book", requires=readers, order=41),
            nav.Entry("register", _("Cases"), "members:cases", "scales", requires=readers, order=42),
            nav.Entry("register", _("Requests"), "members:requests", "clock", requires=readers, order=45),
            nav.Entry("register", _("Letters"), "members:letters", "print", requires=readers, order=48),
            nav.Entry("register", _("Import"), "members:imports", "upload", requires=readers, order=60),
            nav.Entry("library", _("By-laws"), "members:bylaws", "book", requires=readers, order=10),
            nav.Entry("public", _("By-laws"), "members:bylaws", "book", order=60),
            nav.Entry("member", _("My data"), "members:me-data", "download", requires=("former",), order=80),
            nav.Entry("member", _("Me"), "members:me", "person", requires=("member", "former"), order=90),
        )
