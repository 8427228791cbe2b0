"""Making two records one, taking them apart again, and splitting one record that was two people.

Locks are taken in the order open applications, memberships, records; the records without waiting, because others lock
a record before its memberships. So nobody waits in a circle: who finds a record in use is asked to try again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import OperationalError, transaction
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, rules
from coop.kernel.errors import Refused
from members.models import (
    Application,
    ChangeRequest,
    Invitation,
    Membership,
    PaperLetter,
    Party,
    PartyAddress,
    PartyContact,
    PartyMerge,
    PartyMove,
    PartyName,
    Relationship,
)
from members.selectors import merging
from members.selectors.after_death import died_event
from members.selectors.dated import address_of, name_of

from . import history, parties

What, Kind = PartyMove.What, PartyMerge.Kind
# Where a row of each kind says whose it is.
HOLDERS: dict[str, tuple[Any, str]] = {
    What.MEMBERSHIP: (Membership, "party"),
    What.SUBJECT: (Relationship, "subject"),
    What.OBJECT: (Relationship, "object"),
    What.APPLICATION: (Application, "party"),
    What.LETTER: (PaperLetter, "party"),
    What.REQUEST: (ChangeRequest, "party"),
}


@transaction.atomic
def merge(*, actor, kept: Party, other: Party, because: str, choose: Mapping[str, str] | None = None) -> PartyMerge:
    """Two records are one person: everything of ``other`` passes to ``kept``; ``other`` stays as a stub that says so.

    ``choose``: for name, address, email, phone, login either ``kept`` or ``other`` (left out: the kept record's, where
    it says anything). Where money goes stays with each membership. Refused as ``merging.issues`` says.
    """
    for each in (kept, other):
        rules.require(actor, "members.keep_register", each)
    because = _a_reason(because)
    kept, other = _lock(actor, kept, other)
    for code, sentence in merging.issues(kept, other):
        raise Refused(code, sentence)
    taken = _taken(kept, other, choose or {})
    if other.born_on and not kept.born_on:
        taken.append("born_on")
    now = clock.now()
    made = _record(actor, Kind.MERGED, kept, other, now, taken=taken)
    moved = _move(actor, made, merging.rows_of(other), other, kept, because)
    Invitation.objects.filter(party=other, used_at=None, revoked_at=None).update(revoked_at=now)
    _take_over(actor, kept, other, taken, now)
    other.merged_into = kept
    other.save(update_fields=["merged_into"])
    _audit(actor, "members.parties_merged", made, moved=moved, taken=taken, because=because)
    return made


@transaction.atomic
def undo_merge(*, actor, merge: PartyMerge, because: str) -> PartyMerge:
    """They were two after all: what passed over goes back, and the stub is a whole record again.

    What was recorded about the memberships meanwhile stays with them. Facts taken over from the other record are taken
    off the kept one; its own stand again. Refused where either was erased, or what moved has moved on.
    """
    rules.require(actor, "members.keep_register", merge)
    because = _a_reason(because)
    merge = PartyMerge.objects.select_related("kept", "other").get(pk=merge.pk, coop_id=actor.coop_id)
    kept, other = _lock(actor, merge.kept, merge.other)
    if merge.kind != Kind.MERGED or other.merged_into_id != kept.pk:
        raise Refused("not_merged", _("These two records are not merged, so there is nothing to take apart."))
    newest = PartyMerge.objects.filter(other=other).order_by("-pk").first()
    if newest is None or newest.pk != merge.pk:
        raise Refused("not_merged", _("These two records were taken apart and merged again since."))
    if kept.erased_at or other.erased_at:
        raise Refused("erased", _("This person was erased, so nothing is left that could be taken apart."))
    now = clock.now()
    made = _record(actor, Kind.UNDONE, kept, other, now, undoes=merge)
    other.merged_into = None
    other.save(update_fields=["merged_into"])
    back = {what: [key for key in keys if _is_with(what, key, kept)] for what, keys in _moved_by(merge).items()}
    moved = _move(actor, made, back, kept, other, because)
    _give_back(kept, other, merge)
    _died_as_recorded(other)
    _audit(actor, "members.merge_undone", made, moved=moved, because=because)
    return made


@transaction.atomic
def split(
    *, actor, party: Party, name: dict, memberships: Sequence[Membership], because: str, email: str = ""
) -> PartyMerge:
    """One record was two people: a new one is made for the second, and these memberships pass to it.

    ``name`` as in ``PartyName``. The login, the address and everything else stay with the first. It is undone by
    merging the two.
    """
    rules.require(actor, "members.keep_register", party)
    because = _a_reason(because)
    chosen = {each.pk for each in memberships}
    party, _alone = _lock(actor, party, party)
    if party.erased_at or party.merged_into_id:
        raise Refused("not_whole", _("This record was erased or merged away."))
    if not any(name.get(key, "").strip() for key in ("family_name", "given_names", "firm")):
        raise Refused("name_missing", _("The second person needs a name."), "family_name")
    held = set(merging.rows_of(party)[What.MEMBERSHIP])
    if not chosen or not chosen <= held:
        raise Refused("nothing_moves", _("Choose which memberships are the second person’s."), "memberships")
    if chosen == held:
        raise Refused(
            "all_move", _("One membership stays with this record; if only the name is wrong, change it."), "memberships"
        )
    on = clock.today(party.coop)
    told = {key: name.get(key, "").strip() for key in parties.NAMES}
    fresh = parties.create_party(
        actor=actor, kind=party.kind, name=told, address={}, email=email.strip().lower(), on=on
    )
    made = _record(actor, Kind.SPLIT, party, fresh, clock.now())
    moved = _move(actor, made, {What.MEMBERSHIP: sorted(chosen)}, party, fresh, because)
    _died_as_recorded(fresh)
    _audit(actor, "members.party_split", made, moved=moved, because=because)
    return made


def _a_reason(because: str) -> str:
    if not because.strip():
        raise Refused("reason_missing", _("Say what shows it, for whoever asks later."), "because")
    return because.strip()[:500]


def _lock(actor, kept: Party, other: Party) -> tuple[Party, Party]:
    keys = {kept.pk, other.pk}
    of_both = {"coop_id": actor.coop_id, "party__in": keys}
    open_ones = Application.objects.filter(**of_both, state__in=Application.OPEN)
    list(open_ones.select_for_update(no_key=True, of=("self",)).order_by("pk"))
    list(Membership.objects.filter(**of_both).select_for_update(no_key=True, of=("self",)).order_by("pk"))
    records = Party.objects.filter(pk__in=keys, coop_id=actor.coop_id).select_related("coop", "account")
    try:
        with transaction.atomic():
            found = {
                each.pk: each
                for each in records.select_for_update(no_key=True, of=("self",), nowait=True).order_by("pk")
            }
    except OperationalError as busy:
        raise Refused(
            "busy", _("Somebody is working on one of these records at this moment; try again."), status=409
        ) from busy
    return found[kept.pk], found[other.pk]


def _taken(kept: Party, other: Party, choose: Mapping[str, str]) -> list[str]:
    """The facts that are taken over from the other record."""
    found = []
    for fact in merging.facts(kept, other, clock.today(kept.coop)):
        said = choose.get(fact.key) or fact.wins
        if said not in ("kept", "other"):
            raise Refused("choice_unknown", _("Say from which record it is taken."), fact.key)
        if said == "other" and fact.differs:
            found.append(fact.key)
    return found


def _take_over(actor, kept: Party, other: Party, taken: list[str], at: datetime) -> None:
    on = clock.today(kept.coop)
    name, address = name_of(other, on, or_later=True), address_of(other, on, or_later=True)
    told: dict = {key: getattr(other, key) for key in ("email", "phone") if key in taken}
    if "name" in taken and name is not None:
        told["name"] = {key: getattr(name, key) for key in parties.NAMES}
    if "address" in taken:
        told["address"] = {key: getattr(address, key) if address else "" for key in parties.ADDRESS}
    parties.record(actor=actor, party=kept, on=on, at=at, **told)
    if "born_on" in taken:
        kept.born_on = other.born_on
        kept.save(update_fields=["born_on"])
    if "login" in taken:
        _swap_logins(kept, other)


def _swap_logins(kept: Party, other: Party) -> None:
    """A login belongs to one record of a co-op at a time, so the first is set free before the other takes it."""
    was, kept.account = kept.account, None
    kept.save(update_fields=["account"])
    kept.account, other.account = other.account, was
    other.save(update_fields=["account"])
    kept.save(update_fields=["account"])


def _give_back(kept: Party, other: Party, merge: PartyMerge) -> None:
    """What the kept record learned from the other in this merge is not its own: those rows go; the other has them."""
    for model in (PartyName, PartyAddress, PartyContact):
        model.objects.filter(party=kept, recorded_at=merge.recorded_at).delete()
    parties.refresh(kept)
    if "born_on" in merge.taken:
        kept.born_on = None
        kept.save(update_fields=["born_on"])
    if "login" in merge.taken:
        _swap_logins(kept, other)


def _died_as_recorded(party: Party) -> None:
    """A death written down while the records were one is in the history of what passes over, so it is this one's."""
    for membership in party.memberships.order_by("pk"):
        died = died_event(membership)
        if died is not None:
            party.died_on = died.effective_on
            party.save(update_fields=["died_on"])


