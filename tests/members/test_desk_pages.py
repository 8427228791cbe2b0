"""The secretary's desk: what stands on its pages, what they refuse, how many queries they take."""

import re
from datetime import date, timedelta
from html import unescape

import pytest

from coop.kernel import clock
from coop.kernel.models import AuditEvent, Mail
from coop.kernel.tenancy import path
from members import services
from members.models import AccessLog, Application, BoardSheet, Membership
from members.selectors import dated, joining

from .factories import make_application, make_class, make_member

pytestmark = pytest.mark.django_db


def text(response) -> str:
    """What a person reads: no markup, single spaces."""
    body = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", response.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body))).strip()


@pytest.fixture
def desk(client_of, mei):
    return client_of(mei)


def test_an_empty_inbox_says_so(coop, desk):
    assert "Nothing needs you today" in text(desk.get(path(coop, "members:inbox")))


def test_the_inbox_puts_the_most_urgent_first_and_the_rail_counts_the_same(coop, mei, desk):
    today = clock.today(coop)
    make_member(coop, name="Elsa Nystrom", on=today - timedelta(days=40), active=False)
    make_application(coop, name="Noor Haddad", on=today - timedelta(days=50))
    make_application(coop, name="Ivo Santini")
    sheet_line = make_application(coop, name="Gita Mohan")
    services.create_sheet(actor=mei, meeting_on=today + timedelta(days=8), applications=[sheet_line])
    words = text(desk.get(path(coop, "members:inbox")))
    assert "Four things need you" in words
    assert re.search(r"Inbox 4 waiting", words)
    order = ["10 days late", "Noor Haddad is still waiting", "8 days left", "One application for the board sheet"]
    places = [words.index(part) for part in order]
    assert places == sorted(places)


def test_from_paper_to_member_through_the_pages(coop, desk):
    make_class(coop)
    today = clock.today(coop)
    page = desk.post(
        path(coop, "members:application-new"),
        {
            "kind": "person",
            "given_names": "Noor",
            "family_name": "Haddad",
            "street": "Quay 1",
            "member_class": "consumer",
            "shares_wanted": "5",
            "of_age": "on",
            "received_on": today.isoformat(),
        },
    )
    application = Application.objects.get()
    assert page.url == path(coop, "members:application", pk=application.pk)
    assert application.channel == "paper"
    desk.post(path(coop, "members:application-check", pk=application.pk), {"code": "identity", "done": "yes"})
    desk.post(path(coop, "members:application-match", pk=application.pk), {"party": ""})
    assert set(application.checks.values_list("code", flat=True)) == {"bylaws", "shares", "identity", "duplicates"}
    page = desk.post(
        path(coop, "members:sheet-new"), {"meeting_on": today.isoformat(), "applications": [application.pk]}
    )
    sheet = BoardSheet.objects.get()
    assert page.url == path(coop, "members:sheet", pk=sheet.pk)
    told = {"resolution": "2026/14", "on": today.isoformat(), f"verdict_{application.pk}": "admit"}
    page = desk.post(page.url, told, follow=True)
    assert "1 member was admitted" in text(page)
    assert "Resolution 2026/14" in text(page)
    member = Membership.objects.get()
    words = text(desk.get(path(coop, "members:detail", number=member.number)))
    assert "Noor Haddad is admitted and has yet to pay" in words
    assert "Admitted by the board as a consumer member, number 0001 Resolution 2026/14." in words
    kinds = list(AuditEvent.objects.filter(coop=coop).values_list("kind", flat=True))
    assert kinds[-4:] == [
        "members.application_checked",
        "members.application_matched",
        "members.sheet_created",
        "members.sheet_decided",
    ]


def test_a_refusal_without_a_reason_is_sent_back_with_what_was_typed(coop, mei, desk):
    application = make_application(coop, name="Ivo Santini")
    sheet = services.create_sheet(actor=mei, meeting_on=clock.today(coop), applications=[application])
    told = {"resolution": "7", "on": clock.today(coop).isoformat(), f"verdict_{application.pk}": "refuse"}
    page = desk.post(path(coop, "members:sheet", pk=sheet.pk), told)
    assert page.status_code == 422
    assert "Say why Ivo Santini was refused" in text(page)
    assert 'value="7"' in page.content.decode()
    sheet.refresh_from_db()
    assert sheet.state == "draft"


