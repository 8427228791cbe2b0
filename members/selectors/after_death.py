"""After a death: what became of the membership, who the heirs are, what is still open, and the one thing to do next.

The apps to the right say what is open with them, and what there keeps a death from being taken back (``also``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coop.kernel import clock
from coop.kernel.models import Office
from members.models import (
    Application,
    ChangeRequest,
    Enrolment,
    ExpulsionCase,
    Membership,
    MembershipEvent,
    PaperLetter,
    Party,
    Relationship,
)
from members.replay import in_force

from .people import terms_in_force

Bond = Relationship.Kind
HEIRS = (Bond.HEIR, Bond.HEIRS_REPRESENTATIVE)
HEIRS_WITHIN = timedelta(days=42)  # BGB § 1944 (1): within six weeks an heir may still disclaim


@dataclass(frozen=True)
class Matter:
    """Something that is open after a death: what, why it matters, and the page on which it is dealt with."""

    sentence: str
    why: str = ""
    act: str = ""
    url_name: str = ""
    kwargs: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Estate:
    """What a member's page says first after a death. ``stands``: the heirs still hold the membership."""

    died_on: date
    stands: bool
    sentences: list[str]
    heirs: list[Relationship]
    following: Matter | None
    matters: list[Matter]
    final: list[str]  # why the death cannot be taken back any more


_further: list[Callable[[Party], Iterable[Matter]]] = []
_final: list[Callable[[Party, datetime], Iterable[str]]] = []
_meanwhile: list[Callable[[Party, datetime], Iterable[Matter]]] = []


def also(
    matters: Callable[[Party], Iterable[Matter]],
    final: Callable[[Party, datetime], Iterable[str]] | None,
    meanwhile: Callable[[Party, datetime], Iterable[Matter]],
) -> None:
    """Let another app say what is open after a death; and of what was done since the moment of its recording, what is
    done for good, and what does not come back by itself when the death is taken back."""
    if matters not in _further:
        _further.append(matters)
        _final.extend(filter(None, [final]))
        _meanwhile.append(meanwhile)


def estate_of(membership: Membership, today: date) -> Estate | None:
    """What a membership's page says after its holder's death; None while the register knows of none."""
    party = membership.party
    if party.died_on is None or party.erased_at is not None:
        return None
    heirs = heirs_of(party)
    stands = membership.ending == Membership.Ending.DIED and membership.standing_on(today) != Membership.State.ENDED
    return Estate(
        died_on=party.died_on,
        stands=stands,
        sentences=[*_membership(membership, stands, today), *_heirs(membership, heirs, stands, today)],
        heirs=heirs,
        following=_following(membership, heirs, stands, today),
        matters=[*_own(party, membership, today), *(each for ask in _further for each in ask(party))],
        final=list(final_steps(party)),
    )


def heirs_of(party: Party) -> list[Relationship]:
    """Who is on the register as an heir, and who stands for all of them."""
    rows = Relationship.objects.filter(object=party, kind__in=HEIRS, ends_on=None)
    return list(rows.select_related("subject").order_by("starts_on", "pk"))


def without_heirs(coop) -> QuerySet[Membership]:
    """A membership each of those who died as members and of whom no heir is named yet, by the day of death."""
    named = Relationship.objects.filter(object=OuterRef("party"), kind__in=HEIRS, ends_on=None)
    rows = Membership.objects.filter(coop=coop, ending=Membership.Ending.DIED, party__died_on__isnull=False)
    rows = rows.filter(~Exists(named), party__erased_at=None, party__merged_into=None)
    one = rows.order_by("party", "-number").distinct("party").values("pk")
    return Membership.objects.filter(pk__in=one).select_related("party").order_by("party__died_on", "pk")


def died_event(membership: Membership) -> MembershipEvent | None:
    """The entry of the death that holds today."""
    told = in_force(membership.events.all(), date.max)
    return next((each for each in told if each.kind == MembershipEvent.Kind.DIED), None)


