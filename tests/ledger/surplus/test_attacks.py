"""Raw SQL against patronage and plans, as the application's role and, where triggers must hold too, as the owner."""

from __future__ import annotations

import pytest

from coop.kernel import clock
from ledger.models import PatronageRecord, PlanLine, SurplusPlan
from ledger.services import surplus
from ledger.services.posting import Line, post_entry
from tests.governance.factories import carried_resolution, certify
from tests.ledger.attacking import all_refused
from tests.ledger.conftest import TABLES, attack, raw
from tests.ledger.surplus_factories import approved, carried, make_import, make_plan, posted

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
OURS = (
    "ledger_patronageyear",
    "ledger_patronageimport",
    "ledger_patronagerecord",
    "ledger_surplusplan",
    "ledger_planline",
)


@pytest.fixture(autouse=True)
def all_tables(monkeypatch):
    """A refused attack leaves our tables as they were, too."""
    monkeypatch.setattr("tests.ledger.conftest.TABLES", (*TABLES, *OURS))


@pytest.fixture
def draft(lena, buyers):
    make_import(lena, {1: "10.00", 2: "5.00"})
    return make_plan(lena)


@pytest.fixture
def frozen(draft, lena, jonas):
    return approved(draft, lena, jonas)


CHANGES = [
    "title = 'Other'",
    "terms = '{}'",
    "result = jsonb_set(result, '{surplus}', '1')",
    "hash = repeat('0', 64)",
    "hash = ''",
    "line_count = 1",
    "basis_version = 99",
    "letter = 'Z'",
    "year_id = year_id + 1",
    "coop_id = coop_id + 1",
    "created_by_id = NULL",
    "proposed_by_id = approved_by_id",
    "approved_by_id = proposed_by_id",
    "approved_by_id = NULL",
    "resolution_id = NULL",
    "state = 'draft'",
    "state = 'proposed'",
    "state = 'resolved'",
    "state = 'posted'",
    "state = 'posted', entry_id = 1, posted_at = now()",
    "state = 'paid'",
    "id = id + 1000",
]


LINE_CHANGES = [
    "UPDATE ledger_planline SET cash = cash + 1, nonqualified = nonqualified - 1",
    "UPDATE ledger_planline SET membership_id = (SELECT max(id) FROM members_membership)",
    "DELETE FROM ledger_planline",
    "DELETE FROM ledger_planline WHERE number = 2",
    "TRUNCATE ledger_planline",
    "TRUNCATE ledger_surplusplan CASCADE",
    "DELETE FROM ledger_surplusplan",
    "INSERT INTO ledger_planline (coop_id, plan_id, membership_id, number, basis, shares, holding, carried, debt,"
    " interest, allocated, cash, qualified, nonqualified, netted, rolled_forward)"
    " SELECT coop_id, plan_id, (SELECT id FROM members_membership WHERE number = 3), 3, basis, shares, 0, 0, 0,"
    " 0, 100, 100, 0, 0, 0, 0 FROM ledger_planline LIMIT 1",
]
RECORDED = [
    "UPDATE ledger_patronagerecord SET quantity = 1",
    "UPDATE ledger_patronagerecord SET membership_id = NULL",
    "DELETE FROM ledger_patronagerecord",
    "TRUNCATE ledger_patronagerecord",
    "DELETE FROM ledger_patronageimport",
    "TRUNCATE ledger_patronageimport CASCADE",
    "UPDATE ledger_patronageimport SET total = 1",
    "UPDATE ledger_patronageimport SET digest = repeat('0', 64)",
    "UPDATE ledger_patronageimport SET state = 'checked'",
    "UPDATE ledger_patronageimport SET state = 'discarded'",
    "UPDATE ledger_patronageyear SET version = 0",
    "UPDATE ledger_patronageyear SET ends_on = ends_on + 1",
    "DELETE FROM ledger_patronageyear",
    "UPDATE ledger_patronagefile SET content = ''",
]


def test_an_approved_plan_is_not_changed(frozen):
    all_refused(
        [f"UPDATE ledger_surplusplan SET {change} WHERE id = {frozen.pk}" for change in CHANGES],
        "a plan (does not go from|is posted by its own|stays in its)",
    )


def test_the_lines_of_an_approved_plan_are_not_changed(frozen):
    all_refused(LINE_CHANGES, "not changed|permission denied|append-only|not deleted|annot")


def test_a_line_that_does_not_add_up(draft):
    all_refused(
        [
            (
                "INSERT INTO ledger_planline (coop_id, plan_id, membership_id, number, basis, shares, holding, carried,"
                " debt, interest, allocated, cash, qualified, nonqualified, netted, rolled_forward)"
                " SELECT coop_id, plan_id, membership_id, 99, basis, shares, 0, 0, 0, 0, 100, 99, 0, 0, 0, 0"
                " FROM ledger_planline LIMIT 1",
            )
        ],
        "planline_adds_up",
    )


