"""What members make of their refunds in cash, where the by-laws let them: give to the community fund, take shares.

    open → carried out
      └──→ withdrawn

An offer belongs to a posted plan and ends on a day. Until then a member chooses as often as they like and the newest
choice counts; whoever says nothing is paid in cash. After that day one entry carries all choices out, with a row that
says for each member what was done, and the pay-out pays the rest.
"""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from coop.kernel import clock
from coop.kernel.models import NO_TRUNCATE, AppendOnly, CoopModel
from members.models import Membership

from .guards import only_into, row
from .journal import Account, Entry
from .shares import ShareClass
from .surplus import SurplusPlan

FROZEN = "coop_id plan_id bylaws goes_to_id share_class_id opens_on closes_on opened_at opened_by_id".split()


class RefundOffer(CoopModel):
    """Members of one posted plan may choose until ``closes_on``. ``goes_to``: where gifts go, none where they are not
    allowed; ``share_class``: what may be taken, none where shares may not. Money in minor units."""

    privileges = ("SELECT", "INSERT", "UPDATE")

    class State(models.TextChoices):
        OPEN = "open", _("Members choose")
        CARRIED = "carried", _("Carried out")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    plan = models.ForeignKey(SurplusPlan, on_delete=models.PROTECT, related_name="offers")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    bylaws = models.CharField(_("allowed by"), max_length=120)
    goes_to = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    share_class = models.ForeignKey(ShareClass, null=True, on_delete=models.PROTECT, related_name="+")
    opens_on = models.DateField()
    closes_on = models.DateField(_("members choose until"))
    opened_at = models.DateTimeField(default=clock.now)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    donated = models.BigIntegerField(default=0)
    capital = models.BigIntegerField(default=0)
    entry = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="refund_offer")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    because = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["plan"], condition=~Q(state="withdrawn"), name="refundoffer_one_a_plan"),
            models.CheckConstraint(
                condition=Q(goes_to__isnull=False) | Q(share_class__isnull=False), name="refundoffer_of_something"
            ),
            models.CheckConstraint(
                condition=Q(closes_on__gte=F("opens_on")) & ~Q(bylaws=""), name="refundoffer_has_its_days_and_its_law"
            ),
            models.CheckConstraint(
                condition=Q(state="open", ended_at__isnull=True)
                | Q(state="carried", ended_at__isnull=False)
                | Q(state="withdrawn", ended_at__isnull=False, entry__isnull=True) & ~Q(because=""),
                name="refundoffer_state_is_known",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="life",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                declare=[("bad", "record")],
                func=f"""
                    IF TG_OP = 'INSERT' THEN
                        PERFORM FROM ledger_surplusplan p WHERE p.id = NEW.plan_id AND p.state = 'posted' FOR SHARE;
                        IF NEW.state <> 'open' OR NOT FOUND OR NEW.goes_to_id IS NOT NULL AND NOT EXISTS
                           (SELECT FROM ledger_account a WHERE a.id = NEW.goes_to_id AND a.membership_id IS NULL
                               AND a.purpose = 'community_fund') THEN
                            RAISE check_violation USING MESSAGE = 'a choice is opened on a posted plan, for its fund';
                        END IF;
                        RETURN NEW;
                    END IF;
                    IF OLD.state <> 'open' OR NEW.id <> OLD.id
                       OR {row("NEW", FROZEN)} IS DISTINCT FROM {row("OLD", FROZEN)} THEN
                        RAISE check_violation USING MESSAGE = 'what members were offered is not changed';
                    END IF;
                    IF NEW.state <> 'carried' THEN
                        RETURN NEW;
                    END IF;
                    PERFORM FROM ledger_surplusplan p WHERE p.id = NEW.plan_id AND p.state = 'posted' FOR SHARE;
                    IF NOT FOUND THEN
                        RAISE check_violation USING MESSAGE = 'only the choices of a posted plan are carried out';
                    END IF;
                    SELECT o.membership_id AS done, c.membership_id AS wished INTO bad
                      FROM (SELECT * FROM ledger_refundoutcome WHERE offer_id = NEW.id) o
                      FULL JOIN (SELECT * FROM (SELECT DISTINCT ON (membership_id) membership_id, donated, shares
                                   FROM ledger_refundchoice WHERE offer_id = NEW.id ORDER BY membership_id, id DESC) x
                                  WHERE donated > 0 OR shares > 0) c ON c.membership_id = o.membership_id
                      LEFT JOIN ledger_shareclass s ON s.id = NEW.share_class_id
                     WHERE o.id IS NULL OR c.membership_id IS NULL OR o.donated > c.donated OR o.shares > c.shares
                        OR o.capital <> o.shares * coalesce(s.par, 0) LIMIT 1;
                    IF FOUND THEN
                        RAISE check_violation USING MESSAGE = 'what is carried out is not what the members chose';
                    END IF;
                    IF ARRAY[NEW.donated, NEW.capital]::bigint[] IS DISTINCT FROM
                       (SELECT ARRAY[coalesce(sum(donated), 0), coalesce(sum(capital), 0)]::bigint[]
                          FROM ledger_refundoutcome WHERE offer_id = NEW.id)
                       OR (NEW.entry_id IS NULL) <> (NEW.donated + NEW.capital = 0) THEN
                        RAISE check_violation USING MESSAGE = 'the choices and their sums disagree';
                    END IF;
                    IF NEW.entry_id IS NOT NULL THEN
                        PERFORM FROM ledger_entry e WHERE e.id = NEW.entry_id AND e.coop_id = NEW.coop_id
                            AND e.key = 'choices:' || NEW.id AND e.posted_on > NEW.closes_on;
                        IF NOT FOUND THEN
                            RAISE check_violation
                                USING MESSAGE = 'choices are carried out by their own entry, after the last day';
                        END IF;
                        SELECT account, membership_id INTO bad FROM (
                            SELECT a.purpose AS account, a.membership_id, p.amount FROM ledger_entry e
                              JOIN ledger_posting p ON p.batch = e.batch AND p.entry_id = e.id
                              JOIN ledger_account a ON a.id = p.account_id WHERE e.id = NEW.entry_id
                            UNION ALL
                            SELECT v.account, v.membership_id, -v.amount FROM ledger_refundoutcome o, LATERAL (VALUES
                                   ('patronage_payable', o.membership_id, o.donated + o.capital),
                                   ('share_capital', o.membership_id, -o.capital),
                                   ('community_fund', NULL, -o.donated)) v(account, membership_id, amount)
                             WHERE o.offer_id = NEW.id
                        ) x GROUP BY account, membership_id HAVING sum(amount) <> 0 LIMIT 1;
                        IF FOUND THEN
                            RAISE check_violation USING MESSAGE = 'the choices and their entry disagree';
                        END IF;
                    END IF;
                    RETURN NEW;
                """,  # noqa: S608 - no outside text
            ),
            pgtrigger.Protect(name="never_removed", operation=pgtrigger.Delete),
            NO_TRUNCATE,
        ]

    def __str__(self) -> str:
        return str(_("Choices for %(plan)s") % {"plan": self.plan})

    @property
    def posting_key(self) -> str:
        """The journal carries these choices out once under this key, whatever asks twice."""
        return f"choices:{self.pk}"


