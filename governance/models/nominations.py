"""Nominations for a question with seats: the call, who is put forward, and who seconds them."""

from __future__ import annotations

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from coop.kernel.models import NO_TRUNCATE, AppendOnly, CoopModel, Office, User

from .ballots import Question
from .querysets import NominationQuerySet

# The call a nomination belongs to, held while that is changed, and its time: ``at`` is the moment said, and beside it
# goes the database's own clock wherever the end lay ahead when the call was set.
IN_TIME = """
    SELECT * INTO c FROM governance_nominationcall WHERE id = {call} FOR SHARE;
    IF c.settled_at IS NOT NULL OR {at} < c.opens_at OR {at} >= c.closes_at
       OR (c.closes_at > c.set_by_database AND clock_timestamp() >= c.closes_at) THEN
        RAISE check_violation USING MESSAGE = 'nominations are made while their call is open';
    END IF;
"""
ELIGIBLE = """
    PERFORM FROM members_membership m JOIN members_party p ON p.id = m.party_id
      WHERE m.id = NEW.nominee_id AND m.state = 'active'
        AND (c.classes = '{}' OR m.member_class_id = ANY (c.classes))
        AND (m.admitted_on + make_interval(months => c.member_for_months::int))::date <= c.as_of
        AND (c.minimum_age = 0 OR (p.born_on + make_interval(years => c.minimum_age::int))::date <= c.as_of);
    IF NOT FOUND THEN
        RAISE check_violation USING MESSAGE = 'only who may stand by the by-laws accepts a nomination';
    END IF;
    IF c.not_employed AND NOT NEW.declared THEN
        RAISE check_violation USING MESSAGE = 'who stands declares not to be employed by the co-op';
    END IF;
"""


PHOTO_BYTES = 200_000


