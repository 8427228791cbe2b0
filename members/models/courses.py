"""What the co-op teaches: courses as checklists with sessions, who comes, who has done one, and who has to.

A completion is a fact with a day and, where knowledge wears off, a last day. It is never edited: a wrong one is struck
out, with the reason. Somebody may take part before they are admitted; then the row hangs on the application until the
register knows a party.
"""

from __future__ import annotations

from typing import cast

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from coop.kernel import clock
from coop.kernel.models import NO_TRUNCATE, CoopModel, Office

from .bylaws import MembershipClass
from .joining import Application
from .parties import OF_A_WHOLE_RECORD, Party

NEVER_REMOVED = pgtrigger.Protect(name="never_removed", operation=pgtrigger.Delete)
# Personal rows go when a person is erased, and nobody is erased as long as a membership lasts.
KEPT_WHILE_A_MEMBER = pgtrigger.Trigger(
    name="kept_while_a_member",
    when=pgtrigger.Before,
    operation=pgtrigger.Delete,
    func="""
        IF EXISTS (
            SELECT FROM members_party p JOIN members_membership m ON m.party_id = coalesce(p.merged_into_id, p.id)
             WHERE p.id = OLD.party_id AND m.state <> 'ended' AND (m.ends_on IS NULL OR m.ends_on > current_date)
        ) THEN
            RAISE check_violation USING MESSAGE = 'what a member has learned is struck out, not removed';
        END IF;
        RETURN OLD;
    """,
)


class Course(CoopModel):
    """Something one can learn here. ``valid_months`` says how long a completion holds; empty: for good."""

    privileges = ("SELECT", "INSERT", "UPDATE")

    name = models.CharField(_("name"), max_length=120)
    about = models.TextField(_("what it is about"), blank=True)
    needs_session = models.BooleanField(default=True)  # False: the checklist alone
    valid_months = models.PositiveSmallIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["coop", "name"], condition=Q(closed_at__isnull=True), name="course_name_once"
            ),
            models.CheckConstraint(
                condition=Q(valid_months__isnull=True) | Q(valid_months__gte=1), name="course_holds_a_month_at_least"
            ),
        ]
        triggers = [NEVER_REMOVED, NO_TRUNCATE]

    def __str__(self) -> str:
        return self.name


class CourseStep(CoopModel):
    """One line of a course's checklist, with the material it rests on."""

    privileges = ("SELECT", "INSERT", "UPDATE")

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="steps")
    position = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=200)
    link = models.URLField(max_length=500, blank=True)
    dropped_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["course", "title"], condition=Q(dropped_at__isnull=True), name="coursestep_once"
            )
        ]
        triggers = [NEVER_REMOVED, NO_TRUNCATE]

    def __str__(self) -> str:
        return self.title


class StepDone(CoopModel):
    """How far a person is with a checklist. Once the course is completed these rows go, and the completion stands."""

    privileges = ("SELECT", "INSERT", "DELETE")

    step = models.ForeignKey(CourseStep, on_delete=models.PROTECT, related_name="+")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    done_at = models.DateTimeField(default=clock.now)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["step", "party"], name="stepdone_once")]
        triggers = [OF_A_WHOLE_RECORD, NO_TRUNCATE]

    def __str__(self) -> str:
        return f"step {self.step_id} by {self.party_id}"


