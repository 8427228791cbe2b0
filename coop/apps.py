from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CoopConfig(AppConfig):
    """The wiring above the apps. It holds commands and composed pages, no models."""

    name = "coop"
    label = "coop"

    def ready(self):
        # Side effects on purpose: the task queue becomes every thread's default, the checks are registered.
        from coop import celery, checks  # noqa: F401
        from coop.kernel import nav

        nav.register(
            nav.Entry("member", _("Home"), "home", "home", requires=("member", "former"), order=10),
            nav.Entry("register", _("Today"), "desk", "home", requires=("officer",), order=0),
            nav.Entry(
                "register",
                _("Register and returns"),
                "returns",
                "download",
                requires=("secretary", "board", "auditor"),
                order=50,
            ),
            nav.Entry("library", _("Offices"), "offices", "people", requires=("officer",), order=80),
            nav.Entry(
                "library", _("Audit trail"), "audit", "lock", requires=("secretary", "board", "auditor"), order=90
            ),
        )
