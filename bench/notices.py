"""10,000 statements as PDF/UA in files of a hundred for the printer, and a thousand one by one: rate and memory.

A process makes up its members' figures, so that the database has no part in it. Memory is the process's peak.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from time import perf_counter

from bench.results import write_section

PROJECT = Path(__file__).resolve().parent.parent
CASES = (("a hundred a file", 10_000, 100), ("one a file", 1_000, 1))


def one(count: int, together: int) -> dict:
    """Compile ``count`` statements, ``together`` in a file; seconds, megabytes, bytes of the files."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coop.settings")
    django.setup()
    from ledger import documents

    sheets = [_sheet(number) for number in range(count)]
    size, started = 0, perf_counter()
    for first in range(0, count, together):
        size += len(documents.compiled("statement.typ", sheets[first : first + together], None))
    seconds = perf_counter() - started
    peak = int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) // 1024
    return {"seconds": seconds, "peak": peak, "size": size}


def _sheet(number: int) -> dict:
    """What ``documents.statement_data`` gives for a member with one pool and two funds."""

    def said(amount: int) -> str:
        return f"€{amount // 100:,}.{amount % 100:02d}"

    refund, name = 1000 + number * 7, f"Member {number}"
    return {
        "lang": "en",
        "title": f"Statement 2025 · Riverside Food Co-op · {name}",
        "coop": {"name": "Riverside Food Co-op", "lines": ["Mill Lane 4", "12345 Riverside"]},
        "address": [name, "Mill Lane 9", "12345 Riverside"],
        "void": "",
        "over": "Member’s statement · year ended 31 December 2025",
        "headline": f"You get {said(refund)} now, and {said(refund)} more is yours later.",
        "lead": f"For {name}, member {number:04d}. The members decided this on 20 May 2026, by 23 to 4.",
        "why_heading": "Why this figure",
        "pools": [
            {
                "sentence": f"Your purchases were {said(refund * 50)} of €966,204.10, so your share is this part.",
                "spoken": "your purchases divided by all purchases times the pool is your refund",
                "basis": said(refund * 50),
                "basis_label": "your purchases",
                "total": "€966,204.10",
                "total_label": "all members’ purchases",
                "pool": "€28,964.00",
                "pool_label": "shared out among members",
                "share": said(refund * 2),
                "share_label": "your refund",
            }
        ],
        "paid": {
            "heading": "What you get, and when",
            "head": ["Item", "When", "Amount"],
            "rows": [["Refund in cash", "15 June", said(refund)]],
            "sum": ["In all", said(refund)],
        },
        "also": [],
        "owned": {
            "heading": "What you own in the co-op",
            "head": ["Item", "Before", "This year", "Now"],
            "rows": [["Shares", "€250.00", "€0.00", "€250.00"], ["Refunds kept", "€0.00", said(refund), said(refund)]],
            "sum": ["In all", "€250.00", said(refund), said(refund + 25000)],
        },
        "whole": {
            "heading": "Where the whole surplus went",
            "alt": "Refunds, reserve",
            "parts": [
                {"name": "Refunds", "amount": "€28,964.00", "tenths": 700, "colour": "#23583d"},
                {"name": "Reserve", "amount": "€12,413.14", "tenths": 300, "colour": "#211b14"},
            ],
        },
        "closing": "Keep this for your records.",
        "hash": "0123 4567",
    }


def main() -> None:
    """Measure, print and write the section."""
    rows = []
    for label, count, together in CASES:
        command = [sys.executable, "-m", "bench.notices", str(count), str(together)]
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
        got = json.loads(done.stdout.splitlines()[-1])
        rows.append(
            f"| {count:,} | {label} | {got['seconds']:.1f} | {count / got['seconds']:.0f} | {got['peak']} MB | "
            f"{got['size'] / count / 1024:.0f} KB |"
        )
        print(rows[-1], file=sys.stderr, flush=True)
    text = [
        "Statements of one A4 with an address, tagged and checked by the compiler as PDF/UA-1, each line one process. "
        "Memory is the process's peak.",
        "",
        "| statements | | seconds | a second | memory | size of one |",
        "|--:|---|--:|--:|--:|--:|",
        *rows,
    ]
    write_section("Notices", "\n".join(text))


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(one(int(sys.argv[1]), int(sys.argv[2]))))
    else:
        main()
