"""Erasing a person: what the law keeps stays without words, everything else goes, and what is left is searched for.

The chains verify afterwards because they run over salted hashes of what is erased here. The ballots' and the books'
part is done by whoever calls this (``coop.privacy``): members know nothing of either.
"""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, rules
from coop.kernel.errors import Refused
from members.folding import fold
from members.models import Application, Erasure, Membership, Party, Relationship
from members.selectors.rights import name_kept_until

from . import forgetting
from .parties import refuse_merged


def refuse_erasure(party: Party, on: date) -> None:
    """Refuse while something still runs for which the person has to be known."""
    if party.erased_at is not None:
        raise Refused("erased_already", _("Nothing is left to erase."))
    refuse_merged(party)
    for membership in party.memberships.all():
        if membership.standing_on(on) != Membership.State.ENDED:
            raise Refused("still_member", _("A member’s data is needed as long as the membership lasts."))
    if Application.objects.filter(party=party, state__in=Application.OPEN).exists():
        raise Refused("applied_again", _("An application of this person is still open."))
    now = Relationship.objects.filter(subject=party, ends_on__isnull=True).exclude(kind=Relationship.Kind.JOINT)
    if now.exists():
        raise Refused("stands_for_somebody", _("This person still stands for somebody; end that first."))
    if party.account is not None and party.account.offices.filter(coop_id=party.coop_id).current(on).exists():
        raise Refused("in_office", _("This person holds an office."))


@transaction.atomic
def erase(*, actor, party: Party, scope: str, basis: str) -> Erasure:
    """Erase contact data and free text (``contact``), or everything with the name (``all``).

    Numbers, classes, dates and decisions stay as the register's facts. Refused for members, office holders and
    whoever stands for somebody, and for the name as long as the law wants it kept.
    """
    rules.require(actor, "members.keep_register", party)
    party = (
        Party.objects.select_for_update(no_key=True, of=("self",))
        .select_related("coop", "account")
        .get(pk=party.pk, coop_id=actor.coop_id)
    )
    today = clock.today(party.coop)
    if not basis.strip():
        raise Refused("basis_missing", _("Say on what basis, for example the person’s request."), "basis")
    if scope not in Erasure.Scope.values:
        raise Refused("scope_unknown", _("Say what is to be erased."), "scope")
    refuse_erasure(party, today)
    until = name_kept_until(party, today)
    if scope == Erasure.Scope.ALL and until is not None:
        raise Refused(
            "kept_by_law",
            _("The law wants the name kept until %s; contact data and free text can go now.")
            % date_format(until, "j F Y"),
            "scope",
        )
    gone = forgetting.forget(party, everything=scope == Erasure.Scope.ALL)
    erasure = Erasure.objects.create(
        coop_id=actor.coop_id, party=party, scope=scope, basis=basis.strip()[:200], actor_id=actor.user_id, rows=gone
    )
    audit.record(actor=actor, kind="members.erased", subject=f"party:{party.pk}", scope=scope, rows=gone)
    return erasure


@transaction.atomic
def record_of_applicant(*, actor, application: Application) -> Party:
    """The record through which an application that came to nothing is erased; made now where there is none.

    Refused while it is open, was granted, or may still be appealed against.
    """
    rules.require(actor, "members.keep_register", application)
    locked = Application.objects.select_for_update(no_key=True, of=("self",)).select_related("coop", "party")
    application = locked.get(pk=application.pk, coop_id=actor.coop_id)
    today = clock.today(application.coop)
    if application.state not in (Application.State.REFUSED, Application.State.WITHDRAWN):
        raise Refused("application_counts", _("Only an application that came to nothing is erased."), status=409)
    if application.appeal_by is not None and application.appeal_by >= today:
        raise Refused(
            "may_appeal",
            _("The applicant may appeal until %s; it is erased after that.")
            % date_format(application.appeal_by, "j F Y"),
        )
    if application.party is not None:
        return application.party
    name = application.full_name or _("Erased")
    application.party = Party.objects.create(
        coop_id=actor.coop_id, kind=application.kind, name=name, sort_name=fold(name)[:300]
    )
    application.save(update_fields=["party"])
    return application.party
