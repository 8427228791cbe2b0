"""What officers are shown of others leaves a line in the access log: rolls, books and composed pages included."""

import os

import pytest
from django.db import transaction

from coop.looks import OF_MANY, OF_ONE
from members.models import AccessLog, Party
from tests.access.harness import OFFICERS, all_cases, every_url_name

# Shown to every member, or to the public: no look at somebody's data.
PUBLISHED = frozenset(
    """
    governance:ballot governance:paper-batch governance:papers governance:result governance:download governance:compare
    governance:manifest governance:certify governance:urn-sheet governance:release governance:election-new
    governance:minutes-one governance:nomination governance:nomination-call governance:requisition
    governance-api:ballots governance-api:ballot governance-api:result governance-api:manifest governance-api:minutes
    governance-api:minutes-one governance-api:nominations
    """.split()
)


def test_every_address_that_is_noted_is_one():
    assert set(every_url_name()) >= OF_ONE | OF_MANY


def looked(client, url: str, actor) -> AccessLog | None:
    before = set(AccessLog.objects.values_list("pk", flat=True))
    assert client.get(url).status_code == 200, url
    return AccessLog.objects.exclude(pk__in=before).filter(actor=actor.user).first()


@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("governance:roll", "board"),
        ("governance:voting-letters", "returning_officer"),
        ("ledger:holding", "treasurer"),
        ("ledger:owing", "auditor"),
        ("ledger-api:mandates", "treasurer"),
        ("members:inbox", "board"),
    ],
)
def test_a_look_is_noted(world, client_of, name, who):
    actor = world.actors[who]
    case = next(each for each in all_cases() if (each.name, each.method) == (name, "get"))
    noted = looked(client_of(actor), case.url(world), actor)
    assert noted is not None
    assert (noted.what, noted.subject) == ("member" if name in OF_ONE else "list", name)
    if name in OF_ONE:
        assert Party.objects.filter(pk=noted.about, memberships__number=case.kwargs(world)["number"]).exists()


def test_members_looking_at_their_own_leave_no_line(world, client_of):
    before = AccessLog.objects.count()
    assert client_of(world.amara).get(f"/{world.coop.slug}/").status_code == 200
    assert AccessLog.objects.count() == before


@pytest.mark.skipif("ROCHDALE_SOAK" not in os.environ, reason="make soak: every page as every officer, two minutes")
@pytest.mark.parametrize("who", sorted(OFFICERS))
def test_whoever_is_named_to_an_officer_was_looked_at(world, client_of, who):
    """Every page, file and operation an officer may read: where a member's name stands in it, a line was written."""
    actor = world.actors[who]
    known = Party.objects.filter(coop=world.coop).exclude(account=actor.user)
    names = {text for row in known.values_list("name", "email") for text in row if text}
    client, silent = client_of(actor), []
    for case in all_cases():
        if case.method != "get" or who not in case.allowed or not case.inside or case.name in PUBLISHED:
            continue
        with transaction.atomic():  # some addresses act to be there
            url, before = case.url(world), AccessLog.objects.count()
            answer = client.get(url)
            said = b"".join(answer.streaming_content) if answer.streaming else answer.content
            noted = AccessLog.objects.count() > before
            transaction.set_rollback(True)
        found = sorted(name for name in names if name.encode() in said)
        if answer.status_code == 200 and found and not noted:
            silent.append((case.id, found[:3]))
    assert silent == []
