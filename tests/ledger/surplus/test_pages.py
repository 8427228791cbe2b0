"""The treasurer's way through the browser, the member's statement, and a fixed number of queries for every list."""

from datetime import date, timedelta
from io import BytesIO

import pytest
from django.urls import reverse

from coop.kernel import clock, nav
from coop.kernel.tenancy import Actor
from ledger.models import PatronageImport, PatronageRecord, SurplusPlan
from ledger.services import patronage, surplus
from members.services import end_due, give_notice
from tests.ledger.factories import make_entry
from tests.ledger.stood import cast, parts, stands
from tests.ledger.surplus_factories import YEAR, carried, csv_of, make_buyers, make_import, make_plan, posted
from tests.members.factories import make_member

pytestmark = pytest.mark.django_db
coop, lena, jonas, buyers = parts("coop", "lena", "jonas", "buyers")


@pytest.fixture(scope="module")
def stood(standing):
    made = cast("lena", "jonas")
    return stands(made, buyers=make_buyers(made.coop))


def url(coop, name, **kwargs):
    return reverse(f"ledger:{name}", kwargs={"coop": coop.slug, **kwargs})


def file(data, name="2025.csv"):
    found = BytesIO(data)
    found.name = name
    return found


def upload(client, coop, data, name="2025.csv", **more):
    said = {"file": file(data, name), "year": YEAR, "unit": "money", "pool": "purchases", **more}
    return client.post(url(coop, "patronage-new"), said)


def plan_form(**changes):
    """What a browser sends for the plan's page: two lines, one pool."""
    said = {
        "title": "Half and half",
        "patronage": "48,000.00",
        "nonpatronage": "310",
        "losses_carried": "",
        "rate": "",
        "cap": "",
        "notice": "nonqualified",
        "cash_percent": "50",
        "minimum_cash_percent": "",
        "de_minimis": "",
        "no_consent": "",
        "a-TOTAL_FORMS": "3",
        "a-INITIAL_FORMS": "0",
        "p-TOTAL_FORMS": "1",
        "p-INITIAL_FORMS": "1",
        "p-0-name": "purchases",
        "p-0-size": "rest",
    }
    for place, (name, percent, account) in enumerate(
        [("Statutory reserve", "25", "3200"), ("Education fund", "5", "3210"), ("", "", "")]
    ):
        line = {"name": name, "size": "percent", "percent": percent, "of": "surplus", "account": account}
        said |= {f"a-{place}-{key}": value for key, value in line.items()} | {f"a-{place}-bound": "minimum"}
    return said | changes


def make_books(coop):
    from ledger.services.accounts import create_chart

    create_chart(coop=coop)


WRONG_FILES = [
    (b"", "is empty."),
    (b"PK\x03\x04 workbook", "is an Excel or OpenDocument workbook, not a CSV file"),
    (bytes(range(256)), "is not a text file."),
    (b"name,colour\nAnn,blue\n", "has the columns “name”, “colour”; it needs one for the member number"),
    (b"member,amount\n", "has a heading and no lines below it."),
    (b"x" * 50_000_000, "has 50 MB, and 32 MB is the most taken at once; split it by month."),
]


def test_a_wrong_file_is_one_sentence_beside_its_field(coop, lena, client_of):
    client = client_of(lena)
    for data, sentence in WRONG_FILES:
        answer = upload(client, coop, data)
        assert answer.status_code == 422, sentence
        assert sentence in answer.content.decode()
        assert not PatronageImport.objects.exists()


def test_wrong_lines_are_listed_and_nothing_can_be_recorded(coop, lena, buyers, client_of):
    client = client_of(lena)
    answer = upload(client, coop, b'member,amount\n1,5\n1,6\n77,1\n2,-4\n3,"=A1"\n2,1.005\n')
    page = client.get(answer.url).content.decode()
    for sentence in [
        "5 lines cannot be taken",
        "Line 3: member 1 stands on line 2 already",
        "Line 4: no member has the number 77.",
        "Line 5: -4 is negative",
        "Line 6 holds a formula",
        "Line 7: “1.005” has more than 2 decimal places.",
    ]:
        assert sentence in page
    assert "Record it" not in page
    found = PatronageImport.objects.get()
    client.post(url(coop, "patronage-record", pk=found.pk))
    assert not PatronageRecord.objects.exists()