class CourseSession(CoopModel):
    """A course held once, at a time and place. ``seats`` empty: as many as come."""

    privileges = ("SELECT", "INSERT", "UPDATE")

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="sessions")
    starts_at = models.DateTimeField(_("begins"))
    place = models.CharField(_("place"), max_length=200)
    held_by = models.CharField(_("held by"), max_length=120, blank=True)
    seats = models.PositiveIntegerField(_("seats"), null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    cancelled_at = models.DateTimeField(null=True)
    because = models.CharField(max_length=200, blank=True)  # why it was cancelled

    class Meta:
        ordering = ["starts_at", "id"]
        indexes = [models.Index(fields=["coop", "starts_at"], name="coursesession_by_time")]
        constraints = [
            models.CheckConstraint(
                condition=Q(cancelled_at__isnull=True, because="") | Q(cancelled_at__isnull=False) & ~Q(because=""),
                name="coursesession_cancelled_says_why",
            )
        ]
        triggers = [
            pgtrigger.Protect(  # members_forget alone takes out who held it and where, once they were erased
                name="cancelled_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "((OLD.cancelled_at IS NOT NULL OR"
                    " (NEW.coop_id, NEW.course_id, NEW.starts_at, NEW.place, NEW.seats) IS DISTINCT FROM"
                    " (OLD.coop_id, OLD.course_id, OLD.starts_at, OLD.place, OLD.seats))"
                    " AND (current_user = session_user OR to_jsonb(NEW) - '{place,held_by,because}'::text[]"
                    " <> to_jsonb(OLD) - '{place,held_by,because}'::text[]))"
                ),
            ),
            NEVER_REMOVED,
            NO_TRUNCATE,
        ]

    def __str__(self) -> str:
        return f"{self.course} {self.starts_at:%Y-%m-%d %H:%M}"


class Enrolment(CoopModel):
    """Somebody signed up for a session, and whether they came. The database gives no seat twice."""

    privileges = ("SELECT", "INSERT", "UPDATE", "DELETE")

    class State(models.TextChoices):
        ENROLLED = "enrolled", _("Signed up")
        WITHDRAWN = "withdrawn", _("Not coming")
        PRESENT = "present", _("Was there")
        ABSENT = "absent", _("Was not there")

    session = models.ForeignKey(CourseSession, on_delete=models.PROTECT, related_name="enrolments")
    party = models.ForeignKey(Party, null=True, on_delete=models.PROTECT, related_name="enrolments")
    application = models.ForeignKey(Application, null=True, on_delete=models.PROTECT, related_name="enrolments")
    state = models.CharField(max_length=9, choices=State.choices, default=State.ENROLLED)
    asked_at = models.DateTimeField(default=clock.now)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    marked_at = models.DateTimeField(null=True)
    marked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    told_at = models.DateTimeField(null=True, default=clock.now)  # None: a letter is still to be written

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["party", "-id"], name="enrolment_of_party"),
            models.Index(fields=["session", "id"], condition=Q(told_at=None), name="enrolment_untold"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["session", "party"], name="enrolment_once"),
            models.UniqueConstraint(fields=["session", "application"], name="enrolment_once_an_application"),
            models.CheckConstraint(
                condition=Q(party__isnull=False) | Q(application__isnull=False), name="enrolment_of_somebody"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["enrolled", "withdrawn"], marked_at__isnull=True)
                | Q(state__in=["present", "absent"], marked_at__isnull=False),
                name="enrolment_marked_says_when",
            ),
        ]
        triggers = [
            OF_A_WHOLE_RECORD,
            pgtrigger.Trigger(
                name="a_seat_once",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                declare=[("held", "record")],
                func="""
                    IF TG_OP = 'UPDATE' AND (NEW.session_id <> OLD.session_id OR NEW.coop_id <> OLD.coop_id
                       OR OLD.party_id IS NOT NULL AND NEW.party_id IS DISTINCT FROM OLD.party_id
                       OR NEW.application_id IS DISTINCT FROM OLD.application_id) THEN
                        RAISE check_violation USING MESSAGE = 'who signed up for what does not change';
                    END IF;
                    IF NEW.state = 'withdrawn' OR TG_OP = 'UPDATE' AND OLD.state <> 'withdrawn' THEN
                        RETURN NEW;
                    END IF;
                    SELECT seats, cancelled_at INTO held FROM members_coursesession
                     WHERE id = NEW.session_id FOR NO KEY UPDATE;
                    IF held.cancelled_at IS NOT NULL THEN
                        RAISE check_violation USING MESSAGE = 'nobody signs up for what was cancelled';
                    END IF;
                    IF held.seats IS NULL THEN  -- nothing to count
                        RETURN NEW;
                    END IF;
                    IF held.seats <= (SELECT count(*) FROM members_enrolment e
                                       WHERE e.session_id = NEW.session_id AND e.id IS DISTINCT FROM NEW.id
                                         AND e.state <> 'withdrawn') THEN
                        RAISE check_violation USING MESSAGE = 'every seat is taken';
                    END IF;
                    RETURN NEW;
                """,
            ),
            KEPT_WHILE_A_MEMBER,
            NO_TRUNCATE,
        ]

    def __str__(self) -> str:
        return f"{self.session_id}: {self.state}"

    @property
    def learner(self) -> Party | Application:
        """Whom it is about; the database keeps that there is somebody."""
        return cast(Party | Application, self.party or self.application)


