"""The printed ballot paper: everything that is asked, in the order decided, with boxes, and nobody on it."""

from __future__ import annotations

import shutil
import subprocess
from datetime import timedelta

import pytest

from coop.kernel import clock
from coop.kernel.tenancy import Actor
from governance import services
from governance.documents_ballot import ballot_data, ballot_pdf
from governance.models import Ballot, RollEntry
from governance.resolutions import in_words
from tests.governance.ballotbox.voter import make_secret_ballot
from tests.governance.factories import BOARD, make_roll

pytestmark = pytest.mark.django_db
METHODS = {
    "scottish-stv": "Write 1 in the box",
    "schulze": "may have the same number",
    "plurality": "Put a cross in one box.",
    "block": "Put a cross in 2 boxes at most.",
    "approval": "as many boxes as you like",
    "score": "from 0 to 5",
}


@pytest.fixture
def ballot(coop) -> Ballot:
    """Every way of marking on one paper, and one candidate who withdrew."""
    system, now = Actor.system(coop), clock.now()
    ballot = services.create_ballot(
        actor=system,
        title="Everything at once",
        roll=make_roll(coop, voters=6),
        opens_at=now,
        closes_at=now + timedelta(days=1),
        kind="secret",
    )
    names = [{"name": name, "statement": f"{name} stands.", "withdrawn": name == "Jonas Weber"} for name in BOARD]
    for method in METHODS:
        services.add_question(
            actor=system,
            ballot=ballot,
            method=method,
            title=f"Counted by {method}",
            options=names,
            seats=2 if method == "block" else 1,
            settings={"high": 5} if method == "score" else {},
        )
    kind = services.standard_resolution_types(actor=system)[0]
    services.add_question(
        actor=system, ballot=ballot, method="motion", title="The roof", text="We mend\nit.", resolution_type=kind
    )
    return services.open_ballot(actor=system, ballot=ballot)


def test_it_asks_every_question_as_the_page_does_in_the_order_decided(ballot):
    parts = ballot_data(ballot)["parts"]
    for part, (method, how) in zip(parts, METHODS.items(), strict=False):
        assert part["title"] == f"Counted by {method}"
        assert how in part["how"]
        assert [(each["number"], each["name"]) for each in part["options"]] == [
            (str(at), name) for at, name in enumerate(BOARD, start=1) if name != "Jonas Weber"
        ], "numbered as the clerks type it; who withdrew is off"
    assert [each["name"] for each in parts[-1]["options"]] == ["For", "Against", "Abstain"]
    assert parts[-1]["text"] == ["We mend", "it."]
    assert parts[-1]["rule"] == " ".join(in_words(ballot.questions.get(method="motion").resolution_type.conditions))


def words_of(pdf: bytes) -> str:
    return subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True
    ).stdout.decode()


@pytest.mark.parametrize("large", [False, True])
def test_every_copy_is_the_same_tagged_file_and_names_nobody_on_the_roll(ballot, client_of, samir, mei, large):
    url = f"/riverside/ballots/{ballot.pk}/paper.pdf?post=1" + ("&large=1" if large else "")
    one, other = (client_of(who).get(url) for who in (samir, mei))
    assert one["Content-Type"] == "application/pdf"
    assert one.content == other.content, "nothing tells two copies apart"
    assert b"/MarkInfo" in one.content
    told = words_of(one.content) if shutil.which("pdftotext") else str(ballot_data(ballot, posted=True))
    assert "Declaration for a vote by post" in told
    for entry in RollEntry.objects.filter(roll=ballot.roll):
        assert entry.name not in told
    assert ballot_pdf(ballot, large=large, posted=True) == one.content


def test_a_class_that_is_counted_apart_has_its_own_paper_and_others_are_not_made_up(coop, client_of, samir):
    system = Actor.system(coop)
    conditions = [{"ratio": [1, 2]}, {"ratio": [1, 2], "of_class": "Consumer", "denominator": "class"}]
    kind = services.create_resolution_type(actor=system, name="By class", conditions=conditions)
    roll = make_roll(coop, voters=6)
    ballot = make_secret_ballot(coop, roll=roll, board=(), resolution_type=kind, released=False)
    ballot = services.open_ballot(actor=system, ballot=ballot)
    desk, url = client_of(samir), f"/riverside/ballots/{ballot.pk}/"
    assert "?class=Consumer" in desk.get(url).content.decode()
    assert "Class: Consumer" in ballot_data(ballot, class_name="Consumer")["over"]
    assert desk.get(url + "paper.pdf?class=Consumer").status_code == 200
    assert desk.get(url + "paper.pdf?class=Nobody").status_code == 404


def test_a_draft_has_no_paper(coop, client_of, samir):
    draft = make_secret_ballot(coop, roll=make_roll(coop, voters=6), released=False)
    assert client_of(samir).get(f"/riverside/ballots/{draft.pk}/paper.pdf").status_code == 404
