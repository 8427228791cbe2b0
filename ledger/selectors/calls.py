"""Calls on shares as the board and the treasurer read them: what was asked, what came in, who is late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import CharField, Exists, OuterRef, Q, Value
from django.db.models.functions import Cast, Concat

from coop.kernel.models import Mail
from ledger.models import ShareCall, ShareCallLine, ShareClass
from members.models import PaperLetter

from .dues import unpaid


@dataclass(frozen=True, slots=True)
class Asked:
    """One member's line of a call, and what is still to pay of it. Minor units."""

    line: ShareCallLine
    open: int
    is_late: bool

    @property
    def paid(self) -> int:
        return self.line.amount - self.open


def calls(coop):
    """Every call of the co-op, the newest first."""
    return ShareCall.objects.filter(coop=coop).exclude(state="draft").select_related("share_class", "coop", "actor")


def lines(call: ShareCall):
    """A call's lines by member number."""
    found = ShareCallLine.objects.filter(coop=call.coop_id, call=call).order_by("membership__number")
    return found.select_related("membership__party", "call__share_class", "notice", "forfeiture__event")


def kind_of_call(call: ShareCall) -> str:
    """What letters about this call are filed under; each is about its member, as all letters to members are."""
    return f"ledger.call:{call.pk}"


def not_told(call: ShareCall):
    """A call's lines whose member has no letter about it yet, neither in the outbox nor on paper."""
    known = {"coop": call.coop_id, "kind": kind_of_call(call)}
    member = Concat(Value("membership:"), Cast("membership_id", CharField()))
    told = Q(Exists(Mail.objects.filter(**known, subject_ref=OuterRef("member"))))
    told |= Q(Exists(PaperLetter.objects.filter(**known, ref=OuterRef("member"))))
    return lines(call).annotate(member=member).exclude(told)


def asked(call: ShareCall, found: list[ShareCallLine], on: date) -> list[Asked]:
    """Lines of a call with what is open of each; nothing is open of a call that was taken back."""
    still = {}
    if call.is_standing:
        parts = (part for each in unpaid(call.coop, on) for part in each.owed.open_parts)
        still = {part.call: part.amount for part in parts if part.call}
    return [Asked(line, still.get(line.pk, 0), call.due_on < on and line.pk in still) for line in found]


def classes_on_call(coop):
    """The classes of shares that are paid on call."""
    return ShareClass.objects.filter(coop=coop, on_call=True)
