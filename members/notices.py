"""Letters to applicants and members, out of ``templates/mail/members/``; without an e-mail address one waits to be
printed and posted."""

from __future__ import annotations

import itertools
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import override

from coop.kernel import clock, letters, money, outbox
from members.models import Application, PaperLetter
from members.selectors.dated import address_of, reached_at
from members.selectors.leaving import arithmetic
from members.selectors.people import mails_of_stand_ins

PRINT_WITHIN = timedelta(days=3)
TOLD_STILL = timedelta(days=30)  # how long an e-mail address that was given up still hears of such changes


def application_received(application, terms=None) -> None:
    """What happens next, and by when. ``terms`` are those of its class on the day it arrived, if at hand."""
    _about(application, "received", terms=terms)


def application_withdrawn(application) -> None:
    """Nothing is owed on either side."""
    _about(application, "withdrawn")


def admitted(application, terms) -> None:
    """The number, since when, and what is to be paid by the terms of the day it arrived."""
    fee = money.format_minor(terms.entry_fee, application.coop.currency) if terms.entry_fee else ""
    _about(application, "admitted", terms=terms, membership=application.membership, entry_fee=fee)


def refused(application, terms) -> None:
    """The reason, and until when one may appeal."""
    _about(application, "refused", terms=terms)


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


def passed_on(membership, to) -> None:
    """One gives a membership, the other takes its shares; both are told."""
    _to_member(membership, "passed_on", number=to.number_text)
    _to_member(to, "taken_over", number=membership.number_text, on=membership.ends_on)


def death_taken_back(membership) -> None:
    """The register said by mistake that one had died; one is a member as before."""
    _to_member(membership, "death_taken_back")


def session_booked(session, learner) -> None:
    """When and where, and how to give the seat back."""
    _to_learner(session, learner, "session_booked")


def session_cancelled(session, learner) -> None:
    """It does not take place, and why."""
    _to_learner(session, learner, "session_cancelled")


def to_many(membership, bulk) -> None:
    """One of many gets the same letter."""
    _to_member(membership, "to_many", bulk=bulk)


def email_changed(party, old_email: str) -> None:
    """Both addresses hear of it."""
    for to in filter(None, {old_email, party.email}):
        _send(party.coop, to, "email_changed", f"party:{party.pk}", party=party, old=old_email)


def case_step(case, step: str, words: str) -> None:
    """Each step of a case, its reason, and what the member can do until when."""
    on_paper = step == "expelled"  # GenG § 68 (2): by registered letter
    _to_member(case.membership, "case", on_paper=on_paper, case=case, step=step, words=words)


def of_age(party) -> None:
    """From today one acts for oneself."""
    if party.died_on is not None:
        return
    _send(party.coop, mail_of(party), "of_age", f"party:{party.pk}", party=party)


def change_asked(request) -> None:
    """Somebody asked for this in the member's name; if it was not the member, they should say so."""
    _to_every_address(request, "change_asked")


def change_decided(request) -> None:
    """The change holds from today, or why it does not."""
    _to_every_address(request, "change_decided")


def invited(membership, code: str, invitation) -> None:
    """The code, and what to do with it; on paper where there is no e-mail address."""
    values = {"code": code, "invitation": invitation, "kind": outbox.SECURITY}
    _to_member(membership, "invitation", **values)


def _about(application, template: str, *, terms=None, **values) -> None:
    values["terms"] = terms or application.member_class.terms_on(application.received_on)
    town = " ".join(filter(None, (application.postcode, application.place)))
    ref = f"application:{application.pk}"
    for to, guardian in readers_of(application).items():
        name, ward = guardian or application.full_name, application.full_name if guardian else ""
        post = (name, [application.street, town, application.country])
        said = {"application": application, "name": name, "ward": ward}
        _send(application.coop, to, template, ref, post=post, **values, **said)


