"""Letters on paper: printed, posted, and what became of them; and codes that open the door to a login."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import date, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, rules
from coop.kernel.errors import Refused
from members import notices
from members.models import Invitation, Membership, PaperLetter, Party

State = PaperLetter.State
VALID = timedelta(days=30)
LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # nothing that looks like something else


def put_on_paper(*, membership: Membership, kind: str, ref: str, subject: str, text: str) -> PaperLetter:
    """A neighbour's letter to a member whom no e-mail reaches: it waits with the others to be printed and posted."""
    return notices.on_paper(membership, kind=kind, ref=ref, subject=subject, text=text)


@transaction.atomic
def post_letters(*, actor, letters: Iterable[PaperLetter], on: date, how: str, tracking: str = "") -> int:
    """These letters went out on ``on``; how many. A code in them is kept nowhere from now on."""
    rules.require(actor, "members.keep_register")
    keys = [each.pk for each in letters]
    found = list(
        PaperLetter.objects.select_for_update(no_key=True).filter(pk__in=keys, coop_id=actor.coop_id).order_by("pk")
    )
    if not found:
        raise Refused("no_letter", _("Choose at least one letter."))
    if how not in PaperLetter.How.values:
        raise Refused("how_unknown", _("Say how they went out."), "how")
    if on > clock.today(actor.coop):
        raise Refused("in_the_future", _("That day is still to come."), "on")
    if any(each.state != State.WAITING for each in found):
        raise Refused("posted_already", _("One of these letters went out before."))
    for each in found:
        each.text = each.text.replace(_code_in(each), "····") if _code_in(each) else each.text
        each.state, each.posted_on, each.posted_how = State.POSTED, on, how
        each.tracking, each.posted_by_id = tracking.strip()[:80], actor.user_id
        each.save()
    audit.record(
        actor=actor, kind="members.letters_posted", subject="letters", letters=[each.pk for each in found], how=how
    )
    return len(found)


def _code_in(letter: PaperLetter) -> str:
    if letter.kind != "members.invitation":
        return ""
    return next((word for word in letter.text.split() if is_code(word)), "")


@transaction.atomic
def say_delivery(*, actor, letter: PaperLetter, on: date, arrived: bool, proof: str = "") -> PaperLetter:
    """A posted letter arrived, with its proof, or came back."""
    rules.require(actor, "members.keep_register", letter)
    letter = PaperLetter.objects.select_for_update(no_key=True).get(pk=letter.pk, coop_id=actor.coop_id)
    if letter.state != State.POSTED or letter.posted_on is None:
        raise Refused("not_posted", _("Only a letter that is on its way can arrive or come back."))
    if not letter.posted_on <= on <= clock.today(actor.coop):
        raise Refused("day_outside", _("That day lies before the letter went out, or ahead."), "on")
    letter.state, letter.closed_on = (State.DELIVERED if arrived else State.RETURNED), on
    letter.proof = proof.strip()[:200]
    letter.save()
    audit.record(actor=actor, kind=f"members.letter_{letter.state}", subject=f"letter:{letter.pk}", ref=letter.ref)
    return letter


@transaction.atomic
def settle_letter(*, actor, letter: PaperLetter) -> PaperLetter:
    """A letter that came back was dealt with: the address was asked for, or there is none."""
    rules.require(actor, "members.keep_register", letter)
    letter = PaperLetter.objects.select_for_update(no_key=True).get(pk=letter.pk, coop_id=actor.coop_id)
    if letter.state != State.RETURNED:
        raise Refused("not_returned", _("This letter did not come back."))
    letter.state = State.SETTLED
    letter.save(update_fields=["state"])
    audit.record(actor=actor, kind="members.letter_settled", subject=f"letter:{letter.pk}", ref=letter.ref)
    return letter


def is_code(text: str) -> bool:
    """Does it look like one of our codes?"""
    parts = text.split("-")
    return len(parts) == 3 and all(len(part) == 4 and set(part) <= set(LETTERS) for part in parts)


def digest(code: str) -> str:
    """SHA-256 of a code as people may type it. 59 random bits and ten tries need no slower hash."""
    plain = "".join(char for char in code.upper() if char in LETTERS)
    return hashlib.sha256(f"members.invitation {plain}".encode()).hexdigest()


@transaction.atomic
def invite(*, actor, membership: Membership) -> Invitation:
    """Send somebody without a login a code, by e-mail or, where there is no address, by letter. The last one counts."""
    rules.require(actor, "members.keep_register", membership)
    locked = Party.objects.select_for_update(no_key=True, of=("self",)).select_related("coop")
    party = locked.get(pk=membership.party_id, coop_id=actor.coop_id)
    if party.account_id is not None:
        raise Refused("login_already", _("%s has a login already.") % party.name)
    if membership.standing_on(clock.today(party.coop)) == Membership.State.ENDED or party.died_on or party.erased_at:
        raise Refused("not_a_member", _("Only members are invited."))
    Invitation.objects.filter(party=party, used_at=None, revoked_at=None).update(revoked_at=clock.now())
    code = "-".join("".join(secrets.choice(LETTERS) for _at in range(4)) for _part in range(3))
    channel = Invitation.Channel.MAIL if notices.mail_of(party) else Invitation.Channel.LETTER
    made = Invitation.objects.create(
        coop_id=actor.coop_id,
        party=party,
        digest=digest(code),
        channel=channel,
        made_by_id=actor.user_id,
        expires_on=clock.today(party.coop) + VALID,
    )
    notices.invited(membership, code, made)
    audit.record(actor=actor, kind="members.invited", subject=f"party:{party.pk}", channel=channel)
    return made


def claim_by_code(*, actor, number: int, code: str) -> Party:
    """Tie the actor's login to the member who was sent this code. A wrong code counts, and ten wrong ones end it.

    Refused alike for a wrong number, a wrong code and one that has run out, so that nobody learns who is a member.
    """
    wrong = Refused("code_wrong", _("Number and code do not fit together, or the code has run out."), "code")
    with transaction.atomic():
        party = _try(actor, number, digest(code))
    if party is None:
        raise wrong
    return party


def _try(actor, number: int, typed: str) -> Party | None:
    today = clock.today(actor.coop)
    opened = Invitation.objects.select_for_update(no_key=True, of=("self",)).select_related("party")
    found = opened.filter(
        coop_id=actor.coop_id,
        used_at=None,
        revoked_at=None,
        expires_on__gte=today,
        party__memberships__number=number,
        party__died_on=None,
    ).first()
    if found is None or found.tries >= Invitation.MOST_TRIES:
        return None
    if not secrets.compare_digest(found.digest, typed):
        found.tries += 1
        found.save(update_fields=["tries"])
        return None
    party = found.party
    if Party.objects.filter(coop_id=actor.coop_id, account_id=actor.user_id).exists():
        raise Refused("login_taken", _("This login belongs to another member already; use one of your own."))
    if party.account_id is not None:
        return None
    party.account = actor.user
    party.save(update_fields=["account"])
    found.used_at = clock.now()
    found.save(update_fields=["used_at"])
    actor.__dict__.pop("_membership", None)
    actor.__dict__.pop("is_member", None)
    audit.record(actor=actor, kind="members.login_claimed", subject=f"party:{party.pk}", by="code")
    return party
