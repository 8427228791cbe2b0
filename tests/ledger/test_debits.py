"""Direct debits: mandates, a collection by two people, the file, the notice, the booking, and what came back."""

from __future__ import annotations

import zlib
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from lxml import etree

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.models import Mail
from coop.kernel.tenancy import Actor
from ledger.exchange import pain008
from ledger.exchange.pain008 import Collection, Creditor
from ledger.models import DebitFile, DebitLine, DebitReturn, Entry, Mandate
from ledger.selectors.dues import owed_by
from ledger.selectors.shares import reconciliation
from ledger.services import debits, mandates
from ledger.services.accounts import account
from ledger.services.posting import Line, post_entry
from ledger.services.shares import subscribe
from members.models import PaperLetter
from tests.beside import needed
from tests.cast import make_user
from tests.ledger.conftest import TABLES, attack, refused
from tests.ledger.debit_factories import AHEAD, CREDITOR_ID, IBANS, OURS, make_debits, may_collect, released, signed
from tests.ledger.surplus.test_races import at_once, errors, fresh, refusals

OUR_TABLES = ("ledger_mandate", "ledger_debitrun", "ledger_debitline", "ledger_debitreturn", "ledger_debitfile")
both = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
quick = pytest.mark.django_db


@pytest.fixture
def collecting(coop, lena):
    may_collect(coop, lena)
    return signed(coop, lena, "Ada"), signed(coop, lena, "Ben", 1)


@pytest.fixture
def later(coop):
    """The day of the collection has come."""
    return clock.now() + timedelta(days=AHEAD)


def code_of(act) -> str:
    with pytest.raises(Refused) as refusal:
        act()
    return refusal.value.code


def booked(run, lena, later):
    with clock.at(later):
        return debits.book_debits(actor=lena, run_id=run.pk)


# --- the file ---------------------------------------------------------------------------------------------------------

ONE = Collection(
    "D1-17", "M000017-1", date(2026, 1, 5), "FRST", "Zoë Großmann & Co", IBANS[0], 123_45, "dues", "COBADEFFXXX"
)
WHEN = {
    "message": "riverside-20261209-D1",
    "made_at": datetime(2026, 11, 23, tzinfo=UTC),
    "collect_on": date(2026, 12, 9),
}
WE = Creditor("Riverside Food Co-op", OURS, CREDITOR_ID)


@pytest.mark.conformance
def test_pain_008_validates_and_says_its_totals():
    again = Collection("D1-18", "M-18", date(2025, 1, 5), "RCUR", "<Łukasz>", IBANS[2], 1, "")
    file = pain008.write(WE, [ONE, again], **WHEN)
    document = etree.fromstring(file.content)
    etree.XMLSchema(etree.parse(str(needed("xsd", "pain.008.001.08.xsd")))).assertValid(document)

    def said(name):
        return [found.text for found in document.iter(f"{{{pain008.NAMESPACE}}}{name}")]

    assert said("CtrlSum") == ["123.46", "123.45", "0.01"]
    assert said("SeqTp") == ["FRST", "RCUR"]
    assert said("MndtId") == ["M000017-1", "M-18"]
    assert said("DtOfSgntr") == ["2026-01-05", "2025-01-05"]
    assert said("ReqdColltnDt") == ["2026-12-09"] * 2


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"amount": 0}, "no amount"),
        ({"iban": "DE00"}, "no IBAN"),
        ({"sequence": "ONCE"}, "neither first nor recurring"),
    ],
)
def test_pain_008_writes_nothing_a_bank_would_refuse(change, why):
    fields = {name: getattr(ONE, name) for name in ONE.__slots__} | change
    with pytest.raises(ValueError, match=why):
        pain008.write(WE, [Collection(**fields)], **WHEN)
    with pytest.raises(ValueError, match="no creditor identifier"):
        pain008.write(Creditor("x", OURS, "DE97ZZZ09999999999"), [ONE], **WHEN)


# --- a collection -----------------------------------------------------------------------------------------------------


