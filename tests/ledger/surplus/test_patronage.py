"""A year's figures come in as a whole, are corrected by new rows, and stand still once a plan is on its way."""

from datetime import date

import pytest
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied

from coop.kernel import audit
from coop.kernel.errors import Refused
from coop.kernel.models import AuditEvent
from ledger.models import PatronageFile, PatronageImport, PatronageRecord, PatronageYear
from ledger.selectors import patronage as selectors
from ledger.services import patronage, surplus
from tests.ledger.surplus_factories import YEAR, csv_of, make_import, make_plan
from tests.members.factories import make_member

pytestmark = pytest.mark.django_db


def check(actor, data, *, name="2025.csv", **more):
    usual = {"year": YEAR, "pool": "purchases", "unit": "money"}
    return patronage.check_file(actor=actor, file_name=name, data=data, **{**usual, **more})


def sums(coop, year=YEAR):
    found = PatronageYear.objects.get(coop=coop, year=year)
    return {(row.number, row.pool): row.quantity for row in selectors.basis(found)}


def test_a_checked_file_counts_only_once_it_is_recorded(coop, lena, buyers):
    checked = check(lena, csv_of({1: "2318.40", 2: "99.99"}))
    assert (checked.state, checked.rows, checked.members, checked.total) == ("checked", 2, 2, 241_839)
    assert checked.can_be_recorded
    assert not PatronageRecord.objects.exists()
    patronage.record_import(actor=lena, patronage_import=checked)
    assert sums(coop) == {(1, "purchases"): 231_840, (2, "purchases"): 9_999}
    assert list(audit.verify(coop)) == []
    assert AuditEvent.objects.filter(kind="ledger.patronage_recorded").count() == 1


def test_recording_twice_records_once(coop, lena, buyers):
    checked = check(lena, csv_of({1: "1.00"}))
    patronage.record_import(actor=lena, patronage_import=checked)
    again = patronage.record_import(actor=lena, patronage_import=checked)
    assert again.state == "recorded"
    assert PatronageRecord.objects.count() == 1


def test_the_same_file_again_is_recognised(lena, buyers):
    data = csv_of({1: "1.00"})
    patronage.record_import(actor=lena, patronage_import=check(lena, data))
    with pytest.raises(Refused) as refused:
        check(lena, data, name="a copy.csv")
    assert refused.value.code == "already_recorded"
    assert "“a copy.csv” is recorded for 2025 already" in refused.value.message
    assert check(lena, data, year=YEAR - 1).state == "checked"  # another year is another matter


def test_a_file_checked_twice_waits_once(lena, buyers):
    """Sent twice in one breath it is one; sent again under other words, the later one waits."""
    data = csv_of({1: "1.00"})
    first = check(lena, data)
    assert check(lena, data).pk == first.pk
    second = check(lena, data, name="the same.csv")
    first.refresh_from_db()
    assert (first.state, second.state) == ("discarded", "checked")
    with pytest.raises(Refused, match="thrown away"):
        patronage.record_import(actor=lena, patronage_import=first)


def test_an_undone_file_may_come_again(coop, lena, buyers):
    first = make_import(lena, {1: "1.00"})
    patronage.undo_import(actor=lena, patronage_import=first, because="wrong year")
    make_import(lena, {1: "1.00"})
    assert sums(coop) == {(1, "purchases"): 100}
    assert PatronageRecord.objects.count() == 2  # the undone row is still there to be read


def test_a_file_with_one_wrong_line_records_nothing(lena, buyers):
    checked = check(lena, csv_of({1: "1.00", 99: "5.00", 2: "x"}))
    assert checked.problem_count == 2
    assert checked.problems[0] == [3, "Line 3: no member has the number 99."]
    with pytest.raises(Refused, match="nothing was recorded"):
        patronage.record_import(actor=lena, patronage_import=checked)
    assert not PatronageRecord.objects.exists()


def test_another_coops_members_are_unknown(lena, olga, other_coop, buyers):
    theirs = make_member(other_coop, name="Dan Far", on=date(2022, 1, 1))
    assert theirs.number == 1
    for number in range(4, 6):
        assert check(lena, csv_of({number: "1"})).problem_count == 1
    assert check(olga, csv_of({1: "1"})).problem_count == 0
    assert check(olga, csv_of({2: "1"})).problem_count == 1


def test_a_member_who_is_gone_by_the_time_of_recording_is_found(lena, buyers, monkeypatch):
    with monkeypatch.context() as then:
        then.setattr(selectors, "strangers", lambda coop, numbers: set())
        checked = check(lena, csv_of({1: "1.00", 99: "1.00"}))
    with pytest.raises(Refused, match="nothing was recorded"):
        patronage.record_import(actor=lena, patronage_import=checked)
    checked.refresh_from_db()
    assert (checked.state, PatronageRecord.objects.count()) == ("checked", 0)


def test_business_with_others_never_reaches_a_pool(coop, lena, buyers):
    checked = check(lena, b"member,amount\n1,10.00\nNon-members,90.00\n")
    patronage.record_import(actor=lena, patronage_import=checked)
    (pool,) = selectors.pools(checked.year)
    assert (pool.total, pool.outside, pool.members) == (1_000, 9_000, 1)
    assert sums(coop) == {(1, "purchases"): 1_000}


