"""From application to member: what is asked, what is refused, what is told."""

from datetime import date, timedelta

import pytest

from coop.kernel import audit, clock
from coop.kernel.errors import NotAllowed, Refused
from coop.kernel.models import Mail
from members import selectors, services
from members.models import Application, Membership, MembershipEvent, Party
from members.services import Decision, history

from .factories import make_application, make_bylaws, make_class, make_member

pytestmark = pytest.mark.django_db


def test_an_application_starts_its_clock_and_is_answered(coop):
    application = make_application(coop, name="Noor Haddad", email="Noor@Example.org")
    today = clock.today(coop)
    assert (application.state, application.decide_by) == ("received", today + timedelta(days=42))
    assert application.email == "noor@example.org"
    assert application.shares_wanted == 5
    mail = Mail.objects.get()
    assert mail.to == "noor@example.org"
    assert "Dear Noor Haddad" in mail.text
    assert f"{application.decide_by:%Y}" in mail.text
    assert MembershipEvent.objects.get().kind == "applied"
    assert not Membership.objects.exists()


def test_sent_twice_it_is_one_application(coop):
    first = make_application(coop, name="Noor Haddad")
    assert make_application(coop, name="Noor Haddad") == first
    assert Application.objects.count() == Mail.objects.count() == 1


@pytest.mark.parametrize(
    ("more", "code", "field"),
    [
        ({"shares_wanted": 4}, "too_few_shares", "shares_wanted"),
        ({"shares_wanted": 101}, "too_many_shares", "shares_wanted"),
        ({"of_age": False}, "too_young", "of_age"),
        ({"email": "", "street": ""}, "unreachable", "email"),
        ({"given_names": "", "family_name": " "}, "name_missing", "family_name"),
        ({"kind": "organisation"}, "firm_missing", "firm"),
        ({"member_class": "nobody"}, "class_unknown", "member_class"),
    ],
)
def test_unmet_terms_are_refused_with_a_sentence_beside_the_field(coop, more, code, field):
    make_class(coop, maximum_shares=100)
    with pytest.raises(Refused) as refused:
        make_application(coop, name="Noor Haddad", **more)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert refused.value.message.endswith((".", "?"))
    assert not Application.objects.exists()
    assert not Mail.objects.exists()


def test_by_laws_that_changed_meanwhile_must_be_read_again(coop):
    old = make_bylaws(coop)
    make_class(coop, bylaws=old)
    new = make_bylaws(coop, version="2024", effective_on=date(2024, 3, 14))
    make_class(coop, bylaws=new, minimum_shares=6)
    with pytest.raises(Refused, match="have changed"):
        make_application(coop, bylaws=old)
    assert make_application(coop, bylaws=new).shares_wanted == 6


def test_one_decision_admits_refuses_and_postpones(coop, mei):
    today = clock.today(coop)
    noor, ivo, gita = (make_application(coop, name=name) for name in ("Noor Haddad", "Ivo Santini", "Gita Mohan"))
    sheet = services.create_sheet(actor=mei, meeting_on=today, applications=[noor, ivo, gita])
    decisions = {
        noor.pk: Decision("admit"),
        ivo.pk: Decision("refuse", "The roof terrace is full."),
        gita.pk: Decision("postpone"),
    }
    services.decide_sheet(actor=mei, sheet=sheet, decisions=decisions, resolution="2026/7", on=today)
    for each in (noor, ivo, gita, sheet):
        each.refresh_from_db()
    assert (noor.state, ivo.state, gita.state, sheet.state) == ("admitted", "refused", "received", "decided")
    assert noor.membership.number == 1
    assert noor.membership.state == "admitted"
    assert gita.sheet is None
    assert ivo.appeal_by == today + timedelta(days=28)
    texts = {mail.to: mail for mail in Mail.objects.filter(kind__in=["members.admitted", "members.refused"])}
    assert "your member number is 0001" in texts["noor.haddad@example.net"].text
    assert "€10.00" in texts["noor.haddad@example.net"].text
    assert "The decision stands in the minutes as 2026/7." in texts["noor.haddad@example.net"].text
    assert "The roof terrace is full." in texts["ivo.santini@example.net"].text
    assert "appeal" in texts["ivo.santini@example.net"].text
    chain = list(noor.membership.events.order_by("seq"))
    assert [event.kind for event in MembershipEvent.objects.filter(stream=noor.stream)] == ["applied", "admitted"]
    assert chain[0].decision_ref == "2026/7"
    assert chain[0].decision_hash == sheet.text_hash
    assert list(audit.verify(coop)) == []


def test_a_member_costs_so_many_queries(coop, mei, django_assert_num_queries):
    today = clock.today(coop)
    make_class(coop)
    with django_assert_num_queries(10):
        application = make_application(coop)
    with django_assert_num_queries(18):
        membership = services.admit(actor=mei, application=application, resolution="1", on=today)
    with django_assert_num_queries(9):
        services.activate(actor=mei, membership=membership, on=today, because="paid")
    for lines, queries in ((1, 19), (4, 40)):  # a line more: seven
        more = [make_application(coop) for _line in range(lines)]
        sheet = services.create_sheet(actor=mei, meeting_on=today, applications=more)
        decisions = {each.pk: Decision("admit") for each in more}
        with django_assert_num_queries(queries):
            services.decide_sheet(actor=mei, sheet=sheet, decisions=decisions, resolution="2", on=today)
    assert list(history.verify(coop)) == []