def test_a_sheet_names_whom_we_may_know_already_until_somebody_has_said(coop, mei, desk, django_assert_max_num_queries):
    known = make_member(coop, name="Amara Okafor", email="amara@example.org")
    twins = [
        make_application(coop, name="Amara Okafor", email=known.party.email),
        make_application(coop, name="amara ÓKAFOR", email="another@example.org"),
        make_application(coop, name="A. Okafor-Bell", email=known.party.email.upper()),
        make_application(coop, name="Ivo Santini", email="ivo@example.org"),
    ]
    sheet = services.create_sheet(actor=mei, meeting_on=clock.today(coop), applications=twins)
    with django_assert_max_num_queries(3):
        found = joining.unsettled(twins)
    both = "the same e-mail address", "the same name"
    assert [found[each.pk].reasons for each in twins[:3]] == [both, both[1:], both[:1]]
    assert twins[3].pk not in found
    address = path(coop, "members:sheet", pk=sheet.pk)
    words = text(desk.get(address))
    assert "Amara Okafor : the same e-mail address, the same name as Amara Okafor, 0001" in words
    services.match_party(actor=mei, application=twins[0], party=known.party)
    for each in twins[1:3]:
        services.match_party(actor=mei, application=each, party=None)
    assert joining.unsettled(list(type(twins[0]).objects.filter(sheet=sheet))) == {}
    assert "Look at these first" not in text(desk.get(address))


def test_names_that_are_spelled_alike_have_sheets_of_their_own(coop, mei, desk):
    alike = [make_application(coop, name=name) for name in ("Elsa Nystrom", "Elsa Nyström", "李 明", "王 芳")]
    sheet = services.create_sheet(actor=mei, meeting_on=clock.today(coop), applications=alike)
    ids = re.findall(r'<h[23] id="([^"]+)"', desk.get(path(coop, "members:sheet", pk=sheet.pk)).text)
    assert len(ids) == len(set(ids)) > len(alike)


def test_no_field_of_which_one_is_needed_is_called_optional(coop, mei, desk):
    member = make_member(coop, name="Elsa Nystrom")
    for address in (path(coop, "members:application-new"), path(coop, "members:details", number=member.number)):
        page = desk.get(address).text
        before, _, fields = page.partition('class="form"')
        assert "is needed" in before or "A person needs a forename or a family name" in before
        labels = dict(re.findall(r'<label for="id_(\w+)">(.*?)</label>', fields, flags=re.S))
        assert "optional" not in labels["family_name"] + labels["given_names"]
        assert "optional" in labels["phone"]


def test_two_tabs_cannot_decide_twice(coop, mei, desk):
    application = make_application(coop)
    sheet = services.create_sheet(actor=mei, meeting_on=clock.today(coop), applications=[application])
    told = {"resolution": "7", "on": clock.today(coop).isoformat(), f"verdict_{application.pk}": "admit"}
    assert desk.post(path(coop, "members:sheet", pk=sheet.pk), told).status_code == 302
    again = desk.post(path(coop, "members:sheet", pk=sheet.pk), told)
    assert again.status_code == 422
    assert "This sheet has been decided" in text(again)
    assert Membership.objects.count() == 1


