"""Who may come in: the books, the register of shares, and a member's own money."""

from __future__ import annotations

from datetime import date, timedelta

from django.core.files.uploadedfile import SimpleUploadedFile

from coop.kernel import clock
from ledger import references
from ledger.models import Account, BankAccount, BankLine, Entry, Period, ShareClass
from ledger.services.accounts import account
from ledger.services.bank import create_bank_account, import_statement
from ledger.services.bank_lines import set_aside
from ledger.services.certificates import issue_certificate
from ledger.services.closing import close_period
from ledger.services.entries import draft_entry, set_entry_limit
from ledger.services.entry_documents import attach
from ledger.services.posting import Line
from ledger.services.redemption import accept, ask_back, set_limit
from ledger.services.shares import subscribe
from tests.access.harness import INSIDERS, OWN, Case, World
from tests.cast import make_officer
from tests.ledger.factories import make_books, make_entry, make_payment
from tests.members.factories import make_member


def build(world: World) -> None:
    coop, today = world.coop, clock.today(world.coop)
    make_books(coop)
    make_payment(world.membership, 6000, on=today - timedelta(days=40), reference="first part")
    world.payment = make_payment(world.membership, 20_000, on=today - timedelta(days=3), reference="rest")
    world.late = make_member(coop, name="Late Payer", on=today - timedelta(days=90), active=False)
    world.newcomer = make_member(coop, name="New Comer", on=today - timedelta(days=2), active=False)
    world.certificate = issue_certificate(actor=world.lena, membership=world.membership, on=today)
    _ways_back(world, today)
    _bank(world, today)
    world.account = account(coop, "bank")
    world.equity_part = f"class-{ShareClass.objects.get(coop=coop).pk}"
    world.own_account = Account.objects.get(coop=coop, code="6200")
    make_entry(coop, "bank", "dues", 700, on=date(today.year - 2, 3, 1), memo="Dues")
    make_entry(coop, "bank", "dues", 900, on=date(today.year - 1, 3, 1), memo="Dues")
    oldest = Period.objects.filter(coop=coop).order_by("starts").first()
    close_period(actor=world.lena, period=oldest)
    world.closed_period = oldest
    world.period = Period.objects.filter(coop=coop, closed_at=None).order_by("starts").first()
    _by_hand(world, today)
    world.manual = Entry.objects.filter(coop=coop, kind="manual").order_by("-id").first()


def _by_hand(world: World, today: date) -> None:
    """A limit, and an entry above it that waits for a second person, with its paper."""
    set_entry_limit(actor=world.jonas, amount=10_000_000, resolution="Board 2026/9")
    lines = [Line(world.own_account, 25_000_000), Line(world.account, -25_000_000)]
    other = make_officer(world.coop, "second-treasurer", "treasurer")
    world.entry_draft = draft_entry(actor=other, on=today, memo="A new till", lines=lines, key="by-hand")
    world.paper = attach(actor=world.lena, to=world.entry_draft, name="till.pdf", data=b"%PDF-1.7 an invoice")


def _ways_back(world: World, today: date) -> None:
    """One wish that waits, one taken out and to be paid, and one of the member's own."""
    coop, long_ago = world.coop, today - timedelta(days=80)
    year = {"starts": today.replace(month=1, day=1), "ends": today.replace(month=12, day=31)}
    set_limit(actor=world.jonas, amount=60_000, resolution="Board 2026/7", **year)
    wishes = []
    for name in ("Gia Marsh", "Hari Kunz"):
        holder = make_member(coop, name=name, on=long_ago, active=False, shares_wanted=10)
        make_payment(holder, 51_000, on=long_ago)
        wishes.append(ask_back(actor=world.lena, membership=holder, shares=5, on=today, reason="moving away"))
    world.accepted = accept(actor=world.lena, redemption=wishes[0], on=today)
    world.wish = wishes[1]
    subscribe(actor=world.lena, membership=world.membership, shares=1, on=today)
    world.my_wish = ask_back(actor=world.amara, membership=world.membership, shares=1, on=today)


TREASURER = {"treasurer"}
READERS = {"treasurer", "board", "auditor"}
SHARE_READERS = READERS | {"secretary"}


def _bank(world: World, today: date) -> None:
    """A statement with a line that names its member, one that does not, one out, and one set aside."""
    create_bank_account(actor=world.lena, name="House bank", number="DE89 3704 0044 0532 0130 00")
    reference = references.of_member(world.newcomer.number)
    lines = [f"{today},50.00,New Comer,{reference}", f"{today},7.00,Somebody,dues?", f"{today},-3.20,Bank,charges"]
    brought = import_statement(
        actor=world.lena,
        data=("date,amount,name,text\n" + "\n".join([*lines, f"{today},1.00,Test,test"])).encode(),
        file_name="march.csv",
        bank_account=BankAccount.objects.get(coop=world.coop),
    )
    world.statement = brought.statements[0]
    found = {line.text: line for line in BankLine.objects.filter(coop=world.coop)}
    world.bank_line, world.charges = found[reference], found["charges"]
    world.aside = set_aside(actor=world.lena, line=found["test"], because="the bank tried it out")


