"""A checked file becomes memberships, tagged with the import; and the database takes them back out, whole."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, jobs, rules
from coop.kernel.copying import Rows, next_keys, plan_anew
from coop.kernel.errors import Refused
from members.models import (
    ImportBatch,
    ImportRow,
    Membership,
    MembershipClass,
    MembershipEvent,
    Party,
    PartyAddress,
    PartyContact,
    PartyName,
    Relationship,
)
from members.selectors import terms_in_force

from . import numbers
from .history import START, hash_of_facts
from .importing import IN_A_REQUEST, Progress, State, lock
from .parties import show

GROUPS_AT_ONCE = 2000
PARTY = ("kind", "name", "sort_name", "email", "phone", "place", "search", "grams")
MEMBERSHIP = (
    "id party_id stream number member_class_id state admitted_on active_on notice_on ends_on ending shares_wanted"
    " last_seq"
).split()
EVENT = (
    "stream membership_id seq place kind effective_on recorded_at actor_id member_class_id ends_on ending reason_code"
    " decision_ref previous hash"
).split()


@transaction.atomic
def commit_import(
    *, actor, batch: ImportBatch, members: int, units: int | None = None, capital: int | None = None
) -> ImportBatch:
    """Write the checked lines into the register, if the totals equal what was typed (minor units for capital).

    Lines that stay out are kept with the reason. A large file is written by the worker, with progress.
    """
    rules.require(actor, "members.keep_register", batch)
    batch = lock(actor, batch, State.STAGED)
    for name, typed, words in (
        ("members", members, _("The file makes %(counted)s members, and you said %(typed)s.")),
        ("units", units, _("The file has %(counted)s shares, and you said %(typed)s.")),
        ("capital", capital, _("The file has %(counted)s of capital in minor units, and you said %(typed)s.")),
    ):
        counted = getattr(batch, name)
        if typed is not None and typed != counted:
            raise Refused(f"{name}_differ", words % {"counted": counted, "typed": typed}, name)
    if not batch.members:
        raise Refused("nothing_to_import", _("No line of this file can come in; the reasons stand beside each."))
    if terms_in_force(batch.coop, clock.today(batch.coop)) == {}:
        raise Refused("no_class", _("The co-op needs by-laws with a class of members first."))
    batch.state = State.COMMITTING
    batch.save(update_fields=["state"])
    audit.record(
        actor=actor,
        kind="members.import_committed",
        subject=f"import:{batch.pk}",
        file=batch.file_name,
        digest=batch.digest,
        members=batch.members,
        persons=batch.persons,
        held=batch.held,
        units=batch.units,
        capital=batch.capital,
    )
    if batch.lines > IN_A_REQUEST:
        title = _("Taking in “%s”") % batch.file_name
        jobs.enqueue("members.write_import", batch.pk, actor=actor, title=title, total=batch.members)
        return batch
    return write_import(actor=actor, batch=batch)


@transaction.atomic
def write_import(*, actor, batch: ImportBatch, progress: Progress = lambda done, total: None) -> ImportBatch:
    """The writing itself, all or nothing; done already, it does nothing."""
    batch = ImportBatch.objects.select_for_update(no_key=True, of=("self",)).select_related("coop").get(pk=batch.pk)
    if batch.state != State.COMMITTING:
        return batch
    writer = _Writer(actor, batch)
    rows = ImportRow.objects.filter(batch=batch).exclude(state=ImportRow.State.HELD)
    numbers.reserve(batch.coop, _highest_number(batch))
    done = 0
    for groups in _in_chunks(rows.order_by("group", "-is_holder", "line").iterator(chunk_size=2000)):
        writer.write(groups)
        plan_anew()
        done += len(groups)
        progress(done, batch.members)
    batch.state, batch.committed_at, batch.content = State.COMMITTED, clock.now(), None
    batch.save(update_fields=["state", "committed_at", "content"])
    return batch


def _highest_number(batch: ImportBatch) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(max((data ->> 'number')::bigint), 0) FROM members_importrow"
            " WHERE batch_id = %s AND state <> 'held'",
            [batch.pk],
        )
        return cursor.fetchone()[0]


def _in_chunks(rows: Iterator[ImportRow]) -> Iterator[list[list[ImportRow]]]:
    chunk: list[list[ImportRow]] = []
    for _key, group in groupby(rows, key=lambda row: row.group):
        chunk.append(list(group))
        if len(chunk) == GROUPS_AT_ONCE:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


class _Writer:
    """Turns groups of lines into parties, memberships and events, a COPY a table for two thousand of them.

    The database's guards hold for each row; what a row says is what the same facts would say one by one.
    """

    def __init__(self, actor, batch: ImportBatch):
        self.actor, self.batch, self.coop = actor, batch, batch.coop
        self.now, self.today = clock.now(), clock.today(batch.coop)
        self.classes = {each.slug: each for each in MembershipClass.objects.filter(coop=batch.coop)}
        usual = batch.options.get("member_class", "")
        self.usual_class = self.classes.get(usual) or next(iter(self.classes.values()))
        said = batch.options.get("admitted_on", "")
        self.usual_day = date.fromisoformat(said) if said else self.today
        self.every_event: dict[str, Any] = dict.fromkeys(
            "ending decided_by decision_ref decision_hash note_hash".split(), ""
        ) | dict.fromkeys("member_class_id ends_on decided_on corrects_id".split())
        self.every_event |= {"coop_id": self.coop.pk, "batch_id": batch.pk, "reason_code": "imported"}
        self.every_event |= {"recorded_at": self.now, "actor_id": actor.user_id}

    def write(self, groups: list[list[ImportRow]]) -> None:
        people = [row for group in groups for row in group]
        parties = dict(zip((row.pk for row in people), next_keys(Party, len(people)), strict=True))
        self._write_parties(people, parties)
        nameless = iter(numbers.take(self.coop, sum(not group[0].data["number"] for group in groups)))
        memberships, events = self._rows(Membership, MEMBERSHIP), self._rows(MembershipEvent, EVENT)
        for (holder, *_others), key in zip(groups, next_keys(Membership, len(groups)), strict=True):
            facts = self._membership(holder, holder.data["number"] or next(nameless))
            facts |= {"id": key, "party_id": parties[holder.pk], "stream": uuid.uuid4()}
            told = list(self._chain(facts, self._events(facts, holder)))
            memberships.add(*(facts[name] for name in MEMBERSHIP[:-1]), len(told))
            for event in told:
                events.add(*(event[name] for name in EVENT))
        memberships.send()
        events.send()
        self._tie(groups, parties)

    def _rows(self, model, names: Sequence[str], **same) -> Rows:
        batch = {"batch_id": self.batch.pk} if "batch_id" in {each.attname for each in model._meta.fields} else {}
        return Rows(model, names, **{key: same[key] for key in same if key not in names}, **batch, coop_id=self.coop.pk)

    def _stamped(self, model, *names: str) -> Rows:
        """Rows of something dated of a party."""
        stamp = {"recorded_at": self.now, "recorded_by_id": self.actor.user_id}
        return self._rows(model, ("party_id", "valid_from", *names), **stamp)

    def _since(self, row: ImportRow) -> date:
        said = row.data["admitted_on"]
        return date.fromisoformat(said) if said else self.usual_day

    def _write_parties(self, people: list[ImportRow], keys: Mapping[int, int]) -> None:
        rows = self._rows(Party, ("id", *PARTY), created_at=self.now)
        names = self._stamped(PartyName, "family_name", "given_names", "firm")
        addresses = self._stamped(PartyAddress, "street", "postcode", "place")
        contacts = self._stamped(PartyContact, "kind", "value")
        for row in people:
            data, key, since = row.data, keys[row.pk], self._since(row)
            party = Party(kind=Party.Kind.ORGANISATION if data["firm"] else Party.Kind.PERSON)
            name = PartyName(**{each: data[each] for each in ("family_name", "given_names", "firm")})
            address = PartyAddress(**{each: data[each] for each in ("street", "postcode", "place")})
            show(party, name, address, data["email"], data["phone"])
            rows.add(key, *(getattr(party, each) for each in PARTY))
            names.add(key, since, name.family_name, name.given_names, name.firm)
            if address.lines:
                addresses.add(key, since, address.street, address.postcode, address.place)
            for kind in ("email", "phone"):
                if data[kind]:
                    contacts.add(key, since, kind, data[kind])
        for each in (rows, names, addresses, contacts):
            each.send()

    def _tie(self, groups: list[list[ImportRow]], parties: Mapping[int, int]) -> None:
        """Those beside the first of a number hold with them."""
        ties = self._rows(
            Relationship,
            ("subject_id", "object_id", "starts_on", "evidence"),
            kind=Relationship.Kind.JOINT,
            recorded_at=self.now,
            recorded_by_id=self.actor.user_id,
        )
        for holder, *others in groups:
            for other in others:
                evidence = _("line %(line)s of %(file)s") % {"line": other.line, "file": self.batch.file_name}
                ties.add(parties[other.pk], parties[holder.pk], self._since(holder), evidence)
        ties.send()

    def _membership(self, row: ImportRow, number: int) -> dict[str, Any]:
        since = self._since(row)
        until = date.fromisoformat(row.data["ends_on"]) if row.data["ends_on"] else None
        is_active = self.batch.options.get("active", True)
        return {
            "number": number,
            "member_class_id": self.classes.get(row.data["member_class"], self.usual_class).pk,
            "state": "ended" if until is not None and until < self.today else "active" if is_active else "admitted",
            "admitted_on": since,
            "active_on": since if is_active else None,
            "notice_on": self.today if until is not None and until >= self.today else None,
            "ends_on": until,
            "ending": Membership.Ending.RESIGNED.value if until else "",
            "shares_wanted": row.data["units"],
        }

    def _events(self, facts: Mapping[str, Any], row: ImportRow) -> Iterator[dict]:
        since = facts["admitted_on"]
        yield {
            "kind": "admitted",
            "effective_on": since,
            "member_class_id": facts["member_class_id"],
            "decision_ref": f"line {row.line}",
        }
        if facts["active_on"] is not None:
            yield {"kind": "activated", "effective_on": since}
        if facts["ends_on"] is None:
            return
        ending = {"ends_on": facts["ends_on"], "ending": facts["ending"]}
        if facts["state"] == "ended":
            yield {"kind": "exit_effective", "effective_on": facts["ends_on"] + timedelta(days=1), **ending}
        else:
            yield {"kind": "notice_given", "effective_on": self.today, **ending}

    def _chain(self, membership: Mapping[str, Any], planned: Iterable[dict]) -> Iterator[dict[str, Any]]:
        previous = START
        for seq, facts in enumerate(planned, start=1):
            event = self.every_event | facts
            event |= {"stream": membership["stream"], "membership_id": membership["id"], "seq": seq, "place": seq}
            event["previous"] = previous
            previous = event["hash"] = hash_of_facts(event)
            yield event


@transaction.atomic
def undo_import(*, actor, batch: ImportBatch) -> int:
    """Take a whole import back out of the register. Returns how many memberships went.

    Refused by the database where anything later depends on it: an event, a payment, a roll, an application.
    """
    rules.require(actor, "members.keep_register", batch)
    batch = lock(actor, batch, State.COMMITTED)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SELECT members_undo_import(%s, %s)", [actor.coop_id, batch.pk])
            (removed,) = cursor.fetchone()
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    except DatabaseError as depends:
        raise Refused(
            "something_depends",
            _("Something that happened since depends on this import, so it can no longer be undone whole."),
        ) from depends
    audit.record(
        actor=actor, kind="members.import_undone", subject=f"import:{batch.pk}", digest=batch.digest, members=removed
    )
    return removed
