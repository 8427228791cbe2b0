"""A nomination that came on paper, signed by everybody it names, entered by the returning officer."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from coop.kernel import clock, rules
from coop.kernel.errors import Refused
from members.models import Membership
from members.selectors import membership_by_number

from .. import notices
from ..models import Nomination, NominationCall, Second
from ..selectors import nominations as known
from .nominations import hold_open, recorded


@transaction.atomic
def record_paper_nomination(
    *,
    actor,
    call: NominationCall,
    nominee: int,
    proposer: int,
    sentence: str,
    seconders: Sequence[int] = (),
    statement: str = "",
    declared: bool = False,
) -> Nomination:
    """Enter a signed sheet: the nominee is put forward, accepts and is seconded at once, under the call's own rule.

    People are named by member number. Everybody named who has an e-mail address is told, so that no signature is
    claimed unnoticed. Refuses out of the call's time, who may not stand (with every reason), signers who are not in
    good standing, are named twice or second their own nomination, a missing sentence or declaration, and a second
    nomination while one is open.
    """
    rules.require(actor, "governance.run_ballots", call)
    stands = _member(actor, nominee, "nominee")
    puts = _signer(actor, proposer, "proposer")
    seconds = [_signer(actor, each, "seconders") for each in seconders]
    if len({each.pk for each in (*seconds, stands, puts)}) < len(seconds) + len({stands.pk, puts.pk}):
        text = _("A nomination is seconded by others than its two people, and by each once.")
        raise Refused("own", text, "seconders")
    words = " ".join(sentence.split())[:400]
    if not words:
        raise Refused("sentence", _("A sentence about who stands is on the paper: type it from the sheet."), "sentence")
    now = clock.now()
    call = hold_open(call, now)
    can = known.eligibility(call, stands)
    if not can.may:
        raise Refused("may_not_stand", f"{stands.party}: {can.against}", "nominee")
    if call.not_employed and not declared:
        text = _("The by-laws let nobody stand whom the co-op employs, and the sheet must declare it.")
        raise Refused("declared", text, "declared")
    if call.nominations.open().filter(nominee=stands).exists():
        raise Refused("twice", _("%s has been put forward already.") % stands.party, "nominee", status=409)
    made = Nomination.objects.create(
        coop=actor.coop, call=call, nominee=stands, proposer=puts, proposed_at=now, proposed_by=actor.user
    )
    made.accepted_at = made.said_at = now
    made.declared, made.sentence, made.statement = call.not_employed, words, statement.strip()[:4000]
    made.save(update_fields=["accepted_at", "said_at", "declared", "sentence", "statement"])
    for each in seconds:
        Second.objects.create(
            coop=actor.coop, nomination=made, membership=each, confirmed_at=now, confirmed_by=actor.user
        )
    for each in {each.pk: each for each in (stands, puts, *seconds)}.values():
        notices.nomination(made, "entered", each)
    recorded(actor, "entered", made, proposer=puts.number, seconders=[each.number for each in seconds])
    return made


def _member(actor, number: int, field: str) -> Membership:
    found = membership_by_number(actor.coop, number)
    if found is None:
        raise Refused("nobody", _("No member has the number %s.") % number, field)
    return found


def _signer(actor, number: int, field: str) -> Membership:
    found = _member(actor, number, field)
    if found.state != Membership.State.ACTIVE:
        text = _("%s is not in good standing; only members in good standing take part in nominations.")
        raise Refused("no_member", text % found.party, field)
    return found
