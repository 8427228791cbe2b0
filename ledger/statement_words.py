"""The sentences of a member's statement, said once for the page, the PDF and the letter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coop.kernel import money
from ledger.reports.surplus import Item
from ledger.selectors.statements import PoolArithmetic, Statement
from ledger.surplus_laws import law_of


@dataclass(frozen=True)
class Row:
    """One line of a table: its name, when or why, and an amount in minor units."""

    name: str
    note: str
    amount: int


class Words:
    """One statement in words. Amounts are the co-op's money, formatted."""

    def __init__(self, statement: Statement):
        self.statement, self.report = statement, statement.report
        self.currency = statement.coop.currency

    def said(self, amount: int) -> str:
        return money.format_minor(amount, self.currency)

    @property
    def title(self) -> str:
        return _("Statement %(year)s") % {"year": self.statement.plan.year.year}

    @property
    def over(self) -> str:
        ends = date_format(self.statement.plan.year.ends_on, "j F Y")
        return _("Member’s statement · year ended %(day)s") % {"day": ends}

    @property
    def headline(self) -> str:
        now, later, waits = self.report.paid_now, self.report.kept, self.statement.line.rolled_forward
        if self.report.allocated < 0:
            return _("Your part of the year’s loss is %(loss)s.") % {"loss": self.said(-self.report.allocated)}
        if now and later:
            return _("You get %(now)s now, and %(later)s more is yours later.") % {
                "now": self.said(now),
                "later": self.said(later),
            }
        if now:
            return _("You get %(now)s.") % {"now": self.said(now)}
        if later:
            return _("%(later)s is yours, and is paid out later.") % {"later": self.said(later)}
        if waits:
            return _("%(waits)s is yours, and waits for next year.") % {"waits": self.said(waits)}
        if self.statement.line.netted:
            return _("Your refund of %(netted)s is set against what you owe.") % {
                "netted": self.said(self.statement.line.netted)
            }
        return _("There is nothing for you this year.")

    @property
    def lead(self) -> str:
        who = _("For %(name)s, member %(number)s.") % {
            "name": self.statement.name,
            "number": self.statement.number_text,
        }
        resolution = self.statement.plan.resolution
        if resolution is None:
            return who
        day = date_format(resolution.decided_on, "j F Y")
        votes = self.statement.votes
        if votes:
            decided = _("The members decided this on %(day)s, by %(for)s to %(against)s.") % {
                "day": day,
                "for": votes[0],
                "against": votes[1],
            }
        else:
            decided = _("The members decided this on %(day)s.") % {"day": day}
        return f"{who} {decided}"

    def why(self, pool: PoolArithmetic) -> str:
        """The member's part of one pool in a sentence."""
        part = pool.why.part
        several = len(self.report.why) > 1
        facts = {
            "mine": pool.basis,
            "all": pool.total,
            "pool": self.said(part.pool),
            "share": self.said(part.share),
            "name": pool.name,
            "rate": self.said(pool.why.per_hundred),
            "hundred": self.said(100 * 10 ** money.exponent(self.currency)).partition(".")[0],
        }
        if pool.is_money and not several and pool.name == "purchases":
            return (
                _(
                    "Your purchases were %(mine)s of the %(all)s that all members bought. So your share of the %(pool)s"
                    " shared out is %(share)s: about %(rate)s for every %(hundred)s you spent."
                )
                % facts
            )
        if pool.is_money:
            return _(
                "%(name)s: yours were %(mine)s of all members’ %(all)s. So your share of the %(pool)s shared out is"
                " %(share)s: about %(rate)s on every %(hundred)s."
            ) % (facts | {"name": pool.name[:1].upper() + pool.name[1:]})
        return _(
            "%(name)s: yours were %(mine)s of all members’ %(all)s. So your share of the %(pool)s shared out is"
            " %(share)s."
        ) % (facts | {"name": pool.name[:1].upper() + pool.name[1:]})

    def mine_label(self, pool: PoolArithmetic) -> str:
        return _("what you bought") if pool.name == "purchases" else _("yours")

    def all_label(self, pool: PoolArithmetic) -> str:
        return _("what all members bought") if pool.name == "purchases" else _("all members’")

    def spoken(self, pool: PoolArithmetic) -> str:
        """The arithmetic as it is read aloud."""
        return _("%(mine)s divided by %(all)s, times %(pool)s, is %(share)s") % {
            "mine": pool.basis,
            "all": pool.total,
            "pool": self.said(pool.why.part.pool),
            "share": self.said(pool.why.part.share),
        }

    def rounding(self, pool: PoolArithmetic) -> str:
        whole = self.said(pool.why.part.pool)
        if pool.why.extra:
            how = _("Rounded down, with one of the cents left over, which go to those who lost most.")
        else:
            how = _("Every refund is rounded down first, and the cents left over go to those who lost most.")
        together = _("All refunds together make %(whole)s, to the cent.") % {"whole": whole}
        return f"{_('Exactly, it is %(exact)s.') % {'exact': pool.exact}} {how} {together}"

    @property
    def paid(self) -> list[Row]:
        """What the member gets now, line by line."""
        return [Row(self._paid_name(item), self.when, item.amount) for item in self.report.paid]

    def _paid_name(self, item: Item) -> str:
        if item.kind == "cash":
            percent = self.statement.plan.terms.get("settlement", {}).get("cash_percent", "100")
            return _("Refund") if percent == "100" else _("Refund in cash, %(percent)s %%") % {"percent": percent}
        if item.kind == "interest":
            return _("Interest on your shares, %(rate)s %% of %(held)s") % {
                "rate": self.statement.rate,
                "held": self.said(self.statement.line.holding),
            }
        return _("Refunds of earlier years that waited")

    @property
    def when(self) -> str:
        """By when, where a law sets the day and it has not gone by when the plan was posted."""
        due, posted = self.statement.payment_due, self.statement.plan.posted_at
        if due is None or not law_of(self.statement.coop).minimum_cash or posted is None or posted.date() > due:
            return ""
        return _("by %(day)s") % {"day": date_format(due, "j M Y")}

    @property
    def also(self) -> Iterator[str]:
        """What else became of the refund, in sentences."""
        line = self.statement.line
        if line.netted:
            yield _("%(netted)s of your refund is set against the %(debt)s you owe the co-op.") % {
                "netted": self.said(line.netted),
                "debt": self.said(line.debt),
            }
        if line.rolled_forward:
            limit = self.statement.plan.terms.get("settlement", {}).get("de_minimis", 0)
            yield _("The part in cash is under %(limit)s, so your whole refund of %(waits)s waits for next year.") % {
                "limit": self.said(limit),
                "waits": self.said(line.rolled_forward),
            }
        if line.qualified:
            yield _("%(kept)s is kept for you by a qualified written notice of allocation.") % {
                "kept": self.said(line.qualified)
            }

        yield from self._choice()

    @property
    def choose_until(self) -> str:
        """The last day on which the member may choose; empty where there is nothing to choose."""
        return date_format(self.statement.offer.closes_on) if self.statement.offer and self.statement.may_choose else ""

    def _choice(self) -> Iterator[str]:
        """What the member may still choose, or what was done of the choice."""
        done = self.statement.outcome
        if self.choose_until:
            yield _("Until %(day)s you can choose to give your refund in cash away, or to take shares for it.") % {
                "day": self.choose_until
            }
        if done is None:
            return
        if done.donated:
            yield _(
                "As you chose, %(gift)s of your refund went to the community fund. It counts as a refund you received."
            ) % {"gift": self.said(done.donated)}
        if done.shares:
            yield ngettext(
                "As you chose, you took one share for %(capital)s of your refund.",
                "As you chose, you took %(n)s shares for %(capital)s of your refund.",
                done.shares,
            ) % {"n": done.shares, "capital": self.said(done.capital)}
        if done.donated or done.shares:
            yield _("So %(cash)s of your refund is left to be paid in cash.") % {"cash": self.said(done.cash)}

    @property
    def owned(self) -> list[tuple[str, int, int, int]]:
        """What the member owns in the co-op: name, before, this year, now."""
        names = {
            "capital": _("Shares"),
            "kept": _("Kept refunds"),
            "waiting": _("Refunds that wait"),
        }
        return [(names[line.kind], line.before, line.change, line.now) for line in self.report.owned]

    @property
    def closing(self) -> str:
        return _("Wrong or unclear? Write to the treasurer. Statement %(reference)s, entry %(entry)s,") % {
            "reference": self.statement.reference,
            "entry": self.statement.plan.entry_id,
        }
