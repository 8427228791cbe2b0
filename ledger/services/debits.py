"""Collections by direct debit: drawn up, released by a second person, told to members, booked, and what came back."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from datetime import date
from hashlib import sha256
from typing import Any

import rfc8785
from django.db import IntegrityError, connection, transaction
from django.db.models import Max
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, jobs, money, rules
from coop.kernel.errors import Refused
from coop.kernel.models import Cooperative, Job
from ledger import notices
from ledger.exchange.pain008 import Collection, Creditor, is_creditor_id, write
from ledger.models import BankAccount, DebitFile, DebitLine, DebitReturn, DebitRun, Entry
from ledger.selectors.debits import Collectable, collectable, creditor_account
from ledger.services.accounts import account, member_account
from ledger.services.posting import Line, post_entry
from ledger.services.shares import record_payment, reverse_payment

State = DebitRun.State
Sequence_ = DebitLine.Sequence
NOTICE_DAYS = 14  # EPC016-06, the core scheme's rulebook § 4.3.4: unless debtor and creditor agreed on fewer
LONGEST = 120


@transaction.atomic
def prepare_debits(*, actor, collect_on: date, notice_days: int = NOTICE_DAYS) -> DebitRun:
    """Draw a collection up over everything that will be due, with its file. It waits for somebody else's release.

    ``notice_days``: how long before members are told; fewer than 14 only as the mandates agree. Refused: another
    collection under way, no account with a creditor identifier, a day too near, nobody to collect from.
    """
    rules.require(actor, "ledger.keep_books")
    coop = Cooperative.objects.select_for_update(no_key=True).get(pk=actor.coop_id)
    into = _creditor(coop)
    if not 1 <= notice_days <= 30:
        raise Refused("notice_days", _("Members are told between 1 and 30 days before."), "notice_days")
    _soon_enough(coop, collect_on, notice_days)
    if DebitRun.objects.filter(coop=coop, state__in=(State.DRAFT, State.RELEASED)).exists():
        raise Refused("one_at_a_time", _("Another collection is under way; finish it or throw it away."), status=409)
    found = collectable(coop, collect_on)
    if not found:
        raise Refused("nobody", _("Nobody with a mandate owes anything that is due by then."), "collect_on")
    number = (DebitRun.objects.filter(coop=coop).aggregate(n=Max("number"))["n"] or 0) + 1
    creditor = Creditor(into.holder, into.number, into.creditor_id, into.bic)
    file = write(
        creditor,
        [_collection(coop, each, number) for each in found],
        message=f"{coop.slug[:12]}-{collect_on:%Y%m%d}-D{number}",
        made_at=clock.now(),
        collect_on=collect_on,
    )
    run = DebitRun(
        coop=coop, number=number, bank_account=into, collect_on=collect_on, notice_days=notice_days, count=file.count,
        total=file.total, file_name=file.name, file_digest=sha256(file.content).hexdigest(), prepared_by=actor.user,
    )  # fmt: skip
    run.hash = _hash(run, [(each.mandate.membership.number, each.mandate.pk, each.amount) for each in found])
    run.save(force_insert=True)
    DebitLine.objects.bulk_create(
        DebitLine(
            coop=coop, run=run, membership=each.mandate.membership, mandate=each.mandate, amount=each.amount,
            number=each.mandate.membership.number, ends=each.mandate.iban[-4:],
            sequence=Sequence_.FIRST if each.first else Sequence_.RECURRING,
        )
        for each in found
    )  # fmt: skip
    DebitFile.objects.create(run=run, content=zlib.compress(file.content, 6))
    _say(actor, "ledger.debits_prepared", run)
    return run


def _creditor(coop) -> BankAccount:
    into = creditor_account(coop)
    if into is None:
        raise Refused(
            "no_creditor",
            _("First name the creditor identifier and the account in euro it collects into."),
        )
    if not is_creditor_id(into.creditor_id):
        raise Refused("creditor_id", _("The creditor identifier %(id)s is wrong.") % {"id": into.creditor_id})
    return into


def _soon_enough(coop, collect_on: date, notice_days: int) -> None:
    days = (collect_on - clock.today(coop)).days
    if not notice_days <= days <= LONGEST:
        raise Refused(
            "collect_on",
            _("Members are told %(n)s days before; choose a day from then on, within %(most)s days.")
            % {"n": notice_days, "most": LONGEST},
            "collect_on",
        )


def _collection(coop, each: Collectable, number: int) -> Collection:
    mandate = each.mandate
    member = mandate.membership.number
    return Collection(
        reference=f"D{number}-{member}",
        mandate=mandate.reference,
        signed_on=mandate.signed_on,
        sequence=Sequence_.FIRST if each.first else Sequence_.RECURRING,
        name=mandate.holder,
        iban=mandate.iban,
        bic=mandate.bic,
        amount=each.amount,
        memo=_("%(coop)s, member %(number)s: what is due") % {"coop": coop.name, "number": member},
    )


def _hash(run: DebitRun, lines: Sequence[tuple[int, int, int]]) -> str:
    said: dict[str, Any] = {
        "coop": run.coop.slug,
        "run": run.number,
        "collect_on": run.collect_on.isoformat(),
        "total": str(run.total),
        "file": run.file_digest,
        "lines": [f"{number}|{mandate}|{amount}" for number, mandate, amount in lines],
    }
    return sha256(rfc8785.dumps(said)).hexdigest()


def hash_of(run: DebitRun) -> str:
    """SHA-256 over the collection's terms, its file's digest and every line as stored."""
    rows = DebitLine.objects.filter(run=run).order_by("number").values_list("number", "mandate_id", "amount")
    return _hash(run, list(rows))


@transaction.atomic
def release_debits(*, actor, run: DebitRun, seen: str, site: str) -> DebitRun:
    """A second person lets exactly the collection go whose hash they saw; every member is told day, amount and mandate.

    Refused: whoever drew it up; another hash; a day too near by now; a mandate revoked since. Asked twice, told once.
    """
    rules.require(actor, "ledger.release")
    found = _locked(actor, run)
    if found.state == State.RELEASED:
        return found
    _only(found, State.DRAFT)
    if actor.user_id == found.prepared_by_id:
        raise Refused("same_person", _("You drew this collection up; somebody else has to release it."), status=403)
    if seen != found.hash or hash_of(found) != found.hash:
        raise Refused("not_what_was_seen", _("This is not the collection you looked at; read it again."), status=409)
    _soon_enough(actor.coop, found.collect_on, found.notice_days)
    gone = found.lines.filter(mandate__revoked_at__isnull=False).first()
    if gone is not None:
        raise Refused(
            "revoked",
            _("Member %(number)s revoked the mandate; throw this collection away and draw up another.")
            % {"number": gone.number},
            status=409,
        )
    found.state, found.released_at, found.released_by = State.RELEASED, clock.now(), actor.user
    found.save(update_fields=["state", "released_at", "released_by"])
    for line in found.lines.select_related("membership__party", "mandate").order_by("number"):
        notices.debit(line, found, site)
    _say(actor, "ledger.debits_released", found)
    return found


@transaction.atomic
def cancel_debits(*, actor, run: DebitRun, because: str) -> DebitRun:
    """Throw a collection away that was not booked; everything stays owed. Its file goes."""
    rules.require(actor, "ledger.keep_books")
    found = _locked(actor, run)
    because = " ".join(because.split())[:300]
    if not because:
        raise Refused("no_reason", _("Say why."), "because")
    _only(found, State.DRAFT, State.RELEASED)
    if _booked(found):
        raise Refused("being_booked", _("Some of it is in the books already; book the rest."), status=409)
    found.state, found.cancelled_at, found.cancelled_by = State.CANCELLED, clock.now(), actor.user
    found.because = because
    found.save(update_fields=["state", "cancelled_at", "cancelled_by", "because"])
    DebitFile.objects.filter(run=found).delete()
    _say(actor, "ledger.debits_cancelled", found, because=because)
    return found


def ask_to_book(*, actor, run: DebitRun) -> Job:
    """Once the bank has collected, the worker books every line on the day of the collection."""
    rules.require(actor, "ledger.keep_books")
    _only(run, State.RELEASED)
    if clock.today(actor.coop) < run.collect_on:
        raise Refused("too_early", _("The bank collects on %(day)s.") % {"day": date_format(run.collect_on)})
    title = _("Booking collection %(number)s") % {"number": run.number}
    return jobs.enqueue("ledger.book_debits", run.pk, actor=actor, title=title, total=run.count)


def book_debits(*, actor, run_id: int, progress: Callable[[int, int | None], None] | None = None) -> DebitRun:
    """Enter every line as the member's payment, each in its own transaction under its own key; then the run is booked.

    Killed half-way it is called again and goes on. More than is owed by now is kept as the member's credit.
    """
    rules.require(actor, "ledger.keep_books")
    run = DebitRun.objects.select_related("bank_account__account", "coop").get(coop=actor.coop, pk=run_id)
    if run.state == State.BOOKED:
        return run
    _only(run, State.RELEASED)
    if clock.today(actor.coop) < run.collect_on:
        raise Refused("too_early", _("The bank collects on %(day)s.") % {"day": date_format(run.collect_on)})
    lines = list(run.lines.select_related("membership__party", "membership__member_class", "membership__coop", "run"))
    for done, line in enumerate(lines, start=1):
        with transaction.atomic():
            _only(_locked(actor, run), State.RELEASED)
            record_payment(
                actor=actor, membership=line.membership, amount=line.amount, on=run.collect_on,
                reference=line.reference, key=line.posting_key, overpayment="keep", into=run.bank_account.account,
            )  # fmt: skip
        if progress:
            progress(done, len(lines))
    with transaction.atomic():
        found = _locked(actor, run)
        if found.state == State.RELEASED:
            found.state, found.booked_at = State.BOOKED, clock.now()
            found.save(update_fields=["state", "booked_at"])
            _say(actor, "ledger.debits_booked", found)
    return found


@transaction.atomic
def record_debit_return(
    *, actor, line: DebitLine, on: date, code: str, fee: int = 0, charge: bool = False
) -> DebitReturn:
    """The bank took a debit back: the payment is reversed, the fee booked. Asked twice, it came back once.

    ``code``: the bank's reason, such as AC04. ``fee`` in minor units; ``charge`` puts it on the member, else it is the
    co-op's expense. Refused: a line that is not booked, a day before the collection or to come.
    """
    rules.require(actor, "ledger.keep_books")
    run = _locked(actor, line.run)
    there = DebitReturn.objects.filter(line=line).first()
    if there is not None:
        return there
    code = "".join(code.split()).upper()[:10]
    if not code:
        raise Refused("code", _("Give the reason the bank gives, such as AC04."), "code")
    if run.state != State.BOOKED:
        raise Refused("not_booked", _("This collection is not in the books yet."), status=409)
    if not run.collect_on <= on <= clock.today(actor.coop):
        raise Refused("on", _("Choose a day from %(day)s to today.") % {"day": date_format(run.collect_on)}, "on")
    if not 0 <= fee <= money.LARGEST:
        raise Refused("fee", _("A fee is not less than nothing."), "fee")
    entry = Entry.objects.get(coop=actor.coop, key=line.posting_key)
    because = _("Debit came back: %(code)s") % {"code": code}
    reversal = reverse_payment(actor=actor, entry=entry, on=on, because=because)
    try:
        with transaction.atomic():
            made = DebitReturn.objects.create(
                coop=actor.coop, line=line, on=on, code=code, fee=fee, entry=reversal, recorded_by=actor.user,
                fee_entry=_fee(actor, run, line, on, fee, charge) if fee else None,
            )  # fmt: skip
    except IntegrityError:
        raise Refused("twice", _("This debit is recorded as come back already."), status=409) from None
    subject = f"membership:{line.membership_id}"
    audit.record(actor=actor, kind="ledger.debit_returned", subject=subject, run=run.number, code=code, fee=str(fee))
    return made


def _fee(actor, run: DebitRun, line: DebitLine, on: date, fee: int, charge: bool) -> Entry:
    to = member_account(line.membership, "member_receivable") if charge else account(actor.coop, "bank_charges")
    memo = _("Fee for a debit that came back, member %(number)s") % {"number": line.number}
    lines = [Line(to, fee), Line(run.bank_account.account, -fee)]
    return post_entry(actor=actor, on=on, kind="debit_fee", memo=memo, lines=lines, key=f"debit-fee:{line.pk}")


def _locked(actor, run: DebitRun) -> DebitRun:
    found = DebitRun.objects.select_for_update(no_key=True, of=("self",)).select_related(
        "bank_account__account", "coop"
    )
    return found.get(coop=actor.coop, pk=run.pk)


def _booked(run: DebitRun) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM ledger_debitline l JOIN ledger_entry e ON e.coop_id = l.coop_id"
            " AND e.key = 'debit:' || l.id WHERE l.run_id = %s)",
            [run.pk],
        )
        return cursor.fetchone()[0]


def _only(run: DebitRun, *states: str) -> None:
    if run.state not in states:
        raise Refused(
            "not_now",
            _("Collection %(number)s is in another state: %(state)s.")
            % {"number": run.number, "state": run.get_state_display().lower()},
            status=409,
        )


def _say(actor, kind: str, run: DebitRun, **more) -> None:
    audit.record(
        actor=actor, kind=kind, subject=f"debit-run:{run.pk}", number=run.number, count=run.count,
        total=str(run.total), hash=run.hash, **more,
    )  # fmt: skip
