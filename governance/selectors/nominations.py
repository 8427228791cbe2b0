"""Who may stand and why, who stands, and what a member or the returning officer still has to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coop.kernel import clock
from members.ages import age_on
from members.models import CourseRequirement, Membership, MembershipClass, Party
from members.notice.rule import add_months
from members.selectors.learning import for_office, held

from ..models import Ballot, Nomination, NominationCall, Question, Second
from ..words import local
from .issue import Issue


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing the by-laws ask of who stands, and whether it is so."""

    fits: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Eligibility:
    """May a member stand, line by line."""

    reasons: tuple[Reason, ...]

    @property
    def may(self) -> bool:
        return all(each.fits for each in self.reasons)

    @property
    def against(self) -> str:
        return " ".join(each.sentence for each in self.reasons if not each.fits)


def eligibility(call: NominationCall, membership: Membership) -> Eligibility:
    """Whether this member may stand under the call's rule, as the register has them now, with every reason in words."""
    reasons = [_good_standing(membership)]
    if call.classes:
        fits = membership.member_class_id in call.classes
        text = _("Only %(classes)s members may stand; this membership is %(mine)s.")
        values = {"classes": " / ".join(class_names(call)), "mine": membership.member_class.name}
        reasons.append(Reason(fits, text % values))
    if call.member_for_months:
        reasons.append(_long_enough(call, membership.admitted_on))
    if call.minimum_age:
        reasons.append(_old_enough(call, membership.party.born_on))
    if call.office and membership.party.kind == Party.Kind.PERSON:
        today, party = clock.today(call.coop), membership.party
        for asked in for_office(call.coop, call.office, today):
            reasons.append(_course_done(asked, held(asked.course, party, today) is not None))
    return Eligibility(tuple(reasons))


def _good_standing(membership: Membership) -> Reason:
    if membership.state == Membership.State.ACTIVE:
        return Reason(True, _("A member in good standing."))
    return Reason(
        False, _("Only a member in good standing may stand; this membership is: %s.") % membership.get_state_display()
    )


def _long_enough(call: NominationCall, since: date) -> Reason:
    from_day = add_months(since, call.member_for_months)
    text = ngettext(
        "Whoever stands has been a member for a month on %(day)s: member since %(since)s, so from %(from)s on.",
        "Whoever stands has been a member for %(n)s months on %(day)s: member since %(since)s, so from %(from)s on.",
        call.member_for_months,
    )
    values = {"n": call.member_for_months, "day": _day(call.as_of), "since": _day(since), "from": _day(from_day)}
    return Reason(from_day <= call.as_of, text % values)


def _old_enough(call: NominationCall, born_on: date | None) -> Reason:
    values: dict[str, object] = {"age": call.minimum_age, "day": _day(call.as_of)}
    if born_on is None:
        text = _("Whoever stands is at least %(age)s on %(day)s; the register has no date of birth. Ask the office.")
        return Reason(False, text % values)
    values["years"] = years = age_on(born_on, call.as_of)
    text = _("Whoever stands is at least %(age)s on %(day)s: %(years)s that day.")
    return Reason(years >= call.minimum_age, text % values)


def _course_done(asked: CourseRequirement, done: bool) -> Reason:
    values = {"course": asked.course.name, "cite": asked.cite}
    if done:
        return Reason(True, _("“%(course)s” comes before this office (%(cite)s): done.") % values)
    return Reason(False, _("“%(course)s” comes before this office (%(cite)s), and is not done yet.") % values)


def class_names(call: NominationCall) -> list[str]:
    rows = MembershipClass.objects.filter(coop_id=call.coop_id, pk__in=call.classes)
    return list(rows.order_by("position").values_list("name", flat=True))