@quick
def test_from_the_signature_to_the_books_and_back(collecting, coop, lena, jonas, later):
    first, second = collecting
    run = make_debits(lena)
    assert [(line.number, line.amount, line.sequence) for line in run.lines.all()] == [
        (first.membership.number, 26_000, "FRST"),
        (second.membership.number, 26_000, "FRST"),
    ]
    assert code_of(lambda: make_debits(lena)) == "one_at_a_time"
    assert code_of(lambda: released(run, lena)) == "same_person"
    wrong = {"actor": jonas, "run": run, "seen": "0" * 64, "site": ""}
    assert code_of(lambda: debits.release_debits(**wrong)) == "not_what_was_seen"
    before = Mail.objects.filter(kind="ledger.debit").count() + PaperLetter.objects.filter(kind="ledger.debit").count()
    run = released(run, jonas)
    assert released(run, jonas).pk == run.pk  # told once
    told = [*Mail.objects.filter(kind="ledger.debit"), *PaperLetter.objects.filter(kind="ledger.debit")]
    assert len(told) == before + 2
    for words in ("€260.00", CREDITOR_ID, first.reference):
        assert any(words in each.text for each in told)
    assert code_of(lambda: mandates.revoke_mandate(actor=lena, mandate=first)) == "under_way"
    assert code_of(lambda: debits.book_debits(actor=lena, run_id=run.pk)) == "too_early"
    run = booked(run, lena, later)
    assert booked(run, lena, later).state == "booked"
    assert Entry.objects.filter(coop=coop, key__startswith="debit:").count() == 2
    assert owed_by(first.membership, run.collect_on).total == 0
    with clock.at(later):
        line = run.lines.get(number=second.membership.number)
        back = {"actor": lena, "line": line, "on": run.collect_on, "code": "ac04", "fee": 350}
        made = debits.record_debit_return(**back)
        assert debits.record_debit_return(**back).pk == made.pk
        assert (made.code, made.fee_entry.lines.get(amount__gt=0).account.purpose) == ("AC04", "bank_charges")
        assert owed_by(second.membership, run.collect_on).total == 26_000
        assert reconciliation(coop, run.collect_on).agrees
        mandates.revoke_mandate(actor=lena, mandate=first)
        again = make_debits(lena, collect_on=run.collect_on + timedelta(days=AHEAD))
        # Ada's mandate is revoked; Ben's came back, so his next one is a first one again.
        assert [(one.number, one.sequence) for one in again.lines.all()] == [(second.membership.number, "FRST")]


@quick
def test_what_was_collected_once_recurs(coop, lena, jonas, later):
    may_collect(coop, lena)
    mandate = signed(coop, lena, "Ada")
    run = booked(released(make_debits(lena), jonas), lena, later)
    with clock.at(later):
        subscribe(actor=lena, membership=mandate.membership, shares=1, on=clock.today(coop))
    with clock.at(later + timedelta(days=40)):
        again = make_debits(lena, collect_on=clock.today(coop) + timedelta(days=AHEAD))
    assert [(line.amount, line.sequence) for line in again.lines.all()] == [(5_000, "RCUR")]
    assert b"<SeqTp>RCUR</SeqTp>" in zlib.decompress(again.file.content)
    assert run.number + 1 == again.number


@quick
def test_what_is_refused(collecting, coop, lena, jonas, other_coop, olga):
    first, _second = collecting
    today = clock.today(coop)
    assert code_of(lambda: make_debits(lena, collect_on=today + timedelta(days=13))) == "collect_on"
    assert code_of(lambda: make_debits(lena, notice_days=0)) == "notice_days"
    give = {"actor": lena, "membership": first.membership, "iban": IBANS[2], "signed_on": today}
    assert code_of(lambda: mandates.give_mandate(**give)) == "mandate_there"
    mandates.revoke_mandate(actor=lena, mandate=first)
    assert mandates.revoke_mandate(actor=lena, mandate=first).revoked_at
    assert code_of(lambda: mandates.give_mandate(**give | {"iban": "DE89370400440532013001"})) == "iban"
    assert code_of(lambda: mandates.give_mandate(**give | {"reference": "häßlich"})) == "reference"
    assert code_of(lambda: mandates.give_mandate(**give | {"reference": first.reference})) == "reference_used"
    assert code_of(lambda: mandates.give_mandate(**give | {"signed_on": today + timedelta(days=1)})) == "future"
    run = make_debits(lena)
    assert run.count == 1
    run = debits.cancel_debits(actor=lena, run=run, because="too early")
    assert not DebitFile.objects.filter(run=run).exists()
    assert code_of(lambda: released(run, jonas)) == "not_now"


@quick
def test_a_member_takes_the_own_mandate_back_and_nobody_elses(coop, lena):
    may_collect(coop, lena)
    amara = Actor.of(make_user("amara"), coop)
    mine, other = signed(coop, lena, "Amara", user=amara.user), signed(coop, lena, "Ben", 1)
    amara = Actor.of(amara.user, coop)
    assert mandates.revoke_mandate(actor=amara, mandate=mine).revoked_by == amara.user
    with pytest.raises(PermissionDenied):
        mandates.revoke_mandate(actor=amara, mandate=other)
    other.refresh_from_db()
    assert other.revoked_at is None


@quick
def test_a_person_who_is_forgotten_leaves_no_account_behind(collecting, coop, lena, jonas, later):
    first, _second = collecting
    booked(released(make_debits(lena), jonas), lena, later)
    assert mandates.accounts_in_mandates(first.membership.party) == ["Ada", IBANS[0]]
    mandates.forget_mandates(actor=lena, membership=first.membership)
    first.refresh_from_db()
    assert (first.iban, first.holder, bool(first.revoked_at)) == ("", "", True)
    assert not DebitFile.objects.exists()
    assert DebitLine.objects.count() == 2


# --- what the database keeps ------------------------------------------------------------------------------------------


