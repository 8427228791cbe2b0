"""What is taught, who holds what, who still lacks what and by when, and a person's own part of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from coop.kernel import clock
from coop.kernel.models import User
from members.models import (
    Application,
    Completion,
    Course,
    CourseRequirement,
    CourseSession,
    CourseStep,
    Enrolment,
    Membership,
    Party,
    StepDone,
)

Learner = Party | Application
MARK_WITHIN = timedelta(days=7)  # after a session, it is said who came

# Who is asked for a course and does not hold it that day: the requirement, the person, and the day it is due. What ran
# out is due again the day it did. What was done on a record merged away counts for the one it was merged into; an
# organisation learns through its people. %(party)s, %(course)s: NULL for all.
_ASKED = """r.coop_id = %(coop)s AND r.starts_on <= %(today)s AND (r.ends_on IS NULL OR r.ends_on >= %(today)s)
       AND (%(course)s::bigint IS NULL OR r.course_id = %(course)s)"""
_WHO = """(
            SELECT m.party_id, m.id AS membership_id, NULL::bigint AS user_id, m.admitted_on AS since
              FROM members_membership m JOIN members_party p ON p.id = m.party_id
             WHERE m.coop_id = r.coop_id AND m.member_class_id = r.member_class_id AND m.state <> 'ended'
               AND m.admitted_on <= %(today)s AND (m.ends_on IS NULL OR m.ends_on >= %(today)s)
               AND p.kind = 'person' AND p.died_on IS NULL
               AND (%(party)s::bigint IS NULL OR m.party_id = %(party)s)
            UNION ALL
            SELECT p.id, NULL, o.user_id, o.starts_on
              FROM kernel_office o LEFT JOIN members_party p ON p.account_id = o.user_id AND p.coop_id = o.coop_id
             WHERE o.coop_id = r.coop_id AND o.role = r.office AND o.starts_on <= %(today)s
               AND (o.ends_on IS NULL OR o.ends_on >= %(today)s)
               AND (%(party)s::bigint IS NULL OR p.id = %(party)s)
           ) w"""
_HOLDS = """c.coop_id = r.coop_id AND c.course_id = r.course_id AND c.struck_at IS NULL AND c.done_on <= %(today)s
                AND (c.expires_on IS NULL OR c.expires_on >= %(today)s)"""
# OFFSET 0: who lacks it is found first, by joining whole tables; only then it is looked up when theirs ran out.
_NEEDY = f"""(
      SELECT r.id AS requirement_id, r.coop_id, r.course_id, r.starts_on, r.days, w.*
        FROM members_courserequirement r CROSS JOIN LATERAL {_WHO}
       WHERE {_ASKED} AND (r.for_present OR w.since >= r.starts_on)
         AND NOT EXISTS (SELECT FROM members_completion c WHERE c.party_id = w.party_id AND {_HOLDS})
         AND NOT EXISTS (SELECT FROM members_completion c JOIN members_party q ON q.id = c.party_id
                          WHERE q.merged_into_id = w.party_id AND {_HOLDS})
      OFFSET 0) n"""  # noqa: S608 - no outside text
_OF_COURSE = "c.coop_id = n.coop_id AND c.course_id = n.course_id AND c.struck_at IS NULL"
_RAN_OUT = f"""(
      SELECT greatest(
          (SELECT max(c.expires_on) FROM members_completion c WHERE {_OF_COURSE} AND c.party_id = n.party_id),
          (SELECT max(c.expires_on) FROM members_party q JOIN members_completion c ON c.party_id = q.id
            WHERE {_OF_COURSE} AND q.merged_into_id = n.party_id)) AS day) ran_out"""  # noqa: S608 - no outside text
LACKING = f"""
    SELECT n.requirement_id, n.party_id, n.membership_id, n.user_id,
           greatest(n.since, n.starts_on, ran_out.day)
           + CASE WHEN ran_out.day IS NULL THEN coalesce(n.days, 0) ELSE 0 END AS due
      FROM {_NEEDY} CROSS JOIN LATERAL {_RAN_OUT}
