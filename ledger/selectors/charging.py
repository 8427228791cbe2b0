"""Dues to be charged: rules by class and date, who is let off, and what a run of a month would charge whom, and why."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256

import rfc8785
from django.db.models import F, QuerySet, Sum

from ledger import dues_terms
from ledger.models import DuesCharge, DuesRelief, DuesRule, DuesRun, DuesWaiver
from members.models import Membership

from .surplus import member_balances


def rules_of(coop) -> QuerySet[DuesRule]:
    """Every rule, the newest by-laws first."""
    return (
        DuesRule.objects.filter(coop=coop)
        .select_related("bylaws", "member_class", "coop")
        .order_by("-bylaws__effective_on", "member_class__position", "pk")
    )


def runs(coop) -> QuerySet[DuesRun]:
    """Every run, the newest first."""
    return DuesRun.objects.filter(coop=coop).select_related("coop", "asked_by")


def charges(run: DuesRun) -> QuerySet[DuesCharge]:
    """A run's charges by member number, with what was waived of each."""
    found = DuesCharge.objects.filter(coop=run.coop_id, run=run).select_related(
        "membership__party", "membership__coop", "rule__member_class", "relief"
    )
    return found.annotate(waived=Sum("waivers__amount", default=0)).order_by("membership__number", "pk")


def charges_to(membership) -> QuerySet[DuesCharge]:
    """Everything one member was charged, the newest first."""
    found = DuesCharge.objects.filter(membership=membership).select_related(
        "rule__member_class", "relief", "membership"
    )
    return found.annotate(waived=Sum("waivers__amount", default=0)).order_by("-starts", "-pk")


def reliefs_of(membership) -> QuerySet[DuesRelief]:
    """How one member was let off, the newest first."""
    return DuesRelief.objects.filter(membership=membership)


def open_in_all(coop) -> int:
    """What members still owe of dues and other charges, in minor units; credits of others do not make it less."""
    return sum(owed for owed in member_balances(coop, "member_receivable").values() if owed > 0)


@dataclass(frozen=True, slots=True)
class GivenBack:
    """What somebody who left within a period was charged too much. Minor units."""

    charge: DuesCharge
    amount: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a run of a month would do: charges that are not made yet, what is given back, and who is let off."""

    month: date
    lines: list[DuesCharge]
    back: list[GivenBack]
    exempt: list[tuple[Membership, DuesRelief]]

    @property
    def total(self) -> int:
        return sum(line.amount for line in self.lines)

    @property
    def total_back(self) -> int:
        return sum(each.amount for each in self.back)

    @property
    def is_empty(self) -> bool:
        return not (self.lines or self.back)

    @property
    def hash(self) -> str:
        """SHA-256 over everybody's number, period and amount: what somebody looked at and let go."""
        said = {
            "month": self.month.isoformat(),
            "lines": [f"{x.membership.number}|{x.starts}|{x.ends}|{x.amount}" for x in self.lines],
            "back": [f"{x.charge.pk}|{x.amount}" for x in self.back],
        }
        return sha256(rfc8785.dumps(said)).hexdigest()


class Reliefs:
    """Who is let off on a day: of all reliefs that hold then the newest."""

    def __init__(self, coop):
        self._by_member: dict[int, list[DuesRelief]] = defaultdict(list)
        for each in DuesRelief.objects.filter(coop=coop).order_by("-starts", "-pk"):
            self._by_member[each.membership_id].append(each)

    def of(self, membership: Membership, day: date) -> DuesRelief | None:
        return next((each for each in self._by_member.get(membership.pk, ()) if each.holds_on(day)), None)


