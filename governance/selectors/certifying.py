"""Who has signed a ballot's result."""

from __future__ import annotations

from ..models import Ballot, Certification


def certifications(ballot: Ballot) -> list[Certification]:
    """The signatures under a ballot's result, the first one first: none, one, or two, and then it stands."""
    return list(Certification.objects.filter(ballot=ballot).select_related("signed_by"))