"""  # noqa: S608 - no outside text
LATE = f"SELECT * FROM ({LACKING}) lacking WHERE due < %(today)s"  # noqa: S608 - no outside text
# For the inbox, over %(coop)s, %(today)s and %(now)s: requirements somebody is late with, and sessions to be marked.
COUNTED = f"""
    (SELECT count(DISTINCT requirement_id) FROM ({LATE}) late)
    + (SELECT count(*) FROM members_coursesession s
        WHERE s.coop_id = %(coop)s AND s.cancelled_at IS NULL AND s.starts_at < %(now)s
          AND EXISTS (SELECT FROM members_enrolment e WHERE e.session_id = s.id AND e.state = 'enrolled'))
""".replace("%(party)s", "NULL").replace("%(course)s", "NULL")  # noqa: S608 - no outside text


@dataclass(frozen=True)
class Lack:
    """Somebody has yet to do a course: which, who, as what, and by when."""

    requirement: CourseRequirement
    name: str
    membership: Membership | None
    due: date

    def is_late(self, on: date) -> bool:
        return self.due < on


class Lacking:
    """Everybody who lacks something, the most urgent first: counted and cut by the database, so that it pages."""

    def __init__(self, coop, on: date, *, course: Course | None = None, party: Party | None = None):
        self.coop, self.on = coop, on
        self.values = {"coop": coop.pk, "today": on, "course": course and course.pk, "party": party and party.pk}

    def count(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM ({LACKING}) lacking", self.values)  # noqa: S608
            return cursor.fetchone()[0]

    __len__ = count

    def __getitem__(self, part: slice) -> list[Lack]:
        limit = {"offset": part.start or 0, "limit": (part.stop or 100_000) - (part.start or 0)}
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT requirement_id, party_id, membership_id, user_id, due FROM ({LACKING}) lacking"  # noqa: S608
                " ORDER BY due, requirement_id, party_id LIMIT %(limit)s OFFSET %(offset)s",
                self.values | limit,
            )
            rows = cursor.fetchall()
        return _lacks(self.coop, rows)


def _lacks(coop, rows) -> list[Lack]:
    asked = CourseRequirement.objects.filter(pk__in={row[0] for row in rows}).select_related("course", "member_class")
    requirements = {each.pk: each for each in asked}
    memberships = Membership.objects.filter(Q(pk__in={row[2] for row in rows if row[2]}))
    by_key = memberships.select_related("party", "member_class").in_bulk()
    officers = {row[1] for row in rows if row[1] and not row[2]}
    held = Membership.objects.filter(party__in=officers).select_related("party", "member_class").order_by("number")
    by_party = {each.party_id: each for each in held}
    users = {row[3] for row in rows if row[3] and not row[1]}
    names = dict(names_of(users)) if users else {}
    found = []
    for requirement, party, membership, user, due in rows:
        member = by_key.get(membership) or by_party.get(party)
        name = member.party.name if member is not None else names.get(user, "")
        found.append(Lack(requirements[requirement], name, member, due))
    return found


def names_of(keys) -> list[tuple[int, str]]:
    """Names of logins that stand on no register, by key."""
    return [(each.pk, each.display_name) for each in User.objects.filter(pk__in=keys)]


def belongs(party: Party, on: date) -> bool:
    """Holds a membership that day."""
    return party.memberships.current(on).exclude(state=Membership.State.ENDED).exists()


def _of(learner: Learner, prefix: str = "") -> Q:
    """The learner's rows: a party's own, those of records merged into it, an applicant's and their known party's."""
    if isinstance(learner, Party):
        return Q(**{f"{prefix}party": learner}) | Q(**{f"{prefix}party__merged_into": learner})
    own = Q(**{f"{prefix}application": learner})
    return own | _of(learner.party, prefix) if learner.party is not None else own


def held(course: Course, learner: Learner, on: date) -> Completion | None:
    """The completion that counts for the learner on that day, the one that lasts longest, or None."""
    rows = Completion.objects.filter(_of(learner), course=course, struck_at=None, done_on__lte=on)
    rows = rows.filter(Q(expires_on__isnull=True) | Q(expires_on__gte=on))
    return rows.order_by(F("expires_on").desc(nulls_first=True), "-pk").first()


def steps_left(course: Course, learner: Learner) -> list[CourseStep]:
    """Lines of the checklist the learner has not ticked. An applicant ticks nothing."""
    steps = course.steps.filter(dropped_at=None)
    if isinstance(learner, Party):
        steps = steps.exclude(pk__in=StepDone.objects.filter(_of(learner)).values("step"))
    return list(steps)


def attended(course: Course, party: Party) -> Enrolment | None:
    """The newest session of the course the person was at and that no completion came of yet."""
    rows = Enrolment.objects.filter(_of(party), session__course=course, state=Enrolment.State.PRESENT)
    rows = rows.exclude(completions__isnull=False)
    return rows.select_related("session").order_by("-session__starts_at").first()


def requirements(coop, on: date) -> QuerySet[CourseRequirement]:
    """What classes and offices ask for on that day."""
    rows = CourseRequirement.objects.filter(coop=coop, starts_on__lte=on).select_related("course", "member_class")
    return rows.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on))


def before_admissions(coop, on: date) -> QuerySet[CourseRequirement]:
    """What any class asks for before an admission on that day."""
    return requirements(coop, on).filter(member_class__isnull=False, days=None)


def before_admission(
    application: Application, on: date, asked: Iterable[CourseRequirement] | None = None
) -> list[CourseRequirement]:
    """What the applicant still has to do before the body may admit them on that day.

    ``asked`` is ``before_admissions`` of the day, where many are looked at.
    """
    if application.kind != Party.Kind.PERSON:
        return []
    mine, asked = application.member_class_id, before_admissions(application.coop, on) if asked is None else asked
    return [each for each in asked if each.member_class_id == mine and held(each.course, application, on) is None]


def for_office(coop, role: str, on: date) -> QuerySet[CourseRequirement]:
    """What an office asks for on that day before somebody takes it."""
    return requirements(coop, on).filter(office=role, days=None)


def before_office(coop, user, role: str, on: date) -> list[CourseRequirement]:
    """What somebody still has to do before they may take an office on that day."""
    party = Party.objects.filter(coop=coop, account=user).first()
    return [each for each in for_office(coop, role, on) if party is None or held(each.course, party, on) is None]


def courses(coop, *, closed: bool = False) -> QuerySet[Course]:
    """Courses by name, with how many hold one today and when the next session is."""
    today = clock.today(coop)
    valid = Q(completions__struck_at=None) & (
        Q(completions__expires_on__isnull=True) | Q(completions__expires_on__gte=today)
    )
    who = Coalesce("completions__party__merged_into", "completions__party", "completions__application")
    rows = Course.objects.filter(coop=coop, closed_at__isnull=not closed)
    return rows.annotate(holders=Count(who, filter=valid, distinct=True)).order_by("name", "pk")


def sessions(coop) -> QuerySet:
    """Sessions with their course and how many seats are taken."""
    rows = CourseSession.objects.filter(coop=coop).select_related("course")
    return rows.annotate(taken=Count("enrolments", filter=~Q(enrolments__state="withdrawn")))


def to_come(coop, now: datetime) -> QuerySet:
    """Sessions one may still sign up for or is waiting for, the next first."""
    return sessions(coop).filter(starts_at__gt=now, cancelled_at=None).order_by("starts_at", "pk")


def to_mark(coop, now: datetime) -> QuerySet:
    """Sessions that took place and of which it is not said yet who came."""
    open_ones = Enrolment.objects.filter(session=OuterRef("pk"), state=Enrolment.State.ENROLLED)
    return sessions(coop).filter(Exists(open_ones), starts_at__lt=now, cancelled_at=None).order_by("starts_at", "pk")


def late(coop, on: date) -> list[tuple[CourseRequirement, int, date]]:
    """Requirements somebody is late with: how many are, and since when the first one."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT requirement_id, count(*), min(due) FROM ({LATE}) late GROUP BY 1 ORDER BY 3",  # noqa: S608
            {"coop": coop.pk, "today": on, "course": None, "party": None},
        )
        rows = cursor.fetchall()
    asked = CourseRequirement.objects.select_related("course", "member_class").in_bulk([row[0] for row in rows])
    return [(asked[key], people, due) for key, people, due in rows]


