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
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.tenancy import Actor
from members import selectors, services
from members.models import ExpulsionCase, Household, Membership
from members.services import history

from .factories import make_class, make_member

pytestmark = pytest.mark.django_db
BORN = date(2023, 1, 9)
HORIZON = 1500  # days the table looks at
PIECES = st.sampled_from(
    [
        *["activate", "suspend", "reinstate", "notice", "stay", "tick", "wait", "die"],
        *["pass_on", "home", "vote", "move_out", "heir", "undie"],
        *["die undie", "die heir pass_on", "open hear expel appeal die uphold undie", "die tick undie"],
        *["notice die undie", "open hear expel appeal die overturn undie"],
        *["open", "hear", "drop", "expel", "appeal", "uphold", "overturn"],
        *["open hear expel", "open hear expel appeal", "open hear drop", "uphold tick", "overturn tick"],
    ]
)
STEPS = st.lists(st.tuples(st.integers(0, 70), PIECES), min_size=1, max_size=7).map(
    lambda found: [(pause, act) for pause, piece in found for act in piece.split()]
)
DAYS_TO_APPEAL = 28


def thought_dead(decided: str) -> list[tuple[int, str]]:
    """An appeal was decided on somebody who had given notice and was thought dead."""
    acts = ["activate", "notice", "open", "hear", "expel", "appeal", "die", decided, "undie", "wait"]
    return [(1, act) for act in acts]


