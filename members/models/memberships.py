"""Memberships: a number given once, and a standing that only history can change."""

from __future__ import annotations

import uuid

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from coop.kernel import clock
from coop.kernel.models import NO_TRUNCATE, AppendOnly, CoopModel

from .bylaws import MembershipClass
from .imports import removed_only_by_undoing
from .parties import Party, moved_on_record


class NumberSequence(CoopModel):
    """The next member number. It is locked while numbers are given, and never goes back."""

    privileges = ("SELECT", "INSERT", "UPDATE")

    next_number = models.PositiveBigIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["coop"], name="sequence_one_a_coop")]
        triggers = [
            pgtrigger.Protect(
                name="never_goes_back",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("NEW.next_number < OLD.next_number OR NEW.coop_id <> OLD.coop_id"),
            ),
            pgtrigger.Protect(name="never_removed", operation=pgtrigger.Delete),
            NO_TRUNCATE,
        ]

    def __str__(self) -> str:
        return f"next number {self.next_number}"


class Household(CoopModel):
    """People who live together, where the by-laws care."""

    name = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return self.name


class MembershipQuerySet(models.QuerySet):
    def of(self, coop):
        return self.filter(coop=coop)

    def current(self, on):
        """Memberships that stand on that day, by what is recorded now. The last day still counts."""
        return self.filter(admitted_on__lte=on).filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on))


