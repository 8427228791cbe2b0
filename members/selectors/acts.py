"""One act for everybody on a list: whom it concerns, and who is left out and why. Read before it is done."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet, TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from members.models import CourseSession, Enrolment, Membership, Party, PartyAddress, PartyTag


class Act(TextChoices):
    """What can be done with a whole list."""

    TAG = "tag", gettext_lazy("Give them a tag")
    UNTAG = "untag", gettext_lazy("Take a tag off them")
    BY_POST = "by_post", gettext_lazy("Write to them on paper from now on")
    BY_MAIL = "by_mail", gettext_lazy("Write to them by e-mail from now on")
    ENROL = "enrol", gettext_lazy("Sign them up for a session")


# All that is read of each: a list may be a hundred thousand long.
_READ = ("coop_id", "number", *(f"party__{field}" for field in "name kind email by_post died_on erased_at".split()))


@dataclass(frozen=True)
class Planned:
    """The whole list with what becomes of each. ``digest`` changes when any of it does, or the act itself."""

    what: str
    doing: list[Membership]
    left_out: list[tuple[Membership, str]]

    @property
    def digest(self) -> str:
        said = [self.what, *(f"+{each.pk}" for each in self.doing), *(f"-{each.pk}" for each, _why in self.left_out)]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()

    @property
    def parties(self) -> list[Party]:
        return [each.party for each in self.doing]


def planned(found: QuerySet[Membership], act: str, *, tag: str = "", session: CourseSession | None = None) -> Planned:
    """What would become of everybody on the list, by number. Three queries, however long it is."""
    rows = list(found.select_related(None).select_related("party").only(*_READ).order_by("number"))
    reached = _already(found, act, tag, session)
    lives = _with_an_address(found) if act == Act.BY_POST else set()
    doing: list[Membership] = []
    left_out: list[tuple[Membership, str]] = []
    seen: dict[int, Membership] = {}
    for each in rows:
        why = _never(each, seen.get(each.party_id)) or _left_out(each.party, act, reached, lives)
        seen.setdefault(each.party_id, each)
        if why:
            left_out.append((each, why))
        else:
            doing.append(each)
    return Planned(f"{act} {tag} {session.pk if session else ''}", doing, left_out)


def _never(each: Membership, before: Membership | None) -> str:
    if each.party.erased_at is not None:
        return _("was erased")
    if each.party.died_on is not None:
        return _("has died")
    if before is not None:
        return _("is on the list once already, as member %s") % before.number_text
    return ""


def _left_out(party: Party, act: str, reached: set[int], lives: set[int]) -> str:
    has = party.pk in reached
    whys = {
        Act.TAG: _("has the tag already") if has else "",
        Act.UNTAG: "" if has else _("does not have the tag"),
        Act.BY_POST: _("is written to on paper already")
        if party.by_post
        else ""
        if party.pk in lives
        else _("no postal address is known"),
        Act.BY_MAIL: _("no e-mail address is known")
        if not party.email
        else ""
        if party.by_post
        else _("is written to by e-mail already"),
        Act.ENROL: _("an organisation learns through its people")
        if party.kind == Party.Kind.ORGANISATION
        else _("is signed up already")
        if has
        else "",
    }
    return str(whys[Act(act)])


def _already(found: QuerySet[Membership], act: str, tag: str, session: CourseSession | None) -> set[int]:
    """Who has the tag, or a seat, already."""
    if act in (Act.TAG, Act.UNTAG):
        tagged = PartyTag.objects.filter(party__in=found.order_by().values("party"), name=tag)
        return set(tagged.values_list("party_id", flat=True))
    if act == Act.ENROL:
        seats = Enrolment.objects.filter(session=session, party__isnull=False).exclude(state="withdrawn")
        return set(seats.values_list("party_id", flat=True))
    return set()


def _with_an_address(found: QuerySet[Membership]) -> set[int]:
    rows = PartyAddress.objects.filter(party__in=found.order_by().values("party"), corrected_by=None)
    newest = rows.order_by("party_id", "-valid_from", "-pk").distinct("party_id")
    return {each.party_id for each in newest.iterator(chunk_size=2000) if each.lines}


def free_seats(session: CourseSession) -> int | None:
    """How many seats are left; None where as many may come as like."""
    if session.seats is None:
        return None
    return max(0, session.seats - session.enrolments.exclude(state="withdrawn").count())


def open_sessions(coop, now: datetime) -> QuerySet[CourseSession]:
    """Sessions a list can be signed up for."""
    rows = CourseSession.objects.filter(coop=coop, cancelled_at=None, starts_at__gt=now)
    return rows.select_related("course").order_by("starts_at", "pk")
