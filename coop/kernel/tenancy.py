"""Which co-op a request, a task and a row belong to, and who acts in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from . import clock, nav, rules
from .models import Cooperative, Office, User

# First path segments that are the platform's own; a co-op cannot take them as its slug.
RESERVED_SLUGS = frozenset(
    "accounts admin api found livez readyz metrics outbox static media ui help about robots i18n setup".split()
)


@dataclass(frozen=True)
class Actor:
    """Somebody acting in one co-op: a person with the offices they hold today, or the platform's own clock."""

    user: User | None
    coop: Cooperative
    offices: frozenset[str] = field(default_factory=frozenset)

    @property
    def coop_id(self) -> int:
        return self.coop.id

    @property
    def user_id(self) -> int | None:
        return self.user.pk if self.user else None

    @property
    def name(self) -> str:
        return self.user.display_name if self.user else "Rochdale"

    @property
    def is_system(self) -> bool:
        return self.user is None

    @property
    def is_officer(self) -> bool:
        return bool(self.offices)

    @cached_property
    def is_member(self) -> bool:
        return rules.may(self, "members.is_member")

    @property
    def has_left(self) -> bool:
        return rules.may(self, "members.has_left")

    def holds(self, *roles: str) -> bool:
        """Holds one of these offices today. The platform itself holds none and is checked where it acts."""
        return not self.offices.isdisjoint(roles)

    @classmethod
    def of(cls, user: User, coop: Cooperative) -> Actor:
        """The actor this login is in this co-op today."""
        roles = Office.objects.current(clock.today(coop)).filter(coop=coop, user=user).values_list("role", flat=True)
        return cls(user=user, coop=coop, offices=frozenset(roles))

    @classmethod
    def system(cls, coop: Cooperative) -> Actor:
        """The platform's own clock and worker: what it does is recorded without a person."""
        return cls(user=None, coop=coop)


class CoopMiddleware:
    """Turns the ``coop`` part of a path into ``request.coop`` and ``request.actor``; an unknown one is a 404."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: Any):
        request.coop = None
        request.actor = None
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()

    def process_view(self, request: HttpRequest, view, args, kwargs):
        slug = kwargs.pop("coop", None)
        if slug is not None:
            enter(request, slug)


def enter(request: Any, slug: str) -> None:
    """Let the request be about this co-op, and its login act there; raises ``Http404`` for an unknown one."""
    coop = Cooperative.objects.filter(slug=slug).first()
    if coop is None:
        raise Http404
    request.coop = coop
    timezone.activate(coop.time_zone)
    if request.user.is_authenticated:
        request.actor = Actor.of(request.user, coop)


# How a login comes to belong to a co-op: each gives the ids of those where it may. Offices are the kernel's own.
_ties: list[Callable[[User], Iterable[int]]] = [
    lambda user: Office.objects.filter(user=user).values_list("coop", flat=True)
]


def ties(find: Callable[[User], Iterable[int]]) -> None:
    """Register another way to belong; called by an app once, at start."""
    _ties.append(find)


def coops_of(user: User) -> list[Cooperative]:
    """The co-ops that know this login today, by name: those with pages that would open for it."""
    ids = {pk for find in _ties for pk in find(user)}
    found = Cooperative.objects.filter(pk__in=ids)
    return [coop for coop in found if rules.may(Actor.of(user, coop), "kernel.knows")]


def path(coop: Cooperative, name: str, **kwargs) -> str:
    """The address of a page in this co-op."""
    return reverse(name, kwargs={"coop": coop.slug, **kwargs})


def page_context(request: HttpRequest) -> dict:
    """What every template may rely on: ``coop``, ``actor``, the navigation for them, and whose house it is.

    ``house`` is the co-op whose name stands in the masthead. It is ``coop``, and on pages that belong to no co-op, such
    as signing in, the one somebody is on the way to, or the only one there is.
    """
    coop, actor = getattr(request, "coop", None), getattr(request, "actor", None)
    house = coop or SimpleLazyObject(lambda: _house(request))
    return {"coop": coop, "house": house, "actor": actor, "nav": nav.for_actor(actor, request) if coop else None}


def _house(request: HttpRequest) -> Cooperative | None:
    way = str(request.POST.get("next") or request.GET.get("next") or "")
    bound_for = way.strip("/").partition("/")[0]
    if bound_for and (found := Cooperative.objects.filter(slug=bound_for).first()):
        return found
    first_two = list(Cooperative.objects.all()[:2])
    return first_two[0] if len(first_two) == 1 else None
