"""A secret ballot ready to be released, with thousands signed in: what ``bench/voting.py`` begins from.

As ``ballot_story.py``, in bulk: the members come in from a file, as a co-op that moves here brings them, and the logins
and sessions are written in one statement each. Run as ``python -m tests.faults.ballot_crowd``; see ``telling.py``.
"""

import csv
import io
import time

from tests.faults.telling import tell

BACKEND = "django.contrib.auth.backends.ModelBackend"


def _members(coop, mei, how_many):
    """So many members out of a file, each with a login whose password is hashed once for all of them."""
    from django.contrib.auth.hashers import make_password

    from coop.kernel.models import User
    from members import services
    from members.models import Party
    from members.services.importing import check_lines
    from tests.members.factories import make_class

    make_class(coop)
    out = io.StringIO()
    write = csv.writer(out).writerow
    write(["number", "given_names", "family_name", "email", "admitted_on"])
    for at in range(1, how_many + 1):
        write([at, "Voter", f"No{at}", f"voter{at}@example.org", "2020-01-01"])
    usual = {"member_class": "consumer", "admitted_on": "2020-01-01", "active": True}
    batch = services.read_file(actor=mei, file_name="members.csv", data=out.getvalue().encode())
    batch = services.name_columns(actor=mei, batch=batch, mapping=batch.mapping, options=usual)
    if batch.state == "read":
        check_lines(batch, lambda done, total: None)
        batch.refresh_from_db()
    services.commit_import(actor=mei, batch=batch, members=batch.members)

    hashed, parties = make_password("sheaf-of-seven-stalks"), list(Party.objects.filter(coop=coop, email__gt=""))
    users = User.objects.bulk_create(User(email=each.email, name=each.name, password=hashed) for each in parties)
    for party, user in zip(parties, users, strict=True):
        party.account = user
    Party.objects.bulk_update(parties, ["account"], batch_size=500)
    return users


def _signed_in(users):
    """Session keys of people who have just shown who they are; the same as signing in one by one leaves behind."""
    from allauth.usersessions.models import UserSession
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session
    from django.utils.crypto import get_random_string

    from coop.kernel import clock

    sessions, seen, now = [], [], clock.now()
    for user in users:
        key, shown = get_random_string(32, "abcdefghijklmnopqrstuvwxyz0123456789"), time.time()
        data = {
            "_auth_user_id": str(user.pk),
            "_auth_user_backend": BACKEND,
            "_auth_user_hash": user.get_session_auth_hash(),
            "account_authentication_methods": [{"method": "password", "at": shown, "reauthenticated": True}],
            "account_authentication_methods_user": str(user.pk),
        }
        store = SessionStore(key)
        sessions.append(Session(session_key=key, session_data=store.encode(data), expire_date=store.get_expiry_date()))
        seen.append(UserSession(user=user, session_key=key, ip="127.0.0.1", user_agent="", last_seen_at=now))
    Session.objects.bulk_create(sessions, batch_size=1000)
    UserSession.objects.bulk_create(seen, batch_size=1000)
    return [each.session_key for each in sessions]


def begin(voters):
    """One draft on a roll of so many; session cookies of the returning officer and of every voter."""
    from datetime import timedelta

    from coop.kernel.models import Cooperative
    from tests.cast import make_officer
    from tests.governance.ballotbox.voter import make_secret_ballot
    from tests.governance.factories import make_roll

    coop = Cooperative.objects.create(slug="crowd", name="Crowd", currency="EUR", time_zone="Europe/Berlin")
    samir, mei = make_officer(coop, "samir", "returning_officer"), make_officer(coop, "mei", "secretary")
    users = _members(coop, mei, voters)
    draft = make_secret_ballot(coop, roll=make_roll(coop), lasts=timedelta(hours=1), released=False)
    officer, *cookies = _signed_in([samir.user, *users])
    return {"slug": coop.slug, "ballot": draft.pk, "officer": officer, "voters": cookies}


if __name__ == "__main__":
    tell(begin=begin)
