"""Applying to join, and what the secretary looks at before the board decides."""

from __future__ import annotations

import zlib
from datetime import date, timedelta

from django.db import connection, transaction
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, rules
from coop.kernel.errors import Refused
from coop.kernel.tenancy import Actor
from members import notices
from members.ages import MAJORITY, age_on
from members.folding import fold
from members.models import Application, ApplicationCheck, ByLaws, ClassTerms, MembershipClass, Party
from members.selectors import terms_in_force

from . import days, history, parties

LOCK_CLASS = 7101  # advisory lock on one applicant, so that a double click is one application
DETAILS = (
    "given_names family_name firm register_court register_number email phone street postcode place country note".split()
)


@transaction.atomic
def apply(
    *,
    coop,
    member_class: MembershipClass | str,
    kind: str = Party.Kind.PERSON,
    shares_wanted: int | None = None,
    instalments: bool = False,
    of_age: bool = True,
    born_on: date | None = None,
    guardian: dict[str, str] | None = None,
    bylaws: ByLaws | None = None,
    channel: str = Application.Channel.WEB,
    account=None,
    received_on: date | None = None,
    **details: str,
) -> Application:
    """Somebody asks to join; nobody needs to be signed in. The clock until the board's decision starts.

    ``details``: given_names, family_name, firm, register_court, register_number, email, phone, street, postcode,
    place, country, note. ``bylaws`` is the version the person accepted and must be the one in force (None: it is).
    ``guardian``: given_names, family_name, email and evidence of who applies for a minor born on ``born_on``.
    ``shares_wanted`` None means the class's minimum. The same application sent again while the first is open is the
    first one. Refused with a sentence beside its field where the class's terms are not met.
    """
    today = clock.today(coop)
    received_on = received_on or today
    terms = _terms(coop, member_class, today)
    details = {name: str(details.get(name, "")).strip() for name in DETAILS}
    details["email"] = details["email"].lower()
    stands_in = _guardian(kind, born_on, guardian, received_on)
    of_age = of_age if born_on is None else age_on(born_on, received_on) >= terms.minimum_age
    shares = terms.minimum_shares if shares_wanted is None else shares_wanted
    _refuse_unmet(terms, kind, details, shares, of_age or bool(stands_in), bylaws, received_on, today)
    search = fold(" ".join(details[name] for name in ("firm", "given_names", "family_name", "email", "place")))
    known = _already_open(coop, terms, details, search)
    if known is not None:
        return known
    application = Application.objects.create(
        coop=coop,
        kind=kind,
        channel=channel,
        member_class=terms.member_class,
        shares_wanted=shares,
        instalments=instalments and terms.instalments > 1,
        of_age=of_age,
        born_on=born_on,
        guardian=stands_in,
        bylaws=terms.bylaws,
        account=account,
        received_on=received_on,
        decide_by=received_on + timedelta(days=terms.decide_within_days),
        search=search,
        **details,
    )
    actor = Actor(user=account, coop=coop)
    seen = [ApplicationCheck.Code.BYLAWS, ApplicationCheck.Code.SHARES]  # both were just looked at
    if stands_in and channel == Application.Channel.PAPER:  # whoever typed it in saw the paper
        seen.append(ApplicationCheck.Code.GUARDIAN)
    ApplicationCheck.objects.bulk_create(
        ApplicationCheck(coop=coop, application=application, code=code) for code in seen
    )
    history.append(actor=actor, stream=application.stream, kind="applied", effective_on=received_on, begins=True)
    notices.application_received(application, terms if received_on == today else None)
    audit.record(
        actor=actor,
        kind="members.applied",
        subject=f"application:{application.pk}",
        name=application.full_name,
        email=application.email,
        member_class=terms.member_class.slug,
        shares=shares,
        bylaws=terms.bylaws.version,
        channel=channel,
    )
    return application


def _guardian(kind, born_on: date | None, said: dict[str, str] | None, received_on: date) -> dict[str, str]:
    """Who applies for a minor, tidied; empty where the applicant is of full age or nobody was named."""
    days.refuse_born(born_on, received_on)
    named = {key: str((said or {}).get(key, "")).strip() for key in ("given_names", "family_name", "email", "evidence")}
    if not (named["given_names"] or named["family_name"]):
        return {}
    if kind != Party.Kind.PERSON or born_on is None or age_on(born_on, received_on) >= MAJORITY:
        raise Refused("needs_no_guardian", _("Only a minor, born on a day we know, has a guardian."), "born_on")
    if not named["evidence"]:
        raise Refused("evidence_missing", _("Say what shows that this is the guardian."), "guardian_evidence")
    parties.refuse_unreadable(named, "guardian_")
    return named


def _terms(coop, member_class: MembershipClass | str, today: date) -> ClassTerms:
    for terms in terms_in_force(coop, today).values():
        if member_class in (terms.member_class, terms.member_class.slug):
            return terms
    raise Refused("class_unknown", _("There is no such class of members here."), "member_class")


