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

# The register's own: their views note each look, with how many rows were seen.
NOTED_THERE = frozenset(
    """
    erase members-api:application members-api:applications members-api:cases members-api:course-completions
    members-api:death members-api:enrolments members-api:history members-api:lacking members-api:member
    members-api:members members-api:register members-api:request members-api:requests members:application
    members:applications members:case members:cases members:course members:detail members:details members:households
    members:invitations members:lacking members:letter members:letters members:letters-print members:list
    members:request members:requests members:session members:undelivered members:written merge twins
    """.split()
)
# Read by officers, and nobody's data stands on them.
OF_NOBODY = frozenset(
    """
    factor-resets governance-api:attendance governance-api:board governance-api:bundle governance-api:certification
    governance-api:extensions governance-api:issues governance-api:meeting governance-api:meetings
    governance-api:nomination-call governance-api:objections governance-api:papers governance-api:receipts
    governance-api:reminders governance-api:requisitions governance-api:resolution governance-api:resolution-types
    governance-api:resolutions governance-api:strike-offs governance-api:urn governance-api:weights
    governance:attendance governance:ballot-change governance:ballot-delete governance:ballot-new governance:ballots
    governance:bundle governance:call-new governance:check governance:extend governance:freeze governance:hand-out
    governance:letter governance:letter-check governance:letter-manifest governance:letter-promises
    governance:letter-receipts governance:letter-vote governance:meeting governance:meeting-change
    governance:meeting-new governance:meetings governance:minutes governance:minutes-addendum
    governance:minutes-draw governance:minutes-pdf governance:minutes-sign governance:motion-new
    governance:nomination-form governance:nomination-photo governance:nomination-signed governance:nominations
    governance:objection-enter governance:paper governance:promises governance:proxy-printed governance:proxy-rule
    governance:proxy-signed governance:question governance:receipts governance:remind governance:requisition-answer
    governance:requisition-rule governance:requisitions governance:resolution governance:resolutions
    governance:roll-publish governance:urn governance:verifier governance:voting-letter-again
    governance:voting-letters-spoil governance:weights job join ledger-api:accounts ledger-api:agreement
    ledger-api:bank-statements ledger-api:choices ledger-api:choices-outcomes ledger-api:debit-run-lines
    ledger-api:debit-runs ledger-api:drafts ledger-api:dues-rules ledger-api:dues-runs ledger-api:entries
    ledger-api:entry ledger-api:entry-lines ledger-api:member-shares ledger-api:members-equity
    ledger-api:patronage-corrections ledger-api:patronage-import ledger-api:patronage-imports
    ledger-api:patronage-years ledger-api:payback-lines ledger-api:paybacks ledger-api:payout
    ledger-api:payout-lines ledger-api:payouts ledger-api:plan ledger-api:plan-lines ledger-api:plans
    ledger-api:share-call-lines ledger-api:share-calls ledger-api:share-classes ledger-api:statement-of
    ledger-api:unclaimed ledger-api:unclaimed-lines ledger:account ledger:account-add ledger:account-by-code
    ledger:account-change ledger:accounts ledger:balance-sheet ledger:bank-account-add ledger:bank-statement-add
    ledger:call-new ledger:call-withdraw ledger:calls ledger:choices ledger:choices-new ledger:debit-creditor
    ledger:debit-new ledger:debit-release ledger:debit-return ledger:debits ledger:document ledger:dues-rule-add
    ledger:entry ledger:entry-add ledger:entry-document ledger:entry-draft ledger:entry-limit ledger:entry-reverse
    ledger:equity ledger:equity-approve ledger:equity-new ledger:export ledger:handover ledger:income-statement
    ledger:journal ledger:mandate-add ledger:members-equity ledger:notices ledger:opening ledger:opening-take-back
    ledger:patronage ledger:patronage-correct ledger:patronage-import ledger:patronage-new ledger:patronage-reassign
    ledger:patronage-undo ledger:paying-account ledger:payment-add ledger:payment-file ledger:payout-new
    ledger:payout-release ledger:payouts ledger:period-close ledger:period-journal ledger:period-reopen
    ledger:periods ledger:plan-approve ledger:plan-edit ledger:plan-fire ledger:plan-new ledger:plan-post
    ledger:plan-void ledger:redemption-limit ledger:share-class-add ledger:surplus ledger:surplus-year
    ledger:trial-balance ledger:unclaimed ledger:unclaimed-book ledger:unclaimed-new members-api:classes
    members-api:course-requirements members-api:course-sessions members-api:courses members-api:filters
    members-api:sheet members-api:sheets members:act members:application-new members:applied members:bylaws
    members:bylaws-text members:claim members:course-edit members:course-new members:course-plan
    members:course-record members:course-record-applicant members:course-require members:courses
    members:household-new members:import members:imports members:sheets members:write office-end offices returns
    settings
    """.split()
)


def test_every_address_that_is_noted_is_one():
    assert set(every_url_name()) >= OF_ONE | OF_MANY


def test_every_address_officers_read_says_whose_data_it_shows():
    """A new page, file or operation has to stand in one of the lists; that it is the right one, ``make soak`` asks."""
    read = {each.name for each in all_cases() if each.method == "get" and each.inside and each.allowed & OFFICERS}
    lists = [OF_ONE, OF_MANY, NOTED_THERE, PUBLISHED, OF_NOBODY]
    assert sorted(read.difference(*lists)) == [], "name it in coop/looks.py, or here if it shows nobody's data"
    assert sorted(name for name in read if sum(name in each for each in lists) > 1) == []
    assert sorted((NOTED_THERE | PUBLISHED | OF_NOBODY) - read) == []


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


@pytest.mark.parametrize("name", ["governance:roll", "governance:roll-csv", "governance-api:entries"])
def test_a_look_at_a_list_says_how_many_were_seen(world, client_of, name):
    case = next(each for each in all_cases() if (each.name, each.method) == (name, "get"))
    noted, many = looked(client_of(world.samir), case.url(world), world.samir), world.roll.entries.count()
    assert noted is not None
    assert (noted.rows, many > 1) == (many, True)


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
