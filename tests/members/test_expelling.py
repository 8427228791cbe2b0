"""Expulsion: every step has its day, nobody is expelled unheard, nobody is gone before the appeal."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.models import Mail
from members import selectors, services
from members.models import ExpulsionCase
from members.selectors.inbox import inbox, inbox_count
from members.services import history
from members.services.expelling import last_day_after
from members.tasks import tick

from .factories import make_member
from .test_life import everything

pytestmark = pytest.mark.django_db
OPENED = date(2026, 3, 2)


def on(day: date):
    return clock.at(datetime.combine(day, time(12), tzinfo=UTC))


def plus(days: int) -> date:
    return OPENED + timedelta(days=days)


@pytest.fixture
def member(coop, theo):
    return make_member(coop, user=theo.user, on=date(2024, 1, 8))


@pytest.fixture
def case(mei, member):
    with on(OPENED):
        return open_case(mei, member)


def open_case(mei, member, **more):
    usual = {"on": OPENED, "hearing_on": plus(21), "grounds": "Took 300 euros (by-laws § 9).", "resolution": "7/2026"}
    return services.open_case(actor=mei, membership=member, **{**usual, **more})


def hear(mei, case, day=21, how="person", statement="He says it was a mistake."):
    with on(plus(day)):
        return services.record_hearing(actor=mei, case=case, on=plus(day), how=how, statement=statement)


def expel(mei, case, day=30):
    with on(plus(day)):
        return services.expel(actor=mei, case=case, on=plus(day), resolution="9/2026", because="It was no mistake.")


def appeal(actor, case, day=40):
    with on(plus(day)):
        return services.appeal(actor=actor, case=case, on=plus(day), because="I paid it back.")


def decide(mei, case, *, upheld, day=120):
    said = {"resolution": "GM 2026-4", "because": "The meeting heard both.", "upheld": upheld}
    with on(plus(day)):
        return services.decide_appeal(actor=mei, case=case, on=plus(day), **said)


def may_vote(coop, member, day: date) -> bool:
    return next(iter(selectors.roll_candidates(coop, day, membership=member))).eligible


def test_from_grounds_to_the_last_day(coop, mei, theo, member, case):
    assert (case.state, case.appeal_to) == ("open", "general meeting")
    member.refresh_from_db()
    assert (member.state, may_vote(coop, member, OPENED)) == ("active", True), "nothing changes before the decision"
    case = expel(mei, hear(mei, case))
    member.refresh_from_db()
    assert (member.state, member.ending, member.ends_on) == ("suspended", "expelled", date(2026, 12, 31))
    assert (case.appeal_by, case.last_day) == (plus(58), date(2026, 12, 31))
    assert may_vote(coop, member, plus(29))
    assert not may_vote(coop, member, plus(30))
    with on(plus(58)):
        tick()
        assert ExpulsionCase.objects.get().state == "expelled"
    with on(plus(59)):
        tick()
        tick()
    case.refresh_from_db()
    assert (case.state, case.outcome) == ("closed", "expelled")
    with on(date(2027, 1, 1)):
        tick()
    member.refresh_from_db()
    assert (member.state, member.ends_on) == ("ended", date(2026, 12, 31))
    told = [mail.subject for mail in Mail.objects.filter(kind="members.case").order_by("pk")]
    assert len(told) == 3
    assert "you may appeal" in told[2]
    assert list(history.verify(coop)) == []


def test_an_appeal_holds_everything_until_it_is_decided(coop, mei, theo, member, case):
    case = appeal(theo, expel(mei, hear(mei, case)))
    member.refresh_from_db()
    assert (member.state, member.ends_on) == ("suspended", None)
    with on(date(2027, 1, 20)):
        tick()
        member.refresh_from_db()
        assert member.state == "suspended", "nobody leaves while the appeal is open"
    case = decide(mei, case, upheld=False)
    member.refresh_from_db()
    assert (case.outcome, member.state, member.ends_on, member.ending) == ("overturned", "active", None, "")
    assert may_vote(coop, member, plus(120))
    assert not may_vote(coop, member, plus(119)), "what rested meanwhile rested"


def test_upheld_after_the_year_has_ended_it_ends_with_the_next(coop, mei, theo, member, case):
    case = appeal(theo, expel(mei, hear(mei, case)))
    case = decide(mei, case, upheld=True, day=320)
    member.refresh_from_db()
    assert (case.outcome, member.ends_on) == ("expelled", date(2027, 12, 31))
    assert plus(320) > date(2026, 12, 31)


def test_who_had_given_notice_still_leaves_after_an_overturned_expulsion(coop, mei, theo, member, case):
    with on(plus(3)):
        services.give_notice(actor=theo, membership=member, received_on=plus(3))
    member.refresh_from_db()
    last_day = member.ends_on
    decide(mei, appeal(theo, expel(mei, hear(mei, case))), upheld=False)
    member.refresh_from_db()
    assert (member.state, member.ends_on, member.ending) == ("active", last_day, "resigned")


@pytest.mark.parametrize(
    ("law", "year_end", "day", "expected"),
    [
        ("de-geng", 12, date(2026, 4, 29), date(2026, 12, 31)),
        ("de-geng", 12, date(2026, 12, 31), date(2026, 12, 31)),
        ("de-geng", 12, date(2027, 1, 1), date(2027, 12, 31)),
        ("de-geng", 6, date(2026, 4, 29), date(2026, 6, 30)),
        ("de-geng", 6, date(2026, 7, 1), date(2027, 6, 30)),
        ("de-geng", 2, date(2027, 3, 1), date(2028, 2, 29)),
        ("uk-ccbsa", 12, date(2026, 4, 29), date(2026, 4, 29)),
    ],
)
def test_the_last_day_follows_the_law(coop, law, year_end, day, expected):
    coop.law, coop.fiscal_year_end_month = law, year_end
    assert last_day_after(coop, day) == expected


def test_steps_out_of_order_are_refused_and_leave_every_row_as_it_was(coop, mei, lena, theo, member):
    tries = [
        (lambda: open_case(mei, member, hearing_on=plus(13)), "too_little_time"),
        (lambda: open_case(mei, member, grounds=" "), "grounds_missing"),
        (lambda: open_case(mei, member, resolution=""), "resolution_missing"),
    ]
    with on(OPENED):
        _all_refused(tries)
        case = open_case(mei, member)
        _all_refused([(lambda: open_case(mei, member), "case_open")])
    said = {"on": plus(22), "resolution": "9", "because": "x"}
    with on(plus(22)):
        _all_refused(
            [
                (lambda: services.expel(actor=mei, case=case, **said), "wrong_step"),
                (lambda: services.appeal(actor=theo, case=case, on=plus(22), because="x"), "wrong_step"),
                (lambda: services.decide_appeal(actor=mei, case=case, upheld=True, **said), "wrong_step"),
            ]
        )
    for again, code in (
        (lambda: hear(mei, case, day=20, how="absent"), "too_early"),
        (lambda: hear(mei, case, statement=""), "statement_missing"),
        (lambda: hear(mei, case, how="pigeon"), "how_unknown"),
    ):
        _all_refused([(again, code)])
    hear(mei, case, how="absent", statement="")
    _all_refused([(lambda: expel(mei, case, day=20), "before_opening"), (lambda: hear(mei, case), "wrong_step")])
    expel(mei, case)
    _all_refused([(lambda: appeal(theo, case, day=59), "too_late")])
    appeal(theo, case, day=58)
    _all_refused([(lambda: decide(mei, case, upheld=True, day=50), "before_appeal")])


def _all_refused(tries) -> None:
    for act, code in tries:
        before = everything()
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == code
        assert everything() == before


def test_the_database_expels_nobody_unheard(coop, mei, member, case):
    event = (
        "INSERT INTO members_membershipevent (coop_id, stream, seq, place, membership_id, kind, effective_on,"
        " recorded_at, ends_on, ending, reason_code, decided_by, decision_ref, decision_hash, note_hash, previous,"
        " hash)"
        " SELECT m.coop_id, m.stream, m.last_seq + 1, m.last_seq + 1, m.id, 'expelled', '2026-04-01', now(),"
        " '2026-12-31', 'expelled', '', '', '', '', '', (SELECT hash FROM members_membershipevent e"
        " WHERE e.stream = m.stream ORDER BY seq DESC LIMIT 1), repeat('a', 64) FROM members_membership m"
    )
    decided = "decided_on = '2026-04-01', resolution = 'x', state = 'expelled'"
    for attack, why in (
        (event, "unheard"),
        (f"UPDATE members_expulsioncase SET {decided}, last_day = '2026-12-31', appeal_by = '2026-05-01'", "unheard"),
        ("UPDATE members_expulsioncase SET state = 'closed'", "with_outcome"),
        ("UPDATE members_expulsioncase SET opened_on = '2020-01-01'", "Cannot update"),
        ("DELETE FROM members_expulsioncase", "Cannot delete|permission denied"),
        (
            f"UPDATE members_expulsioncase SET heard_on = '2026-03-20', {decided}, last_day = '2026-04-02',"
            " appeal_by = '2026-05-01'",
            "gone_before_the_appeal",
        ),
    ):
        with pytest.raises(DatabaseError, match=why), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(attack)
    hear(mei, case)
    with on(plus(25)):
        services.drop_case(actor=mei, case=case, on=plus(25), resolution="8", because="A mistake indeed.")
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE members_expulsioncase SET outcome = 'expelled'")


def test_every_open_step_has_a_clock_in_the_inbox(coop, mei, theo, member, case):
    def line(day):
        with on(plus(day)):
            found = [item for item in inbox(coop) if item.url_name == "members:case"]
            assert inbox_count(coop) == len(inbox(coop))
        return [(item.due, item.sentence) for item in found]

    assert line(1)[0][0] == plus(21)
    hear(mei, case)
    assert line(22)[0][0] == plus(51)
    expel(mei, case)
    assert line(31) == [(plus(58), f"{member.party.name} may still appeal")]
    appeal(theo, case)
    assert line(41)[0][0] == plus(130)
    decide(mei, case, upheld=True)
    assert line(121) == []


def test_through_the_pages_from_both_sides(coop, mei, lena, theo, client_of):
    make_member(coop, user=theo.user, on=date(2024, 1, 8))
    today = clock.today(coop)
    desk, me, treasurer = client_of(mei), client_of(theo), client_of(lena)
    said = {"on": today, "hearing_on": today, "grounds": "Took money.", "resolution": "7"}
    url = f"/{coop.slug}/register/members/1/expel/"
    assert "at least 14 days" in desk.post(url, said).text
    answer = desk.post(url, {**said, "hearing_on": today + timedelta(days=14)}, follow=True)
    assert "Took money." in answer.text
    page = answer.request["PATH_INFO"]
    assert "Took money." in me.get(f"/{coop.slug}/me/case/").text
    assert "There is a case" in me.get(f"/{coop.slug}/me/").text
    assert "<form" not in treasurer.get(page).text.partition("<main")[2].partition("</main")[0]
    assert treasurer.post(page, {"act": "hear"}).status_code == 403
    assert desk.post(page, {"act": "expel"}).status_code == 422
    heard = {"act": "hear", "on": today, "how": "writing", "statement": "I am sorry."}
    assert "I am sorry." in desk.post(page, heard, follow=True).text
    decision = {"on": today, "resolution": "8", "reason": "Too much."}
    assert desk.post(page, {"act": "expel", **decision}).status_code == 302
    mine = me.get(f"/{coop.slug}/me/case/").text
    assert "Send my appeal" in mine
    assert me.post(f"/{coop.slug}/me/case/", {"because": ""}).status_code == 422
    assert "Under appeal" in me.post(f"/{coop.slug}/me/case/", {"because": "I paid."}, follow=True).text
    assert me.post(f"/{coop.slug}/me/case/", {"because": "Again."}).status_code == 422
    assert desk.post(page, {"act": "decide", "upheld": "no", **decision}).status_code == 302
    assert "in good standing" in me.get(f"/{coop.slug}/me/").text


@pytest.mark.parametrize("rows", [1, 3])
def test_cases_and_inbox_through_the_api(coop, mei, client_of, django_assert_num_queries, rows):
    for at in range(rows):
        member = make_member(coop, name=f"Case Number{at}", on=date(2024, 1, 8))
        with on(OPENED):
            open_case(mei, member)
    client, api = client_of(mei), f"/api/v1/{coop.slug}"
    client.get(f"{api}/cases/")
    with django_assert_num_queries(7):
        answer = client.get(f"{api}/cases/").json()
    assert [each["state"] for each in answer["results"]] == ["open"] * rows
    assert answer["results"][0]["due_on"] == plus(21).isoformat()
    lines = client.get(f"{api}/inbox/").json()
    assert [line["due"] for line in lines] == sorted(line["due"] for line in lines)
    assert len(lines) == rows
