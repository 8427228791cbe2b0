"""Dues within the books' machine: by-laws, joining, leaving, letting off, charging, waiving.

What a month must come to is worked out here a second time, month by month over lists of first and last days, from
what the machine itself did: nothing of ``ledger.dues_terms`` or ``ledger.selectors.charging`` is asked for it.
"""

from __future__ import annotations

import calendar
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from ledger.models import DuesCharge, DuesRun, Period, Posting
from ledger.selectors.charging import propose
from ledger.selectors.claims import open_claims
from ledger.services.dues import ask_to_charge, charge_dues, let_off, set_dues, waive_dues
from members.services import create_bylaws
from members.services.leaving import give_notice
from tests.members.factories import make_class, make_member

FIRST = date(2022, 11, 1)
DAYS = st.integers(0, 1200).map(lambda n: FIRST + timedelta(days=n))
PICK = st.integers(0, 10_000)

Months = tuple[tuple[int, int], ...]  # (year, month)


@dataclass
class Said:
    """What a class pays from a day on, as the by-laws of the machine say it."""

    since: date
    every: int
    amount: int
    reduced: int | None
    joining: str
    leaving: str


@dataclass
class Due:
    """A charge in the machine's own book."""

    months: Months
    amount: int
    said: Said
    rate: int
    waived: int = 0


def first_day(month: tuple[int, int]) -> date:
    return date(*month, 1)


def last_day(month: tuple[int, int]) -> date:
    return date(*month, calendar.monthrange(*month)[1])