class Oracle:
    """What a membership is on each day, kept as plain facts in the order they were done."""

    def __init__(self) -> None:
        self.words: list[tuple[date, str]] = [(BORN, "admitted")]
        self.leaves: list[tuple[date, date | None, str]] = []
        self.notices: list[date | None] = []
        self.homes: list[tuple[date, bool, bool]] = []  # day, lives with the neighbour, casts the vote
        self.case: dict = {"at": "closed"}
        self.died: date | None = None
        self.heirs: list[list[date | None]] = []  # first and last day of whoever stands for the heirs
        self.meant: list[tuple[str, date]] = []  # what was decided on appeal after the death
        self.expelled = False  # for good

    def last_day(self, on: date) -> date | None:
        known = [last for said, last, _why in self.leaves if said <= on]
        return known[-1] if known else None

    def home(self, on: date) -> tuple[bool, bool]:
        known = [(lives, votes) for day, lives, votes in self.homes if day <= on]
        return known[-1] if known else (False, False)

    def state(self, on: date) -> str | None:
        if on < BORN:
            return None
        last = self.last_day(on)
        if last is not None and last < on:
            return "ended"
        return [word for day, word in self.words if day <= on][-1]

    def votes(self, on: date) -> bool:
        lives, casts = self.home(on)
        return self.state(on) == "active" and (casts or not lives) and (self.died is None or self.died > on)

    def allows(self, act: str, on: date) -> bool:
        now, leaving, at = self.state(on), self.last_day(on), self.case["at"]
        alive = now != "ended" and self.died is None
        passed = "transferred" in [why for *_, why in self.leaves]
        heir = any(last is None for _first, last in self.heirs)
        return {
            "activate": now != "ended",
            "suspend": alive and now == "active",
            "reinstate": alive and now == "suspended" and at not in ("expelled", "appealed") and not self.expelled,
            "pass_on": now != "ended" and (alive or heir) and at == "closed" and not passed,
            "heir": self.died is not None and all(last is not None and last < on for _first, last in self.heirs),
            "undie": self.died is not None and not self._passed_to_heirs(),
            "notice": now != "ended" and leaving is None,
            "stay": now != "ended" and leaving is not None and self.leaves[-1][2] == "notice",
            "die": self.died is None,
            "home": alive and not self.homes,
            "vote": self.home(on)[0] and alive,
            "move_out": self.home(on)[0],
            "open": alive and at == "closed",
            "hear": at == "open",
            "drop": at in ("open", "heard"),
            "expel": alive and at == "heard",
            "appeal": alive and at == "expelled" and on <= self.case.get("until", on),
            "uphold": at == "appealed",
            "overturn": at == "appealed",
        }.get(act, True)

    def does(self, act: str, on: date) -> None:
        getattr(self, f"_{act}", lambda on: None)(on)

    def _activate(self, on: date) -> None:
        if self.state(on) == "admitted":
            self.words.append((on, "active"))

    def _suspend(self, on: date) -> None:
        self.words.append((on, "suspended"))

    def _reinstate(self, on: date) -> None:
        self.words.append((on, "active"))

    def _notice(self, on: date) -> None:  # GenG: to the end of the first year that ends three months on or later
        self._leave(on, date(on.year + (on > date(on.year, 9, 30)), 12, 31))

    def _leave(self, on: date, last: date | None) -> None:
        self.leaves.append((on, last, "notice"))
        self.notices.append(last)

    def _stay(self, on: date) -> None:
        self._leave(on, None)

    def _die(self, on: date) -> None:
        if self.state(on) != "ended":
            self.leaves.append((on, min(date(on.year, 12, 31), self.last_day(on) or date.max), "died"))
        self.died = on

    def _passed_to_heirs(self) -> bool:
        whys = [why for *_, why in self.leaves]
        return "died" in whys and "transferred" in whys[whys.index("died") :]

    def _heir(self, on: date) -> None:
        self.heirs.append([on, None])

    def _undie(self, on: date) -> None:
        self.died = None
        self.leaves = [each for each in self.leaves if each[2] != "died"]
        for bond in self.heirs:
            bond[1] = bond[1] or max(bond[0], on - timedelta(days=1))
        for act, day in self.meant:
            self._upheld_means(day) if act == "uphold" else self._overturned_means(day)
        self.meant = []

    def _pass_on(self, on: date) -> None:
        self.leaves.append((on, on, "transferred"))

    def _home(self, on: date) -> None:
        self.homes.append((on, True, False))

    def _vote(self, on: date) -> None:
        self.homes.append((on, True, True))

    def _move_out(self, on: date) -> None:
        self.homes.append((on, False, False))

    def _open(self, on: date) -> None:
        self.case = {"at": "open", "was_active": self.state(on) == "active"}

    def _hear(self, on: date) -> None:
        self.case["at"] = "heard"

    def _drop(self, on: date) -> None:
        self.case["at"] = "closed"

    def _expel(self, on: date) -> None:
        until = on + timedelta(days=DAYS_TO_APPEAL)
        last = max(until, min(date(until.year, 12, 31), self.last_day(on) or date.max))
        self.case |= {"at": "expelled", "until": until, "last": last}
        self.words.append((on, "suspended"))
        self.leaves.append((on, last, "expelled"))

    def _appeal(self, on: date) -> None:
        self.case["at"] = "appealed"
        self.leaves.append((on, None, "appealed"))

    def _uphold(self, on: date) -> None:
        self.expelled = True
        self.case["at"] = "closed"
        if self.died is None:
            self._upheld_means(on)
        else:
            self.meant.append(("uphold", on))

    def _upheld_means(self, on: date) -> None:
        last = self.case["last"] if self.case["last"] >= on else date(on.year, 12, 31)
        self.leaves.append((on, last, "expelled"))

    def _overturn(self, on: date) -> None:
        self.case["at"] = "closed"
        if self.died is None:
            self._overturned_means(on)
        else:
            self.meant.append(("overturn", on))

    def _overturned_means(self, on: date) -> None:
        self.leaves.append((on, None, "overturned"))
        if self.case["was_active"]:
            self.words.append((on, "active"))
        noticed = self.notices[-1] if self.notices else None
        if noticed is not None and noticed >= on:
            self._leave(on, noticed)

    def _tick(self, on: date) -> None:
        if self.case["at"] == "expelled" and self.case["until"] < on:
            self.case["at"], self.expelled = "closed", True


