"""A month of dues ready to be charged, made by the services in a process of its own.

Run as ``python -m tests.faults.dues_story``; see ``telling.py``.
"""

import os

from tests.faults.telling import tell

MEMBERS = 40 if "ROCHDALE_SOAK" in os.environ else 4
DUES, ADVANCE = 500, 120


def begin(slug):
    """A co-op whose members pay by the month; the first has paid a little in advance. What each will owe, by number."""
    from datetime import date

    from coop.kernel.models import Cooperative
    from tests.cast import make_officer
    from tests.ledger.dues_factories import dues_of
    from tests.ledger.factories import make_payment, make_shareholder

    coop = Cooperative.objects.create(slug=slug, name=slug.title(), currency="EUR", time_zone="Europe/Berlin")
    lena = make_officer(coop, "lena", "treasurer")
    day = date(2025, 3, 1)
    members = [make_shareholder(coop, name=f"Payer {n:02d}", on=day) for n in range(MEMBERS)]
    make_payment(members[0], ADVANCE, on=day, key=f"{slug} advance", overpayment="keep")
    dues_of(lena, members[0], every=1, amount=DUES)
    owed = {str(member.pk): DUES - (ADVANCE if member == members[0] else 0) for member in members}
    return {"slug": slug, "coop": coop.pk, "owed": owed}


def charge(slug):
    """The treasurer asks for the charge, as the button does. The numbers of the job and the run."""
    from coop.kernel import clock
    from coop.kernel.models import Cooperative, User
    from coop.kernel.tenancy import Actor
    from ledger.models import DuesRun
    from ledger.selectors.charging import propose
    from ledger.services.dues import ask_to_charge

    coop = Cooperative.objects.get(slug=slug)
    today = clock.today(coop)
    seen = propose(coop, today, on=today).hash
    actor = Actor.of(User.objects.get(email="lena@example.org"), coop)
    job = ask_to_charge(actor=actor, month=today, seen=seen)
    return {"job": job.pk, "run": DuesRun.objects.get(coop=coop).pk}


if __name__ == "__main__":
    tell(begin=begin, charge=charge)
