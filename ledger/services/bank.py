"""The bank: the co-op's accounts there, and statements brought in from files. Nothing here posts."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection, transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, rules
from coop.kernel.csv_table import digest_of
from coop.kernel.errors import Refused
from ledger.exchange.bank import Statement, read_statements
from ledger.exchange.bank.shape import plain_iban
from ledger.exchange.pain008 import is_creditor_id
from ledger.models import Account, BankAccount, BankLine, BankStatement
from ledger.services.accounts import account

BANK_LOCK = 7015


@dataclass(frozen=True, slots=True)
class BroughtIn:
    """What an import brought: the statements, lines that are new, lines the inbox knew already."""

    statements: tuple[BankStatement, ...]
    new: int
    known: int


@transaction.atomic
def create_bank_account(
    *,
    actor,
    name: str,
    number: str,
    holder: str = "",
    bic: str = "",
    creditor_id: str = "",
    of: Account | None = None,
) -> BankAccount:
    """Say which account the co-op has at a bank. The first is the one members pay into.

    ``number`` is an IBAN, whose check digits must hold, or an account number of a country without IBANs. ``of`` is the
    account of the books that stands for it; the one for the bank if left out.
    """
    rules.require(actor, "ledger.keep_books")
    coop = actor.coop
    plain, is_iban = _own_number(number)
    of = of or account(coop, "bank")
    if BankAccount.objects.filter(coop=coop, number=plain).exists():
        raise Refused("account_there", _("The co-op has this bank account already."), "number", status=409)
    if BankAccount.objects.filter(account=of).exists():
        raise Refused("account_taken", _("“%(account)s” stands for another bank account.") % {"account": of}, "of")
    made = BankAccount.objects.create(
        coop=coop,
        name=name.strip()[:100] or plain,
        number=plain,
        is_iban=is_iban,
        bic=bic.strip().upper(),
        holder=(holder.strip() or coop.name)[:70],
        creditor_id=creditor_id.replace(" ", "").upper(),
        currency=of.currency,
        account=of,
        is_default=not BankAccount.objects.filter(coop=coop, is_default=True).exists(),
    )
    audit.record(actor=actor, kind="ledger.bank_account_created", subject=f"bank-account:{made.pk}", number=plain)
    return made


@transaction.atomic
def name_creditor(*, actor, bank_account: BankAccount, creditor_id: str) -> BankAccount:
    """Say by which creditor identifier the co-op collects into an account. Refused: one whose digits do not hold."""
    rules.require(actor, "ledger.keep_books")
    plain = "".join(creditor_id.split()).upper()
    if not is_creditor_id(plain):
        raise Refused("creditor_id", _("This is not a creditor identifier; compare it with the letter."), "creditor_id")
    found = BankAccount.objects.select_for_update(no_key=True).get(coop=actor.coop, pk=bank_account.pk)
    if found.currency != "EUR" or not found.is_iban:
        raise Refused("currency", _("Direct debits are collected into an account in euro with an IBAN."), status=409)
    found.creditor_id = plain
    found.save(update_fields=["creditor_id"])
    audit.record(actor=actor, kind="ledger.creditor_named", subject=f"bank-account:{found.pk}", creditor=plain)
    return found


def _own_number(text: str) -> tuple[str, bool]:
    plain = "".join(text.split()).upper()
    if plain[:2].isalpha():
        iban = plain_iban(plain)
        if not iban:
            raise Refused(
                "iban", _("The IBAN “%(iban)s” is wrong: its check digits do not hold.") % {"iban": text[:40]}, "number"
            )
        return iban, True
    if not plain or len(plain) > 34 or not plain.isascii():
        raise Refused("number", _("Write the IBAN or the account number."), "number")
    return plain, False


# --- statements in ----------------------------------------------------------------------------------------------------


@transaction.atomic
def import_statement(*, actor, data: bytes, file_name: str, bank_account: BankAccount | None = None) -> BroughtIn:
    """Bring in a bank statement: camt.053, MT940, OFX or CSV. All of it, or nothing and one sentence why.

    The file says which account it is of; for a CSV the person says it. Refuses a file of an account the co-op has
    not, in another currency, brought in before, broken off or not adding up. Lines an overlapping statement brought
    are known and not taken twice. Posts nothing.
    """
    rules.require(actor, "ledger.keep_books")
    file_name = file_name[:200]
    found = read_statements(data, file_name, currency=bank_account.currency if bank_account else actor.coop.currency)
    with connection.cursor() as cursor:  # two imports of one file meet one after the other
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [BANK_LOCK, actor.coop_id % 2147483647])
    made, new, known = [], 0, 0
    digest = digest_of(data)
    for statement in found:
        of = _account_of(actor.coop, statement, bank_account)
        _check_new(statement, of, digest)
        row, fresh = _keep(actor, statement, of, file_name, digest)
        made.append(row)
        new += fresh
        known += len(statement.rows) - fresh
    if not new and (before := _brought_all_of(found, made)):
        raise _there(before)
    audit.record(
        actor=actor,
        kind="ledger.statement_imported",
        subject=f"file:{digest[:16]}",
        file=file_name,
        lines=new,
        known=known,
    )
    return BroughtIn(tuple(made), new, known)


def _account_of(coop, statement: Statement, said: BankAccount | None) -> BankAccount:
    of = said
    if statement.account:
        of = BankAccount.objects.filter(coop=coop, number=statement.account).first()
        if of is None:
            raise Refused(
                "unknown_account",
                _("The statement is of account %(number)s, which is none of the co-op’s.")
                % {"number": statement.account},
                "file",
            )
        if said is not None and said != of:
            raise Refused(
                "other_account",
                _("You chose “%(said)s”, and the statement is of “%(is)s”.") % {"said": said, "is": of},
                "bank_account",
            )
    if of is None:
        raise Refused("which_account", _("This file does not say which account it is of; choose it."), "bank_account")
    if statement.currency != of.currency:
        raise Refused(
            "currency",
            _("The statement is in %(found)s, and “%(account)s” is in %(currency)s.")
            % {"found": statement.currency[:10], "account": of, "currency": of.currency},
            "file",
        )
    return of


def _check_new(statement: Statement, of: BankAccount, digest: str) -> None:
    before = BankStatement.objects.filter(bank_account=of)
    ends = max((row.booked_on for row in statement.rows), default=None)
    same = before.filter(digest=digest).first()
    if same is None and statement.number:
        same = before.filter(number=statement.number, ends=ends, closing=statement.closing).first()
    if same is not None:
        raise _there(same)
    tomorrow = [row for row in statement.rows if row.booked_on > clock.today(of.coop)]
    if tomorrow:
        raise Refused(
            "future",
            _("%(place)s: %(day)s is still to come.")
            % {"place": tomorrow[0].place, "day": date_format(tomorrow[0].booked_on)},
            "file",
        )


def _there(before: BankStatement) -> Refused:
    sentence = _("This statement was brought in on %(day)s, as “%(file)s”; nothing was changed.")
    day = date_format(clock.local_day(before.recorded_at, before.coop))
    return Refused("statement_there", sentence % {"day": day, "file": before.file_name}, "file", status=409)


def _brought_all_of(found: list[Statement], made: list[BankStatement]) -> BankStatement | None:
    """The file that brought the last of these lines, which are all known: fetched anew, a statement has other bytes."""
    lines = BankLine.objects.none()
    for statement, row in zip(found, made, strict=True):
        known = BankLine.objects.filter(bank_account=row.bank_account_id, fingerprint__in=statement.fingerprints())
        lines = lines | known
    last = lines.select_related("statement__coop").order_by("statement_id").last()
    return last.statement if last else None


def _keep(actor, statement: Statement, of: BankAccount, file_name: str, digest: str) -> tuple[BankStatement, int]:
    days = [row.booked_on for row in statement.rows]
    kept = BankStatement.objects.create(
        coop=actor.coop,
        bank_account=of,
        format=statement.format,
        file_name=file_name,
        digest=digest,
        number=statement.number,
        opening=statement.opening,
        closing=statement.closing,
        starts=min(days, default=None),
        ends=max(days, default=None),
        lines_in_file=len(days),
        actor_id=actor.user_id,
    )
    marks = statement.fingerprints()
    there = set(BankLine.objects.filter(bank_account=of, fingerprint__in=marks).values_list("fingerprint", flat=True))
    new = [
        BankLine(
            coop=actor.coop,
            statement=kept,
            bank_account=of,
            n=n,
            fingerprint=mark,
            booked_on=row.booked_on,
            amount=row.amount,
            text=row.text,
            name=row.name,
            iban=row.iban,
            end_to_end=row.end_to_end,
            bank_ref=row.bank_ref,
        )
        for n, (row, mark) in enumerate(zip(statement.rows, marks, strict=True), start=1)
        if mark not in there and row.amount
    ]
    BankLine.objects.bulk_create(new, batch_size=2000)
    return kept, len(new)
