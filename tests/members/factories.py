"""Members made the way members are made: by-laws, application, board's decision, payment."""

from __future__ import annotations

import itertools
from contextlib import nullcontext
from datetime import UTC, date, datetime, time, timedelta

from django.db import transaction

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.tenancy import Actor
from members import services
from members.models import Application, ByLaws, ClassTerms, Erasure, Membership, MembershipClass, Party
from members.services import history
from members.services.parties import record

FOUNDED = date(2015, 1, 1)
_names = itertools.count(1)


def make_bylaws(coop, *, version: str = "2015", effective_on: date = FOUNDED, text: str = "§ 1 Name.") -> ByLaws:
    """The co-op's by-laws of that version, made once."""
    known = ByLaws.objects.filter(coop=coop, version=version).first()
    return known or services.create_bylaws(
        actor=Actor.system(coop),
        version=version,
        title="By-laws",
        adopted_on=effective_on,
        effective_on=effective_on,
        text=text,
    )


def make_class(coop, slug: str = "consumer", *, bylaws: ByLaws | None = None, **terms) -> MembershipClass:
    """A class under the co-op's by-laws, made once: five shares, ten parts, a fee of 10.00, one vote."""
    bylaws = bylaws or make_bylaws(coop)
    known = ClassTerms.objects.filter(bylaws=bylaws, member_class__slug=slug).select_related("member_class").first()
    if known is not None:
        return known.member_class
    usual = {"minimum_shares": 5, "instalments": 10, "entry_fee": 1000, "votes": 1, "minimum_age": 16}
    return services.create_class(
        actor=Actor.system(coop), bylaws=bylaws, name=slug.title(), slug=slug, **{**usual, **terms}
    )


def make_application(coop, *, name: str = "", on: date | None = None, member_class=None, **more) -> Application:
    """An application received on ``on`` (today), by ``apply``."""
    given, _, family = (name or f"Member {next(_names):04d}").partition(" ")
    details = {"given_names": given, "family_name": family, "email": f"{given}.{family}".lower() + "@example.net"}
    more = {**details, **more, "coop": coop, "received_on": on}
    with _day(coop, on):
        try:
            return services.apply(member_class=member_class or "consumer", **more)
        except Refused as refused:
            if member_class is not None or refused.code != "class_unknown":
                raise
        return services.apply(member_class=make_class(coop), **more)


def make_member(
    coop, *, user=None, name: str = "", active: bool = True, on: date | None = None, member_class=None, **more
) -> Membership:
    """A member admitted on ``on`` (today) by a sheet of one and, if ``active``, with the shares paid that day."""
    system = Actor.system(coop)
    if user is not None:
        more.setdefault("email", user.email)
        name = name or user.display_name
    application = make_application(coop, name=name, on=on, member_class=member_class, account=user, **more)
    with _day(coop, on):
        day = on or clock.today(coop)
        if application.guardian:
            services.check(actor=system, application=application, code="guardian")
        membership = services.admit(actor=system, application=application, resolution=f"B {day:%Y-%m-%d}", on=day)
        if active:
            membership = services.activate(actor=system, membership=membership, on=day, because="paid in full")
    membership.coop = coop
    return membership


def _day(coop, on: date | None):
    """Noon of that day, unless it is not in the past: then the clock stays as the test has set it."""
    if on is None or on >= clock.today(coop):
        return nullcontext()
    return clock.at(datetime.combine(on, time(12), tzinfo=UTC))


def dead(membership: Membership, on: date | None = None) -> None:
    """The member died on ``on`` (today), as the register writes it down."""
    day = on or clock.today(membership.coop)
    party = membership.party
    services.record_death(actor=Actor.system(membership.coop), party=party, died_on=day, evidence="Certificate.")


@transaction.atomic
def left(membership: Membership) -> None:
    """Yesterday was the last day."""
    actor, today = Actor.system(membership.coop), clock.today(membership.coop)
    said = {"kind": "exit_effective", "effective_on": today, "ends_on": today - timedelta(days=1), "ending": "resigned"}
    history.go_on(actor=actor, membership=history.lock(membership), **said)


def erased(membership: Membership) -> None:
    """The holder left and is nobody any more, as the register writes it down; what else an erasure takes stays."""
    left(membership)
    Erasure.objects.create(coop_id=membership.coop_id, party_id=membership.party_id, scope="all", basis="Asked.")
    Party.objects.filter(pk=membership.party_id).update(erased_at=clock.now())


def known_as(party: Party, **details) -> None:
    """The register learned this today (name, address, email, phone, as ``parties.record`` takes them); no letter."""
    record(actor=Actor.system(party.coop), party=party, on=clock.today(party.coop), **details)
