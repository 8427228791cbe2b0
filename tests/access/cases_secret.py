"""Who may come in: the pages and files of secret ballots."""

from __future__ import annotations

from datetime import timedelta

from coop.kernel import clock
from governance import services
from governance.models import Bundle
from tests.access.harness import INSIDERS, OFFICERS, Case, World
from tests.governance.ballotbox.voter import Voter, finish, make_secret_ballot
from tests.governance.factories import make_roll, membership

RETURNING = {"returning_officer"}
MEMBER = {"member"}
SIGNERS = {"returning_officer", "board", "secretary"}


def build(world: World) -> None:
    roll = make_roll(world.coop)
    world.secret_draft = make_secret_ballot(world.coop, roll=roll, title="A secret draft", released=False)
    world.secret_ballot = make_secret_ballot(world.coop, roll=roll, title="A new board", lasts=timedelta(days=3))
    services.extend_ballot(
        actor=world.samir,
        ballot=world.secret_ballot,
        until=world.secret_ballot.closes_at + timedelta(hours=3),
        because="The server was down on Sunday.",
    )
    world.secret_counted = make_secret_ballot(world.coop, roll=roll, title="Last year’s board")
    voter = Voter(world.amara, world.secret_counted)
    voter.take()
    voter.cast([[2, 0], [0]])
    finish(world.secret_counted)
    world.urn_ballot = make_secret_ballot(world.coop, roll=roll, title="With an urn")
    services.hand_out_paper(actor=world.samir, ballot=world.urn_ballot, number=membership(world.amara).number)
    with clock.at(world.urn_ballot.closes_at):
        services.close_due()
    services.enter_paper(actor=world.samir, ballot=world.urn_ballot, sheet=1, marks=[[0], [1]])


def draft(world: World) -> dict:
    return {"pk": world.secret_draft.pk}


def released(world: World) -> dict:
    return {"pk": world.secret_ballot.pk}


def counted(world: World) -> dict:
    return {"pk": world.secret_counted.pk}


def with_urn(world: World) -> dict:
    return {"pk": world.urn_ballot.pk}


def an_hour_more(world: World) -> dict:
    world.secret_ballot.refresh_from_db()
    return {"until": world.secret_ballot.closes_at + timedelta(hours=1), "because": "So that the post arrives."}


CASES = [
    Case("governance:ballot", OFFICERS, draft, query="?secret-draft", viewers=("returning_officer",)),
    Case("governance:ballot", OFFICERS, released, query="?secret", viewers=("returning_officer",)),
    Case("governance:ballot-change", RETURNING, draft, query="?secret"),
    Case("governance:release", RETURNING, draft, query="?secret"),
    Case("governance:turnout", OFFICERS, released, query="?secret", viewers=("secretary",)),
    Case("governance:turnout", OFFICERS, counted, query="?secret-counted", viewers=("auditor",)),
    Case("governance:open-box", RETURNING, released, method="post"),
    Case("governance:extend", RETURNING, released),
    Case("governance:extend", RETURNING, released, method="post", data=lambda w: {"because": ""}),
    Case("governance:vote", MEMBER, released, query="?secret"),
    Case("governance:credential", MEMBER, released, method="post"),
    Case("governance:manifest", INSIDERS, released, html=False),
    Case("governance:check", INSIDERS, released, viewers=("member", "board")),
    Case("governance:check", INSIDERS, counted, query="?counted", viewers=("member",)),
    Case("governance:receipts", INSIDERS, counted, html=False),
    Case("governance:bundle", INSIDERS, counted, html=False),
    Case("governance:verifier", INSIDERS, counted, html=False),
    Case("governance:promises", INSIDERS, released, viewers=("member", "board")),
    Case("governance:promises", INSIDERS, counted, query="?counted", viewers=("member",)),
    Case("governance:result", INSIDERS, counted, query="?secret", viewers=("member",)),
    Case("governance:paper", SIGNERS, released, html=False),
    Case("governance:hand-out", RETURNING, released, viewers=("returning_officer",)),
    Case("governance:hand-out", RETURNING, released, method="post", data=lambda w: {"number": 1, "channel": "x"}),
    Case("governance:urn", OFFICERS, with_urn, viewers=("returning_officer", "auditor")),
    Case("governance:urn", OFFICERS, counted, query="?counted", viewers=("auditor",)),
    Case("governance:urn", RETURNING, with_urn, method="post"),
    Case("governance:urn-sheet", SIGNERS, with_urn, viewers=("secretary",)),
    Case("governance:urn-sheet", SIGNERS, with_urn, method="post", data=lambda w: {"sheet": "x"}),
    Case("governance:certify", SIGNERS, counted, viewers=("returning_officer",)),
    Case("governance:certify", SIGNERS, counted, method="post", data=lambda w: {"seen": "0" * 64}),
    Case("governance-api:certification", INSIDERS, counted, api=True, html=False),
    Case("governance-api:extensions", INSIDERS, released, api=True, html=False),
    Case("governance-api:extensions", RETURNING, released, method="post", data=an_hour_more, api=True, html=False),
    Case(
        "governance-api:certification",
        SIGNERS,
        counted,
        method="post",
        data=lambda w: {"seen": Bundle.objects.get(ballot=w.secret_counted).sha256},
        api=True,
        html=False,
    ),
]