def test_a_decision_is_whole_or_not_at_all(coop, mei):
    today = clock.today(coop)
    member = make_member(coop, name="Noor Haddad")
    again, ivo = make_application(coop, name="Noor Haddad"), make_application(coop, name="Ivo Santini")
    services.match_party(actor=mei, application=again, party=member.party)
    sheet = services.create_sheet(actor=mei, meeting_on=today, applications=[ivo, again])
    both = {ivo.pk: Decision("admit"), again.pk: Decision("admit")}
    mails = Mail.objects.count()
    with pytest.raises(Refused, match="Noor Haddad is a consumer member already"):
        services.decide_sheet(actor=mei, sheet=sheet, decisions=both, resolution="2026/8", on=today)
    sheet.refresh_from_db()
    ivo.refresh_from_db()
    assert (sheet.state, ivo.state) == ("draft", "on_sheet")
    assert Membership.objects.count() == 1
    assert Mail.objects.count() == mails
    with pytest.raises(Refused, match="Say what was decided about Noor Haddad"):
        services.decide_sheet(
            actor=mei, sheet=sheet, decisions={ivo.pk: Decision("admit")}, resolution="2026/8", on=today
        )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"resolution": " "}, "resolution_missing"),
        ({"on": date(2100, 1, 1)}, "in_the_future"),
        ({"on": date(2020, 1, 1)}, "before_application"),
        ({"decisions": {}}, "decision_missing"),
        ({"verdict": "refuse"}, "reason_missing"),
        ({"verdict": "perhaps"}, "decision_missing"),
    ],
)
def test_decisions_that_say_too_little_are_refused(coop, mei, change, code):
    application = make_application(coop)
    sheet = services.create_sheet(actor=mei, meeting_on=clock.today(coop), applications=[application])
    usual = {
        "decisions": {application.pk: Decision(change.pop("verdict", "admit"))},
        "resolution": "1",
        "on": clock.today(coop),
    }
    with pytest.raises(Refused) as refused:
        services.decide_sheet(actor=mei, sheet=sheet, **{**usual, **change})
    assert refused.value.code == code


def test_a_decided_sheet_stands(coop, mei):
    today = clock.today(coop)
    first, second = make_application(coop), make_application(coop)
    sheet = services.create_sheet(actor=mei, meeting_on=today, applications=[first])
    services.decide_sheet(actor=mei, sheet=sheet, decisions={first.pk: Decision("admit")}, resolution="1", on=today)
    with pytest.raises(Refused, match="has been decided"):
        services.put_on_sheet(actor=mei, sheet=sheet, applications=[second])
    with pytest.raises(Refused, match="has been decided"):
        services.decide_sheet(actor=mei, sheet=sheet, decisions={first.pk: Decision("admit")}, resolution="1", on=today)
    with pytest.raises(Refused, match="already “admitted”"):
        services.withdraw(actor=mei, application=first)


def test_only_the_secretary_keeps_and_only_the_board_decides(coop, mei, lena, jonas, olga):
    application = make_application(coop)
    today = clock.today(coop)
    with pytest.raises(NotAllowed):
        services.create_sheet(actor=lena, meeting_on=today, applications=[application])
    sheet = services.create_sheet(actor=mei, meeting_on=today, applications=[application])
    decisions = {application.pk: Decision("admit")}
    for stranger in (lena, olga):
        with pytest.raises(NotAllowed):
            services.decide_sheet(actor=stranger, sheet=sheet, decisions=decisions, resolution="1", on=today)
    services.decide_sheet(actor=jonas, sheet=sheet, decisions=decisions, resolution="1", on=today)
    assert Membership.objects.count() == 1


def test_an_applicant_may_withdraw_until_the_board_decides(coop, theo):
    application = make_application(coop, account=theo.user)
    services.withdraw(actor=theo, application=application)
    application.refresh_from_db()
    assert application.state == "withdrawn"
    assert Mail.objects.filter(kind="members.withdrawn").count() == 1


def test_the_applicants_login_becomes_the_members(coop, theo):
    membership = make_member(coop, user=theo.user)
    assert selectors.membership_of(theo) == membership
    assert theo.is_member


def test_a_returning_party_keeps_one_record_with_two_memberships_in_turn(coop, mei):
    member = make_member(coop, name="Noor Haddad", on=date(2020, 5, 4))
    worker = make_class(coop, "worker")
    again = make_application(coop, name="Noor Haddad", member_class=worker, email="noor@elsewhere.example")
    services.match_party(actor=mei, application=again, party=member.party)
    second = services.admit(actor=mei, application=again, resolution="2", on=clock.today(coop))
    assert second.party_id == member.party_id
    assert Party.objects.count() == 1
    assert Party.objects.get().email == "noor@elsewhere.example"
    assert second.number == 2
