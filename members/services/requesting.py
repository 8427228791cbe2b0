"""Changes that somebody else looks at first: a name, a bank account, the erasure of one's data."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, rules
from coop.kernel.errors import Refused
from members import notices
from members.models import ChangeRequest, Consent, Party
from members.selectors.rights import consents_of, open_request

from . import parties
from .carrying import carrier_of

Kind, State = ChangeRequest.Kind, ChangeRequest.State
DAYS = {Kind.NAME: 14, Kind.BANK: 7, Kind.ERASURE: 30}  # GDPR art. 12 (3): one month
NAME = ("given_names", "family_name", "firm")


@transaction.atomic
def ask_change(*, actor, party: Party, kind: str, because: str = "", **said: Any) -> ChangeRequest:
    """A member asks for a change that goes to review; every known address is told, so that nobody does it unnoticed.

    ``said`` by kind: name given_names, family_name or firm; bank what its carrier checks; erasure nothing. One request
    of a kind at a time. For another account whoever stands for the party may ask, too; the secretary may write any
    request down for a member who asked on paper.
    """
    if not rules.may(actor, "members.keep_register", party):
        rules.require(actor, "members.act_for" if kind == Kind.BANK else "members.see_own_data", party)
    party = (
        Party.objects.select_for_update(no_key=True, of=("self",))
        .select_related("coop")
        .get(pk=party.pk, coop_id=actor.coop_id)
    )
    if kind not in Kind.values:
        raise Refused("kind_unknown", _("There is no such request."), "kind")
    parties.refuse_merged(party)
    if party.died_on is not None:
        raise Refused("died", _("This member has died; nothing is asked for in their name."))
    body = _checked(kind, party, said)
    if open_request(party, kind) is not None:
        raise Refused("asked_already", _("You have asked for this already; it is being looked at."), status=409)
    request = ChangeRequest.objects.create(
        coop_id=actor.coop_id,
        party=party,
        kind=kind,
        said=body | ({"because": because.strip()} if because.strip() else {}),
        asked_by_id=actor.user_id,
        due_on=clock.today(party.coop) + timedelta(days=DAYS[Kind(kind)]),
    )
    notices.change_asked(request)
    audit.record(actor=actor, kind="members.change_asked", subject=f"party:{party.pk}", change=kind, request=request.pk)
    return request


def _checked(kind: str, party: Party, said: dict[str, Any]) -> dict[str, Any]:
    carrier = carrier_of(kind)
    if carrier is not None:
        return carrier.checked(party, said)
    if kind != Kind.NAME:
        return {}
    body = {name: str(said.get(name, "")).strip() for name in NAME}
    if not any(body.values()):
        raise Refused("name_missing", _("Tell us the new name, as it should stand in the register."), "family_name")
    parties.refuse_unreadable(body)
    return body


@transaction.atomic
def decide_change(*, actor, request: ChangeRequest, grant: bool, answer: str = "") -> ChangeRequest:
    """The secretary grants a request, and it holds from today, or refuses it with a reason. Never one's own.

    An erasure is not granted here: it is done by erasing. Every known address is told. Two answers at once, or one
    beside a withdrawal: the first counts, and the other is told so.
    """
    rules.require(actor, "members.keep_register", request)
    request = _lock(actor, request)
    if request.asked_by_id is not None and request.asked_by_id == actor.user_id:
        raise Refused("own_request", _("You asked for this yourself, so somebody else has to look at it."))
    if rules.may(actor, "members.act_for", request.party):
        raise Refused("own_request", _("This is about yourself, so somebody else has to look at it."))
    if not grant and not answer.strip():
        raise Refused("answer_missing", _("Say why not, in a sentence the member will read."), "answer")
    if grant and request.kind == Kind.ERASURE:
        raise Refused("erase_instead", _("Granting this means erasing; do it on the member’s page."))
    carrier = carrier_of(request.kind)
    if grant and carrier is not None:
        carrier.carry_out(actor, request)
    elif grant:
        name = {field: request.said[field] for field in NAME}
        parties.record(actor=actor, party=request.party, on=clock.today(request.party.coop), name=name)
    _close(actor, request, State.DONE if grant else State.REFUSED, answer)
    notices.change_decided(request)
    return request


@transaction.atomic
def withdraw_change(*, actor, request: ChangeRequest) -> ChangeRequest:
    """Whoever asked does not want it any more, or whoever stands for the member."""
    if not rules.may(actor, "members.keep_register", request):
        rules.require(actor, "members.act_for", request.party)
    request = _lock(actor, request)
    return _close(actor, request, State.WITHDRAWN, "")


def open_and_locked(party: Party, kind: str) -> ChangeRequest | None:
    """The request of this kind that waits, kept from being answered by anybody else until the transaction ends."""
    waiting = ChangeRequest.objects.select_for_update(no_key=True, of=("self",)).select_related("party__coop")
    return waiting.filter(party=party, kind=kind, state=State.OPEN).first()


def settle_elsewhere(*, actor, request: ChangeRequest, answer: str) -> ChangeRequest:
    """Another change was made in its place: a request so locked is closed with the sentence.

    For a service that has looked who may, and tells the member itself.
    """
    return _close(actor, request, State.REFUSED, answer)


def _lock(actor, request: ChangeRequest) -> ChangeRequest:
    locked = ChangeRequest.objects.select_for_update(no_key=True, of=("self",)).select_related("party__coop")
    request = locked.get(pk=request.pk, coop_id=actor.coop_id)
    if request.state != State.OPEN:
        raise Refused(
            "decided_already",
            _("This has been answered already: “%s”.") % request.get_state_display(),
            status=409,
        )
    return request


def _close(actor, request: ChangeRequest, state: str, answer: str) -> ChangeRequest:
    request.state, request.said, request.answer = state, {}, answer.strip()
    request.decided_at, request.decided_by_id = clock.now(), actor.user_id
    request.save()
    audit.record(
        actor=actor,
        kind=f"members.change_{state}",
        subject=f"party:{request.party_id}",
        change=request.kind,
        request=request.pk,
    )
    return request


@transaction.atomic
def say_consent(*, actor, party: Party, answers: dict[str, bool], channel: str = "web") -> list[str]:
    """Write down what somebody agreed to or took back, in the words they saw; only what differs. Says which.

    No answer yet counts as no. ``answers``: purpose -> given.
    """
    if not rules.may(actor, "members.keep_register", party):
        rules.require(actor, "members.see_own_data", party)
    known = consents_of(party)
    changed = []
    for purpose in Consent.Purpose:
        given = bool(answers.get(purpose.value, False))
        if known.get(purpose.value, False) != given:
            Consent.objects.create(
                coop_id=actor.coop_id,
                party=party,
                purpose=purpose,
                given=given,
                wording=str(purpose.label),
                channel=channel,
                recorded_by_id=actor.user_id,
            )
            changed.append(purpose.value)
    if changed:
        audit.record(actor=actor, kind="members.consents_changed", subject=f"party:{party.pk}", purposes=changed)
    return changed
