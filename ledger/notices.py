"""Letters about money. Each is a text in ``templates/mail/ledger/``."""

from __future__ import annotations

from django.utils.formats import date_format
from django.utils.translation import override

from coop.kernel import letters, outbox
from ledger.models import (
    DebitLine,
    DebitRun,
    ForfeitureNotice,
    PayoutDetails,
    ShareCallLine,
    UnclaimedLine,
    UnclaimedList,
)
from ledger.selectors.calls import kind_of_call
from ledger.selectors.statements import Statement
from ledger.statement_words import Words
from ledger.unclaimed_laws import STATE
from ledger.units import Measure, Unit
from members.notices import addresses_of, mail_of, on_paper


def allocation(statement: Statement, link: str) -> None:
    """A member's written notice of allocation: the sentence, the figures, and where the whole statement stands."""
    coop, line = statement.coop, statement.line
    with override(coop.language):
        words = Words(statement)
        letter = letters.write(
            "ledger/allocation",
            coop=coop,
            name=statement.name,
            year=statement.plan.year.year,
            headline=words.headline,
            lead=words.lead,
            allocated=words.said(line.allocated),
            kept=words.said(line.kept) if line.kept else "",
            qualified=words.said(line.qualified) if line.qualified else "",
            cash=words.said(line.cash),
            choose_until=words.choose_until,
            link=link,
        )
    outbox.put(
        to=statement.membership.party.email,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        coop=coop,
        kind="ledger.allocation",
        ref=f"membership:{statement.membership.pk}",
    )


def unclaimed(line: UnclaimedLine, of: UnclaimedList, link: str) -> None:
    """Money waits for a member: since when, how to get it, and what becomes of it otherwise.

    By e-mail; on paper to whom no e-mail reaches, or who wants it so.
    """
    coop = of.coop
    with override(coop.language):
        letter = letters.write(
            "ledger/unclaimed",
            coop=coop,
            name=line.membership.party.name,
            amount=Measure(Unit.MONEY, coop.currency).said(line.total),
            since=date_format(line.since),
            until=date_format(of.book_from) if of.book_from else "",
            link=link,
            to_state=of.rule["goes_to"] == STATE,
        )
    _to(line.membership, "ledger.unclaimed", letter)


def debit(line: DebitLine, run: DebitRun, link: str) -> None:
    """The co-op is about to collect: amount, day, mandate and who collects (the SEPA core rulebook's pre-notification).

    By e-mail; on paper to whom no e-mail reaches.
    """
    coop, party = run.coop, line.membership.party
    with override(coop.language):
        letter = letters.write(
            "ledger/debit",
            coop=coop,
            name=party.name,
            amount=Measure(Unit.MONEY, coop.currency).said(line.amount),
            day=date_format(run.collect_on),
            mandate=line.mandate.reference,
            creditor=run.bank_account.creditor_id,
            ends=line.ends,
            link=link,
        )
    _to(line.membership, "ledger.debit", letter)


def call(line: ShareCallLine, link: str) -> None:
    """The board calls for a part of what was subscribed: how much, by when, by which decision."""
    asked, coop = line.call, line.coop
    with override(coop.language):
        letter = letters.write(
            "ledger/call",
            coop=coop,
            name=line.membership.party.name,
            amount=_said(line, line.amount),
            per_share=_said(line, asked.per_share),
            share_class=asked.share_class.name,
            day=date_format(asked.due_on),
            decision=asked.decision,
            link=link,
        )
    _to(line.membership, kind_of_call(asked), letter)


def forfeiture(notice: ForfeitureNotice, link: str) -> None:
    """A call was not paid: by when it must be, or the shares may be forfeited."""
    line, coop = notice.line, notice.coop
    with override(coop.language):
        letter = letters.write(
            "ledger/forfeiture",
            coop=coop,
            name=line.membership.party.name,
            amount=_said(line, notice.amount),
            due=date_format(line.call.due_on),
            forfeit_from=date_format(notice.forfeit_from),
            decision=line.call.decision,
            link=link,
        )
    _to(line.membership, "ledger.forfeiture", letter)


def account_named(party, details: PayoutDetails, *, by_office: bool, closed: bool = False) -> None:
    """Where the member's money goes from now on, to every address known, so that nobody names one unnoticed.

    ``by_office``: the treasurer wrote it down. ``closed``: a request for another account was closed by it.
    """
    coop = party.coop
    with override(coop.language):
        values = {"name": party.name, "account": str(details), "by_office": by_office, "closed": closed}
        letter = letters.write("ledger/account_named", coop=coop, **values)
    _to(details.membership, "ledger.account_named", letter, addresses_of(party))


def _said(line: ShareCallLine, amount: int) -> str:
    return Measure(Unit.MONEY, line.call.share_class.currency).said(amount)


def _to(membership, kind: str, letter, addresses: list[str] | None = None) -> None:
    """By e-mail, to these addresses or the usual one; on paper to whom no e-mail reaches, or who wants it so."""
    ref = f"membership:{membership.pk}"
    reached = [mail_of(membership.party)] if addresses is None else addresses
    if not any(reached):
        on_paper(membership, kind=kind, ref=ref, subject=letter.subject, text=letter.text)
        return
    words = {"subject": letter.subject, "text": letter.text, "html": letter.html, "kind": kind, "ref": ref}
    for to in reached:
        outbox.put(to=to, coop=membership.coop, **words)