def test_two_files_add_up_and_a_file_may_replace_another(coop, lena, buyers):
    make_import(lena, {1: "1.00"})
    second = make_import(lena, {1: "2.00", 2: "3.00"})
    assert sums(coop) == {(1, "purchases"): 300, (2, "purchases"): 300}
    assert selectors.overlap(second, ["purchases"], {1, 2}) == 1
    make_import(lena, {1: "2.50"}, replaces=second)
    assert sums(coop) == {(1, "purchases"): 350}
    second.refresh_from_db()
    assert (second.state, second.because) == ("undone", "Replaced by “purchases-2025.csv”.")


def test_departments_and_units_stay_apart(coop, lena, buyers):
    checked = check(lena, b"member,department,amount\n1,Bakery,1\n1,Cheese,2\n2,Bakery,5\n")
    patronage.record_import(actor=lena, patronage_import=checked)
    make_import(lena, {1: "7.5"}, pool="Hours  worked", unit="hours")
    assert sums(coop) == {(1, "bakery"): 100, (1, "cheese"): 200, (2, "bakery"): 500, (1, "hours worked"): 750}
    with pytest.raises(Refused) as refused:
        check(lena, csv_of({1: "2"}), pool="bakery", unit="kg")
    assert refused.value.code == "another_unit"


def test_a_correction_is_a_new_row_with_the_difference(coop, lena, buyers):
    make_import(lena, {1: "10.00", 2: "5.00"})
    row = patronage.correct(
        actor=lena, membership=buyers[1], year=YEAR, pool="Purchases", quantity=800, because="a return booked twice"
    )
    assert row.quantity == -200
    assert sums(coop) == {(1, "purchases"): 800, (2, "purchases"): 500}
    patronage.correct(actor=lena, membership=buyers[3], year=YEAR, pool="purchases", quantity=50, because="card lost")
    assert sums(coop)[3, "purchases"] == 50
    assert [each.membership_id for each in selectors.corrections(row.year)] == [buyers[3].pk, buyers[1].pk]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"because": "  "}, "no_reason"),
        ({"quantity": -1}, "negative"),
        ({"quantity": 2**63}, "negative"),
        ({"pool": "cheese"}, "no_pool"),
        ({"pool": ""}, "no_pool"),
        ({"quantity": 1_000}, "no_change"),
        ({"year": 1700}, "no_such_year"),
        ({"year": 2200}, "no_such_year"),
    ],
)
def test_what_is_no_correction(lena, buyers, change, code):
    make_import(lena, {1: "10.00"})
    usual = {"membership": buyers[1], "year": YEAR, "pool": "purchases", "quantity": 5, "because": "so"}
    with pytest.raises(Refused) as refused:
        patronage.correct(actor=lena, **{**usual, **change})
    assert refused.value.code == code
    assert PatronageRecord.objects.count() == 1


def test_nothing_changes_under_a_proposed_plan(lena, buyers):
    first = make_import(lena, {1: "10.00"})
    plan = make_plan(lena)
    surplus.propose(actor=lena, plan=plan)
    attempts = [
        lambda: check(lena, csv_of({2: "1"})),
        lambda: patronage.undo_import(actor=lena, patronage_import=first, because="no"),
        lambda: patronage.correct(
            actor=lena, membership=buyers[1], year=YEAR, pool="purchases", quantity=1, because="no"
        ),
    ]
    for attempt in attempts:
        with pytest.raises(Refused) as refused:
            attempt()
        assert refused.value.code == "plan_stands_on_it"
        assert "Plan A for 2025 (before the members) stands on these figures" in refused.value.message
    surplus.take_back(actor=lena, plan=plan, because="a file is missing")
    make_import(lena, {2: "1"})


def test_a_thrown_away_file_is_erased(lena, buyers):
    checked = check(lena, csv_of({1: "1"}))
    patronage.discard_import(actor=lena, patronage_import=checked)
    assert not PatronageFile.objects.exists()
    recorded = make_import(lena, {1: "2"})
    with pytest.raises(Refused, match="undo it instead"):
        patronage.discard_import(actor=lena, patronage_import=recorded)


def test_only_the_treasurer(jonas, mei, nadia, lena, buyers):
    for actor in (jonas, mei, nadia):
        with pytest.raises(PermissionDenied):
            check(actor, csv_of({1: "1"}))
    recorded = make_import(lena, {1: "1"})
    with pytest.raises(PermissionDenied):
        patronage.undo_import(actor=nadia, patronage_import=recorded, because="no")


def test_another_coops_import_is_not_found(lena, olga, buyers):
    checked = check(lena, csv_of({1: "1"}))
    with pytest.raises(ObjectDoesNotExist):
        patronage.record_import(actor=olga, patronage_import=checked)
    assert PatronageImport.objects.get().state == "checked"


def test_every_pool_name_survives_the_way_into_the_database(coop, lena, buyers):
    checked = check(lena, 'member,department,amount\n1,"a\\b \'c\' ""d"" ü",1\n2,\\N,2\n'.encode())
    patronage.record_import(actor=lena, patronage_import=checked)
    assert sums(coop) == {(1, "a\\b 'c' \"d\" ü"): 100, (2, "\\n"): 200}
