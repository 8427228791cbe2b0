"""Elections in and out of files: BLT, PrefLib, CSV of rankings, normalised JSON.

``read(stream, name)`` takes any of them; ``blt``, ``preflib``, ``rankings_csv`` and ``normalised`` each have
``read(stream)`` and ``write(election)``, which yields the file in pieces. ``BadFile`` names the line and the fault.
"""

from . import blt, normalised, preflib, rankings_csv
from .counting import count_election, count_file, read
from .model import BadFile, Election

__all__ = [
    "BadFile",
    "Election",
    "blt",
    "count_election",
    "count_file",
    "normalised",
    "preflib",
    "rankings_csv",
    "read",
]