@dataclass(frozen=True)
class Step:
    """A line of a checklist as one person sees it."""

    step: CourseStep
    done: bool


@dataclass(frozen=True)
class Mine:
    """One course as one person sees it."""

    course: Course
    held: Completion | None
    due: date | None  # by when it is asked for; None: nobody asks
    cite: str
    steps: list[Step]
    sessions: list[tuple[CourseSession, Enrolment | None]]

    @property
    def seats(self) -> list[dict]:
        return [{"session": session, "mine": enrolment is not None} for session, enrolment in self.sessions]

    @property
    def is_coming(self) -> bool:
        return any(enrolment is not None and enrolment.state == "enrolled" for _session, enrolment in self.sessions)


def my_courses(party: Party, on: date, now: datetime) -> list[Mine]:
    """Every course on offer for one person: what is asked for first, then by name. Seven queries, however many."""
    coop = party.coop
    lacks = {each.requirement.course_id: each for each in reversed(Lacking(coop, on, party=party)[0:50])}
    ticked = set(StepDone.objects.filter(_of(party)).values_list("step_id", flat=True))
    coming: dict[int, list] = {}
    enrolled = {each.session_id: each for each in Enrolment.objects.filter(_of(party)).exclude(state="withdrawn")}
    for session in to_come(coop, now):
        coming.setdefault(session.course_id, []).append((session, enrolled.get(session.pk)))
    done: dict[int, Completion] = {}
    for each in Completion.objects.filter(_of(party), struck_at=None).order_by("done_on"):
        if each.expires_on is None or each.expires_on >= on:
            done[each.course_id] = each
    steps: dict[int, list[Step]] = {}
    for step in CourseStep.objects.filter(coop=coop, dropped_at=None):
        steps.setdefault(step.course_id, []).append(Step(step, step.pk in ticked))
    found = []
    for course in Course.objects.filter(coop=coop, closed_at=None):
        lack = lacks.get(course.pk)
        found.append(
            Mine(
                course,
                done.get(course.pk),
                lack.due if lack else None,
                lack.requirement.cite if lack else "",
                steps.get(course.pk, []),
                coming.get(course.pk, []),
            )
        )
    return sorted(found, key=lambda each: (each.due or date.max, each.held is not None, each.course.name))


