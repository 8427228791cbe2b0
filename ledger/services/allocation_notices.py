"""Every member of a posted plan gets their written notice, once: by a letter with a link, the others on paper."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from django.db import connection, transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, jobs, rules, tenancy
from coop.kernel.errors import Refused
from coop.kernel.models import Job
from ledger import notices
from ledger.models import AllocationNotice, PlanLine, RefundOffer, SurplusPlan
from ledger.selectors import choices
from ledger.selectors import notices as selectors
from ledger.selectors.statements import Statement, kept_before_all

BATCH = 200  # letters a transaction
Way = AllocationNotice.Way


@transaction.atomic
def ask_to_send(*, actor, plan: SurplusPlan, site: str) -> Job:
    """Have the worker write to everybody a letter reaches and who was not told. ``site``: where the links begin.

    Asked twice while it runs, it is one job; asked again later, only those are written to who were not.
    """
    rules.require(actor, "ledger.keep_books", plan)
    _posted(plan)
    waiting = selectors.told(plan).with_email
    if not waiting:
        raise Refused("nobody", _("Everybody with an e-mail address has been told."), status=409)
    title = _("Notices for plan %(plan)s, %(year)s") % {"plan": plan.letter, "year": plan.year.year}
    return jobs.enqueue("ledger.send_notices", plan.pk, site, actor=actor, title=title, total=waiting)


def send(*, actor, plan_id: int, site: str, progress: Callable[[int, int | None], None] | None = None) -> int:
    """Write the letters, ``BATCH`` a transaction: each is in the outbox with its notice or neither is. How many.

    Killed in between, it goes on where it stopped.
    """
    rules.require(actor, "ledger.keep_books")
    plan = SurplusPlan.objects.select_related("year", "coop", "resolution").get(coop=actor.coop, pk=plan_id)
    _posted(plan)
    before, offer, done = kept_before_all(plan), choices.of_plan(plan), 0
    total = selectors.by_email(plan).count()
    link = site.rstrip("/") + tenancy.path(plan.coop, "ledger:statement", year=plan.year.year)
    while written := _send_some(actor, plan, before, offer, link):
        done += written
        if progress:
            progress(done, max(total, done))
    return done


@transaction.atomic
def _send_some(actor, plan: SurplusPlan, before: dict[int, int], offer: RefundOffer | None, link: str) -> int:
    _alone(plan)
    lines = list(selectors.by_email(plan)[:BATCH])
    _record(actor, plan, lines, Way.EMAIL, clock.today(plan.coop))
    for line in lines:
        notices.allocation(Statement(plan, line, before.get(line.membership_id, 0), offer), link)
    if lines:
        subject, said = f"surplus-plan:{plan.pk}", {"hash": plan.hash, "letters": len(lines)}
        audit.record(actor=actor, kind="ledger.notices_sent", subject=subject, **said)
    return len(lines)


@transaction.atomic
def record_paper(*, actor, plan: SurplusPlan, on: date) -> int:
    """The printed notices went to the post on the day ``on``: everybody only paper reaches has been told. How many.

    Refused: a day before the posting or in the future, nobody left to tell.
    """
    rules.require(actor, "ledger.keep_books", plan)
    _posted(plan)
    _alone(plan)
    if plan.entry is None or not plan.entry.posted_on <= on <= clock.today(actor.coop):
        first = date_format(plan.entry.posted_on) if plan.entry else ""
        raise Refused("on", _("Choose a day from %(day)s to today.") % {"day": first}, "on")
    lines = list(selectors.on_paper(plan))
    if not lines:
        raise Refused("nobody", _("Nobody is left to be told on paper."), status=409)
    _record(actor, plan, lines, Way.PAPER, on)
    audit.record(
        actor=actor,
        kind="ledger.notices_posted",
        subject=f"surplus-plan:{plan.pk}",
        hash=plan.hash,
        letters=len(lines),
        on=on.isoformat(),
    )
    return len(lines)


def _record(actor, plan: SurplusPlan, lines: Iterable[PlanLine], way: str, on: date) -> None:
    AllocationNotice.objects.bulk_create(
        [
            AllocationNotice(
                coop=plan.coop, plan=plan, membership=line.membership, way=way, given_on=on, recorded_by=actor.user
            )
            for line in lines
        ],
        batch_size=1000,
    )


def _posted(plan: SurplusPlan) -> None:
    if plan.state != SurplusPlan.State.POSTED:
        raise Refused("not_posted", _("Members are told of a plan that is posted."), status=409)


def _alone(plan: SurplusPlan) -> None:
    """Two senders of one plan take turns, batch by batch."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(7017, %s)", [plan.pk])
