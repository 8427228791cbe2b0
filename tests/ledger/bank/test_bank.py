"""Statements into the inbox, lines into the books: once, never guessed, tied to the books by the database itself."""

from __future__ import annotations

from datetime import date

import pytest

from coop.kernel.errors import NotAllowed, Refused
from ledger import references
from ledger.models import BankAccount, BankLine, BankStatement, Entry
from ledger.selectors.bank import entries_like, matches, standings, waiting
from ledger.selectors.shares import holding_of, reconciliation
from ledger.services.accounts import account, create_account
from ledger.services.bank import create_bank_account, import_statement
from ledger.services.bank_lines import (
    enter_matched,
    enter_payment,
    enter_to_account,
    forget_bank_lines,
    set_aside,
    take_up,
    tie_to_entry,
)
from ledger.services.posting import reverse_entry
from ledger.services.shares import reverse_payment
from tests.ledger.factories import make_books, make_entry, make_unpaid
from tests.ledger.stood import cast, parts, stands
from tests.members.factories import make_member

from .files import CSV, IBAN, MT940, OFX, PAYER, camt

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 2)
coop, lena, bank, ada = parts("coop", "lena", "bank", "ada")


@pytest.fixture(scope="module")
def stood(standing):
    made = cast("lena")
    bank = make_bank(made.lena)
    return stands(made, bank=bank, ada=make_unpaid(made.coop))


def make_bank(lena) -> BankAccount:
    """Books, and the account that stands for the bank in them."""
    make_books(lena.coop)
    return create_bank_account(actor=lena, name="House bank", number="DE89 3704 0044 0532 0130 00")


def rows_of(member, *more):
    reference = references.printed(references.of_member(member.number))
    return [("260.00", f"Shares {reference}", "Ada Byron", PAYER, ""), *more]


def bring(actor, text: str, **more):
    return import_statement(actor=actor, data=text.encode(), file_name="march.xml", **more)


def refuses(code: str, act, *args, **kwargs) -> str:
    before = BankStatement.objects.count(), BankLine.objects.count(), Entry.objects.count()
    with pytest.raises(Refused) as refused:
        act(*args, **kwargs)
    assert refused.value.code == code
    assert (BankStatement.objects.count(), BankLine.objects.count(), Entry.objects.count()) == before
    return str(refused.value.message)


def test_a_payment_with_its_reference_goes_all_the_way(coop, lena, bank, ada):
    brought = bring(lena, camt(rows_of(ada, ("-12.50", "Account charges", "Bank", "", ""))))
    assert (brought.new, brought.known) == (2, 0)
    assert holding_of(ada).paid_up == 0
    done = enter_matched(actor=lena)
    assert (done.count, done.total, done.left) == (1, 26_000, ())
    ada.refresh_from_db()
    assert (holding_of(ada).paid_up, ada.state) == (25_000, "active")
    assert reconciliation(coop).agrees
    (rest,) = waiting(coop)
    assert rest.amount == -1250
    entry = enter_to_account(actor=lena, line=rest, to=account(coop, "bank_charges"), memo="charges")
    assert entry.posted_on == DAY
    assert enter_matched(actor=lena).count == 0
    (standing,) = standings(coop)
    # The books begin with this statement, and the bank with 1,000.00: that is what an opening balance would say.
    assert (standing.bank - standing.books, standing.waiting, standing.explained) == (100_000, 0, False)


@pytest.mark.parametrize("kind", ["MT940", "OFX", "CSV"])
def test_the_other_formats_go_the_same_way(coop, lena, bank, ada, kind):
    reference = references.of_member(ada.number)
    if kind == "OFX":
        of = create_account(actor=lena, code="1001", name="Other bank", kind="asset")
        create_bank_account(actor=lena, name="Other", number="0123456789", of=of)
    text = {"MT940": MT940, "OFX": OFX, "CSV": CSV}[kind].replace("{reference}", reference).replace("{currency}", "EUR")
    bring(lena, text, bank_account=bank if kind == "CSV" else None)
    assert enter_matched(actor=lena).count == 1
    assert holding_of(ada).paid_up == 25_000
    line = BankLine.objects.get(state="entered")
    assert line.entry.lines.get(account=line.bank_account.account).amount == 26_000


