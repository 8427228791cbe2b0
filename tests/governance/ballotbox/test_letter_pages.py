"""The pages of voting letters: the officer's desk and its file, and the way of somebody who types a code."""

from __future__ import annotations

import base64
import shutil
import subprocess
from datetime import timedelta

import pytest
from django.test import Client

from coop.kernel import clock
from governance import services
from governance.documents_letters import voting_letters_pdf
from governance.models import RollEntry, StrikeOff, VotingLetter
from governance.selectors import letters as known
from tests.governance.factories import membership

from .test_voting_letter_promises import codes_of
from .test_voting_letters import PAGE, again, by_letter, make, printed, without_mail  # noqa: F401 - a fixture
from .voter import electorate, finish

pytestmark = pytest.mark.django_db
DESK = "/riverside/ballots/{}/letters/"


@pytest.fixture
def letters(coop, samir, printed, fresh_limits):  # noqa: F811
    """An open ballot; Ruth and Felix have letters, Ruth's code is ``ballot.code``."""
    ruth, _felix = without_mail(coop, 2)
    ballot, _voters = electorate(coop, 5)
    make(samir, ballot)
    ballot.ruth, ballot.code = ruth, printed[ruth.number]
    return ballot


def ask(client, ballot, blinded):
    said = {"blinded": [base64.b64encode(blinded).decode()]}
    return client.post("/riverside/letter/credential/", said, content_type="application/json")


def test_somebody_without_a_login_types_the_code_and_votes(letters, samir, client_of):
    client = Client()
    assert client.get("/riverside/letter/paper/").url == "/riverside/letter/"
    wrong = client.post("/riverside/letter/", {"code": "WRNG-WRNG-WRNG"})
    assert wrong.status_code == 422
    assert "This code opens no ballot now" in wrong.content.decode()
    session = client.session.session_key
    right = client.post("/riverside/letter/", {"code": letters.code.lower()})
    assert (right.status_code, right.url) == (302, "/riverside/letter/paper/")
    assert client.session.session_key != session or session is None
    assert letters.code not in str(dict(client.session))
    page = client.get(right.url).content.decode()
    assert f'data-who="{letters.ruth.number}"' in page
    assert 'data-credential="/riverside/letter/credential/"' in page
    assert client.get("/riverside/letter/manifest.json").status_code == 200
    assert client.get("/riverside/letter/receipts.txt").status_code == 404, "none before the opening"

    voter = by_letter(letters, VotingLetter.objects.get(entry__number=letters.ruth.number))
    first = ask(client, letters, voter.blind())
    assert first.status_code == 200
    assert ask(client, letters, voter.blind()).json() == first.json()
    assert ask(client, letters, b"\x01" * 384).status_code == 409
    assert StrikeOff.objects.get().letter_id == voter.letter.pk
    urn = client_of(samir).get(f"/riverside/ballots/{letters.pk}/urn/").content.decode()
    assert "One of those online used the code of a voting letter." in urn
    voter.take()
    voter.cast([[0], [0]])
    finish(letters)
    with clock.at(letters.closes_at + timedelta(minutes=1)):
        assert client.get("/riverside/letter/paper/").url == "/riverside/letter/check/"
        assert voter.receipt in client.get("/riverside/letter/receipts.txt").content.decode()
        assert client.get("/riverside/letter/check/").status_code == 200
        assert client.get("/riverside/letter/promises/").status_code == 200
        assert client.post("/riverside/letter/", {"code": letters.code}).status_code == 422
    assert client.post("/riverside/letter/forget/").status_code == 302
    assert client.get("/riverside/letter/check/").url == "/riverside/letter/"


def test_after_two_hours_or_a_spoiled_letter_the_code_is_asked_for_again(letters, samir):
    client = Client()
    client.post("/riverside/letter/", {"code": letters.code})
    voter = by_letter(letters, VotingLetter.objects.get(entry__number=letters.ruth.number))
    with clock.at(clock.now() + timedelta(hours=2)):
        later = ask(client, letters, voter.blind()).json()
    assert (later["code"], later["url"]) == ("reauthenticate", "/riverside/letter/")
    services.spoil_voting_letters(actor=samir, ballot=letters, number=letters.ruth.number, because="Lost.")
    assert ask(client, letters, voter.blind()).json()["code"] == "reauthenticate"
    assert client.get("/riverside/letter/paper/").url == "/riverside/letter/"
    assert not StrikeOff.objects.exists()


def test_a_letter_of_one_coop_opens_nothing_in_another(letters, other_coop):
    client = Client()
    elsewhere = f"/{other_coop.slug}/letter/"
    assert client.post(elsewhere, {"code": letters.code}).status_code == 422
    client.post("/riverside/letter/", {"code": letters.code})
    assert client.get(f"{elsewhere}paper/").url == elsewhere


def test_the_desk_makes_one_file_and_says_what_became_of_it(coop, samir, client_of):
    without_mail(coop, 2)
    ballot, voters = electorate(coop, 5)
    desk, client = DESK.format(ballot.pk), client_of(samir)
    assert "2 members wait for a voting letter" in client.get(desk).content.decode()
    file = client.post(f"{desk}print/")
    assert file["Content-Type"] == "application/pdf"
    assert f"voting-letters-{ballot.pk}-1.pdf" in file["Content-Disposition"]
    assert "no-store" in file["Cache-Control"]
    assert len(codes_of(file.content)) == 2
    twice = client.post(f"{desk}print/")
    assert twice.status_code == 422
    assert "Everybody whom no e-mail reaches" in twice.content.decode()
    number = membership(voters[0].actor).number
    one = client.post(f"{desk}again/", {"number": number, "because": "No login at hand."})
    assert len(codes_of(one.content)) == 1
    assert client.post(f"{desk}spoil/", {"batch": 1, "because": "The printer jammed."}).url == desk
    page = client.get(desk).content.decode()
    assert "The printer jammed." in page
    assert "Make 2 letters" in page
    stale = Client()
    stale.force_login(samir.user, backend="django.contrib.auth.backends.ModelBackend")
    assert "/accounts/reauthenticate/" in stale.post(f"{desk}print/").url, "not without showing who it is"


@pytest.mark.parametrize("many", [1, 3])
def test_the_desk_asks_the_same_whatever_the_number(coop, samir, client_of, django_assert_num_queries, many):
    without_mail(coop, many)
    ballot, voters = electorate(coop, 5)
    for voter in voters[:many]:
        for because in ("No login at hand.", "It came back."):
            again(samir, ballot, membership(voter.actor).number, because)
    client = client_of(samir)
    client.get(DESK.format(ballot.pk))
    with django_assert_num_queries(12):
        client.get(DESK.format(ballot.pk))


def test_letters_are_one_sheet_each_for_a_window_envelope(coop, samir):
    (ruth,) = without_mail(coop, 1)
    ballot, _voters = electorate(coop, 5)
    entry = RollEntry.objects.get(roll=ballot.voters, number=ruth.number)
    lines = known.addresses(coop.pk, clock.today(coop))[ruth.party_id]
    assert lines == ["Mill Lane 7", "10115 Berlin"]
    sheets = [(entry, lines, f"ABCD-EFGH-JKM{at}") for at in range(2, 5)]
    pdf = voting_letters_pdf(ballot, sheets, PAGE, clock.now())
    assert codes_of(pdf) == ["ABCD-EFGH-JKM2", "ABCD-EFGH-JKM3", "ABCD-EFGH-JKM4"]
    if shutil.which("pdfinfo"):
        said = subprocess.run(["pdfinfo", "-"], input=pdf, capture_output=True, check=True).stdout.decode()
        assert "Pages:           3" in said