class RefundChoice(CoopModel, AppendOnly):
    """A member's choice: so much to the fund, so many shares, the rest in cash. The newest row counts."""

    offer = models.ForeignKey(RefundOffer, on_delete=models.PROTECT, related_name="choices")
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    donated = models.BigIntegerField(default=0)
    shares = models.IntegerField(default=0)
    chosen_on = models.DateField()
    recorded_at = models.DateTimeField(default=clock.now)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta(AppendOnly.Meta):
        ordering = ["-id"]
        indexes = [models.Index(fields=["offer", "membership", "-id"], name="refundchoice_newest")]
        constraints = [
            models.CheckConstraint(condition=Q(donated__gte=0, shares__gte=0), name="refundchoice_not_negative")
        ]
        triggers = [
            *AppendOnly.Meta.triggers,
            pgtrigger.Trigger(
                name="of_an_open_offer",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("offered", "record"), ("line", "record")],
                func="""
                    SELECT o.*, coalesce(s.par, 0) AS par, p.state AS plan_state INTO offered
                      FROM ledger_refundoffer o JOIN ledger_surplusplan p ON p.id = o.plan_id
                      LEFT JOIN ledger_shareclass s ON s.id = o.share_class_id
                     WHERE o.id = NEW.offer_id AND o.coop_id = NEW.coop_id FOR SHARE OF o;
                    IF NOT FOUND OR offered.state <> 'open' OR offered.plan_state <> 'posted'
                       OR NEW.chosen_on NOT BETWEEN offered.opens_on AND offered.closes_on THEN
                        RAISE check_violation USING MESSAGE = 'members choose while they are asked';
                    END IF;
                    SELECT l.cash, CASE WHEN l.cash + l.netted > 0 THEN l.carried ELSE 0 END AS released INTO line
                      FROM ledger_planline l
                     WHERE l.plan_id = offered.plan_id AND l.membership_id = NEW.membership_id;
                    IF NOT FOUND OR NEW.donated > 0 AND offered.goes_to_id IS NULL
                       OR NEW.shares > 0 AND offered.share_class_id IS NULL
                       OR NEW.donated + NEW.shares::bigint * offered.par > line.cash + line.released THEN
                        RAISE check_violation USING MESSAGE = 'members choose about their own refund in cash';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.offer_id} {self.membership_id}: {self.donated} and {self.shares} shares"


class RefundOutcome(CoopModel, AppendOnly):
    """What was done of one member's choice. ``less`` says why it was less than they chose."""

    class Less(models.TextChoices):
        DIED = "died", _("has died; it belongs to the estate")
        ERASED = "erased", _("was erased from the register")
        LEFT = "left", _("leaves, and takes no more shares")
        DEBT = "debt", _("owes the co-op, and that comes first")
        MOST = "most", _("holds as many shares as the by-laws allow")
        GONE = "gone", _("less of the refund was still owed")

    offer = models.ForeignKey(RefundOffer, on_delete=models.PROTECT, related_name="outcomes")
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveBigIntegerField()
    donated = models.BigIntegerField(default=0)
    shares = models.IntegerField(default=0)
    capital = models.BigIntegerField(default=0)
    cash = models.BigIntegerField(default=0)  # of this plan's refund, left for the pay-out
    less = models.CharField(max_length=6, choices=Less.choices, blank=True)

    class Meta(AppendOnly.Meta):
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["offer", "membership"], name="refundoutcome_one_a_member"),
            models.CheckConstraint(
                condition=Q(donated__gte=0, shares__gte=0, capital__gte=0, cash__gte=0),
                name="refundoutcome_not_negative",
            ),
        ]
        triggers = [
            *AppendOnly.Meta.triggers,
            only_into("of_an_open_offer", "open", "ledger_refundoffer o", "offer_id", "choices are carried out once"),
        ]

    def __str__(self) -> str:
        return f"{self.number:04d}: {self.donated} given, {self.shares} shares"
