"""Letters about money. Each is a text in ``templates/mail/ledger/``."""

from __future__ import annotations

from django.utils.translation import override

from coop.kernel import letters, outbox
from ledger.selectors.statements import Statement
from ledger.statement_words import Words


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
