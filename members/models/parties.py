"""People and organisations the co-op knows. A party is neither a login nor a membership.

Names, addresses and electronic addresses are dated and only ever added: ``valid_from`` says when they held,
``recorded_at`` when the register learned of it, ``corrects`` which earlier row was wrong. ``Party`` itself keeps only
what lists and searches need of the newest ones.
"""

from __future__ import annotations

from datetime import timedelta

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coop.kernel import clock
from coop.kernel.models import NO_TRUNCATE, CoopModel

from .imports import removed_only_by_undoing
from .promises import (
    BORN_AS_TOLD,
    DEATH_ON_RECORD,
    ERASED_ON_RECORD,
    GOES_WITH_THE_PERSON,
    KIND_STAYS,
    SHOWN_AS_RECORDED,
)


def moved_on_record(what: str, column: str) -> str:
    """SQL for a trigger: does the newest move on record of this row lead from its old holder to the new one?"""
    return f"""EXISTS (
                        SELECT FROM members_partymove v
                         WHERE v.what = '{what}' AND v.key = NEW.id
                           AND v.from_party_id = OLD.{column} AND v.to_party_id = NEW.{column}
                           AND NOT EXISTS (SELECT FROM members_partymove w
                                            WHERE w.what = v.what AND w.key = v.key AND w.id > v.id))"""  # noqa: S608


# In a trigger with the party's key in ``whose``: does ``died_on`` say what the histories of its memberships say?
# Somebody who was erased has no day of death any more, and one who had left before has no entry of it.
DEATH_AGREES = """
                    SELECT died_on, erased_at INTO who FROM members_party WHERE id = whose;
                    IF NOT FOUND OR who.erased_at IS NOT NULL THEN RETURN NULL; END IF;
                    IF EXISTS (
                        SELECT FROM members_membership m JOIN members_membershipevent e ON e.membership_id = m.id
                         WHERE m.party_id = whose AND e.kind = 'died' AND e.effective_on IS DISTINCT FROM who.died_on
                           AND NOT EXISTS (SELECT FROM members_membershipevent c WHERE c.corrects_id = e.id)
                    ) OR EXISTS (
                        SELECT FROM members_membership m
                         WHERE m.party_id = whose AND m.state <> 'ended' AND m.admitted_on <= who.died_on
                           AND coalesce(m.ends_on, 'infinity') >= who.died_on AND NOT EXISTS (
                            SELECT FROM members_membershipevent e
                             WHERE e.membership_id = m.id AND e.kind = 'died' AND e.effective_on = who.died_on
                               AND NOT EXISTS (SELECT FROM members_membershipevent c WHERE c.corrects_id = e.id))
                    ) THEN
                        RAISE check_violation USING MESSAGE = 'a death and its history disagree';
                    END IF;
                    RETURN NULL;
                """