def test_a_plan_whose_lines_say_otherwise_is_not_proposed(draft):
    propose = (
        f"UPDATE ledger_surplusplan SET state = 'proposed', hash = repeat('a', 64), proposed_at = now(),"
        f" proposed_by_id = created_by_id WHERE id = {draft.pk}"
    )
    all_refused([("DELETE FROM ledger_planline WHERE number = 2", propose)], "a plan and its lines disagree")
    all_refused(
        [
            (
                "UPDATE ledger_surplusplan SET result = jsonb_set(result, '{totals,cash}', '1')"
                f" WHERE id = {draft.pk}",
                propose,
            )
        ],
        "a plan and its lines disagree",
    )


def test_a_plan_on_old_figures_is_not_proposed(draft, lena):
    make_import(lena, {3: "1.00"})
    all_refused(
        [
            (
                f"UPDATE ledger_surplusplan SET state = 'proposed', hash = repeat('a', 64), proposed_at = now()"
                f" WHERE id = {draft.pk}",
            )
        ],
        "the figures have changed since",
    )


def test_a_plan_begins_as_a_draft(draft):
    all_refused(
        [
            "INSERT INTO ledger_surplusplan (coop_id, year_id, letter, title, state, terms, result, basis_version,"
            " line_count, hash, created_at, changed_at, proposed_at, because, voided_at)"
            f" SELECT coop_id, year_id, 'Q', 'x', '{state}', terms, result, basis_version, 0, repeat('a', 64), now(),"
            " now(), now(), 'x', now() FROM ledger_surplusplan"
            for state in ("proposed", "resolved", "approved", "posted", "void")
        ],
        "a plan begins as a draft",
    )


def test_a_lost_motion_carries_no_plan(draft, lena, coop):
    plan = surplus.propose(actor=lena, plan=draft)
    lost = carried_resolution(coop, "No", carried=False)
    all_refused(
        [
            (
                f"UPDATE ledger_surplusplan SET state = 'resolved', resolution_id = {lost.pk}, resolved_at = now()"
                f" WHERE id = {plan.pk}",
            )
        ],
        "carried by a resolution that was carried",
    )


def test_a_motion_two_officers_have_not_certified_carries_no_plan(draft, lena, coop):
    plan = surplus.propose(actor=lena, plan=draft)
    early = carried_resolution(coop, "Counted, not signed", certified=False)
    link = (
        f"UPDATE ledger_surplusplan SET state = 'resolved', resolution_id = {early.pk}, resolved_at = now()"
        f" WHERE id = {plan.pk}"
    )
    all_refused([link], "carried by a resolution that was carried and certified")
    certify(early.ballot)
    attack(link)


def test_nobody_approves_their_own_plan(draft, lena):
    plan = carried(draft, lena)
    for who in ("created_by_id", "proposed_by_id"):
        all_refused(
            [
                (
                    f"UPDATE ledger_surplusplan SET state = 'approved', approved_by_id = {who}, approved_at = now()"
                    f" WHERE id = {plan.pk}",
                )
            ],
            "approved_by_a_second_person",
        )


def test_two_plans_of_a_year_are_not_both_carried(draft, lena, coop):
    carried(draft, lena)
    other = surplus.propose(actor=lena, plan=make_plan(lena, title="Other"))
    another = carried_resolution(coop, "Another")
    all_refused(
        [
            (
                f"UPDATE ledger_surplusplan SET state = 'resolved', resolution_id = {another.pk}, resolved_at = now()"
                f" WHERE id = {other.pk}",
            )
        ],
        "surplusplan_one_is_carried_out",
    )


def test_a_plan_is_posted_by_its_own_entry_only(frozen, coop, lena):
    from ledger.services.accounts import account

    lines = [Line(account(coop, "bank"), 5), Line(account(coop, "cash"), -5)]
    entry = post_entry(actor=lena, on=clock.today(coop), kind="x", memo="", lines=lines, key="mine")
    all_refused(
        [
            (
                f"UPDATE ledger_surplusplan SET state = 'posted', entry_id = {entry.pk}, posted_at = now()"
                f" WHERE id = {frozen.pk}",
            )
        ],
        "a plan is posted by its own entry",
    )


def test_a_posted_plan_is_not_voided_without_its_mirror(draft, lena, jonas):
    plan = posted(draft, lena, jonas)
    all_refused(
        [(f"UPDATE ledger_surplusplan SET state = 'void', voided_at = now(), because = 'x' WHERE id = {plan.pk}",)],
        "voided by reversing its entry|void_by_reversal",
    )
    all_refused(
        [
            (
                "UPDATE ledger_surplusplan SET state = 'void', voided_at = now(), because = 'x',"
                f" reversal_id = entry_id WHERE id = {plan.pk}",
            )
        ],
        "voided by reversing its entry",
    )
    all_refused(
        [f"UPDATE ledger_surplusplan SET entry_id = NULL WHERE id = {plan.pk}"],
        "a plan does not go from posted to posted",
    )


