"""Cases and where they stand."""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import QuerySet

from members.models import ExpulsionCase, Membership

State = ExpulsionCase.State
TO_DECIDE = timedelta(days=30)
TO_MEET = timedelta(days=90)


def cases(coop) -> QuerySet[ExpulsionCase]:
    """The co-op's cases with their members, the newest first."""
    return ExpulsionCase.objects.filter(coop=coop).select_related("membership__party", "membership__coop")


def case_of(membership: Membership) -> ExpulsionCase | None:
    """The newest case about this member, open or closed, or None."""
    return cases(membership.coop_id).filter(membership=membership).first()


def due_on(case: ExpulsionCase) -> date:
    """The day by which the case's next step is due."""
    if case.state == State.OPEN or case.heard_on is None:
        return case.hearing_on
    if case.state == State.HEARD:
        return case.heard_on + TO_DECIDE
    if case.state == State.APPEALED and case.appealed_on is not None:
        return case.appealed_on + TO_MEET
    return case.appeal_by or case.hearing_on


def step_of(case: ExpulsionCase) -> int:
    """1 opened, 2 heard, 3 decided, 4 appeal, 5 over: the step that is now."""
    return {State.OPEN: 2, State.HEARD: 3, State.EXPELLED: 4, State.APPEALED: 4}.get(State(case.state), 5)
