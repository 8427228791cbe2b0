"""Many share payments from one file: all of them, or none and every reason."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from coop.kernel import audit, money, rules
from coop.kernel.errors import Refused
from ledger.exchange.payments_csv import PaymentSheet, read_payments
from ledger.models import Entry
from ledger.services.periods import wait_for_years
from ledger.services.shares import record_payment, take_holding
from members.selectors import memberships_by_number

SHOWN = 50


class FileRefused(Refused):
    """The file is refused as a whole; ``problems`` names every line."""

    def __init__(self, message: str, problems: list[str]):
        super().__init__("file_refused", message, "file")
        self.problems = problems


@dataclass(frozen=True)
class Imported:
    """How many payments were entered now, what they come to, and how many the books knew already."""

    payments: int
    total: int
    known: int
    activated: int


@transaction.atomic
def import_payments(*, actor, data: bytes, file_name: str, total: int, overpayment: str = "refuse") -> Imported:
    """Enter every payment of a CSV file, in one transaction.

    ``total`` is the sum the person read off the bank statement, in minor units: the file must add up to it. A file
    taken before is not taken twice: each row is known by the file's fingerprint and its line.
    """
    rules.require(actor, "ledger.keep_books")
    sheet = read_payments(data, file_name, actor.coop.currency)
    members = memberships_by_number(actor.coop, {row.member for row in sheet.rows})
    for row in sheet.rows:
        if row.member not in members:
            sheet.problems.append(_("Line %(line)s: there is no member %(n)s.") % {"line": row.line, "n": row.member})
    _check_total(actor, sheet, total)
    take_holding(*(members[row.member] for row in sheet.rows if row.member in members))
    wait_for_years(actor.coop, (row.on for row in sheet.rows))
    payments = known = activated = 0
    for row in sheet.rows if not sheet.problems else ():
        key = f"csv:{sheet.digest}:{row.line}"
        there = Entry.objects.filter(coop=actor.coop, key=key).exists()
        try:
            payment = record_payment(
                actor=actor,
                membership=members[row.member],
                amount=row.amount,
                on=row.on,
                reference=row.reference,
                key=key,
                overpayment=overpayment,
            )
        except Refused as refusal:
            sheet.problems.append(_("Line %(line)s: %(why)s") % {"line": row.line, "why": refusal.message})
            continue
        members[row.member].refresh_from_db(fields=["state", "active_on", "last_seq"])
        known += there
        payments += not there
        activated += payment.activated
    _refuse(sheet, file_name)
    audit.record(
        actor=actor,
        kind="ledger.payments_imported",
        subject=f"file:{sheet.digest[:16]}",
        file=file_name,
        payments=payments,
        known=known,
        total=str(sheet.total),
    )
    return Imported(payments, sheet.total, known, activated)


def _check_total(actor, sheet: PaymentSheet, total: int) -> None:
    if not sheet.problems and sheet.total != total:
        currency = actor.coop.currency
        raise Refused(
            "total",
            _("The file adds up to %(file)s, and you expected %(total)s; nothing was entered.")
            % {"file": money.format_minor(sheet.total, currency), "total": money.format_minor(total, currency)},
            "total",
        )


def _refuse(sheet: PaymentSheet, file_name: str) -> None:
    if not sheet.problems:
        return
    raise FileRefused(
        _("“%(file)s” was refused: %(n)s lines cannot be taken, so none was.")
        % {"file": file_name, "n": len(sheet.problems)}
        if len(sheet.problems) > 1
        else _("“%(file)s” was refused, nothing was entered. %(why)s") % {"file": file_name, "why": sheet.problems[0]},
        sheet.problems[:SHOWN],
    )
