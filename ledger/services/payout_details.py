"""Where members' money goes, and which account the co-op pays from."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _
from schwifty import BIC, IBAN
from schwifty.exceptions import SchwiftyException

from coop.kernel import audit, rules
from coop.kernel.errors import Refused
from ledger.exchange.nacha import is_routing
from ledger.models import PayingAccount, PayoutDetails, PayoutFile, PayoutRun, Way

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


@transaction.atomic
def record_details(
    *,
    actor,
    membership,
    way: str,
    holder: str = "",
    iban: str = "",
    bic: str = "",
    routing: str = "",
    account: str = "",
    savings: bool = False,
) -> PayoutDetails:
    """Say where a member's money goes from now on; the member says so, or the treasurer for them.

    What was known before stays until the person is erased. Refused: numbers that are none.
    """
    if not rules.may(actor, "ledger.see_own", membership):
        rules.require(actor, "ledger.keep_books", membership)
    fields: dict = {"holder": " ".join(holder.split())[:70] if way != Way.CHEQUE else ""}
    if way == Way.SEPA:
        fields |= {"iban": checked_iban(iban), "bic": checked_bic(bic)}
    elif way == Way.NACHA:
        number = account.replace(" ", "").replace("-", "")
        if not (number.isascii() and number.isalnum() and len(number) <= 17):
            raise Refused("account", _("An account number has up to 17 digits."), "account")
        fields |= {"routing": checked_routing(routing), "account": number, "savings": savings}
    elif way != Way.CHEQUE:
        raise Refused("way", _("Choose how the money is to reach the member."), "way")
    made = PayoutDetails.objects.create(
        coop_id=membership.coop_id, membership=membership, way=way, recorded_by=actor.user, **fields
    )
    audit.record(
        actor=actor,
        kind="ledger.payout_details_recorded",
        subject=f"membership:{membership.pk}",
        way=way,
        account=made.masked,
    )
    return made


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
    """Every account number and its holder's name as a person's money ever went to, for the search after an erasure."""
    rows = PayoutDetails.objects.filter(membership__party=party).values_list("iban", "account", "holder")
    return sorted({text for row in rows for text in row if len(text) > LAST_FOUR})
