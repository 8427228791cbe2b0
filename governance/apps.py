from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from coop.kernel import nav


class GovernanceConfig(AppConfig):
    name = "governance"
    verbose_name = _("Decisions")

    def ready(self):
        from members.selectors import after_death
        from members.selectors.inbox import also

        from . import boxes, rules  # noqa: F401 - declares the box closed, registers the predicates
        from .selectors import estates, requisitions

        also(requisitions.waiting, requisitions.WAITING)
        after_death.also(estates.open_matters, None, estates.meanwhile)

        nav.register(
            nav.Entry("ballot", _("Meetings"), "governance:meetings", "calendar", requires=("officer",), order=10),
            nav.Entry("ballot", _("Ballots"), "governance:ballots", "ballot", requires=("officer",), order=20),
            nav.Entry("ballot", _("Resolutions"), "governance:resolutions", "scales", requires=("officer",), order=30),
            nav.Entry("public", _("Vote with a letter"), "governance:letter", "ballot", order=40),
            nav.Entry("member", _("Votes"), "governance:votes", "ballot", requires=("member",), order=20),
        )