def test_a_file_is_brought_in_once_and_overlaps_are_known(coop, lena, bank, ada):
    text = camt(rows_of(ada))
    bring(lena, text)
    assert "was brought in on" in refuses("statement_there", bring, lena, text)
    again = text.replace("2026-03-03T06:00:00", "2026-03-04T06:00:00")
    refuses("statement_there", bring, lena, again)  # other bytes, the same statement
    longer = camt(rows_of(ada, ("5.00", "milk", "", "", "")), number="S-2")
    brought = bring(lena, longer)
    assert (brought.new, brought.known) == (1, 1)


def test_what_a_statement_is_refused_for(coop, lena, bank, ada):
    rows = rows_of(ada)
    assert "none of the co-op’s" in refuses("unknown_account", bring, lena, camt(rows, iban=PAYER))
    assert "is in USD" in refuses("currency", bring, lena, camt(rows, currency="USD"))
    assert "still to come" in refuses("future", bring, lena, camt(rows).replace("2026-03-02", "2999-03-02"))
    assert "choose it" in refuses("which_account", bring, lena, CSV.format(reference=""))
    assert "check digits" in refuses("iban", bring, lena, camt(rows, iban="DE88370400440532013000"))
    assert "breaks off" in refuses("broken_xml", bring, lena, camt(rows)[:600])
    assert "does not add up" in refuses("does_not_add_up", bring, lena, camt(rows).replace(">1260.00<", ">1260.01<"))


def test_wrong_bank_accounts_are_refused(coop, lena, bank):
    make = {"actor": lena, "name": "x"}
    assert "check digits" in refuses("iban", create_bank_account, **make, number="DE88 3704 0044 0532 0130 00")
    refuses("account_there", create_bank_account, **make, number=IBAN.lower())
    refuses("account_taken", create_bank_account, **make, number="GB29NWBK60161331926819")


def test_nothing_is_guessed(coop, lena, bank, ada):
    bob = make_member(coop, name="Bob Noyce", active=False, on=date(2026, 3, 1))
    both = f"{references.of_member(ada.number)} {references.of_member(bob.number)}"
    wrong = references.of_member(ada.number)[:-1] + "9"
    bring(
        lena,
        camt(
            [
                ("10.00", both, "A and B", "", ""),
                ("10.00", wrong, "Ada Byron", "", ""),
                ("10.00", f"member {bob.number}", "Bob", "", ""),
                ("10.00", "Ada Byron shares", "Ada Byron", "", ""),
            ]
        ),
    )
    found = matches(coop, list(waiting(coop)))
    assert [(match.membership.number, match.certain) for match in found.values()] == [(bob.number, False)]
    assert enter_matched(actor=lena).count == 0
    assert waiting(coop).count() == 4


def test_an_account_known_from_before_is_a_hint_only(coop, lena, bank, ada):
    bring(lena, camt(rows_of(ada)))
    enter_matched(actor=lena)
    bring(lena, camt([("50.00", "more", "A. Byron", PAYER, "")], number="S-2"))
    (line,) = waiting(coop)
    match = matches(coop, [line])[line.pk]
    assert (match.membership, match.certain) == (ada, False)


def test_too_much_stays_in_the_inbox_and_may_be_kept(coop, lena, bank, ada):
    bring(lena, camt([("900.00", references.of_member(ada.number), "Ada", "", "")]))
    done = enter_matched(actor=lena)
    assert (done.count, len(done.left)) == (0, 1)
    assert "more than member" in done.left[0][1]
    (line,) = waiting(coop)
    assert enter_payment(actor=lena, line=line, membership=ada, overpayment="keep").kept == 64_000


