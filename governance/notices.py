"""The letters of a roll, a ballot and a meeting: published, released, extended, a credential taken, a proxy given."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import override

from coop.kernel import letters, outbox
from coop.kernel.models import Cooperative, Mail, User
from members.models import Membership, PaperLetter
from members.notices import mail_of
from members.services import put_on_paper

from .models import (
    Ballot,
    Extension,
    Nomination,
    Objection,
    Proxy,
    Reminder,
    Requisition,
    RollEntry,
    RollPublication,
    Ruling,
    VotingLetter,
)


def credential_issued(
    ballot: Ballot, entry: RollEntry, proxy: Proxy | None = None, letter: VotingLetter | None = None
) -> None:
    """Tells the member, so that one who took none, and whose proxy's holder took none, learns of it.

    With the code of a letter nobody showed who they were: then it goes on paper to whom no e-mail reaches.
    """
    values = {"entry": entry, "proxy": proxy, "letter": letter}
    if letter is not None:
        _to_one(entry.membership, "credential_issued", f"ballot:{ballot.pk}", ballot=ballot, **values)
    else:
        _send(ballot, entry.membership.party.email, "credential_issued", **values)


def voting_letter_made(letter: VotingLetter) -> None:
    """Tells who has an e-mail address that a code was printed for them, so that nobody else uses it unnoticed."""
    _send(letter.ballot, letter.entry.membership.party.email, "voting_letter_made", entry=letter.entry, letter=letter)


def ballot_released(ballot: Ballot) -> int:
    """The opening letter with the manifest's fingerprint, once, to everybody who may vote; on paper to whom no e-mail
    reaches, or who wants it so."""
    ref = f"ballot:{ballot.pk}"
    if _written("governance.ballot_released", ref, ballot.coop_id):
        return 0
    return _to_each(_voters(ballot), "ballot_released", ref, coop=ballot.coop, ballot=ballot)


def ballot_extended(made: Extension) -> int:
    """The close has moved, once, to everybody who may vote; on paper to whom no e-mail reaches."""
    ref = f"extension:{made.pk}"
    if _written("governance.ballot_extended", ref, made.coop_id):
        return 0
    entries = _voters(made.ballot)
    values = {"ballot": made.ballot, "extension": made}
    return _to_each(entries, "ballot_extended", ref, coop=made.ballot.coop, **values)


def reminded(made: Reminder, waiting: QuerySet[RollEntry], neutral: QuerySet[RollEntry] | None) -> int:
    """Once a reminder: to who has not voted, and, in a secret ballot, a neutral line to who took a credential."""
    ref = f"reminder:{made.pk}"
    if _written("governance.reminder", ref, made.coop_id):
        return 0
    ballot, coop = made.ballot, made.ballot.coop
    sent = _to_each(waiting, "reminder", ref, coop=coop, ballot=ballot)
    return sent + (0 if neutral is None else _to_each(neutral, "reminder_neutral", ref, coop=coop, ballot=ballot))


def roll_published(made: RollPublication) -> int:
    """What their line says and until when they can object, once, to everybody on the roll, with or without a vote."""
    ref = f"publication:{made.pk}"
    if _written("governance.roll_published", ref, made.coop_id):
        return 0
    entries = RollEntry.objects.filter(roll=made.roll_id).select_related("membership__party", "membership__coop")
    values = {"roll": made.roll, "publication": made}
    return _to_each(entries.order_by("number"), "roll_published", ref, coop=made.roll.coop, **values)


def objection_ruled(ruling: Ruling, objection: Objection) -> None:
    """Tells who objected, and whose line it is, what came of it."""
    values = {"ruling": ruling, "objection": objection, "roll": objection.roll}
    for each in {objection.membership, objection.about}:
        _to_one(each, "objection_ruled", f"roll:{objection.roll_id}", member=each, **values)


def _voters(ballot: Ballot) -> QuerySet[RollEntry]:
    """Everybody on the roll who may vote, by number, with the party their letters go to."""
    entries = RollEntry.objects.filter(roll=ballot.voters, eligible=True)
    return entries.select_related("membership__party", "membership__coop").order_by("number")


def _written(kind: str, ref: str, coop_id: int) -> bool:
    """Were these letters written before? A job may run twice."""
    known = {"coop_id": coop_id, "kind": kind}
    return (
        Mail.objects.filter(**known, subject_ref=ref).exists() or PaperLetter.objects.filter(**known, ref=ref).exists()
    )


def _to_each(entries: QuerySet[RollEntry], template: str, ref: str, *, coop: Cooperative, **values) -> int:
    """One letter to each of these people; how many."""
    sent = 0
    for entry in entries.iterator(chunk_size=500):
        entry.membership.coop = coop
        sent += _to_one(entry.membership, template, ref, entry=entry, **values)
    return sent


def _to_one(to: Membership, template: str, ref: str, **values) -> bool:
    """By e-mail; on paper to whom no e-mail reaches, or who wants it so. Nobody who died or was erased."""
    party, coop = to.party, to.coop
    if party.died_on or party.erased_at:
        return False
    with override(coop.language):
        letter = letters.write(f"governance/{template}", coop=coop, **values)
    if mail_of(party):
        _post(coop, party.email, template, ref, letter)
    else:
        kind = f"governance.{template}"
        put_on_paper(membership=to, kind=kind, ref=ref, subject=letter.subject, text=letter.text)
    return True


def proxy(about: Proxy, what: str, to: Membership) -> None:
    """Tells one of a proxy's two members what has become of it: given, entered, accepted, ended."""
    other = about.principal if to.pk == about.holder_id else about.holder
    values = {"proxy": about, "meeting": about.meeting, "member": to, "other": other}
    _to_one(to, f"proxy_{what}", f"meeting:{about.meeting_id}", **values)


def requisition(about: Requisition, to: User) -> None:
    """Tells an officer that enough members have asked, and by which day the board calls the meeting."""
    _put(about.coop, to.email, "requisition_reached", f"requisition:{about.pk}", requisition=about, officer=to)


def nomination(about: Nomination, what: str, to: Membership) -> None:
    """Tells a member what has become of a nomination: made, entered from paper, accepted, ended."""
    values = {"nomination": about, "question": about.call.question, "call": about.call, "member": to}
    _to_one(to, f"nomination_{what}", f"question:{about.call.question_id}", **values)


def _send(ballot: Ballot, to: str, template: str, **values) -> None:
    _put(ballot.coop, to, template, f"ballot:{ballot.pk}", ballot=ballot, **values)


def _put(coop, to: str, template: str, ref: str, **values) -> None:
    if not to:
        return
    with override(coop.language):
        letter = letters.write(f"governance/{template}", coop=coop, **values)
    _post(coop, to, template, ref, letter)


def _post(coop, to: str, template: str, ref: str, letter: letters.Letter) -> None:
    outbox.put(
        to=to,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        coop=coop,
        kind=f"governance.{template}",
        ref=ref,
    )
