"""A person's data: how long it is kept, by which words it is found, where it still stands, and all of it at once."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Case, Max, Q, QuerySet, When

from coop.kernel import clock
from coop.kernel.models import Mail
from members.models import (
    AccessLog,
    Application,
    ChangeRequest,
    Consent,
    MembershipEvent,
    Party,
    PartyAddress,
    PartyContact,
    PartyName,
    PartyTag,
    Relationship,
)
from members.recognising import SHORTEST, Words
from members.retention import kept_until
from members.rules import acts_for

from .learning import everything_learned


def selves(party: Party) -> QuerySet[Party]:
    """The records that are this person: the party, and those merged into it."""
    return Party.objects.filter(Q(pk=party.pk) | Q(merged_into=party))


def applications_of(party: Party) -> QuerySet[Application]:
    """Applications this party made, whatever became of them."""
    ours = Application.objects.filter(coop_id=party.coop_id)
    return ours.filter(Q(party=party) | Q(membership__party=party))


def known_words(party: Party) -> list[str]:
    """Whole phrases by which the person could be recognised, as they were ever written: names, addresses, numbers."""
    words: set[str] = set()
    mine = list(selves(party).select_related("account"))
    for self_ in mine:
        words |= {self_.name, self_.email, self_.phone}
        if self_.account is not None:
            words |= {self_.account.email, self_.account.name}
    for name in PartyName.objects.filter(party__in=mine):
        words |= {name.full, name.sortable}
    for address in PartyAddress.objects.filter(party__in=mine):
        words |= {address.one_line, address.street}
    words |= set(PartyContact.objects.filter(party__in=mine).values_list("value", flat=True))
    for each in applications_of(party):
        words |= {each.full_name, each.email, each.phone, each.street}
    return sorted({word.strip() for word in words if len(word.strip()) >= SHORTEST})


def known_names(party: Party) -> list[str]:
    """Every name a person ever had, whose parts may stand apart in a list. An organisation's words are too common."""
    mine = [each for each in selves(party) if each.kind == Party.Kind.PERSON]
    dated = PartyName.objects.filter(party__in=mine)
    return sorted({*(each.name for each in mine), *(each.full for each in dated)} - {""})


def words_of(party: Party, *further: str) -> Words:
    """By what a person is recognised in a file; ``further`` are words the register does not know, such as accounts."""
    return Words.of([*known_words(party), *further], known_names(party))


def pattern_of(words: Iterable[str]) -> str:
    """A PostgreSQL regular expression that finds any of the words whole; use it with ``~*``.

    As they are, and as they stand within JSON or HTML: a quotation mark or an apostrophe is written otherwise there.
    """
    forms = {form for word in words for form in (word, html.escape(word), *_as_json(word))}
    return "|".join(rf"(^|\W){re.escape(form)}($|\W)" for form in sorted(forms))


def _as_json(word: str) -> tuple[str, str]:
    return json.dumps(word, ensure_ascii=False)[1:-1], json.dumps(word)[1:-1]


_TEXTS = """
    SELECT c.relname, a.attname,
           EXISTS (SELECT FROM pg_attribute o WHERE o.attrelid = c.oid AND o.attname = 'coop_id' AND NOT o.attisdropped)
      FROM pg_class c
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
       AND a.atttypid IN ('text'::regtype, 'varchar'::regtype, 'json'::regtype, 'jsonb'::regtype,
                          'text[]'::regtype, 'varchar[]'::regtype)
       AND has_table_privilege(c.oid, 'SELECT')
     ORDER BY 1, 2
"""


def traces(words: Iterable[str], coop=None) -> dict[str, int]:
    """Where any of these phrases stands in the whole database: rows by ``table.column``. Reads every table once.

    With ``coop`` another one's rows are left alone: who is a member elsewhere is nobody's business here.
    """
    words = list(words)
    if not words:
        return {}
    found: dict[str, int] = {}
    pattern, quote = pattern_of(words), connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(_TEXTS)
        for table, column, of_coop in cursor.fetchall():
            ours = " AND (coop_id = %s OR coop_id IS NULL)" if coop is not None and of_coop else ""
            cursor.execute(
                f"SELECT count(*) FROM {quote(table)} WHERE {quote(column)}::text ~* %s{ours}",  # noqa: S608 - quoted names
                [pattern, *([coop.pk] if ours else [])],
            )
            if rows := cursor.fetchone()[0]:
                found[f"{table}.{column}"] = rows
    return found


def consents_of(party: Party) -> dict[str, bool]:
    """The newest answer to every purpose that was ever answered."""
    newest = Consent.objects.filter(party__in=selves(party)).order_by("purpose", "-id").distinct("purpose")
    return dict(newest.values_list("purpose", "given"))


