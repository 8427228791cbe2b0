"""A co-op that is about to elect the councillors of a ward, made in a process of its own in a new installation.

Run as ``python -m tests.e2e.ward FILE`` in the environment of a data folder; FILE is the election as published.
"""

import json
import os
import sys
from pathlib import Path


def prepare(file: str) -> None:
    """The returning officer, one member with a login, the roll, and a draft with the ward's candidates."""
    from tests.cast import OFFICES, make_coop, make_officer
    from tests.e2e.logins import with_login
    from tests.governance.factories import make_ballot, make_roll, make_voter

    ward = json.loads(Path(file).read_bytes())
    coop = make_coop()
    for actor in (make_officer(coop, "samir", *OFFICES["samir"]), make_voter(coop, "amara")):
        with_login(actor.user)
    make_ballot(
        coop,
        roll=make_roll(coop),
        board=ward["candidates"],
        seats=ward["seats"],
        motion="",
        title="Leith Walk",
        released=False,
    )


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coop.settings")
    django.setup()
    prepare(*sys.argv[1:])
