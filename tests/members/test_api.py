"""The same way through the API: apply, put on a sheet, decide, read."""

from datetime import date

import pytest

from coop.kernel import clock
from coop.kernel.models import Mail
from coop.kernel.tenancy import Actor
from members import services
from members.models import AccessLog, Application, Membership
from tests.cast import make_user

from .factories import make_application, make_bylaws, make_class, make_member

pytestmark = pytest.mark.django_db


def api(coop, rest: str) -> str:
    return f"/api/v1/{coop.slug}/{rest}"


def post(client, address: str, body: dict, method: str = "post"):
    return getattr(client, method)(address, body, content_type="application/json")


def test_from_application_to_member(coop, theo, mei, jonas, client_of):
    make_class(coop)
    applicant, secretary, board = client_of(theo), client_of(mei), client_of(jonas)
    (consumer,) = applicant.get(api(coop, "classes/")).json()
    assert (consumer["slug"], consumer["minimum_shares"], consumer["entry_fee"]) == ("consumer", 5, 1000)
    body = {
        "given_names": "Theo",
        "family_name": "Martin",
        "email": "theo@example.org",
        "member_class": "consumer",
        "bylaws": consumer["bylaws"]["id"],
    }
    made = post(applicant, api(coop, "applications/"), body)
    assert made.status_code == 201, made.json()
    pk = made.json()["id"]
    assert made.json()["state"] == "received"
    today = clock.today(coop).isoformat()
    sheet = post(secretary, api(coop, "sheets/"), {"meeting_on": today, "applications": [pk]}).json()
    decision = {"resolution": "2026/14", "on": today, "decisions": [{"application": pk, "verdict": "admit"}]}
    decided = post(board, api(coop, f"sheets/{sheet['id']}/decide/"), decision)
    assert decided.json()["state"] == "decided"
    again = post(board, api(coop, f"sheets/{sheet['id']}/decide/"), decision)
    assert (again.status_code, again.json()["code"]) == (422, "sheet_decided")
    assert again["Content-Type"] == "application/problem+json"
    mine = client_of(theo).get(api(coop, "me/")).json()
    assert mine["membership"]["number"] == 1
    assert mine["vote"]["eligible"] is False
    history = secretary.get(api(coop, "members/1/history/")).json()["results"]
    assert [event["kind"] for event in history] == ["applied", "admitted"]
    assert history[1]["previous"] == history[0]["hash"]
    assert Mail.objects.count() == 2


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"bylaws": 999}, 422, "not in force"),
        ({"shares_wanted": 1}, 422, "at least 5 shares"),
        ({"member_class": "king"}, 422, "no such class"),
        ({"email": "nonsense"}, 400, "email"),
        ({"shares_wanted": "many"}, 400, "shares_wanted"),
        ({"kind": "robot"}, 400, "kind"),
        ({"family_name": ""}, 422, "tell us your name"),
        ({"email": "", "street": ""}, 422, "postal address"),
    ],
)
def test_wrong_applications_say_what_is_wrong(coop, theo, client_of, change, status, words):
    make_class(coop)
    body = {
        "family_name": "Martin",
        "email": "theo@example.org",
        "member_class": "consumer",
        "bylaws": make_bylaws(coop).pk,
    }
    answer = post(client_of(theo), api(coop, "applications/"), {**body, **change})
    assert answer.status_code == status, answer.json()
    assert words in answer.json()["detail"]
    assert not Application.objects.exists()


def test_reading_the_register(coop, mei, client_of):
    make_member(coop, name="Amara Okafor", on=date(2020, 1, 1))
    make_member(coop, name="Bakr Young", on=date(2021, 1, 1), active=False)
    client = client_of(mei)

    def numbers(address: str) -> list[int]:
        return [row["number"] for row in client.get(api(coop, address)).json()["results"]]

    assert numbers("members/") == [1, 2]
    assert numbers("members/?q=okafor") == [1]
    assert numbers("members/?state=admitted") == [2]
    assert numbers("members/?class=worker") == []
    assert numbers("register/?as_at=2020-06-30") == [1]
    assert numbers("register/?as_at=2021-06-30&known=2020-12-31") == [1]
    assert client.get(api(coop, "register/?as_at=soon")).status_code == 400
    assert numbers("register/") == [1, 2]
    assert client.get(api(coop, "members/2/")).json()["name"] == "Bakr Young"
    assert client.get(api(coop, "members/3/")).status_code == 404
    assert client.get(api(coop, "members/99999999999999999999/")).status_code == 404
    assert AccessLog.objects.filter(what="member").count() == 1


def test_i_change_what_is_mine(coop, theo, client_of):
    make_member(coop, user=theo.user)
    answer = post(client_of(theo), api(coop, "me/"), {"place": "Kiel"}, "patch")
    assert answer.json()["membership"]["place"] == "Kiel"
    assert post(client_of(theo), api(coop, "me/"), {"email": "x"}, "patch").status_code == 400


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"family_name": "Berg", "place": "Kiel"}, "There is no field “family_name” here; what can be said is email, "),
        ({"a": 1, "b": 2}, "There are no fields “a”, “b” here; what can be said is email, phone, street, "),
    ],
)
def test_a_field_nobody_hears_is_refused_and_nothing_else_done(coop, theo, client_of, said, sentence):
    mine = make_member(coop, user=theo.user)
    answer = post(client_of(theo), api(coop, "me/"), said, "patch")
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(sentence)
    mine.party.refresh_from_db()
    assert mine.party.place != "Kiel"


def test_a_field_nobody_hears_deep_inside_is_refused_too(coop, jonas, client_of):
    board_client = client_of(jonas)
    verdict = {"application": 1, "verdict": "admit", "verdit": "refuse"}
    sheet = services.create_sheet(
        actor=Actor.system(coop), meeting_on=clock.today(coop), applications=[make_application(coop)]
    )
    said = {"resolution": "7", "on": clock.today(coop).isoformat(), "decisions": [verdict]}
    answer = post(board_client, api(coop, f"sheets/{sheet.pk}/decide/"), said)
    assert answer.status_code == 400
    assert "“verdit”" in answer.json()["detail"]
    assert post(board_client, api(coop, f"sheets/{sheet.pk}/decide/"), {**said, "decisions": 5}).status_code == 400


def test_i_withdraw_mine_and_not_anothers(coop, theo, amara_user, client_of):
    mine, other = make_application(coop, account=theo.user), make_application(coop, account=amara_user)
    client = client_of(theo)
    assert client.post(api(coop, f"applications/{other.pk}/withdraw/")).status_code == 404
    assert client.post(api(coop, f"applications/{mine.pk}/withdraw/")).json()["state"] == "withdrawn"
    assert not Membership.objects.exists()


@pytest.fixture
def amara_user(db):
    return make_user("amara")


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(
    ("address", "queries"),
    [("members/", 7), ("applications/", 7), ("sheets/", 7), ("register/", 7), ("members/1/history/", 8)],
)
def test_lists_take_the_same_queries(coop, mei, client_of, django_assert_num_queries, rows, address, queries):
    for _ in range(rows):
        make_member(coop, on=date(2024, 1, 9))
        services.create_sheet(actor=mei, meeting_on=clock.today(coop), applications=[make_application(coop)])
    client = client_of(mei)
    client.get(api(coop, address))
    with django_assert_num_queries(queries):
        assert client.get(api(coop, address)).status_code == 200