def final_steps(party: Party) -> Iterator[str]:
    """What rests on the death and cannot be undone, each as a sentence; nothing: it can be taken back."""
    since = None
    for membership in party.memberships.order_by("pk"):
        died = died_event(membership)
        if died is None:
            continue
        since = died.recorded_at
        passed = membership.events.filter(kind="transferred", seq__gt=died.seq, corrected_by=None).first()
        if passed is not None:
            yield _("Membership %(number)s passed on to the heirs on %(day)s, so the death cannot be taken back.") % {
                "number": membership.number_text,
                "day": _day(passed.effective_on),
            }
        again = party.memberships.filter(member_class=membership.member_class_id, number__gt=membership.number)
        for other in again.exclude(state="ended"):
            yield _(
                "Since then this person was admitted again as member %(other)s; that membership ends before number"
                " %(number)s can stand again."
            ) % {"other": other.number_text, "number": membership.number_text}
    if since is not None:
        for ask in _final:
            yield from ask(party, since)


def not_by_itself(party: Party) -> list[Matter]:
    """What was done while the death was on record and stays as it is when it is taken back."""
    died = [found.recorded_at for each in party.memberships.all() if (found := died_event(each)) is not None]
    return [each for ask in _meanwhile for each in ask(party, min(died))] if died else []


def _membership(membership: Membership, stands: bool, today: date) -> Iterator[str]:
    ending, day = membership.ending, _day(membership.ends_on) if membership.ends_on else ""
    if ending == Membership.Ending.TRANSFERRED:
        yield _("The membership and its shares passed on on %s.") % day
    elif ending != Membership.Ending.DIED:
        yield _("The membership had ended on %s already.") % day if day else ""
    elif not membership.coop.law.startswith("de-"):
        yield _("The membership ended with the death, on %s.") % day
    elif stands:
        yield (
            _("The heirs hold the membership until %s, when the fiscal year ends (GenG § 77 (1)). It has no vote.")
            % day
        )
    else:
        yield (
            _("The heirs held the membership until %s, when the fiscal year ended (GenG § 77 (1)); now it has ended.")
            % day
        )


def _heirs(membership: Membership, heirs: list[Relationship], stands: bool, today: date) -> Iterator[str]:
    if not heirs:
        yield _("No heir is named yet.")
    else:
        names = list(dict.fromkeys(each.subject.name for each in heirs))
        yield (_("Heir: %s.") if len(names) == 1 else _("Heirs: %s.")) % ", ".join(names)
        yield from (
            _("%s stands for all of them.") % each.subject.name
            for each in heirs
            if each.kind == Bond.HEIRS_REPRESENTATIVE and len(names) > 1
        )
    if stands and _may_pass(membership, today):
        yield _(
            "Until then it may pass, with its shares, to an heir who is a member or is admitted; else the shares are"
            " paid out after it has ended."
        )
    elif stands:
        yield _("Under the by-laws it does not pass on: the shares are paid out to the heirs after it has ended.")


def _following(membership: Membership, heirs: list[Relationship], stands: bool, today: date) -> Matter | None:
    """The one thing to do now; nothing where only time passes, or nothing is left."""
    number = {"number": membership.number}
    if membership.ending != Membership.Ending.DIED:
        return None
    if not heirs:
        due = membership.party.died_on + HEIRS_WITHIN if membership.party.died_on else today
        return Matter(
            _("Name the heirs"), _("Ask for it until %s.") % _day(due), _("Name an heir"), "members:heir", number
        )
    people = {each.subject_id for each in heirs}
    if len(people) > 1 and not any(each.kind == Bond.HEIRS_REPRESENTATIVE for each in heirs):
        return Matter(
            _("Say who stands for the heirs"),
            _("Several heirs act through one of them."),
            _("Name who stands for them"),
            "members:heir",
            number,
        )
    if stands and _may_pass(membership, today):
        return Matter(
            _("The membership may pass to an heir"),
            _("By a resolution of the board, with its shares. If nobody wants it, nothing has to be done."),
            _("Pass it to an heir"),
            "pass-on",
            number,
        )
    return None


