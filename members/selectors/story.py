"""A membership's history told in sentences, for its page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from members.models import Membership, MembershipEvent, Party, PartyAddress, PartyContact, PartyName, Relationship

from .learning import learned

Kind = MembershipEvent.Kind
HEIRS = (Relationship.Kind.HEIR, Relationship.Kind.HEIRS_REPRESENTATIVE)  # events of the membership tell of them


@dataclass(frozen=True)
class Chapter:
    """One entry: when it took effect, what happened, why, and when and by whom it was written down."""

    effective_on: date
    recorded_at: datetime
    sentence: str
    why: str = ""
    recorded: str = ""
    is_struck: bool = False
    is_now: bool = False


def story(membership: Membership, *, with_contact: bool = True) -> list[Chapter]:
    """The membership's history, newest first: its events, and the party's names and addresses as they changed.

    A corrected event stays, marked as struck out; what corrects it says so. Seven queries at most.
    """
    rows = MembershipEvent.objects.filter(stream=membership.stream)
    events = list(rows.select_related("actor", "note", "member_class", "corrects").order_by("seq"))
    corrected = {event.corrects_id for event in events if event.corrects_id}
    told = [_event(event, membership, event.pk in corrected) for event in events]
    if with_contact:
        told += _changes(membership.party_id)
        told += _stand_ins(membership.party_id)
        told += _learned(membership.party)
    told.reverse()  # the sort is stable: what happened last on a day comes first
    told.sort(key=lambda chapter: (chapter.effective_on, chapter.recorded_at), reverse=True)
    latest = next((at for at, chapter in enumerate(told) if not chapter.is_struck), None)
    return [replace(chapter, is_now=at == latest) for at, chapter in enumerate(told)]


def _event(event: MembershipEvent, membership: Membership, is_struck: bool) -> Chapter:
    note = getattr(event, "note", None)
    why = note.body.get("because", "") if note is not None else ""
    return Chapter(
        effective_on=event.effective_on,
        recorded_at=event.recorded_at,
        sentence=_sentence(event, membership),
        why=why,
        recorded=_recorded(event, is_struck),
        is_struck=is_struck,
    )


def _sentence(event: MembershipEvent, membership: Membership) -> str:
    who = event.decided_by
    day = date_format(event.ends_on, "j F Y") if event.ends_on else ""
    sentences = {
        Kind.APPLIED: _("Applied to join"),
        Kind.ADMITTED: _("Admitted by the %(body)s as a %(class)s member, number %(number)s")
        % {
            "body": who or _("board"),
            "class": event.member_class.name.lower() if event.member_class else "",
            "number": membership.number_text,
        },
        Kind.ACTIVATED: _("In good standing: the first share payment is in"),
        Kind.SUSPENDED: _("Suspended by the %s") % who,
        Kind.REINSTATED: _("Reinstated by the %s") % who,
        Kind.CLASS_CHANGED: _("Became a %s member") % (event.member_class.name.lower() if event.member_class else ""),
        Kind.NOTICE_GIVEN: _("Gave notice to leave; the last day is %s") % day,
        Kind.NOTICE_WITHDRAWN: _("Took the notice back, and stays"),
        Kind.EXIT_EFFECTIVE: _("The membership has ended"),
        Kind.EXPELLED: _("Expelled by the %(body)s; the last day is %(day)s") % {"body": who, "day": day},
        Kind.EXPULSION_OPENED: _("A case was opened by the %s") % who,
        Kind.HEARD: _("Was heard"),
        Kind.EXPULSION_DROPPED: _("The %s let the case be") % who,
        Kind.APPEALED: _("Appealed; nothing ends until it is decided"),
        Kind.APPEAL_DECIDED: _("The %(body)s decided the appeal: the expulsion stands, the last day is %(day)s")
        % {"body": who, "day": day}
        if day
        else _("The %s decided the appeal: the expulsion is overturned") % who,
        Kind.TRANSFERRED: _("Passed on by decision of the %(body)s; the last day is %(day)s")
        % {"body": who, "day": day},
        Kind.DIED: _("Died; the membership lasts until %s") % day if day else _("Died"),
        Kind.CORRECTED: _struck_out(event),
    }
    return str(sentences.get(Kind(event.kind), event.get_kind_display()))


def _struck_out(event: MembershipEvent) -> str:
    if event.corrects is None or event.corrects.kind == Kind.DIED:
        return _("The death was recorded by mistake, and is taken back")
    return _("Struck out: %s") % Kind(event.corrects.kind).label


def _recorded(event: MembershipEvent, is_struck: bool) -> str:
    parts = []
    if event.decision_ref:
        parts.append(_("Resolution %s.") % event.decision_ref)
    by = event.actor.display_name if event.actor else _("the platform")
    day = date_format(event.recorded_at, "j F Y")
    parts.append(_("Recorded on %(day)s by %(who)s.") % {"day": day, "who": by})
    if event.corrects is not None:
        parts.append(_("It replaces the entry recorded on %s.") % date_format(event.corrects.recorded_at, "j F Y"))
    if is_struck:
        parts.append(_("A later entry replaces this one."))
    return " ".join(parts)


def _changes(party_id: int) -> Iterable[Chapter]:
    """Names and addresses after the first ones."""
    for model, sentence in (
        (PartyName, _("Name changed to %s")),
        (PartyAddress, _("Address changed to %s")),
        (PartyContact, _("Reached at %s")),
    ):
        rows: list = list(model.objects.filter(party_id=party_id).select_related("recorded_by").order_by("id"))
        for row in rows[1:] if model is not PartyContact else _changed_contacts(rows):
            by = row.recorded_by.display_name if row.recorded_by else _("the platform")
            yield Chapter(
                effective_on=row.valid_from,
                recorded_at=row.recorded_at,
                sentence=sentence % (str(row) or _("nothing")),
                recorded=_("Recorded on %(day)s by %(who)s.")
                % {"day": date_format(row.recorded_at, "j F Y"), "who": by},
            )


def _learned(party: Party) -> Iterable[Chapter]:
    """What they have done of what the co-op teaches; what was struck out stays, marked."""
    for row in learned(party):
        sentence, until = _("Has done “%s”") % row.course.name, row.expires_on
        if until is not None:
            sentence = _("%(did)s, which counts until %(day)s") % {"did": sentence, "day": date_format(until, "j F Y")}
        by = row.recorded_by.display_name if row.recorded_by else _("the platform")
        recorded = _("Recorded on %(day)s by %(who)s.") % {"day": date_format(row.recorded_at, "j F Y"), "who": by}
        why = row.because or row.evidence
        yield Chapter(row.done_on, row.recorded_at, sentence, why, recorded, is_struck=row.struck_at is not None)


def _stand_ins(party_id: int) -> Iterable[Chapter]:
    """Who stood for the party, from when to when."""
    rows = Relationship.objects.filter(object_id=party_id).exclude(kind__in=HEIRS)
    for row in rows.select_related("subject", "recorded_by").order_by("id"):
        by = row.recorded_by.display_name if row.recorded_by else _("the platform")
        recorded = _("Recorded on %(day)s by %(who)s.") % {"day": date_format(row.recorded_at, "j F Y"), "who": by}
        sentences = {
            "represents": _("%s represents it"),
            "guardian": _("%s is the guardian"),
            "joint": _("%s holds jointly"),
        }
        if row.was_mistaken:
            recorded += " " + _("A later entry replaces this one.")
        said = sentences[row.kind] % row.subject.name
        yield Chapter(row.starts_on, row.recorded_at, said, row.evidence, recorded, is_struck=row.was_mistaken)
        if row.ends_on is not None and not row.was_mistaken:
            said = _("%s does so for the last day") % row.subject.name
            yield Chapter(row.ends_on, row.recorded_at, said)


def _changed_contacts(rows: list) -> list:
    seen: set[str] = set()
    changed = []
    for row in rows:
        if row.kind in seen:
            changed.append(row)
        seen.add(row.kind)
    return changed
