"""What waits for the treasurer: lines of the bank, and an entry and a collection that take a second person."""

from __future__ import annotations

from datetime import date, timedelta

from schwifty import IBAN

from coop.kernel.money import decimal_text
from coop.kernel.tenancy import Actor
from ledger import references
from ledger.models import Account
from ledger.selectors.dues import unpaid
from ledger.services.accounts import account as account_for
from ledger.services.bank import create_bank_account, import_statement, name_creditor
from ledger.services.debits import prepare_debits
from ledger.services.entries import draft_entry, set_entry_limit
from ledger.services.mandates import give_mandate
from ledger.services.posting import Line


def statement(treasurer: Actor, today: date) -> None:
    """The co-op's account, and last week's statement as its bank gives it out."""
    coop = treasurer.coop
    account = create_bank_account(
        actor=treasurer, name="House bank", number="DE89 3704 0044 0532 0130 00", bic="COBADEFFXXX"
    )
    name_creditor(actor=treasurer, bank_account=account, creditor_id="DE98 ZZZ 0999 9999 999")
    day = today - timedelta(days=5)
    lines = ["date;amount;name;text"]
    for place, debtor in enumerate(unpaid(coop, today)[:4]):
        member = debtor.membership
        amount = decimal_text(debtor.owed.due or debtor.owed.next_part, coop.currency)
        reference = references.printed(references.of_member(member.number))
        text = f"Shares {reference}" if place < 3 else f"shares of member {member.number}"
        lines.append(f"{day};{amount};{member.party.name};{text}")
    lines += [f"{day};17.40;Till roll refund;Credit note 8841", f"{day};-6.90;House bank;Account charges"]
    data = "\n".join(lines).encode()
    import_statement(actor=treasurer, data=data, file_name=f"statement-{day}.csv", bank_account=account)


def by_hand(officers: dict[str, Actor], today: date) -> None:
    """The board let one officer post up to 1,000.00 alone; the new till is above it and waits."""
    treasurer = officers["treasurer"]
    set_entry_limit(actor=officers["board"], amount=1_000_00, resolution=f"Board {today:%Y}-03")
    rent = Account.objects.get(coop=treasurer.coop, code="6200", membership=None)
    lines = [Line(rent, 2_480_00), Line(account_for(treasurer.coop, "bank"), -2_480_00)]
    draft_entry(actor=treasurer, on=today, memo="Repair of the cold room", lines=lines, key="demo-cold-room")


def collection(treasurer: Actor, today: date) -> None:
    """Three members have signed a mandate; what they owe by then waits for a second officer to let it be collected."""
    day = today + timedelta(days=20)
    found = [each for each in unpaid(treasurer.coop, day) if each.owed.due][-3:]
    for place, debtor in enumerate(found):
        iban = IBAN.generate("DE", bank_code="37040044", account_code=str(532_013_900 + place))
        give_mandate(actor=treasurer, membership=debtor.membership, iban=str(iban), signed_on=today)
    if found:
        prepare_debits(actor=treasurer, collect_on=day)
