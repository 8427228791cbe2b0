"""Years with patronage and plans, made the way treasurers make them."""

from __future__ import annotations

from datetime import date

from coop.kernel import clock
from coop.kernel.models import User
from coop.kernel.tenancy import Actor
from ledger.models import PatronageImport, SurplusPlan
from ledger.services import distribution, patronage, surplus
from ledger.services.accounts import create_chart
from tests.cast import make_user
from tests.governance.factories import carried_resolution
from tests.members.factories import make_member

YEAR = 2025
TERMS = {
    "result": {"patronage": 4_800_000, "nonpatronage": 31_000, "losses_carried": 0},
    "appropriations": [
        {"name": "Statutory reserve", "of": "surplus", "percent": "25", "bound": "minimum", "account": "3200"},
        {"name": "Education fund", "of": "surplus", "percent": "5", "bound": "minimum", "account": "3210"},
    ],
    "share_interest": None,
    "pools": [{"name": "purchases", "rest": True}],
    "settlement": {"cash_percent": "50", "notice": "nonqualified"},
}


def csv_of(quantities: dict[int, str], *, heading: str = "member,amount") -> bytes:
    """A file that says so: member number → amount."""
    return "\n".join([heading, *(f"{number},{amount}" for number, amount in quantities.items())]).encode()


def make_import(
    actor: Actor, quantities: dict[int, str], *, year: int = YEAR, pool: str = "purchases", unit: str = "money", **more
) -> PatronageImport:
    """A recorded file with these figures."""
    checked = patronage.check_file(
        actor=actor,
        year=year,
        pool=pool,
        unit=unit,
        file_name=f"{pool}-{year}.csv",
        data=csv_of(quantities),
        **more,
    )
    return patronage.record_import(actor=actor, patronage_import=checked)


def make_plan(actor: Actor, *, year: int = YEAR, title: str = "Half and half", **changes) -> SurplusPlan:
    """A draft on whatever the year holds; ``changes`` replace parts of the usual terms."""
    create_chart(coop=actor.coop)
    return surplus.draw_up(actor=actor, year=year, title=title, terms={**TERMS, **changes})


def carried(plan: SurplusPlan, lena: Actor) -> SurplusPlan:
    """The plan proposed, and carried by a resolution of the members."""
    proposed = surplus.propose(actor=lena, plan=plan)
    resolution = carried_resolution(plan.coop, f"Plan {plan.letter} for {plan.year.year}")
    return surplus.link_resolution(actor=lena, plan=proposed, resolution=resolution)


def approved(plan: SurplusPlan, lena: Actor, jonas: Actor) -> SurplusPlan:
    """The plan carried and approved by a second officer."""
    found = carried(plan, lena)
    return surplus.approve(actor=jonas, plan=found, seen=found.hash)


def posted(plan: SurplusPlan, lena: Actor, jonas: Actor) -> SurplusPlan:
    """The plan in the books."""
    found = approved(plan, lena, jonas)
    distribution.post_distribution(actor=lena, plan_id=found.pk, on=clock.today(plan.coop))
    found.refresh_from_db()
    return found


def make_buyers(coop) -> dict:
    """Three members who buy, by number: 1 is Amara, 2 Ben, 3 Carla."""
    user = User.objects.filter(email="amara@example.org").first() or make_user("amara")
    found = [
        make_member(coop, user=user, on=date(2020, 5, 1)),
        make_member(coop, name="Ben Ito", on=date(2021, 5, 1)),
        make_member(coop, name="Carla Ruiz", on=date(2022, 5, 1)),
    ]
    return {each.number: each for each in found}
