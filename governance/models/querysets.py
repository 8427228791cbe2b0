"""What an actor may see, and the few questions asked of rows again and again."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class _InCoop(models.QuerySet):
    def of(self, coop):
        """Rows of this co-op only."""
        return self.filter(coop=coop)


class MeetingQuerySet(_InCoop):
    """Every member may know of every meeting."""

    def coming(self, now):
        """Meetings that have not begun, or some ballot of which can still be voted in."""
        voting = self.model._meta.get_field("ballots").related_model.objects.filter(
            meeting=models.OuterRef("pk"), state="open", closes_at__gt=now
        )
        return self.filter(Q(starts_at__gte=now) | models.Exists(voting))


class RollQuerySet(_InCoop):
    def frozen(self):
        return self.filter(frozen_at__isnull=False)


class RollEntryQuerySet(_InCoop):
    def found(self, words: str):
        """Entries whose number is, or whose name holds, what was typed."""
        words = words.strip()
        if words.isdecimal() and len(words) < 18:
            return self.filter(number=int(words))
        for word in words.split():
            self = self.filter(name__icontains=word)
        return self


class BallotQuerySet(_InCoop):
    def released(self):
        return self.exclude(state="draft")

    def visible_to(self, actor):
        """Officers see drafts; members see a ballot from its release."""
        rows = self.filter(coop_id=actor.coop_id)
        return rows if actor.is_officer else rows.exclude(state="draft")

    def due(self, now):
        """Released ballots whose closing time has come."""
        return self.filter(state="open", closes_at__lte=now)


class RecordedVoteQuerySet(_InCoop):
    def current(self):
        """The vote that counts of each person: the one no later one replaces."""
        return self.filter(replaced_by__isnull=True)


class ProxyQuerySet(_InCoop):
    def open(self):
        """Those nobody has ended, accepted or not."""
        return self.filter(ended_at__isnull=True)

    def standing(self):
        """Those that may be voted by: accepted, and not ended."""
        return self.filter(ended_at__isnull=True, accepted_at__isnull=False)

    def of(self, membership):
        """Those a member gave or holds; none for nobody."""
        return self.filter(Q(principal=membership) | Q(holder=membership)) if membership else self.none()

    def with_people(self):
        """With both members' names and logins."""
        return self.select_related("principal__party", "holder__party", "meeting")


class NominationQuerySet(_InCoop):
    def open(self):
        """Those nobody has ended."""
        return self.filter(ended_at__isnull=True)

    def visible_to(self, actor, membership):
        """Officers see all; members those that were accepted, and those they made or were asked for."""
        rows = self.filter(coop_id=actor.coop_id)
        if actor.is_officer:
            return rows
        mine = Q(nominee=membership) | Q(proposer=membership) if membership else Q(pk=None)
        return rows.filter(Q(accepted_at__isnull=False) | mine)

    def with_people(self):
        """With the members' names, the call and how many have seconded."""
        rows = self.select_related("nominee__party", "proposer__party", "call__question__ballot")
        return rows.defer("photo").annotate(seconded=models.Count("seconds"), has_photo=_HAS_PHOTO)


_HAS_PHOTO = models.ExpressionWrapper(Q(photo__isnull=False), output_field=models.BooleanField())


class PaperBatchQuerySet(_InCoop):
    def standing(self):
        """Papers that are in and were not undone."""
        return self.filter(sealed=True, undone_at__isnull=True)


class ResolutionQuerySet(_InCoop):
    def carried(self):
        return self.filter(carried=True)

    def certified(self):
        """Those two officers have signed the result of."""
        return self.filter(ballot__state="certified")

    def found(self, words: str):
        for word in words.split():
            self = self.filter(Q(title__icontains=word) | Q(number__icontains=word) | Q(text__icontains=word))
        return self
