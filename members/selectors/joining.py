"""Applications and sheets, the inbox with its clocks, and who an applicant might already be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection
from django.db.models import Count, Min, Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coop.kernel import clock
from members.folding import fold, grams, likeness
from members.models import Application, BoardSheet, Membership, Party

UNPAID_AFTER = timedelta(days=30)
ALIKE = 0.45  # share of common trigrams from which two names are worth a look


def applications(coop) -> QuerySet[Application]:
    """The co-op's applications with class and sheet, those to be decided first coming first."""
    return Application.objects.filter(coop=coop).select_related("member_class", "sheet", "membership")


def waiting(coop) -> QuerySet[Application]:
    """Received, and on no sheet yet."""
    return applications(coop).filter(state=Application.State.RECEIVED)


def counts(coop) -> dict[str, int]:
    """How many applications wait, are on a sheet, and are decided. One query."""
    return Application.objects.filter(coop=coop).aggregate(
        waiting=Count("pk", filter=Q(state="received")),
        sheet=Count("pk", filter=Q(state="on_sheet")),
        decided=Count("pk", filter=~Q(state__in=Application.OPEN)),
    )


def sheets(coop) -> QuerySet[BoardSheet]:
    """Board sheets with how many applications each holds, and how many were admitted and refused."""
    return BoardSheet.objects.filter(coop=coop).annotate(
        held=Count("applications"),
        admitted=Count("applications", filter=Q(applications__state="admitted")),
        refused=Count("applications", filter=Q(applications__state="refused")),
    )


@dataclass(frozen=True)
class Candidate:
    """Somebody on record who may be the applicant, and what speaks for it."""

    party: Party
    likeness: float
    reasons: tuple[str, ...]

    @property
    def memberships(self) -> list[Membership]:
        return list(self.party.memberships.all())


def duplicates(application: Application) -> list[Candidate]:
    """Parties who may be this applicant, the likeliest first, five at most. Two queries."""
    name = fold(application.full_name)
    parties = Party.objects.filter(coop_id=application.coop_id, merged_into=None, erased_at=None)
    alike = Q(grams__overlap=grams(name))
    if application.email:
        alike |= Q(email__iexact=application.email)
    found = []
    for party in parties.filter(alike).prefetch_related("memberships")[:2000]:
        same = likeness(name, fold(party.name))
        reasons = _reasons(application, party, same)
        if reasons:
            found.append(Candidate(party, same + bool(party.email == application.email), reasons))
    return sorted(found, key=lambda each: -each.likeness)[:5]


def _reasons(application: Application, party: Party, same: float) -> tuple[str, ...]:
    reasons = []
    if application.email and party.email.lower() == application.email.lower():
        reasons.append(_("the same e-mail address"))
    if fold(party.name) == fold(application.full_name):
        reasons.append(_("the same name"))
    elif same >= ALIKE:
        reasons.append(_("a similar name"))
    if reasons and application.place and fold(party.place) == fold(application.place):
        reasons.append(_("the same town"))
    return tuple(reasons)


@dataclass(frozen=True)
class InboxItem:
    """One thing the secretary has to do: by when, what, why, and the page to do it on."""

    due: date
    sentence: str
    why: str
    act: str
    url_name: str
    kwargs: dict


_COUNT = """
    SELECT (SELECT count(*) FILTER (WHERE decide_by < %(today)s)
                 + (count(*) FILTER (WHERE decide_by >= %(today)s) > 0)::int
              FROM members_application WHERE coop_id = %(coop)s AND state = 'received')
         + (SELECT count(DISTINCT sheet_id) FROM members_application WHERE coop_id = %(coop)s AND state = 'on_sheet')
         + EXISTS (SELECT FROM members_membership
                    WHERE coop_id = %(coop)s AND state = 'admitted' AND admitted_on < %(unpaid)s)::int
"""


def inbox_count(coop) -> int:
    """How many lines ``inbox`` has, in one query: it stands beside the inbox on every page of the desk."""
    today = clock.today(coop)
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"coop": coop.pk, "today": today, "unpaid": today - UNPAID_AFTER})
        return cursor.fetchone()[0]


def inbox(coop) -> list[InboxItem]:
    """What waits for the secretary, the most urgent first. Every open state has a clock here. Three queries."""
    today = clock.today(coop)
    items = [*_applications_to_place(coop, today), *_sheets_to_decide(coop), *_unpaid(coop, today)]
    return sorted(items, key=lambda item: item.due)


def _applications_to_place(coop, today: date):
    in_time = []
    for each in waiting(coop).order_by("decide_by")[:500]:
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


def _day(value: date) -> str:
    return date_format(value, "j F")
