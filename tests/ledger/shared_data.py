"""The worked examples of distributions."""

import json

from tests.beside import DATA, needed


def example(name):
    """One worked example by its id."""
    return json.loads(needed("patronage", f"{name}.json").read_text())


def example_ids():
    """The ids of every example in the folder; none where the folder is not here."""
    return sorted(json.loads(path.read_text())["id"] for path in (DATA / "patronage").glob("*.json"))
