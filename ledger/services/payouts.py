"""Pay-out runs: drawn up for everybody who is owed something, released by a second person, and what came back.

The file is written when the run is drawn up and known by its digest; who releases it names the hash over the whole run.
Posting is ``services.payout_posting``, in the worker.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence
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
from ledger.allocation.paying import paying
from ledger.exchange import cheques, nacha, pain001
from ledger.exchange.payments_out import Payer, Payment, Written
from ledger.models import Account, BankAccount, PayoutFile, PayoutLine, PayoutReturn, PayoutRun, Way
from ledger.selectors import choices
from ledger.selectors.payouts import Owed, no_longer_owed, owed, paying_account, renamed_since, under_way
from ledger.services.accounts import account, member_account
from ledger.services.payout_details import hold_accounts
from ledger.services.posting import Line, post_entry

State = PayoutRun.State
Held = PayoutLine.Held
WRITERS = {Way.SEPA: pain001.write, Way.NACHA: nacha.write, Way.CHEQUE: cheques.write}
CURRENCY = {Way.SEPA: "EUR", Way.NACHA: "USD"}
LINE_COLUMNS = "coop_id, run_id, membership_id, number, refund, interest, netted, amount, waiting, held"
LINES_DIGEST = """
    SELECT encode(sha256(convert_to(coalesce(string_agg(concat_ws('|', number, membership_id, refund, interest, netted,
           amount, waiting, held), E'\\n' ORDER BY number), ''), 'UTF8')), 'hex')
      FROM ledger_payoutline WHERE run_id = %s
