"""What the bank sent: payments with their reference, some without, and a charge. They wait in the treasurer's inbox."""

from __future__ import annotations

from datetime import date, timedelta

from coop.kernel.money import decimal_text
from coop.kernel.tenancy import Actor
from ledger import references
from ledger.selectors.dues import unpaid
from ledger.services.bank import create_bank_account, import_statement


def statement(treasurer: Actor, today: date) -> None:
    """The co-op's account, and last week's statement as its bank gives it out."""
    coop = treasurer.coop
    account = create_bank_account(
        actor=treasurer, name="House bank", number="DE89 3704 0044 0532 0130 00", bic="COBADEFFXXX"
    )
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
