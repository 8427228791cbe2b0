"""Whole lists of members: filters kept, letters seen before they go and gone once each, and the list as a file."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from coop.kernel import clock
from coop.kernel.errors import Refused
from coop.kernel.models import AuditEvent, Job, Mail
from coop.kernel.tenancy import path
from members import services, tasks
from members.models import (
    AccessLog,
    BulkLetter,
    BulkLine,
    Enrolment,
    Membership,
    PaperLetter,
    PartyTag,
    SavedFilter,
)
from members.selectors import acts, bulk, search

from .factories import make_class, make_member
from .test_concurrency import at_once

SAID = {"subject": "The roof", "text": "It will be mended in May."}


@pytest.fixture
def people(coop, mei):
    """By e-mail, on paper, unreachable, dead, and one person with two memberships."""
    born = date(2021, 1, 7)
    mail = make_member(coop, name="Ada Holm", on=born)
    paper = make_member(coop, name="Bo Holm", on=born, email="", street="Quay 1", place="Kiel")
    lost = make_member(coop, name="Cy Holm", on=born, email="", street="Quay 2", place="Kiel")
    services.change_details(actor=mei, party=lost.party, street="", postcode="", place="")
    dead = make_member(coop, name="Di Holm", on=born)
    services.record_death(actor=mei, party=dead.party, died_on=clock.today(coop), evidence="Certificate.")
    twice = make_member(
        coop, name="Ada Holm", on=born, email="ada2@example.net", member_class=make_class(coop, "worker")
    )
    services.merge(actor=mei, kept=mail.party, other=twice.party, because="Same passport.")
    Mail.objects.all().delete()
    PaperLetter.objects.filter(state="waiting").update(state="posted", posted_on=born, posted_how="letter")
    return {"mail": mail, "paper": paper, "lost": lost, "dead": dead, "twice": twice}


def everybody(coop):
    return search.members(coop, clock.today(coop))


@pytest.mark.django_db
def test_the_preview_says_who_gets_it_how_and_who_does_not_and_why(coop, mei, people):
    planned = bulk.mailing(everybody(coop), "business")
    assert [each.membership.number for each in planned.by_mail] == [people["mail"].number]
    assert [each.membership.number for each in planned.on_paper] == [people["paper"].number]
    assert {each.membership.number: each.why for each in planned.left_out} == {
        people["lost"].number: "neither e-mail nor postal address is known",
        people["dead"].number: "has died",
        people["twice"].number: f"gets it once already, as member {people['mail'].number_text}",
    }
    news = bulk.mailing(everybody(coop), "news")
    assert {each.why for each in news.left_out} >= {"did not agree to news"}
    assert not news.by_mail
    services.say_consent(actor=mei, party=people["mail"].party, answers={"newsletter": True})
    assert len(bulk.mailing(everybody(coop), "news").by_mail) == 1


@pytest.mark.django_db(transaction=True)
def test_a_letter_goes_once_to_each_through_the_pages_with_progress(coop, mei, people, client_of, monkeypatch):
    monkeypatch.setattr("members.services.bulk.AT_ONCE", 1)
    desk, here = client_of(mei), path(coop, "members:write")
    page = desk.post(here, {**SAID, "about": "business", "act": "preview"}).text
    assert "2 members get this letter" in page
    assert "has died" in page
    digest, key = (page.split(f'name="{name}" value="')[1].split('"')[0] for name in ("digest", "key"))
    send = {**SAID, "about": "business", "act": "send", "digest": digest, "key": key}
    first = desk.post(here, send)
    assert first.status_code == 302
    assert desk.post(here, send).url == first.url  # sent twice, it is the same letter
    letter = BulkLetter.objects.get()
    seen: list[tuple[int, int]] = []
    services.send_lines(letter, lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2), (2, 2)]
    tasks.write_to_many.run(Job.objects.get(kind="members.write_to_many").pk)  # run again, it writes nothing more
    assert list(Mail.objects.filter(kind="members.to_many").values_list("to", "subject")) == [
        ("ada.holm@example.net", "The roof")
    ]
    assert PaperLetter.objects.filter(kind="members.to_many", state="waiting").count() == 1
    assert AuditEvent.objects.filter(kind="members.letter_to_many").count() == 1
    assert "2 members were written to" in desk.get(first.url).text
    make_member(coop, name="Eve Holm", on=date(2022, 1, 7))
    changed = desk.post(here, {**send, "key": "another"})
    assert changed.status_code == 422
    assert "The list changed since you looked at it" in changed.text


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_write_to_nobody_twice(coop, mei):
    for n in range(12):
        make_member(coop, name=f"Ada Holm{n}", on=date(2021, 1, 7))
    found = everybody(coop)
    said = {**SAID, "about": "business", "key": "k", "digest": bulk.mailing(found, "business").digest}
    at_once(4, lambda _: services.write_to(actor=mei, found=found.all(), **said), list(range(4)))
    letter = BulkLetter.objects.get()
    assert sum(at_once(4, lambda _: services.send_lines(letter), list(range(4)))) == 12
    assert Mail.objects.filter(kind="members.to_many").count() == 12
    letter.refresh_from_db()
    assert letter.finished_at is not None


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_what_was_sent_stands_against_the_application_and_the_owner(coop, mei, people):
    found = everybody(coop)
    said = {**SAID, "about": "business", "key": "k", "digest": bulk.mailing(found, "business").digest}
    services.send_lines(services.write_to(actor=mei, found=found, **said))
    for using in ("default", "owner"):
        for sql in (
            "UPDATE members_bulkletter SET text = 'Other.'",
            "DELETE FROM members_bulkline",
            "UPDATE members_bulkline SET done_at = NULL WHERE done_at IS NOT NULL",
            "UPDATE members_bulkline SET how = 'mail', why = '' WHERE how = 'left_out'",
        ):
            with pytest.raises(DatabaseError, match="permission denied|Cannot"), transaction.atomic(using):
                connections[using].cursor().execute(sql)
    assert BulkLine.objects.filter(done_at=None).exclude(how="left_out").count() == 0


@pytest.mark.django_db
def test_filters_are_ones_own_or_shared_and_only_their_owner_or_the_secretary_removes_them(
    coop, mei, jonas, people, client_of
):
    board, desk, here = client_of(jonas), client_of(mei), path(coop, "members:filter-save")
    board.post(f"{here}?tab=former&page=3", {"name": "Who left", "shared": "on"})
    board.post(f"{here}?q=holm", {"name": "Mine"})
    assert list(SavedFilter.objects.values_list("name", "query")) == [
        ("Mine", {"q": "holm"}),
        ("Who left", {"tab": "former"}),
    ]
    page = desk.get(path(coop, "members:list")).text
    assert "Who left" in page
    assert "Mine" not in page
    mine, shared = SavedFilter.objects.all()
    assert desk.post(path(coop, "members:filter-remove", pk=mine.pk)).status_code == 404
    assert desk.post(path(coop, "members:filter-remove", pk=shared.pk)).status_code == 302
    with pytest.raises(Refused, match="everybody needs no filter"):
        services.save_filter(actor=mei, name="All", query={})


@pytest.mark.django_db
def test_the_list_leaves_as_a_file_with_its_reason(coop, mei, people, client_of):
    desk, here = client_of(mei), path(coop, "members:list-csv")
    assert desk.post(f"{here}?q=bo", {"basis": ""}).status_code == 422
    text = desk.post(f"{here}?q=bo", {"basis": "Labels for the summer letter."}).content.decode("utf-8-sig")
    assert [line.split(",")[1] for line in text.splitlines()] == ["Name", "Bo Holm"]
    logged = AccessLog.objects.filter(what="export").latest("pk")
    assert (logged.basis, logged.rows) == ("Labels for the summer letter.", 1)
    assert Membership.objects.count() == 5


@pytest.mark.django_db
def test_one_act_for_a_whole_list_is_seen_first_then_done_to_all_or_nobody(coop, mei, people, client_of):
    desk, here = client_of(mei), path(coop, "members:act")
    look = desk.post(here, {"act": "by_post", "do": "look"}).text
    assert "This concerns one member" in look
    assert "no postal address is known" in look
    assert desk.post(here, {"act": "tag", "do": "look"}).status_code == 422
    look = desk.post(here, {"act": "tag", "tag": "Van  Driver", "do": "look"}).text
    assert "has died" in look
    digest = look.split('name="digest" value="')[1].split('"')[0]
    done = {"act": "tag", "tag": "van driver", "do": "now", "digest": digest}
    assert desk.post(here, done).status_code == 302
    assert set(PartyTag.objects.values_list("party__name", "name")) == {
        ("Ada Holm", "van driver"),
        ("Bo Holm", "van driver"),
        ("Cy Holm", "van driver"),
    }
    assert "The list changed since you looked at it" in desk.post(here, done).text
    tagged = desk.get(path(coop, "members:list"), {"tag": "Van driver"}).text
    assert "Bo Holm" in tagged
    assert "Di Holm" not in tagged
    assert "van driver" in desk.get(path(coop, "members:detail", number=people["mail"].number)).text
    assert AuditEvent.objects.filter(kind="members.acted_on_list").count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("rows", [1, 3])
def test_a_look_at_an_act_takes_the_same_queries_for_one_and_for_three(coop, mei, client_of, rows):
    for n in range(rows):
        make_member(coop, name=f"Ada Holm{n}", on=date(2021, 1, 7))
    desk, here = client_of(mei), path(coop, "members:act")
    desk.get(here)
    with CaptureQueriesContext(connection) as asked:
        desk.get(here)
    with CaptureQueriesContext(connection) as looked:
        assert "This concerns" in desk.post(here, {"act": "tag", "tag": "van", "do": "look"}).text
    assert (len(asked), len(looked)) == (8, 11)


@pytest.mark.django_db
def test_whoever_wants_paper_gets_paper(coop, mei, people):
    home = {"street": "Quay 9", "place": "Kiel"}
    services.change_details(actor=mei, party=people["mail"].party, **home)
    Mail.objects.all().delete()
    found = search.matching(everybody(coop), "ada")
    plan = acts.planned(found, "by_post")
    assert [each.number for each in plan.doing] == [people["mail"].number]
    services.act_on_all(actor=mei, found=found, act="by_post", digest=plan.digest)
    letter = bulk.mailing(found.all(), "business")
    assert [each.how for each in letter.recipients] == ["paper", "left_out"]
    give = {"actor": mei, "membership": people["mail"], "received_on": clock.today(coop)}
    services.give_notice(**give)
    assert not Mail.objects.filter(kind="members.notice_received").exists()
    assert PaperLetter.objects.filter(kind="members.notice_received", state="waiting").count() == 1
    assert services.invite(actor=mei, membership=people["mail"]).channel == "letter"
    with pytest.raises(Refused, match="nothing for anybody"):
        services.act_on_all(
            actor=mei, found=found.all(), act="by_post", digest=acts.planned(found.all(), "by_post").digest
        )


@pytest.mark.django_db
def test_a_list_is_signed_up_whole_or_not_at_all(coop, mei, people, client_of):
    course = services.save_course(actor=mei, name="Induction")
    said = {"actor": mei, "course": course, "starts_at": clock.now() + timedelta(days=3), "place": "Shop"}
    small, large = services.plan_session(**said, seats=2), services.plan_session(**said, seats=3)
    plan = acts.planned(everybody(coop), "enrol", session=small)
    act = {"actor": mei, "found": everybody(coop), "act": "enrol"}
    with pytest.raises(Refused, match="3 people would be signed up and 2 seats are free, so nobody was"):
        services.act_on_all(**act, session=small, digest=plan.digest)
    assert not Enrolment.objects.exists()
    services.sign_off(actor=mei, enrolment=services.sign_up(actor=mei, session=large, learner=people["mail"].party))
    api = client_of(mei)
    here = f"/api/v1/{coop.slug}/acts/"
    body = {"act": "enrol", "session": large.pk, "query": {"tab": "current"}}
    seen = api.post(here, body, content_type="application/json").json()
    assert (len(seen["numbers"]), seen["done"]) == (3, False)
    done = api.post(here, {**body, "digest": seen["digest"]}, content_type="application/json").json()
    assert done["done"]
    assert Enrolment.objects.filter(session=large, state="enrolled").count() == 3
    assert Mail.objects.filter(kind="members.session_booked", to="ada.holm@example.net").count() == 2
