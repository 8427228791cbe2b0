"""What the database refuses about voting letters, by raw SQL as its role and as the owner, and races over them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from coop.kernel.errors import Refused
from coop.kernel.models import Mail
from governance import codes, keyring, services
from governance.models import StrikeOff, VotingLetter
from members.models import PaperLetter
from tests.beside import missing
from tests.governance.factories import membership
from tests.governance.test_concurrency import at_once
from tests.governance.test_database_promises import owner_refused, refused

from . import insider
from .test_voting_letters import again, by_letter, make, typed, without_mail
from .voter import electorate, finish

pytestmark = pytest.mark.django_db(transaction=True)
LETTER = """
    INSERT INTO governance_votingletter
        (coop_id, ballot_id, entry_id, batch, digest, made_at, spoiled_because)
    VALUES (%s, %s, %s, 9, encode(sha256(random()::text::bytea), 'hex'), {at}, '')
"""
STRIKE = """
    INSERT INTO governance_strikeoff
        (coop_id, ballot_id, entry_id, channel, blinded_hash, letter_id, struck_by_id, struck_at)
    VALUES (%s, %s, %s, '{channel}', '{hash}', %s, {by}, now())
"""
BLINDED = "0" * 64


def strike(ballot, entry, letter, says, channel="online", by="NULL", hash=BLINDED):  # noqa: A002
    sql = STRIKE.format(channel=channel, by=by, hash=hash)
    refused(sql, ballot.coop_id, ballot.pk, entry, letter, says=says)


def test_the_database_holds_letters_to_their_line_and_to_one_use(coop, samir):
    ruth, felix, _mona = without_mail(coop, 3)
    ballot, _voters = electorate(coop, 5)
    make(samir, ballot)
    first, second, third = VotingLetter.objects.order_by("entry__number")
    strike(ballot, second.entry_id, first.pk, says="only a letter of this line")
    strike(ballot, first.entry_id, first.pk, says="struck_off_by_a_letter_alone", by=samir.user_id)
    strike(ballot, first.entry_id, first.pk, says="struck_off_by_a_letter_alone", channel="paper", hash="")
    line = (coop.pk, ballot.pk, first.entry_id)
    refused(LETTER.format(at="now()"), *line, says="voting_letter_one_a_line")
    for change in ("digest = repeat('0', 64)", f"entry_id = {second.entry_id}", "batch = 9", "made_by_id = NULL"):
        refused(
            f"UPDATE governance_votingletter SET {change} WHERE id = {first.pk}", says="spoiled once and not changed"
        )
    refused("UPDATE governance_votingletter SET spoiled_at = now()", says="voting_letter_spoiled_with_a_reason")
    refused("DELETE FROM governance_votingletter", says="permission denied")
    owner_refused("DELETE FROM governance_votingletter", says="spoiled, not deleted")
    owner_refused("TRUNCATE governance_votingletter CASCADE", says="append-only")

    services.spoil_voting_letters(actor=samir, ballot=ballot, number=felix.number, because="It came back.")
    strike(ballot, second.entry_id, second.pk, says="only a letter of this line that stands")
    for change in ("spoiled_at = NULL, spoiled_because = ''", "spoiled_because = 'another reason'"):
        refused(f"UPDATE governance_votingletter SET {change} WHERE id = {second.pk}", says="spoiled once")

    by_letter(ballot, first).take()
    spoil = "UPDATE governance_votingletter SET spoiled_at = now(), spoiled_because = 'x' WHERE id = "
    refused(spoil + str(first.pk), says="that was used is not spoiled")
    owner_refused(spoil + str(first.pk), says="that was used is not spoiled")
    strike(ballot, first.entry_id, first.pk, says="struck_off_once")
    refused("UPDATE governance_strikeoff SET letter_id = NULL", says="permission denied")
    owner_refused("UPDATE governance_strikeoff SET letter_id = NULL", says="Cannot update")
    refused(LETTER.format(at="now()"), *line, says="was not struck off")

    finish(ballot)
    line = (coop.pk, ballot.pk, third.entry_id)
    refused(LETTER.format(at="now()"), *line, says="between release and close")
    strike(ballot, third.entry_id, third.pk, says="the ballot is not open")
    assert ruth.number == first.entry.number


def codes_of(pdf: bytes) -> list[str]:
    try:
        text = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True).stdout
    except FileNotFoundError:
        missing("pdftotext is not installed; it is in Debian's poppler-utils.")
    found = [word for word in text.decode().split() if len(word) == 14 and word.count("-") == 2]
    assert all(set(codes.plain(each)) <= set(codes.LETTERS) for each in found)
    return found


def test_the_code_stands_on_paper_and_in_no_table_letter_or_queue(coop, samir):
    (ruth,) = without_mail(coop, 1)
    ballot, _voters = electorate(coop, 5)
    (code,) = codes_of(make(samir, ballot).pdf)
    letter = typed(coop, code)
    assert letter.entry.number == ruth.number
    by_letter(ballot, letter).take()
    dump = insider.whole_dump() + insider.broker_bytes()
    assert letter.digest.encode() in dump, "the dump holds what is looked for in it"
    for part in (code, codes.plain(code), codes.plain(code).lower()):
        assert part.encode() not in dump
    assert keyring.letters(ballot.pk) not in dump
    assert keyring.letters(ballot.pk).hex().encode() not in dump
    assert not PaperLetter.objects.filter(text__contains=code).exists()
    assert not Mail.objects.filter(text__contains=code).exists()
    place = Path(os.fspath(keyring.folder())) / str(ballot.pk)
    assert (place / "letters.key").stat().st_mode & 0o777 == 0o600
    finish(ballot)
    assert not place.exists(), "it died with the other keys"


def answers_of(*acts) -> list[str]:
    def run(act):
        try:
            act()
        except Refused as refused_:
            return refused_.code
        return "struck"

    found = at_once(len(acts), run, acts)
    assert not [each for each in found if isinstance(each, Exception)], found
    return sorted(found)


def test_one_code_in_two_browsers_at_once_is_one_credential(coop, samir):
    members = without_mail(coop, 3)
    ballot, _voters = electorate(coop, 5)
    make(samir, ballot)
    for member in members:
        letter = VotingLetter.objects.get(entry__number=member.number)
        browsers = [by_letter(ballot, letter) for _ in range(4)]
        for each in browsers:
            each.blind()
        assert answers_of(*(each.ask for each in browsers)) == ["issued", "issued", "issued", "struck"]
    assert StrikeOff.objects.count() == 3


def test_a_code_races_the_login_the_paper_at_the_door_and_its_own_spoiling(coop, samir):
    ballot, voters = electorate(coop, 6)
    for voter in voters:
        number = membership(voter.actor).number
        again(samir, ballot, number, "No login at hand.")
        letter = VotingLetter.objects.get(entry__number=number)
        coded = by_letter(ballot, letter)
        coded.blind()
        voter.blind()
        hand_out = lambda n=number: services.hand_out_paper(actor=samir, ballot=ballot, number=n)  # noqa: E731
        said = answers_of(coded.ask, voter.ask, hand_out)
        assert said.count("struck") == 1
        assert set(said) <= {"struck", "struck_off", "paper_taken", "issued"}
    assert StrikeOff.objects.count() == len(voters)

    members = without_mail(coop, 4)
    ballot, _voters = electorate(coop, 5)
    make(samir, ballot)
    for member in members:
        coded = by_letter(ballot, VotingLetter.objects.get(entry__number=member.number))
        coded.blind()
        spoil = {"actor": samir, "ballot": ballot, "number": member.number, "because": "Lost."}
        said = answers_of(coded.ask, lambda said=spoil: services.spoil_voting_letters(**said))
        struck = StrikeOff.objects.filter(letter=coded.letter).exists()
        spoiled = VotingLetter.objects.get(pk=coded.letter.pk).spoiled_at is not None
        assert struck != spoiled
        assert said == (["no_letter", "struck"] if struck else ["code", "struck"])
