"""The demo's money: shares paid, a year's trade, purchases from a CSV file, two plans, one posted."""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import Sum
from schwifty import IBAN

from coop.kernel import clock
from coop.kernel.money import decimal_text
from coop.kernel.tenancy import Actor
from governance.models import Resolution
from ledger.models import Account, Posting, SurplusPlan, Way
from ledger.selectors.choices import limits
from ledger.services import allocation_notices, choices, distribution, patronage, payout_posting, payouts, surplus
from ledger.services.accounts import account
from ledger.services.payout_details import record_details
from ledger.services.posting import Line, post_entry
from ledger.services.shares import default_class, record_payment
from members.models import Membership

from .people import LATE, MEMBERS, Person
from .times import at

PAR, FEE = 50_00, 10_00
BANK = "37040044"
OTHERS = 18_420_00  # sales to people who are not members
COSTS = (("5000", "Goods sold, at cost", 5600), ("6000", "Wages", 2150), ("6200", "Rent and energy", 620))  # of 10,000


def pay_for_shares(treasurer: Actor, membership: Membership, person: Person, day: date) -> None:
    """What the person paid on joining: the fee, and their part of the shares."""
    fee = 0 if person.given == "Ivo" else FEE
    record_payment(
        actor=treasurer,
        membership=membership,
        amount=fee + person.shares * PAR * person.paid // 100,
        on=day,
        reference=f"Shares {membership.number}",
        key=f"demo-shares-{membership.number}",
    )


