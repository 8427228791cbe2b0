"""The secretary's inbox: every open state of the register with the day it is due, and how many there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection
from django.db.models import Count, Min
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coop.kernel import clock
from members.models import BoardSheet, ChangeRequest, Membership, PaperLetter

from .after_death import HEIRS_WITHIN, without_heirs
from .cases import cases, due_on
from .joining import sheets, waiting
from .learning import COUNTED, MARK_WITHIN, late, to_mark

UNPAID_AFTER = timedelta(days=30)
SHOWN = 500  # lines of one kind; nobody works off more in a day


@dataclass(frozen=True)
class InboxItem:
    """One thing the secretary has to do: by when, what, why, and the page to do it on."""

    due: date
    sentence: str
    why: str
    act: str
    url_name: str
    kwargs: dict


# One number for each source below, in the same order of meaning; the rail shows their sum on every page.
_COUNT = """
    SELECT (SELECT count(*) FILTER (WHERE decide_by < %(today)s)
                 + (count(*) FILTER (WHERE decide_by >= %(today)s) > 0)::int
              FROM members_application WHERE coop_id = %(coop)s AND state = 'received')
         + (SELECT count(DISTINCT sheet_id) FROM members_application WHERE coop_id = %(coop)s AND state = 'on_sheet')
         + EXISTS (SELECT FROM members_membership
                    WHERE coop_id = %(coop)s AND state = 'admitted' AND admitted_on < %(unpaid)s)::int
         + (SELECT count(*) FROM members_expulsioncase WHERE coop_id = %(coop)s AND state <> 'closed')
         + EXISTS (SELECT FROM members_paperletter WHERE coop_id = %(coop)s AND state = 'waiting')::int
         + (SELECT count(*) FROM members_paperletter WHERE coop_id = %(coop)s AND state = 'returned')
         + (SELECT count(*) FROM members_changerequest WHERE coop_id = %(coop)s AND state = 'open')
         + (SELECT count(*) FROM members_party p
             WHERE p.coop_id = %(coop)s AND p.died_on IS NOT NULL AND p.erased_at IS NULL AND p.merged_into_id IS NULL
               AND EXISTS (SELECT FROM members_membership m WHERE m.party_id = p.id AND m.ending = 'died')
               AND NOT EXISTS (SELECT FROM members_relationship r
                                WHERE r.object_id = p.id AND r.ends_on IS NULL
                                  AND r.kind IN ('heir', 'heirs_representative')))
"""


# What apps to the right put into the inbox: lines, and an SQL expression that counts them in the same query.
_further: dict[Callable[..., Iterable[InboxItem]], str] = {}


def also(lines: Callable[..., Iterable[InboxItem]], counted: str) -> None:
    """Let another app's lines stand in the inbox: ``lines(coop)``, and as SQL over ``%(coop)s`` how many there are."""
    _further[lines] = counted


def inbox_count(coop) -> int:
    """How many lines ``inbox`` has, in one query: it stands beside the inbox on every page of the desk."""
    today = clock.today(coop)
    with connection.cursor() as cursor:
        cursor.execute(
            " + ".join([_COUNT, COUNTED, *_further.values()]),
            {"coop": coop.pk, "today": today, "unpaid": today - UNPAID_AFTER, "now": clock.now()},
        )
        return cursor.fetchone()[0]


def inbox(coop) -> list[InboxItem]:
    """What waits for the secretary, the most urgent first. Every open state has a clock here. A query a source."""
    today = clock.today(coop)
    items = [
        *_applications_to_place(coop, today),
        *_sheets_to_decide(coop),
        *_unpaid(coop, today),
        *_cases(coop),
        *_heirs(coop),
        *_requests(coop),
        *_letters(coop),
        *_sessions(coop),
        *_learning(coop, today),
        *(item for lines in _further for item in lines(coop)),
    ]
    return sorted(items, key=lambda item: item.due)


def _applications_to_place(coop, today: date):
    in_time = []
    for each in waiting(coop).order_by("decide_by")[:SHOWN]:
        if each.decide_by >= today:
            in_time.append(each)
            continue
        yield InboxItem(
            due=each.decide_by,
            sentence=_("%s is still waiting for a decision") % each.full_name,
            why=_("Applied on %(day)s; the by-laws give the board %(days)s days.")
            % {"day": _day(each.received_on), "days": (each.decide_by - each.received_on).days},
            act=_("Review"),
            url_name="members:application",
            kwargs={"pk": each.pk},
        )
    if in_time:
        names = ", ".join(each.full_name for each in in_time[:3])
        yield InboxItem(
            due=in_time[0].decide_by,
            sentence=_("One application for the board sheet")
            if len(in_time) == 1
            else _("%s applications for the board sheet") % len(in_time),
            why=names + (_(" and %s more.") % (len(in_time) - 3) if len(in_time) > 3 else "."),
            act=_("Review"),
            url_name="members:applications",
            kwargs={},
        )


