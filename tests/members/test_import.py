"""Lists from other programs: every line read, named where it is wrong, counted, written, and taken back out whole."""

from datetime import date

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from coop.kernel import audit, clock
from coop.kernel.errors import NotAllowed, Refused
from members import selectors, services
from members.exchange.roster import order_of_dates, parse_date, suggest
from members.models import ImportBatch, ImportMapping, ImportRow, Membership, MembershipEvent, Party, Relationship
from members.replay import replay
from members.services import history, parties
from tests.beside import needed

from .factories import make_class, make_member

pytestmark = pytest.mark.django_db
OWN = """number;name;email;town;since;paid
7;Haddad, Noor;noor@example.org;Kiel;7.5.2024;250,00
9;Ivo Santini;no-address;Kiel;31.12.2023;
9;Somebody Else;;;;
x1;Gita Mohan;;;;
;Hanna Król;hanna@example.org;;1900-01-01;12.50
11;;;;;
12;Dele Fashola;;;01/02/2099;
13;Elsa Nyström;;;yesterday;
14;=SUM(A1);;;;-5
"""


def rows_of_the_register() -> dict[str, int]:
    """How many rows every table an import may write to holds."""
    names = (
        "Party PartyName PartyAddress PartyContact Relationship Membership MembershipEvent EventNote ImportRow".split()
    )
    return {name: apps.get_model("members", name).objects.count() for name in names}


def taken_in(actor, data: bytes | str, name: str = "members.csv", **options) -> ImportBatch:
    data = data.encode() if isinstance(data, str) else data
    batch = services.read_file(actor=actor, file_name=name, data=data)
    usual = {"member_class": "consumer", "admitted_on": "2020-01-01", "active": True}
    return services.name_columns(actor=actor, batch=batch, mapping=batch.mapping, options={**usual, **options})


def committed(actor, batch: ImportBatch, **typed) -> ImportBatch:
    return services.commit_import(actor=actor, batch=batch, members=typed.pop("members", batch.members), **typed)


@pytest.fixture
def ready(coop):
    make_class(coop)


@pytest.mark.conformance
def test_import_custdata_381_households_flagged_nothing_lost_undo_leaves_zero_rows(coop, mei, ready):
    before = rows_of_the_register()
    data = needed("members", "core-pos", "custdata.csv").read_bytes()
    batch = taken_in(mei, data, "custdata.csv")
    assert (batch.preset, batch.has_heading) == ("core-pos", False)
    assert (batch.lines, batch.members, batch.persons, batch.held) == (1000, 844, 999, 1)
    held = ImportRow.objects.get(batch=batch, state="held")
    assert held.problems == ["This line has no name.", *held.problems[1:]]
    flagged = ImportRow.objects.filter(batch=batch, codes__contains=["no_first_person"])
    assert flagged.count() == 381
    assert all("has no first person" in " ".join(row.problems) for row in flagged)
    assert ImportRow.objects.filter(batch=batch, codes__contains=["old_standing"]).count() == 161
    committed(mei, batch)
    assert Membership.objects.count() == 844
    assert Party.objects.count() == 999
    assert Relationship.objects.filter(kind="joint").count() == 155
    assert selectors.membership_by_number(coop, 654).party.name == "Delinda Strother"
    with pytest.raises(Refused, match="the same file"):
        services.read_file(actor=mei, file_name="again.csv", data=data)
    assert services.undo_import(actor=mei, batch=batch) == 844
    assert rows_of_the_register() == before
    assert taken_in(mei, data).members == 844, "once undone, it may come again"
    assert list(audit.verify(coop)) == []


@pytest.mark.conformance
@pytest.mark.parametrize(("name", "delimiter"), [("mocked_users.csv", ","), ("mocked_users_semicolon.csv", ";")])
def test_elefan_files_come_in_as_they_are(coop, mei, ready, name, delimiter):
    batch = taken_in(mei, needed("members", "elefan", name).read_bytes(), name)
    assert batch.delimiter == delimiter
    assert (batch.lines, batch.members, batch.held, batch.capital) == (50, 50, 0, 2_381_400)
    committed(mei, batch, capital=2_381_400)
    simone = selectors.membership_by_number(coop, 6654)
    assert (simone.party.name, simone.party.email, simone.party.place) == (
        "Simone Humbert",
        "agarnier@orange.fr",
        "Bèguenec",
    )
    assert {line.number for line in selectors.register(coop, clock.today(coop), clock.now())} == set(
        Membership.objects.values_list("number", flat=True)
    )
    services.undo_import(actor=mei, batch=batch)
    assert not Party.objects.exists()


