"""Letters to applicants and members. Each is a text in ``templates/mail/members/``; without an address none is sent."""

from __future__ import annotations

from django.utils.translation import override

from coop.kernel import letters, money, outbox
from members.selectors.leaving import arithmetic


def application_received(application) -> None:
    """What happens next, and by when."""
    _about(application, "received")


def application_withdrawn(application) -> None:
    """Nothing is owed on either side."""
    _about(application, "withdrawn")


def admitted(application) -> None:
    """The number, since when, and what is to be paid."""
    terms = application.member_class.terms_on(application.received_on)
    fee = money.format_minor(terms.entry_fee, application.coop.currency) if terms.entry_fee else ""
    _about(application, "admitted", membership=application.membership, entry_fee=fee)


def refused(application) -> None:
    """The reason, and until when one may appeal."""
    _about(application, "refused")


def notice_received(membership, worked_out) -> None:
    """The last day, and how it comes about."""
    with override(membership.coop.language):
        lines = arithmetic(worked_out)
    _to_member(membership, "notice_received", notice=worked_out, lines=lines)


def notice_withdrawn(membership) -> None:
    """One stays after all."""
    _to_member(membership, "notice_withdrawn")


def membership_ended(membership) -> None:
    """Farewell."""
    _to_member(membership, "ended")


def email_changed(party, old_email: str) -> None:
    """Both addresses hear of it."""
    for to in filter(None, {old_email, party.email}):
        _send(party.coop, to, "email_changed", f"party:{party.pk}", party=party, old=old_email)


def case_step(case, step: str, words: str) -> None:
    """Each step of a case, its reason, and what the member can do until when."""
    _to_member(case.membership, "case", case=case, step=step, words=words)


def of_age(party) -> None:
    """From today one acts for oneself."""
    _send(party.coop, party.email, "of_age", f"party:{party.pk}", party=party)


def change_asked(request) -> None:
    """Somebody asked for this in the member's name; if it was not the member, they should say so."""
    _send(request.party.coop, request.party.email, "change_asked", f"party:{request.party_id}", request=request)


def change_decided(request, told) -> None:
    """The change holds from today, or why it does not."""
    for to in filter(None, told):
        _send(request.party.coop, to, "change_decided", f"party:{request.party_id}", request=request)


def _about(application, template: str, **values) -> None:
    values["terms"] = application.member_class.terms_on(application.received_on)
    ref = f"application:{application.pk}"
    _send(application.coop, application.email, template, ref, application=application, **values)


def _to_member(membership, template: str, **values) -> None:
    values |= {"membership": membership, "party": membership.party}
    _send(membership.coop, membership.party.email, template, f"membership:{membership.pk}", **values)


def _send(coop, to: str, template: str, ref: str, **values) -> None:
    if not to:
        return  # the inbox shows who has to be written to on paper
    with override(coop.language):
        letter = letters.write(f"members/{template}", coop=coop, **values)
    outbox.put(
        to=to,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        coop=coop,
        kind=f"members.{template}",
        ref=ref,
    )
