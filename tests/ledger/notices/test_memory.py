"""File after file for the printer: the memory of the process does not grow with them."""

import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
FILES = """
import django
django.setup()
from bench.notices import _sheet
from coop.kernel.paper import compiled

def resident():
    return int(open("/proc/self/status").read().split("VmRSS:")[1].split()[0]) // 1024

seen = []
for file in range(4):
    compiled("statement.typ", [_sheet(number) for number in range(file * 40, file * 40 + 40)], None)
    seen.append(resident())
print(*seen)
"""


def test_four_files_need_what_one_needs():
    done = subprocess.run(
        [sys.executable, "-c", FILES],
        cwd=PROJECT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "coop.settings"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    first, *_between, last = map(int, done.stdout.split())
    assert last < first + 30, done.stdout  # without forgetting, each file of forty adds about thirty megabytes
