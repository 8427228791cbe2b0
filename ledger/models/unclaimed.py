"""Money owed to members that nobody claims: lists, letters, where it went, and how it comes back.

    listed → booked
      └──→ cancelled

A list names who has been owed what, and since when. After the letters and the days they give, what is still there
leaves the members' accounts in one entry; whoever turns up later gets theirs back by an entry of its own, once.
"""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coop.kernel import clock
from coop.kernel.models import NO_TRUNCATE, AppendOnly, CoopModel
from members.models import Membership

from .guards import only_where_found, row
from .journal import Account, Entry

FROZEN = "coop_id number rule older_than goes_to_id count total drawn_at drawn_by_id".split()


class UnclaimedList(CoopModel):
    """Everybody owed something since before a day. Money in minor units of the co-op's currency."""

    privileges = ("SELECT", "INSERT", "UPDATE")

    class State(models.TextChoices):
        LISTED = "listed", _("Listed")
        BOOKED = "booked", _("Booked")
        CANCELLED = "cancelled", _("Thrown away")

    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.LISTED)
    rule = models.JSONField()  # ledger.unclaimed_laws.UnclaimedLaw.rule, as it was applied
    older_than = models.DateField()
    goes_to = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    count = models.PositiveIntegerField()
    total = models.BigIntegerField()
    drawn_at = models.DateTimeField(default=clock.now)
    drawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    letters_on = models.DateField(null=True)
    book_from = models.DateField(null=True)
    entry = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="unclaimed_list")
    booked_count = models.PositiveIntegerField(default=0)
    booked_total = models.BigIntegerField(default=0)
    booked_at = models.DateTimeField(null=True)
    booked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    because = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["coop", "number"], name="unclaimedlist_number_once"),
            models.UniqueConstraint(fields=["coop"], condition=Q(state="listed"), name="unclaimedlist_one_at_a_time"),
            models.CheckConstraint(
                condition=~Q(state="booked") | Q(entry__isnull=False, booked_at__isnull=False),
                name="unclaimedlist_booked_with_its_entry",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="life",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func=f"""
                    IF TG_OP = 'INSERT' THEN
                        IF NEW.state <> 'listed' OR NEW.letters_on IS NOT NULL OR NEW.entry_id IS NOT NULL THEN
                            RAISE check_violation USING MESSAGE = 'a list of unclaimed money begins without letters';
                        END IF;
                        RETURN NEW;
                    END IF;
                    IF OLD.state <> 'listed' OR {row("NEW", FROZEN)} IS DISTINCT FROM {row("OLD", FROZEN)}
                       OR OLD.letters_on IS NOT NULL AND (NEW.letters_on, NEW.book_from) IS DISTINCT FROM
                                                         (OLD.letters_on, OLD.book_from) THEN
                        RAISE check_violation USING MESSAGE = 'a list of unclaimed money is not changed';
                    END IF;
                    IF NEW.state = 'booked' THEN
                        PERFORM FROM ledger_entry e JOIN ledger_posting p ON p.batch = e.batch AND p.entry_id = e.id
                          WHERE e.id = NEW.entry_id AND e.coop_id = NEW.coop_id AND e.key = 'unclaimed:' || NEW.id
                            AND e.posted_on >= NEW.book_from AND p.account_id = NEW.goes_to_id
                            AND -p.amount = NEW.booked_total;
                        IF NOT FOUND THEN
                            RAISE check_violation
                                USING MESSAGE = 'unclaimed money is booked by its own entry, after the letters'' days';
                        END IF;
                    END IF;
                    RETURN NEW;
                """,  # noqa: S608 - no outside text
            ),
            pgtrigger.Trigger(
                name="two_people",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                declare=[("summed", "bigint[]")],
                func="""
                    IF NEW.state <> 'booked' THEN
                        RETURN NEW;
                    ELSIF NEW.booked_by_id IS NULL OR NEW.booked_by_id IS NOT DISTINCT FROM NEW.drawn_by_id THEN
                        RAISE check_violation USING MESSAGE = 'who drew a list up does not book it';
                    END IF;
                    SELECT ARRAY[count(*), coalesce(sum(l.refund + l.interest), 0)]::bigint[] INTO summed
                      FROM ledger_unclaimedline l WHERE l.unclaimed_id = NEW.id;
                    IF summed IS DISTINCT FROM ARRAY[NEW.count, NEW.total]::bigint[] THEN
                        RAISE check_violation USING MESSAGE = 'a list of unclaimed money and its lines disagree';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Protect(name="never_removed", operation=pgtrigger.Delete),
            NO_TRUNCATE,
        ]

    @property
    def prepared_by_id(self) -> int | None:
        """Who may not be the second person, as a pay-out calls them."""
        return self.drawn_by_id

    def __str__(self) -> str:
        return str(_("List %(number)s of unclaimed money") % {"number": self.number})


class UnclaimedLine(CoopModel, AppendOnly):
    """One member on a list. ``since``: all of it has been owed since that day or longer."""

    unclaimed = models.ForeignKey(UnclaimedList, on_delete=models.PROTECT, related_name="lines")
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveBigIntegerField()
    refund = models.BigIntegerField(default=0)
    interest = models.BigIntegerField(default=0)
    since = models.DateField()

    class Meta(AppendOnly.Meta):
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["unclaimed", "membership"], name="unclaimedline_one_a_member"),
            models.CheckConstraint(
                condition=Q(refund__gte=0, interest__gte=0) & (Q(refund__gt=0) | Q(interest__gt=0)),
                name="unclaimedline_of_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number:04d}: {self.total}"

    @property
    def total(self) -> int:
        return self.refund + self.interest


class UnclaimedReturn(CoopModel, AppendOnly):
    """Somebody turned up after the booking: what left their account is on it again. Once."""

    line = models.OneToOneField(UnclaimedLine, on_delete=models.PROTECT, related_name="returned")
    because = models.CharField(_("why"), max_length=300)
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="unclaimed_return")
    recorded_at = models.DateTimeField(default=clock.now)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta(AppendOnly.Meta):
        ordering = ["-id"]
        triggers = [
            *AppendOnly.Meta.triggers,
            only_where_found(
                "of_what_was_booked",
                """ledger_unclaimedline l JOIN ledger_unclaimedlist u ON u.id = l.unclaimed_id
                      JOIN ledger_entry b ON b.id = u.entry_id
                      JOIN ledger_posting p ON p.batch = b.batch AND p.entry_id = b.id
                      JOIN ledger_account a ON a.id = p.account_id AND a.membership_id = l.membership_id
                      JOIN ledger_entry e ON e.id = NEW.entry_id AND e.coop_id = NEW.coop_id
                     WHERE l.id = NEW.line_id AND l.coop_id = NEW.coop_id AND e.key = 'unclaimed-back:' || l.id""",
                "only what was booked as unclaimed is given back",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line_id} {self.recorded_at:%Y-%m-%d}"
