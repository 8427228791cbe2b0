"""Who may come in: the pages and files of secret ballots."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta

from coop.kernel import clock
from governance import services
from governance.models import Bundle
from tests.access.harness import EVERYBODY, INSIDERS, OFFICERS, Case, World
from tests.governance.ballotbox.voter import Voter, finish, make_secret_ballot
from tests.governance.factories import JOINED, make_organisation, make_roll, membership
from tests.members.factories import make_member

RETURNING = {"returning_officer"}
POSTED = {"email": "", "street": "Mill Lane 7", "postcode": "10115", "place": "Berlin"}
MEMBER = {"member"}
BEHIND_A_CODE = ("vote", "manifest", "check", "receipts", "promises")  # without one, back to where it is typed
SIGNERS = {"returning_officer", "board", "secretary"}


def build(world: World) -> None:
    for name in ("Ruth Ames", "Felix Oyelaran"):
        make_member(world.coop, name=name, on=JOINED, **POSTED)
    roll = make_roll(world.coop)
    world.secret_draft = make_secret_ballot(world.coop, roll=roll, title="A secret draft", released=False)
    world.secret_ballot = make_secret_ballot(world.coop, roll=roll, title="A new board", lasts=timedelta(days=3))
    services.extend_ballot(
        actor=world.samir,
        ballot=world.secret_ballot,
        until=world.secret_ballot.closes_at + timedelta(hours=3),
        because="The server was down on Sunday.",
    )
    world.organisation = make_organisation(world.coop)
    again = {"number": membership(world.amara).number, "because": "No login at hand."}
    services.reissue_voting_letter(actor=world.samir, ballot=world.secret_ballot, address="https://x.test/", **again)
    world.secret_counted = make_secret_ballot(world.coop, roll=roll, title="Last year’s board")
    voter = Voter(world.amara, world.secret_counted)
    voter.take()
    voter.cast([[2, 0], [0]])
    finish(world.secret_counted)
    world.published_roll, world.quiet_roll = make_roll(world.coop), make_roll(world.coop)
    until = clock.now() + timedelta(days=5)
    services.publish_roll(actor=world.samir, roll=world.published_roll, until=until)
    world.objection = services.object_to_roll(
        actor=world.samir, roll=world.published_roll, by=membership(world.amara).number, because="My share was paid."
    )
    world.urn_ballot = make_secret_ballot(world.coop, roll=roll, title="With an urn")
    services.hand_out_paper(actor=world.samir, ballot=world.urn_ballot, number=membership(world.amara).number)
    with clock.at(world.urn_ballot.closes_at):
        services.close_due()
    services.enter_paper(actor=world.samir, ballot=world.urn_ballot, sheet=1, marks=[[0], [1]])
    world.read_urn = make_secret_ballot(world.coop, roll=roll, title="With an urn that two have read", board=())
    services.hand_out_paper(actor=world.samir, ballot=world.read_urn, number=membership(world.amara).number)
    with clock.at(world.read_urn.closes_at):
        services.close_due()
    for clerk in (world.samir, world.mei):
        services.enter_paper(actor=clerk, ballot=world.read_urn, sheet=1, marks=[[0]])


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


def at_roll(world: World) -> dict:
    return {"pk": world.published_roll.pk}


def unpublished(world: World) -> dict:
    return {"pk": world.quiet_roll.pk}


def objected(world: World) -> dict:
    return {"pk": world.objection.pk}


def in_a_week(world: World) -> dict:
    return {"until": (clock.now() + timedelta(days=7)).isoformat()}


def about_another(world: World) -> dict:
    return {"about": world.suspended.number, "because": "They moved away."}


def for_another(world: World) -> dict:
    return about_another(world) | {"by": world.leaving.number}


def with_read_urn(world: World) -> dict:
    return {"pk": world.read_urn.pk}


def turned_down(world: World) -> dict:
    return {"upheld": False, "because": "The register is right."}


CASES = [
    Case("governance:published-rolls", MEMBER),
    Case("governance:my-roll", MEMBER, at_roll),
    Case("governance:my-roll", MEMBER, at_roll, method="post"),
    Case("governance:roll-objections", OFFICERS, at_roll, viewers=("returning_officer", "auditor")),
    Case("governance:roll-objections", OFFICERS, unpublished, query="?quiet", viewers=("returning_officer",)),
    Case("governance:weights", OFFICERS, viewers=("returning_officer", "auditor")),
    Case("governance:weights", RETURNING, method="post"),
    Case("governance:roll-publish", RETURNING, unpublished),
    Case("governance:roll-publish", RETURNING, unpublished, method="post"),
    Case("governance:objection-enter", RETURNING, at_roll),
    Case("governance:objection-enter", RETURNING, at_roll, method="post"),
    Case("governance:objection-rule", RETURNING, objected),
    Case("governance:objection-rule", RETURNING, objected, method="post"),
    Case("governance:ballot", OFFICERS, draft, query="?secret-draft", viewers=("returning_officer",)),
    Case("governance:ballot", OFFICERS, released, query="?secret", viewers=("returning_officer",)),
    Case("governance:ballot-change", RETURNING, draft, query="?secret"),
    Case("governance:release", RETURNING, draft, query="?secret"),
    Case("governance:turnout", OFFICERS, released, query="?secret", viewers=("secretary",)),
    Case("governance:turnout", OFFICERS, counted, query="?secret-counted", viewers=("auditor",)),
    Case("governance:open-box", RETURNING, released, method="post"),
    Case("governance:remind", RETURNING, released),
    Case("governance:remind", RETURNING, released, method="post"),
    Case("governance:my-reminders", MEMBER),
    Case("governance:my-reminders", MEMBER, method="post"),
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
    Case("governance:voting-letters", OFFICERS, released, viewers=("returning_officer", "auditor")),
    Case("governance:voting-letters", OFFICERS, counted, query="?counted", viewers=("auditor",)),
    Case("governance:voting-letters-print", RETURNING, released, method="post", html=False),
    Case("governance:voting-letter-again", RETURNING, released),
    Case("governance:voting-letter-again", RETURNING, released, method="post", data=lambda w: {"because": ""}),
    Case("governance:voting-letters-spoil", RETURNING, released),
    Case("governance:voting-letters-spoil", RETURNING, released, method="post", data=lambda w: {"because": ""}),
    Case("governance:letter", EVERYBODY, viewers=("anonymous", "member")),
    Case("governance:letter", EVERYBODY, method="post", data=lambda w: {"code": "ABCD-EFGH-JKMN"}),
    Case("governance:letter-credential", EVERYBODY, method="post", html=False),
    Case("governance:letter-forget", EVERYBODY, method="post"),
    *(Case(f"governance:letter-{name}", EVERYBODY, html=False) for name in BEHIND_A_CODE),
    Case("governance:certify", SIGNERS, counted, viewers=("returning_officer",)),
    Case("governance:certify", SIGNERS, counted, method="post", data=lambda w: {"seen": "0" * 64}),
    Case("governance-api:certification", INSIDERS, counted, api=True, html=False),
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


def of_an_organisation(world: World) -> dict:
    facts = {"votes": 3, "effective_on": "2030-01-01", "because": "§ 12 of the by-laws"}
    return facts | {"number": world.organisation.number}


def a_token(world: World) -> dict:
    return {"blinded": [base64.b64encode(Voter(world.amara, world.secret_ballot).blind()).decode()]}


def a_paper(world: World) -> dict:
    return {"number": world.leaving.number, "channel": "post"}


def as_samir_read(world: World) -> dict:
    return {"sheet": 1, "marks": [[0], [1]]}


API = [
    Case("governance-api:weights", OFFICERS),
    Case("governance-api:weights", RETURNING, method="post", data=of_an_organisation),
    Case("governance-api:manifest", INSIDERS, released),
    Case("governance-api:credential", MEMBER, released),
    Case("governance-api:credential", MEMBER, released, method="post", data=a_token),
    Case("governance-api:receipts", INSIDERS, counted),
    Case("governance-api:board", INSIDERS, released),
    Case("governance-api:bundle", INSIDERS, counted),
    Case("governance-api:strike-offs", OFFICERS, released),
    Case("governance-api:strike-offs", RETURNING, released, method="post", data=a_paper),
    Case("governance-api:urn", OFFICERS, with_urn),
    Case("governance-api:urn-sheets", SIGNERS, with_urn, method="post", data=as_samir_read),
    Case("governance-api:urn-settle", RETURNING, with_read_urn, method="post"),
    Case("governance-api:open-box", RETURNING, with_urn, method="post"),
    Case("governance-api:extensions", INSIDERS, released),
    Case("governance-api:extensions", RETURNING, released, method="post", data=an_hour_more),
    Case("governance-api:reminders", OFFICERS, released),
    Case("governance-api:reminders", RETURNING, released, method="post"),
    Case("governance-api:my-reminders", MEMBER, method="put", data=lambda w: {"wanted": False}),
    Case("governance-api:roll-publication", RETURNING, unpublished, method="post", data=in_a_week),
    Case("governance-api:objections", OFFICERS, at_roll),
    Case("governance-api:objections", MEMBER, at_roll, method="post", data=about_another),
    Case("governance-api:objections", RETURNING, at_roll, method="post", query="?by", data=for_another),
    Case("governance-api:objection-ruling", RETURNING, objected, method="post", data=turned_down),
]
CASES += [replace(case, api=True, html=False) for case in API]
