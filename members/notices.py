"""Letters to applicants and members. Each is a text in ``templates/mail/members/``; without an address none is sent."""

from __future__ import annotations

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from coop.kernel import money, outbox
from members.selectors.leaving import arithmetic


def _send(coop, to: str, template: str, subject: str, ref: str, **context) -> None:
    if not to:
        return  # the inbox shows who has to be written to on paper
    text = render_to_string(f"mail/members/{template}.txt", {"coop": coop, "site": settings.SITE_NAME, **context})
    outbox.put(to=to, subject=subject, text=text.strip() + "\n", coop=coop, kind=f"members.{template}", ref=ref)


def application_received(application) -> None:
    """What happens next, and by when."""
    with override(application.coop.language):
        subject = _("Your application to %s") % application.coop.name
        _send_about(application, "received", subject)


def application_withdrawn(application) -> None:
    with override(application.coop.language):
        _send_about(application, "withdrawn", _("You took your application back"))


def admitted(application) -> None:
    """The number, since when, and what is to be paid."""
    with override(application.coop.language):
        subject = _("Welcome to %s: your member number is %s") % (
            application.coop.name,
            application.membership.number_text,
        )
        terms = application.member_class.terms_on(application.received_on)
        fee = money.format_minor(terms.entry_fee, application.coop.currency) if terms.entry_fee else ""
        _send_about(application, "admitted", subject, membership=application.membership, entry_fee=fee)


def refused(application) -> None:
    """The reason, and until when one may appeal."""
    with override(application.coop.language):
        _send_about(application, "refused", _("About your application to %s") % application.coop.name)


def notice_received(membership, worked_out) -> None:
    """The last day, and how it comes about."""
    with override(membership.coop.language):
        lines = arithmetic(worked_out)
        subject = _("Your notice has arrived: your last day is %s") % date_format(worked_out.last_day, "j F Y")
        _send_member(membership, "notice_received", subject, notice=worked_out, lines=lines)


def notice_withdrawn(membership) -> None:
    """One stays after all."""
    with override(membership.coop.language):
        _send_member(membership, "notice_withdrawn", _("You stay a member of %s") % membership.coop.name)


def membership_ended(membership) -> None:
    """Farewell."""
    with override(membership.coop.language):
        _send_member(membership, "ended", _("Your membership of %s has ended") % membership.coop.name)


def _send_member(membership, template: str, subject: str, **context) -> None:
    party, coop = membership.party, membership.coop
    context |= {"membership": membership, "party": party}
    _send(coop, party.email, template, subject, f"membership:{membership.pk}", **context)


def email_changed(party, old_email: str) -> None:
    """Both addresses hear of it."""
    with override(party.coop.language):
        for to in filter(None, {old_email, party.email}):
            subject = _("Your e-mail address was changed")
            _send(party.coop, to, "email_changed", subject, f"party:{party.pk}", party=party, old=old_email)


def _send_about(application, template: str, subject: str, **context) -> None:
    terms = application.member_class.terms_on(application.received_on)
    _send(
        application.coop,
        application.email,
        template,
        subject,
        f"application:{application.pk}",
        application=application,
        terms=terms,
        **context,
    )