def test_the_same_file_again_is_said_in_the_form(coop, lena, buyers, client_of):
    client, data = client_of(lena), csv_of({1: "1.00"})
    patronage.record_import(actor=lena, patronage_import=PatronageImport.objects.get(pk=_checked(client, coop, data)))
    answer = upload(client, coop, data, "again.csv")
    assert answer.status_code == 422
    assert "“again.csv” is recorded for 2025 already" in answer.content.decode()


def _checked(client, coop, data):
    upload(client, coop, data)
    return PatronageImport.objects.latest("id").pk


def test_a_refused_plan_keeps_what_was_typed(coop, lena, buyers, client_of):
    make_books(coop)
    make_import(lena, {1: "10.00"})
    said = plan_form(**{"p-0-size": "amount", "p-0-amount": "90000"})
    answer = client_of(lena).post(url(coop, "plan-new", year=YEAR), said)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "“purchases”" in page
    assert 'value="90000"' in page
    assert not SurplusPlan.objects.exists()


WRONG_PLANS = [
    ({"title": ""}, "Please fill this in."),
    ({"patronage": "many"}, "“many” is not an amount of money."),
    ({"patronage": "1.005"}, "has more than 2 decimal places"),
    ({"losses_carried": "-1"}, "This cannot be less than nothing."),
    ({"cash_percent": "half"}, "“half” is not a percentage such as 2.5."),
    ({"notice": "none"}, "“All in cash” means 100 per cent in cash."),
    ({"no_consent": "17, x"}, "“x” is not a member number."),
    ({"a-0-percent": ""}, "Say how much."),
    ({"a-0-name": ""}, "Give this line a name, or leave all of it empty."),
    ({"a-0-target": "5"}, "Give both: what the fund holds, and at which amount it is full."),
    ({"p-0-size": "percent"}, "Say how much."),
    ({"p-0-name": "cheese"}, "is not in the list."),
    ({"a-TOTAL_FORMS": "x"}, ""),
]


def test_a_wrong_plan_is_said_beside_its_field(coop, lena, buyers, client_of):
    make_books(coop)
    make_import(lena, {1: "10.00"})
    client = client_of(lena)
    for change, sentence in WRONG_PLANS:
        answer = client.post(url(coop, "plan-new", year=YEAR), plan_form(**change))
        assert answer.status_code == 422, change
        assert sentence in answer.content.decode()
        assert not SurplusPlan.objects.exists()


def test_a_draft_is_changed_and_read_back(coop, lena, buyers, client_of):
    make_books(coop)
    make_import(lena, {1: "10.00"})
    client = client_of(lena)
    client.post(url(coop, "plan-new", year=YEAR), plan_form(rate="2,5", cap="3", **{"a-1-at_most": "100"}))
    plan = SurplusPlan.objects.get()
    assert plan.terms["share_interest"] == {"rate": "2.5", "cap": "3"}
    assert plan.terms["appropriations"][1]["at_most"] == 10_000
    page = client.get(url(coop, "plan-edit", pk=plan.pk)).content.decode()
    for value in ("Half and half", "48000.00", 'value="2.5"', 'value="100.00"', "Statutory reserve"):
        assert value in page
    client.post(url(coop, "plan-edit", pk=plan.pk), plan_form(title="Other"))
    plan.refresh_from_db()
    assert plan.title == "Other"
    copy = client.get(url(coop, "plan-new", year=YEAR) + f"?copy={plan.pk}").content.decode()
    assert "Other, otherwise" in copy