def open_request(party: Party, kind: str) -> ChangeRequest | None:
    """The request of this kind that waits for an answer; there is one at most."""
    return ChangeRequest.objects.filter(party=party, kind=kind, state=ChangeRequest.State.OPEN).first()


def open_requests(party: Party) -> list[ChangeRequest]:
    """What a party asked for and waits for, the most urgent first."""
    return list(ChangeRequest.objects.filter(party=party, state=ChangeRequest.State.OPEN))


def parties_of(actor) -> QuerySet[Party]:
    """The records somebody acts for in this co-op today: their own, and those they stand for. Their own first."""
    mine = Party.objects.filter(coop=actor.coop, pk__in=acts_for(actor.user, clock.today(actor.coop)))
    own_first = Case(When(account=actor.user, then=0), default=1)
    return mine.select_related("coop", "account").order_by(own_first, "pk")


def name_kept_until(party: Party, on: date) -> date | None:
    """The last day the register has to name somebody who left, if that day has not passed on ``on``."""
    ends = [day for day in party.memberships.values_list("ends_on", flat=True) if day]
    until = max((kept_until(party.coop.law, day) for day in ends), default=None)
    return until if until is not None and on <= until else None


def past_retention(coop, on: date) -> list[Party]:
    """Former members whose name nothing asks to be kept any more, the longest gone first. One query."""
    gone = Party.objects.filter(coop=coop, erased_at=None, memberships__isnull=False).annotate(
        left_on=Max("memberships__ends_on")
    )
    gone = gone.exclude(memberships__ends_on__isnull=True).filter(left_on__lt=on).order_by("left_on", "pk")
    return [party for party in gone if kept_until(coop.law, party.left_on) < on]


def came_to_nothing(coop, on: date) -> QuerySet[Application]:
    """Applications that were refused, the appeal over, or withdrawn, and still say who it was; the oldest first."""
    over = Q(state="withdrawn") | Q(state="refused", appeal_by__lt=on)
    nobody = Q(given_names="", family_name="", firm="")
    return Application.objects.filter(over, coop=coop).exclude(nobody).order_by("received_on", "pk")


def everything_about(party: Party) -> dict[str, Any]:
    """All the register holds about a person, as JSON values, for the person."""

    def rows(queryset, *fields: str) -> list[dict[str, Any]]:
        return list(queryset.values(*fields))

    mine = list(selves(party).values_list("pk", flat=True))
    streams = list(party.memberships.values_list("stream", flat=True))
    events = MembershipEvent.objects.filter(stream__in=streams).select_related("note").order_by("stream", "seq")
    return {
        "made_at": clock.now(),
        "coop": party.coop.name,
        "person": {
            "kind": party.kind,
            "name": party.name,
            "born_on": party.born_on,
            "died_on": party.died_on,
            "by_post": party.by_post,
        },
        "names": rows(PartyName.objects.filter(party__in=mine), "valid_from", "given_names", "family_name", "firm"),
        "addresses": rows(
            PartyAddress.objects.filter(party__in=mine), "valid_from", "street", "postcode", "place", "country"
        ),
        "reached_at": rows(PartyContact.objects.filter(party__in=mine), "valid_from", "kind", "value", "purposes"),
        "memberships": rows(
            party.memberships, "number", "member_class__name", "state", "admitted_on", "ends_on", "ending"
        ),
        "history": [
            {
                "what": event.kind,
                "effective_on": event.effective_on,
                "recorded_at": event.recorded_at,
                "decision": event.decision_ref,
                "words": event.note.body if hasattr(event, "note") else None,
            }
            for event in events
        ],
        "applications": rows(
            applications_of(party), "received_on", "state", "channel", "note", "shares_wanted", "refusal"
        ),
        "relations": rows(
            Relationship.objects.filter(Q(subject__in=mine) | Q(object__in=mine)), "kind", "starts_on", "ends_on"
        ),
        "consents": rows(Consent.objects.filter(party__in=mine), "at", "purpose", "given", "wording"),
        "tags": rows(PartyTag.objects.filter(party__in=mine), "name", "added_at"),
        "courses": everything_learned(party),
        "requests": rows(ChangeRequest.objects.filter(party__in=mine), "asked_at", "kind", "state", "answer"),
        "letters": rows(
            Mail.objects.filter(coop=party.coop, to__in=_addresses(party)), "created_at", "subject", "text"
        ),
        "looked_at_by": rows(AccessLog.objects.filter(coop=party.coop, about__in=mine), "at", "what", "basis"),
    }


def _addresses(party: Party) -> list[str]:
    mails = PartyContact.objects.filter(party__in=selves(party), kind=PartyContact.Kind.EMAIL).exclude(value="")
    return list(mails.values_list("value", flat=True))
