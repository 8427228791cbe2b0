"""Secret ballots ready to be released, with everybody signed in, made by the services in a process of its own.

Run as ``python -m tests.faults.ballot_story``; see ``telling.py``.
"""

from tests.faults.telling import tell

VOTERS = 5


def begin(wanted):
    """So many drafts on one roll; session cookies of the returning officer, a board member and every voter."""
    from datetime import timedelta

    from coop.kernel.models import Cooperative
    from tests.cast import make_officer
    from tests.governance.ballotbox.voter import make_secret_ballot
    from tests.governance.factories import make_roll, make_voter

    coop = Cooperative.objects.create(slug="killed", name="Killed", currency="EUR", time_zone="Europe/Berlin")
    samir, jonas = make_officer(coop, "samir", "returning_officer"), make_officer(coop, "jonas", "board")
    voters = [make_voter(coop) for _ in range(VOTERS)]
    roll, hour = make_roll(coop), timedelta(hours=1)
    drafts = [make_secret_ballot(coop, roll=roll, lasts=hour, released=False) for _ in range(wanted)]
    return {
        "slug": coop.slug,
        "ballots": [draft.pk for draft in drafts],
        "officers": [_signed_in(samir.user), _signed_in(jonas.user)],
        "voters": [_signed_in(voter.user) for voter in voters],
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