def test_every_wrong_line_is_named_with_its_reason(coop, mei, ready):
    batch = taken_in(mei, OWN)
    found = {row.line: (row.state, row.problems) for row in batch.rows.all()}
    assert found == {
        2: ("ready", []),
        3: ("flagged", ["“no-address” is not an e-mail address; it is left out."]),
        4: ("held", ["Number 9 stands in line 3 already."]),
        5: ("held", ["“x1” is not a member number."]),
        6: ("ready", []),
        7: ("held", ["This line has no name."]),
        8: ("held", ["“Member since” lies in the future."]),
        9: ("held", ["“yesterday” is not a date."]),
        10: ("held", ["“-5” is not an amount of money."]),
    }
    assert (batch.lines, batch.members, batch.held, batch.flagged, batch.capital) == (9, 3, 6, 1, 26_250)


def test_totals_must_equal_what_was_typed(coop, mei, ready):
    batch = taken_in(mei, OWN)
    for typed, code in (({"members": 4}, "members_differ"), ({"members": 3, "capital": 1}, "capital_differ")):
        with pytest.raises(Refused) as refused:
            services.commit_import(actor=mei, batch=batch, **typed)
        assert refused.value.code == code
    assert not Membership.objects.exists()
    committed(mei, batch, capital=26_250)
    assert {m.number: m.party.name for m in Membership.objects.select_related("party")} == {
        7: "Noor Haddad",
        9: "Ivo Santini",
        10: "Hanna Król",
    }
    with pytest.raises(Refused, match="cannot be done now"):
        committed(mei, batch)


def test_imported_histories_are_chained_and_agree_with_their_rows(coop, mei, ready):
    text = (
        "number,name,since,austritt\n1,Noor Haddad,2019-03-14,\n2,Ivo Santini,2018-01-01,2020-12-31\n"
        "3,Elsa N,2018-01-01,2099-12-31\n"
    )
    committed(mei, taken_in(mei, text))
    today = clock.today(coop)
    for membership in Membership.objects.all():
        events = list(membership.events.order_by("seq"))
        assert [event.hash for event in events] == [history.event_hash(event) for event in events]
        told = replay(events, today)
        assert (told.state, told.ends_on, told.admitted_on, told.active_on, told.notice_on, told.class_id) == (
            membership.state,
            membership.ends_on,
            membership.admitted_on,
            membership.active_on,
            membership.notice_on,
            membership.member_class_id,
        )
    assert list(Membership.objects.order_by("number").values_list("state", flat=True)) == ["active", "ended", "active"]
    at = {line.number for line in selectors.register(coop, date(2020, 12, 31), clock.now())}
    assert at == {1, 2, 3}


def test_who_is_on_record_already_stays_out_and_a_namesake_comes_in_with_a_remark(coop, mei, ready):
    make_member(coop, name="Noor Haddad", email="noor@example.org")
    make_member(coop, name="Elsa Nyström", email="elsa@example.org")
    text = "number,name,email\n1,Ivo Santini,\n71,Noor Haddad,noor@example.org\n72,Elsa Nystrom,other@example.org\n"
    batch = taken_in(mei, text)
    found = {row.line: (row.state, row.codes) for row in batch.rows.all()}
    assert found == {2: ("held", ["number_taken"]), 3: ("held", ["known_already"]), 4: ("flagged", ["same_name"])}


def test_numbers_given_later_never_meet_imported_ones(coop, mei, ready):
    committed(mei, taken_in(mei, "number,name\n41,Noor Haddad\n,Ivo Santini\n"))
    assert set(Membership.objects.values_list("number", flat=True)) == {41, 42}
    assert make_member(coop, name="Gita Mohan").number == 43