def test_double_submits_and_two_tabs(coop, lena, jonas, buyers, client_of):
    make_import(lena, {1: "10.00"})
    plan = make_plan(lena)
    one, two = client_of(lena), client_of(lena)
    for client in (one, two, one):
        assert client.post(url(coop, "plan-propose", pk=plan.pk)).status_code == 302
    stale = two.post(url(coop, "plan-edit", pk=plan.pk), plan_form(title="From the old tab"), follow=True)
    assert "was proposed; it is no longer changed" in stale.content.decode()
    thrown = two.post(url(coop, "plan-throw-away", pk=plan.pk), follow=True)
    assert "another state: before the members" in thrown.content.decode()
    plan.refresh_from_db()
    assert (plan.state, plan.title) == ("proposed", "Half and half")


def test_an_expired_session_is_sent_to_sign_in_and_does_nothing(coop, lena, buyers, client):
    make_import(lena, {1: "10.00"})
    plan = make_plan(lena)
    answer = client.post(url(coop, "plan-propose", pk=plan.pk))
    assert answer.url.startswith(reverse("account_login"))
    plan.refresh_from_db()
    assert plan.state == "draft"


def test_approving_and_posting_ask_to_sign_in_again(coop, lena, jonas, buyers, client):
    make_import(lena, {1: "10.00"})
    plan = carried(make_plan(lena), lena)
    client.force_login(jonas.user, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post(url(coop, "plan-approve", pk=plan.pk), {"seen": plan.hash, "read": "on"})
    assert answer.status_code == 302
    assert "reauthenticate" in answer.url
    plan.refresh_from_db()
    assert plan.state == "resolved"


def test_a_member_without_purchases_is_told_so(coop, lena, jonas, buyers, client_of):
    make_import(lena, {2: "10.00"})
    posted(make_plan(lena), lena, jonas)
    amara = Actor.of(buyers[1].party.account, coop)
    page = client_of(amara).get(url(coop, "statement", year=YEAR))
    assert "There is nothing for you for 2025" in page.content.decode()
    assert client_of(amara).get(url(coop, "statement", year=2024)).status_code == 404
    assert client_of(amara).get(url(coop, "statement-pdf", year=YEAR)).status_code == 404


def test_after_leaving_the_own_statement_stays_open_and_no_choice_is_offered(coop, lena, jonas, buyers, client_of):
    make_import(lena, {1: "100.00"})
    posted(make_plan(lena), lena, jonas)
    amara = Actor.of(buyers[1].party.account, coop)
    give_notice(actor=amara, membership=buyers[1], received_on=clock.today(coop))
    with clock.at(clock.now() + timedelta(days=800)):
        assert end_due(coop) == 1
        client = client_of(amara)
        page = client.get(url(coop, "statement", year=YEAR)).content.decode()
        assert "Amara Okafor" in page
        assert url(coop, "choice", year=YEAR) not in page
        assert client.get(url(coop, "statement-pdf", year=YEAR)).content.startswith(b"%PDF")
        assert client.get(reverse("ledger-api:statement", args=[coop.slug, YEAR])).status_code == 200
        for method in (client.get, client.post):
            assert method(url(coop, "choice", year=YEAR)).status_code == 403
        assert "of refunds is yours." in client.get(url(coop, "money")).content.decode()


def test_nothing_of_a_draft_reaches_a_member(coop, lena, buyers, client_of):
    make_import(lena, {1: "10.00"})
    plan = make_plan(lena)
    member = client_of(Actor.of(buyers[1].party.account, coop))
    assert member.get(url(coop, "plan", pk=plan.pk)).status_code == 403
    assert member.get(url(coop, "statement", year=YEAR)).status_code == 404


def test_files_for_others_can_be_worked_out_again(coop, lena, jonas, buyers, client_of):
    from ledger.allocation import allocate, parse_plan

    make_import(lena, {1: "2318.40", 2: "640.00", 3: "1.60"})
    plan = make_plan(lena)
    make_import(lena, {3: "1000.00"})  # later figures do not touch what was worked out
    client = client_of(lena)
    text = b"".join(client.get(url(coop, "plan-download", pk=plan.pk, form="plan.json")).streaming_content)
    allocation = allocate(parse_plan(text))
    columns = "number allocated interest cash qualified nonqualified netted rolled_forward".split()
    assert list(allocation.rows()) == list(plan.lines.values_list(*columns))
    rows = b"".join(client.get(url(coop, "plan-download", pk=plan.pk, form="lines.csv")).streaming_content).decode()
    assert rows.splitlines()[1].startswith("1,Amara Okafor,2318.40,26486.94,0.00,26486.94,13243.47,0.00,13243.47")
    assert rows.splitlines()[-1].startswith("total,,2960.00,33817.00,")
    assert client.get(url(coop, "plan-download", pk=plan.pk, form="other")).status_code == 404


# --- a fixed number of queries ----------------------------------------------------------------------------------------


@pytest.fixture
def counted(coop, lena, jonas, buyers, client_of, django_assert_num_queries, monkeypatch):
    """Opens a page once with one row and once with three, and both must cost the same. The rail counts for itself."""
    monkeypatch.setattr(nav, "for_actor", lambda actor, request: nav.Navigation())

    def check(count, address, actor, grow):
        client = client_of(actor)
        client.get(address)
        with django_assert_num_queries(count):
            assert client.get(address).status_code == 200
        grow()
        with django_assert_num_queries(count):
            assert client.get(address).status_code == 200

    return check


def test_files_cost_the_same(coop, lena, counted):
    make_import(lena, {1: "1.00"})
    counted(10, url(coop, "patronage"), lena, lambda: [make_import(lena, {2: f"{n}.00"}) for n in (2, 3)])


def test_plans_cost_the_same(coop, lena, counted):
    make_import(lena, {1: "1.00"})
    make_plan(lena)
    counted(11, url(coop, "surplus-year", year=YEAR), lena, lambda: [make_plan(lena) for _ in range(2)])


def test_lines_cost_the_same(coop, lena, counted):
    make_import(lena, {1: "1.00"})
    plan = make_plan(lena)

    def grow():
        make_import(lena, {2: "1.00", 3: "2.00"})
        surplus.redraw(actor=lena, plan=plan, title=plan.title, terms=plan.terms)

    counted(8, url(coop, "plan-lines", pk=plan.pk), lena, grow)


def test_statements_cost_the_same(coop, lena, jonas, counted):
    make_import(lena, {1: "1.00"})
    first = posted(make_plan(lena), lena, jonas)
    make_import(lena, {1: "1.00", 2: "1.00", 3: "2.00"}, year=2024)
    second = posted(make_plan(lena, year=2024), lena, jonas)
    addresses = iter([url(coop, "statements", pk=first.pk), url(coop, "statements", pk=second.pk)])
    counted(8, next(addresses), lena, lambda: None)
    counted(8, next(addresses), lena, lambda: None)


def test_a_members_statement_costs_the_same(coop, lena, jonas, buyers, counted):
    make_import(lena, {1: "1.00"})
    posted(make_plan(lena), lena, jonas)
    amara = Actor.of(buyers[1].party.account, coop)
    counted(
        10, url(coop, "statement", year=YEAR), amara, lambda: make_member(coop, name="Zoe New", on=date(2023, 1, 1))
    )


def test_the_second_officer_is_told_on_the_desk_and_the_books_are_held_against_the_plan(
    coop, lena, jonas, buyers, client_of
):
    make_import(lena, {1: "100.00"})
    plan = carried(make_plan(lena), lena)
    desk = f"/{coop.slug}/ledger/"
    waits = "Plan A for 2025 waits for a second officer"
    assert waits in client_of(jonas).get(desk).content.decode()
    assert waits not in client_of(lena).get(desk).content.decode(), "she drew it up"
    page = f"/{coop.slug}/ledger/surplus/plans/{plan.pk}/"
    assert "The books show another result" not in client_of(lena).get(page).content.decode(), "no income, no costs yet"
    make_entry(coop, "bank", "dues", 120_00, on=date(2025, 3, 1))
    page = client_of(lena).get(page).content.decode()
    assert "The books show another result" in page
    assert "Income less costs of 2025 is €120.00 so far" in page
