"""What is missing before a ballot can be released, one thing at a time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Issue:
    """Something to put right before a ballot is released. ``where``: details, roll, or question:<id>. A warning does
    not stop the release."""

    code: str
    sentence: str
    where: str = "details"
    warning: bool = False
