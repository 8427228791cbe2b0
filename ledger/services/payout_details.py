"""Where members' money goes, and which account the co-op pays from."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from schwifty import BIC, IBAN
from schwifty.exceptions import SchwiftyException

from coop.kernel import audit, clock, rules
from coop.kernel.errors import Refused
from coop.kernel.models import Cooperative
from ledger import notices
from ledger.exchange.nacha import is_routing
from ledger.models import PayingAccount, PayoutDetails, PayoutFile, PayoutRun, Way
from ledger.selectors.payouts import known_of
from members.models import ChangeRequest, Party
from members.services.requesting import open_and_locked, settle_elsewhere

LAST_FOUR = 4  # what a line of a pay-out and the audit chain say of an account


def checked_iban(text: str) -> str:
    """An IBAN without blanks, its length and check digits right for its country."""
    try:
        return str(IBAN(text))
    except (SchwiftyException, ValueError):
        raise Refused("iban", _("This is not an IBAN; compare it with your bank card."), "iban") from None


def checked_bic(text: str) -> str:
    """A BIC of eight or eleven letters, or nothing."""
    if not text.strip():
        return ""
    try:
        return str(BIC(text))
    except (SchwiftyException, ValueError):
        raise Refused("bic", _("This is not a BIC; it may also be left out."), "bic") from None


def checked_routing(text: str) -> str:
    """Nine digits whose check digit is right."""
    number = text.replace(" ", "").replace("-", "")
    if not is_routing(number):
        raise Refused("routing", _("This is not a routing number; it has nine digits."), "routing")
    return number


def checked_details(
    *,
    way: str,
    holder: str = "",
    iban: str = "",
    bic: str = "",
    routing: str = "",
    account: str = "",
    savings: bool = False,
) -> dict[str, Any]:
    """Where money goes, as it is recorded: tidied, and only what belongs to the way. Refused: numbers that are none."""
    fields: dict[str, Any] = {"way": str(way), "holder": " ".join(holder.split())[:70] if way != Way.CHEQUE else ""}
    if way == Way.SEPA:
        return fields | {"iban": checked_iban(iban), "bic": checked_bic(bic)}
    if way == Way.NACHA:
        number = account.replace(" ", "").replace("-", "")
        if not (number.isascii() and number.isalnum() and len(number) <= 17):
            raise Refused("account", _("An account number has up to 17 digits."), "account")
        return fields | {"routing": checked_routing(routing), "account": number, "savings": bool(savings)}
    if way != Way.CHEQUE:
        raise Refused("way", _("Choose how the money is to reach the member."), "way")
    return fields


@transaction.atomic
def record_details(*, actor, membership, **said: Any) -> PayoutDetails:
    """The treasurer writes down where a member's money goes, as the member gave it on paper; ``said`` as above.

    It holds for every membership of the member, every known address is told, and a request for another account that
    waits is closed by it. What was known before stays until the person is erased. Refused: numbers that are none;
    another account for oneself, which somebody else looks at.
    """
    rules.require(actor, "ledger.keep_books", membership)
    fields = checked_details(**said)
    party = Party.objects.select_related("coop", "account").get(pk=membership.party_id, coop_id=actor.coop_id)
    if any(each.details for each in known_of(party)) and rules.may(actor, "members.act_for", party):
        raise Refused("own_account", _("This is your own money: ask for it under Money, so that somebody else looks."))
    waiting = open_and_locked(party, ChangeRequest.Kind.BANK)  # before the accounts, as whoever grants it does
    hold_accounts(party.coop_id)
    if waiting is not None:
        answer = _("The treasurer wrote down another account, as it was given on paper; that one counts.")
        settle_elsewhere(actor=actor, request=waiting, answer=answer)
    made = write_details(actor, party, fields)
    notices.account_named(party, made, by_office=True, closed=waiting is not None)
    return made


def write_details(actor, party, fields: dict[str, Any], **why: Any) -> PayoutDetails:
    """Add where a party's money goes, for each of its memberships. For services that have looked who may."""
    hold_accounts(party.coop_id)
    memberships = list(party.memberships.order_by("number"))
    stamp = {"coop_id": party.coop_id, "recorded_by_id": actor.user_id, "recorded_at": clock.now()}
    made = [PayoutDetails.objects.create(membership=each, **stamp, **fields) for each in memberships]
    said = [
        audit.Said(
            "ledger.payout_details_recorded",
            f"membership:{each.membership_id}",
            {"way": each.way, "account": each.masked} | why,
        )
        for each in made
    ]
    audit.record_all(actor, *said)
    return made[0]


