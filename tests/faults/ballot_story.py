"""Secret ballots ready to be released, with everybody signed in, made by the services in a process of its own.

Run as ``python -m tests.faults.ballot_story``; see ``telling.py``.
"""

from tests.faults.telling import tell

VOTERS = 5


def _voters(coop, how_many):
    """Members with a login, whose password is hashed once for all of them."""
    from django.contrib.auth.hashers import make_password

    from coop.kernel.models import User
    from tests.governance.factories import JOINED
    from tests.members.factories import make_member

    hashed = make_password("sheaf-of-seven-stalks")
    for at in range(how_many):
        user = User.objects.create(email=f"voter{at}@example.org", name=f"Voter {at}", password=hashed)
        make_member(coop, user=user, on=JOINED)
        yield user


def begin(wanted, voters=VOTERS):
    """So many drafts on one roll; session cookies of the returning officer, a board member and every voter."""
    from datetime import timedelta

    from coop.kernel.models import Cooperative
    from tests.cast import make_officer
    from tests.governance.ballotbox.voter import make_secret_ballot
    from tests.governance.factories import make_roll

    coop = Cooperative.objects.create(slug="killed", name="Killed", currency="EUR", time_zone="Europe/Berlin")
    samir, jonas = make_officer(coop, "samir", "returning_officer"), make_officer(coop, "jonas", "board")
    users = list(_voters(coop, voters))
    roll, hour = make_roll(coop), timedelta(hours=1)
    drafts = [make_secret_ballot(coop, roll=roll, lasts=hour, released=False) for _ in range(wanted)]
    return {
        "slug": coop.slug,
        "ballots": [draft.pk for draft in drafts],
        "officers": [_signed_in(samir.user), _signed_in(jonas.user)],
        "voters": [_signed_in(user) for user in users],
    }


def _signed_in(user):
    """A session of somebody who has just shown who they are; good for an hour of faults."""
    from django.conf import settings
    from django.test import Client

    from tests.cast import show_who_it_is

    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    show_who_it_is(client, user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


if __name__ == "__main__":
    tell(begin=begin)