def _refuse_unmet(terms, kind, details, shares, of_age, bylaws, received_on, today) -> None:
    _refuse_shape(kind, details, received_on, today)
    if bylaws is not None and bylaws.pk != terms.bylaws_id:
        raise Refused(
            "bylaws_changed",
            _("The by-laws have changed since you opened this page; please read those now in force."),
            "accept_bylaws",
        )
    if terms.minimum_age and not of_age and kind == Party.Kind.PERSON:
        raise Refused(
            "too_young",
            _("You can join from the age of %(age)s. Before that a guardian can apply for you; please write to us.")
            % {"age": terms.minimum_age},
            "of_age",
        )
    if shares < terms.minimum_shares:
        raise Refused(
            "too_few_shares",
            _("A %(class)s member takes at least %(shares)s shares.")
            % {"class": terms.member_class.name.lower(), "shares": terms.minimum_shares},
            "shares_wanted",
        )
    if terms.maximum_shares is not None and shares > terms.maximum_shares:
        raise Refused(
            "too_many_shares",
            _("A %(class)s member can take at most %(shares)s shares.")
            % {"class": terms.member_class.name.lower(), "shares": terms.maximum_shares},
            "shares_wanted",
        )


def _refuse_shape(kind, details, received_on, today) -> None:
    if kind == Party.Kind.ORGANISATION and not details["firm"]:
        raise Refused("firm_missing", _("Which organisation is joining?"), "firm")
    if kind == Party.Kind.PERSON and not (details["family_name"] or details["given_names"]):
        raise Refused("name_missing", _("Please tell us your name, as it should stand in the register."), "family_name")
    parties.refuse_unreadable(details)
    if not details["email"] and not details["street"]:
        raise Refused(
            "unreachable", _("Leave an e-mail address or a postal address, so that we can answer you."), "email"
        )
    days.refuse_received(received_on, today)


def _already_open(coop, terms, details: dict, search: str) -> Application | None:
    key = zlib.crc32(f"{coop.pk} {terms.member_class_id} {search}".encode()) - 2**31
    same = [coop.pk, terms.member_class_id, list(Application.OPEN), search, details["email"], details["street"]]
    with connection.cursor() as cursor:
        # One message, yet two statements: the second sees what whoever held the lock before has committed.
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, %s);"
            "SELECT id FROM members_application WHERE coop_id = %s AND member_class_id = %s AND state = ANY(%s)"
            " AND search = %s AND email = %s AND street = %s ORDER BY decide_by, id LIMIT 1",
            [LOCK_CLASS, key, *same],
        )
        found = cursor.fetchone()
    return Application.objects.get(pk=found[0]) if found else None


@transaction.atomic
def withdraw(*, actor, application: Application, reference=None, on: date | None = None) -> Application:
    """The applicant changes their mind before the board decides; the secretary may write it down for them.

    Whoever holds the application's secret ``reference`` is the applicant, signed in or not.
    """
    application = _lock_open(actor, application)
    is_theirs = actor.user is not None and application.account_id == actor.user_id
    if not is_theirs and str(reference) != str(application.reference):
        rules.require(actor, "members.keep_register", application)
    application.state, application.sheet = Application.State.WITHDRAWN, None
    application.save(update_fields=["state", "sheet"])
    history.append(
        actor=actor, stream=application.stream, kind="withdrawn", effective_on=on or clock.today(application.coop)
    )
    notices.application_withdrawn(application)
    audit.record(actor=actor, kind="members.application_withdrawn", subject=f"application:{application.pk}")
    return application


@transaction.atomic
def check(*, actor, application: Application, code: str, done: bool = True) -> None:
    """Tick, or take back, one thing the secretary looked at."""
    rules.require(actor, "members.keep_register", application)
    application = _lock_open(actor, application)
    if code not in ApplicationCheck.Code.values:
        raise Refused("check_unknown", _("There is no such check."), "code")
    if done:
        _made, is_new = ApplicationCheck.objects.get_or_create(
            coop_id=actor.coop_id, application=application, code=code, defaults={"done_by_id": actor.user_id}
        )
    else:
        is_new = bool(ApplicationCheck.objects.filter(application=application, code=code).delete()[0])
    if is_new:
        audit.record(
            actor=actor,
            kind="members.application_checked",
            subject=f"application:{application.pk}",
            check=code,
            done=done,
        )


@transaction.atomic
def match_party(*, actor, application: Application, party: Party | None) -> Application:
    """The applicant is a party we already know, or (None) a new one: the question of duplicates is answered."""
    rules.require(actor, "members.keep_register", application)
    application = _lock_open(actor, application)
    if party is not None:
        rules.require(actor, "members.keep_register", party)
        if party.kind != application.kind:
            raise Refused("kind_differs", _("A person and an organisation cannot be the same."), "party")
        parties.refuse_merged(party)
    application.party = party
    application.save(update_fields=["party"])
    ApplicationCheck.objects.get_or_create(
        coop_id=actor.coop_id,
        application=application,
        code=ApplicationCheck.Code.DUPLICATES,
        defaults={"done_by_id": actor.user_id},
    )
    audit.record(
        actor=actor,
        kind="members.application_matched",
        subject=f"application:{application.pk}",
        party=party.pk if party else None,
    )
    return application


def _lock_open(actor, application: Application) -> Application:
    locked = Application.objects.select_for_update(no_key=True, of=("self",)).select_related(
        "member_class", "coop", "bylaws"
    )
    application = locked.get(pk=application.pk, coop_id=actor.coop_id)
    if not application.is_open:
        raise Refused(
            "already_decided",
            _("This application is already “%s”, and that stands.") % application.get_state_display().lower(),
        )
    return application
