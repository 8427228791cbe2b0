"""A council ward's papers, brought in by a returning officer in the browser: the page shows what was published.

City of Edinburgh, 4 May 2017, ward 12 Leith Walk, counted by the rules of SI 2007/42; source and trust stand in the
election's file. Beat closes the ballot and the worker counts it, as processes of their own. What is compared is read
off the page: the sentence, the order, and every cell of the stage table.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal

import pytest

from governance.exchange import blt, normalised
from tests.conformance import elections
from tests.e2e import story
from tests.e2e.houses import new_house
from tests.e2e.people import PHONE, Person
from tests.faults import processes

pytestmark = [pytest.mark.browser, pytest.mark.conformance, pytest.mark.timeout(600)]
WARD = "edinburgh2017_ward_12_leith_walk.json"
BECAUSE = "A public election; its register is the council's."


@pytest.fixture
def ward() -> dict:
    """The election as published, and its papers as the BLT file a counting hall hands out."""
    path = elections.needed(WARD)
    raw = path.read_bytes()
    with path.open("rb") as file:
        papers = "".join(blt.write(normalised.read(file))).encode()
    return {**json.loads(raw), "blt": papers, "path": str(path.resolve())}


@pytest.fixture
def house(ward, prepared):
    """A real installation in which the ward's ballot is a draft."""
    with new_house(prepared) as up:
        command = [sys.executable, "-m", "tests.e2e.ward", ward["path"]]
        made = subprocess.run(
            command,
            env=processes.environment(up.folder),
            cwd=processes.PROJECT,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert made.returncode == 0, made.stderr
        yield up


@pytest.fixture
def visitor(chromium, house):
    """Somebody with a browser of their own, who signs in by a code sent to them."""
    made = []

    def make(who: str, **more) -> Person:
        made.append(Person(chromium, house.url, who, email=f"{who}@example.org", **more))
        return made[-1].signs_in()

    yield make
    for each in made:
        each.context.close()


def test_leith_walk_on_the_result_page(ward, visitor):
    known, names, began = ward["expected"], ward["candidates"], story.now()
    reader, officer = visitor("amara", width=PHONE), visitor("samir")
    officer.open("/riverside/ballots/").follow("Leith Walk")
    officer.follow("Change", within=officer.main.get_by_role("region", name="The ballot"))
    opens = story.now()
    closes = (opens + max(timedelta(seconds=8), 2 * (opens - began))).replace(microsecond=0)
    officer.fill(opens_at=story.as_typed(opens), closes_at=story.as_typed(closes)).press("Keep it")
    officer.follow("Read it and release").press("Release the ballot").follow("Bring in paper ballots")
    officer.attach("leith-walk.blt", ward["blt"], kind="text/plain").press("Bring them in")
    officer.sees(
        "With this file there are 10,648 more papers than voters on the roll; say why before they are taken in."
    )
    officer.attach("leith-walk.blt", ward["blt"], kind="text/plain").fill(beyond_roll_because=BECAUSE)
    officer.press("Bring them in").sees("10,649 papers of leith-walk.blt are in", BECAUSE)

    reader.page.wait_for_timeout(max(0, (closes - story.now()).total_seconds()) * 1000)
    reader.open("/riverside/votes/").waits_for("Counted").follow("Result")
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