def test_undo_is_refused_once_something_depends_on_it(coop, mei, ready):
    batch = committed(mei, taken_in(mei, "number,name\n41,Noor Haddad\n"))
    services.looked_at(actor=mei, what="member", party=Party.objects.get())
    services.give_notice(actor=mei, membership=Membership.objects.get(), received_on=clock.today(coop))
    before = rows_of_the_register()
    with pytest.raises(Refused, match="can no longer be undone"):
        services.undo_import(actor=mei, batch=batch)
    batch.refresh_from_db()
    assert (batch.state, rows_of_the_register()) == ("committed", before)


def test_looking_at_a_member_does_not_stop_the_undoing(coop, mei, ready):
    batch = committed(mei, taken_in(mei, "number,name\n41,Noor Haddad\n"))
    services.looked_at(actor=mei, what="member", party=Party.objects.get())
    assert services.undo_import(actor=mei, batch=batch) == 1


def test_the_mapping_is_remembered_for_the_next_file_of_its_kind(coop, mei, ready):
    first = services.read_file(actor=mei, file_name="a.csv", data=b"Wer,Woher\nNoor Haddad,Kiel\n")
    assert first.mapping == {}
    with pytest.raises(Refused, match="which column holds the names"):
        services.name_columns(actor=mei, batch=first, mapping={}, options={})
    services.name_columns(actor=mei, batch=first, mapping={"name": 0, "place": 1}, options={})
    second = services.read_file(actor=mei, file_name="b.csv", data=b"Wer,Woher\nIvo Santini,Kiel\n")
    assert second.mapping == {"name": 0, "place": 1}
    assert ImportMapping.objects.count() == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "a picture"),
        (b"PK\x03\x04" + bytes(50), "workbook"),
        (b"name,number\n", "nothing below it"),
        (bytes(range(32)) * 10, "not a text file"),
        (b"x" * 33_000_000, "is the most taken at once"),
    ],
)
def test_what_is_no_list_is_refused_with_one_sentence(coop, mei, data, words):
    with pytest.raises(Refused, match=words):
        services.read_file(actor=mei, file_name="strange.csv", data=data)
    assert not ImportBatch.objects.exists()


def test_thrown_away_it_leaves_nothing_behind(coop, mei, ready):
    batch = taken_in(mei, OWN)
    services.discard(actor=mei, batch=batch)
    batch.refresh_from_db()
    assert (batch.state, batch.content, ImportRow.objects.count()) == ("discarded", None, 0)
    assert taken_in(mei, OWN).state == "staged"


def test_only_the_secretary_imports(coop, mei, lena, olga, ready):
    with pytest.raises(NotAllowed):
        services.read_file(actor=lena, file_name="a.csv", data=b"name\nNoor Haddad\n")
    batch = taken_in(mei, OWN)
    for stranger in (lena, olga):
        with pytest.raises(NotAllowed):
            services.commit_import(actor=stranger, batch=batch, members=3)


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
@pytest.mark.parametrize("using", ["default", "owner"])
def test_imported_rows_go_only_with_the_whole_import(coop, mei, ready, using):
    batch = committed(mei, taken_in(mei, "number,name\n41,Noor Haddad\n"))
    for attack in (
        "DELETE FROM members_membershipevent",
        "DELETE FROM members_membership",
        "DELETE FROM members_party",
        "UPDATE members_importbatch SET state = 'undoing'",
        "DELETE FROM members_importbatch",
        "SELECT members_undo_import(%(other)s, %(batch)s)",
    ):
        values = {"other": coop.pk + 1, "batch": batch.pk}
        with pytest.raises(DatabaseError), transaction.atomic(using), connections[using].cursor() as cursor:
            cursor.execute(attack, values)
    assert MembershipEvent.objects.count() == 2
    assert services.undo_import(actor=mei, batch=batch) == 1


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("2024-05-07", "dmy", date(2024, 5, 7)),
        ("2024-05-07 00:00:00", "dmy", date(2024, 5, 7)),
        ("7.5.2024", "dmy", date(2024, 5, 7)),
        ("05/07/2024", "mdy", date(2024, 5, 7)),
        ("05/07/2024", "dmy", date(2024, 7, 5)),
        ("", "dmy", None),
        ("1900-01-01 00:00:00", "dmy", None),
    ],
)
def test_dates_as_programs_write_them(text, order, expected):
    assert parse_date(text, order) == expected


