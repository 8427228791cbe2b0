"""Voting letters: a code on paper for who has no e-mail, one vote with it, and the same blind path as everybody's."""

from __future__ import annotations

import doctest
from datetime import timedelta

import pytest

from coop.kernel import clock
from coop.kernel.errors import NotAllowed, Refused
from coop.kernel.models import AuditEvent, Mail
from governance import codes, keyring, services
from governance.models import OpenedPaper, StrikeOff, VotingLetter
from governance.selectors import letters as known
from members.models import PaperLetter
from tests.governance.factories import JOINED, make_roll, membership
from tests.members.factories import make_member

from .voter import Voter, electorate, finish, make_secret_ballot

pytestmark = pytest.mark.django_db
PAGE = "https://vote.example.org/riverside/letter/"


class ByLetter(Voter):
    """Somebody without a login: their browser asks with a letter."""

    letter: VotingLetter

    def ask(self, credential: int = 0):
        coop = self.ballot.coop
        return services.issue_by_letter(coop=coop, letter=self.letter, blinded=[self.blind(credential)])


def by_letter(ballot, letter) -> ByLetter:
    voter = ByLetter(actor=None, ballot=ballot)
    voter.letter = letter
    return voter


@pytest.fixture
def printed(monkeypatch):
    """The codes as they stand on paper, by number: what a test reads off the sheets instead of the PDF."""
    from governance.services import letters

    sheets: dict[int, str] = {}
    render = letters.voting_letters_pdf

    def read(ballot, made, address, at):
        sheets.update({entry.number: code for entry, _lines, code in made})
        return render(ballot, made, address, at)

    monkeypatch.setattr(letters, "voting_letters_pdf", read)
    return sheets


def without_mail(coop, n: int) -> list:
    home = {"email": "", "street": "Mill Lane 7", "postcode": "10115", "place": "Berlin"}
    return [make_member(coop, name=f"Paper Person{at}", on=JOINED, **home) for at in range(n)]


def make(samir, ballot, **more):
    return services.make_voting_letters(actor=samir, ballot=ballot, address=PAGE, **more)


def again(samir, ballot, number, because="It got lost in the post."):
    act = services.reissue_voting_letter
    return act(actor=samir, ballot=ballot, number=number, because=because, address=PAGE)


def typed(coop, code, address=""):
    return services.open_by_code(coop=coop, typed=code, address=address)


def test_who_has_no_email_gets_a_letter_and_votes_with_its_code(coop, samir, printed):
    ruth, felix = without_mail(coop, 2)
    ballot, voters = electorate(coop, 5)
    run = make(samir, ballot)
    assert (run.letters, run.left, run.batch) == (2, 0, 1)
    assert set(printed) == {ruth.number, felix.number}
    with pytest.raises(Refused, match="Everybody whom no e-mail reaches"):
        make(samir, ballot)

    letter = typed(coop, f"  {printed[ruth.number].lower().replace('-', ' ')} ")
    assert letter.entry.number == ruth.number
    voter = by_letter(ballot, letter)
    first = voter.take()
    assert voter.ask().signatures == first.signatures, "over a bad line the same again"
    voter.cast([[1], [0]])
    voter.cast([[2], [1]])
    voters[0].take()
    voters[0].cast([[0], [0]])

    struck = StrikeOff.objects.get(letter=letter)
    assert (struck.channel, struck.struck_by, struck.entry.number) == ("online", None, ruth.number)
    told = PaperLetter.objects.get(kind="governance.credential_issued")
    assert told.party_id == ruth.party_id
    assert "code of your voting letter" in told.text
    finish(ballot)
    assert voter.receipt in set(OpenedPaper.objects.values_list("receipt", flat=True))
    assert OpenedPaper.objects.count() == 2
    with clock.at(ballot.closes_at + timedelta(minutes=5)), pytest.raises(Refused, match="opens no ballot now"):
        typed(coop, printed[felix.number])
    assert not keyring.there(ballot.pk)
    kinds = set(AuditEvent.objects.filter(coop=coop).values_list("kind", flat=True))
    assert {"governance.voting_letters_made", "governance.credential_issued"} <= kinds


def test_a_wrong_code_gets_one_sentence_that_says_nothing_else(coop, samir, printed, fresh_limits):
    ruth, felix = without_mail(coop, 2)
    ballot, _voters = electorate(coop, 5)
    make(samir, ballot)
    services.spoil_voting_letters(actor=samir, ballot=ballot, number=felix.number, because="It came back.")
    spoiled = printed[felix.number]
    other = make_secret_ballot(coop, roll=make_roll(coop), lasts=timedelta(minutes=5), title="Over soon")
    make(samir, other)
    over = printed[ruth.number]  # the second ballot's
    said = set()
    with clock.at(other.closes_at):
        for code in (spoiled, over, "ABCD-EFGH-JKLM", "", "x" * 5000, "\x00", "ſ💥"):
            with pytest.raises(Refused) as refused:
                typed(coop, code)
            said.add((refused.value.code, refused.value.message, refused.value.status))
    assert len(said) == 1


def test_a_code_is_read_as_people_type_it():
    assert doctest.testmod(codes) == doctest.TestResults(failed=0, attempted=1)
    made = {codes.make() for _ in range(200)}
    assert len(made) == 200
    assert all(set(codes.plain(each)) <= set(codes.LETTERS) and len(codes.plain(each)) == 12 for each in made)
    key, other = b"k" * 32, b"o" * 32
    code = codes.make()
    assert codes.digest(key, code) == codes.digest(key, f" {code.lower().replace('-', ' ')} ")
    assert codes.digest(key, code) != codes.digest(other, code)