def propose(coop, month: date, days: int | None = None, on: date | None = None) -> Proposal:
    """What is to be charged for the periods that hold the first day of ``month`` and were not charged yet.

    Everybody active or suspended is charged by the newest rule of their class that is in force on the period's first
    day. Five queries. ``on`` is the day it is booked; a charge is due that many days after it, or after the first day
    of its period where that is later.
    """
    month = month.replace(day=1)
    by_class: dict[int, list[DuesRule]] = defaultdict(list)
    for rule in rules_of(coop):
        by_class[rule.member_class_id].append(rule)
    year_from, year_to = dues_terms.span(12, month, coop.fiscal_year_end_month)
    done: dict[int, list[tuple[date, date]]] = defaultdict(list)
    standing = DuesCharge.objects.filter(coop=coop, ends__gte=year_from, starts__lte=year_to)
    for member, starts, ends in standing.values_list("membership_id", "starts", "ends"):
        done[member].append((starts, ends))
    reliefs, lines, exempt = Reliefs(coop), [], []
    members = Membership.objects.filter(coop=coop, member_class__in=by_class, active_on__isnull=False)
    for membership in members.select_related("party", "coop").order_by("number"):
        line, relief = _line(coop, month, membership, by_class[membership.member_class_id], reliefs)
        if relief is not None and line is None:
            exempt.append((membership, relief))
        if line is not None and not any(a <= line.ends and line.starts <= b for a, b in done.get(membership.pk, ())):
            line.due_on = max(on or line.starts, line.starts) + timedelta(days=line.rule.days_to_pay)
            lines.append(line)
    return Proposal(month, lines, _given_back(coop), exempt)


def _line(coop, month: date, membership: Membership, rules: list[DuesRule], reliefs: Reliefs):
    """A charge that is not made yet, or None; and the relief that made it less."""
    rule = next((each for each in rules if each.bylaws.effective_on <= month), None)
    if rule is None:
        return None, None
    starts, ends = dues_terms.span(rule.every, month, coop.fiscal_year_end_month)
    rule = next((each for each in rules if each.bylaws.effective_on <= starts and each.every == rule.every), None)
    if rule is None:
        return None, None
    relief = reliefs.of(membership, max(starts, membership.admitted_on))
    if relief is not None and relief.kind == DuesRelief.Kind.FULL:
        relief = None
    if relief is not None and relief.kind == DuesRelief.Kind.EXEMPT:
        return None, relief if membership.ends_on is None else None
    rate = rule.amount if relief is None or rule.reduced is None else rule.reduced
    found = dues_terms.share(
        rate=rate, starts=starts, ends=ends, joined=membership.admitted_on, left=membership.ends_on,
        joining=rule.joining, leaving=rule.leaving,
    )  # fmt: skip
    if found is None:
        return None, None
    line = DuesCharge(
        coop=coop, membership=membership, rule=rule, relief=relief, starts=starts, ends=ends, months=found.months,
        of_months=found.of_months, rate=found.rate, amount=found.amount, due_on=starts,
    )  # fmt: skip
    return line, None


def _given_back(coop) -> list[GivenBack]:
    """Charges of those who left within the period where the by-laws take only the months up to leaving."""
    left = DuesCharge.objects.filter(
        coop=coop, membership__ends_on__lt=F("ends"), rule__leaving=DuesRule.Leaving.MONTHS
    ).select_related("membership__party", "membership__coop", "rule__member_class", "relief")
    found = []
    for charge in left.annotate(waived=Sum("waivers__amount", default=0)).order_by("membership__number", "pk"):
        rule, membership = charge.rule, charge.membership
        owed = dues_terms.share(
            rate=charge.rate, starts=charge.starts, ends=charge.ends, joined=membership.admitted_on,
            left=membership.ends_on, joining=rule.joining, leaving=rule.leaving,
        )  # fmt: skip
        over = charge.amount - charge.waived - (owed.amount if owed else 0)
        if over > 0:
            found.append(GivenBack(charge, over))
    return found


def waivers_of(charge: DuesCharge) -> QuerySet[DuesWaiver]:
    """What was waived of one charge."""
    return DuesWaiver.objects.filter(charge=charge).select_related("actor", "entry")