# --- patronage --------------------------------------------------------------------------------------------------------


def test_what_was_recorded_is_not_changed(draft):
    all_refused(
        RECORDED, "append-only|Cannot (update|delete)|permission denied|an import is checked, recorded|same_coop"
    )


ADD = (
    "INSERT INTO ledger_patronagerecord (coop_id, year_id, membership_id, pool, unit, quantity, source_id, because,"
    " recorded_at) SELECT coop_id, year_id, membership_id, 'purchases', 'money', {quantity}, {source}, '{because}',"
    " now() FROM ledger_patronagerecord LIMIT 1"
)


def test_rows_without_a_file_need_a_reason(draft):
    all_refused([ADD.format(quantity=5, source="NULL", because="")], "correction_has_a_reason")


def test_a_file_has_no_negative_rows_and_no_member_twice(draft):
    all_refused([ADD.format(quantity=-5, source="source_id", because="x")], "correction_has_a_reason")
    all_refused([ADD.format(quantity=5, source="source_id", because="")], "patronage_one_row_a_member")


def test_figures_stand_still_under_a_proposed_plan(draft, lena):
    surplus.propose(actor=lena, plan=draft)
    all_refused(
        [
            ADD.format(quantity=5, source="NULL", because="x"),
            "UPDATE ledger_patronageimport SET state = 'undone', undone_at = now()",
        ],
        "a year whose plan is proposed is not changed",
    )


def test_rows_smuggled_into_a_recorded_file_stop_the_proposal(draft, lena):
    attack(
        "INSERT INTO ledger_patronagerecord (coop_id, year_id, membership_id, pool, unit, quantity, source_id, because,"
        " recorded_at) SELECT coop_id, year_id, NULL, 'purchases', 'money', 7, source_id, '', now()"
        " FROM ledger_patronagerecord LIMIT 1"
    )
    again = surplus.redraw(actor=lena, plan=draft, title=draft.title, terms=draft.terms)
    with raw() as connection, connection.cursor() as cursor, pytest.raises(Exception, match="an import and its rows"):
        cursor.execute(
            "UPDATE ledger_surplusplan SET state = 'proposed', hash = repeat('a', 64), proposed_at = now()"
            f" WHERE id = {again.pk}"
        )


def test_nothing_ties_two_coops_together(draft, other_coop):
    for table, column in (("ledger_surplusplan", "year_id"), ("ledger_planline", "plan_id")):
        assert column
        all_refused(
            [f"UPDATE {table} SET coop_id = {other_coop.pk}"],
            "a plan stays in its co-op|annot update rows|permission denied",
        )
    all_refused(
        [
            (
                "INSERT INTO ledger_patronagerecord (coop_id, year_id, membership_id, pool, unit, quantity, because,"
                f" recorded_at) SELECT {other_coop.pk}, year_id, membership_id, pool, unit, 1, 'x', now()"
                " FROM ledger_patronagerecord LIMIT 1",
            )
        ],
        "same_coop|violates foreign key",
    )


def test_what_the_attacks_met_is_all_there(frozen):
    """The fixtures did build what was attacked."""
    assert (SurplusPlan.objects.get().state, PlanLine.objects.count(), PatronageRecord.objects.count()) == (
        "approved",
        2,
        2,
    )


KEYS = {
    "year_id": "year_id_same_coop",
    "membership_id": "membership_id_same_coop",
    "source_id": "source_id_same_coop",
    "coop_id": "same_coop|fk_kernel",
    "recorded_by_id": "fk_kernel_us",
}


def test_a_row_of_nowhere_is_refused_by_the_one_key_it_has(draft):
    usual = {"coop_id": "coop_id", "year_id": "year_id", "membership_id": "membership_id", "recorded_by_id": "NULL"}
    for column, key in KEYS.items():
        values = usual | {"source_id": "NULL", column: "999999"}
        all_refused(
            [
                f"INSERT INTO ledger_patronagerecord ({', '.join(values)}, pool, unit, quantity, because, recorded_at)"
                f" SELECT {', '.join(values.values())}, 'other', 'money', 1, 'why', now()"
                " FROM ledger_patronagerecord LIMIT 1"
            ],
            f"violates foreign key constraint.*({key})|is not recorded|no such year",
        )


def test_what_a_row_of_patronage_stands_on_stays(draft):
    under = {
        "ledger_patronageyear": "year_id",
        "ledger_patronageimport": "source_id",
        "members_membership": "membership_id",
    }
    all_refused(
        [f"DELETE FROM {t} WHERE id IN (SELECT {c} FROM ledger_patronagerecord)" for t, c in under.items()],
        "foreign key constraint|append-only|cannot be|never|Cannot|cannot",
        roles=["owner"],
    )