def number(world: World) -> dict:
    return {"number": world.membership.number}


def an_entry(world: World) -> dict:
    return {"pk": world.payment.entry.pk}


def an_account(world: World) -> dict:
    return {"pk": world.account.pk}


CASES = [
    Case("ledger:money", OWN, viewers=("member", "former")),
    Case("ledger:desk", READERS, viewers=("treasurer", "auditor")),
    Case("ledger:accounts", READERS),
    Case("ledger:accounts", READERS, query="?on=2024-12-31"),
    Case("ledger:account", READERS, an_account),
    Case("ledger:account-add", TREASURER),
    Case("ledger:account-add", TREASURER, method="post"),
    Case("ledger:account-change", TREASURER, lambda w: {"pk": w.own_account.pk}),
    Case("ledger:journal", READERS),
    Case("ledger:entry", READERS, an_entry, viewers=("treasurer",)),
    Case("ledger:entry-add", TREASURER),
    Case("ledger:entry-reverse", TREASURER, lambda w: {"pk": w.manual.pk}),
    Case("ledger:entry-reverse", TREASURER, lambda w: {"pk": w.manual.pk}, method="post"),
    Case("ledger:entry-document", TREASURER, lambda w: {"pk": w.manual.pk}),
    Case("ledger:entry-limit", {"board"}),
    Case("ledger:entry-draft", READERS, lambda w: {"pk": w.entry_draft.pk}, viewers=("board", "treasurer")),
    Case("ledger:entry-draft-document", TREASURER, lambda w: {"pk": w.entry_draft.pk}, method="post"),
    Case("ledger:entry-draft-refuse", TREASURER | {"board"}, lambda w: {"pk": w.entry_draft.pk}, method="post"),
    Case("ledger:entry-draft-approve", TREASURER | {"board"}, lambda w: {"pk": w.entry_draft.pk}, method="post"),
    Case("ledger:document", READERS, lambda w: {"pk": w.paper.pk}, html=False),
    Case("ledger:shares", SHARE_READERS, viewers=("treasurer", "secretary")),
    Case("ledger:share-class-add", TREASURER),
    Case("ledger:holding", SHARE_READERS, number, viewers=("treasurer",)),
    Case("ledger:subscribe", TREASURER, number),
    Case("ledger:share-transfer", TREASURER, number),
    Case("ledger:share-give", TREASURER, number),
    Case("ledger:share-release", TREASURER, number),
    Case("ledger:redemption-ask", TREASURER, number),
    Case("ledger:certify", TREASURER, number, method="post"),
    Case("ledger:queue", SHARE_READERS, viewers=("treasurer", "board")),
    Case("ledger:redemption-limit", {"board"}),
    Case("ledger:redemption-accept", TREASURER, lambda w: {"pk": w.wish.pk}),
    Case("ledger:redemption-refuse", TREASURER, lambda w: {"pk": w.wish.pk}),
    Case("ledger:redemption-pay", TREASURER, lambda w: {"pk": w.accepted.pk}),
    Case("ledger:my-ask-back", {"member"}),
    Case("ledger:my-withdraw", {"member"}, lambda w: {"pk": w.my_wish.pk}, method="post"),
    Case("ledger:certificate", SHARE_READERS | {"member"}, lambda w: {"pk": w.certificate.pk}, html=False),
    Case("ledger:owing", SHARE_READERS, viewers=("treasurer",)),
    Case("ledger:reminders", TREASURER, html=False),
    Case("ledger:reminder", TREASURER, lambda w: {"number": w.late.number}, html=False),
    Case("ledger:payment-add", TREASURER),
    Case("ledger:payment-add", TREASURER, method="post"),
    Case("ledger:payment-file", TREASURER),
    Case("ledger:payment-file", TREASURER, method="post"),
    Case("ledger:bank", READERS, viewers=("treasurer", "board")),
    Case("ledger:bank-account-add", TREASURER),
    Case("ledger:bank-statement-add", TREASURER),
    Case("ledger:bank-statement-add", TREASURER, method="post"),
    Case("ledger:bank-statement", READERS, lambda w: {"pk": w.statement.pk}, viewers=("treasurer",)),
    Case("ledger:bank-line", READERS, lambda w: {"pk": w.bank_line.pk}, viewers=("treasurer", "auditor")),
    Case("ledger:bank-line", READERS, lambda w: {"pk": w.aside.pk}, viewers=("treasurer",)),
    Case("ledger:bank-line", TREASURER, lambda w: {"pk": w.charges.pk}, method="post", data=lambda w: {"act": "aside"}),
    Case("ledger:bank-line-take-up", TREASURER, lambda w: {"pk": w.aside.pk}, method="post"),
    Case("ledger:bank-enter", TREASURER, method="post"),
    Case("ledger:opening", TREASURER),
    Case("ledger:opening", TREASURER, method="post"),
    Case("ledger:opening-take-back", TREASURER),
    Case("ledger:opening-take-back", TREASURER, method="post"),
    Case("ledger:periods", READERS, viewers=("treasurer",)),
    Case("ledger:period-journal", READERS, lambda w: {"pk": w.period.pk}, html=False),
    Case("ledger:handover", TREASURER),
    Case("ledger:handover", TREASURER, method="post"),
    Case("ledger:account-by-code", READERS, lambda w: {"code": "1000"}, html=False),
    Case("ledger:trial-balance", READERS, viewers=("treasurer",)),
    Case("ledger:trial-balance", READERS, query="?as=csv", html=False),
    Case("ledger:balance-sheet", READERS, viewers=("treasurer",)),
    Case("ledger:income-statement", READERS, viewers=("treasurer",)),
    *(
        Case(f"ledger:{name}", READERS, query="?as=pdf", html=False)
        for name in ("trial-balance", "balance-sheet", "income-statement", "members-equity")
    ),
    Case("ledger:members-equity", READERS, viewers=("treasurer",)),
    Case("ledger:members-equity-part", READERS, lambda w: {"part": w.equity_part}),
    Case("ledger:account", READERS, an_account, query="?as=pdf", html=False),
    Case("ledger:member-statement", READERS, number, html=False),
    Case("ledger:my-lines", OWN, html=False),
    Case("ledger:export", READERS, lambda w: {"fmt": "hledger"}, html=False, row=False),
    Case("ledger:period-close", TREASURER, lambda w: {"pk": w.period.pk}),
    Case("ledger:period-reopen", TREASURER, lambda w: {"pk": w.closed_period.pk}),
    Case("ledger:period-reopen", TREASURER, lambda w: {"pk": w.closed_period.pk}, method="post"),
    # --- the API
    Case("ledger-api:accounts", READERS, api=True, html=False),
    Case("ledger-api:entries", READERS, api=True, html=False),
    Case("ledger-api:entry", READERS, an_entry, api=True, html=False),
    Case("ledger-api:entry-lines", READERS, an_entry, api=True, html=False),
    Case("ledger-api:drafts", READERS, api=True, html=False),
    Case(
        "ledger-api:drafts",
        TREASURER,
        method="post",
        api=True,
        html=False,
        data=lambda w: {
            "key": "once",
            "on": str(clock.today(w.coop)),
            "memo": "Repairs",
            "lines": [{"code": "6200", "amount": 100}, {"code": w.account.code, "amount": -100}],
        },
    ),
    Case(
        "ledger-api:draft-approve",
        TREASURER | {"board"},
        lambda w: {"pk": w.entry_draft.pk},
        method="post",
        api=True,
        html=False,
        data=lambda w: {"seen": w.entry_draft.request_hash},
    ),
    Case(
        "ledger-api:payments",
        TREASURER,
        method="post",
        api=True,
        html=False,
        data=lambda w: {"key": "once", "member": w.newcomer.number, "amount": 900, "on": str(w.newcomer.admitted_on)},
    ),
    Case("ledger-api:shares", SHARE_READERS, api=True, html=False),
    Case("ledger-api:agreement", SHARE_READERS, api=True, html=False),
    Case("ledger-api:member-shares", SHARE_READERS, number, api=True, html=False),
    Case("ledger-api:share-classes", INSIDERS, api=True, html=False),
    Case("ledger-api:bank-lines", READERS, query="?state=open", api=True, html=False),
    Case("ledger-api:bank-statements", READERS, api=True, html=False),
    Case(
        "ledger-api:bank-statements",
        TREASURER,
        method="post",
        api=True,
        html=False,
        data=lambda w: {
            "file": SimpleUploadedFile("april.csv", b"date,amount,name,text\n2026-04-01,8.00,Ada,dues"),
            "bank_account": "DE89370400440532013000",
        },
    ),
    Case("ledger-api:bank-enter", TREASURER, method="post", api=True, html=False),
    Case("ledger-api:members-equity", READERS, api=True, html=False),
    Case("ledger-api:members-equity-part", READERS, lambda w: {"part": w.equity_part}, api=True, html=False),
    Case(
        "ledger-api:handover",
        TREASURER,
        method="post",
        api=True,
        html=False,
        data=lambda w: {
            "on": str(clock.today(w.coop)),
            "how": "bookings",
            "file_name": "a.csv",
            "csv": "account,debit,credit\n6200,1.00,\n1000,,1.00\n",
        },  # fmt: skip
    ),
    Case("ledger-api:money", OWN, api=True, html=False),
    Case("ledger-api:money-lines", OWN, api=True, html=False),
]