@pytest.mark.parametrize("text", ["31.02.2024", "yesterday", "13/13/2024", "2024", "٠١/٠٢/٢٠٢٤"])
def test_what_is_no_date(text):
    with pytest.raises(ValueError):
        parse_date(text, "dmy")


def test_the_order_of_days_and_months_shows_in_the_file():
    assert order_of_dates(["01/02/2024", "02/13/2024"]) == "mdy"
    assert order_of_dates(["01/02/2024", "13/02/2024"]) == "dmy"
    assert order_of_dates(["01/02/2024"]) == "dmy"


@pytest.mark.conformance
@pytest.mark.parametrize(
    ("file", "fields"),
    [
        ("tapir_jahresabschluss.header.csv", {"number", "name", "admitted_on"}),
        (
            "wirgarten_tapir_mitgliederliste_geng.header.csv",
            {"number", "family_name", "given_names", "admitted_on", "units", "ends_on"},
        ),
        ("jverein_import.header.csv", {"family_name", "given_names", "street", "place", "postcode", "email"}),
        ("odoo_cooperator_register_report.header.csv", {"number", "name", "email", "units", "capital"}),
        ("tendenci_memberships_import_template.header.csv", {"given_names", "family_name", "email", "number"}),
        ("elefan_import_users.header.csv", {"number", "family_name", "given_names", "postcode", "capital"}),
    ],
)
def test_headings_of_other_programs_are_recognised(file, fields):
    heading = needed("members", "formats", file).read_text().strip().split(",")
    assert fields <= set(suggest(heading))


def test_two_hundred_come_in_with_as_many_statements_as_twenty(coop, mei, ready):
    counts = []
    for size, base in ((20, 1000), (200, 2000)):
        text = "number,name\n" + "".join(f"{base + n},Person No{base + n}\n" for n in range(size))
        batch = taken_in(mei, text)
        with CaptureQueriesContext(connection) as queries:
            committed(mei, batch)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_what_comes_in_at_once_says_what_it_would_say_one_by_one(coop, mei, ready):
    """The parties, names, addresses and chains that COPY wrote, beside those of the ordinary services."""
    tabs = 'Nyström-\\N, Łuk"asz {x}'
    lines = (
        "number;name;email;phone;street;postcode;town;since;last day\n"
        f'4;"{tabs.replace(chr(34), chr(34) * 2)}";l@example.org;0431;Kai 1;24103;Kiel;2020-02-29;2021-12-31\n'
        ";Gita Mohan;;;;;;;\n9;Ivo;;;;;Plön;2023-12-31;2099-12-31\n"
    )
    batch = committed(mei, taken_in(mei, lines))
    assert batch.members == 3
    own = ("id", "party", "batch", "created_at")

    def facts(row) -> dict:
        return {each.name: getattr(row, each.attname) for each in row._meta.fields if each.name not in own}

    for party in Party.objects.filter(batch=batch).order_by("pk"):
        (name,), membership = party.partynames.all(), party.memberships.get()
        address, reached = party.partyaddresss.first(), dict(party.partycontacts.values_list("kind", "value"))
        with clock.at(name.recorded_at):
            alone = parties.create_party(
                actor=mei,
                kind=party.kind,
                name={key: getattr(name, key) for key in ("family_name", "given_names", "firm")},
                address={key: getattr(address, key, "") for key in ("street", "postcode", "place")},
                on=name.valid_from,
                **reached,
            )
        assert facts(alone) == facts(party)
        for related in ("partynames", "partyaddresss", "partycontacts"):
            rows = [[facts(row) for row in getattr(each, related).order_by("pk")] for each in (party, alone)]
            assert rows[0] == rows[1]
        before = facts(membership)
        assert facts(history.project(membership)) == before
    assert list(history.verify(coop)) == []
