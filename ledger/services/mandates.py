"""Direct debit mandates: given by a signature, revoked by a word, forgotten with the person."""

from __future__ import annotations

import re
from datetime import date

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, rules
from coop.kernel.errors import Refused
from ledger.models import DebitFile, DebitRun, Mandate
from ledger.services.payout_details import checked_bic, checked_iban

REFERENCE = re.compile(r"^[A-Za-z0-9+?/:().,'-]{1,35}$")


@transaction.atomic
def give_mandate(
    *, actor, membership, iban: str, signed_on: date, holder: str = "", bic: str = "", reference: str = ""
) -> Mandate:
    """Record a mandate somebody signed. Without a reference it gets one from the member's number.

    Refused: an IBAN that is none, a day to come, a reference the banks do not take or that was used, a second mandate
    beside one that stands.
    """
    rules.require(actor, "ledger.keep_books", membership)
    if signed_on > clock.today(actor.coop):
        raise Refused("future", _("A mandate is signed before it is recorded."), "signed_on")
    if membership.party.died_on is not None:
        raise Refused("died", _("This member has died, so nothing is collected by a mandate any more."))
    if Mandate.objects.filter(membership=membership, revoked_at=None).exists():
        raise Refused("mandate_there", _("This member has a mandate; it is revoked before another counts."), status=409)
    used = Mandate.objects.filter(membership=membership).count()
    reference = "".join(reference.split()) or f"M{membership.number:06d}-{used + 1}"
    if not REFERENCE.match(reference):
        raise Refused(
            "reference", _("A mandate reference has up to 35 letters, digits or + ? / - : ( ) . ,"), "reference"
        )
    fields = {"holder": " ".join((holder or membership.party.name).split())[:70], "bic": checked_bic(bic)}
    try:
        with transaction.atomic():
            made = Mandate.objects.create(
                coop=actor.coop, membership=membership, reference=reference, iban=checked_iban(iban),
                signed_on=signed_on, recorded_by=actor.user, **fields,
            )  # fmt: skip
    except IntegrityError:
        raise Refused("reference_used", _("This mandate reference was used before."), "reference", status=409) from None
    _say(actor, "ledger.mandate_given", made, signed_on=signed_on.isoformat(), account=made.masked)
    return made


@transaction.atomic
def revoke_mandate(*, actor, mandate: Mandate) -> Mandate:
    """Nothing is collected by this mandate any more; the member says so, or the treasurer for them. Asked twice, once.

    Refused while a collection that was released uses it: that is thrown away or booked first.
    """
    membership = mandate.membership
    if not rules.may(actor, "ledger.see_own", membership):
        rules.require(actor, "ledger.keep_books", membership)
    found = Mandate.objects.select_for_update(no_key=True).get(coop=actor.coop, pk=mandate.pk)
    if found.revoked_at is not None:
        return found
    run = DebitRun.objects.filter(lines__mandate=found, state=DebitRun.State.RELEASED).first()
    if run is not None:
        raise Refused(
            "under_way",
            _("Collection %(number)s is on its way to the bank; the treasurer throws it away or books it first.")
            % {"number": run.number},
            status=409,
        )
    found.revoked_at, found.revoked_by = clock.now(), actor.user
    found.save(update_fields=["revoked_at", "revoked_by"])
    _say(actor, "ledger.mandate_revoked", found)
    return found


@transaction.atomic
def forget_mandates(*, actor, membership) -> int:
    """Blank the account and holder of every mandate, and remove the files that name them. How many rows.

    A mandate that stands is revoked. Refused while a released collection uses one.
    """
    found = list(
        Mandate.objects.select_for_update(no_key=True).filter(membership=membership).exclude(iban="", holder="", bic="")
    )
    for mandate in found:
        revoke_mandate(actor=actor, mandate=mandate)
    rows = Mandate.objects.filter(pk__in=[each.pk for each in found]).update(holder="", iban="", bic="")
    files, _each = DebitFile.objects.filter(run__lines__membership=membership).delete()
    if rows or files:
        subject = f"membership:{membership.pk}"
        audit.record(actor=actor, kind="ledger.mandates_forgotten", subject=subject, mandates=rows, files=files)
    return rows


def accounts_in_mandates(party) -> list[str]:
    """Every IBAN and holder a person's mandates name, for the search after an erasure."""
    rows = Mandate.objects.filter(membership__party=party).values_list("iban", "holder")
    return sorted({text for row in rows for text in row if text})


def _say(actor, kind: str, mandate: Mandate, **more) -> None:
    subject = f"membership:{mandate.membership_id}"
    audit.record(actor=actor, kind=kind, subject=subject, mandate=mandate.reference, **more)