def test_a_reversed_entry_puts_its_line_back_and_it_is_entered_anew(coop, lena, bank, ada):
    bring(lena, camt(rows_of(ada)))
    enter_matched(actor=lena)
    line = BankLine.objects.get()
    reverse_payment(actor=lena, entry=line.entry, on=DAY, because="wrong member")
    line.refresh_from_db()
    assert (line.state, line.entry, line.membership) == ("open", None, None)
    bob = make_member(coop, name="Bob Noyce", active=False, on=date(2026, 3, 1))
    enter_payment(actor=lena, line=line, membership=bob)
    assert (holding_of(ada).paid_up, holding_of(bob).paid_up) == (0, 25_000)
    assert reconciliation(coop).agrees


def test_a_line_that_is_in_the_books_already_is_tied_to_its_entry(coop, lena, bank):
    other = make_entry(coop, "bank", "dues", 700, on=DAY)
    entry = make_entry(coop, "bank", "dues", 500, on=DAY)
    bring(lena, camt([("5.00", "dues", "", "", ""), ("5.00", "dues again", "", "", "")]))
    line, twin = waiting(coop)
    assert entries_like(line) == [entry]
    refuses("other_amount", tie_to_entry, actor=lena, line=line, entry=other)
    tie_to_entry(actor=lena, line=line, entry=entry)
    assert entries_like(twin) == []
    refuses("entry_taken", tie_to_entry, actor=lena, line=twin, entry=entry)
    refuses("decided", set_aside, actor=lena, line=line, because="x")
    reverse_entry(actor=lena, entry=entry, on=DAY, because="wrong")
    line.refresh_from_db()
    assert line.state == "open"


def test_set_aside_with_a_reason_and_taken_up_again(coop, lena, bank):
    bring(lena, camt([("5.00", "?", "", "", "")]))
    (line,) = waiting(coop)
    refuses("reason", set_aside, actor=lena, line=line, because=" ")
    line = set_aside(actor=lena, line=line, because="returned the same day")
    assert waiting(coop).count() == 0
    assert take_up(actor=lena, line=line).state == "open"


def test_members_money_and_money_out_are_refused(coop, lena, bank, ada):
    bring(lena, camt([("-5.00", references.of_member(ada.number), "", "", ""), ("9.00", "x", "", "", "")]))
    out, into = waiting(coop)
    assert enter_matched(actor=lena).count == 0
    refuses("money_out", enter_payment, actor=lena, line=out, membership=ada)
    refuses("members_money", enter_to_account, actor=lena, line=into, to=account(coop, "share_capital"), memo="x")
    refuses("same_account", enter_to_account, actor=lena, line=into, to=account(coop, "bank"), memo="x")


def test_only_the_treasurer(coop, mei, jonas, nadia, olga, lena, bank, ada):
    bring(lena, camt(rows_of(ada)))
    (line,) = waiting(coop)
    for actor in (mei, jonas, nadia, olga):
        for act, more in (
            (import_statement, {"data": b"", "file_name": "x"}),
            (enter_matched, {}),
            (enter_payment, {"line": line, "membership": ada}),
            (set_aside, {"line": line, "because": "x"}),
            (create_bank_account, {"name": "x", "number": PAYER}),
        ):
            if actor is olga and act in (import_statement, enter_matched, create_bank_account):
                continue  # she is the treasurer of her own co-op
            with pytest.raises((NotAllowed, Refused)):
                act(actor=actor, **more)
    assert enter_matched(actor=olga).count == 0


def test_a_person_forgotten_is_forgotten_at_the_bank(coop, lena, bank, ada):
    bring(lena, camt([*rows_of(ada), ("1.00", "thank you", "Ada Byron", PAYER, "E1"), ("2.00", "x", "Bob", IBAN, "")]))
    enter_matched(actor=lena)
    assert forget_bank_lines(actor=lena, membership=ada) == 2
    left = list(BankLine.objects.order_by("n").values_list("name", "iban", "text", "end_to_end"))
    assert left == [("", "", "", ""), ("", "", "", ""), ("Bob", IBAN, "x", "")]
    assert reconciliation(coop).agrees
