"""What nobody can see never reaches the register, wherever it is typed."""

import pytest

from coop.kernel.errors import Refused
from members import services, typed
from members.exchange.roster import Reading, read_line
from members.models import Application, PartyName
from members.services import parties

from .factories import make_class, make_member

OVERRIDE, BELL, EMPTY = "\u202eBob", "B\x07ob", "\u200b"


@pytest.mark.parametrize("text", [OVERRIDE, BELL, EMPTY, "\u200c", "\u00ad", "Bob\u2028", "Bob\u2066"])
def test_what_nobody_can_see_is_found(text):
    assert typed.unreadable({"given_names": "Ann", "family_name": text}) == "family_name"


@pytest.mark.parametrize("text", ["", "O’Brien-Núñez", "Ayşe Yıldız", "علی‌رضا", "दे‍वी", "שרה\u200f", "李", "🦊 & Co"])
def test_names_of_every_script_are_not(text):
    assert typed.unreadable({"family_name": text}) == ""


def test_a_note_has_lines_and_a_name_has_not():
    assert typed.unreadable({"note": "One.\r\n\tTwo."}) == ""
    assert typed.unreadable({"family_name": "One\nTwo"}) == "family_name"


@pytest.mark.parametrize("text", [OVERRIDE, BELL, EMPTY])
def test_nobody_applies_under_it_or_takes_it_as_a_name(coop, mei, text):
    kind = make_class(coop)
    with pytest.raises(Refused) as refused:
        services.apply(coop=coop, member_class=kind, family_name=text, email="bob@people.example")
    assert (refused.value.code, refused.value.field) == ("unreadable", "family_name")
    assert not Application.objects.exists()
    member = make_member(coop, name="Bob Marsh")
    ways = (
        lambda: services.change_details(actor=mei, party=member.party, family_name=text),
        lambda: services.change_details(actor=mei, party=member.party, street=text),
        lambda: services.ask_change(actor=mei, party=member.party, kind="name", family_name=text),
        lambda: parties.put_on_record(mei, {"given_names": text, "family_name": "Marsh"}, member.admitted_on),
    )
    for way in ways:
        with pytest.raises(Refused) as refused:
            way()
        assert refused.value.code == "unreadable"
    assert PartyName.objects.filter(coop=coop).count() == 1


def test_a_file_leaves_it_out_and_says_what_it_cut():
    reading = Reading(mapping={"number": 0, "family_name": 1, "street": 2}, currency="EUR")
    row = read_line(2, ["7", "\u202eMarsh\x07", "Mill Lane 4\nrear"], reading)
    assert (row.name, row.data["street"], row.codes) == ("Marsh", "Mill Lane 4 rear", [])
    assert "no_name" in read_line(3, ["8", "\u200b", ""], reading).codes
    long = read_line(4, ["9", "M" * 200, ""], reading)
    assert (long.name, long.codes, long.is_held) == ("M" * 150, ["cut"], False)
    assert "150 characters" in long.problems[0]
