"""What the board has called for on shares that are paid on call, member by member."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from django.db.models import F, Sum

from ledger import instalments
from ledger.models import ShareCallLine, ShareClass, ShareEvent


@dataclass(frozen=True, slots=True)
class Waiting:
    """One member's shares of a class that wait for calls: their value, what was called of it, what is paid on them."""

    subscribed: int
    parts: list[instalments.Part]
    paid: int


class Called:
    """A co-op's classes of shares, and what is subscribed and called in those that are paid on call.

    One query where no class is paid on call, three where one is; for one membership or for all.
    """

    def __init__(self, coop, on: date, membership=None):
        self._classes: dict[int, ShareClass] = {each.pk: each for each in ShareClass.objects.filter(coop=coop)}
        self.par = next((each.par for each in self._classes.values() if each.is_default), 0)
        self._subscribed: dict[int, dict[int, int]] = defaultdict(dict)
        self._paid: dict[tuple[int, int], int] = defaultdict(int)
        self._lines: dict[tuple[int, int], list[instalments.Part]] = defaultdict(list)
        waiting = [each.pk for each in self._classes.values() if each.on_call]
        if waiting:
            self._load(coop, on, waiting, {"membership": membership} if membership else {})

    def _load(self, coop, on: date, classes: list[int], whose: dict) -> None:
        held = ShareEvent.objects.filter(coop=coop, share_class__in=classes, effective_on__lte=on, **whose)
        summed = held.values_list("membership", "share_class").annotate(Sum("shares"), Sum("paid")).order_by()
        for member, of, shares, paid in summed:
            self._subscribed[member][of], self._paid[member, of] = shares * self._classes[of].par, paid
        lines = ShareCallLine.objects.filter(coop=coop, call__state="standing", call__share_class__in=classes, **whose)
        for line in lines.annotate(of=F("call__share_class"), due_on=F("call__due_on")).order_by("due_on", "pk"):
            part = instalments.Part(line.due_on, line.amount, line.pk)
            self._lines[line.membership_id, line.of].append(part)

    def share_class(self, pk: int) -> ShareClass:
        """One of the co-op's classes, by its key."""
        return self._classes[pk]

    def expect(self, membership_id: int, subscribed: int) -> None:
        """What somebody admitted asked for stands for a subscription that is not entered yet."""
        default = next((each for each in self._classes.values() if each.is_default and each.on_call), None)
        if default:
            self._subscribed[membership_id][default.pk] = subscribed

    def beyond(self, membership_id: int, share_class_id: int, minimum: int) -> int:
        """What is subscribed of a class on call beyond what joining asks for (``minimum``, of the default class)."""
        subscribed = self._subscribed[membership_id].get(share_class_id, 0)
        return max(0, subscribed - (minimum if self._classes[share_class_id].is_default else 0))

    def of(self, membership_id: int, minimum: int) -> list[Waiting]:
        """What waits for calls in each class: how much in all, the parts called of it, and what is paid beyond
        what joining asks for."""
        found = []
        for share_class, subscribed in self._subscribed[membership_id].items():
            room = self.beyond(membership_id, share_class, minimum)
            parts = self._within(self._lines[membership_id, share_class], room)
            paid = self._paid[membership_id, share_class]
            found.append(Waiting(room, parts, max(0, paid - (subscribed - room))))
        return found

    def asked(self, membership_id: int, share_class_id: int, subscribed: int, minimum: int) -> int:
        """What of ``subscribed`` in one class is to be paid by now or later without another call."""
        if not self._classes[share_class_id].on_call:
            return subscribed
        room = self.beyond(membership_id, share_class_id, minimum)
        return subscribed - room + self.called_of(membership_id, share_class_id, room)

    def called_of(self, membership_id: int, share_class_id: int, room: int) -> int:
        """What was called so far of one member's shares of a class."""
        return sum(part.amount for part in self._within(self._lines[membership_id, share_class_id], room))

    @staticmethod
    def _within(parts: list[instalments.Part], room: int) -> list[instalments.Part]:
        found = []
        for part in parts:
            amount = min(part.amount, room)
            room -= amount
            if amount:
                found.append(instalments.Part(part.due_on, amount, part.call))
        return found
