"""``RESULTS.md``: one section a measurement; writing one leaves the others alone."""

import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).parent / "RESULTS.md"
HEAD = "# Measured\n\nWritten by `make bench`; each section says when and on what.\n"


def write_section(title, text, path=RESULTS):
    """Replace the section ``## title`` of the results by ``text``, or add it at the end."""
    stamp = f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {os.cpu_count()} CPU cores"
    section = f"## {title}\n\n*{stamp}*\n\n{text.strip()}\n"
    found = path.read_text(encoding="utf-8") if path.exists() else HEAD
    head, *others = re.split(r"^(?=## )", found, flags=re.M)
    kept = [other for other in others if other.splitlines()[0] != f"## {title}"]
    place = next((i for i, other in enumerate(others) if other.splitlines()[0] == f"## {title}"), len(kept))
    kept.insert(place, section)
    path.write_text(head.rstrip("\n") + "\n\n" + "\n".join(part.rstrip("\n") + "\n" for part in kept), encoding="utf-8")
