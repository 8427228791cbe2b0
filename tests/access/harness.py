"""Every URL × every role × another co-op.

Each app lists its addresses in ``cases_<app>.py``: a literal table of who may come in, written from the statute and not
from the code's own predicates. ``build(world)`` in the same file makes the rows the addresses need.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from django.core.files.base import File
from django.urls import URLPattern, URLResolver, get_resolver, reverse

ROLES = (
    "anonymous",
    "outsider",
    "member",
    "former",  # whose membership has ended, and who holds no office
    "board",
    "secretary",
    "treasurer",
    "returning_officer",
    "auditor",
    "other",
)
OFFICERS = frozenset({"board", "secretary", "treasurer", "returning_officer", "auditor"})
INSIDERS = OFFICERS | {"member"}
OWN = frozenset({"member", "former"})  # one's own pages that stay open after the membership has ended
EVERYBODY = frozenset(ROLES)
# What other people's code serves; tested by them, and by axe where it is HTML in our look.
FOREIGN = ("admin:", "api-schema", "api-docs")


class World(SimpleNamespace):
    """The populated co-op. ``coop``, ``other_coop``, the cast's actors, and whatever the apps' builders add."""


def nothing(world: World) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Case:
    """One address: ``name`` as reversed, ``allowed`` roles, ``kwargs(world)`` beside the co-op's slug.

    ``method`` is ``get`` or ``post`` (or ``put``, ``delete`` …) with ``data(world)``; a role that may come in gets
    anything but a refusal (a post without data may be a 422). ``html`` False for files and JSON: not looked at in the
    browser. ``inside`` False for addresses that name no co-op, ``login`` for those of them that need a login.
    ``denied`` is the status for an insider without the right. ``viewers`` names the roles whose view is looked at in
    the browser, where one is not enough. ``row`` is False where the kwargs name no row of a co-op.
    """

    name: str
    allowed: frozenset[str] | set[str]
    kwargs: Callable[[World], dict[str, Any]] = nothing
    method: str = "get"
    data: Callable[[World], dict[str, Any]] = nothing
    query: str = ""
    html: bool = True
    inside: bool = True
    login: bool = False
    denied: int = 403
    api: bool = False
    viewers: tuple[str, ...] = ()
    row: bool = True

    @property
    def seen_by(self) -> tuple[str, ...]:
        """The roles whose view of the page is looked at in the browser."""
        order = ("secretary", "treasurer", "returning_officer", "board", "auditor", "member", "former", "anonymous")
        return self.viewers or tuple(role for role in order if role in self.allowed)[:1]

    def url(self, world: World, coop=None) -> str:
        where = {"coop": (coop or world.coop).slug} if self.inside else {}
        return reverse(self.name, kwargs=where | self.kwargs(world)) + self.query

    @property
    def id(self) -> str:
        return f"{self.method} {self.name}{self.query}"


def case_modules() -> list[ModuleType]:
    files = sorted(Path(__file__).parent.glob("cases_*.py"))
    # the register is built before the ballots, the ballots before the books
    order = {
        "kernel": 0,
        "coop": 0,
        "members": 1,
        "courses": 2,
        "governance": 3,
        "secret": 3,
        "ledger": 4,
        "surplus": 5,
    }
    names = sorted((file.stem for file in files), key=lambda name: (order.get(name.removeprefix("cases_"), 9), name))
    return [importlib.import_module(f"tests.access.{name}") for name in names]


def all_cases() -> list[Case]:
    return [case for module in case_modules() for case in module.CASES]


def build_world(world: World) -> World:
    for module in case_modules():
        if build := getattr(module, "build", None):
            build(world)
    return world


def every_url_name() -> Iterator[str]:
    """Every named address of the platform that is ours, namespaces included."""

    def walk(patterns, namespace: str) -> Iterator[str]:
        for each in patterns:
            if isinstance(each, URLResolver):
                inner = f"{namespace}{each.namespace}:" if each.namespace else namespace
                yield from walk(each.url_patterns, inner)
            elif isinstance(each, URLPattern):
                name = f"{namespace}{each.name or each.pattern}"
                if not name.startswith(FOREIGN) and not _is_allauth(each):
                    yield name

    yield from walk(get_resolver().url_patterns, "")


def _is_allauth(pattern: URLPattern) -> bool:
    return getattr(pattern.callback, "__module__", "").startswith("allauth.") or (
        getattr(getattr(pattern.callback, "view_class", None), "__module__", "").startswith("allauth.")
    )


def ask(client, case: Case, url: str, world: World):
    """Knock at an address with the case's method and data; the API is spoken to in JSON, files aside."""
    data = case.data(world)
    in_json = case.api and case.method != "get" and not any(isinstance(value, File) for value in data.values())
    options = {"content_type": "application/json"} if in_json else {}
    return getattr(client, case.method)(url, data, **options)