def rule_in_words(call: NominationCall) -> list[str]:
    """The call's rule, a sentence each: from when to when and why those days, who may stand, seconders, order."""
    coop, ballot = call.coop, call.question.ballot
    values = {
        "opens": local(call.opens_at, coop),
        "closes": local(call.closes_at, coop),
        "first": call.opens_days,
        "last": call.closes_days,
        "event": ballot.meeting.title if ballot.meeting else ballot.title,
    }
    text = _(
        "Nominations are open from %(first)s days before “%(event)s” to the end of the day %(last)s days before it:"
        " from %(opens)s until just before %(closes)s."
    )
    lines = [text % values]
    if call.classes:
        lines.append(_("%s members may stand.") % " / ".join(class_names(call)))
    if call.member_for_months:
        text = ngettext(
            "A month of membership by %(day)s.", "%(n)s months of membership by %(day)s.", call.member_for_months
        )
        lines.append(text % {"n": call.member_for_months, "day": _day(call.as_of)})
    if call.minimum_age:
        lines.append(_("At least %(age)s years old on %(day)s.") % {"age": call.minimum_age, "day": _day(call.as_of)})
    if call.office:
        for asked in for_office(call.coop, call.office, clock.today(coop)):
            text = _("Whoever stands has done “%(course)s”, which comes before this office (%(cite)s).")
            lines.append(text % {"course": asked.course.name, "cite": asked.cite})
    if call.not_employed:
        lines.append(_("Nobody employed by the co-op may stand; whoever accepts declares it."))
    if call.seconders:
        text = ngettext("One other member seconds each.", "%s other members second each.", call.seconders)
        lines.append(text % call.seconders if call.seconders > 1 else text)
    by_lot = call.order == NominationCall.Order.LOT
    lines.append(
        _("The paper is in an order drawn by lot; the seed is published, so anybody can draw it again.")
        if by_lot
        else _("The paper is in alphabetical order.")
    )
    return [*lines, call.cite] if call.cite else lines


def calls_for(actor) -> list[NominationCall]:
    """Every call of the co-op whose ballot has not closed, the next to close first."""
    rows = NominationCall.objects.filter(coop_id=actor.coop_id)
    rows = rows.filter(question__ballot__state__in=(Ballot.State.DRAFT, Ballot.State.OPEN))
    return list(rows.select_related("question__ballot__meeting", "coop").order_by("closes_at", "pk"))


def nominations_of(call: NominationCall, actor, membership) -> list[Nomination]:
    """The call's nominations this actor may see, in the order of the paper or of their making."""
    return list(call.nominations.visible_to(actor, membership).with_people().order_by("place", "pk"))


def seconders_of(nomination: Nomination) -> list[Second]:
    return list(nomination.seconds.select_related("membership__party"))


def enough(call: NominationCall, nomination: Nomination) -> bool:
    """Accepted, not ended, and seconded by as many as the by-laws ask."""
    return nomination.open and nomination.accepted_at is not None and nomination.seconded >= call.seconders


def where_it_stands(call: NominationCall, nomination: Nomination) -> str:
    """A nomination's state in words."""
    if not nomination.open:
        return nomination.get_ended_display()
    if nomination.accepted_at is None:
        return _("asked, has not answered yet")
    if nomination.seconded < call.seconders:
        values = {"n": nomination.seconded, "of": call.seconders}
        return _("accepted; %(n)s of %(of)s seconders") % values
    return _("stands")


def issues_of(questions: list[Question], now: datetime) -> list[Issue]:
    """What nominations still keep a draft from being released. ``questions`` come from ``with_questions``."""
    found = []
    for question in questions:
        call = getattr(question, "nomination_call", None)
        if call is None:
            continue
        where, name = f"question:{question.pk}", {"title": question.title, "at": local(call.closes_at, call.coop)}
        if call.settled_at is None and now < call.closes_at:
            text = _("Nominations for “%(title)s” are open until %(at)s; who stands is settled after that.")
            found.append(Issue("nominations_open", text % name, where))
        elif call.settled_at is None:
            found.append(Issue("nominations", _("Settle who was nominated for “%(title)s”.") % name, where))
        elif [each.membership_id for each in question.options.all()] != list(placed(call)):
            text = _("Who stands for “%(title)s” is not who was nominated, in that order: put them on the paper again.")
            found.append(Issue("not_nominated", text % name, where))
    return found


def placed(call: NominationCall):
    """The memberships on the paper, in its order."""
    rows = Nomination.objects.filter(call=call, place__isnull=False).open()
    return rows.order_by("place").values_list("nominee_id", flat=True)


def ready(call: NominationCall) -> list[Nomination]:
    """Who has accepted and been seconded enough, by member number: those the paper is made of."""
    rows = call.nominations.open().filter(accepted_at__isnull=False).with_people().order_by("nominee__number")
    return [each for each in rows if enough(call, each)]


def _day(day: date) -> str:
    return date_format(day, "j F Y")
