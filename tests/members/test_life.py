"""Lawful acts in any order keep row, register and roll equal to a replay by other code; unlawful ones do nothing.

The oracle below shares nothing with ``members.replay``: it is told what happened, act by act, and keeps a day-by-day
table of its own.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.apps import apps
from django.core import serializers
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.tenancy import Actor
from members import selectors, services
from members.models import Membership
from members.services import history

from .factories import make_class, make_member

pytestmark = pytest.mark.django_db
BORN = date(2023, 1, 9)
HORIZON = 1500  # days the table looks at
ACTS = st.sampled_from(["activate", "suspend", "reinstate", "notice", "stay", "tick", "wait"])
STEPS = st.lists(st.tuples(st.integers(0, 120), ACTS), min_size=1, max_size=8)


class Oracle:
    """What a membership is on each day, kept as plain facts: (day, word) entries in the order they were done."""

    def __init__(self) -> None:
        self.words: list[tuple[date, str]] = [(BORN, "admitted")]
        self.leaves: list[tuple[date, date | None]] = []

    def last_day(self, on: date) -> date | None:
        known = [last for said, last in self.leaves if said <= on]
        return known[-1] if known else None

    def state(self, on: date) -> str | None:
        if on < BORN:
            return None
        last = self.last_day(on)
        if last is not None and last < on:
            return "ended"
        return [word for day, word in self.words if day <= on][-1]

    def allows(self, act: str, on: date) -> bool:
        now, leaving = self.state(on), self.last_day(on)
        return {
            "activate": now != "ended",
            "suspend": now == "active",
            "reinstate": now == "suspended",
            "notice": now != "ended" and leaving is None,
            "stay": now != "ended" and leaving is not None,
            "tick": True,
            "wait": True,
        }[act]

    def does(self, act: str, on: date) -> None:
        if act == "activate" and self.state(on) == "admitted":
            self.words.append((on, "active"))
        elif act in ("suspend", "reinstate"):
            self.words.append((on, "suspended" if act == "suspend" else "active"))
        elif act == "notice":  # GenG: to the end of the first year that ends three months on or later
            months = on.month + 3
            year, month = on.year + (months > 12), (months - 1) % 12 + 1
            self.leaves.append((on, date(year if (month, on.day) <= (12, 31) else year + 1, 12, 31)))
        elif act == "stay":
            self.leaves.append((on, None))


def do(act: str, system, membership: Membership, on: date) -> None:
    if act == "activate":
        services.activate(actor=system, membership=membership, on=on, because="paid")
    elif act in ("suspend", "reinstate"):
        decide = services.suspend if act == "suspend" else services.reinstate
        decide(actor=system, membership=membership, on=on, reason="So decided.", resolution="1")
    elif act == "notice":
        services.give_notice(actor=system, membership=membership, received_on=on)
    elif act == "stay":
        services.withdraw_notice(actor=system, membership=membership)
    elif act == "tick":
        services.end_due(membership.coop)


def everything() -> str:
    """Every row of every table of the register and the kernel."""
    models = [*apps.get_app_config("members").get_models(), *apps.get_app_config("kernel").get_models()]
    return "".join(serializers.serialize("json", model.objects.order_by("pk")) for model in models)


@pytest.fixture
def system(coop):
    make_class(coop)
    return Actor.system(coop)


@settings(
    max_examples=200 if os.environ.get("ROCHDALE_SOAK") else 8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_lawful_acts_agree_with_an_independent_replay_and_unlawful_ones_do_nothing(coop, system, steps):
    with transaction.atomic():  # each example in a register of its own
        _live(coop, system, steps)
        transaction.set_rollback(True)


def _live(coop, system, steps) -> None:
    membership = make_member(coop, on=BORN, active=False)
    oracle, today = Oracle(), BORN
    for pause, act in steps:
        today += timedelta(days=pause)
        with clock.at(datetime.combine(today, time(12), tzinfo=UTC)):
            if oracle.allows(act, today):
                do(act, system, membership, today)
                oracle.does(act, today)
            else:
                before = everything()
                with pytest.raises(Refused):  # noqa: PT012 - the message says which act was let through
                    do(act, system, membership, today)
                    pytest.fail(f"{act} on {today} after {steps} was not refused")
                assert everything() == before
            membership.refresh_from_db()
            assert membership.standing_on(today) == oracle.state(today)
            assert membership.ends_on == oracle.last_day(today)
    _compare_all_days(coop, membership, oracle, today)
    assert list(history.verify(coop)) == []


def _compare_all_days(coop, membership: Membership, oracle: Oracle, today: date) -> None:
    for days in (-1, 0, 1, 30, 90, 180, 365, 400, 800, HORIZON):
        on = BORN + timedelta(days=days)
        if on > today:
            return
        lines = [line for line in selectors.register(coop, on, clock.now()) if line.membership_id == membership.pk]
        expected = oracle.state(on)
        assert [line.state for line in lines] == ([] if expected in (None, "ended") else [expected]), on
        roll = [line for line in selectors.roll_candidates(coop, on) if line.membership_id == membership.pk]
        assert [line.eligible for line in roll] == ([] if not lines else [expected == "active"]), on
