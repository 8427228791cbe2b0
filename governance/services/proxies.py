"""Proxies: the by-laws' rule for a meeting; given, accepted, taken back. The database holds cap, time and no chains."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, rules
from coop.kernel.errors import Refused
from coop.kernel.models import Office
from members.models import Membership
from members.selectors import membership_by_number, membership_of

from .. import notices
from ..models import Meeting, Proxy, ProxyRule, RollEntry
from ..words import local

# What the database says when somebody else was quicker, and what the person is told.
SAID = {
    "as many proxies as one may hold": "cap",
    "holds a proxy gives none": "chain",
    "given and accepted in time": "late",
    "proxy_one_a_principal": "given",
}


@transaction.atomic
def set_proxy_rule(
    *,
    actor,
    meeting: Meeting,
    per_holder: int,
    until: datetime,
    holders: str = ProxyRule.Holders.MEMBERS,
    officers_hold: bool = False,
    cite: str = "",
) -> ProxyRule:
    """Say how a meeting takes proxies, as its by-laws do. Refuses a change once one was given, and a time too late."""
    rules.require(actor, "governance.call_meetings", meeting)
    meeting = Meeting.objects.select_for_update(no_key=True).get(pk=meeting.pk, coop=actor.coop)
    if not 1 <= per_holder <= 100:
        raise Refused("cap", _("One member may hold from 1 to 100 proxies."), "per_holder")
    if until > meeting.starts_at:
        raise Refused("until", _("Proxies are given before the meeting begins."), "until")
    if Proxy.objects.filter(meeting=meeting).exists():
        raise Refused("given", _("A proxy has been given for this meeting; the rule it was given under stands."))
    said = {"per_holder": per_holder, "until": until, "holders": holders, "officers_hold": officers_hold, "cite": cite}
    rule, _new = ProxyRule.objects.update_or_create(meeting=meeting, coop=actor.coop, defaults=said)
    facts = said | {"until": until.isoformat()}
    audit.record(actor=actor, kind="governance.proxy_rule_set", subject=f"meeting:{meeting.pk}", **facts)
    return rule


@transaction.atomic
def give_proxy(*, actor, meeting: Meeting, number: int, name: str) -> Proxy:
    """Let another member vote for the actor at a meeting, once that member has accepted.

    The holder is named by member number and a part of the name, so that a number typed wrong reaches nobody. Refuses
    what the meeting's rule does not allow, and a second proxy while one is open.
    """
    rules.require(actor, "governance.vote", meeting)
    principal = membership_of(actor)
    if principal is None:
        raise Refused("no_vote", _("Only a member in good standing has a vote to give away."), status=403)
    holder = membership_by_number(actor.coop, number)
    words = name.casefold().split()
    if holder is None or not words or not set(words) <= set(str(holder.party).casefold().split()):
        raise Refused("nobody", _("No member has this number and this name; look at both again."), "number")
    proxy = _make(actor, meeting, principal, holder, on_paper=False)
    notices.proxy(proxy, "given", holder)
    _recorded(actor, "given", proxy)
    return proxy


@transaction.atomic
def record_paper_proxy(*, actor, meeting: Meeting, principal: int, holder: int) -> Proxy:
    """Enter a printed form that both have signed: it stands at once. The same rule holds. Both are told."""
    rules.require(actor, "governance.call_meetings", meeting)
    people = []
    for field, number in (("principal", principal), ("holder", holder)):
        if (found := membership_by_number(actor.coop, number)) is None:
            raise Refused("nobody", _("No member has the number %s.") % number, field)
        people.append(found)
    proxy = _make(actor, meeting, *people, on_paper=True)
    for each in people:
        notices.proxy(proxy, "entered", each)
    _recorded(actor, "entered", proxy)
    return proxy


def _make(actor, meeting: Meeting, principal: Membership, holder: Membership, *, on_paper: bool) -> Proxy:
    rule, now = _rule(meeting), clock.now()
    _refuse_late(rule, now)
    if principal.pk == holder.pk:
        raise Refused("oneself", _("A proxy is held by somebody else."), "number")
    _refuse_without_vote(meeting, principal)
    _refuse_holder(rule, principal, holder)
    open_now = Proxy.objects.filter(meeting=meeting).open()
    if open_now.filter(principal=principal).exists():
        raise _quicker("given")
    if open_now.filter(principal=holder).exists() or open_now.standing().filter(holder=principal).exists():
        raise _quicker("chain")
    if open_now.standing().filter(holder=holder).count() >= rule.per_holder:
        raise _quicker("cap")
    with _told_by_the_database():
        return Proxy.objects.create(
            coop=actor.coop,
            meeting=meeting,
            principal=principal,
            holder=holder,
            on_paper=on_paper,
            given_at=now,
            given_by=actor.user,
            accepted_at=now if on_paper else None,
        )


def _rule(meeting: Meeting) -> ProxyRule:
    rule = ProxyRule.objects.select_for_update(no_key=True).filter(meeting=meeting).first()
    if rule is None:
        raise Refused("no_proxies", _("This meeting takes no proxies: its by-laws do not provide for them."))
    rule.meeting = meeting
    return rule


def _refuse_late(rule: ProxyRule, now: datetime) -> None:
    if now >= rule.until:
        at = local(rule.until, rule.meeting.coop)
        raise Refused("late", _("Proxies for this meeting had to be given and accepted before %s.") % at)


def _refuse_without_vote(meeting: Meeting, principal: Membership) -> None:
    if principal.state != Membership.State.ACTIVE:
        raise Refused("no_vote", _("Only a member in good standing has a vote to give away."))
    entry = RollEntry.objects.filter(roll__meeting=meeting, roll__frozen_at__isnull=False, membership=principal).first()
    if entry is not None and not entry.eligible:
        raise Refused("no_vote", _("There is no vote to give away: %s") % " ".join(entry.reasons))


def _refuse_holder(rule: ProxyRule, principal: Membership, holder: Membership) -> None:
    if holder.state != Membership.State.ACTIVE:
        raise Refused("holder", _("A proxy is held by a member in good standing."), "number")
    if rule.holders == ProxyRule.Holders.SAME_CLASS and holder.member_class_id != principal.member_class_id:
        raise Refused("holder", _("The by-laws let only a member of the same class hold a proxy."), "number")
    login = holder.party.account_id
    if not rule.officers_hold and login is not None:
        today = clock.today(rule.meeting.coop)
        if Office.objects.current(today).filter(coop_id=rule.coop_id, user_id=login).exists():
            raise Refused("holder", _("Whoever holds an office of the co-op may not hold a proxy."), "number")


def _quicker(code: str) -> Refused:
    sentence = {
        "cap": _("This member holds as many proxies already as the by-laws allow one member."),
        "chain": _("Who holds a proxy gives none, and who gave theirs away holds none: a vote is not handed on."),
        "late": _("The time for proxies has passed."),
        "given": _("A proxy for this meeting is given already. Take it back before giving another."),
    }[code]
    return Refused(code, sentence, "number" if code != "late" else None, status=409)


class _told_by_the_database:  # noqa: N801 - reads as a sentence where it is used
    """Turns what a trigger refuses, because somebody was quicker, into the sentence for the person."""

    def __enter__(self):
        self.inner = transaction.atomic()
        self.inner.__enter__()

    def __exit__(self, kind, error, trace):
        self.inner.__exit__(kind, error, trace)
        if isinstance(error, IntegrityError):
            for words, code in SAID.items():
                if words in str(error):
                    raise _quicker(code) from error


def _recorded(actor, what: str, proxy: Proxy, **more) -> None:
    audit.record(
        actor=actor,
        kind=f"governance.proxy_{what}",
        subject=f"meeting:{proxy.meeting_id}",
        principal=proxy.principal.number,
        holder=proxy.holder.number,
        **more,
    )


def _locked(actor, proxy: Proxy) -> Proxy:
    """The proxy, held; the meeting's rule before it, in the order in which accepting and the database take them."""
    ProxyRule.objects.select_for_update(no_key=True).filter(meeting_id=proxy.meeting_id).first()
    rows = Proxy.objects.select_for_update(no_key=True, of=("self",)).with_people()
    found = rows.get(pk=proxy.pk, coop=actor.coop)
    if found.ended_at is not None:
        raise Refused("ended", _("This proxy has ended already: %s.") % found.get_ended_display(), status=409)
    return found


