"""A council ward's papers, brought in by a returning officer in the browser: the page shows what was published.

City of Edinburgh, 4 May 2017, ward 12 Leith Walk, counted by the rules of SI 2007/42; source and trust stand in the
election's file. What is compared is read off the page: the sentence, the order, and every cell of the stage table.
"""

from __future__ import annotations

import json
import os
import re
from decimal import Decimal

import pytest

from governance.exchange import blt, normalised
from tests.conformance import elections
from tests.e2e.people import Person
from tests.governance.factories import close_and_count, make_ballot, make_roll, make_voter

pytestmark = [pytest.mark.browser, pytest.mark.conformance, pytest.mark.django_db(transaction=True)]
WARD = "edinburgh2017_ward_12_leith_walk.json"
BECAUSE = "A public election; its register is the council's."


@pytest.fixture
def ward() -> dict:
    """The election as published, and its papers as the BLT file a counting hall hands out."""
    folder = elections.folder()
    if folder is None or not (folder / WARD).exists():
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            pytest.fail(elections.missing())
        pytest.skip(elections.missing())
    raw = (folder / WARD).read_bytes()
    with (folder / WARD).open("rb") as file:
        return {**json.loads(raw), "blt": "".join(blt.write(normalised.read(file))).encode()}


@pytest.fixture
def visitor(chromium, live_server):
    """Somebody signed in, with a browser of their own."""
    made = []

    def make(actor) -> Person:
        made.append(Person(chromium, live_server.url, actor.name))
        return made[-1].is_signed_in_as(actor.user)

    yield make
    for each in made:
        each.context.close()


def test_leith_walk_on_the_result_page(coop, samir, ward, visitor):
    amara = make_voter(coop, "amara")
    ballot = make_ballot(
        coop, roll=make_roll(coop), board=ward["candidates"], seats=ward["seats"], motion="", title="Leith Walk"
    )
    known, names = ward["expected"], ward["candidates"]

    officer = visitor(samir).open("/riverside/ballots/").follow("Leith Walk").follow("Bring in paper ballots")
    officer.attach("leith-walk.blt", ward["blt"], kind="text/plain").press("Bring them in")
    officer.sees(
        "With this file there are 10,648 more papers than voters on the roll; say why before they are taken in."
    )
    officer.attach("leith-walk.blt", ward["blt"], kind="text/plain").fill(beyond_roll_because=BECAUSE)
    officer.press("Bring them in").sees("10,649 papers of leith-walk.blt are in", BECAUSE)
    close_and_count(ballot)

    reader = visitor(amara).open(f"/riverside/votes/{ballot.pk}/result/")
    elected = [names[at] for at in known["winner_indexes_in_order"]]
    assert reader.heading == f"{', '.join(elected[:-1])} and {elected[-1]} are elected."
    reader.sees(f"{known['valid_ballots']:,}", f"The quota is {known['quota']:,}: 10,649 valid papers divided by 5")

    rows = {row[0]: row[1:] for row in stage_table(reader)}
    assert list(rows)[:4] == elected
    assert len(rows) == len(names) == 10
    assert [len(cells) for cells in rows.values()] == [len(known["stages"])] * 10
    compared = 0
    for at, name in enumerate(names):
        published = [Decimal(stage["votes"][str(at)]) for stage in known["stages"]]
        assert [figure(cell) for cell in rows[name]] == published, name
        compared += len(published)
    assert compared == 90
    for stage, act in enumerate(known["stages"]):
        reader.sees(*sentence_of(act, known["stages"][stage - 1] if stage else None, names))
    for each in (officer, reader):
        each.found_nothing_wrong()


def stage_table(reader: Person) -> list[list[str]]:
    """Name and cells of every candidate, as they stand on the page."""
    return reader.main.locator("table.stages tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.innerText))"
    )


def figure(cell: str) -> Decimal:
    """A cell's figure; who is out has nothing left."""
    if cell.split()[0] == "out":
        return Decimal(0)
    return Decimal(re.match(r"[0-9,.]+", cell)[0].replace(",", ""))


def sentence_of(act: dict, before: dict | None, names: list[str]) -> list[str]:
    """What the page has to say about a stage."""
    if before is None:
        return ["First choices are counted."]
    who = names[act["candidate"]]
    if act["action"] == "exclude":
        return [f"{who} had the fewest and is out."]
    return [f"{who} has ", " more than the quota."]
