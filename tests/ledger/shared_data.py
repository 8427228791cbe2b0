"""The worked examples, schemas and fixtures that stand beside the project and are read in place."""

import json
import os
from pathlib import Path

FOLDER = Path(os.environ.get("CONFORMANCE_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))


def example(name):
    """One worked example by its id."""
    return json.loads((FOLDER / "patronage" / f"{name}.json").read_text())


def example_ids():
    """The ids of every example in the folder; none where the folder is not here."""
    return sorted(json.loads(path.read_text())["id"] for path in (FOLDER / "patronage").glob("*.json"))