def year(officers: dict[str, Actor], members: dict[str, Membership], year_end: date) -> None:
    """Twelve months of trade, and who bought how much of it."""
    treasurer = officers["treasurer"]
    coop = treasurer.coop
    people = [person for person in (*MEMBERS, *LATE) if person.spent]
    bought = sum(person.spent for person in people)
    sums = [bought // 12] * 11
    sums.append(bought - sum(sums))
    for number, sales in enumerate(sums):
        day = year_end - timedelta(days=(11 - number) * 30)
        with clock.at(at(day)):
            _month(treasurer, day, sales, OTHERS // 12)
    with clock.at(at(year_end + timedelta(days=14))):
        lines = ["member;name;purchases"]
        for each in people:
            lines.append(f"{members[each.name].number};{each.name};{decimal_text(each.spent, coop.currency)}")
        checked = patronage.check_file(
            actor=treasurer,
            year=year_end.year,
            pool="purchases",
            unit="money",
            file_name=f"till-{year_end.year}.csv",
            data="\n".join(lines).encode(),
        )
        patronage.record_import(actor=treasurer, patronage_import=checked)


def _month(treasurer: Actor, day: date, members: int, others: int) -> None:
    coop = treasurer.coop
    bank = account(coop, "bank")
    sales = [Line(account(coop, "sales_members"), -members), Line(account(coop, "sales_others"), -others)]
    post_entry(
        actor=treasurer,
        on=day,
        kind="manual",
        memo=f"Sales of the month, {day:%B %Y}",
        lines=[Line(bank, members + others), *sales],
        key=f"demo-sales-{day:%Y-%m-%d}",
    )
    costs = [Line(_by_code(coop, code), (members + others) * share // 10_000) for code, _name, share in COSTS]
    post_entry(
        actor=treasurer,
        on=day,
        kind="manual",
        memo=f"Costs of the month, {day:%B %Y}",
        lines=[*costs, Line(bank, -sum(line.amount for line in costs))],
        key=f"demo-costs-{day:%Y-%m-%d}",
    )


def _by_code(coop, code: str) -> Account:
    return Account.objects.get(coop=coop, code=code, membership=None)


def _result(coop, year_end: date) -> int:
    """What the year earned: income less expense, in cents."""
    first = date(year_end.year - 1, year_end.month, 1) + timedelta(days=31)
    earned = Posting.objects.filter(
        coop=coop, account__kind__in=("income", "expense"), posted_on__gte=first.replace(day=1), posted_on__lte=year_end
    )
    return -earned.aggregate(total=Sum("amount"))["total"]


def plans(officers: dict[str, Actor], year_end: date) -> SurplusPlan:
    """Two plans side by side; the second is the one the board proposes."""
    treasurer = officers["treasurer"]
    with clock.at(at(year_end + timedelta(days=16))):
        earned = _result(treasurer.coop, year_end)
        # What was earned with people who are not members is not shared out by purchases (by-laws § 7).
        nonpatronage = earned * OTHERS // (OTHERS + sum(person.spent for person in (*MEMBERS, *LATE)))
        result = {"patronage": earned - nonpatronage, "nonpatronage": nonpatronage}
        surplus.draw_up(
            actor=treasurer, year=year_end.year, title="Build the reserve", terms=_terms(result, "50", None, "100")
        )
        plan = surplus.draw_up(
            actor=treasurer, year=year_end.year, title="Reserve and refunds", terms=_terms(result, "30", "3", "50")
        )
        return surplus.propose(actor=treasurer, plan=plan)


def _terms(result: dict[str, int], reserve: str, interest: str | None, cash: str) -> dict:
    return {
        "result": {**result, "losses_carried": 0},
        "appropriations": [
            {
                "name": "Statutory reserve (by-laws § 7)",
                "of": "surplus",
                "percent": reserve,
                "bound": "minimum",
                "account": "3200",
            },
        ],
        "share_interest": {"rate": interest, "cap": "3"} if interest else None,
        "pools": [{"name": "purchases", "rest": True}],
        "settlement": {"cash_percent": cash, "notice": "none" if cash == "100" else "nonqualified"},
    }


def distribute(officers: dict[str, Actor], plan: SurplusPlan, resolution: Resolution, today: date) -> None:
    """The members carried it, the board member approves what he saw, and it is posted."""
    treasurer, board = officers["treasurer"], officers["board"]
    with clock.at(at(today - timedelta(days=2))):
        plan = surplus.link_resolution(actor=treasurer, plan=plan, resolution=resolution)
        plan = surplus.approve(actor=board, plan=plan, seen=plan.hash)
        distribution.post_distribution(actor=treasurer, plan_id=plan.pk, on=today - timedelta(days=2))
    _let_choose(treasurer, plan, today)
    with clock.at(at(today - timedelta(days=1))):
        allocation_notices.send(actor=treasurer, plan_id=plan.pk, site="http://localhost:8000/")


def _let_choose(treasurer: Actor, plan: SurplusPlan, today: date) -> None:
    """For a day members could give their refund away or take shares for it; some did."""
    with clock.at(at(today - timedelta(days=2))):
        offer = choices.open_offer(
            actor=treasurer,
            plan=plan,
            closes_on=today - timedelta(days=2),
            bylaws="by-laws § 34",
            may_donate=True,
            share_class=default_class(plan.coop),
        )
        lines = plan.lines.filter(cash__gt=0).select_related("membership__party", "membership__coop").order_by("-cash")
        for line in lines[:3]:
            found = limits(offer, line.membership)
            if found is None or not found.standing.available:
                continue
            wish = {"shares": 1} if found.most_shares else {"donated": min(5_00, found.standing.available)}
            choices.choose(actor=treasurer, offer=offer, membership=line.membership, **wish)
    with clock.at(at(today - timedelta(days=1))):
        choices.carry_out(actor=treasurer, offer=offer)


def pay_out(officers: dict[str, Actor], members: dict[str, Membership], today: date) -> None:
    """Two people let the refunds go: most members have named an account, one payment came back, one run waits."""
    treasurer, board = officers["treasurer"], officers["board"]
    late, silent = 7, 11  # every so many names an account only now, or has not yet
    buyers = [members[each.name] for each in (*MEMBERS, *LATE) if each.spent]
    with clock.at(at(today - timedelta(days=1))):
        for place, membership in enumerate(buyers, start=1):
            if place % late and place % silent:
                _names_account(treasurer, membership)
        day = today - timedelta(days=1)
        run = payouts.prepare(actor=treasurer, way=Way.SEPA, pay_on=day)
        payouts.release(actor=board, run=run, seen=run.hash)
        payout_posting.post_payout(actor=treasurer, run_id=run.pk, on=day)
    line = run.lines.filter(amount__gt=0).order_by("number")[3]
    payouts.record_return(actor=treasurer, line=line, on=today, code="AC04", because="The account is closed.")
    for place, membership in enumerate(buyers, start=1):
        if not place % late:
            _names_account(treasurer, membership)
    payouts.prepare(actor=treasurer, way=Way.SEPA, pay_on=today)


def _names_account(treasurer: Actor, membership: Membership) -> None:
    iban = IBAN.generate("DE", bank_code=BANK, account_code=str(532_013_000 + membership.number))
    record_details(actor=treasurer, membership=membership, way=Way.SEPA, holder=membership.party.name, iban=str(iban))
