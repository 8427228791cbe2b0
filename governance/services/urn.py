"""Paper beside the browser in a secret ballot: struck off the same list, read by two clerks apart, settled once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coop.kernel import audit, clock, jobs, rules
from coop.kernel.errors import Refused

from .. import locks
from ..models import Ballot, StrikeOff, UrnCount, UrnPack, UrnSheet
from ..selectors import secret as known
from ..selectors import urn as urns
from ..selectors.ballots import with_questions
from ..selectors.proxies import given_by
from .marks import clean_mark
from .secret import open_line, strike_off
from .voting import refuse_unless_open

PAPER_CHANNELS = (StrikeOff.Channel.PAPER, StrikeOff.Channel.POST)


@transaction.atomic
def hand_out_paper(
    *, actor, ballot: Ballot, number: int, channel: str = StrikeOff.Channel.PAPER, by_proxy: bool = False
) -> StrikeOff:
    """Strike a member off the roll for a paper, in the room or by post: from then on no credential is issued to them.

    ``by_proxy``: the paper of this member is given to who holds their proxy. Refuses who is not on the roll or may not
    vote, who has taken a credential or a paper already, a member whose proxy stands and who has not taken it back, and
    a ballot that is not open by the clock under its lock.
    """
    rules.require(actor, "governance.run_ballots", ballot)
    ballot = locks.shared(ballot.pk, actor.coop_id)
    if not ballot.is_secret:
        raise Refused("not_secret", _("Only a secret ballot has an urn; recorded votes on paper come in from a file."))
    if channel not in PAPER_CHANNELS:
        raise Refused("channel", _("A paper is handed out in the room or by post."), "channel")
    refuse_unless_open(ballot, clock.now())
    entry = open_line(ballot, number)
    proxy = given_by(ballot, entry.membership)
    if by_proxy and proxy is None:
        raise Refused("no_proxy", _("Nobody holds a proxy of %s at this meeting.") % entry.name, "number")
    if proxy is not None and not by_proxy:
        text = _("%(name)s gave a proxy to %(holder)s. End it first, if the member has come in person.")
        values = {"name": entry.name, "holder": str(proxy.holder.party)}
        raise Refused("by_proxy", text % values, "number", status=409)
    made = strike_off(actor, ballot, entry, channel=channel, proxy=proxy)
    facts = {"number": entry.number, "channel": str(channel)} | ({"by": "proxy"} if proxy else {})
    audit.record(actor=actor, kind="governance.paper_handed_out", subject=f"ballot:{ballot.pk}", **facts)
    return made


@transaction.atomic
def enter_paper(
    *, actor, ballot: Ballot, sheet: int, marks: Sequence[list] | None, spoiled_because: str = "", class_name: str = ""
) -> UrnSheet:
    """One clerk's reading of the paper with this number: its marks by question, or why it is spoiled.

    Nobody is shown what another clerk read. Refuses before the close, once settled, a number beyond the papers handed
    out, a second reading by the same person, and a third where two agree.
    """
    rules.require(actor, "governance.enter_papers", ballot)
    ballot = locks.shared(ballot.pk, actor.coop_id)
    _refuse_unless_emptied(ballot)
    handed = urns.handed_out(ballot)
    if not 1 <= sheet <= handed:
        raise Refused("sheet", _("%s papers were handed out; there is no paper of this number.") % handed, "sheet")
    questions = with_questions(ballot)
    reason = " ".join(spoiled_because.split())[:300]
    if (marks is None) == (not reason):
        raise Refused("spoiled", _("A paper has marks, or a reason why it is spoiled."), "spoiled_because")
    if marks is not None:
        if len(marks) != len(questions):
            raise Refused("shape", _("A paper answers each question or leaves it blank."))
        marks = [clean_mark(question, mark) for question, mark in zip(questions, marks, strict=True)]
        if class_name and class_name not in known.classes_apart(questions):
            raise Refused("class", _("No class of this name is counted apart."), "class_name")
    locks.advisory(locks.ENTRY_CLASS + 3, ballot.pk * 100_003 + sheet)
    before = list(UrnSheet.objects.filter(ballot=ballot, sheet=sheet).order_by("hand"))
    if any(each.entered_by_id == actor.user_id for each in before):
        raise Refused("entered", _("You have read this paper already; somebody else reads it now."), "sheet")
    if before and urns.agree(before):
        raise Refused("agreed", _("Two have read this paper and agree; it needs no third."), "sheet")
    return UrnSheet.objects.create(
        coop=actor.coop,
        ballot=ballot,
        sheet=sheet,
        hand=len(before) + 1,
        class_name="" if marks is None else class_name,
        marks=marks,
        spoiled_because=reason,
        entered_at=clock.now(),
        entered_by=actor.user,
    )


def _refuse_unless_emptied(ballot: Ballot) -> None:
    if not ballot.is_secret or ballot.state != Ballot.State.CLOSED:
        raise Refused("not_closed", _("The urn of “%s” is emptied once it has closed.") % ballot.title)
    if urns.settled(ballot) is not None:
        raise Refused("settled", _("The urn of “%s” is settled; nothing is added to it.") % ballot.title, status=409)


@transaction.atomic
def settle_urn(*, actor, ballot: Ballot, missing_because: str = "") -> UrnCount:
    """Close the books of the urn and let the ballot be counted. May not be undone.

    Refuses papers that only one has read or on which two differ, and, without a reason, fewer papers than were handed
    out.
    """
    rules.require(actor, "governance.run_ballots", ballot)
    ballot = locks.alone(ballot.pk)
    _refuse_unless_emptied(ballot)
    read, handed = urns.readings(ballot), urns.handed_out(ballot)
    if still := [each.sheet for each in read if not each.agreed]:
        text = ngettext("Paper %s needs another clerk.", "Papers %s need another clerk.", len(still))
        raise Refused("differ", text % ", ".join(map(str, still[:20])))
    reason, missing = " ".join(missing_because.split())[:300], handed - len(read)
    if missing and not reason:
        text = ngettext("%s paper is missing; say why.", "%s papers are missing; say why.", missing)
        raise Refused("missing", text % missing, "missing_because")
    good = [(list(each.last.marks), each.last.class_name) for each in read if each.last.marks is not None]
    packs: list[UrnPack] = []
    for at, question in enumerate(with_questions(ballot)):
        counted = Counter((json.dumps(marks[at]), name) for marks, name in good)
        for (mark, name), count in sorted(counted.items()):
            facts = {"coop_id": ballot.coop_id, "ballot": ballot, "question": question, "class_name": name}
            packs.append(UrnPack(**facts, mark=json.loads(mark), count=count))
    UrnPack.objects.bulk_create(packs, batch_size=2000)
    made = UrnCount.objects.create(
        coop_id=ballot.coop_id,
        ballot=ballot,
        papers=len(good),
        spoiled=len(read) - len(good),
        handed_out=handed,
        missing_because=reason if missing else "",
        settled_at=clock.now(),
        settled_by=actor.user,
    )
    jobs.enqueue("governance.count_ballot", ballot.pk, actor=actor, title=_("Counting “%s”") % ballot.title)
    facts = {"papers": made.papers, "spoiled": made.spoiled, "handed_out": handed, "missing_because": reason}
    audit.record(actor=actor, kind="governance.urn_settled", subject=f"ballot:{ballot.pk}", **facts)
    return made
