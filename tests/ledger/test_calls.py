"""Calls on shares: nothing is due before the board calls; then it is owed like any part; forfeiture follows notice."""

from __future__ import annotations

from datetime import date, timedelta

import psycopg2
import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from coop.kernel import clock, jobs
from coop.kernel.errors import Refused
from coop.kernel.models import Cooperative, Job, Mail
from ledger.call_laws import LAWS
from ledger.models import CallForfeiture, ForfeitureNotice, ShareCall, ShareCallLine, ShareClass, ShareEvent
from ledger.reminder_words import reminder
from ledger.selectors.dues import owed_by, unpaid
from ledger.selectors.shares import holding_of, reconciliation
from ledger.services import calls
from ledger.services.accounts import create_chart
from ledger.services.shares import create_share_class, subscribe
from members.models import PaperLetter, Party
from tests.ledger.call_factories import AHEAD, SITE, called, days_on, holds, on_call
from tests.ledger.conftest import attack
from tests.ledger.factories import make_payment, make_shareholder
from tests.ledger.surplus.test_races import at_once, errors, fresh, refusals
from tests.members.factories import make_member

quick = pytest.mark.django_db
NOTICE = LAWS["de-geng"].notice_days
both = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


@pytest.fixture
def ada(coop, lena):
    """Fully paid in the class joining asks for; four shares of 100.00 on call."""
    member = make_shareholder(coop, name="Ada", email="ada@example.org")
    holds(lena, member, on_call(lena), 4)
    return member


def code_of(act) -> str:
    with pytest.raises(Refused) as refusal:
        act()
    return refusal.value.code


def line_of(call, member) -> ShareCallLine:
    return ShareCallLine.objects.select_related("call", "membership__coop", "membership__party").get(
        call=call, membership=member
    )


@quick
def test_nothing_is_owed_before_the_board_calls_and_then_it_is(coop, lena, jonas, ada):
    today = clock.today(coop)
    owed = owed_by(ada, today + timedelta(days=400))
    assert (owed.capital, owed.due, owed.uncalled, owed.next_due) == (0, 0, 40_000, None)
    call = called(jonas, on_call(lena))
    assert (call.number, call.count, call.total, call.state) == (1, 1, 10_000, "standing")
    owed = owed_by(ada, today)
    assert (owed.capital, owed.due, owed.uncalled, owed.next_due) == (10_000, 0, 30_000, call.due_on)
    assert owed_by(ada, call.due_on).due == 10_000
    assert [(each.membership.pk, each.owed.due) for each in unpaid(coop, call.due_on)] == [(ada.pk, 10_000)]
    rows = reminder(unpaid(coop, call.due_on)[0], call.due_on)["due"]["rows"]
    assert [amount for _words, amount in rows] == ["€100.00"]
    assert "called by the board" in rows[0][0]


@quick
def test_everybody_is_told_by_mail_or_on_paper(coop, lena, jonas, ada):
    paper = make_shareholder(coop, name="Ben", email="", street="Mill Lane 1", city="Riverside")
    wishes = make_shareholder(coop, name="Cleo", email="cleo@example.net")
    Party.objects.filter(pk=wishes.party_id).update(by_post=True)
    for each in (paper, wishes):
        holds(lena, each, on_call(lena), 1)
    call = called(jonas, on_call(lena))
    assert not Mail.objects.filter(kind__startswith="ledger.call:").exists()  # the worker writes them
    job = Job.objects.get(kind="ledger.tell_of_call")
    tell = {"actor": jobs.actor_of(job), "call_id": call.pk, "site": SITE}
    assert (calls.tell_of_call(**tell), calls.tell_of_call(**tell)) == (3, 0)
    mail = Mail.objects.get(kind__startswith="ledger.call:")
    assert all(words in mail.subject + mail.text for words in ("€100.00", SITE, "Board 2026/31"))
    assert "€25.00" in PaperLetter.objects.get(kind__startswith="ledger.call:", party=paper.party).text
    assert PaperLetter.objects.filter(kind__startswith="ledger.call:", party=wishes.party).count() == 1


