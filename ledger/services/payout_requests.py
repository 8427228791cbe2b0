"""A member names where their money goes: the first account at once, every other one after somebody else has looked.

Accounts are what thieves change first. So another account is a request in the register
(``members.services.requesting``) until the secretary grants it; this is what the books have to say to such a request,
and ``ledger.apps`` registers it.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from schwifty import IBAN

from coop.kernel import rules
from coop.kernel.errors import Refused
from ledger import notices
from ledger.models import PayoutDetails, Way
from ledger.selectors.payouts import known_of
from ledger.services.payout_details import checked_details, hold_accounts, write_details
from members.models import ChangeRequest, Party
from members.selectors.rights import open_request
from members.services import ask_change
from members.services.carrying import Carrier

FIELDS = ("way", "holder", "iban", "bic", "routing", "account", "savings")


@transaction.atomic
def name_account(*, actor, party: Party, **said: Any) -> ChangeRequest | None:
    """A member, or whoever stands for them, says where their money goes; ``said`` as ``checked_details`` takes it.

    Where nothing is known yet it holds at once, for every membership of the party, and None is returned; otherwise the
    request that the secretary looks at. Either way every known address is told. Refused: numbers that are none, the
    account that is known already, a second request beside an open one.
    """
    rules.require(actor, "members.act_for", party)
    locked = Party.objects.select_for_update(no_key=True, of=("self",)).select_related("coop", "account")
    party = locked.get(pk=party.pk, coop_id=actor.coop_id)
    hold_accounts(party.coop_id)  # whoever names one meanwhile comes before or after
    bank = ChangeRequest.Kind.BANK
    if any(each.details for each in known_of(party)) or open_request(party, bank) is not None:
        return ask_change(actor=actor, party=party, kind=bank, **said)
    made = write_details(actor, party, checked(party, said))
    notices.account_named(party, made, by_office=False)
    return None


def checked(party: Party, said: dict[str, Any]) -> dict[str, Any]:
    """What was said of an account, as it will be recorded. Without ``way`` it is a SEPA account."""
    fields = checked_details(**{"way": Way.SEPA} | {key: said[key] for key in FIELDS if key in said})
    known = known_of(party)
    if not known:
        raise Refused("no_membership", _("There is no membership here for which money could be paid."))
    if all(each.details is not None and not each.came_back and _is(each.details, fields) for each in known):
        raise Refused("known_already", _("That is where the money goes already."), "iban", status=409)
    return fields


def _is(details: PayoutDetails, fields: dict[str, Any]) -> bool:
    return all(getattr(details, key) == value for key, value in fields.items())


def known(party: Party) -> str:
    """Where a party's money goes until now, in words with the last four places; by membership where they differ."""
    found = known_of(party)
    said = [(each.membership, str(each.details) if each.details else _("nothing known yet")) for each in found]
    if len({words for _membership, words in said}) == 1:
        return said[0][1]
    return "; ".join(f"{membership.number_text}: {words}" for membership, words in said) or _("nothing known yet")


def asked(party: Party, said: dict[str, Any]) -> list[tuple[str, str]]:
    """What was asked for as (label, value), whole, so that it can be compared with a paper or on the telephone."""
    way = Way(said.get("way") or Way.SEPA)
    savings = _("savings account") if said.get("savings") else ""
    lines = [
        (_("Asked for"), str(way.label)),
        ("IBAN", IBAN(said["iban"], allow_invalid=True).formatted if said.get("iban") else ""),
        ("BIC", said.get("bic", "")),
        (_("Routing number"), said.get("routing", "")),
        (_("Account number"), " ".join(filter(None, (said.get("account", ""), savings)))),
        (_("Account holder"), said.get("holder") or (party.name if way != Way.CHEQUE else "")),
    ]
    return [(label, value) for label, value in lines if value]


def masked(said: dict[str, Any]) -> str:
    """What was asked for in the words an account is shown by, with the last four places."""
    return str(PayoutDetails(**{"way": Way.SEPA} | {key: said[key] for key in FIELDS if key in said}))


def carry_out(actor, request: ChangeRequest) -> None:
    """What was granted holds from now on. Called in the transaction of the grant, which has looked who may."""
    write_details(actor, request.party, checked(request.party, request.said), request=request.pk)


CARRIER = Carrier(checked=checked, known=known, asked=asked, carry_out=carry_out)
