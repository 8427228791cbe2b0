"""What happens by itself: a day comes, and a membership has ended."""

from __future__ import annotations

from celery import shared_task

from coop.kernel.models import Cooperative
from members import services


@shared_task(name="members.tick")
def tick() -> None:
    """Write down every membership whose last day is over."""
    for coop in Cooperative.objects.order_by("pk"):
        services.end_due(coop)