def _sheets_to_decide(coop):
    draft = sheets(coop).filter(state=BoardSheet.State.DRAFT, held__gt=0).annotate(due=Min("applications__decide_by"))
    for sheet in draft:
        yield InboxItem(
            due=sheet.meeting_on,
            sentence=_("Record what the %(body)s decided on %(day)s")
            % {"body": sheet.body, "day": _day(sheet.meeting_on)},
            why=_("One applicant is on the sheet.")
            if sheet.held == 1
            else _("%s applicants are on the sheet.") % sheet.held,
            act=_("Decide"),
            url_name="members:sheet",
            kwargs={"pk": sheet.pk},
        )


def _unpaid(coop, today: date):
    late = Membership.objects.filter(coop=coop, state=Membership.State.ADMITTED, admitted_on__lt=today - UNPAID_AFTER)
    row = late.aggregate(n=Count("pk"), first=Min("admitted_on"))
    if row["n"]:
        yield InboxItem(
            due=row["first"] + UNPAID_AFTER,
            sentence=_("One admitted member has not paid for their shares")
            if row["n"] == 1
            else _("%s admitted members have not paid for their shares") % row["n"],
            why=_("More than 30 days have passed since the board admitted them."),
            act=_("See who"),
            url_name="members:list",
            kwargs={},
        )


def _cases(coop) -> Iterator[InboxItem]:
    sentences = {
        "open": _("Hear %s before anything is decided"),
        "heard": _("Decide the case of %s"),
        "expelled": _("%s may still appeal"),
        "appealed": _("Put the appeal of %s to the vote"),
    }
    for each in cases(coop).exclude(state="closed")[:SHOWN]:
        yield InboxItem(
            due=due_on(each),
            sentence=sentences[each.state] % each.membership.party.name,
            why=_("The case was opened on %s.") % _day(each.opened_on),
            act=_("Open"),
            url_name="members:case",
            kwargs={"pk": each.pk},
        )


def _heirs(coop) -> Iterator[InboxItem]:
    for each in without_heirs(coop)[:SHOWN]:
        died_on = each.party.died_on
        if died_on is not None:
            yield InboxItem(
                due=died_on + HEIRS_WITHIN,
                sentence=_("Name the heirs of %s") % each.party.name,
                why=_("Died on %s; until somebody is named nobody acts for the estate.") % _day(died_on),
                act=_("Name them"),
                url_name="members:detail",
                kwargs={"number": each.number},
            )


def _letters(coop) -> Iterator[InboxItem]:
    letters = PaperLetter.objects.filter(coop=coop, state__in=("waiting", "returned")).defer("text")
    waiting_ones = [each for each in letters if each.state == "waiting"]
    if waiting_ones:
        yield InboxItem(
            due=min(each.due_on for each in waiting_ones),
            sentence=_("One letter to print and post")
            if len(waiting_ones) == 1
            else _("%s letters to print and post") % len(waiting_ones),
            why=_("These people cannot be reached by e-mail, or the law wants a letter."),
            act=_("Print"),
            url_name="members:letters",
            kwargs={},
        )
    for each in letters:
        if each.state == "returned" and each.closed_on is not None:
            yield InboxItem(
                due=each.closed_on + timedelta(days=14),
                sentence=_("A letter to %s came back") % each.name,
                why=_("Ask for the new address, then say that it is dealt with."),
                act=_("Open"),
                url_name="members:letter",
                kwargs={"pk": each.pk},
            )


def _requests(coop) -> Iterator[InboxItem]:
    for each in ChangeRequest.objects.filter(coop=coop, state="open").select_related("party")[:SHOWN]:
        yield InboxItem(
            due=each.due_on,
            sentence=_("%(who)s waits for an answer: %(what)s")
            % {"who": each.party.name, "what": each.get_kind_display().lower()},
            why=_("Asked on %s; until it is answered nothing changes.") % _day(clock.local_day(each.asked_at, coop)),
            act=_("Answer"),
            url_name="members:request",
            kwargs={"pk": each.pk},
        )


def _sessions(coop) -> Iterator[InboxItem]:
    for each in to_mark(coop, clock.now())[:SHOWN]:
        day = clock.local_day(each.starts_at, coop)
        yield InboxItem(
            due=day + MARK_WITHIN,
            sentence=_("Say who came to “%(course)s” on %(day)s") % {"course": each.course.name, "day": _day(day)},
            why=_("One person signed up.") if each.taken == 1 else _("%s people signed up.") % each.taken,
            act=_("Say who came"),
            url_name="members:session",
            kwargs={"pk": each.pk},
        )


def _learning(coop, today: date) -> Iterator[InboxItem]:
    for asked, people, due in late(coop, today):
        values = {"n": people, "course": asked.course.name}
        yield InboxItem(
            due=due,
            sentence=_("One person has yet to do “%(course)s”") % values
            if people == 1
            else _("%(n)s people have yet to do “%(course)s”") % values,
            why=_("It was due; %s asks for it.") % asked.cite,
            act=_("See who"),
            url_name="members:course",
            kwargs={"pk": asked.course_id},
        )


def _day(value: date) -> str:
    return date_format(value, "j F")
