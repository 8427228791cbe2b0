"""Where somebody can go: every app registers its entries, this module turns them into links for one actor.

An app calls ``register`` from its ``AppConfig.ready``::

    nav.register(
        nav.Entry("register", _("Members"), "members:list", "people", requires=("secretary", "board", "auditor")),
        nav.Entry("member", _("Me"), "members:me", "person", requires=("member",), order=90),
    )

An entry whose address does not resolve is an error, not a gap in the menu: ``for_actor`` lets ``NoReverseMatch`` out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

RAIL = {"register": _("Register"), "ballot": _("Decisions"), "ledger": _("Money"), "library": _("Library")}
AREAS = (*RAIL, "member", "public")
TABS_AT_MOST = 5  # a thumb bar with more is a menu

Requirement = tuple[str, ...] | Callable[[Any], bool]


@dataclass(frozen=True)
class Entry:
    """One place to go.

    ``area``: a rail group (``register``, ``ballot``, ``ledger``, ``library``), ``member`` (thumb bar and top links) or
    ``public`` (top links for anyone). ``url_name`` is reversed with ``coop=<slug>``. ``icon`` is a name in
    ``icons.svg``. ``requires``: any of these offices, or ``"member"``, ``"former"`` (has left), ``"officer"``; empty
    lets everyone in that frame see it; or a predicate on the actor. ``order`` sorts inside the area. ``count``, if
    given, takes the actor and returns how many things wait there (0 shows nothing).
    """

    area: str
    label: str | Promise
    url_name: str
    icon: str
    requires: Requirement = ()
    order: int = 50
    count: Callable[[Any], int] | None = None

    def is_for(self, actor: Any) -> bool:
        """May this actor (``None`` is a visitor) go there? Only hides the link: the page checks for itself."""
        if callable(self.requires):
            return bool(actor is not None and self.requires(actor))
        if not self.requires:
            return self.area == "public" or actor is not None
        if actor is None:
            return False
        return (
            not actor.offices.isdisjoint(self.requires)
            or ("officer" in self.requires and actor.is_officer)
            or ("member" in self.requires and actor.is_member)
            or ("former" in self.requires and actor.has_left)
        )


@dataclass(frozen=True)
class Link:
    """An entry resolved for one request."""

    label: str | Promise
    url: str
    icon: str
    is_current: bool
    count: int = 0


@dataclass(frozen=True)
class Group:
    """One paper's part of the officers' rail. ``area`` is what ``data-area`` gets."""

    area: str
    label: str | Promise
    links: tuple[Link, ...]


@dataclass(frozen=True)
class Navigation:
    """Everything the three frames need: thumb bar, rail, public links, and the two front doors."""

    tabs: tuple[Link, ...] = ()
    rail: tuple[Group, ...] = ()
    public: tuple[Link, ...] = ()

    @property
    def home(self) -> str:
        """Where the co-op's name in the masthead leads: the member's home, else the desk; for a stranger nothing, and
        the frame takes the co-op's own page."""
        first = self.tabs or (self.rail[0].links if self.rail else ())
        return first[0].url if first else ""

    @property
    def desk(self) -> str:
        """The officer's first page, or nothing for a plain member."""
        return self.rail[0].links[0].url if self.rail else ""


_entries: list[Entry] = []


def register(*entries: Entry) -> None:
    """Add places to go. Called once per app at start; a second call with the same entry changes nothing."""
    for entry in entries:
        if entry.area not in AREAS:
            raise ValueError(f"{entry.area!r} is no area of the navigation; it has {', '.join(AREAS)}.")
        if entry not in _entries:
            _entries.append(entry)
    if sum(entry.area == "member" for entry in _entries) > TABS_AT_MOST:
        raise ValueError(f"The thumb bar holds {TABS_AT_MOST} entries at most; leave the rest to the pages.")


def entries() -> tuple[Entry, ...]:
    """All that is registered, in the order shown."""
    return tuple(sorted(_entries, key=lambda entry: (AREAS.index(entry.area), entry.order)))


def for_actor(actor: Any, request: Any) -> Navigation:
    """The links this actor sees on this request. Outside a co-op there are none."""
    coop = getattr(request, "coop", None)
    if coop is None:
        return Navigation()
    mine = [(entry, reverse(entry.url_name, kwargs={"coop": coop.slug})) for entry in entries() if entry.is_for(actor)]
    areas = {area: [pair for pair in mine if pair[0].area == area] for area in AREAS}

    def links(area: str) -> tuple[Link, ...]:
        here = _current([url for _entry, url in areas[area]], request.path)
        return tuple(
            Link(entry.label, url, entry.icon, url == here, entry.count(actor) if entry.count else 0)
            for entry, url in areas[area]
        )

    rail = tuple(
        Group("register" if area == "library" else area, label, links(area))
        for area, label in RAIL.items()
        if areas[area]
    )
    return Navigation(tabs=links("member"), rail=rail, public=links("public"))


def _current(urls: list[str], path: str) -> str | None:
    """The address nearest above ``path``: the longest one that ``path`` begins with.

    The co-op's front page (one segment, ``/riverside/``) lies above everything, so it counts only when met exactly.
    """
    above = [url for url in urls if path == url or (url.endswith("/") and url.count("/") > 2 and path.startswith(url))]
    return max(above, key=len, default=None)
