"""Who would get a letter to everybody on a list, how, and who would not and why."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from members.models import BulkLetter, BulkLine, Consent, Membership, SavedFilter
from members.selectors.dated import newest_addresses

How = BulkLine.How


@dataclass(frozen=True)
class Recipient:
    """One member of the list."""

    membership: Membership
    how: str
    why: str = ""


@dataclass(frozen=True)
class Mailing:
    """The whole list with what becomes of each. ``digest`` changes when any of it does."""

    recipients: list[Recipient]

    def of(self, how: str) -> list[Recipient]:
        return [each for each in self.recipients if each.how == how]

    @property
    def by_mail(self) -> list[Recipient]:
        return self.of(How.MAIL)

    @property
    def on_paper(self) -> list[Recipient]:
        return self.of(How.PAPER)

    @property
    def left_out(self) -> list[Recipient]:
        return self.of(How.LEFT_OUT)

    @property
    def digest(self) -> str:
        said = "\n".join(f"{each.membership.pk} {each.how}" for each in self.recipients)
        return hashlib.sha256(said.encode()).hexdigest()


def mailing(found: QuerySet[Membership], about: str) -> Mailing:
    """What becomes of everybody on the list, by number. Three queries, however long it is."""
    rows = list(found.select_related("party", "member_class").order_by("number"))
    coop_id = rows[0].coop_id if rows else None
    lives = {each.party_id for each in newest_addresses(coop_id) if each.lines}
    agreed = _agreed(coop_id) if about == BulkLetter.About.NEWS else None
    seen: dict[int, Membership] = {}
    recipients = []
    for each in rows:
        why = _left_out(each, lives, agreed, seen.get(each.party_id))
        seen.setdefault(each.party_id, each)
        by_mail = each.party.email and not (each.party.by_post and each.party_id in lives)
        how = How.LEFT_OUT if why else How.MAIL if by_mail else How.PAPER
        recipients.append(Recipient(each, how, why))
    return Mailing(recipients)


def _left_out(each: Membership, lives: set[int], agreed: set[int] | None, before: Membership | None) -> str:
    party = each.party
    if party.erased_at is not None:
        return _("was erased")
    if party.died_on is not None:
        return _("has died")
    if before is not None:
        return _("gets it once already, as member %s") % before.number_text
    if agreed is not None and party.pk not in agreed:
        return _("did not agree to news")
    if not party.email and party.pk not in lives:
        return _("neither e-mail nor postal address is known")
    return ""


def _agreed(coop_id: int | None) -> set[int]:
    """The parties whose newest answer about news is yes; one given on a record merged since counts for the whole."""
    answers = Consent.objects.filter(coop_id=coop_id, purpose=Consent.Purpose.NEWSLETTER).order_by("pk")
    newest = {
        merged or party: given
        for party, merged, given in answers.values_list("party_id", "party__merged_into_id", "given")
    }
    return {party for party, given in newest.items() if given}


def filters(actor, *, removed: bool = False) -> QuerySet[SavedFilter]:
    """The officer's own saved filters and those others share; ``removed``: those taken away, too."""
    rows = SavedFilter.objects.filter(Q(owner_id=actor.user_id) | Q(shared=True), coop_id=actor.coop_id)
    return (rows if removed else rows.filter(removed_at=None)).select_related("owner")
