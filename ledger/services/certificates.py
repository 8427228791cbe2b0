"""Numbered certificates over fully paid shares."""

from __future__ import annotations

from datetime import date

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from coop.kernel import audit, rules
from coop.kernel.errors import Refused
from ledger.models import Certificate, ShareClass
from ledger.selectors.shares import holding_of
from ledger.services.shares import check_not_future, default_class, take_holding

NUMBER_LOCK = 7013


@transaction.atomic
def issue_certificate(*, actor, membership, on: date, share_class: ShareClass | None = None) -> Certificate:
    """A certificate over every share that is fully paid on that day, under the next number; it replaces the last one.

    The one that is there is returned as long as it says what is so. Refuses a holding without a fully paid share.
    """
    rules.require(actor, "ledger.keep_books", membership)
    share_class = share_class or default_class(membership.coop)
    check_not_future(membership.coop, on)
    take_holding(membership)
    shares = holding_of(membership, on, share_class).paid_up // share_class.par
    last = current_certificate(membership, share_class)
    if last is not None and last.shares == shares:
        return last
    if not shares:
        raise Refused(
            "no_share", _("Member %(number)s has no share that is fully paid.") % {"number": membership.number}
        )
    with connection.cursor() as cursor:  # numbers are given one after the other
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [NUMBER_LOCK, membership.coop_id % 2147483647])
    highest = Certificate.objects.filter(coop_id=membership.coop_id).aggregate(highest=Max("number"))["highest"] or 0
    made = Certificate.objects.create(
        coop_id=membership.coop_id,
        number=highest + 1,
        membership=membership,
        share_class=share_class,
        shares=shares,
        issued_on=on,
        actor=actor.user,
        replaces=last,
    )
    audit.record(
        actor=actor,
        kind="ledger.certificate_issued",
        subject=f"membership:{membership.pk}",
        number=made.number,
        shares=shares,
    )
    return made


def current_certificate(membership, share_class: ShareClass) -> Certificate | None:
    """The member's certificate that no other replaced, or None."""
    found = Certificate.objects.filter(membership=membership, share_class=share_class, replaced_by=None)
    return found.order_by("-number").first()