"""


@transaction.atomic
def prepare(*, actor, way: str, pay_on: date, more_than: int = 0, set_off: bool = False) -> PayoutRun:
    """Draw up a run over everything owed today, with its file. It waits for somebody else's release.

    ``more_than``: sums up to it wait for more. ``set_off``: debts are taken off first, as the by-laws must allow.
    Whoever cannot be paid this way has a line that says why. Refused: another run under way, no account to pay from,
    a currency the way does not carry, a day gone by, nothing to pay and nothing to set off.
    """
    rules.require(actor, "ledger.keep_books")
    coop = Cooperative.objects.select_for_update(no_key=True).get(pk=actor.coop_id)  # numbers, and one run at a time
    payer = _payer(coop, way)
    if not 0 <= (pay_on - clock.today(coop)).days <= 365:
        raise Refused("pay_on", _("Choose a day from today on, within a year."), "pay_on")
    if not 0 <= more_than <= money.LARGEST:
        raise Refused("more_than", _("A limit is not less than nothing."), "more_than")
    if under_way(coop) is not None:
        raise Refused(
            "one_at_a_time", _("Another pay-out is under way; release it or throw it away first."), status=409
        )
    _after_the_choices(coop)
    number = (PayoutRun.objects.filter(coop=coop).aggregate(n=Max("number"))["n"] or 0) + 1
    rows, payments = [], []
    for one in owed(coop, clock.today(coop)):
        row, payment = _line(one, way, number, coop.name, more_than, set_off)
        rows.append(row)
        if payment:
            payments.append(payment)
    file = _written(way, payer, payments, coop, number, pay_on)
    fields = {"bank": bank_of(coop, payer.iban), "pay_on": pay_on, "more_than": more_than, "set_off": set_off}
    run = _kept(actor, rows, file, coop=coop, number=number, way=way, **fields)
    _say(actor, "ledger.payout_prepared", run, way=way, file=run.file_digest)
    return run


def _after_the_choices(coop) -> None:
    """Refused while members choose what becomes of a refund, and until that is carried out."""
    offer = choices.waiting(coop)
    if offer is None:
        return
    facts = {"year": offer.plan.year.year, "day": date_format(offer.closes_on)}
    if choices.is_open(offer):
        said = _("Members choose until %(day)s what becomes of their refunds for %(year)s; the pay-out comes after.")
    else:
        said = _("First carry out what members chose about their refunds for %(year)s; it stands with the plan.")
    raise Refused("choices", said % facts, status=409)


def _payer(coop, way: str) -> Payer:
    if way not in WRITERS:
        raise Refused("way", _("Choose how the money is to reach the members."), "way")
    if CURRENCY.get(Way(way), coop.currency) != coop.currency:
        raise Refused(
            "currency",
            _("%(way)s carries %(carried)s; this co-op’s books are in %(currency)s.")
            % {"way": Way(way).label, "carried": CURRENCY[Way(way)], "currency": coop.currency},
            "way",
        )
    if way == Way.CHEQUE:
        return Payer(coop.name)
    ours = paying_account(coop, way)
    if ours is None:
        raise Refused("no_account", _("First say which account the co-op pays from."), "way")
    return Payer(ours.holder, ours.iban, ours.bic, routing=ours.routing, bank=ours.bank, company_id=ours.company_id)


def bank_of(coop, iban: str) -> Account:
    """The account of the books that stands for the one at the bank; the general one where none is named."""
    named = BankAccount.objects.filter(coop=coop, number=iban).select_related("account").first() if iban else None
    return named.account if named else account(coop, "bank")


def _line(one: Owed, way: str, number: int, coop: str, more_than: int, set_off: bool) -> tuple[tuple, Payment | None]:
    """One member's line, and the payment if there is one."""
    never = Held.DIED if one.died else Held.ERASED if one.erased else Held.CURRENCY if not one.total else ""
    if never:
        return (one.membership_id, one.number, 0, 0, 0, 0, one.total or one.elsewhere, never), None
    got = paying([one.refund, one.interest], debt=one.debt, set_off=set_off, more_than=more_than)
    netted, left = sum(got.netted), one.total - sum(got.netted)
    held = Held.SMALL if got.waits else _unreachable(one, way) if left else ""
    paid = (0, 0) if held else got.paid
    refund, interest = (off + out for off, out in zip(got.netted, paid, strict=True))
    row = (one.membership_id, one.number, refund, interest, netted, sum(paid), left if held else 0, held)
    if not sum(paid):
        return row, None
    return row, Payment(
        reference=f"P{number}-{one.number}",
        member=str(one.number),
        name=one.holder or one.name,
        amount=sum(paid),
        memo=_("%(coop)s, member %(number)s: refund and interest") % {"coop": coop, "number": one.number},
        iban=one.iban,
        bic=one.bic,
        routing=one.routing,
        account=one.account,
        savings=one.savings,
        street=one.street,
        postcode=one.postcode,
        place=one.place,
        country=one.country,
    )


def _unreachable(one: Owed, way: str) -> str:
    """Why this member cannot be paid this way; empty if they can."""
    if way == Way.CHEQUE:
        if one.way in (Way.SEPA, Way.NACHA) and not one.came_back:
            return Held.OTHER_WAY
        return "" if one.place else Held.NO_ADDRESS
    if not one.way:
        return Held.NO_DETAILS
    if one.way != way:
        return Held.OTHER_WAY
    return Held.RETURNED if one.came_back else ""


def _written(way: str, payer: Payer, payments: Sequence[Payment], coop, number: int, pay_on: date) -> Written:
    name = f"{coop.slug[:20]}-{pay_on:%Y%m%d}-{number}"
    if not payments:
        return Written(f"{name}.txt", b"", 0, 0)
    return WRITERS[Way(way)](payer, payments, message=name, made_at=clock.now(), pay_on=pay_on)


