"""Moving the close of a released ballot: later, with a reason, before it comes; and telling everybody who may vote."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, jobs, rules
from coop.kernel.errors import Refused
from coop.kernel.tenancy import Actor

from .. import locks, notices
from ..models import Ballot, Extension
from ..words import local
from .secret import post

TOO_LATE = "extended before it closes"


@transaction.atomic
def extend_ballot(*, actor, ballot: Ballot, until: datetime, because: str) -> Extension:
    """Let a released ballot close later than it was going to, and say why: to the voters, the board and the log.

    Held alone under the ballot's lock, so a paper that comes at the old closing second meets either the old close or
    the new one, and a closer that was quicker wins. Refuses a ballot that is no longer open by the clock under that
    lock, a time that is not later than the close that stands, and an empty reason.
    """
    rules.require(actor, "governance.run_ballots", ballot)
    reason = " ".join(because.split())[:300]
    if not reason:
        raise Refused("because", _("Say why the ballot closes later: the reason is published."), "because")
    ballot = locks.alone(ballot.pk)
    _refuse_unless_before_the_close(ballot)
    if until <= ballot.closing:
        values = {"at": local(ballot.closing, ballot.coop)}
        text = _("The ballot closes on %(at)s; it can be made to close later, and never earlier.")
        raise Refused("not_later", text % values, "until")
    made = _move(actor, ballot, until, reason)
    facts = {"was": made.was.isoformat(), "until": made.until.isoformat(), "because": reason}
    if ballot.is_secret:
        post(ballot, "extended", facts)
    title = _("Letters: “%s” closes later") % ballot.title
    jobs.enqueue("governance.announce_extension", made.pk, actor=actor, title=title)
    audit.record(actor=actor, kind="governance.ballot_extended", subject=f"ballot:{ballot.pk}", **facts)
    return made


def _refuse_unless_before_the_close(ballot: Ballot) -> None:
    phase = ballot.phase(clock.now())
    if phase == "draft":
        raise Refused("not_open", _("“%s” is a draft: change its closing time there.") % ballot.title)
    if phase not in ("announced", "open"):
        raise _closed(ballot)


def _closed(ballot: Ballot) -> Refused:
    values = {"title": ballot.title, "at": local(ballot.closing, ballot.coop)}
    text = _("“%(title)s” closed on %(at)s. A ballot is extended before it closes, not after.")
    return Refused("closed", text % values, status=409)


def _move(actor, ballot: Ballot, until: datetime, reason: str) -> Extension:
    try:
        with transaction.atomic():
            return Extension.objects.create(
                coop_id=ballot.coop_id,
                ballot=ballot,
                was=ballot.closing,
                until=until,
                because=reason,
                extended_at=clock.now(),
                extended_by=actor.user,
            )
    except IntegrityError as late:
        if TOO_LATE in str(late):  # between our look at the clock and the database's own the closing second passed
            raise _closed(ballot) from late
        raise


@transaction.atomic
def announce_extension(*, extension_id: int) -> int:
    """Write to everybody who may vote that the ballot closes later, once. Returns how many letters."""
    made = Extension.objects.select_related("ballot__coop", "ballot__roll").get(pk=extension_id)
    locks.alone(made.ballot_id)
    sent = notices.ballot_extended(made)
    if sent:
        actor = Actor.system(made.ballot.coop)
        subject = f"ballot:{made.ballot_id}"
        audit.record(actor=actor, kind="governance.extension_announced", subject=subject, letters=sent)
    return sent