def group(every: int, day: date) -> Months:
    """The month, quarter or calendar year a day lies in, as its months."""
    return tuple((day.year, m) for m in range(1, 13) if (m - 1) // every == (day.month - 1) // every)


class Dues:
    """Rules and invariants for a machine that has ``coop``, ``actor``, ``members``, ``act`` and ``late``."""

    def begin_dues(self):
        self.joined, self.said, self.reliefs = [], [], defaultdict(list)
        self.book: dict[tuple[int, Months], Due] = {}  # by membership and months

    @property
    def everybody(self):
        return [*self.members, *self.joined]

    # --- what must come of a month -------------------------------------------------------------------------------

    def counted(self, said: Said, months: Months, member) -> int:
        """How many months of a period somebody pays for."""
        begins, ends, joined, left = first_day(months[0]), last_day(months[-1]), member.admitted_on, member.ends_on
        if joined > ends or (left and left < begins) or (joined > begins and said.joining == "next"):
            return 0
        after = [m for m in months if said.joining != "months" or last_day(m) >= joined]
        return len([m for m in after if said.leaving != "months" or not left or first_day(m) <= left])

    def rate(self, said: Said, months: Months, member) -> int:
        """What the whole period costs this member, by the newest decision that holds when it begins for them."""
        day = max(first_day(months[0]), member.admitted_on)
        holding = [each for each in self.reliefs[member.pk] if each[0] <= day and (each[1] is None or day <= each[1])]
        kind = max(holding, key=lambda each: (each[0], each[3]))[2] if holding else "full"
        return {"exempt": 0, "full": said.amount, "reduced": said.amount if said.reduced is None else said.reduced}[
            kind
        ]

    def expected(self, day: date) -> dict[tuple[int, Months], Due]:
        """Who is to be charged for the month of a day, and how much."""
        in_force = [each for each in self.said if each.since <= day.replace(day=1)]
        if not in_force:
            return {}
        months = group(max(in_force, key=lambda each: each.since).every, day)
        fits = [each for each in self.said if each.since <= first_day(months[0]) and each.every == len(months)]
        if not fits:
            return {}
        said, found = max(fits, key=lambda each: each.since), {}
        for member in self.everybody:
            charged = {m for (whose, span) in self.book if whose == member.pk for m in span}
            amount = (rate := self.rate(said, months, member)) * self.counted(said, months, member) // len(months)
            if member.active_on and amount and not charged & set(months):
                found[member.pk, months] = Due(months, amount, said, rate)
        return found

    def given_back(self) -> Counter:
        """What those who left within a period are to have back, by charge."""
        found: Counter = Counter()
        by_pk = {member.pk: member for member in self.everybody}
        for (whose, months), due in self.book.items():
            member = by_pk[whose]
            if due.said.leaving == "months" and member.ends_on and member.ends_on < last_day(months[-1]):
                owed = due.rate * self.counted(due.said, months, member) // len(months)
                found[whose, months] = max(0, due.amount - due.waived - owed)
        return +found

    # --- acts ----------------------------------------------------------------------------------------------------

    @precondition(lambda self: len(self.said) < 6)
    @rule(
        day=DAYS, every=st.sampled_from([1, 1, 3, 12]), amount=st.integers(0, 5000),
        less=st.one_of(st.none(), st.integers(0, 6000)), joining=st.sampled_from(["whole", "months", "next"]),
        leaving=st.sampled_from(["whole", "months"]),
    )  # fmt: skip
    def new_bylaws(self, day, every, amount, less, joining, leaving):
        """Rates change by dated by-laws, which may come into force before or after what was charged."""
        dues = {"every": every, "amount": amount, "reduced": less, "joining": joining, "leaving": leaving}

        def do():
            version = {"version": f"v{len(self.said)}", "title": "By-laws", "text": "§ 7 Dues."}
            bylaws = create_bylaws(actor=self.actor, adopted_on=day, effective_on=day, **version)
            set_dues(actor=self.actor, bylaws=bylaws, member_class=make_class(self.coop), **dues)

        taken = day in {each.since for each in self.said}
        assert self.act(do) == (not taken and (less is None or less <= amount))
        if not taken and (less is None or less <= amount):
            self.said.append(Said(day, every, amount, less, joining, leaving))

    @precondition(lambda self: len(self.joined) < 3)
    @rule(day=DAYS)
    def join(self, day):
        self.joined.append(make_member(self.coop, on=day))

    @precondition(lambda self: self.joined)
    @rule(pick=PICK, later=st.integers(-10, 400))
    def leave(self, pick, later):
        member = self.joined[pick % len(self.joined)]
        day = member.admitted_on + timedelta(days=later)
        self.act(lambda: give_notice(actor=self.actor, membership=member, received_on=day))
        member.refresh_from_db()

    @rule(
        pick=PICK, kind=st.sampled_from(["exempt", "reduced", "full"]), day=DAYS,
        days=st.one_of(st.none(), st.integers(-5, 700)),
    )  # fmt: skip
    def let_off_dues(self, pick, kind, day, days):
        member = self.everybody[pick % len(self.everybody)]
        until = None if days is None else day + timedelta(days=days)
        act = {"kind": kind, "ground": "hardship", "decision": "Board 3", "starts": day, "until": until}
        done = self.act(lambda: let_off(actor=self.actor, membership=member, **act))
        assert done == (until is None or until >= day)
        if done:
            self.reliefs[member.pk].append((day, until, kind, len(self.reliefs[member.pk])))

    @rule(day=DAYS, on=DAYS)
    def charge_a_month(self, day, on):
        for member in self.everybody:
            member.refresh_from_db()
        wanted, back = self.expected(day), self.given_back()

        def do():
            ask_to_charge(actor=self.actor, month=day, seen=propose(self.coop, day, on=on).hash, on=on)
            charge_dues(actor=self.actor, run_id=DuesRun.objects.get(coop=self.coop, state="draft").pk)

        if self.act(do):
            for key, amount in back.items():
                self.book[key].waived += amount
            self.book |= wanted
            run = DuesRun.objects.filter(coop=self.coop).latest("number")
            assert (run.count, run.total) == (len(wanted), sum(due.amount for due in wanted.values()))
            assert run.given_back == sum(back.values())
        else:
            shut = Period.objects.filter(coop=self.coop, closed_at__isnull=False, ends__gte=on).exists()
            assert shut or not (wanted or back)

    @precondition(lambda self: self.book)
    @rule(pick=PICK, amount=st.integers(-1, 5000), part=st.sampled_from([1, 2, 4]))
    def waive(self, pick, amount, part):
        (whose, months), due = list(self.book.items())[pick % len(self.book)]
        charge = DuesCharge.objects.get(membership=whose, starts=first_day(months[0]))
        amount = min(amount, due.amount // part)
        on = max(self.late(None), charge.entry.posted_on)
        act = {"charge": charge, "kind": "waived", "decision": "Board 4", "amount": amount, "on": on}
        done = self.act(lambda: waive_dues(actor=self.actor, **act))
        assert done in (0 < amount <= due.amount - due.waived, False)
        if done:
            due.waived += amount

    @rule(day=DAYS)
    def pay_what_is_owed(self, day):
        """Whoever owes most pays that and what an entry and shares may cost; the rest is kept."""
        owed = {pk: sum(part.amount for part in parts) for pk, parts in open_claims(self.coop).items()}
        if owed:
            member = next(each for each in self.everybody if each.pk == max(owed, key=owed.get))
            amount = max(owed.values()) + 50_000
            self.act(lambda: self.record(member, amount, day))

    # --- what always holds ---------------------------------------------------------------------------------------

    @invariant()
    def nobody_is_charged_twice_for_a_day_and_everybody_what_was_worked_out(self):
        if not hasattr(self, "outer"):
            return
        days, found = set(), {}
        for charge in DuesCharge.objects.filter(coop=self.coop).prefetch_related("waivers"):
            for n in range((charge.ends - charge.starts).days + 1):
                day = (charge.membership_id, charge.starts + timedelta(days=n))
                assert day not in days
                days.add(day)
            months = group((charge.ends.month - charge.starts.month) + 1, charge.starts)
            assert (charge.starts, charge.ends) == (first_day(months[0]), last_day(months[-1]))
            waived = sum(each.amount for each in charge.waivers.all())
            found[charge.membership_id, months] = (charge.amount, waived, charge.rate)
        assert found == {key: (due.amount, due.waived, due.rate) for key, due in self.book.items()}

    @invariant()
    def the_books_say_what_was_charged_and_is_owed(self):
        if not hasattr(self, "outer"):
            return
        income, held = 0, Counter()
        for line in Posting.objects.filter(coop=self.coop).select_related("account", "entry"):
            if line.account.purpose == "dues" and line.entry.kind.startswith("dues"):
                income -= line.amount
            if line.account.purpose in ("member_receivable", "member_credit"):
                held[line.account.membership_id, line.account.purpose] += line.amount
        assert income == sum(due.amount - due.waived for due in self.book.values())
        claims = open_claims(self.coop)
        for member in self.everybody:
            debt = held[member.pk, "member_receivable"]
            charged = sum(due.amount for (whose, _months), due in self.book.items() if whose == member.pk)
            assert 0 <= debt <= charged
            assert sum(part.amount for part in claims.get(member.pk, ())) == debt
