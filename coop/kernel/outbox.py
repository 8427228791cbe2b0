"""Every letter the platform sends is a row first; the worker hands it over and writes down what became of it."""

from __future__ import annotations

import logging
from datetime import timedelta

from celery import current_app
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction

from . import clock
from .models import Mail

log = logging.getLogger("rochdale.mail")
MAX_ATTEMPTS = 8
SECURITY = "security"  # letters whose codes and links open a login


class OutboxBackend(BaseEmailBackend):
    """Django's mail backend: whatever any library sends becomes a row of the outbox."""

    def send_messages(self, email_messages) -> int:
        for message in email_messages:
            html = next(
                (part.content for part in getattr(message, "alternatives", ()) if part.mimetype == "text/html"), ""
            )
            for to in message.recipients():
                put(
                    to=to,
                    subject=message.subject,
                    text=message.body,
                    html=html,
                    sender=message.from_email,
                    kind=getattr(message, "kind", ""),
                )
        return len(email_messages)


def put(
    *, to: str, subject: str, text: str, html: str = "", sender: str = "", coop=None, kind: str = "", ref: str = ""
) -> Mail:
    """Write a letter into the outbox, in the caller's transaction; it leaves after commit."""
    mail = Mail.objects.create(
        to=to,
        subject=" ".join(subject.split())[:300],
        text=text,
        html=html,
        sender=sender or settings.DEFAULT_FROM_EMAIL,
        coop=coop,
        kind=kind,
        subject_ref=ref,
    )
    transaction.on_commit(_wake)
    return mail


def _wake() -> None:
    try:
        current_app.send_task("kernel.send_mail", retry=False)
    except Exception as failure:  # noqa: BLE001 - beat sends it within the minute
        log.warning("mail waits: the broker does not answer (%s)", failure)


def send_waiting(limit: int = 200) -> int:
    """Hand over what waits, one letter a transaction; a refused one is tried again later, eight times in all."""
    handed = 0
    while handed < limit and _send_next():
        handed += 1
    return handed


@transaction.atomic
def _send_next() -> bool:
    now = clock.now()
    waiting = Mail.objects.select_for_update(no_key=True, skip_locked=True).filter(
        state=Mail.State.QUEUED, next_try__lte=now
    )
    mail = waiting.order_by("id").first()
    if mail is None:
        return False
    mail.attempts += 1
    try:
        _hand_over(mail)
    except OSError as failure:  # smtplib's errors are OSErrors
        mail.error = str(failure)[:500]
        mail.next_try = now + timedelta(minutes=2**mail.attempts)
        if mail.attempts >= MAX_ATTEMPTS:
            mail.state = Mail.State.FAILED
    else:
        mail.state, mail.sent_at, mail.error = Mail.State.SENT, now, ""
    if mail.kind == SECURITY and mail.state != Mail.State.QUEUED and settings.MAIL_TRANSPORT != "demo":
        mail.text = mail.html = ""  # nobody reads a code out of a table, nor out of a copy of it
    mail.save(update_fields=["attempts", "error", "next_try", "state", "sent_at", "text", "html"])
    return True


def _hand_over(mail: Mail) -> None:
    if settings.MAIL_TRANSPORT == "demo":
        return  # the outbox page shows it
    message = EmailMultiAlternatives(
        mail.subject,
        mail.text,
        mail.sender,
        [mail.to],
        connection=get_connection("django.core.mail.backends.smtp.EmailBackend"),
        headers={"Message-ID": f"<mail-{mail.pk}@{mail.sender.rpartition('@')[2].rstrip('>') or 'localhost'}>"},
    )
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    message.send()
