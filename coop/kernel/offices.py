"""Who holds which office, and the way back for an officer who lost the second factor."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from allauth.mfa.models import Authenticator
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from . import audit, clock, outbox, rules
from .accounts import shut_out
from .errors import Refused
from .models import Cooperative, FactorReset, Office, User
from .tenancy import Actor

# What else stands before an office: each takes the co-op, the login, the role and the first day, and may refuse.
_asked_first: list[Callable[[Cooperative, User, str, date], None]] = []


def asks_first(check: Callable[[Cooperative, User, str, date], None]) -> None:
    """Register a condition of taking an office; called by an app once, at start."""
    if check not in _asked_first:
        _asked_first.append(check)


@transaction.atomic
def appoint(*, actor: Actor, email: str, role: str, starts_on: date, reason: str) -> Office:
    """Give somebody with a login an office from a day on. Refused where they hold it already, have no
    login, or lack what an app asks for before it (``asks_first``)."""
    rules.require(actor, "kernel.appoint")
    user = User.objects.filter(email=email.strip().lower()).first()
    if user is None:
        raise Refused("no_login", _("Nobody signs in with %(email)s yet.") % {"email": email.strip()}, "email")
    for check in _asked_first:
        check(actor.coop, user, role, starts_on)
    return _appoint(actor, user, role, starts_on, reason)


def appoint_first(*, actor: Actor, user: User, role: str, starts_on: date, reason: str) -> Office:
    """The founders' offices, given by the platform itself when a co-op is founded or from the command line."""
    if not actor.is_system:
        raise Refused("not_founding", _("Offices after the first are given by the secretary or the board."))
    with transaction.atomic():
        return _appoint(actor, user, role, starts_on, reason)


def _appoint(actor: Actor, user: User, role: str, starts_on: date, reason: str) -> Office:
    try:
        with transaction.atomic():
            office = Office.objects.create(
                coop=actor.coop, user=user, role=role, starts_on=starts_on, reason=reason.strip()
            )
    except IntegrityError:
        raise Refused("held_already", _("%(name)s holds this office already.") % {"name": user}, "email") from None
    audit.record(
        actor=actor,
        kind="office.given",
        subject=f"user:{user.pk}",
        office=role,
        starts_on=starts_on.isoformat(),
        name=user.display_name,
        reason=reason.strip(),
    )
    return office


@transaction.atomic
def end(*, actor: Actor, office: Office, ends_on: date) -> Office:
    """End an office after a last day. The last secretary cannot end their own office: somebody must open the post."""
    rules.require(actor, "kernel.appoint", office)
    if office.ends_on is not None:
        raise Refused("ended_already", _("This office has ended already."))
    if ends_on < office.starts_on:
        raise Refused("ends_before_start", _("An office cannot end before it began."), "ends_on")
    others = Office.objects.select_for_update(no_key=True).filter(
        coop=actor.coop, role=office.role, ends_on__isnull=True
    )
    if office.role == Office.Role.SECRETARY and not [each for each in others if each.pk != office.pk]:
        raise Refused("last_secretary", _("Appoint another secretary first; somebody must open the post."))
    Office.objects.filter(pk=office.pk).update(ends_on=ends_on)
    office.refresh_from_db()
    audit.record(
        actor=actor, kind="office.ended", subject=f"user:{office.user_id}", office=office.role, on=ends_on.isoformat()
    )
    return office


@transaction.atomic
def ask_factor_reset(*, actor: Actor, email: str, reason: str) -> FactorReset:
    """One officer asks that a colleague's lost second factor be taken away. Another must confirm it."""
    rules.require(actor, "kernel.reset_factor")
    user = User.objects.filter(email=email.strip().lower(), offices__coop=actor.coop).first()
    if user is None:
        raise Refused("no_officer", _("No officer here signs in with %(email)s.") % {"email": email.strip()}, "email")
    asker = actor.user
    if asker is None or user == asker:
        raise Refused("own_factor", _("You cannot ask this for yourself: two other people vouch for you."), "email")
    reset = FactorReset.objects.create(coop=actor.coop, user=user, asked_by=asker, reason=reason.strip())
    audit.record(actor=actor, kind="factor.reset_asked", subject=f"user:{user.pk}", reason=reason.strip())
    return reset


@transaction.atomic
def confirm_factor_reset(*, actor: Actor, reset: FactorReset) -> FactorReset:
    """A second officer, neither the asker nor the person, confirms: the factor is gone and the person is told."""
    rules.require(actor, "kernel.reset_factor", reset)
    if actor.user_id in (reset.asked_by_id, reset.user_id):
        raise Refused("second_person", _("A second person must confirm: neither who asked nor who it is for."))
    claimed = FactorReset.objects.filter(pk=reset.pk, confirmed_at__isnull=True).update(
        confirmed_by=actor.user, confirmed_at=clock.now()
    )
    if not claimed:
        raise Refused("confirmed_already", _("This was confirmed already."))
    _take_factor_away(actor, reset.user, asked_by=reset.asked_by.display_name, confirmed_by=actor.name)
    return reset


@transaction.atomic
def reset_factor_with_witnesses(*, actor: Actor, user: User, witnesses: tuple[str, str], reason: str) -> None:
    """The way back when no two other officers are left: the operator, with two named witnesses, on the record."""
    if not actor.is_system:
        raise Refused("operator_only", _("Only the operator can do this, from the command line."))
    if len({name.strip().casefold() for name in witnesses if name.strip()}) < 2:
        raise Refused("two_witnesses", _("Two different people must witness this."))
    _take_factor_away(actor, user, witnesses=[name.strip() for name in witnesses], reason=reason)


def _take_factor_away(actor: Actor, user: User, **facts) -> None:
    removed, _detail = Authenticator.objects.filter(user=user).delete()
    ended = shut_out(user)  # whoever found the device is signed in on it
    outbox.put(
        to=user.email,
        coop=actor.coop,
        kind="factor_reset",
        subject=_("Your second factor was taken away"),
        text=_(
            "Two people of %(coop)s vouched for you, and your lost second factor no longer counts. "
            "Sign in and set up a new one. If you did not ask for this, tell the board today."
        )
        % {"coop": actor.coop.name},
    )
    audit.record(actor=actor, kind="factor.reset", subject=f"user:{user.pk}", removed=removed, **ended, **facts)