def _kept(actor, rows: list[tuple], file: Written, **fields) -> PayoutRun:
    """The run with its lines and its file, or a refusal where there is nothing to do."""
    netted = sum(row[4] for row in rows)
    if not file.count and not netted:
        raise Refused("nothing", _("There is nothing that could be paid this way."), "way")
    held = [row[6] for row in rows if row[7]]
    coop, number = fields["coop"], fields["number"]
    run = PayoutRun(
        **fields,
        count=file.count,
        total=file.total,
        netted=netted,
        held=len(held),
        held_total=sum(held),
        file_name=file.name,
        file_digest=sha256(file.content).hexdigest(),
        prepared_by=actor.user,
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('ledger_payoutrun', 'id'))")
        (run.pk,) = cursor.fetchone()
    # The hash covers the lines, and the database changes no run: so the lines' digest is made before they are in.
    run.hash = _hash_of(run, coop.slug, number, _digest(rows))
    run.save(force_insert=True)
    _copy(run, rows)
    PayoutFile.objects.create(run=run, content=zlib.compress(file.content, 6))
    return run


def _digest(rows: list[tuple]) -> str:
    """The same as ``LINES_DIGEST``, from the rows in hand."""
    text = "\n".join("|".join(map(str, (row[1], row[0], *row[2:8]))) for row in rows)
    return sha256(text.encode()).hexdigest()


def _copy(run: PayoutRun, rows: list[tuple]) -> None:
    text = io.StringIO()
    for row in rows:
        text.write("\t".join(map(str, (run.coop_id, run.pk, *row))) + "\n")
    text.seek(0)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY ledger_payoutline ({LINE_COLUMNS}) FROM STDIN", text)


def _hash_of(run: PayoutRun, slug: str, number: int, lines: str) -> str:
    said: dict[str, Any] = {
        "coop": slug,
        "run": number,
        "way": str(run.way),
        "pay_on": run.pay_on.isoformat(),
        "total": str(run.total),
        "netted": str(run.netted),
        "file": run.file_digest,
        "lines": lines,
    }
    return sha256(rfc8785.dumps(said)).hexdigest()


def hash_of(run: PayoutRun) -> str:
    """SHA-256 of the canonical JSON of the run's terms, its file's digest, and a digest over every line as stored."""
    with connection.cursor() as cursor:
        cursor.execute(LINES_DIGEST, [run.pk])
        return _hash_of(run, run.coop.slug, run.number, cursor.fetchone()[0])


def _locked(actor, run: PayoutRun) -> PayoutRun:
    found = PayoutRun.objects.select_for_update(no_key=True, of=("self",)).select_related("coop", "bank")
    return found.get(coop=actor.coop, pk=run.pk)


def _only(run: PayoutRun, *states: str) -> None:
    if run.state not in states:
        raise Refused(
            "not_now",
            _("Pay-out %(number)s is in another state: %(state)s.")
            % {"number": run.number, "state": run.get_state_display().lower()},
            status=409,
        )


@transaction.atomic
def cancel(*, actor, run: PayoutRun, because: str) -> PayoutRun:
    """Throw a run away that was not released; everything stays owed."""
    rules.require(actor, "ledger.keep_books", run)
    found = _locked(actor, run)
    because = " ".join(because.split())[:300]
    if not because:
        raise Refused("no_reason", _("Say why."), "because")
    _only(found, State.DRAFT)
    found.state, found.cancelled_at, found.cancelled_by = State.CANCELLED, clock.now(), actor.user
    found.because = because
    found.save(update_fields=["state", "cancelled_at", "cancelled_by", "because"])
    PayoutFile.objects.filter(run=found).delete()
    _say(actor, "ledger.payout_cancelled", found, because=because)
    return found