def _record(actor, kind: str, kept: Party, other: Party, now: datetime, **facts) -> PartyMerge:
    return PartyMerge.objects.create(
        coop_id=actor.coop_id,
        kind=kind,
        kept=kept,
        other=other,
        recorded_at=now,
        recorded_by_id=actor.user_id,
        **facts,
    )


def _move(
    actor, merge: PartyMerge, rows: Mapping[str, Sequence[int]], giver: Party, taker: Party, because: str
) -> dict[str, int]:
    """Pass these rows from one record to the other, each on record; how many of each kind."""
    stamp = {"coop_id": actor.coop_id, "merge": merge, "recorded_at": merge.recorded_at}
    moves = [
        PartyMove(**stamp, what=what, key=key, from_party=giver, to_party=taker)
        for what, keys in rows.items()
        for key in keys
    ]
    PartyMove.objects.bulk_create(moves)
    for key in rows.get(What.MEMBERSHIP, ()):
        _pass_membership(actor, Membership.objects.get(pk=key), taker, because)
    for what, (model, column) in HOLDERS.items():
        if what != What.MEMBERSHIP and rows.get(what):
            model.objects.filter(pk__in=rows[what]).update(**{column: taker})
    return {what: len(keys) for what, keys in rows.items() if keys}


def _pass_membership(actor, membership: Membership, taker: Party, because: str) -> None:
    event = history.append(
        actor=actor,
        stream=membership.stream,
        membership=membership,
        kind="reheld",
        effective_on=clock.today(taker.coop),
        note={"because": because},
    )
    Membership.objects.filter(pk=membership.pk).update(party=taker, last_seq=event.seq)


def _moved_by(merge: PartyMerge) -> dict[str, list[int]]:
    moved: dict[str, list[int]] = {}
    for what, key in merge.moves.values_list("what", "key"):
        moved.setdefault(what, []).append(key)
    return moved


def _is_with(what: str, key: int, party: Party) -> bool:
    """Is the row still with the record, and free to move? A request answered meanwhile stays where it was answered."""
    model, column = HOLDERS[what]
    rows = model.objects.filter(**{"pk": key, column: party})
    return (rows.filter(state=ChangeRequest.State.OPEN) if what == What.REQUEST else rows).exists()


def _audit(actor, kind: str, made: PartyMerge, **payload) -> None:
    audit.record(actor=actor, kind=kind, subject=f"party:{made.kept_id}", merge=made.pk, other=made.other_id, **payload)
