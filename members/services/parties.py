"""People and organisations: names and addresses are added with their dates, never overwritten."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, rules
from coop.kernel.errors import Refused
from coop.kernel.models import Cooperative
from members import notices, typed
from members.folding import fold, grams
from members.models import Party, PartyAddress, PartyContact, PartyName
from members.selectors.dated import address_of, announced, contact_of, name_of

from . import days

ADDRESS = ("street", "postcode", "place", "country")
NAMES = ("family_name", "given_names", "firm", "register_court", "register_number")
SHOWN = ("name", "sort_name", "place", "email", "phone", "search")
STILL_LOOKED_FOR = timedelta(days=31)  # how long the clock may have stood still


def create_party(
    *, actor, kind: str, name: dict, address: dict, email: str = "", phone: str = "", on: date, **facts: Any
) -> Party:
    """A new party with its first name, address and electronic addresses, valid from ``on``. Part of a larger act.

    ``facts`` are columns of its own: ``born_on``, ``account_id``.
    """
    party = Party(coop=actor.coop, kind=kind, **facts)
    stamp = {"coop_id": actor.coop_id, "party": party, "valid_from": on, "recorded_by_id": actor.user_id}
    stamp["recorded_at"] = clock.now()
    called, lives = PartyName(**stamp, **name), PartyAddress(**stamp, **address)
    show(party, called, lives, email, phone)
    party.save(force_insert=True)
    called.save(force_insert=True)
    if lives.lines:
        lives.save(force_insert=True)
    reached = (("email", email), ("phone", phone))
    PartyContact.objects.bulk_create(PartyContact(**stamp, kind=kind, value=value) for kind, value in reached if value)
    return party


def refuse_unreadable(said: Mapping[str, object], prefix: str = "") -> None:
    """Refuse words with a character in them that no reader sees, beside their field (its name after ``prefix``)."""
    field = typed.unreadable(said)
    if field:
        raise Refused(
            "unreadable", _("This holds a character that cannot be seen. Please type it again."), prefix + field
        )


def put_on_record(actor, person: dict, on: date) -> Party:
    """Somebody new who stands for a member or inherits, by given_names, family_name and email. Part of a larger act."""
    names = {key: str(person.get(key, "")).strip() for key in ("given_names", "family_name")}
    if not any(names.values()):
        raise Refused("nobody_named", _("Give a member’s number, or the name of somebody new."), "number")
    refuse_unreadable(names)
    email = str(person.get("email", "")).strip().lower()
    return create_party(actor=actor, kind=Party.Kind.PERSON, name=names, address={}, email=email, on=on)


def record(
    *,
    actor,
    party: Party,
    on: date,
    name: dict | None = None,
    address: dict | None = None,
    email: str | None = None,
    phone: str | None = None,
    at: datetime | None = None,
) -> list[str]:
    """Add what differs from what is known to hold on ``on``, and say which parts did: name, address, email, phone.

    ``at`` is the moment of recording (now).
    """
    stamp = {"coop_id": actor.coop_id, "party": party, "valid_from": on, "recorded_by_id": actor.user_id}
    stamp["recorded_at"] = at or clock.now()
    changed = []
    old_name = name_of(party, on)
    if name is not None and (old_name is None or any(getattr(old_name, key) != name[key] for key in name)):
        PartyName.objects.create(**stamp, **name)
        changed.append("name")
    old_address = address_of(party, on)
    known = {key: getattr(old_address, key) if old_address else "" for key in ADDRESS}
    if address is not None and known != {**known, **address}:
        PartyAddress.objects.create(**stamp, **{**known, **address})
        changed.append("address")
    for kind, value in (("email", email), ("phone", phone)):
        old = contact_of(party, kind, on)
        if value is not None and value != (old.value if old else ""):
            PartyContact.objects.create(**stamp, kind=kind, value=value)
            changed.append(kind)
    if changed:
        refresh(party)
    return changed


def refresh(party: Party) -> None:
    """Bring the columns that lists and searches use up to the dated rows of today."""
    _show_today(party)
    party.save(update_fields=[*SHOWN, "grams"])


def _show_today(party: Party) -> None:
    today = clock.today(party.coop)
    name, address = name_of(party, today, or_later=True), address_of(party, today, or_later=True)
    email, phone = (contact_of(party, kind, today, or_later=True) for kind in ("email", "phone"))
    if name is None:
        raise ValueError("A party has a name from its first day on.")
    show(party, name, address, email.value if email else "", phone.value if phone else "")


def begin_announced(coop: Cooperative) -> int:
    """What was announced for a day holds from that day on, in lists and searches too. How many records that changed."""
    today, done = clock.today(coop), 0
    for pk in sorted(announced(coop, today - STILL_LOOKED_FOR, today)):
        with transaction.atomic():
            whole = Party.objects.filter(pk=pk, erased_at=None, merged_into=None).select_related("coop")
            party = whole.select_for_update(no_key=True, of=("self",), skip_locked=True).first()
            if party is None:
                continue
            before = [getattr(party, column) for column in SHOWN]
            _show_today(party)
            if before != [getattr(party, column) for column in SHOWN]:
                party.save(update_fields=[*SHOWN, "grams"])
                done += 1
    return done


def show(party: Party, name: PartyName, address: PartyAddress | None, email: str, phone: str) -> None:
    """Put into a party's own columns what lists and searches need of these; it is not saved."""
    party.name, party.sort_name = name.full, fold(name.sortable)[:300]
    party.place = address.place if address else ""
    party.email, party.phone = email, phone
    party.search = fold(" ".join((party.name, party.email, party.place)))
    party.grams = grams(party.search)


