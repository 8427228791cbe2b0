"""Every letter is a row first; what became of it is written down."""

from __future__ import annotations

import socketserver
import threading
from datetime import timedelta

import pytest
from django.core.mail import send_mail
from django.db import transaction

from coop.kernel import clock, outbox
from coop.kernel.models import Mail


class Postman(socketserver.StreamRequestHandler):
    """Enough of RFC 5321 to take a letter, or to refuse one to nobody@."""

    def handle(self):
        def say(line: str) -> None:
            self.wfile.write(line.encode() + b"\r\n")

        say("220 here")
        while line := self.rfile.readline().decode().strip():
            if line.upper().startswith("RCPT TO:<NOBODY"):
                say("550 no such mailbox")
            elif line.upper() == "DATA":
                say("354 go on")
                body = []
                while (part := self.rfile.readline().decode().rstrip("\r\n")) != ".":
                    body.append(part)
                self.server.letters.append("\n".join(body))
                say("250 taken")
            elif line.upper() == "QUIT":
                say("221 bye")
                return
            else:
                say("250 fine")


@pytest.fixture
def postbox(settings):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Postman) as server:
        server.letters = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.MAIL_TRANSPORT = "smtp"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
        settings.EMAIL_BACKEND = "coop.kernel.outbox.OutboxBackend"
        yield server
        server.shutdown()


def test_a_letter_is_handed_over_once(transactional_db, coop, postbox):
    with transaction.atomic():
        outbox.put(to="amara@example.org", subject="Hello\nthere", text="It works.", coop=coop)
    assert outbox.send_waiting() == 1
    assert outbox.send_waiting() == 0
    assert len(postbox.letters) == 1
    assert "Subject: Hello there" in postbox.letters[0]
    mail = Mail.objects.get()
    assert (mail.state, mail.attempts) == ("sent", 1)


def test_a_refused_letter_is_tried_again_and_then_given_up(transactional_db, coop, postbox):
    outbox.put(to="nobody@example.org", subject="Hello", text="?", coop=coop)
    for attempt in range(outbox.MAX_ATTEMPTS):
        assert outbox.send_waiting() == 1
        mail = Mail.objects.get()
        assert mail.attempts == attempt + 1
        assert "no such mailbox" in mail.error
        assert mail.next_try > clock.now()
        Mail.objects.update(next_try=clock.now() - timedelta(seconds=1))
    assert Mail.objects.get().state == "failed"
    assert outbox.send_waiting() == 0


def test_one_bad_letter_does_not_hold_up_the_next(transactional_db, coop, postbox):
    outbox.put(to="nobody@example.org", subject="Hello", text="?", coop=coop)
    outbox.put(to="amara@example.org", subject="Hello", text="!", coop=coop)
    assert outbox.send_waiting() == 2
    assert Mail.objects.get(to="amara@example.org").state == "sent"


def test_a_letter_of_an_act_that_failed_was_never_written(transactional_db, coop):
    with pytest.raises(ValueError), transaction.atomic():
        outbox.put(to="amara@example.org", subject="Hello", text="?", coop=coop)
        raise ValueError
    assert not Mail.objects.exists()


def test_whatever_a_library_sends_goes_the_same_way(transactional_db, settings):
    settings.EMAIL_BACKEND = "coop.kernel.outbox.OutboxBackend"
    send_mail("Your code", "123456", None, ["amara@example.org"])
    assert Mail.objects.get().text == "123456"


def test_the_outbox_is_open_in_the_demo_only(client, coop, settings, transactional_db):
    mail = outbox.put(to="amara@example.org", subject="Hello", text="Hi", coop=coop)
    assert client.get("/outbox/").status_code == 200
    assert client.get(f"/outbox/{mail.pk}/").status_code == 200
    settings.MAIL_TRANSPORT = "smtp"
    assert client.get("/outbox/").status_code == 404
    assert client.get(f"/outbox/{mail.pk}/").status_code == 404
