"""A real council election, brought in as paper ballots: the councillors elected, and every published figure."""

import json

import pytest

from governance import services, stored
from governance.exchange import blt, normalised
from governance.models import Count
from tests.conformance import elections
from tests.governance.factories import close_and_count, make_ballot, make_roll, question

WARD = "edinburgh2017_ward_12_leith_walk.json"
pytestmark = [pytest.mark.django_db, pytest.mark.conformance]


@pytest.fixture
def ward() -> dict:
    """The ward with its expected result, and as a BLT file."""
    path = elections.needed(WARD)
    with path.open("rb") as file:
        election = normalised.read(file)
    known = json.loads(path.read_bytes())
    return {**known, "blt": "".join(blt.write(election)).encode()}


def test_leith_walk_comes_out_as_it_was_declared(coop, samir, ward):
    ballot = make_ballot(coop, roll=make_roll(coop, voters=1), board=ward["candidates"], seats=ward["seats"], motion="")
    because = "A public election; its register is the council's."
    batch = services.import_paper(
        actor=samir,
        question=question(ballot),
        blt=ward["blt"],
        file_name="leith-walk.blt",
        beyond_roll_because=because,
    )
    assert batch.papers == ward["expected"]["valid_ballots"] == 10649
    close_and_count(ballot)
    result = stored.load(Count.objects.get(ballot=ballot).result)
    assert list(result.winners) == ward["expected"]["winner_indexes_in_order"]
    assert result.show_quota() == str(ward["expected"]["quota"])
    published = [{int(at): votes for at, votes in stage["votes"].items()} for stage in ward["expected"]["stages"]]
    ours = [{at: result.show(v) for at, v in enumerate(each.votes)} for each in result.rounds]
    for number, stage in enumerate(published):
        assert ours[number] == stage, f"stage {number + 1}"
