"""What is begun and not ended, with its clock: lists half taken in, suspensions, registered letters, lost e-mails."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from django.db.models import Max, Min, Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coop.kernel import clock, outbox
from coop.kernel.models import Mail
from members.models import ExpulsionCase, ImportBatch, Membership, PaperLetter

from .inbox import InboxItem

TAKE_IN_WITHIN = timedelta(days=14)
LOOK_AGAIN_AFTER = timedelta(days=90)
ARRIVES_WITHIN = timedelta(days=14)
TELL_WITHIN = timedelta(days=2)

# The same lines as below, counted in the inbox's one query.
COUNTED = f"""
    (SELECT count(*) FROM members_importbatch WHERE coop_id = %(coop)s AND state IN ('read', 'staged'))
  + EXISTS (SELECT FROM members_membership m WHERE m.coop_id = %(coop)s AND m.state = 'suspended'
               AND m.ends_on IS NULL AND NOT EXISTS (SELECT FROM members_expulsioncase c
                        WHERE c.membership_id = m.id AND (c.state <> 'closed' OR c.outcome = 'expelled')))::int
  + EXISTS (SELECT FROM members_paperletter WHERE coop_id = %(coop)s AND state = 'posted'
               AND posted_how = 'registered' AND posted_on < %(today)s::date - {ARRIVES_WITHIN.days})::int
  + EXISTS (SELECT FROM kernel_mail WHERE coop_id = %(coop)s AND state = 'failed' AND kind <> '{outbox.SECURITY}')::int
"""  # noqa: S608 - our own words


def lines(coop) -> Iterator[InboxItem]:
    """One line a list, one for all that is suspended, on its way or was not delivered. A query each."""
    today = clock.today(coop)
    for batch in ImportBatch.objects.filter(coop=coop, state__in=("read", "staged")).defer("content", "heading"):
        begun = clock.local_day(batch.created_at, coop)
        yield InboxItem(
            due=begun + TAKE_IN_WITHIN,
            sentence=_("Take in “%s”, or throw it away") % batch.file_name,
            why=_("It was read on %s and is not in the register.") % date_format(begun, "j F"),
            act=_("Open"),
            url_name="members:import",
            kwargs={"pk": batch.pk},
        )
    yield from _suspended(coop)
    yield from _on_their_way(coop, today)
    yield from _undelivered(coop)


def suspended(coop) -> QuerySet[Membership]:
    """Suspended by the board; what an expulsion suspended has the clock of its case."""
    cases = ExpulsionCase.objects.filter(~Q(state="closed") | Q(outcome="expelled"), coop=coop)
    return Membership.objects.filter(coop=coop, state="suspended", ends_on=None).exclude(
        pk__in=cases.values("membership")
    )


def _suspended(coop) -> Iterator[InboxItem]:
    since = suspended(coop).annotate(since=Max("events__effective_on", filter=Q(events__kind="suspended")))
    days = [day for day in since.values_list("since", flat=True) if day is not None]
    if days:
        yield InboxItem(
            due=min(days) + LOOK_AGAIN_AFTER,
            sentence=ngettext("One member is suspended", "%s members are suspended", len(days))
            % (() if len(days) == 1 else len(days)),
            why=_("Since %s. The board lifts it, opens a case, or says that it goes on.") % _day(min(days)),
            act=_("See who"),
            url_name="members:list",
            kwargs={},
        )


def _on_their_way(coop, today: date) -> Iterator[InboxItem]:
    letters = PaperLetter.objects.filter(coop=coop, state="posted", posted_how="registered")
    late = letters.filter(posted_on__lt=today - ARRIVES_WITHIN).values_list("posted_on", flat=True)
    if days := [day for day in late if day is not None]:
        yield InboxItem(
            due=min(days) + ARRIVES_WITHIN,
            sentence=ngettext("Did the registered letter arrive?", "Did %s registered letters arrive?", len(days))
            % (() if len(days) == 1 else len(days)),
            why=_("Posted on %s, and no receipt is written down yet.") % _day(min(days)),
            act=_("Say so"),
            url_name="members:letters",
            kwargs={},
        )


def undelivered(coop) -> QuerySet[Mail]:
    """E-mails that were given up after every try and nobody has dealt with, the newest first. Codes run out anyway."""
    return Mail.objects.filter(coop=coop, state=Mail.State.FAILED).exclude(kind=outbox.SECURITY).order_by("-pk")


def _undelivered(coop) -> Iterator[InboxItem]:
    first = undelivered(coop).aggregate(first=Min("created_at"))["first"]
    if first is not None:
        day = clock.local_day(first, coop)
        yield InboxItem(
            due=day + TELL_WITHIN,
            sentence=_("E-mails could not be delivered"),
            why=_("The first was written on %s. Write on paper, or ask for another address.") % _day(day),
            act=_("See which"),
            url_name="members:undelivered",
            kwargs={},
        )


def _day(value: date) -> str:
    return date_format(value, "j F")