def test_duplicates_stand_side_by_side(coop, desk):
    make_member(coop, name="Amara Okafor", place="Kiel")
    twin = make_application(coop, name="Ámara Okafor", email="other@example.org", place="Kiel")
    words = text(desk.get(path(coop, "members:application", pk=twin.pk)))
    assert "One person on record looks alike." in words
    assert "the same name, the same town" in words
    stranger = make_application(coop, name="Zbigniew Wrona")
    assert "Nobody on record has this name" in text(desk.get(path(coop, "members:application", pk=stranger.pk)))


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("0002", ["Elsa Nyström"]),
        ("nystrom", ["Elsa Nyström"]),
        ("NYSTRÖM elsa", ["Elsa Nyström"]),
        ("elsa.ny", ["Elsa Nyström"]),
        ("lubeck", ["Łukasz Groß"]),
        ("gross", ["Łukasz Groß"]),
        ("nistrom", ["Elsa Nyström"]),
        ("okafo", ["Amara Okafor"]),
        ("%", []),
        ("zzzz", []),
        ("' OR 1=1 --", []),
    ],
)
def test_search_forgives_accents_and_slips(coop, desk, asked, found):
    make_member(coop, name="Amara Okafor")
    make_member(coop, name="Elsa Nyström", email="elsa.nystrom@example.net")
    make_member(coop, name="Łukasz Groß", place="Lübeck", email="lg@example.net")
    page = desk.get(path(coop, "members:list"), {"q": asked})
    assert [each.party.name for each in page.context["page"]] == found


def test_tabs_filters_and_order(coop, mei, desk):
    make_member(coop, name="Amara Zander", on=date(2020, 1, 1))
    make_member(coop, name="Bakr Young", on=date(2021, 1, 1), active=False)
    make_member(coop, name="Cleo Xu", on=date(2019, 1, 1), member_class=make_class(coop, "worker"))

    def names(**query):
        return [each.party.name for each in desk.get(path(coop, "members:list"), query).context["page"]]

    assert names() == ["Amara Zander", "Bakr Young", "Cleo Xu"]
    assert names(sort="name") == ["Cleo Xu", "Bakr Young", "Amara Zander"]
    assert names(sort="-since") == ["Bakr Young", "Amara Zander", "Cleo Xu"]
    assert names(state="admitted") == ["Bakr Young"]
    assert names(member_class="worker") == ["Cleo Xu"]
    assert names(tab="former") == []
    assert names(member_class="nonsense", tab="nonsense") == ["Amara Zander", "Bakr Young", "Cleo Xu"]


def test_the_register_as_at_another_day(coop, desk):
    make_member(coop, name="Amara Okafor", on=date(2020, 1, 1))
    make_member(coop, name="Bakr Young", on=date(2021, 1, 1))
    address = path(coop, "members:list")
    words = text(desk.get(address, {"as_at": "2020-06-30"}))
    assert "One member on 30 June 2020" in words
    assert "Bakr" not in words
    known_before = text(desk.get(address, {"as_at": "2020-06-30", "known": "2019-12-31"}))
    assert "Nobody was on the register that day" in known_before
    wrong = desk.get(address, {"as_at": "yesterday"})
    assert wrong.status_code == 422
    assert "“yesterday” is not a day of the calendar" in text(wrong)
    assert desk.get(address, {"known": "2100-01-01"}).status_code == 422


def test_details_are_added_not_overwritten_and_both_addresses_are_told(coop, desk):
    member = make_member(coop, name="Amara Okafor", email="old@example.org", on=date(2020, 1, 1))
    form = {
        "given_names": "Amara",
        "family_name": "Okafor-Lind",
        "email": "new@example.org",
        "place": "Kiel",
        "on": "2024-05-01",
    }
    page = desk.post(path(coop, "members:details", number=1), form)
    assert page.status_code == 302
    told = Mail.objects.filter(kind="members.email_changed").values_list("to", flat=True)
    assert set(told) == {"old@example.org", "new@example.org"}
    words = text(desk.get(path(coop, "members:detail", number=1)))
    assert "Name changed to Amara Okafor-Lind" in words
    assert "Address changed to Kiel" not in words, "the first address is not a change"
    assert member.party.partynames.count() == 2
    unnamed = desk.post(path(coop, "members:details", number=1), {**form, "given_names": "", "family_name": ""})
    assert unnamed.status_code == 422


