"""The story of a distribution and of the pay-out that follows it; run as ``python -m tests.faults.steps_story``."""

from tests.faults import story
from tests.faults.telling import tell


def owing(name):
    """A co-op whose distribution is posted and whose pay-out a second officer may release: everybody has an account."""
    from coop.kernel import clock
    from coop.kernel.models import Cooperative, User
    from coop.kernel.tenancy import Actor
    from ledger.models import SurplusPlan
    from ledger.services import distribution
    from members.models import Membership
    from tests.ledger.payout_factories import make_run, ready, with_iban

    made = story.begin("large", name)
    coop = Cooperative.objects.get(slug=made["slug"])
    lena = Actor.of(User.objects.get(email="lena@example.org"), coop)
    plan = SurplusPlan.objects.get(pk=made["plan"])
    distribution.post_distribution(actor=lena, plan_id=plan.pk, on=clock.local_day(plan.approved_at, coop))
    ready(coop, lena)
    for membership in Membership.objects.filter(coop=coop):
        with_iban(lena, membership)
    run = make_run(lena)
    return {**made, "run": run.pk, "seen": run.hash, "total": run.total}


def release(slug, run, seen):
    """The second officer releases the pay-out, as the button does. The number of the job."""
    from coop.kernel.models import Cooperative, User
    from coop.kernel.tenancy import Actor
    from ledger.models import PayoutRun
    from ledger.services import payouts

    jonas = Actor.of(User.objects.get(email="jonas@example.org"), Cooperative.objects.get(slug=slug))
    return payouts.release(actor=jonas, run=PayoutRun.objects.get(pk=run), seen=seen).pk


if __name__ == "__main__":
    tell(begin=story.begin, post=story.post, owing=owing, release=release)
