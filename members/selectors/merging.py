"""Before two records are made one: who may be whom, both side by side, what would move, and what stands against it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Q
from django.utils.translation import gettext as _

from members.folding import fold, grams, likeness
from members.models import (
    Application,
    ChangeRequest,
    Invitation,
    Membership,
    PaperLetter,
    Party,
    PartyMerge,
    PartyMove,
    Relationship,
)

from .dated import address_of, name_of
from .joining import ALIKE

STOOD_FOR = (Relationship.Kind.REPRESENTS, Relationship.Kind.HEIRS_REPRESENTATIVE)  # by one person at a time
What = PartyMove.What


@dataclass(frozen=True)
class Fact:
    """One thing both records may say. ``wins``: whose word is taken unless the secretary says otherwise."""

    key: str
    label: str
    kept: str
    other: str

    @property
    def differs(self) -> bool:
        return self.kept != self.other

    @property
    def wins(self) -> str:
        return "kept" if self.kept or not self.other else "other"


def facts(kept: Party, other: Party, on: date) -> list[Fact]:
    """What of the two records is chosen between: name, address, e-mail, telephone, login. A birthday is not chosen."""

    def told(party: Party) -> dict[str, str]:
        name, address = name_of(party, on, or_later=True), address_of(party, on, or_later=True)
        login = party.account.email if party.account is not None else ""
        return {
            "name": str(name or party.name),
            "address": address.one_line if address is not None else "",
            "email": party.email,
            "phone": party.phone,
            "login": login,
        }

    labels = {"name": _("Name"), "address": _("Address"), "email": _("E-mail"), "phone": _("Telephone")}
    labels["login"] = _("Login")
    ours, theirs = told(kept), told(other)
    return [Fact(key, label, ours[key], theirs[key]) for key, label in labels.items()]


def rows_of(party: Party) -> dict[str, list[int]]:
    """Keys of the rows that go with a record when it is merged, by kind. What was answered or used stays."""

    def keys(model, **where) -> list[int]:
        return list(model.objects.filter(coop_id=party.coop_id, **where).order_by("pk").values_list("pk", flat=True))

    return {
        What.MEMBERSHIP: keys(Membership, party=party),
        What.SUBJECT: keys(Relationship, subject=party),
        What.OBJECT: keys(Relationship, object=party),
        What.APPLICATION: keys(Application, party=party),
        What.LETTER: keys(PaperLetter, party=party),
        What.REQUEST: keys(ChangeRequest, party=party, state=ChangeRequest.State.OPEN),
    }


def issues(kept: Party, other: Party) -> list[tuple[str, str]]:
    """Why these two cannot be made one, as (code, sentence); empty where they can. The page and the refusal read it."""
    found = _issues_of_records(kept, other)
    found += _issues_of_memberships(kept, other)
    between = Q(subject=kept, object=other) | Q(subject=other, object=kept)
    if Relationship.objects.filter(between).exists():
        found.append(("related", _("One of them stands or stood for the other, so they are two.")))
    if _stood_for_at_once(kept, other):
        found.append(("both_represented", _("Somebody stands for each of them over the same days; end one first.")))
    asked = ChangeRequest.objects.filter(party=kept, state=ChangeRequest.State.OPEN).values("kind")
    if ChangeRequest.objects.filter(party=other, state=ChangeRequest.State.OPEN, kind__in=asked).exists():
        found.append(("both_ask", _("Both have asked for the same change; answer one of the requests first.")))
    return found


def _issues_of_records(kept: Party, other: Party) -> list[tuple[str, str]]:
    found = []
    if kept.pk == other.pk:
        found.append(("same_record", _("This is one record already.")))
    if kept.kind != other.kind:
        found.append(("kind_differs", _("A person and an organisation cannot be the same.")))
    if kept.erased_at or other.erased_at:
        found.append(("erased", _("One of the two was erased, and what was erased is not joined to anybody again.")))
    if kept.merged_into_id or other.merged_into_id:
        found.append(("merged_away", _("One of the two was merged away already.")))
    if Party.objects.filter(merged_into=other).exists():
        found.append(
            ("took_in", _("%s took in another record before; keep that one, or take them apart.") % other.name)
        )
    if kept.born_on and other.born_on and kept.born_on != other.born_on:
        found.append(("born_differs", _("They were born on different days, so they are two people.")))
    if kept.died_on != other.died_on:
        found.append(("died_differs", _("A death is on record for one of them only; write it down for both first.")))
    return found


def _issues_of_memberships(kept: Party, other: Party) -> list[tuple[str, str]]:
    standing = Membership.objects.exclude(state=Membership.State.ENDED)
    both = standing.filter(party=kept, member_class__in=standing.filter(party=other).values("member_class"))
    return [
        (
            "member_twice",
            _("Both hold a %(class)s membership that stands; one of the two has to end first.")
            % {"class": each.member_class.name.lower()},
        )
        for each in both.select_related("member_class")
    ]


def _stood_for_at_once(kept: Party, other: Party) -> bool:
    def rows(party: Party) -> Iterable[Relationship]:
        return Relationship.objects.filter(object=party, kind__in=STOOD_FOR)

    theirs = list(rows(other))
    return any(
        a.kind == b.kind and a.starts_on <= (b.ends_on or date.max) and b.starts_on <= (a.ends_on or date.max)
        for a in rows(kept)
        for b in theirs
    )


@dataclass(frozen=True)
class Moving:
    """What would pass to the kept record, in words, with how many there are."""

    label: str
    count: int


def moving(other: Party) -> list[Moving]:
    """What moves when the record is merged away. Consents, answered requests and old names stay and are read there."""
    rows = rows_of(other)
    names = {
        What.MEMBERSHIP: _("Memberships, with their shares and history"),
        What.APPLICATION: _("Applications"),
        What.LETTER: _("Letters on paper"),
        What.REQUEST: _("Open requests"),
    }
    said = [Moving(label, len(rows[what])) for what, label in names.items()]
    said.append(Moving(_("Who stands for whom"), len(rows[What.SUBJECT]) + len(rows[What.OBJECT])))
    invited = Invitation.objects.filter(party=other, used_at=None, revoked_at=None).count()
    return [*said, Moving(_("Open invitations, which end"), invited)]


def twins(party: Party) -> list[tuple[Party, tuple[str, ...]]]:
    """Other records that may be this person, the likeliest first, ten at most, with what speaks for it. Two queries."""
    name = fold(party.name)
    others = Party.objects.filter(coop_id=party.coop_id, kind=party.kind, merged_into=None, erased_at=None)
    alike = Q(grams__overlap=grams(name))
    if party.email:
        alike |= Q(email__iexact=party.email)
    found = []
    for each in others.filter(alike).exclude(pk=party.pk).prefetch_related("memberships")[:2000]:
        same, reasons = likeness(name, fold(each.name)), []
        if party.email and each.email.lower() == party.email.lower():
            reasons.append(_("the same e-mail address"))
        if same >= ALIKE:
            reasons.append(_("the same name") if fold(each.name) == name else _("a similar name"))
        if reasons and party.born_on and party.born_on == each.born_on:
            reasons.append(_("the same birthday"))
        if reasons:
            found.append((same + len(reasons), each, tuple(reasons)))
    return [(each, reasons) for _score, each, reasons in sorted(found, key=lambda row: (-row[0], row[1].pk))[:10]]


def merges_of(party: Party) -> list[PartyMerge]:
    """What was merged into or split off from this record, the newest first; what was undone is not among it."""
    rows = PartyMerge.objects.filter(kept=party, undone_by=None).exclude(kind=PartyMerge.Kind.UNDONE)
    return list(rows.select_related("other", "recorded_by"))
