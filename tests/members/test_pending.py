"""Every open state has a clock in the inbox; an e-mail nobody could deliver is seen, and written on paper."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied

from coop.kernel import clock, outbox
from coop.kernel.errors import Refused
from coop.kernel.models import AuditEvent, Mail
from coop.kernel.tenancy import path
from members import services
from members.models import ExpulsionCase, ImportBatch, Membership, PaperLetter
from members.models.joining import Application, BoardSheet
from members.selectors.inbox import inbox, inbox_count
from members.selectors.pending import undelivered

from .factories import make_member

pytestmark = pytest.mark.django_db


def lines(coop) -> dict[str, str]:
    found = inbox(coop)
    assert len(found) == inbox_count(coop), "the number on the rail is the number of lines"
    return {item.sentence: item.url_name for item in found}


def lost(coop, to="ada@example.net", **more) -> Mail:
    return Mail.objects.create(
        **{"coop": coop, "to": to, "sender": "x", "subject": "The meeting", "text": "On 3 May.", "state": "failed",
           "error": "550 no such user", "kind": "governance.notice", **more}
    )  # fmt: skip


@pytest.fixture
def ada(coop):
    return make_member(coop, name="Ada Holm", email="ada@example.net", street="Quay 1", place="Kiel")


def test_a_list_that_was_read_waits_to_be_taken_in(coop, mei):
    data = b"number,name,email\n1,Ivo Santini,ivo@example.net\n"
    batch = services.read_file(actor=mei, file_name="old.csv", data=data)
    assert lines(coop) == {"Take in “old.csv”, or throw it away": "members:import"}
    assert inbox(coop)[0].due == clock.local_day(batch.created_at, coop) + timedelta(days=14)
    services.discard(actor=mei, batch=batch)
    assert lines(coop) == {}


def test_a_suspension_is_looked_at_again(coop, mei, jonas, ada):
    today = clock.today(coop)
    services.suspend(actor=jonas, membership=ada, on=today, reason="Owes.", resolution="1")
    assert lines(coop) == {"One member is suspended": "members:list"}
    assert inbox(coop)[0].due == today + timedelta(days=90)
    ada.refresh_from_db()
    services.open_case(
        actor=jonas, membership=ada, on=today, grounds="Owes.", resolution="2", hearing_on=today + timedelta(days=30)
    )
    assert list(lines(coop).values()) == ["members:case"], "a case has its own clock"


def test_a_registered_letter_that_nobody_heard_of_again(coop, mei, ada):
    letter = PaperLetter.objects.create(
        coop=coop, party=ada.party, kind="x", ref="x", name="Ada", address="Kiel", subject="s", text="t",
        due_on=clock.today(coop),
    )  # fmt: skip
    services.post_letters(actor=mei, letters=[letter], on=clock.today(coop), how="registered")
    assert lines(coop) == {}
    with clock.at(clock.now() + timedelta(days=16)):
        assert lines(coop) == {"Did the registered letter arrive?": "members:letters"}
        services.say_delivery(actor=mei, letter=letter, on=clock.today(coop), arrived=True, proof="RR 1")
        assert lines(coop) == {}


def test_an_e_mail_that_was_given_up_is_seen_and_written_on_paper(coop, other_coop, mei, ada, client_of):
    mail = lost(coop, subject_ref=f"membership:{ada.pk}")
    stranger = lost(coop, to="nobody@example.net")
    lost(coop, kind=outbox.SECURITY, text="")
    lost(other_coop)
    Mail.objects.create(coop=coop, to="a@example.net", sender="x", subject="x", text="x", state="sent")
    assert lines(coop) == {"E-mails could not be delivered": "members:undelivered"}
    desk, url = client_of(mei), path(coop, "members:undelivered")
    page = desk.get(url).text
    assert "2 e-mails were not delivered" in page
    assert "550 no such user" in page
    assert "waits among the letters" in desk.post(url, {"mail": mail.pk, "act": "paper"}, follow=True).text
    letter = PaperLetter.objects.get(kind="governance.notice")
    assert (letter.subject, letter.text, letter.name, letter.address) == (
        "The meeting", "On 3 May.", "Ada Holm", "Quay 1\nKiel",
    )  # fmt: skip
    assert desk.post(url, {"mail": mail.pk, "act": "paper"}).status_code == 404, "once"
    assert desk.post(url, {"mail": stranger.pk, "act": "paper"}).status_code == 422
    desk.post(url, {"mail": stranger.pk, "act": "done"})
    assert not undelivered(coop).exists()
    assert list(lines(coop)) == ["One letter to print and post"]
    assert "Every e-mail went out" in desk.get(url).text
    assert AuditEvent.objects.filter(kind="members.mail_settled").count() == 2
    assert desk.post(url, {"mail": "x"}).status_code == 404


def test_only_the_secretary_and_only_what_was_given_up(coop, other_coop, mei, lena, olga, ada):
    mail = lost(coop)
    with pytest.raises(PermissionDenied):
        services.settle_mail(actor=lena, mail=mail, on_paper=False)
    with pytest.raises((PermissionDenied, Mail.DoesNotExist)):
        services.settle_mail(actor=olga, mail=mail, on_paper=False)
    sent = lost(coop, state="sent")
    with pytest.raises(Refused, match="given up"):
        services.settle_mail(actor=mei, mail=sent, on_paper=False)


@pytest.mark.parametrize("rows", [1, 3])
def test_the_page_takes_the_same_queries(coop, mei, client_of, django_assert_num_queries, rows):
    for at in range(rows):
        lost(coop, to=f"m{at}@example.net")
    desk, url = client_of(mei), path(coop, "members:undelivered")
    desk.get(url)
    with django_assert_num_queries(9):
        desk.get(url)


def test_no_open_state_is_left_without_a_clock():
    """A state added later stands here with its clock, or this fails."""
    clocks = {
        Application.State: {"received", "on_sheet"},
        BoardSheet.State: {"draft"},
        ExpulsionCase.State: {"open", "heard", "expelled", "appealed"},
        Membership.State: {"admitted", "suspended"},
        ImportBatch.State: {"read", "staged"},
        PaperLetter.State: {"waiting", "posted", "returned"},
    }
    settled = {
        Application.State: {"admitted", "refused", "withdrawn"},
        BoardSheet.State: {"decided"},
        ExpulsionCase.State: {"closed"},
        Membership.State: {"active", "ended"},
        ImportBatch.State: {"committing", "committed", "undoing", "undone", "discarded"},  # a job's, or over
        PaperLetter.State: {"delivered", "settled"},
    }
    for states, has_clock in clocks.items():
        assert set(states.values) == has_clock | settled[states]