class Membership(CoopModel):
    """A party's membership. ``state``, ``member_class`` and the dates are a projection of its history.

    The database lets them change only together with a new event (``last_seq``), gives a number once, and refuses a
    membership whose history holds no admission.
    """

    privileges = ("SELECT", "INSERT", "UPDATE")

    class State(models.TextChoices):
        ADMITTED = "admitted", _("Admitted, shares not yet paid")
        ACTIVE = "active", _("In good standing")
        SUSPENDED = "suspended", _("Suspended")
        ENDED = "ended", _("Ended")

    class Ending(models.TextChoices):
        RESIGNED = "resigned", _("left")
        EXPELLED = "expelled", _("expelled")
        DIED = "died", _("died")
        TRANSFERRED = "transferred", _("transferred")
        DISSOLVED = "dissolved", _("dissolved")

    stream = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.PositiveBigIntegerField(_("number"))
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="memberships")
    member_class = models.ForeignKey(MembershipClass, on_delete=models.PROTECT, related_name="memberships")
    state = models.CharField(max_length=10, choices=State.choices)
    admitted_on = models.DateField(_("admitted on"))
    active_on = models.DateField(_("active since"), null=True, blank=True)
    notice_on = models.DateField(_("notice received on"), null=True, blank=True)
    ends_on = models.DateField(_("last day"), null=True, blank=True)
    ending = models.CharField(max_length=12, choices=Ending.choices, blank=True)
    shares_wanted = models.PositiveIntegerField(default=0)
    instalments = models.BooleanField(default=False)
    household = models.ForeignKey(
        Household, null=True, blank=True, on_delete=models.PROTECT, related_name="memberships"
    )
    votes_for_household = models.ForeignKey(
        Household, null=True, blank=True, on_delete=models.PROTECT, related_name="voting_memberships"
    )
    batch = models.ForeignKey("members.ImportBatch", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    last_seq = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["coop", "number"], name="membership_number_once"),
            models.UniqueConstraint(
                fields=["party", "member_class"], condition=~Q(state="ended"), name="membership_one_open_a_class"
            ),
            models.UniqueConstraint(
                fields=["votes_for_household"],
                condition=~Q(state="ended") & Q(votes_for_household__isnull=False),
                name="membership_one_vote_a_household",
            ),
            models.CheckConstraint(
                condition=Q(votes_for_household__isnull=True)
                | Q(household__isnull=False, votes_for_household=F("household")),
                name="membership_votes_for_its_own_household",
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="membership_number_is_positive"),
            models.CheckConstraint(
                condition=Q(state__in=["admitted", "active", "suspended", "ended"]), name="membership_state_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(state="ended") | Q(ends_on__isnull=False), name="membership_ended_has_last_day"
            ),
        ]
        indexes = [
            models.Index(fields=["coop", "state", "number"], name="membership_by_state"),
            models.Index(fields=["party"], name="membership_of_party"),
            models.Index(fields=["coop", "ends_on"], condition=Q(ends_on__isnull=False), name="membership_ending"),
        ]
        triggers = [
            pgtrigger.Protect(
                name="number_is_kept",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("number", "coop", "stream", "id"),
            ),
            pgtrigger.Protect(
                name="standing_needs_event",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "NEW.last_seq <= OLD.last_seq AND"
                    " (NEW.state, NEW.member_class_id, NEW.admitted_on, NEW.active_on, NEW.ends_on, NEW.ending)"
                    " IS DISTINCT FROM"
                    " (OLD.state, OLD.member_class_id, OLD.admitted_on, OLD.active_on, OLD.ends_on, OLD.ending)"
                ),
            ),
            pgtrigger.Trigger(
                name="history_agrees",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update,
                timing=pgtrigger.Deferred,
                declare=[("last", "integer"), ("admissions", "integer"), ("said", "integer")],
                func="""
                    SELECT last_seq INTO said FROM members_membership WHERE id = NEW.id;
                    IF NOT FOUND THEN RETURN NULL; END IF;
                    SELECT max(seq), count(*) FILTER (WHERE kind = 'admitted') INTO last, admissions
                      FROM members_membershipevent WHERE stream = NEW.stream;
                    IF coalesce(admissions, 0) = 0 THEN
                        RAISE check_violation USING MESSAGE = 'a membership begins with an admission in its history';
                    END IF;
                    IF said <> last THEN
                        RAISE check_violation USING MESSAGE = 'a membership and its history disagree';
                    END IF;
                    RETURN NULL;
                """,
            ),
            pgtrigger.Trigger(
                name="household_agrees",
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("household_id", "votes_for_household_id"),
                timing=pgtrigger.Deferred,
                declare=[("said", "record"), ("now", "record")],
                func="""
                    SELECT household_id, votes_for_household_id IS NOT NULL AS votes INTO now
                      FROM members_membership WHERE id = NEW.id;
                    SELECT household_id, votes INTO said FROM members_householdstanding
                     WHERE membership_id = NEW.id ORDER BY id DESC LIMIT 1;
                    IF (now.household_id, now.votes) IS DISTINCT FROM (said.household_id, coalesce(said.votes, false))
                    THEN
                        RAISE check_violation USING MESSAGE = 'a household and its history disagree';
                    END IF;
                    RETURN NULL;
                """,
            ),
            pgtrigger.Trigger(
                name="holder_on_record",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange("party"),
                func=f"""
                    IF NEW.last_seq <= OLD.last_seq OR NOT EXISTS (
                        SELECT FROM members_membershipevent e
                         WHERE e.stream = NEW.stream AND e.seq = NEW.last_seq AND e.kind = 'reheld'
                    ) OR NOT {moved_on_record("membership", "party_id")} THEN
                        RAISE check_violation USING MESSAGE = 'a membership stays with its holder';
                    END IF;
                    RETURN NEW;
                """,  # noqa: S608 - no outside text
            ),
            pgtrigger.Trigger(
                name="holder_is_whole",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("party_id"),
                declare=[("went", "bigint")],
                func="""
                    -- waits for whoever merges this record, and then sees that it was
                    SELECT merged_into_id INTO went FROM members_party WHERE id = NEW.party_id FOR SHARE;
                    IF went IS NOT NULL THEN
                        RAISE check_violation USING MESSAGE = 'a record that was merged away holds no membership';
                    END IF;
                    RETURN NEW;
                """,
            ),
            removed_only_by_undoing("a membership is kept"),
            NO_TRUNCATE,
        ]

    def __str__(self) -> str:
        return f"{self.number_text} {self.party}"

    @property
    def number_text(self) -> str:
        """The number as it is written: at least four digits."""
        return f"{self.number:04d}"

    def stands_on(self, on) -> bool:
        """Is this a membership on that day, by what is recorded now?"""
        return self.admitted_on <= on and (self.ends_on is None or on <= self.ends_on)

    def standing_on(self, on) -> str:
        """The state in force on that day, an ending that has come due included."""
        return self.State.ENDED if self.ends_on is not None and self.ends_on < on else self.state

    @property
    def is_leaving(self) -> bool:
        return self.ends_on is not None and self.state != self.State.ENDED


class HouseholdStanding(CoopModel, AppendOnly):
    """To which household a membership belonged from a day on, and whether it cast the household's vote.

    The newest row that had begun by a day and was recorded by then says what held; no household: it lived alone.
    ``Membership`` repeats the newest row of all, and the database holds the two together.
    """

    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="households")
    household = models.ForeignKey(Household, null=True, on_delete=models.PROTECT, related_name="standings")
    votes = models.BooleanField(default=False)
    effective_on = models.DateField()
    recorded_at = models.DateTimeField(default=clock.now)

    class Meta(AppendOnly.Meta):
        ordering = ["id"]
        indexes = [models.Index(fields=["membership", "-effective_on", "-id"], name="household_in_force")]
        constraints = [
            models.CheckConstraint(
                condition=Q(votes=False) | Q(household__isnull=False), name="household_votes_for_one"
            )
        ]

    def __str__(self) -> str:
        return f"{self.membership_id} in {self.household_id} from {self.effective_on}"