def test_a_network_that_guesses_is_stopped_and_who_types_rightly_is_not_counted(coop, samir, printed, fresh_limits):
    (ruth,) = without_mail(coop, 1)
    ballot, _voters = electorate(coop, 5)
    make(samir, ballot)
    right = printed[ruth.number]
    for _try in range(30):
        assert typed(coop, right, "2001:db8::1").entry.number == ruth.number
    for at in range(20):
        with pytest.raises(Refused, match="opens no ballot"):
            typed(coop, "WRNG-WRNG-WRNG", f"2001:db8::{at:x}")
    for code in ("WRNG-WRNG-WRNG", right):
        with pytest.raises(Refused, match="Too many wrong codes") as refused:
            typed(coop, code, "2001:db8::ffff")
        assert refused.value.status == 429
    assert typed(coop, right, "192.0.2.7").entry.number == ruth.number


def test_lost_letters_are_spoiled_and_made_again_with_the_reason_on_record(coop, samir, mei, printed):
    ruth, felix = without_mail(coop, 2)
    ballot, _voters = electorate(coop, 5)
    make(samir, ballot)
    old = dict(printed)
    with pytest.raises(Refused, match="Say why"):
        again(samir, ballot, ruth.number, "  ")
    run = again(samir, ballot, ruth.number)
    assert (run.batch, run.letters) == (2, 1)
    assert printed[ruth.number] != old[ruth.number]
    with pytest.raises(Refused, match="opens no ballot"):
        typed(coop, old[ruth.number])
    assert typed(coop, printed[ruth.number]).entry.number == ruth.number
    spoiled = known.spoiled(ballot).get()
    assert (spoiled.spoiled_because, spoiled.spoiled_by) == ("It got lost in the post.", samir.user)

    assert services.spoil_voting_letters(actor=samir, ballot=ballot, batch=1, because="The printer jammed.") == 1
    with pytest.raises(Refused, match="No letter that could still be used"):
        services.spoil_voting_letters(actor=samir, ballot=ballot, batch=1, because="Again.")
    with pytest.raises(Refused, match="one of the two"):
        services.spoil_voting_letters(actor=samir, ballot=ballot, because="Which?")
    assert make(samir, ballot).letters == 1
    assert typed(coop, printed[felix.number]).batch == 3
    said = [(run["batch"], run["made"], run["used"], run["spoiled"]) for run in known.runs(ballot)]
    assert said == [(1, 2, 0, 2), (2, 1, 0, 0), (3, 1, 0, 0)]
    for act in (make, lambda who, which: again(who, which, ruth.number)):
        with pytest.raises(NotAllowed):
            act(mei, ballot)


def test_one_strike_off_list_for_letter_login_proxy_and_paper(coop, samir, printed):
    ruth, felix, mona = without_mail(coop, 3)
    ballot, (login, *_rest) = electorate(coop, 5)
    make(samir, ballot)
    voter = by_letter(ballot, typed(coop, printed[ruth.number]))
    voter.take()
    with pytest.raises(Refused, match="struck off already: Online"):
        services.hand_out_paper(actor=samir, ballot=ballot, number=ruth.number)
    with pytest.raises(Refused, match="struck off already"):
        again(samir, ballot, ruth.number)
    with pytest.raises(Refused, match="No letter that could still be used"):
        services.spoil_voting_letters(actor=samir, ballot=ballot, number=ruth.number, because="She voted.")
    with pytest.raises(Refused, match="issued to another browser"):
        by_letter(ballot, voter.letter).take()

    services.hand_out_paper(actor=samir, ballot=ballot, number=felix.number, channel="post")
    with pytest.raises(Refused, match="given a paper"):
        by_letter(ballot, typed(coop, printed[felix.number])).take()

    again(samir, ballot, membership(login.actor).number, "She has no login at hand.")
    assert Mail.objects.filter(kind="governance.voting_letter_made").count() == 1
    code = printed[membership(login.actor).number]
    login.take()
    with pytest.raises(Refused, match="issued to another browser"):
        by_letter(ballot, typed(coop, code)).take()
    assert StrikeOff.objects.filter(ballot=ballot).count() == 3
    assert StrikeOff.objects.filter(letter__isnull=False).count() == 1


def test_letters_are_made_between_release_and_close_and_open_nothing_outside(coop, samir, printed):
    (ruth,) = without_mail(coop, 1)
    roll = make_roll(coop, voters=4)
    draft = make_secret_ballot(coop, roll=roll, released=False)
    with pytest.raises(Refused, match="after the release and before the close"):
        make(samir, draft)
    coming = make_secret_ballot(coop, roll=roll, opens_in=timedelta(hours=2))
    make(samir, coming)
    with pytest.raises(Refused, match="Your code is right. .* opens on"):
        typed(coop, printed[ruth.number])
    with pytest.raises(Refused, match="opens on"):
        by_letter(coming, VotingLetter.objects.get()).take()
    with clock.at(coming.closes_at):
        for act in (lambda: make(samir, coming), lambda: again(samir, coming, ruth.number)):
            with pytest.raises(Refused, match="before the close"):
                act()
        with pytest.raises(Refused, match="closed on"):
            by_letter(coming, VotingLetter.objects.get()).take()
