"""Finding members: by number, by pieces of name, e-mail or place without accents, and with a slip of the finger."""

from __future__ import annotations

from datetime import date

from django.contrib.postgres.fields import ArrayField
from django.db.models import CharField, Exists, F, Func, IntegerField, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from members.folding import fold, grams
from members.models import Invitation, Membership, PartyTag

TABS = ("current", "leaving", "former")
NEAR = 0.5  # share of the query's trigrams a name must have to be a near miss


def members(
    coop, on: date, *, tab: str = "current", member_class=None, state: str = "", tag: str = ""
) -> QuerySet[Membership]:
    """Memberships of the co-op on ``on``, by what is recorded now, with party and class, by number."""
    found = Membership.objects.filter(coop=coop).select_related("party", "member_class").order_by("number")
    if tab == "former":
        found = found.filter(ends_on__lt=on)
    else:
        found = found.current(on)
        if tab == "leaving":
            found = found.filter(ends_on__isnull=False)
    if member_class is not None:
        found = found.filter(member_class=member_class)
    if tag:
        tagged = PartyTag.objects.filter(coop=coop, name=" ".join(tag.split()).lower())
        found = found.filter(party__in=tagged.values(whole=Coalesce("party__merged_into", "party")))
    return found.filter(state=state) if state else found


def without_login(coop, on: date) -> QuerySet[Membership]:
    """Living members nobody's login is tied to, by number."""
    return members(coop, on).filter(party__account=None, party__died_on=None, party__erased_at=None)


def to_invite(coop, on: date) -> QuerySet[Membership]:
    """Those among them who hold no code that still works."""
    works = Invitation.objects.filter(party=OuterRef("party"), used_at=None, revoked_at=None, expires_on__gte=on)
    return without_login(coop, on).exclude(Exists(works.filter(tries__lt=Invitation.MOST_TRIES)))


def matching(found: QuerySet[Membership], text: str) -> QuerySet[Membership]:
    """Those whose number is ``text`` or whose name, e-mail or place has every word of it somewhere."""
    asked = fold(text)
    if not asked:
        return found.none() if text.strip() else found
    by_words = Q()
    for word in asked.split():
        by_words &= Q(party__search__contains=word)
        inner = [word[at : at + 3] for at in range(len(word) - 2) if word[at : at + 3].isalnum()]
        if inner:  # the trigram index narrows it before the text is compared
            by_words &= Q(party__grams__contains=inner)
    if asked.isdecimal() and len(asked) <= 15:
        return found.filter(Q(number=int(asked)) | by_words)
    return found.filter(by_words)


class Shared(Func):
    """How many elements two text arrays share."""

    template = "cardinality(ARRAY(SELECT unnest(%(expressions)s::varchar[])))"
    arg_joiner = ") INTERSECT SELECT unnest("
    output_field = IntegerField()


def near(found: QuerySet[Membership], text: str) -> QuerySet[Membership]:
    """Near misses of ``text``, the nearest first: those that share at least half of its trigrams."""
    wanted = grams(fold(text))
    if not wanted:
        return found.none()
    asked = Value(wanted, output_field=ArrayField(CharField(max_length=3)))
    return (
        found.filter(party__grams__overlap=wanted)
        .annotate(shared=Shared(F("party__grams"), asked))
        .filter(shared__gte=max(2, round(len(wanted) * NEAR)))
        .order_by("-shared", "number")
    )
