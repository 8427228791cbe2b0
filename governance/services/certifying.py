"""Certifying a result: two officers sign what was counted, and from then on others may rely on it."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, rules
from coop.kernel.errors import Refused
from members.selectors import membership_of

from .. import locks
from ..digests import sha256
from ..models import Ballot, Bundle, Certification, Option
from ..models.certifying import SIGNERS
from .publishing import results_hash
from .secret import post


def digest_of(ballot: Ballot) -> str:
    """What is signed: a secret ballot's bundle, to the byte; a recorded one's results.

    Refuses a bundle that is not the one that was made.
    """
    if not ballot.is_secret:
        return results_hash(ballot)
    kept = Bundle.objects.get(ballot=ballot)
    if sha256(bytes(kept.content)) != kept.sha256:
        raise Refused("bundle_changed", _("The kept bundle is not the one that was made. Nobody may sign it."))
    return kept.sha256


@transaction.atomic
def certify(*, actor, ballot: Ballot, seen: str, remark: str = "") -> Certification:
    """Sign the result of a counted ballot whose digest the actor has ``seen``; the second signature makes it stand.

    Refuses whoever holds no office that certifies, stood in this ballot or has signed already, a ballot that is not
    counted or certified already, and another digest than the one kept.
    """
    rules.require(actor, "governance.certify", ballot)
    ballot = locks.alone(ballot.pk)
    if ballot.coop_id != actor.coop_id:
        raise Refused("other_coop", _("This ballot is another co-op’s."), status=404)
    if ballot.state == Ballot.State.CERTIFIED:
        raise Refused("certified", _("“%s” is certified already.") % ballot.title, status=409)
    if ballot.state != Ballot.State.COUNTED:
        raise Refused("not_counted", _("“%s” is certified once it has been counted.") % ballot.title)
    signed = list(Certification.objects.filter(ballot=ballot))
    if any(each.signed_by_id == actor.user_id for each in signed):
        raise Refused("signed", _("You have signed already; somebody else must sign beside you."), status=409)
    _refuse_who_stood(actor, ballot)
    digest = digest_of(ballot)
    if seen != digest:
        raise Refused("not_seen", _("What you read is not the result that is kept. Read it again."), "seen")
    made = Certification.objects.create(
        coop_id=ballot.coop_id,
        ballot=ballot,
        position=len(signed) + 1,
        digest=digest,
        office=next(role.value for role in SIGNERS if actor.holds(role.value)),
        remark=" ".join(remark.split())[:300],
        signed_at=clock.now(),
        signed_by=actor.user,
    )
    if made.position == Certification.NEEDED:
        ballot.state = Ballot.State.CERTIFIED
        ballot.save(update_fields=["state"])
        if ballot.is_secret:
            post(ballot, "certified", {"bundle": digest, "offices": [each.office for each in (*signed, made)]})
    facts = {"digest": digest, "signature": made.position, "office": made.office, "remark": made.remark}
    audit.record(actor=actor, kind="governance.result_signed", subject=f"ballot:{ballot.pk}", **facts)
    return made


def _refuse_who_stood(actor, ballot: Ballot) -> None:
    mine = membership_of(actor)
    if mine is not None and Option.objects.filter(question__ballot=ballot, membership=mine).exists():
        raise Refused("stood", _("You stood in this ballot; two others certify it."), status=403)
