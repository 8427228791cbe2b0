"""Entries by hand: the board's limit for one person alone, drafts that wait, and the papers behind an entry."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from ledger.models import Entry, EntryDocument, EntryDraft, EntryLimit


def limit_of(coop) -> EntryLimit | None:
    """The board's limit that counts now, or None where it never set one."""
    return EntryLimit.objects.filter(coop=coop).order_by("-id").first()


def takes_two(coop, lines: Iterable) -> bool:
    """Whether these lines (``.account``, ``.amount``) move more than one officer may by hand alone.

    What moves in another currency than the limit's is always looked at by two, since the limit cannot speak of it.
    """
    found = limit_of(coop)
    if found is None or found.amount is None:
        return False
    lines = list(lines)
    moved = sum(line.amount for line in lines if line.amount > 0 and line.account.currency == found.currency)
    return moved > found.amount or any(line.account.currency != found.currency for line in lines)


def drafts(coop) -> QuerySet[EntryDraft]:
    """Every draft, newest first, with the people in it."""
    return EntryDraft.objects.filter(coop=coop).select_related("drafted_by", "approved_by", "refused_by", "entry")


def waiting_drafts(coop) -> QuerySet[EntryDraft]:
    """The drafts nobody decided on yet, oldest first."""
    return drafts(coop).filter(state=EntryDraft.State.DRAFT).order_by("id")


def documents_of(subject: Entry | EntryDraft) -> QuerySet[EntryDocument]:
    """The papers of an entry, those of its draft included, or of a draft; without their bytes."""
    whose = Q(entry=subject) | Q(draft__entry=subject) if isinstance(subject, Entry) else Q(draft=subject)
    found = EntryDocument.objects.filter(whose, coop_id=subject.coop_id)
    return found.defer("content").select_related("added_by").order_by("id")


def names_of_documents(period) -> dict[int, str]:
    """The names of the papers kept with a period's entries, by entry number; one query."""
    rows = (
        EntryDocument.objects.filter(coop_id=period.coop_id)
        .filter(Q(entry__period=period) | Q(draft__entry__period=period))
        .order_by("id")
        .values_list("entry_id", "draft__entry_id", "name")
    )
    found: dict[int, str] = {}
    for entry, of_draft, name in rows:
        number = entry or of_draft
        found[number] = f"{found[number]}; {name}" if number in found else name
    return found