class NominationCall(CoopModel):
    """From when to when members may be put forward for a question's seats, who may stand, and by whom seconded.

    ``as_of`` is the day on which length of membership and age are measured. Where ``classes`` is empty, every class
    may stand. The rule stands from the first nomination on; settling happens once, after the close.
    """

    class Order(models.TextChoices):
        LOT = "lot", _("By lot")
        ALPHABET = "alphabet", _("By the alphabet")

    question = models.OneToOneField(Question, on_delete=models.PROTECT, related_name="nomination_call")
    opens_days = models.PositiveSmallIntegerField(_("opens: days before"))
    closes_days = models.PositiveSmallIntegerField(_("closes: days before"))
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    as_of = models.DateField()
    seconders = models.PositiveSmallIntegerField(_("seconders"), default=0)
    classes = ArrayField(models.BigIntegerField(), default=list)
    member_for_months = models.PositiveSmallIntegerField(_("months of membership"), default=0)
    minimum_age = models.PositiveSmallIntegerField(_("minimum age"), default=0)
    not_employed = models.BooleanField(_("nobody employed by the co-op may stand"), default=False)
    order = models.CharField(_("order on the paper"), max_length=8, choices=Order.choices, default=Order.LOT)
    # What the seats make of who is elected; what that office asks for beforehand is asked of who stands already.
    office = models.CharField(
        _("office"), max_length=20, choices=Office.Role.choices, blank=True, default="", db_default=""
    )
    cite = models.CharField(_("where it is written"), max_length=120, blank=True)
    set_by_database = models.DateTimeField(null=True, editable=False)
    settled_at = models.DateTimeField(null=True, editable=False)
    settled_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", editable=False)
    lot_seed = models.CharField(max_length=32, blank=True, editable=False)

    class Meta:
        ordering = ["closes_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(closes_at__gt=F("opens_at")), name="call_closes_after_it_opens"),
            models.CheckConstraint(condition=Q(opens_days__gt=F("closes_days")), name="call_days_in_order"),
            models.CheckConstraint(condition=Q(seconders__lte=50), name="call_seconders_are_few"),
            models.CheckConstraint(
                condition=Q(settled_at__isnull=True, lot_seed="")
                | Q(settled_at__isnull=False, order="alphabet", lot_seed="")
                | Q(settled_at__isnull=False, order="lot", lot_seed__regex=r"^[0-9a-f]{32}$"),
                name="call_settled_with_its_lot",
            ),
        ]
        triggers = [
            NO_TRUNCATE,
            pgtrigger.Trigger(
                name="stands",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func="""
                    IF TG_OP = 'DELETE' THEN
                        IF EXISTS (SELECT FROM governance_nomination n WHERE n.call_id = OLD.id) THEN
                            RAISE check_violation USING MESSAGE = 'a call somebody was put forward in is not deleted';
                        END IF;
                        RETURN OLD;
                    END IF;
                    PERFORM FROM governance_question q JOIN governance_ballot b ON b.id = q.ballot_id
                      WHERE q.id = NEW.question_id AND q.method <> 'motion' AND b.state = 'draft' FOR SHARE OF b;
                    IF NOT FOUND THEN
                        RAISE check_violation USING MESSAGE = 'nominations are for seats, and before the release';
                    END IF;
                    IF TG_OP = 'INSERT' THEN
                        IF NEW.settled_at IS NOT NULL THEN
                            RAISE check_violation USING MESSAGE = 'a call for nominations is settled after its close';
                        END IF;
                        NEW.set_by_database := clock_timestamp();
                        RETURN NEW;
                    END IF;
                    IF OLD.settled_at IS NOT NULL THEN
                        RAISE check_violation USING MESSAGE = 'nominations are settled once';
                    END IF;
                    IF NEW.settled_at IS NOT NULL THEN
                        IF NEW.settled_at < NEW.closes_at THEN
                            RAISE check_violation USING MESSAGE = 'a call for nominations is settled after its close';
                        END IF;
                        IF to_jsonb(NEW) - 'settled_at' - 'settled_by_id' - 'lot_seed'
                           <> to_jsonb(OLD) - 'settled_at' - 'settled_by_id' - 'lot_seed' THEN
                            RAISE check_violation USING MESSAGE = 'settling nominations changes no rule';
                        END IF;
                        RETURN NEW;
                    END IF;
                    IF NEW.coop_id <> OLD.coop_id OR NEW.question_id <> OLD.question_id
                       OR EXISTS (SELECT FROM governance_nomination n WHERE n.call_id = OLD.id) THEN
                        RAISE check_violation USING MESSAGE = 'the rule of nominations stands once one was made';
                    END IF;
                    NEW.set_by_database := clock_timestamp();
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.question_id}: {self.opens_at:%Y-%m-%d} – {self.closes_at:%Y-%m-%d}"

    def phase(self, now) -> str:
        """``announced``, ``open``, ``closed`` (to be settled), ``settled``. Goes by the clock."""
        if self.settled_at is not None:
            return "settled"
        if now < self.opens_at:
            return "announced"
        return "open" if now < self.closes_at else "closed"


class Nomination(CoopModel):
    """A member is put forward, accepts or declines, says who they are, and may step back until the release.

    ``place`` is where they stand on the paper, from 0, once the call is settled.
    """

    privileges = ("SELECT", "INSERT", "UPDATE")

    class Ended(models.TextChoices):
        DECLINED = "declined", _("declined")
        WITHDRAWN = "withdrawn", _("withdrawn")
        REFUSED = "refused", _("struck out by the returning officer")

    call = models.ForeignKey(NominationCall, on_delete=models.PROTECT, related_name="nominations")
    nominee = models.ForeignKey("members.Membership", on_delete=models.PROTECT, related_name="+")
    proposer = models.ForeignKey("members.Membership", on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    proposed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    accepted_at = models.DateTimeField(null=True)
    declared = models.BooleanField(default=False)
    said_at = models.DateTimeField(null=True)  # when they accepted, or last changed their words
    sentence = models.CharField(max_length=400, blank=True)
    statement = models.TextField(max_length=4000, blank=True)
    photo = models.BinaryField(null=True)
    photo_alt = models.CharField(max_length=200, blank=True)
    place = models.PositiveSmallIntegerField(null=True, editable=False)
    ended_at = models.DateTimeField(null=True)
    ended = models.CharField(max_length=10, choices=Ended.choices, blank=True)
    ended_because = models.CharField(max_length=300, blank=True)
    ended_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects = NominationQuerySet.as_manager()
    seconded: int  # how many have; with ``with_people()``
    has_photo: bool

    class Meta:
        ordering = ["place", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["call", "nominee"], condition=Q(ended_at__isnull=True), name="nomination_one_a_nominee"
            ),
            models.UniqueConstraint(fields=["call", "place"], name="nomination_one_a_place"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended="") | Q(ended_at__isnull=False) & ~Q(ended=""),
                name="nomination_ends_in_some_way",
            ),
            models.CheckConstraint(
                condition=~Q(ended="refused") | ~Q(ended_because=""), name="nomination_struck_out_says_why"
            ),
            models.CheckConstraint(
                condition=Q(photo__isnull=True) | ~Q(photo_alt=""), name="nomination_photo_has_words"
            ),
        ]
        triggers = [
            NO_TRUNCATE,
            pgtrigger.Trigger(
                name="by_the_call",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                declare=[("c", "governance_nominationcall%ROWTYPE"), ("draft", "boolean")],
                func=f"""
                    IF TG_OP = 'DELETE' THEN
                        RAISE check_violation USING MESSAGE = 'a nomination is ended, not deleted';
                    END IF;
                    IF octet_length(NEW.photo) > {PHOTO_BYTES} THEN
                        RAISE check_violation USING MESSAGE = 'a photo is small';
                    END IF;
                    IF TG_OP = 'INSERT' THEN
                        IF NEW.accepted_at IS NOT NULL OR NEW.ended_at IS NOT NULL OR NEW.place IS NOT NULL THEN
                            RAISE check_violation USING MESSAGE = 'a nomination begins as made, and is accepted after';
                        END IF;
                        {IN_TIME.format(call="NEW.call_id", at="NEW.proposed_at")}
                        RETURN NEW;
                    END IF;
                    IF current_user <> session_user THEN  -- governance_forget empties what an erased person said
                        IF to_jsonb(NEW) - '{{sentence,statement,photo,photo_alt}}'::text[]
                           = to_jsonb(OLD) - '{{sentence,statement,photo,photo_alt}}'::text[]
                           AND NEW.sentence = '' AND NEW.statement = '' AND NEW.photo IS NULL THEN
                            RETURN NEW;
                        END IF;
                    END IF;
                    IF (NEW.coop_id, NEW.call_id, NEW.nominee_id, NEW.proposer_id, NEW.proposed_at, NEW.proposed_by_id)
                       IS DISTINCT FROM
                       (OLD.coop_id, OLD.call_id, OLD.nominee_id, OLD.proposer_id, OLD.proposed_at, OLD.proposed_by_id)
                       OR OLD.ended_at IS NOT NULL
                       OR (OLD.accepted_at IS NOT NULL
                           AND (NEW.accepted_at, NEW.declared) IS DISTINCT FROM (OLD.accepted_at, OLD.declared))
                       OR (OLD.place IS NOT NULL AND NEW.place IS DISTINCT FROM OLD.place) THEN
                        RAISE check_violation
                              USING MESSAGE = 'a nomination is accepted once, placed once and ended once, no more';
                    END IF;
                    SELECT b.state = 'draft' INTO draft FROM governance_nominationcall k
                      JOIN governance_question q ON q.id = k.question_id
                      JOIN governance_ballot b ON b.id = q.ballot_id WHERE k.id = NEW.call_id FOR SHARE OF b;
                    IF NOT draft THEN
                        RAISE check_violation USING MESSAGE = 'who stands is settled when the ballot is released';
                    END IF;
                    IF (NEW.accepted_at, NEW.sentence, NEW.statement, NEW.photo, NEW.photo_alt) IS DISTINCT FROM
                       (OLD.accepted_at, OLD.sentence, OLD.statement, OLD.photo, OLD.photo_alt) THEN
                        IF NEW.accepted_at IS NULL OR NEW.said_at IS NULL THEN
                            RAISE check_violation USING MESSAGE = 'who accepts a nomination speaks, nobody else';
                        END IF;
                        {IN_TIME.format(call="NEW.call_id", at="NEW.said_at")}
                        {ELIGIBLE}
                    END IF;
                    IF NEW.place IS DISTINCT FROM OLD.place THEN
                        PERFORM FROM governance_nominationcall k WHERE k.id = NEW.call_id AND k.settled_at IS NOT NULL
                           AND NEW.accepted_at IS NOT NULL AND NEW.ended_at IS NULL
                           AND k.seconders <= (SELECT count(*) FROM governance_second s WHERE s.nomination_id = NEW.id);
                        IF NOT FOUND THEN
                            RAISE check_violation
                                  USING MESSAGE = 'only who accepted and was seconded stands on the paper';
                        END IF;
                    END IF;
                    RETURN NEW;
                """,  # noqa: S608 - no outside text
            ),
        ]

    def __str__(self) -> str:
        return f"{self.call_id}: {self.nominee_id}"

    @property
    def open(self) -> bool:
        return self.ended_at is None


class Second(CoopModel, AppendOnly):
    """A member confirms, by themselves, that they want a nominee to stand."""

    nomination = models.ForeignKey(Nomination, on_delete=models.PROTECT, related_name="seconds")
    membership = models.ForeignKey("members.Membership", on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta(AppendOnly.Meta):
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["nomination", "membership"], name="second_once_a_member"),
        ]
        triggers = [
            *AppendOnly.Meta.triggers,
            pgtrigger.Trigger(
                name="in_time",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("c", "governance_nominationcall%ROWTYPE"), ("n", "governance_nomination%ROWTYPE")],
                func=f"""
                    SELECT * INTO n FROM governance_nomination WHERE id = NEW.nomination_id FOR SHARE;
                    IF n.ended_at IS NOT NULL OR NEW.membership_id IN (n.nominee_id, n.proposer_id) THEN
                        RAISE check_violation USING MESSAGE = 'somebody else seconds a nomination that stands';
                    END IF;
                    PERFORM FROM members_membership m WHERE m.id = NEW.membership_id AND m.state = 'active';
                    IF NOT FOUND THEN
                        RAISE check_violation USING MESSAGE = 'a member in good standing seconds';
                    END IF;
                    {IN_TIME.format(call="n.call_id", at="NEW.confirmed_at")}
                    RETURN NEW;
                """,  # noqa: S608 - no outside text
            ),
        ]

    def __str__(self) -> str:
        return f"{self.nomination_id}: {self.membership_id}"