def do(act: str, system, membership: Membership, neighbour: Membership, on: date) -> None:
    case = ExpulsionCase.objects.filter(membership=membership).first()
    who, decided = {"actor": system, "membership": membership}, {"resolution": "1", "because": "So decided."}
    if act in ("suspend", "reinstate"):
        decide = services.suspend if act == "suspend" else services.reinstate
        decide(**who, on=on, reason="So decided.", resolution="1")
    elif act == "home":
        services.form_household(actor=system, name="Kai 1", memberships=[membership, neighbour], voter=neighbour)
    elif act == "vote":
        household = Household.objects.first() or Household(coop=membership.coop, name="none", pk=0)
        services.move_vote(actor=system, household=household, to=membership)
    elif act in ("hear", "drop", "expel", "appeal", "uphold", "overturn"):
        if case is None:
            raise Refused("no_case", "There is none.")
        step = {"actor": system, "case": case, "on": on}
        {
            "hear": lambda: services.record_hearing(**step, how="writing", statement="It was not me."),
            "drop": lambda: services.drop_case(**step, **decided),
            "expel": lambda: services.expel(**step, **decided),
            "appeal": lambda: services.appeal(**step, because="It was not me."),
            "uphold": lambda: services.decide_appeal(**step, **decided, upheld=True),
            "overturn": lambda: services.decide_appeal(**step, **decided, upheld=False),
        }[act]()
    else:
        {
            "activate": lambda: services.activate(**who, on=on, because="paid"),
            "notice": lambda: services.give_notice(**who, received_on=on),
            "stay": lambda: services.withdraw_notice(**who),
            "tick": lambda: (services.close_cases(membership.coop), services.end_due(membership.coop)),
            "wait": lambda: None,
            "die": lambda: services.record_death(actor=system, party=membership.party, died_on=on, evidence="Paper 1"),
            "undie": lambda: services.take_back_death(actor=system, party=membership.party, because="A namesake."),
            "heir": lambda: services.name_heir(
                actor=system, deceased=membership.party, heir=neighbour.party, on=on, evidence="Will", represents=True
            ),
            "pass_on": lambda: services.pass_on(**who, to=neighbour, on=on, resolution="1", because="By deed."),
            "move_out": lambda: services.leave_household(**who),
            "open": lambda: services.open_case(
                **who, on=on, hearing_on=on + timedelta(days=14), grounds="Took 300 euros.", resolution="1"
            ),
        }[act]()


def everything() -> str:
    """Every row of every table of the register and the kernel."""
    models = [*apps.get_app_config("members").get_models(), *apps.get_app_config("kernel").get_models()]
    return "".join(serializers.serialize("json", model.objects.order_by("pk")) for model in models)


@pytest.fixture
def system(coop):
    make_class(coop, household="one_vote", appeal_within_days=DAYS_TO_APPEAL)
    return Actor.system(coop)


@pytest.mark.timeout(900)
@settings(
    max_examples=200 if os.environ.get("ROCHDALE_SOAK") else 8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
@example(steps=thought_dead("overturn"))
@example(steps=thought_dead("uphold"))
def test_lawful_acts_agree_with_an_independent_replay_and_unlawful_ones_do_nothing(coop, system, steps):
    with transaction.atomic():  # each example in a register of its own
        _live(coop, system, steps)
        transaction.set_rollback(True)


def _live(coop, system, steps) -> None:
    membership = make_member(coop, on=BORN, active=False)
    neighbour = make_member(coop, on=BORN)
    oracle, today = Oracle(), BORN
    for pause, act in steps:
        today += timedelta(days=pause)
        with clock.at(datetime.combine(today, time(12), tzinfo=UTC)):
            if oracle.allows(act, today):
                do(act, system, membership, neighbour, today)
                oracle.does(act, today)
            else:
                before = everything()
                with pytest.raises(Refused):  # noqa: PT012 - the message says which act was let through
                    do(act, system, membership, neighbour, today)
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
        assert [line.eligible for line in roll] == ([] if not lines else [oracle.votes(on)]), on
