"""Our counts on real elections, figure by figure."""

import pytest

from tests.conformance import elections, report

pytestmark = pytest.mark.conformance
PATHS = elections.paths()
LEAST = {"edinburgh": 17, "debian": 26, "kubernetes": 4, "schulze": 10, "burlington": 1, "rctab": 4}


@pytest.fixture(autouse=True)
def _elections_are_here():
    if not PATHS:
        elections.needed("real election")


def test_all_the_elections_are_here():
    found: dict[str, int] = {}
    for path in PATHS:
        found[elections.family(path)] = found.get(elections.family(path), 0) + 1
    assert all(found.get(family, 0) >= number for family, number in LEAST.items()), found


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_counted_as_published(path):
    _, _, checks = elections.check(path)
    assert sum(check.figures for check in checks) > 2


def test_a_wrong_figure_would_be_noticed():
    path = next(p for p in PATHS if elections.family(p) == "edinburgh")
    known, result, _ = elections.check(path)
    known["expected"]["stages"][1]["votes"]["0"] = "112.84449"
    with pytest.raises(elections.Differs, match="votes of every stage"):
        list(elections.compare(path, known, result))


def test_the_report_is_up_to_date():
    """Elections beyond those it names are counted and compared above; they do not make it wrong."""
    named = report.reported()
    assert len(named) >= sum(LEAST.values())
    assert report.build(named) == report.REPORT.read_text("utf-8"), "run: python -m tests.conformance.report"
