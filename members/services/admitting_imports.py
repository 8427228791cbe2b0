"""A checked file becomes memberships, tagged with the import; and the database takes them back out, whole."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import groupby

from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, jobs, rules
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
from .history import START, event_hash
from .importing import IN_A_REQUEST, Progress, State, lock
from .parties import show

GROUPS_AT_ONCE = 500


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
    batch = ImportBatch.objects.select_for_update(of=("self",)).select_related("coop").get(pk=batch.pk)
    if batch.state != State.COMMITTING:
        return batch
    writer = _Writer(actor, batch)
    rows = ImportRow.objects.filter(batch=batch).exclude(state=ImportRow.State.HELD)
    highest = max((row["data"]["number"] or 0 for row in rows.values("data").iterator()), default=0)
    numbers.reserve(batch.coop, highest)
    done = 0
    for groups in _in_chunks(rows.order_by("group", "-is_holder", "line").iterator(chunk_size=2000)):
        writer.write(groups)
        done += len(groups)
        progress(done, batch.members)
    batch.state, batch.committed_at, batch.content = State.COMMITTED, clock.now(), None
    batch.save(update_fields=["state", "committed_at", "content"])
    return batch


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
    """Turns groups of lines into parties, memberships and events, a few statements for five hundred of them."""

    def __init__(self, actor, batch: ImportBatch):
        self.actor, self.batch, self.coop = actor, batch, batch.coop
        self.now, self.today = clock.now(), clock.today(batch.coop)
        self.classes = {each.slug: each for each in MembershipClass.objects.filter(coop=batch.coop)}
        usual = batch.options.get("member_class", "")
        self.usual_class = self.classes.get(usual) or next(iter(self.classes.values()))
        said = batch.options.get("admitted_on", "")
        self.usual_day = date.fromisoformat(said) if said else self.today

    def write(self, groups: list[list[ImportRow]]) -> None:
        people = [row for group in groups for row in group]
        parties = {row.pk: party for row, party in zip(people, self._parties(people), strict=True)}
        nameless = iter(numbers.take(self.coop, sum(not group[0].data["number"] for group in groups)))
        memberships = [
            self._membership(group[0], parties[group[0].pk], group[0].data["number"] or next(nameless))
            for group in groups
        ]
        planned = [
            (membership, list(self._events(membership, group[0])))
            for membership, group in zip(memberships, groups, strict=True)
        ]
        for membership, facts in planned:
            membership.last_seq = len(facts)
        Membership.objects.bulk_create(memberships)
        MembershipEvent.objects.bulk_create(
            event for membership, facts in planned for event in self._chain(membership, facts)
        )
        Relationship.objects.bulk_create(
            Relationship(
                coop=self.coop,
                kind=Relationship.Kind.JOINT,
                subject=parties[other.pk],
                object=parties[group[0].pk],
                starts_on=self._since(group[0]),
                evidence=_("line %(line)s of %(file)s") % {"line": other.line, "file": self.batch.file_name},
                recorded_at=self.now,
                recorded_by_id=self.actor.user_id,
            )
            for group in groups
            for other in group[1:]
        )

    def _since(self, row: ImportRow) -> date:
        said = row.data["admitted_on"]
        return date.fromisoformat(said) if said else self.usual_day

    def _parties(self, rows: list[ImportRow]) -> list[Party]:
        made, names, addresses, contacts = [], [], [], []
        for row in rows:
            data, since = row.data, self._since(row)
            kind = Party.Kind.ORGANISATION if data["firm"] else Party.Kind.PERSON
            party = Party(coop=self.coop, kind=kind, batch=self.batch, created_at=self.now)
            stamp = {"coop": self.coop, "party": party, "valid_from": since, "recorded_at": self.now}
            stamp["recorded_by_id"] = self.actor.user_id
            name = PartyName(**stamp, **{key: data[key] for key in ("family_name", "given_names", "firm")})
            address = PartyAddress(**stamp, **{key: data[key] for key in ("street", "postcode", "place")})
            show(party, name, address, data["email"], data["phone"])
            made.append(party)
            names.append(name)
            addresses += [address] if address.lines else []
            contacts += [PartyContact(**stamp, kind=key, value=data[key]) for key in ("email", "phone") if data[key]]
        Party.objects.bulk_create(made)
        PartyName.objects.bulk_create(names)
        PartyAddress.objects.bulk_create(addresses)
        PartyContact.objects.bulk_create(contacts)
        return made

    def _membership(self, row: ImportRow, party: Party, number: int) -> Membership:
        since = self._since(row)
        until = date.fromisoformat(row.data["ends_on"]) if row.data["ends_on"] else None
        is_active = self.batch.options.get("active", True)
        state = "ended" if until is not None and until < self.today else "active" if is_active else "admitted"
        return Membership(
            coop=self.coop,
            stream=uuid.uuid4(),
            number=number,
            party=party,
            member_class=self.classes.get(row.data["member_class"], self.usual_class),
            state=state,
            admitted_on=since,
            active_on=since if is_active else None,
            notice_on=self.today if until is not None and until >= self.today else None,
            ends_on=until,
            ending=Membership.Ending.RESIGNED if until else "",
            shares_wanted=row.data["units"],
            batch=self.batch,
        )

    def _events(self, membership: Membership, row: ImportRow) -> Iterator[dict]:
        yield {
            "kind": "admitted",
            "effective_on": membership.admitted_on,
            "member_class": membership.member_class,
            "decision_ref": f"line {row.line}",
        }
        if membership.active_on is not None:
            yield {"kind": "activated", "effective_on": membership.admitted_on}
        if membership.ends_on is None:
            return
        ending = {"ends_on": membership.ends_on, "ending": membership.ending}
        if membership.state == "ended":
            yield {"kind": "exit_effective", "effective_on": membership.ends_on + timedelta(days=1), **ending}
        else:
            yield {"kind": "notice_given", "effective_on": self.today, **ending}

    def _chain(self, membership: Membership, planned: list[dict]) -> Iterator[MembershipEvent]:
        previous = START
        for seq, facts in enumerate(planned, start=1):
            event = MembershipEvent(
                coop=self.coop,
                stream=membership.stream,
                membership=membership,
                seq=seq,
                place=seq,
                recorded_at=self.now,
                actor_id=self.actor.user_id,
                batch=self.batch,
                reason_code="imported",
                previous=previous,
                **facts,
            )
            previous = event.hash = event_hash(event)
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
