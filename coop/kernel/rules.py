"""May this actor do that? One predicate serves the view, the API, the template and the admin.

Apps register predicates under ``"app.name"``; each reads as the statute and takes ``(actor, obj)``. A name nobody
registered is a programming error, never a silent no.
"""

from __future__ import annotations

from collections.abc import Callable

from .errors import NotAllowed

Predicate = Callable[..., bool]
_predicates: dict[str, Predicate] = {}


def predicate(name: str) -> Callable[[Predicate], Predicate]:
    """Register ``fn(actor, obj=None) -> bool`` under ``name``."""

    def register(fn: Predicate) -> Predicate:
        if name in _predicates and _predicates[name].__module__ != fn.__module__:
            raise ValueError(f"Two predicates are called {name}.")
        _predicates[name] = fn
        return fn

    return register


def may(actor, name: str, obj=None) -> bool:
    """True if the actor may. Nobody (``None``) may nothing, and an object of another co-op is never theirs."""
    fn = _predicates[name]
    if actor is None:
        return False
    if obj is not None and getattr(obj, "coop_id", actor.coop_id) != actor.coop_id:
        return False
    return bool(fn(actor, obj))


def require(actor, name: str, obj=None) -> None:
    """Raise :class:`NotAllowed` unless the actor may."""
    if not may(actor, name, obj):
        raise NotAllowed(name)


def names() -> list[str]:
    """Every registered predicate, for the access matrix."""
    return sorted(_predicates)


def office(*roles: str) -> Predicate:
    """A predicate that holds for whoever holds one of these offices today."""

    def holds(actor, obj=None) -> bool:
        return actor.holds(*roles)

    return holds


# Auditors read everything and change nothing, so every reading predicate names them and no acting one does.
OFFICES = ("secretary", "returning_officer", "treasurer", "board", "auditor")
predicate("kernel.is_officer")(office(*OFFICES))
predicate("kernel.read_audit")(office("secretary", "board", "auditor"))
predicate("kernel.appoint")(office("secretary", "board"))
predicate("kernel.reset_factor")(office("secretary", "board", "treasurer", "returning_officer"))
predicate("kernel.settle")(office("secretary"))


@predicate("kernel.signed_in")
def signed_in(actor, obj=None) -> bool:
    return actor.user is not None


@predicate("kernel.belongs")
def belongs(actor, obj=None) -> bool:
    """Whoever is part of the co-op today: an officer or a member."""
    return bool(actor.offices) or actor.is_member


@predicate("kernel.knows")
def knows(actor, obj=None) -> bool:
    """Whoever the co-op still has something to do with: those who belong, and those who have left. To all others it is
    not there; what of it opens for somebody known, each page says by its own predicates."""
    return belongs(actor) or actor.has_left


@predicate("kernel.see_job")
def see_job(actor, obj=None) -> bool:
    return obj is not None and (obj.actor_id == actor.user_id or bool(actor.offices))