@transaction.atomic
def release(*, actor, run: PayoutRun, seen: str) -> Job:
    """A second person lets exactly the run go whose hash they saw; the worker posts it. Asked twice, it is one job.

    Refused: whoever drew it up; another hash; a run that would pay what is no longer owed, or to an account that is no
    longer the member's.
    """
    rules.require(actor, "ledger.release", run)
    found = _locked(actor, run)
    if found.state == State.DRAFT:
        if actor.user_id == found.prepared_by_id:
            raise Refused("same_person", _("You drew this pay-out up; somebody else has to release it."), status=403)
        if seen != found.hash or hash_of(found) != found.hash:
            raise Refused("not_what_was_seen", _("This is not the pay-out you looked at; read it again."), status=409)
        refuse_stale(found)
        hold_accounts(found.coop_id)
        _refuse_renamed(found)
        found.state, found.released_at, found.released_by = State.RELEASED, clock.now(), actor.user
        found.save(update_fields=["state", "released_at", "released_by"])
        _say(actor, "ledger.payout_released", found)
    else:
        _only(found, State.RELEASED)
    title, today = _("Posting pay-out %(number)s") % {"number": found.number}, clock.today(actor.coop).isoformat()
    return jobs.enqueue("ledger.post_payout", found.pk, today, actor=actor, title=title, total=found.count)


def refuse_stale(run: PayoutRun) -> None:
    """Refuse a run that would pay more than stands in the books now."""
    changed = no_longer_owed(run)
    if changed:
        raise Refused(
            "no_longer_owed",
            _("What is owed has changed since (member %(numbers)s); throw this pay-out away and draw up another.")
            % {"numbers": ", ".join(map(str, changed))},
            status=409,
        )


def _refuse_renamed(run: PayoutRun) -> None:
    """Refuse a run whose file names an account that is not the member's any more."""
    renamed = renamed_since(run)
    if renamed:
        raise Refused(
            "renamed",
            _("Money goes to another account since (member %(numbers)s); throw this pay-out away and draw up another.")
            % {"numbers": ", ".join(map(str, renamed))},
            status=409,
        )


@transaction.atomic
def record_return(*, actor, line: PayoutLine, on: date, because: str, code: str = "") -> PayoutReturn:
    """A payment came back: the bank has the money again and the member is owed it. Asked twice, it came back once.

    The account it went to is not used again before the member names another. Refused: a line nothing was paid on, a day
    before the pay-out or in the future.
    """
    rules.require(actor, "ledger.keep_books", line)
    run = _locked(actor, line.run)
    found = PayoutReturn.objects.filter(line=line).first()
    if found is not None:
        return found
    because = " ".join(because.split())[:300]
    if not because:
        raise Refused("no_reason", _("Say what the bank says about it."), "because")
    if run.state != State.PAID or not line.amount or run.entry is None:
        raise Refused("not_paid", _("Nothing was paid on this line."), status=409)
    if not run.entry.posted_on <= on <= clock.today(actor.coop):
        raise Refused(
            "on",
            _("Choose a day from %(day)s to today.") % {"day": date_format(run.entry.posted_on)},
            "on",
        )
    refund = max(0, line.refund - line.netted)  # debts were taken from the refund first
    owed_again = [("patronage_payable", refund), ("share_interest_payable", line.amount - refund)]
    membership = line.membership
    entry = post_entry(
        actor=actor,
        on=on,
        kind="payout_returned",
        memo=_("Payment returned, member %(number)s") % {"number": line.number},
        lines=[
            Line(run.bank, line.amount),
            *(Line(member_account(membership, purpose), -amount) for purpose, amount in owed_again if amount),
        ],
        key=f"payout-returned:{line.pk}",
    )
    try:
        with transaction.atomic():
            made = PayoutReturn.objects.create(
                coop=actor.coop,
                line=line,
                on=on,
                code=code.strip().upper()[:10],
                because=because,
                entry=entry,
                recorded_by=actor.user,
            )
    except IntegrityError:
        raise Refused("twice", _("This payment is recorded as returned already."), status=409) from None
    audit.record(
        actor=actor,
        kind="ledger.payout_returned",
        subject=f"membership:{membership.pk}",
        run=run.number,
        amount=str(line.amount),
        code=made.code,
        because=because,
    )
    return made


def _say(actor, kind: str, run: PayoutRun, **more) -> None:
    audit.record(
        actor=actor,
        kind=kind,
        subject=f"payout-run:{run.pk}",
        number=run.number,
        count=run.count,
        total=str(run.total),
        hash=run.hash,
        **more,
    )