def for_applicant(application: Application, on: date, now: datetime) -> list[Mine]:
    """What an applicant has to do before they are admitted, with the sessions to come."""
    rows = Enrolment.objects.filter(_of(application)).exclude(state="withdrawn")
    enrolled = {each.session_id: each for each in rows}
    found = []
    for asked in before_admission(application, on):
        coming = [(each, enrolled.get(each.pk)) for each in to_come(application.coop, now).filter(course=asked.course)]
        found.append(Mine(asked.course, None, application.decide_by, asked.cite, [], coming))
    return found


def learned(party: Party) -> QuerySet[Completion]:
    """All a person has done, what was struck out included, the newest first."""
    return Completion.objects.filter(_of(party)).select_related("course", "recorded_by")


def everything_learned(party: Party) -> dict[str, list]:
    """What the register holds about a person's learning, as JSON values, for the person."""
    enrolled = Enrolment.objects.filter(_of(party))
    return {
        "enrolments": list(enrolled.values("session__course__name", "session__starts_at", "state", "asked_at")),
        "completions": list(
            Completion.objects.filter(_of(party)).values(
                "course__name", "done_on", "expires_on", "evidence", "struck_at", "because"
            )
        ),
        "checklist": list(StepDone.objects.filter(_of(party)).values("step__title", "done_at")),
    }