@pytest.fixture
def guarded(collecting, monkeypatch):
    monkeypatch.setattr("tests.ledger.conftest.TABLES", (*TABLES, *OUR_TABLES))
    return collecting


RELEASE = "UPDATE ledger_debitrun SET state = 'released', released_at = now(), released_by_id = {} WHERE id = {}"


@both
def test_raw_sql_collects_nothing_two_people_did_not_let_go(guarded, lena, jonas, role):
    run = make_debits(lena)
    for who in (lena.user_id, "NULL"):
        with refused("debitrun_released_by_somebody_else"):
            attack(RELEASE.format(who, run.pk), role=role)
    for change in ("total = total + 1", "collect_on = collect_on - 9", "hash = ''", "bank_account_id = 0", "count = 9"):
        with refused("is not changed|does not go"):
            attack(f"UPDATE ledger_debitrun SET {change}", role=role)
    with refused("does not go from draft to booked"):
        attack("UPDATE ledger_debitrun SET state = 'booked'", role=role)
    added = "INSERT INTO ledger_debitline (coop_id, run_id, membership_id, mandate_id, number, amount, sequence, ends)"
    with refused("by the member's own mandate"):
        attack(
            f"{added} SELECT coop_id, run_id, membership_id, mandate_id + 1, 9, 1, 'RCUR', '' FROM ledger_debitline",
            role=role,
        )
    for table in OUR_TABLES:
        if table == "ledger_debitfile":
            continue
        with refused("."):
            attack(f"DELETE FROM {table}" if table != "ledger_debitreturn" else f"TRUNCATE {table} CASCADE", role=role)
    with refused("."):
        attack("UPDATE ledger_debitline SET amount = 1", role=role)
    with refused("."):
        attack("UPDATE ledger_debitfile SET content = ''", role=role)
    first = guarded[0]
    for change in (
        "iban = 'DE00'",
        "signed_on = signed_on - 1",
        "membership_id = membership_id + 1",
        "reference = 'x'",
    ):
        with refused("."):
            attack(f"UPDATE ledger_mandate SET {change} WHERE id = {first.pk}", role=role)
    attack(f"UPDATE ledger_mandate SET revoked_at = now() WHERE id = {first.pk}", role=role)
    with refused("was revoked"):
        attack(RELEASE.format(jonas.user_id, run.pk), role=role)
    with refused("nothing else"):
        attack("UPDATE ledger_mandate SET revoked_at = NULL", role=role)


@both
def test_raw_sql_books_only_what_was_released(guarded, coop, lena, jonas, later, role):
    run = make_debits(lena)
    line = run.lines.first()

    def forge(key, amount=26_000, on=run.collect_on):
        """An entry that says it collected, written past the services."""
        lines = [Line(run.bank_account.account, amount), Line(account(coop, "dues"), -amount)]
        return post_entry(actor=lena, on=on, kind="share_payment", memo="", lines=lines, key=key)

    key = line.posting_key
    with pytest.raises(IntegrityError, match="released collection"):
        forge(key)  # a draft collects nothing
    released(run, jonas)
    with refused("uses this mandate"):
        attack("UPDATE ledger_mandate SET revoked_at = now()", role=role)
    for wrong in (
        {"key": "debit:999999"},
        {"key": key, "amount": 1},
        {"key": key, "on": run.collect_on + timedelta(days=1)},
    ):
        with pytest.raises(IntegrityError, match="released collection"):
            forge(**wrong)
    with refused("booked line by line"):
        attack("UPDATE ledger_debitrun SET state = 'booked'", role=role)
    booked(run, lena, later)
    other = Entry.objects.latest("pk")
    with refused("only a debit that was collected comes back"):
        attack(
            'INSERT INTO ledger_debitreturn (coop_id, line_id, "on", code, fee, entry_id, recorded_at)'
            f" VALUES ({coop.pk}, {line.pk}, now(), 'X', 0, {other.pk}, now())",
            role=role,
        )


@both
def test_releasing_and_revoking_at_once_never_both(guarded, lena, jonas):
    run, first = make_debits(lena), guarded[0]
    answers = at_once(
        lambda: released(run, fresh(jonas)), lambda: mandates.revoke_mandate(actor=fresh(lena), mandate=first)
    )
    assert [each for each in errors(answers) if not isinstance(each, IntegrityError)] == []
    run.refresh_from_db()
    assert (run.state == "released") != (Mandate.objects.get(pk=first.pk).revoked_at is not None)
    assert len(refusals(answers)) + len(errors(answers)) == 1


@both
def test_booking_twice_at_once_books_once(guarded, coop, lena, jonas, later):
    run = released(make_debits(lena), jonas)
    answers = at_once(*[lambda: booked(run, fresh(lena), later)] * 2)
    assert errors(answers) == []
    assert Entry.objects.filter(coop=coop, key__startswith="debit:").count() == 2
    assert DebitReturn.objects.count() == 0
