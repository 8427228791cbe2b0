"""Proxies as their two members see them, and as the desk does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from ..models import Ballot, Meeting, Proxy, RecordedVote, RollEntry
from ..words import local
from . import secret
from .ballots import Standing, current_vote, standing


@dataclass(frozen=True, slots=True)
class AtMeeting:
    """A coming meeting that takes proxies: the one I gave, and those I was given."""

    meeting: Meeting
    given: Proxy | None
    held: list[Proxy]
    open: bool

    @property
    def standing(self) -> int:
        return sum(each.stands for each in self.held)


def my_proxies(actor, membership, now: datetime) -> list[AtMeeting]:
    """The meetings that take proxies and are not long over, next first, with mine. Two queries."""
    rows = Meeting.objects.filter(coop_id=actor.coop_id, proxy_rule__isnull=False).coming(now)
    meetings = list(rows.select_related("proxy_rule").order_by("starts_at"))
    open_now = list(Proxy.objects.filter(meeting__in=meetings).of(membership).open().with_people())
    return [
        AtMeeting(
            meeting=each,
            given=next((p for p in open_now if p.meeting_id == each.pk and p.principal_id == membership.pk), None),
            held=[p for p in open_now if p.meeting_id == each.pk and p.holder_id == membership.pk],
            open=now < each.proxy_rule.until,
        )
        for each in meetings
    ]


def proxies_at(meeting: Meeting):
    """Every proxy of a meeting, ended ones too, by the principal's number."""
    return Proxy.objects.filter(meeting=meeting).with_people().order_by("principal__number", "id")


def held_for(ballot: Ballot, membership) -> list[Proxy]:
    """The proxies that stand and that this member may vote by in a ballot. One query, none without a meeting."""
    if membership is None or ballot.meeting_id is None:
        return []
    held = Proxy.objects.filter(meeting_id=ballot.meeting_id, holder=membership).standing()
    return list(held.select_related("principal__party").order_by("principal__number"))


def given_by(ballot: Ballot, membership) -> Proxy | None:
    """The proxy by which somebody else votes for this member in a ballot, or None."""
    if membership is None or ballot.meeting_id is None:
        return None
    given = Proxy.objects.filter(meeting_id=ballot.meeting_id, principal=membership).standing()
    return given.select_related("holder__party").first()


def standing_by_proxy(ballot: Ballot, proxy: Proxy) -> Standing:
    """May the holder cast for the proxy's principal? From the principal's line on the frozen roll."""
    name = {"name": str(proxy.principal.party)}
    entry = RollEntry.objects.filter(roll=ballot.voters, membership_id=proxy.principal_id).first()
    if ballot.meeting_id is None or ballot.meeting_id != proxy.meeting_id:
        return Standing(False, _("Your proxy for %(name)s is not for this ballot.") % name, entry)
    if not proxy.stands:
        return Standing(False, _("Your proxy for %(name)s does not stand.") % name, entry)
    if entry is None:
        return Standing(False, _("%(name)s is not on the roll of this ballot.") % name)
    if not entry.eligible:
        text = _("%(name)s is on the roll, but without a vote: %(why)s")
        return Standing(False, text % (name | {"why": " ".join(entry.reasons)}), entry)
    return Standing(True, _("You vote for %(name)s, by proxy.") % name, entry)


def voting_as(ballot: Ballot, membership, proxy: Proxy | None = None) -> tuple[Standing, RecordedVote | None]:
    """Whose paper is on the table, the member's own or the proxy's principal's: may it be cast, and what is in."""
    if proxy is None:
        mine = standing(ballot, membership)
        current = None if ballot.is_secret else current_vote(ballot, mine.entry)
        return standing_beside_proxy(ballot, membership, mine, current), current
    theirs = standing_by_proxy(ballot, proxy)
    current = None if ballot.is_secret else current_vote(ballot, theirs.entry)
    done = secret.struck(ballot, theirs.entry) if ballot.is_secret else current
    if theirs.may and done is not None and done.proxy_id != proxy.pk:
        return Standing(False, cast_already(proxy), theirs.entry), None
    return theirs, current


def cast_already(proxy: Proxy) -> str:
    """Why a proxy does not replace what was cast otherwise."""
    return _("A vote was cast for %s already, and not by this proxy. It stands.") % proxy.principal.party


def standing_beside_proxy(ballot: Ballot, membership, mine: Standing, current: RecordedVote | None) -> Standing:
    """A member's own standing, once it is known who else votes, or has voted, for them."""
    if not mine.may:
        return mine
    if ballot.is_secret:
        return _beside_in_secret(ballot, membership, mine)
    if current is not None and current.proxy is not None:
        values = {"name": str(current.proxy.holder.party), "at": local(current.cast_at, ballot.coop)}
        text = _("%(name)s voted for you by proxy on %(at)s. That vote stands: one member, one vote.")
        return Standing(False, text % values, mine.entry)
    return _unless_given(ballot, membership, mine)


def _beside_in_secret(ballot: Ballot, membership, mine: Standing) -> Standing:
    """Whoever has taken their own credential goes on with it; nobody takes one beside the holder of their proxy."""
    struck = secret.struck(ballot, mine.entry)
    if struck is None:
        return _unless_given(ballot, membership, mine)
    if struck.proxy is None:
        return mine
    values = {"name": str(struck.proxy.holder.party), "at": local(struck.struck_at, ballot.coop)}
    text = _("%(name)s took your vote by proxy on %(at)s. It stays with them: one member, one vote.")
    return Standing(False, text % values, mine.entry)


def _unless_given(ballot: Ballot, membership, mine: Standing) -> Standing:
    if (given := given_by(ballot, membership)) is None:
        return mine
    text = _("You gave your proxy to %(name)s. Take it back under “Proxies”, and you can vote yourself.")
    return Standing(False, text % {"name": str(given.holder.party)}, mine.entry)
