"""What lies beside the project and is read in place: real elections, vectors, worked examples, published schemas.

``$CONFORMANCE_DATA`` names the folder; without it, it is ``../shared/data``. What a test needs and the machine does
not have, a file here or a program, is a skip on a desk and a failure where ``CI=true``.
"""

import os
from pathlib import Path
from typing import NoReturn

import pytest

DATA = Path(os.environ.get("CONFORMANCE_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")


def missing(words: str) -> NoReturn:
    """Skip the test with these words; fail it where nothing may be skipped."""
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(words)
    pytest.skip(words, allow_module_level=True)  # vectors are read where tests are collected


def needed(*parts: str) -> Path:
    """The path of a file or folder in DATA, which is there."""
    path = DATA.joinpath(*parts)
    if not path.exists():
        missing(f"There is no {'/'.join(parts)} in {DATA}; set CONFORMANCE_DATA to the folder that holds it.")
    return path
