"""What members ask for together: the share they need, in words, who stands behind it, and what waits for the board."""

from __future__ import annotations

from datetime import date
from typing import cast

from django.db.models import Count
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from members.selectors.inbox import InboxItem

from ..models import Requisition, RequisitionRule
from ..requisition_law import Share, of_law

WAITING = """
    (SELECT count(*) FROM governance_requisition
      WHERE coop_id = %(coop)s AND reached_at IS NOT NULL AND answered_at IS NULL)
"""


def rule_of(coop) -> Share | None:
    """The share the co-op's by-laws ask for, else its law's; None where neither is known."""
    own = RequisitionRule.objects.filter(coop=coop).order_by("-pk").first()
    if own is not None:
        return Share(own.part, own.whole, own.call_within_days, own.cite)
    return of_law(coop.law)


def needed(members: int, share: Share) -> int:
    """The smallest whole number of members that is at least the share; one at least."""
    return max(1, -(-members * share.part // share.whole))


def requisitions(actor):
    """The co-op's requisitions, newest first, with how many support each."""
    rows = Requisition.objects.filter(coop_id=actor.coop_id).select_related("meeting", "answer", "begun_by__party")
    return rows.annotate(supporters=Count("supports")).order_by("-pk")


def threshold_in_words(requisition: Requisition) -> str:
    """Why so many: the register that day, the share, the arithmetic."""
    values = {
        "day": date_format(requisition.as_of, "j F Y"),
        "members": requisition.members,
        "part": requisition.part,
        "whole": requisition.whole,
        "needed": requisition.needed,
        "cite": requisition.cite,
    }
    text = ngettext(
        "On %(day)s %(members)s member stood on the register. %(part)s of %(whole)s must ask together: %(members)s ×"
        " %(part)s ÷ %(whole)s, rounded up, is %(needed)s. (%(cite)s)",
        "On %(day)s %(members)s members stood on the register. %(part)s of %(whole)s must ask together: %(members)s ×"
        " %(part)s ÷ %(whole)s, rounded up, is %(needed)s. (%(cite)s)",
        requisition.members,
    )
    return text % values


def waiting(coop) -> list[InboxItem]:
    """What enough members have asked for and the board has not called yet."""
    rows = Requisition.objects.filter(coop=coop, reached_at__isnull=False, answered_at__isnull=True)
    return [
        InboxItem(
            due=cast(date, each.call_by),
            sentence=_("Members ask for a meeting: %s") % each.purpose
            if each.kind == Requisition.Kind.MEETING
            else _("Members ask for an item on the agenda: %s") % each.purpose,
            why=_("%(needed)s members were needed and have signed; the board has until this day to call it.")
            % {"needed": each.needed},
            act=_("Answer"),
            url_name="governance:requisition-answer",
            kwargs={"pk": each.pk},
        )
        for each in rows.order_by("call_by")
    ]