@transaction.atomic
def accept_proxy(*, actor, proxy: Proxy) -> Proxy:
    """The holder takes it on: from now on the holder votes for the member. Accepting twice is accepting once."""
    rule = _rule(proxy.meeting)
    proxy = _locked(actor, proxy)
    _only(actor, proxy.holder_id)
    if proxy.accepted_at is not None:
        return proxy
    now = clock.now()
    _refuse_late(rule, now)
    _refuse_holder(rule, proxy.principal, proxy.holder)
    held = Proxy.objects.filter(meeting_id=proxy.meeting_id, holder_id=proxy.holder_id).standing().count()
    if held >= rule.per_holder:
        raise _quicker("cap")
    proxy.accepted_at = now
    with _told_by_the_database():
        proxy.save(update_fields=["accepted_at"])
    notices.proxy(proxy, "accepted", proxy.principal)
    _recorded(actor, "accepted", proxy)
    return proxy


def _only(actor, membership_id: int) -> None:
    mine = membership_of(actor)
    if mine is None or mine.pk != membership_id:
        raise Refused("not_yours", _("This proxy is not yours to decide about."), status=403)


@transaction.atomic
def decline_proxy(*, actor, proxy: Proxy) -> Proxy:
    """The holder does not take it on, or gives it up. What they cast with it stands."""
    proxy = _locked(actor, proxy)
    _only(actor, proxy.holder_id)
    return _end(actor, proxy, Proxy.Ended.DECLINED, "", proxy.principal)


@transaction.atomic
def revoke_proxy(*, actor, proxy: Proxy) -> Proxy:
    """The member takes it back and votes in person. What the holder cast before that stands."""
    proxy = _locked(actor, proxy)
    _only(actor, proxy.principal_id)
    return _end(actor, proxy, Proxy.Ended.REVOKED, "", proxy.holder)


@transaction.atomic
def strike_out_proxy(*, actor, proxy: Proxy, because: str, in_person: bool = False) -> Proxy:
    """The desk ends a proxy, with a reason: the member came in person, or the form was wrong. Both are told."""
    rules.require(actor, "governance.call_meetings", proxy)
    because = because.strip()
    if not because:
        raise Refused("because", _("Say why the proxy is struck out."), "because")
    proxy = _locked(actor, proxy)
    notices.proxy(proxy, "ended", proxy.principal)
    return _end(actor, proxy, Proxy.Ended.IN_PERSON if in_person else Proxy.Ended.OFFICE, because, proxy.holder)


def _end(actor, proxy: Proxy, how: str, because: str, tell: Membership) -> Proxy:
    proxy.ended, proxy.ended_because, proxy.ended_at, proxy.ended_by = how, because, clock.now(), actor.user
    proxy.save(update_fields=["ended", "ended_because", "ended_at", "ended_by"])
    notices.proxy(proxy, "ended", tell)
    _recorded(actor, "ended", proxy, how=how, **({"because": because} if because else {}))
    return proxy
