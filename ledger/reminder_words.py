"""A reminder to pay, in words: what is due and since when, and how to pay it, with the square a banking app reads."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coop.kernel import money
from coop.kernel.paper import language, letterhead
from ledger.dues_words import claims_said
from ledger.selectors.dues import Debtor
from ledger.selectors.paying import HowToPay, how_to_pay
from members.selectors.dated import address_of


def reminder(debtor: Debtor, on: date) -> dict[str, Any]:
    """Everything one sheet says; ``debtor.owed.due`` is what is asked for."""
    membership, owed = debtor.membership, debtor.owed
    coop, party = membership.coop, membership.party
    address = address_of(party, on, or_later=True)
    pay = how_to_pay(membership, owed.due)
    return {
        "lang": language(),
        "title": _("Reminder · %(coop)s · %(name)s") % {"coop": coop.name, "name": party.name},
        "coop": letterhead(coop),
        "address": [line for line in [party.name, *(address.lines if address else [])] if line],
        "day": date_format(on, "j F Y"),
        "headline": _("Please pay %(amount)s") % {"amount": _said(coop, owed.due)},
        "lead": _("Member %(number)s: this is due and has not reached us yet. If you have just paid, thank you.")
        % {"number": membership.number_text},
        "due": {"head": [_("What is due"), _("Amount")], **_rows(debtor, on)},
        "pay": _pay(pay) if pay else None,
        "closing": _("If you cannot pay it now, talk to us: parts, or giving shares back, are better than silence."),
    }


def _rows(debtor: Debtor, on: date) -> dict[str, Any]:
    """The parts that are due, less what was paid of them; the entry fee where it is due. Their sum is what is asked."""
    coop, owed = debtor.membership.coop, debtor.owed
    rows, asked = [], 0
    for part in owed.open_parts:
        if part.due_on <= on:
            words = _("Shares called by the board, due %(day)s") if part.call else _("Shares, due %(day)s")
            rows.append([words % {"day": date_format(part.due_on, "j F Y")}, _said(coop, part.amount)])
            asked += part.amount
    for words, part in claims_said(part for part in owed.claims if part.due_on <= on):
        rows.append([words, _said(coop, part.amount)])
        asked += part.amount
    if owed.due > asked:
        rows.insert(0, [_("Entry fee"), _said(coop, owed.due - asked)])
    return {"rows": rows, "sum": [_("In all"), _said(coop, owed.due)]}


def _pay(pay: HowToPay) -> dict[str, Any]:
    into = pay.bank_account
    lines = [[_("To"), into.holder], [_("IBAN") if into.is_iban else _("Account"), into.printed]]
    lines += [["BIC", into.bic]] if into.bic else []
    lines.append([_("Reference"), pay.printed])
    return {
        "how": _("How to pay"),
        "lines": lines,
        "note": _("The reference tells the bank’s line from everybody else’s."),
        "path": pay.path,
        "size": pay.size,
        "square_alt": _("A square for your banking app; it fills in the transfer shown beside it."),
    }


def _said(coop, amount: int) -> str:
    return money.format_minor(amount, coop.currency)
