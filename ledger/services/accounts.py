"""The chart of accounts: from a template, by hand, and the members' own accounts under it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import overload

from django.db import connection, transaction
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, rules
from coop.kernel.errors import Refused
from coop.kernel.tenancy import Actor
from ledger import chart_templates
from ledger.models import Account, ShareClass

# Purposes whose money belongs to members one by one: their general account holds no lines of its own.
OF_MEMBERS = frozenset(
    {
        "share_capital",
        "retained_equity",
        "patronage_payable",
        "share_interest_payable",
        "redemption_payable",
        "member_credit",
        "member_receivable",
        "roll_forward",
    }
)


@transaction.atomic
def create_chart(*, coop, template: str = "eu-consumer", actor: Actor | None = None) -> int:
    """Give the co-op the accounts of a template it does not have yet, in its own currency. Returns how many were made.

    Templates: ``ledger.chart_templates.TEMPLATES``. Called again it adds what is missing and changes nothing else.
    """
    try:
        wanted = chart_templates.rows(template)
    except KeyError:
        known = ", ".join(chart_templates.TEMPLATES)
        raise Refused(
            "template",
            _("There is no chart of accounts “%(template)s”; there are: %(known)s.")
            % {"template": template, "known": known},
            "template",
        ) from None
    there = set(Account.objects.filter(coop=coop).values_list("code", flat=True))
    purposes = set(Account.objects.filter(coop=coop, membership=None).values_list("purpose", flat=True))
    new = [
        Account(coop=coop, code=code, name=name, kind=kind, purpose=purpose, currency=coop.currency)
        for code, name, kind, purpose in wanted
        if code not in there and (not purpose or purpose not in purposes)
    ]
    Account.objects.bulk_create(new)
    if new:
        audit.record(
            actor=actor or Actor.system(coop), kind="ledger.chart_created", template=template, accounts=len(new)
        )
    return len(new)


def account(coop, purpose: str) -> Account:
    """The co-op's general account for a purpose (``bank``, ``share_capital``, ``patronage_payable`` …)."""
    found = Account.objects.filter(coop=coop, purpose=purpose, membership=None, year=None, share_class=None).first()
    if found is None:
        raise Refused(
            "no_account",
            _("The chart of accounts has no account for “%(purpose)s”; add one first.") % {"purpose": purpose},
        )
    return found


@transaction.atomic
def create_account(*, actor, code: str, name: str, kind: str, currency: str = "") -> Account:
    """Add a general account of the treasurer's own. Refuses a code that is taken."""
    rules.require(actor, "ledger.keep_books")
    code, name = code.strip(), name.strip()
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,19}", code):
        raise Refused("code", _("A code is made of letters, digits, dots and hyphens, 20 at most."), "code")
    if not name:
        raise Refused("name", _("An account needs a name."), "name")
    if Account.objects.filter(coop=actor.coop, code=code).exists():
        raise Refused("code_taken", _("There is an account %(code)s already.") % {"code": code}, "code")
    made = Account.objects.create(
        coop=actor.coop, code=code, name=name, kind=kind, currency=currency or actor.coop.currency
    )
    audit.record(actor=actor, kind="ledger.account_created", subject=f"account:{made.pk}", code=code, name=name)
    return made


@transaction.atomic
def change_account(*, actor, account: Account, name: str, is_open: bool) -> Account:
    """Rename an account, or stop and allow postings to it. Everything else about an account is for good."""
    rules.require(actor, "ledger.keep_books", account)
    if account.purpose and not is_open:
        raise Refused("in_use", _("The platform itself posts to this account; it stays open."), "is_open")
    account.name, account.is_open = name.strip(), is_open
    account.save(update_fields=["name", "is_open"])
    audit.record(
        actor=actor, kind="ledger.account_changed", subject=f"account:{account.pk}", name=account.name, is_open=is_open
    )
    return account


@overload
def member_account(
    membership, purpose: str, *, year: int | None = None, share_class: ShareClass | None = None
) -> Account: ...


@overload
def member_account(
    membership, purpose: str, *, year: int | None = None, share_class: ShareClass | None = None, create: bool
) -> Account | None: ...


def member_account(
    membership, purpose: str, *, year: int | None = None, share_class: ShareClass | None = None, create: bool = True
) -> Account | None:
    """One member's account for a purpose of members (and a year, or a class of shares); made if need be."""
    make = {membership.pk: membership.number} if create else {}
    found = Account.objects.filter(
        coop_id=membership.coop_id, purpose=purpose, membership=membership, year=year, share_class=share_class
    ).first()
    if found is None and make:
        member_accounts(membership.coop, purpose, make.keys(), year=year, share_class=share_class)
        return member_account(membership, purpose, year=year, share_class=share_class, create=False)
    return found


def member_accounts(
    coop, purpose: str, membership_ids: Iterable[int], *, year: int | None = None, share_class: ShareClass | None = None
) -> int:
    """Make the missing accounts of these memberships for a purpose, in one statement. Returns how many were made.

    They lie under the general account, with its currency and kind, and are named by the member's number: a person's
    name stays out of the books.
    """
    which = {"which_ids": list(membership_ids)}
    return _make_missing(coop, purpose, "m.id = ANY(%(which_ids)s)", which, year=year, share_class=share_class)


@transaction.atomic
def member_accounts_of_many(coop, purpose: str, which: str, params: dict, *, year: int | None = None) -> int:
    """``member_accounts`` for very many: ``which`` is SQL that gives membership ids, with named parameters.

    No list of them is held in memory. A loop over an index is ruled out, because a table that has just grown has no
    statistics yet and the planner takes a million rows for a handful.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off")
    made = _make_missing(coop, purpose, f"m.id IN ({which})", params, year=year, share_class=None)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = on")
    return made


def _make_missing(
    coop, purpose: str, which: str, params: dict, *, year: int | None, share_class: ShareClass | None
) -> int:
    if purpose not in OF_MEMBERS:
        raise ValueError(f"{purpose} is no purpose of single members")
    general = account(coop, purpose)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO ledger_account (coop_id, code, name, kind, currency, purpose, parent_id, membership_id,
                                        share_class_id, year, is_open, created_at)
            SELECT g.coop_id,
                   g.code || %(infix)s || '-' || lpad(m.number::text, greatest(6, length(m.number::text)), '0'),
                   left(g.name, 150) || %(note)s || ', ' || %(member)s || ' ' || m.number,
                   g.kind, coalesce(%(currency)s, g.currency), g.purpose, g.id, m.id, %(share_class)s, %(year)s, true,
                   %(at)s
              FROM members_membership m, ledger_account g
             WHERE g.id = %(general)s AND m.coop_id = %(coop)s AND {which}
               AND NOT EXISTS (SELECT FROM ledger_account a WHERE a.coop_id = m.coop_id AND a.membership_id = m.id
                    AND a.purpose = %(purpose)s AND a.year IS NOT DISTINCT FROM %(year)s
                    AND a.share_class_id IS NOT DISTINCT FROM %(share_class)s)
             ORDER BY m.id
            ON CONFLICT DO NOTHING
            """,  # noqa: S608 - our own condition
            {
                "infix": (f"-{year}" if year else "") + (f"-{share_class.slug}"[:16] if share_class else ""),
                "note": (f" {year}" if year else "") + (f" ({share_class.name})"[:30] if share_class else ""),
                "member": _("member"),
                "currency": share_class.currency if share_class else None,
                "share_class": share_class.pk if share_class else None,
                "year": year,
                "at": clock.now(),
                "general": general.pk,
                "coop": coop.pk,
                "purpose": purpose,
                **params,
            },
        )
        return cursor.rowcount
