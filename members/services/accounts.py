"""A login and a party find each other."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils.translation import gettext as _

from coop.kernel import audit
from coop.kernel.errors import Refused
from members.models import Party


@transaction.atomic
def claim(*, actor) -> Party:
    """Tie the actor's login to the one party here that has its verified e-mail address. Doing it again changes nothing.

    Refused where the address is not verified, nobody has it, or several people share it: they ask the secretary.
    """
    mine = Party.objects.filter(coop_id=actor.coop_id, account_id=actor.user_id).first()
    if mine is not None:
        return mine
    if (
        actor.user is None
        or not EmailAddress.objects.filter(user=actor.user, email__iexact=actor.user.email, verified=True).exists()
    ):
        raise Refused("not_verified", _("Please confirm your e-mail address first; we sent you a code."))
    parties = Party.objects.select_for_update(no_key=True).filter(coop_id=actor.coop_id, email__iexact=actor.user.email)
    free = list(parties.filter(account=None, merged_into=None, erased_at=None, died_on=None)[:2])
    if not free:
        raise Refused("nobody", _("Nobody on this register has the address %s.") % actor.user.email)
    if len(free) > 1:
        raise Refused("shared", _("Several people share this address; please ask the secretary to connect your login."))
    party = free[0]
    party.account = actor.user
    party.save(update_fields=["account"])
    actor.__dict__.pop("_membership", None)
    actor.__dict__.pop("is_member", None)
    audit.record(actor=actor, kind="members.login_claimed", subject=f"party:{party.pk}")
    return party
