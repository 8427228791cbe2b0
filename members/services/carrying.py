"""Requests whose change lies outside the register: who carries it out says so once, when the project starts.

Where a member's money goes is known to the books alone, and the register knows nothing of the books. So a request for
another account is asked, looked at and answered here, and checked, put in words and carried out by whoever registered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from members.models import ChangeRequest, Party


@dataclass(frozen=True)
class Carrier:
    """``checked``: what was said, tidied, or a refusal. ``known``: what holds for a party until now, in words that
    show no whole number. ``asked``: what was asked for, as (label, value). ``carry_out``: the change itself, in the
    transaction of the grant; called by a service that has looked who may."""

    checked: Callable[[Party, dict[str, Any]], dict[str, Any]]
    known: Callable[[Party], str]
    asked: Callable[[Party, dict[str, Any]], list[tuple[str, str]]]
    carry_out: Callable[[Any, ChangeRequest], None]


_carriers: dict[str, Carrier] = {}


def carried_out_by(kind: str, carrier: Carrier) -> None:
    """Requests of this kind are carried out by this carrier; called by an app once, at start."""
    _carriers[kind] = carrier


def carrier_of(kind: str) -> Carrier | None:
    """Who carries out requests of this kind, or None where the register does so itself."""
    return _carriers.get(kind)


def until_now(party: Party, kind: str) -> str:
    """What holds for a party until a request of this kind is granted, in words."""
    carrier = carrier_of(kind)
    return carrier.known(party) if carrier is not None else party.name


def before_and_after(request: ChangeRequest) -> tuple[str, list[tuple[str, str]]]:
    """What holds until now, and what is asked for as (label, value); an answered request says nothing any more."""
    carrier, said = carrier_of(request.kind), request.said
    before = until_now(request.party, request.kind)
    if carrier is not None:
        return before, carrier.asked(request.party, said) if said else []
    name = " ".join(filter(None, (said.get("given_names"), said.get("family_name"), said.get("firm"))))
    return before, [(_("Asked for"), name)] if name else []