class Completion(CoopModel):
    """A person has done a course on a day. ``expires_on`` is the last day on which that counts."""

    privileges = ("SELECT", "INSERT", "UPDATE", "DELETE")

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="completions")
    party = models.ForeignKey(Party, null=True, on_delete=models.PROTECT, related_name="completions")
    application = models.ForeignKey(Application, null=True, on_delete=models.PROTECT, related_name="completions")
    enrolment = models.ForeignKey(Enrolment, null=True, on_delete=models.PROTECT, related_name="completions")
    done_on = models.DateField()
    expires_on = models.DateField(null=True)
    evidence = models.CharField(max_length=200, blank=True)
    recorded_at = models.DateTimeField(default=clock.now)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    struck_at = models.DateTimeField(null=True)
    struck_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    because = models.CharField(max_length=200, blank=True)  # why it was struck out

    class Meta:
        ordering = ["-done_on", "-id"]
        indexes = [models.Index(fields=["coop", "course", "party"], name="completion_of_course")]
        constraints = [
            models.UniqueConstraint(
                fields=["course", "party", "done_on"], condition=Q(struck_at__isnull=True), name="completion_once_a_day"
            ),
            models.CheckConstraint(
                condition=Q(party__isnull=False) | Q(application__isnull=False), name="completion_of_somebody"
            ),
            models.CheckConstraint(
                condition=Q(expires_on__isnull=True) | Q(expires_on__gte=F("done_on")), name="completion_holds_a_day"
            ),
            models.CheckConstraint(
                condition=Q(struck_at__isnull=True, because="") | Q(struck_at__isnull=False) & ~Q(because=""),
                name="completion_struck_says_why",
            ),
        ]
        triggers = [
            OF_A_WHOLE_RECORD,
            pgtrigger.Protect(
                name="only_struck_out",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.struck_at IS NOT NULL"
                    " OR OLD.party_id IS NOT NULL AND NEW.party_id IS DISTINCT FROM OLD.party_id"
                    " OR (NEW.coop_id, NEW.course_id, NEW.application_id, NEW.enrolment_id, NEW.done_on,"
                    " NEW.expires_on, NEW.evidence, NEW.recorded_at, NEW.recorded_by_id) IS DISTINCT FROM"
                    " (OLD.coop_id, OLD.course_id, OLD.application_id, OLD.enrolment_id, OLD.done_on,"
                    " OLD.expires_on, OLD.evidence, OLD.recorded_at, OLD.recorded_by_id)"
                ),
            ),
            KEPT_WHILE_A_MEMBER,
            NO_TRUNCATE,
        ]

    def __str__(self) -> str:
        return f"{self.course} {self.done_on}"

    @property
    def learner(self) -> Party | Application:
        """Whom it is about; the database keeps that there is somebody."""
        return cast(Party | Application, self.party or self.application)


class CourseRequirement(CoopModel):
    """A class or an office asks for a course, from a day to a day.

    ``days`` empty: beforehand (before the board admits, before the office is taken). Otherwise within so many days of
    the admission or of the first day in office. ``for_present``: for those, too, who are there already; their days
    count from ``starts_on``.
    """

    privileges = ("SELECT", "INSERT", "UPDATE")

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="requirements")
    member_class = models.ForeignKey(MembershipClass, null=True, on_delete=models.PROTECT, related_name="+")
    office = models.CharField(max_length=20, choices=Office.Role.choices, blank=True)
    days = models.PositiveSmallIntegerField(null=True, blank=True)
    for_present = models.BooleanField(default=False)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)
    cite = models.CharField(max_length=200)
    recorded_at = models.DateTimeField(default=clock.now)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["course__name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(member_class__isnull=False, office="") | Q(member_class__isnull=True) & ~Q(office=""),
                name="requirement_of_a_class_or_an_office",
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="requirement_ends_after_start"
            ),
            models.CheckConstraint(condition=~Q(cite=""), name="requirement_says_where_it_is_written"),
            models.UniqueConstraint(
                fields=["course", "member_class", "office"],
                condition=Q(ends_on__isnull=True),
                nulls_distinct=False,
                name="requirement_once_at_a_time",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="only_ended",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.ends_on IS NOT NULL OR"
                    " (NEW.coop_id, NEW.course_id, NEW.member_class_id, NEW.office, NEW.days, NEW.for_present,"
                    " NEW.starts_on, NEW.cite) IS DISTINCT FROM"
                    " (OLD.coop_id, OLD.course_id, OLD.member_class_id, OLD.office, OLD.days, OLD.for_present,"
                    " OLD.starts_on, OLD.cite)"
                ),
            ),
            NEVER_REMOVED,
            NO_TRUNCATE,
        ]

    def __str__(self) -> str:
        return f"{self.course}: {self.office or self.member_class_id}"
