"""A year ready to be posted, made by the services in a process of its own, and what became of it afterwards.

Run as ``python -m tests.faults.story``; see ``telling.py``.
"""

import os

from tests.faults.telling import tell

EVERYDAY = 5  # members whose plan is one ordinary entry; the houses are told the same
BULK = 60 if "ROCHDALE_SOAK" in os.environ else EVERYDAY + 1


def begin(size, name):
    """A co-op of this size, with a plan that was carried and that a second officer approved."""
    return _one(f"{size}-{name}", {"small": EVERYDAY, "large": BULK}[size])


def _one(slug, members):
    from datetime import date

    from coop.kernel.models import Cooperative
    from tests.cast import make_officer
    from tests.ledger import surplus_factories
    from tests.members.factories import make_member

    coop = Cooperative.objects.create(slug=slug, name=slug.title(), currency="EUR", time_zone="Europe/Berlin")
    lena, jonas = make_officer(coop, "lena", "treasurer"), make_officer(coop, "jonas", "board")
    for n in range(members):
        make_member(coop, name=f"Buyer {n:02d}", on=date(2020, 5, 1))
    surplus_factories.make_import(lena, {n + 1: f"{100 + 37 * n}.40" for n in range(members)})
    plan = surplus_factories.approved(surplus_factories.make_plan(lena), lena, jonas)
    return {"slug": slug, "plan": plan.pk, "coop": coop.pk, "members": members}


def post(slug, plan):
    """The treasurer asks for the posting, as the button does. The number of the job."""
    from coop.kernel.models import Cooperative, User
    from coop.kernel.tenancy import Actor
    from ledger.models import SurplusPlan
    from ledger.services import surplus

    coop = Cooperative.objects.get(slug=slug)
    actor = Actor.of(User.objects.get(email="lena@example.org"), coop)
    return surplus.post(actor=actor, plan=SurplusPlan.objects.get(pk=plan)).pk


if __name__ == "__main__":
    tell(begin=begin, post=post)