def _may_pass(membership: Membership, today: date) -> bool:
    terms = terms_in_force(membership.coop, today).get(membership.member_class_id)
    return terms is None or terms.transferable


def _own(party: Party, membership: Membership, today: date) -> Iterator[Matter]:
    """What the register itself has open."""
    yield from _stood_for(party)
    yield from _offices(party, today)
    if membership.votes_for_household_id and membership.household is not None:
        yield Matter(
            _("Casts the one vote of the household %s.") % membership.household.name,
            _("Nobody else there votes before somebody else gets it."),
            _("Give the vote to somebody else"),
            "members:households",
        )
    yield from _under_way(party)
    seats = Enrolment.objects.filter(party=party, state=Enrolment.State.ENROLLED, session__starts_at__gt=clock.now())
    for seat in seats.filter(session__cancelled_at=None).select_related("session__course"):
        yield Matter(
            _("Has a seat at “%s”.") % seat.session.course.name,
            _("Somebody else may want it."),
            _("The session"),
            "members:session",
            {"pk": seat.session_id},
        )
    for letter in PaperLetter.objects.filter(party=party, state="waiting").defer("text"):
        yield Matter(
            _("A letter to them waits to be posted: %s") % letter.subject,
            _("Do not post it."),
            _("The letter"),
            "members:letter",
            {"pk": letter.pk},
        )


def _under_way(party: Party) -> Iterator[Matter]:
    """A case, an application, a request."""
    for case in ExpulsionCase.objects.filter(membership__party=party).exclude(state="closed"):
        yield Matter(
            _("A case for expulsion is open."),
            _("Nobody is expelled after death; the board lets it be."),
            _("The open case"),
            "members:case",
            {"pk": case.pk},
        )
    for application in Application.objects.filter(party=party, state__in=Application.OPEN):
        yield Matter(
            _("An application of %s is open.") % _day(application.received_on),
            _("Withdraw it; nobody is admitted after death."),
            _("The application"),
            "members:application",
            {"pk": application.pk},
        )
    for request in ChangeRequest.objects.filter(party=party, state="open"):
        yield Matter(
            _("Asked for a change: %s.") % request.get_kind_display(),
            _("Answer it; it has no object any more."),
            _("Answer"),
            "members:request",
            {"pk": request.pk},
        )


def _stood_for(party: Party) -> Iterator[Matter]:
    said = {
        Bond.REPRESENTS: (_("Represented %s."), _("Nobody acts for it before somebody else is named.")),
        Bond.GUARDIAN: (_("Was the guardian of %s."), _("The child needs another guardian.")),
        Bond.HEIRS_REPRESENTATIVE: (_("Stood for the heirs of %s."), _("They need somebody else.")),
        Bond.HEIR: (_("Was an heir of %s."), _("What was theirs belongs to their own heirs.")),
        Bond.JOINT: (_("Held jointly with %s."), _("End it there, or name who holds it instead.")),
    }
    for bond in Relationship.objects.filter(subject=party, ends_on=None).select_related("object"):
        sentence, why = said[Bond(bond.kind)]
        held = bond.object.memberships.order_by("state", "-number").first()
        if held is None:
            yield Matter(sentence % bond.object.name, why)
        else:
            number = {"number": held.number}
            yield Matter(sentence % bond.object.name, why, _("Open"), "members:detail", number)
    for bond in Relationship.objects.filter(object=party, kind=Bond.JOINT, ends_on=None).select_related("subject"):
        yield Matter(
            _("%s holds jointly with them.") % bond.subject.name,
            _("Whether it goes on the by-laws say; end it below, or let the membership pass on."),
        )


def _offices(party: Party, today: date) -> Iterator[Matter]:
    if party.account_id is None:
        return
    for each in Office.objects.filter(coop_id=party.coop_id, user_id=party.account_id).current(today):
        yield Matter(
            _("Holds the office “%(office)s” since %(day)s.")
            % {"office": each.get_role_display(), "day": _day(each.starts_on)},
            _("The login still opens what the office opens; end it."),
            _("End the office"),
            "offices",
        )


def _day(value: date) -> str:
    return date_format(value, "j F Y")
