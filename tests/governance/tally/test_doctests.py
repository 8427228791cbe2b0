"""The worked examples in the modules are the statutes' own; they run."""

import doctest
import importlib

import pytest

MODULES = ["", ".model", ".ties", ".words", ".scottish", ".irv", ".meek", ".schulze", ".marks", ".motion", ".countback"]


@pytest.mark.parametrize("name", MODULES)
def test_the_worked_examples_hold(name):
    module = importlib.import_module(f"governance.tally{name}")
    outcome = doctest.testmod(module)
    assert outcome.attempted > 0
    assert outcome.failed == 0
