"""The letters of a ballot and of a meeting: released, a credential taken, a proxy given."""

from __future__ import annotations

from django.utils.translation import override

from coop.kernel import letters, outbox
from coop.kernel.models import Mail
from members.models import Membership

from .models import Ballot, Proxy, RollEntry

RELEASED = "governance.ballot_released"


def credential_issued(ballot: Ballot, entry: RollEntry) -> None:
    """Tells the member, so that one who took none learns of it."""
    _send(ballot, entry.membership.party.email, "credential_issued", entry=entry)


def ballot_released(ballot: Ballot) -> int:
    """The opening letter with the manifest's fingerprint, once, to everybody who may vote and has an address."""
    if Mail.objects.filter(coop=ballot.coop, kind=RELEASED, subject_ref=f"ballot:{ballot.pk}").exists():
        return 0
    entries = RollEntry.objects.filter(roll=ballot.voters, eligible=True).exclude(membership__party__email="")
    sent = 0
    for entry in entries.select_related("membership__party").order_by("number").iterator(chunk_size=500):
        _send(ballot, entry.membership.party.email, "ballot_released", entry=entry)
        sent += 1
    return sent


def proxy(about: Proxy, what: str, to: Membership) -> None:
    """Tells one of a proxy's two members what has become of it: given, entered, accepted, ended."""
    other = about.principal if to.pk == about.holder_id else about.holder
    values = {"proxy": about, "meeting": about.meeting, "member": to, "other": other}
    _put(about.coop, to.party.email, f"proxy_{what}", f"meeting:{about.meeting_id}", **values)


def _send(ballot: Ballot, to: str, template: str, **values) -> None:
    _put(ballot.coop, to, template, f"ballot:{ballot.pk}", ballot=ballot, **values)


def _put(coop, to: str, template: str, ref: str, **values) -> None:
    if not to:
        return
    with override(coop.language):
        letter = letters.write(f"governance/{template}", coop=coop, **values)
    outbox.put(
        to=to,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        coop=coop,
        kind=f"governance.{template}",
        ref=ref,
    )
