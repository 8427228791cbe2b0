"""Books that stand for a module (``tests/standing.py``), and each test's own copy of what was made for them.

A module says once what its tests share, in a fixture ``stood`` of its own, and names what a test may ask for::

    @pytest.fixture(scope="module")
    def stood(standing):
        made = cast("lena", "jonas")
        return stands(made, plan=make_plan(made.lena))

    coop, lena, jonas, plan = parts("coop", "lena", "jonas", "plan")

Rows are undone to the module's after each test. Instances are copied before it, for a test may change its own.
"""

from __future__ import annotations

from copy import deepcopy
from types import SimpleNamespace

import pytest

from tests.cast import OFFICES, make_coop, make_officer
from tests.standing import check_what_waits


def cast(*names: str) -> SimpleNamespace:
    """The co-op and these officers of it."""
    coop = make_coop()
    return SimpleNamespace(coop=coop, **{name: make_officer(coop, name, *OFFICES[name]) for name in names})


def stands(made: SimpleNamespace, **more) -> SimpleNamespace:
    """That, and more; whatever the database puts off to the end of a transaction is checked now, once."""
    check_what_waits()
    return SimpleNamespace(**vars(made), **more)


@pytest.fixture
def own(stood, db) -> SimpleNamespace:
    """The test's own copy of everything the module has standing."""
    return deepcopy(stood)


def parts(*names: str) -> list:
    """A fixture for each of these names."""
    return [_part(name) for name in names]


def _part(name: str):
    def part(own):
        return getattr(own, name)

    return pytest.fixture(part, name=name)
