"""What happens to people: a case under appeal, a minor, a death with heirs, a company's new voice, a list undone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, cast

from coop.kernel import clock
from coop.kernel.models import User
from coop.kernel.tenancy import Actor
from coop.merging import split_person
from coop.passing_on import pass_membership_on
from members import services
from members.models import Membership, Party
from members.services.parties import create_party

from .times import at

OLD_LIST = """number,name,street,postcode,place,shares
2001,Agathe Brunner,Old Dock 1,12345,Riverside,5
2002,Egon Falk,Old Dock 3,12345,Riverside,5
2003,,Old Dock 5,12345,Riverside,5
2004,Thea Ostrowski,Old Dock 7,12345,Riverside,10
"""


def tell(officers: dict[str, Actor], members: dict[str, Membership], today: date) -> None:
    """Everything after the meeting, so that no ballot of the story changes by it."""
    mei = officers["secretary"]
    _case(mei, members["Tariq Siddiqui"], today)
    _death(mei, members["Astrid Bergman"], members["Lars Holmberg"], today)
    _voice(mei, members["Corrigan & Daughters Ltd"], today)
    _requests(mei, members, today)
    _two_after_all(mei, members["Wanjiru Kamau"], today)
    _undone(mei, today)
    _twice(mei, members["Lars Holmberg"], today)
    _passed_on(mei, members["Oskar Lindgren"], members["Finn Gallagher"], today)


def _case(mei: Actor, membership: Membership, today: date) -> None:
    """Expelled, and under appeal."""

    def day(ago: int) -> date:
        return today - timedelta(days=ago)

    with clock.at(at(day(64))):
        case = services.open_case(
            actor=mei,
            membership=membership,
            on=day(64),
            hearing_on=day(43),
            grounds="He took goods for 300 euros from the stock room and did not pay (by-laws § 2).",
            resolution="board, 7",
        )
    with clock.at(at(day(43))):
        services.record_hearing(
            actor=mei, case=case, on=day(43), how="person", statement="He says the slip was lost, and offers to pay."
        )
    with clock.at(at(day(1), 9)):
        why = "The slip was never found, and it was the second time."
        services.expel(actor=mei, case=case, on=day(1), resolution="board, 9", because=why)
        services.appeal(actor=mei, case=case, on=day(1), because="I have paid it back, and I found the slip.")


def _death(mei: Actor, deceased: Membership, heir: Membership, today: date) -> None:
    """A member has died; one of two heirs stands for both."""
    with clock.at(at(today - timedelta(days=1), 11)):
        died = today - timedelta(days=9)
        services.record_death(
            actor=mei, party=deceased.party, died_on=died, evidence="Death certificate, registry office, 212."
        )
        daughter = create_party(
            actor=mei,
            kind=Party.Kind.PERSON,
            name={"given_names": "Freja", "family_name": "Bergman"},
            address={"street": "Quay 4", "postcode": "12345", "place": "Riverside"},
            on=today - timedelta(days=1),
        )
        facts: dict[str, Any] = {
            "deceased": deceased.party,
            "on": today - timedelta(days=1),
            "evidence": "Certificate of inheritance.",
        }
        deceased.party.refresh_from_db()
        services.name_heir(actor=mei, heir=daughter, **facts)
        services.name_heir(actor=mei, heir=heir.party, represents=True, **facts)


def _voice(mei: Actor, firm: Membership, today: date) -> None:
    """The company's representative changed; its vote did not."""
    for ago, given in ((400, "Niamh"), (1, "Orla")):
        with clock.at(at(today - timedelta(days=ago), 12)):
            services.name_stand_in(
                actor=mei,
                party=firm.party,
                kind="represents",
                on=today - timedelta(days=ago),
                evidence="Extract of the commercial register, HRB 1180.",
                person={"given_names": given, "family_name": "Corrigan"},
            )


def _self(party: Party, mei: Actor) -> Actor:
    """Somebody with a login, acting for themselves."""
    return Actor.of(cast(User, party.account), mei.coop)


def _requests(mei: Actor, members: dict[str, Membership], today: date) -> None:
    """A new name and a new account wait for somebody to look; a minor has joined through her father."""
    with clock.at(at(today - timedelta(days=2), 15)):
        amara, ines = members["Amara Okafor"].party, members["Ines Ferreira"].party
        services.ask_change(
            actor=_self(amara, mei),
            party=amara,
            kind="name",
            given_names="Amara",
            family_name="Okafor-Weber",
            because="Married on 4 May.",
        )
    with clock.at(at(today - timedelta(days=1), 16)):
        services.ask_change(actor=_self(ines, mei), party=ines, kind="bank", iban="DE89 3704 0044 0532 0130 00")
        child = services.apply(
            coop=mei.coop,
            member_class="consumer",
            channel="paper",
            given_names="Salma",
            family_name="Bakr",
            street="Mill Lane 19",
            postcode="12345",
            place="Riverside",
            born_on=today.replace(year=today.year - 15, day=1),
            guardian={
                "given_names": "Yusuf",
                "family_name": "Bakr",
                "email": members["Yusuf Bakr"].party.email,
                "evidence": "Birth certificate, and both parents signed.",
            },
        )
        services.admit(actor=mei, application=child, resolution="board, 9", on=today - timedelta(days=1))


def _undone(mei: Actor, today: date) -> None:
    """A list from an older program came in, and went out again whole."""
    with clock.at(at(today - timedelta(days=2), 9)):
        batch = services.read_file(actor=mei, file_name="old-dock.csv", data=OLD_LIST.encode())
        usual = {"member_class": "consumer", "admitted_on": "2021-01-01", "active": True}
        batch = services.name_columns(actor=mei, batch=batch, mapping=batch.mapping, options=usual)
        batch = services.commit_import(actor=mei, batch=batch, members=batch.members)
        services.undo_import(actor=mei, batch=batch)


def _twice(mei: Actor, member: Membership, today: date) -> None:
    """Somebody had been written down twice, and is one person again."""
    with clock.at(at(today - timedelta(days=2), 10)):
        name = {"given_names": "Lars", "family_name": "Holmborg"}
        twin = create_party(actor=mei, kind=Party.Kind.PERSON, name=name, address={"place": "Riverside"}, on=today)
        services.merge(actor=mei, kept=member.party, other=twin, because="The same passport; a slip in the old list.")


def _two_after_all(mei: Actor, mother: Membership, today: date) -> None:
    """A daughter of the same name was taken for her mother when she joined; the record is two again."""
    with clock.at(at(today - timedelta(days=2), 11)):
        application = services.apply(
            coop=mei.coop,
            member_class="supporter",
            channel="paper",
            given_names="Wanjiru",
            family_name="Kamau",
            street="Quay 21",
            postcode="12345",
            place="Riverside",
        )
        services.match_party(actor=mei, application=application, party=mother.party)
        joined = services.admit(actor=mei, application=application, resolution="board, 9", on=today - timedelta(days=2))
    with clock.at(at(today - timedelta(days=1), 12)):
        split_person(
            actor=mei,
            party=mother.party,
            memberships=[joined],
            name={"given_names": "Wanjiru Achieng", "family_name": "Kamau"},
            because="Mother and daughter; both came by with their passports.",
        )


def _passed_on(mei: Actor, giver: Membership, taker: Membership, today: date) -> None:
    """A member moves away, and a neighbour takes over the membership with its shares."""
    with clock.at(at(today - timedelta(days=1), 13)):
        pass_membership_on(
            actor=mei,
            membership=giver,
            to=taker,
            on=today - timedelta(days=1),
            resolution="board, 9",
            because="Written agreement of both, brought to the office.",
        )