class Party(CoopModel):
    """A person or an organisation. Its own columns repeat the newest dated rows; ``search`` is folded."""

    privileges = ("SELECT", "INSERT", "UPDATE")

    class Kind(models.TextChoices):
        PERSON = "person", _("Person")
        ORGANISATION = "organisation", _("Organisation")

    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.PERSON)
    name = models.CharField(_("name"), max_length=300)
    sort_name = models.CharField(max_length=300)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("telephone"), max_length=60, blank=True)
    place = models.CharField(max_length=200, blank=True)
    search = models.TextField(blank=True)
    grams = ArrayField(models.CharField(max_length=3), default=list, blank=True)
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="parties"
    )
    by_post = models.BooleanField(db_default=False, default=False)  # wants letters on paper, e-mail address or not
    born_on = models.DateField(null=True, blank=True)
    died_on = models.DateField(null=True, blank=True)
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    erased_at = models.DateTimeField(null=True, blank=True)
    batch = models.ForeignKey("members.ImportBatch", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name = _("party")
        verbose_name_plural = _("parties")
        constraints = [
            models.UniqueConstraint(
                fields=["coop", "account"], condition=Q(account__isnull=False), name="party_one_a_login"
            ),
            models.CheckConstraint(condition=~Q(merged_into=models.F("id")), name="party_not_merged_into_itself"),
        ]
        indexes = [
            models.Index(fields=["coop", "sort_name"], name="party_by_name"),
            models.Index(fields=["coop", "email"], name="party_by_email"),
            GinIndex(fields=["grams"], name="party_by_grams"),
            models.Index(fields=["coop", "died_on"], condition=Q(died_on__isnull=False), name="party_who_died"),
        ]
        triggers = [
            removed_only_by_undoing("a party is kept"),
            KIND_STAYS,
            BORN_AS_TOLD,
            DEATH_ON_RECORD,
            ERASED_ON_RECORD,
            SHOWN_AS_RECORDED,
            pgtrigger.Protect(
                name="erased_stays_erased",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.erased_at IS NOT NULL AND"
                    " (NEW.erased_at, NEW.name, NEW.email, NEW.phone, NEW.place, NEW.search, NEW.account_id)"
                    " IS DISTINCT FROM"
                    " (OLD.erased_at, OLD.name, OLD.email, OLD.phone, OLD.place, OLD.search, OLD.account_id)"
                ),
            ),
            pgtrigger.Trigger(
                name="death_agrees",
                when=pgtrigger.After,
                operation=pgtrigger.Update,
                timing=pgtrigger.Deferred,
                condition=pgtrigger.Condition("NEW.died_on IS DISTINCT FROM OLD.died_on"),
                declare=[("who", "record"), ("whose", "bigint := NEW.id")],
                func=DEATH_AGREES,
            ),
            pgtrigger.Trigger(
                name="merged_on_record",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("NEW.merged_into_id IS DISTINCT FROM OLD.merged_into_id"),
                declare=[("last", "record")],
                func="""
                    SELECT g.kind, g.kept_id INTO last FROM members_partymerge g
                     WHERE g.other_id = NEW.id ORDER BY g.id DESC LIMIT 1;
                    IF NEW.merged_into_id IS NULL AND last.kind IS DISTINCT FROM 'undone'
                    OR NEW.merged_into_id IS NOT NULL
                       AND (last.kind, last.kept_id) IS DISTINCT FROM ('merged', NEW.merged_into_id) THEN
                        RAISE check_violation USING MESSAGE = 'records are merged and taken apart on record only';
                    END IF;
                    IF EXISTS (SELECT FROM members_party p WHERE p.merged_into_id = NEW.id)
                    OR EXISTS (SELECT FROM members_party p
                                WHERE p.id = NEW.merged_into_id
                                  AND (p.merged_into_id IS NOT NULL OR p.erased_at IS NOT NULL)) THEN
                        RAISE check_violation USING MESSAGE = 'a stub points at a whole record';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="stub_holds_nothing",
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("merged_into_id"),
                timing=pgtrigger.Deferred,
                func="""
                    IF EXISTS (SELECT FROM members_party p JOIN members_membership m ON m.party_id = p.id
                                WHERE p.id = NEW.id AND p.merged_into_id IS NOT NULL) THEN
                        RAISE check_violation USING MESSAGE = 'a record that was merged away holds no membership';
                    END IF;
                    RETURN NULL;
                """,
            ),
            NO_TRUNCATE,
        ]

    def __str__(self) -> str:
        return self.name


OF_A_WHOLE_RECORD = pgtrigger.Trigger(  # nothing is added to a person who was erased or merged away
    name="not_of_the_erased",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    func="""
                    IF EXISTS (SELECT FROM members_party p WHERE p.id = NEW.party_id AND p.erased_at IS NOT NULL) THEN
                        RAISE check_violation USING MESSAGE = 'nothing is written down about somebody who was erased';
                    END IF;
                    IF EXISTS (SELECT FROM members_party p WHERE p.id = NEW.party_id AND p.merged_into_id IS NOT NULL)
                    THEN
                        RAISE check_violation USING MESSAGE = 'nothing is added to a record that was merged away';
                    END IF;
                    RETURN NEW;
                """,
)


class DatedFact(CoopModel):
    """Something true of a party from a day on. Rows are added and, when a person is erased, removed; never changed."""

    privileges = ("SELECT", "INSERT", "DELETE")

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="%(class)ss")
    valid_from = models.DateField()
    recorded_at = models.DateTimeField(default=clock.now)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    corrects = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="corrected_by")

    class Meta:
        abstract = True
        ordering = ["valid_from", "id"]
        triggers = [
            pgtrigger.Protect(name="never_changed", operation=pgtrigger.Update),
            OF_A_WHOLE_RECORD,
            GOES_WITH_THE_PERSON,
            NO_TRUNCATE,
        ]


class PartyName(DatedFact):
    """A person's names, or an organisation's firm with its register."""

    family_name = models.CharField(_("family name"), max_length=150, blank=True)
    given_names = models.CharField(_("forenames"), max_length=150, blank=True)
    firm = models.CharField(_("name of the organisation"), max_length=300, blank=True)
    register_court = models.CharField(_("register court"), max_length=150, blank=True)
    register_number = models.CharField(_("register number"), max_length=60, blank=True)

    class Meta(DatedFact.Meta):
        indexes = [models.Index(fields=["party", "valid_from"], name="partyname_in_force")]
        constraints = [
            models.CheckConstraint(condition=~Q(family_name="", given_names="", firm=""), name="partyname_says_a_name")
        ]

    def __str__(self) -> str:
        return self.full

    @property
    def full(self) -> str:
        """The name as it stands in the register."""
        return self.firm or " ".join(filter(None, (self.given_names, self.family_name)))

    @property
    def sortable(self) -> str:
        """The name as it is alphabetised."""
        return self.firm or ", ".join(filter(None, (self.family_name, self.given_names)))


class PartyAddress(DatedFact):
    """Where letters go."""

    street = models.CharField(_("street and number"), max_length=200, blank=True)
    postcode = models.CharField(_("postcode"), max_length=20, blank=True)
    place = models.CharField(_("place"), max_length=120, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)

    class Meta(DatedFact.Meta):
        indexes = [models.Index(fields=["party", "valid_from"], name="partyaddress_in_force")]

    def __str__(self) -> str:
        return self.one_line

    @property
    def lines(self) -> list[str]:
        town = " ".join(filter(None, (self.postcode, self.place)))
        return [line for line in (self.street, town, self.country) if line]

    @property
    def one_line(self) -> str:
        return ", ".join(self.lines)


class PartyContact(DatedFact):
    """An electronic address and what it may be used for."""

    class Kind(models.TextChoices):
        EMAIL = "email", _("E-mail")
        PHONE = "phone", _("Telephone")

    kind = models.CharField(max_length=5, choices=Kind.choices)
    value = models.CharField(max_length=254, blank=True)  # empty: there is none any more
    purposes = models.CharField(max_length=200, default="notices", blank=True)

    class Meta(DatedFact.Meta):
        indexes = [models.Index(fields=["party", "kind", "valid_from"], name="partycontact_in_force")]

    def __str__(self) -> str:
        return self.value


class Relationship(CoopModel):
    """One party stands for, looks after or follows another, from a day to a day, on some evidence."""

    privileges = ("SELECT", "INSERT", "UPDATE")

    class Kind(models.TextChoices):
        REPRESENTS = "represents", _("represents")
        GUARDIAN = "guardian", _("is guardian of")
        JOINT = "joint", _("holds jointly with")
        HEIR = "heir", _("is heir of")
        HEIRS_REPRESENTATIVE = "heirs_representative", _("represents the heirs of")

    kind = models.CharField(max_length=24, choices=Kind.choices)
    subject = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="relations")
    object = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="related")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    evidence = models.CharField(max_length=300, blank=True)
    recorded_at = models.DateTimeField(default=clock.now)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["starts_on", "id"]
        constraints = [
            models.CheckConstraint(condition=~Q(subject=models.F("object")), name="relationship_needs_two"),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=models.F("starts_on") - timedelta(days=1)),
                name="relationship_ends_after_start",
            ),
            models.UniqueConstraint(
                fields=["coop", "object", "kind"],
                condition=Q(ends_on__isnull=True, kind__in=["represents", "heirs_representative"]),
                name="relationship_one_representative",
            ),
        ]

        triggers = [
            pgtrigger.Trigger(
                name="ended_once",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func=f"""
                    IF (NEW.coop_id, NEW.kind, NEW.starts_on) IS DISTINCT FROM (OLD.coop_id, OLD.kind, OLD.starts_on)
                    OR OLD.ends_on IS NOT NULL AND NEW.ends_on IS DISTINCT FROM OLD.ends_on
                    OR NEW.subject_id <> OLD.subject_id AND NOT {moved_on_record("subject", "subject_id")}
                    OR NEW.object_id <> OLD.object_id AND NOT {moved_on_record("object", "object_id")} THEN
                        RAISE check_violation USING MESSAGE = 'who stands for whom is ended, never rewritten';
                    END IF;
                    RETURN NEW;
                """,  # noqa: S608 - no outside text
            ),
            pgtrigger.Trigger(
                name="one_at_a_time",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                condition=pgtrigger.Condition("NEW.kind IN ('represents', 'heirs_representative')"),
                func="""
                    IF EXISTS (
                        SELECT FROM members_relationship r
                         WHERE r.object_id = NEW.object_id AND r.kind = NEW.kind AND r.id IS DISTINCT FROM NEW.id
                           AND r.starts_on <= coalesce(NEW.ends_on, 'infinity')
                           AND coalesce(r.ends_on, 'infinity') >= NEW.starts_on
                    ) THEN
                        RAISE check_violation USING MESSAGE = 'one person at a time stands for another';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.get_kind_display()} {self.object}"

    @property
    def was_mistaken(self) -> bool:
        """Named by mistake: it ended before it began, so it counts on no day and stays to be read."""
        return self.ends_on is not None and self.ends_on < self.starts_on