def test_what_nobody_touched_is_not_dated_back_with_a_change_that_is(coop, desk):
    member = make_member(
        coop, name="Amara Okafor", email="a@example.org", on=date(2020, 1, 1), street="Quay 1", place="Kiel"
    )
    address = path(coop, "members:details", number=1)
    today = clock.today(coop)
    form = {
        "given_names": "Amara",
        "family_name": "Lind",
        "email": "a@example.org",
        "street": "Quay 1",
        "place": "Kiel",
    }
    assert desk.post(address, {**form, "on": today}).status_code == 302
    earlier = today - timedelta(days=9)
    assert desk.post(address, {**form, "street": "Mill Lane 2", "on": earlier}).status_code == 302
    assert dated.name_of(member.party, earlier).family_name == "Okafor", "the new name holds from today"
    moved = dated.address_of(member.party, earlier)
    assert (moved.street, moved.place) == ("Mill Lane 2", "Kiel")
    assert not member.party.partycontacts.filter(valid_from=earlier).exists()


def test_suspending_and_lifting_need_reason_and_resolution(coop, desk):
    make_member(coop, name="Dele Fashola", on=date(2022, 6, 7))
    today = clock.today(coop).isoformat()
    address = path(coop, "members:suspend", number=1)
    assert desk.post(address, {"on": today, "resolution": "9"}).status_code == 422
    early = desk.post(address, {"on": "2022-06-06", "resolution": "9", "reason": "Fees."})
    assert "this cannot have happened before" in text(early)
    assert desk.post(address, {"on": today, "resolution": "9", "reason": "Fees."}).status_code == 302
    words = text(desk.get(path(coop, "members:detail", number=1)))
    assert "Dele Fashola is suspended" in words
    assert "Fees." in words
    again = desk.post(address, {"on": today, "resolution": "9", "reason": "Fees."})
    assert "This membership is “suspended”" in text(again)
    lift = path(coop, "members:reinstate", number=1)
    assert desk.post(lift, {"on": today, "resolution": "10", "reason": "Paid."}).status_code == 302
    assert Membership.objects.get().state == "active"


def test_whoever_looks_is_written_down(coop, mei, jonas, client_of):
    member = make_member(coop, name="Amara Okafor")
    client_of(jonas).get(path(coop, "members:detail", number=1))
    look = AccessLog.objects.get()
    assert (look.actor, look.about, look.what, look.basis) == (jonas.user, member.party_id, "member", "board")


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(
    ("name", "query", "queries"),
    [
        ("members:inbox", {}, 22),
        ("members:list", {}, 12),
        ("members:list", {"q": "member"}, 12),
        ("members:list", {"as_at": "2025-01-31"}, 9),
        ("members:applications", {}, 10),
        ("members:applications", {"tab": "decided"}, 10),
        ("members:sheets", {}, 8),
    ],
)
def test_lists_take_the_same_queries_for_one_row_and_for_three(
    coop, mei, desk, django_assert_num_queries, rows, name, query, queries
):
    for _ in range(rows):
        make_member(coop, on=date(2024, 1, 9))
        make_application(coop)
        services.create_sheet(actor=mei, meeting_on=clock.today(coop), applications=[make_application(coop)])
    address = path(coop, name)
    desk.get(address, query)
    with django_assert_num_queries(queries):
        desk.get(address, query)


def test_a_part_of_a_name_is_not_emptied_by_a_slip(coop, mei, client_of):
    member = make_member(coop, name="Elsa Nyström", email="elsa@example.org")
    client, page = client_of(mei), path(coop, "members:details", number=member.number)
    typed = {
        "given_names": "Elsa",
        "family_name": "",
        "on": member.admitted_on.isoformat(),
        "email": member.party.email,
    }
    refused = client.post(page, typed)
    assert refused.status_code == 422
    assert "“Nyström” would be gone from the register" in text(refused)
    member.party.refresh_from_db()
    assert member.party.name == "Elsa Nyström"
    answer = client.post(page, {**typed, "one_name": "on"})
    assert answer.status_code == 302, text(answer)
    member.party.refresh_from_db()
    assert member.party.name == "Elsa"