def refuse_merged(party: Party) -> None:
    """Refuse what would be written to a stub: the record it was merged into is the one that counts."""
    if party.merged_into_id is not None:
        raise Refused("merged_away", _("This record was merged into another; open that one."))


def _refuse_half_a_name(party: Party, names: dict, day: date) -> None:
    """A part of a name that stands is changed, not emptied: an empty field is a slip more often than a name."""
    known = (name_of(party, day) or name_of(party, day, or_later=True)) if names else None
    for part in ("family_name", "given_names", "firm"):
        if part in names and not names[part].strip() and known is not None and getattr(known, part):
            raise Refused(
                "name_emptied",
                _("“%s” would be gone from the register. Write the new name, or say that there is one name only.")
                % getattr(known, part),
                part,
            )


@transaction.atomic
def change_details(*, actor, party: Party, on: date | None = None, one_name: bool = False, **details) -> list[str]:
    """A member changes their own address or contact data, or the secretary does it for them. Says what changed.

    ``details``: street, postcode, place, country, email, phone; the secretary also family_name, given_names, firm,
    register_court, register_number. A change of name by the member goes to review, so it is refused here.
    """
    party = Party.objects.select_for_update(no_key=True).get(pk=party.pk, coop_id=actor.coop_id)
    refuse_merged(party)
    keeps = rules.may(actor, "members.keep_register", party)
    if not keeps:
        rules.require(actor, "members.see_self", party)
    names = {key: details.pop(key) for key in NAMES if key in details}
    address = {key: details.pop(key) for key in ADDRESS if key in details}
    if names and not keeps:
        raise Refused("name_needs_review", _("The secretary changes names, because the register is a legal record."))
    if names and not any(names.get(key) for key in ("family_name", "given_names", "firm")):
        raise Refused("name_missing", _("A member needs a name."), "family_name")
    refuse_unreadable({**names, **address, **details})
    day = on or clock.today(actor.coop)
    days.refuse_holds_from(party, day, ahead=not {"email", "phone"}.intersection(details))
    if not one_name:
        _refuse_half_a_name(party, names, day)
    old_email = party.email
    changed = record(actor=actor, party=party, on=day, name=names or None, address=address or None, **details)
    if "email" in changed:  # both addresses are told, so that nobody loses their post unawares
        notices.email_changed(party, old_email)
    if changed:
        audit.record(
            actor=actor,
            kind="members.details_changed",
            subject=f"party:{party.pk}",
            what=changed,
            since=day.isoformat(),
        )
    return changed