def readers_of(application) -> dict[str, str]:
    """Whom a letter about an application goes to: each e-mail address, with the guardian's name where it is the
    guardian's. No address means paper, which a minor's guardian reads."""
    said = application.guardian
    guardian = " ".join(filter(None, (said.get("given_names"), said.get("family_name"))))
    reached = {application.email: "", said.get("email", ""): guardian}
    return {to: name for to, name in reached.items() if to} or {"": guardian}


def _to_learner(session, learner, template: str) -> None:
    with override(learner.coop.language):
        when = date_format(session.starts_at.astimezone(ZoneInfo(learner.coop.time_zone)), "j F Y, H:i")
    if isinstance(learner, Application):
        _about(learner, template, session=session, when=when)
    elif learner.died_on is None:
        values = {"session": session, "when": when, "party": learner, "name": learner.name}
        _send(learner.coop, mail_of(learner), template, f"party:{learner.pk}", **values)


def _to_member(membership, template: str, *, on_paper: bool = False, **values) -> None:
    """To the member; nothing goes to somebody who has died, whatever is decided about the membership."""
    party, ref = membership.party, f"membership:{membership.pk}"
    if party.died_on is not None:
        return
    values |= {"membership": membership, "party": party}
    if on_paper and party.email:
        _send(membership.coop, "", template, ref, **values)
    _send(membership.coop, mail_of(party), template, ref, **values)


def _to_every_address(request, template: str) -> None:
    party = request.party
    if party.died_on is not None:
        return
    for to in addresses_of(party) or [""]:
        _send(party.coop, to, template, f"party:{party.pk}", party=party, request=request)


def mail_of(party) -> str:
    """The e-mail address a party's letters go to, or nothing where they go on paper: by wish, or for want of one."""
    return "" if party.by_post else party.email


def addresses_of(party) -> list[str]:
    """Every e-mail address that hears of a change thieves would make: none where letters go on paper.

    The register's and the login's, those of whoever stands for the party, and one that was given up in the last weeks:
    whoever took over a login would first turn the letters away.
    """
    if party.by_post:
        return []
    found = {party.email: None, party.account.email if party.account_id else "": None}
    for (_since, old), (given_up, _new) in itertools.pairwise(reached_at(party)):
        if given_up >= clock.today(party.coop) - TOLD_STILL:
            found[old] = None
    return [*filter(None, found | dict.fromkeys(mails_of_stand_ins(party)))]


def _send(coop, to: str, template: str, ref: str, *, kind: str = "", post=None, **values) -> None:
    """By e-mail; where there is no address for that, a letter waits to be printed and posted."""
    with override(coop.language):
        letter = letters.write(f"members/{template}", coop=coop, **values)
    if not to:
        _on_paper(coop, template, ref, letter, post, values.get("party"))
        return
    outbox.put(
        to=to,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        coop=coop,
        kind=kind or f"members.{template}",
        ref=ref,
    )


def _on_paper(coop, template: str, ref: str, letter, post, party) -> None:
    today = clock.today(coop)
    if post is None and party is not None:
        address = address_of(party, today, or_later=True)
        post = (party.name, address.lines if address is not None else [])
    if post is None:
        return  # nobody to write to: the change of an address tells the old and the new one, and one of them is none
    _write_down(coop, f"members.{template}", ref, letter.subject, letter.text, post, party)


def on_paper(membership, *, kind: str, ref: str, subject: str, text: str) -> PaperLetter:
    """A letter to a member that waits to be printed and posted, whatever other address there is."""
    party = membership.party
    address = address_of(party, clock.today(membership.coop), or_later=True)
    post = (party.name, address.lines if address is not None else [])
    return _write_down(membership.coop, kind, ref, subject, text, post, party)


def _write_down(coop, kind: str, ref: str, subject: str, text: str, post, party) -> PaperLetter:
    name, lines = post
    return PaperLetter.objects.create(
        coop=coop,
        party=party,
        kind=kind,
        ref=ref,
        name=name,
        address="\n".join(line for line in lines if line),
        subject=subject[:300],
        text=text,
        due_on=clock.today(coop) + PRINT_WITHIN,
    )