@quick
def test_a_payment_goes_to_the_class_that_was_called(coop, lena, jonas, ada):
    called(jonas, on_call(lena))
    assert code_of(lambda: make_payment(ada, 10_001)) == "too_much"
    payment = make_payment(ada, 10_000)
    assert holding_of(ada, share_class=on_call(lena)).paid_up == 10_000 == payment.capital
    assert owed_by(ada, clock.today(coop)).capital == 0
    assert reconciliation(coop).agrees


@quick
def test_one_payment_pays_both_classes(coop, lena, jonas, ada):
    subscribe(actor=lena, membership=ada, shares=1, on=clock.today(coop))  # 50.00 of the class joining asks for
    called(jonas, on_call(lena))
    payment = make_payment(ada, 12_000)
    paid = dict(ShareEvent.objects.filter(entry=payment.entry).values_list("share_class__is_default", "paid"))
    assert paid == {True: 5_000, False: 7_000}
    assert reconciliation(coop).agrees


@quick
def test_beyond_what_joining_asks_for_the_default_class_may_wait_too(coop, lena, jonas):
    create_chart(coop=coop, template="eu-consumer")
    share_class = create_share_class(actor=lena, name="Member shares", par=5_000, on_call=True)
    member = make_member(coop, name="Cleo", active=False, shares_wanted=9)
    minimum = owed_by(member, clock.today(coop)).capital  # what joining asks for; the rest waits
    assert owed_by(member, clock.today(coop)).uncalled == 9 * 5_000 - minimum > 0
    make_payment(member, minimum + 1_000)
    member.refresh_from_db()
    assert (member.state, owed_by(member, clock.today(coop)).capital) == ("active", 0)
    call = called(jonas, share_class, 1_000)
    assert call.total == (9 - minimum // 5_000) * 1_000


@quick
def test_calls_never_ask_for_more_than_was_subscribed(coop, lena, jonas, ada):
    assert [called(jonas, on_call(lena), amount).total for amount in (6_000, 6_000)] == [24_000, 16_000]
    assert code_of(lambda: called(jonas, on_call(lena), 1)) == "nobody"


@quick
@pytest.mark.parametrize(
    ("code", "more"),
    [
        ("too_soon", {"due_on": date(2020, 1, 1)}),
        ("decision", {"decision": " "}),
        ("notice", {"notice_days": 13}),
        ("amount", {"per_share": 10_001}),
        ("amount", {"per_share": 0}),
    ],
)
def test_what_a_call_is_refused_for(jonas, lena, ada, code, more):
    assert code_of(lambda: called(jonas, on_call(lena), **more)) == code
    assert not ShareCall.objects.exists()


@quick
def test_who_may_call_and_on_what(coop, lena, jonas, ada):
    with pytest.raises(PermissionDenied):
        called(lena, on_call(lena))
    joining = ShareClass.objects.get(coop=coop, is_default=True)
    assert code_of(lambda: called(jonas, joining)) == "not_on_call"


@quick
def test_a_call_taken_back_is_not_owed_and_what_was_paid_stays(coop, lena, jonas, ada):
    call = called(jonas, on_call(lena))
    make_payment(ada, 4_000)
    calls.withdraw_call(actor=jonas, call=call, because="the roof can wait")
    owed = owed_by(ada, call.due_on)
    assert (owed.capital, owed.due, holding_of(ada).paid_up) == (0, 0, 25_000 + 4_000)
    assert code_of(lambda: calls.withdraw_call(actor=jonas, call=call, because="again")) == "not_standing"


@quick
def test_forfeiture_follows_notice_and_its_days(coop, lena, jonas, ada):
    call = called(jonas, on_call(lena))
    make_payment(ada, 4_000)
    line = line_of(call, ada)
    assert code_of(lambda: calls.give_notice(actor=lena, line=line, site=SITE)) == "not_due"
    forfeit = {"actor": lena, "line": line, "shares": 4, "decision": "Board 2026/40"}
    with clock.at(days_on(AHEAD + 1)):
        assert code_of(lambda: calls.forfeit(**forfeit)) == "no_notice"
        notice = calls.give_notice(actor=lena, line=line, site=SITE)
        assert (notice.amount, (notice.forfeit_from - notice.sent_on).days) == (6_000, NOTICE + 1)
        assert "€60.00" in Mail.objects.get(kind="ledger.forfeiture").text
        assert code_of(lambda: calls.give_notice(actor=lena, line=line, site=SITE)) == "noticed"
    with clock.at(days_on(AHEAD + NOTICE + 1)):
        assert code_of(lambda: calls.forfeit(**forfeit)) == "no_notice"
    with clock.at(days_on(AHEAD + NOTICE + 2)):
        assert code_of(lambda: calls.forfeit(**forfeit | {"shares": 5})) == "shares"
        done = calls.forfeit(**forfeit)
        assert (done.event.shares, done.event.paid, done.event.kind) == (-4, -4_000, "forfeited")
        assert holding_of(ada, share_class=on_call(lena)).shares == 0
        assert (owed_by(ada, clock.today(coop)).due, reconciliation(coop).agrees) == (0, True)
        assert code_of(lambda: calls.withdraw_call(actor=jonas, call=call, because="sorry")) == "forfeited"


@quick
@pytest.mark.parametrize("law", LAWS)
def test_a_law_pack_says_how_many_days_there_are(coop, lena, jonas, ada, law):
    """Fewer are refused, the least is taken, and who says nothing gives what the law does; never under a fortnight."""
    given = LAWS[law]
    assert given.due_days >= 14
    assert given.notice_days >= 14
    assert str(given.cite)
    Cooperative.objects.filter(pk=coop.pk).update(law=law)
    share_class, today = ShareClass.objects.get(pk=on_call(lena).pk), clock.today(coop)
    jonas.coop.refresh_from_db()
    soon = today + timedelta(days=given.due_days)
    early = {"due_on": soon - timedelta(days=1)}
    assert code_of(lambda: called(jonas, share_class, **early)) == "too_soon"
    assert code_of(lambda: called(jonas, share_class, due_on=soon, notice_days=given.notice_days - 1)) == "notice"
    assert called(jonas, share_class, due_on=soon).notice_days == given.notice_days


@quick
def test_whoever_pays_after_the_notice_keeps_the_shares(coop, lena, jonas, ada):
    call = called(jonas, on_call(lena))
    line = line_of(call, ada)
    with clock.at(days_on(AHEAD + 1)):
        calls.give_notice(actor=lena, line=line, site=SITE)
    with clock.at(days_on(AHEAD + NOTICE + 5)):
        make_payment(ada, 10_000)
        assert code_of(lambda: calls.forfeit(actor=lena, line=line, shares=1, decision="B")) == "paid"


@both
def test_two_calls_at_once_never_ask_for_more_together(coop, lena, jonas, ada):
    share_class = on_call(lena)
    done = at_once(*[lambda: called(fresh(jonas), share_class, 6_000)] * 2)
    assert [*errors(done), *refusals(done)] == []
    assert sum(ShareCall.objects.values_list("total", flat=True)) == 40_000


@both
@pytest.mark.parametrize("role", ["app", "owner"])
def test_the_database_keeps_calls_as_they_were(coop, lena, jonas, ada, role):
    share_class = on_call(lena)
    call = called(jonas, share_class)
    other = make_shareholder(coop, name="Ben")
    line = line_of(call, ada)
    with clock.at(days_on(AHEAD + 1)):
        notice = calls.give_notice(actor=lena, line=line, site=SITE)
    head = "coop_id, number, state, share_class_id, per_share, called_on, due_on, notice_days, decision, count, total,"
    values = f"{coop.pk}, 9, '{{state}}', {{of}}, 1, '2026-01-01', '{{due}}', 14, 'B', 1, {{total}}, now(), ''"
    insert = f"INSERT INTO ledger_sharecall ({head} recorded_at, because) VALUES ({values})"
    good = {"state": "draft", "of": share_class.pk, "due": "2026-02-01", "total": 30_001}
    joining = f"(SELECT id FROM ledger_shareclass WHERE is_default AND coop_id = {coop.pk})"
    put = f"INSERT INTO ledger_sharecallline (coop_id, call_id, membership_id, amount) SELECT {coop.pk}, "
    mine = f"(SELECT id FROM ledger_sharecall WHERE number = 9 AND coop_id = {coop.pk})"
    stand = "UPDATE ledger_sharecall SET state = 'standing' WHERE number = 9"
    event = f"(SELECT min(id) FROM ledger_shareevent WHERE membership_id = {ada.pk})"
    tries = [
        ("begins as a draft", [insert.format(**good | {"state": "standing"})]),
        ("begins as a draft", [insert.format(**good | {"of": joining})]),
        ("begins as a draft", [insert.format(**good | {"due": "2026-01-14"})]),
        ("disagree", [insert.format(**good), stand]),
        ("disagree", [insert.format(**good), f"{put} {mine}, {ada.pk}, 1", stand]),
        ("more than was subscribed", [insert.format(**good), f"{put} {mine}, {ada.pk}, 30001", stand]),
        ("while it is a draft", [f"{put} {call.pk}, {other.pk}, 1"]),
        ("goes forward", [f"UPDATE ledger_sharecall SET per_share = 1 WHERE id = {call.pk}"]),
        ("goes forward", [f"UPDATE ledger_sharecall SET state = 'draft' WHERE id = {call.pk}"]),
        ("annot delete|denied", [f"DELETE FROM ledger_sharecall WHERE id = {call.pk}"]),
        ("append|denied", [f"UPDATE ledger_sharecallline SET amount = 1 WHERE id = {line.pk}"]),
        ("append|denied", [f"DELETE FROM ledger_forfeiturenotice WHERE id = {notice.pk}"]),
        ("keeps its par", [f"UPDATE ledger_shareclass SET on_call = false WHERE id = {share_class.pk}"]),
        (
            "shares are forfeited for a call after its notice",
            [
                "INSERT INTO ledger_callforfeiture (coop_id, line_id, event_id, decision, recorded_at)"
                f" VALUES ({coop.pk}, {line.pk}, {event}, 'B', now())"
            ],
        ),
    ]
    for pattern, statements in tries:
        with pytest.raises(psycopg2.Error, match=pattern):
            attack(*statements, role=role)
    with pytest.raises(psycopg2.Error, match="append-only|denied|truncate|cannot"):
        attack("TRUNCATE ledger_sharecall CASCADE", role=role)
    assert (ShareCall.objects.count(), ShareCallLine.objects.count(), CallForfeiture.objects.count()) == (1, 1, 0)


@both
def test_the_database_wants_a_call_overdue_before_notice(coop, lena, jonas, ada):
    line = line_of(called(jonas, on_call(lena)), ada)
    due = line.call.due_on
    put = "INSERT INTO ledger_forfeiturenotice (coop_id, line_id, amount, sent_on, forfeit_from, recorded_at) VALUES"
    for sent, after in ((due, 40), (due + timedelta(days=1), 14)):
        row = f"({coop.pk}, {line.pk}, 5, '{sent}', '{sent + timedelta(days=after)}', now())"
        with pytest.raises(psycopg2.Error, match="notice follows a call"):
            attack(f"{put} {row}")
    assert not ForfeitureNotice.objects.exists()


@quick
@pytest.mark.parametrize("n", [1, 3])
def test_the_pages_ask_the_same_whatever_their_length(coop, lena, jonas, client_of, n, django_assert_max_num_queries):
    for number in range(n):
        holds(lena, make_shareholder(coop, name=f"Holder {number}"), on_call(lena), 2)
    call = called(jonas, on_call(lena))
    desk = client_of(lena)
    for name, at in (("calls", {}), ("call", {"pk": call.pk})):
        url = reverse(f"ledger:{name}", kwargs={"coop": coop.slug, **at})
        desk.get(url)
        with django_assert_max_num_queries(26):
            page = desk.get(url).content.decode()
    assert page.count("Holder ") >= n


@quick
def test_through_the_api(coop, lena, jonas, ada, client_of):
    told = {"share_class": on_call(lena).slug, "per_share": 2_500, "decision": "B 7"}
    told["due_on"] = str(clock.today(coop) + timedelta(days=AHEAD))
    answer = client_of(jonas).post("/api/v1/riverside/share-calls/", told, content_type="application/json")
    assert (answer.status_code, answer.json()["total"]) == (201, 10_000)
    at = f"/api/v1/riverside/share-calls/{answer.json()['id']}/lines/"
    lines = client_of(lena).get(at).json()["results"]
    assert [(each["member"], each["open"], each["forfeit_from"]) for each in lines] == [(ada.number, 10_000, None)]
    refused = client_of(lena).post(f"/api/v1/riverside/share-calls/lines/{lines[0]['id']}/notice/")
    assert (refused.status_code, refused.json()["code"]) == (422, "not_due")
