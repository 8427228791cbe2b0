"""The sentences of a count, in plain English. Pages that speak another language build theirs from the numbers beside
them.
"""

from __future__ import annotations

from collections.abc import Sequence


def number(value: int) -> str:
    """A whole number with thousands set apart.

    >>> number(14207)
    '14,207'
    """
    return f"{value:,}"


def of_papers(valid: int) -> str:
    """How many valid papers, in words that fit one and many."""
    return f"{number(valid)} valid paper" + ("" if valid == 1 else "s")


def and_list(names: Sequence[str], who: Sequence[int]) -> str:
    """Names joined with the verb that fits their number.

    >>> and_list(("Ann", "Bob", "Cat"), (0, 2)), and_list(("Ann",), (0,))
    ('Ann and Cat are', 'Ann is')
    """
    said = [names[i] for i in who]
    if len(said) < 2:
        return f"{''.join(said)} is"
    return f"{', '.join(said[:-1])} and {said[-1]} are"


def join(names: Sequence[str], who: Sequence[int]) -> str:
    """Names joined by commas and a last "and"."""
    said = [names[i] for i in who]
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"


def have_quota(names: Sequence[str], who: Sequence[int]) -> str:
    """Who reached the quota."""
    verb = "reaches" if len(who) == 1 else "reach"
    return f"{join(names, who)} {verb} the quota and {'is' if len(who) == 1 else 'are'} elected."