def hold_accounts(coop_id: int) -> None:
    """Until the transaction ends no account is named while a run is drawn up or released, nor the other way round.

    So what a run has read is what was known when it was drawn up, and none is released that knows less than the books.
    """
    Cooperative.objects.select_for_update(no_key=True).get(pk=coop_id)


@transaction.atomic
def record_paying_account(
    *,
    actor,
    way: str,
    holder: str,
    iban: str = "",
    bic: str = "",
    routing: str = "",
    bank: str = "",
    company_id: str = "",
) -> PayingAccount:
    """The account the co-op pays from; the newest one of a way counts. Refused: numbers that are none."""
    rules.require(actor, "ledger.keep_books")
    holder = " ".join(holder.split())[:70]
    if not holder:
        raise Refused("holder", _("Say whose account it is."), "holder")
    fields: dict = {}
    if way == Way.SEPA:
        fields = {"iban": checked_iban(iban), "bic": checked_bic(bic)}
    elif way == Way.NACHA:
        fields = {"routing": checked_routing(routing), "bank": bank.strip()[:23], "company_id": company_id.strip()}
        if not fields["bank"] or not 1 <= len(fields["company_id"]) <= 10:
            raise Refused("company_id", _("The bank’s name and the company id it gave are needed."), "company_id")
    else:
        raise Refused("way", _("Cheques are drawn by hand; no account is kept for them."), "way")
    made = PayingAccount.objects.create(coop=actor.coop, way=way, holder=holder, recorded_by=actor.user, **fields)
    audit.record(
        actor=actor,
        kind="ledger.paying_account_recorded",
        subject=f"paying-account:{made.pk}",
        way=way,
        account=str(made),
    )
    return made


@transaction.atomic
def forget_payout_details(*, actor, membership) -> int:
    """Remove every account this member's money ever went to, and the bank files that name one. How many rows.

    What was paid and when stays in the books; a file's digest stays on its run. Refused while a pay-out that pays this
    member is under way.
    """
    paid = PayoutRun.objects.filter(lines__membership=membership, lines__amount__gt=0)
    run = paid.filter(state__in=(PayoutRun.State.DRAFT, PayoutRun.State.RELEASED)).first()
    if run is not None:
        raise Refused(
            "payout_under_way",
            _("Pay-out %(number)s to this member is under way; finish it or throw it away first.")
            % {"number": run.number},
            status=409,
        )
    files, _each = PayoutFile.objects.filter(run__in=paid).delete()
    rows, _each = PayoutDetails.objects.filter(membership=membership).delete()
    if files or rows:
        subject = f"membership:{membership.pk}"
        audit.record(actor=actor, kind="ledger.payout_details_forgotten", subject=subject, accounts=rows, files=files)
    return rows


def known_accounts(party) -> list[str]:
    """Every account number a person's money went to or was asked to go to, and its holder, to be searched for after an
    erasure."""
    named = ("iban", "account", "holder")
    rows = list(PayoutDetails.objects.filter(membership__party=party).values(*named))
    rows += ChangeRequest.objects.filter(party=party).values_list("said", flat=True)
    said = {str(row.get(key, "")) for row in rows for key in named}
    return sorted(text for text in said if len(text) > LAST_FOUR)
