"""What a new co-op has on its first day, made in one transaction through the apps' own services."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import available_timezones

from allauth.account.models import EmailAddress
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, money, offices, outbox
from coop.kernel.errors import Refused
from coop.kernel.models import Cooperative, Office, User
from coop.kernel.tenancy import RESERVED_SLUGS, Actor
from coop.law import BYLAWS_TO_BEGIN_WITH, PACKS
from governance.services.meetings import standard_resolution_types
from ledger.services.accounts import create_chart
from ledger.services.shares import create_share_class
from members.models import ByLaws, MembershipClass
from members.services.bylaws import create_bylaws, create_class
from members.services.courses import require_course, save_course


@dataclass(frozen=True)
class Kind:
    """A class of members to begin with. ``entry_fee`` in minor units."""

    name: str
    eligibility: str
    minimum_shares: int = 1
    maximum_shares: int | None = None
    instalments: int = 1
    entry_fee: int = 0
    votes: int = 1
    minimum_age: int = 0
    open_to_public: bool = True


@dataclass(frozen=True)
class Founding:
    """What the founders say. ``share_price`` is the par value in minor units; ``officers``: (office, e-mail, name).

    ``induction`` says who does a course first: nobody, ``members``, ``board`` or ``both``.
    """

    name: str
    slug: str
    founder_email: str
    founder_name: str
    law: str = "generic"
    currency: str = "EUR"
    time_zone: str = "UTC"
    fiscal_year_end_month: int = 12
    registration: str = ""
    founded_on: date | None = None
    address: str = ""
    email: str = ""
    chart: str = ""
    bylaws_title: str = ""
    bylaws_text: str = ""
    adopted_on: date | None = None
    share_price: int = 5000
    induction: str = ""
    kinds: Sequence[Kind] = field(default_factory=lambda: (Kind(_("Member"), _("Anyone who uses the co-operative.")),))
    officers: Sequence[tuple[str, str, str]] = ()


@transaction.atomic
def found(*, founding: Founding, logo=None, password: str | None = None) -> Cooperative:
    """Make the co-op, its by-laws, classes, shares, chart of accounts and offices, or nothing at all.

    The founder becomes secretary; whoever is named for an office gets a login and a letter. Refused where the address
    is taken or a figure makes no sense.
    """
    _refuse_nonsense(founding)
    today = clock.today(founding)
    coop = Cooperative(
        slug=founding.slug,
        name=founding.name.strip(),
        registration=founding.registration.strip(),
        founded_on=founding.founded_on,
        law=founding.law,
        currency=founding.currency,
        time_zone=founding.time_zone,
        fiscal_year_end_month=founding.fiscal_year_end_month,
        address=founding.address.strip(),
        email=founding.email.strip(),
    )
    if logo is not None:
        coop.logo.save(logo.name, logo, save=False)
    coop.save()
    system = Actor.system(coop)
    audit.record(actor=system, kind="coop.founded", subject=f"coop:{coop.slug}", name=coop.name, law=coop.law)

    start = min(founding.adopted_on or today, today)
    founder = _login(founding.founder_email, founding.founder_name, password)
    named = [("secretary", founder), *((role, _login(email, name)) for role, email, name in founding.officers)]
    for role, user in dict.fromkeys(named):
        offices.appoint_first(actor=system, user=user, role=role, starts_on=start, reason=_("At the founding"))
    actor = Actor.of(founder, coop)
    bylaws = create_bylaws(
        actor=actor,
        version="1",
        title=founding.bylaws_title.strip() or _("By-laws"),
        adopted_on=start,
        effective_on=start,
        text=founding.bylaws_text.strip() or str(BYLAWS_TO_BEGIN_WITH),
    )
    pack = PACKS[founding.law]
    classes = [
        create_class(
            actor=actor,
            bylaws=bylaws,
            name=kind.name,
            eligibility=kind.eligibility,
            minimum_shares=kind.minimum_shares,
            maximum_shares=kind.maximum_shares,
            instalments=kind.instalments,
            entry_fee=kind.entry_fee,
            votes=kind.votes,
            minimum_age=kind.minimum_age,
            open_to_public=kind.open_to_public,
            decide_within_days=pack.decide_within_days,
            appeal_within_days=pack.appeal_within_days,
            notice_rule=pack.notice,
        )
        for kind in founding.kinds
    ]
    _teach(actor, founding.induction, classes, bylaws)
    create_chart(coop=coop, template=founding.chart or pack.chart, actor=system)
    create_share_class(actor=system, name=_("Share"), par=founding.share_price, is_default=True)
    standard_resolution_types(actor=system, cite=pack.cite)
    for role, user in dict.fromkeys(named):
        if user != founder:
            _tell(coop, role, user)
    return coop


def _teach(actor: Actor, whom: str, classes: list[MembershipClass], bylaws: ByLaws) -> None:
    """The course the by-laws ask for: beforehand, of whoever joins, stands for the board, or both."""
    if not whom:
        return
    course = save_course(actor=actor, name=_("Induction"), about=_("What our co-operative is and how it decides."))
    said: dict[str, Any] = {"actor": actor, "course": course, "starts_on": bylaws.effective_on, "cite": str(bylaws)}
    for each in classes if whom != "board" else ():
        require_course(member_class=each, **said)
    if whom != "members":
        require_course(office=Office.Role.BOARD, **said)


def _refuse_nonsense(founding: Founding) -> None:
    _refuse_unreadable(founding)
    if founding.slug in RESERVED_SLUGS:
        raise Refused(
            "slug_reserved", _("“%s” is the platform's own word; choose another address.") % founding.slug, "slug"
        )
    if Cooperative.objects.filter(slug=founding.slug).exists():
        raise Refused("slug_taken", _("There is a co-operative at “%s” already.") % founding.slug, "slug")
    if founding.law not in PACKS:
        raise Refused("law_unknown", _("There is no law pack “%s”.") % founding.law, "law")
    if not 0 < founding.share_price <= money.LARGEST:
        raise Refused("share_price", _("A share costs more than nothing."), "share_price")
    if founding.induction not in ("", "members", "board", "both"):
        raise Refused(
            "induction_unknown", _("Say who does a course first: nobody, members, board or both."), "induction"
        )
    if founding.adopted_on and founding.adopted_on > clock.today(founding):
        raise Refused("adopted_later", _("By-laws that are not adopted yet cannot found a co-operative."), "adopted_on")


def _refuse_unreadable(founding: Founding) -> None:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", founding.slug):
        raise Refused(
            "slug_unreadable",
            _("An address is made of small letters, digits and hyphens; “%s” is not.") % founding.slug,
            "slug",
        )
    if not re.fullmatch(r"[A-Z]{3}", founding.currency):
        raise Refused("currency_unknown", _("There is no currency “%s”.") % founding.currency, "currency")
    if founding.time_zone not in available_timezones():
        raise Refused("time_zone_unknown", _("There is no time zone “%s”.") % founding.time_zone, "time_zone")


def _login(email: str, name: str, password: str | None = None) -> User:
    user = User.objects.filter(email=email.strip().lower()).first()
    if user is None:
        user = User.objects.create_user(email.strip(), password, name=name.strip())
    # The founders vouch for the address; without a password its owner signs in by a code sent there.
    EmailAddress.objects.get_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
    return user


def _tell(coop: Cooperative, role: str, user: User) -> None:
    outbox.put(
        to=user.email,
        coop=coop,
        kind="office_given",
        subject=_("You hold an office at %(coop)s") % {"coop": coop.name},
        text=_(
            "You are %(office)s of %(coop)s. Sign in with this address; a code is sent to you, no password is needed: "
            "%(url)s"
        )
        % {"office": Office.Role(role).label, "coop": coop.name, "url": reverse("account_request_login_code")},
    )
