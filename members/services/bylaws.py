"""By-laws and classes: a new version follows an old one, nothing is edited."""

from __future__ import annotations

import hashlib
from datetime import date

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from coop.kernel import audit, rules
from coop.kernel.errors import Refused
from members.models import ByLaws, ClassTerms, MembershipClass
from members.notice import NoticeRule


@transaction.atomic
def create_bylaws(*, actor, version: str, title: str, adopted_on: date, effective_on: date, text: str) -> ByLaws:
    """A dated version of the by-laws. Its hash is SHA-256 of the UTF-8 text."""
    rules.require(actor, "members.keep_register")
    if effective_on < adopted_on:
        raise Refused("effective_before_adopted", _("By-laws cannot be in force before they are adopted."))
    known = ByLaws.objects.filter(coop_id=actor.coop_id)
    if known.filter(version=version).exists():
        raise Refused("version_taken", _("There are already by-laws of version “%s”.") % version, "version")
    if known.filter(effective_on=effective_on).exists():
        raise Refused("day_taken", _("Other by-laws already come into force that day."), "effective_on")
    bylaws = ByLaws.objects.create(
        coop_id=actor.coop_id,
        version=version,
        title=title,
        adopted_on=adopted_on,
        effective_on=effective_on,
        text=text,
        text_hash=hashlib.sha256(text.encode()).hexdigest(),
    )
    audit.record(
        actor=actor,
        kind="members.bylaws_created",
        subject=f"bylaws:{bylaws.pk}",
        version=version,
        effective_on=effective_on.isoformat(),
        text_hash=bylaws.text_hash,
    )
    return bylaws


@transaction.atomic
def create_class(*, actor, bylaws: ByLaws, name: str, slug: str = "", **terms) -> MembershipClass:
    """A class and its terms under these by-laws; a class known by its slug gets new terms. Fees in minor units.

    ``terms``: eligibility, open_to_public, minimum_shares, maximum_shares, instalments, entry_fee, votes,
    constituency, minimum_age, household, transferable, admitting_body, decide_within_days, appeal_within_days,
    notice_rule.
    """
    rules.require(actor, "members.keep_register", bylaws)
    slug = slug or slugify(name)
    if not slug:
        raise Refused("slug_missing", _("A class needs a name with letters."), "name")
    position = MembershipClass.objects.filter(coop_id=actor.coop_id).count()
    known, _new = MembershipClass.objects.get_or_create(
        coop_id=actor.coop_id, slug=slug, defaults={"name": name, "position": position}
    )
    if known.name != name:
        known.name = name
        known.save(update_fields=["name"])
    if ClassTerms.objects.filter(bylaws=bylaws, member_class=known).exists():
        raise Refused("terms_known", _("These by-laws already say what %s members are.") % name, "name")
    _check(terms)
    made = ClassTerms.objects.create(coop_id=actor.coop_id, bylaws=bylaws, member_class=known, **terms)
    audit.record(
        actor=actor,
        kind="members.class_created",
        subject=f"class:{known.pk}",
        slug=slug,
        bylaws=bylaws.version,
        minimum_shares=made.minimum_shares,
        entry_fee=made.entry_fee,
        votes=made.votes,
    )
    return known


def _check(terms: dict) -> None:
    low, high = terms.get("minimum_shares", 1), terms.get("maximum_shares")
    if high is not None and high < low:
        raise Refused("shares_crossed", _("The largest number of shares is below the smallest."), "maximum_shares")
    if terms.get("votes", 1) not in (0, 1):
        raise Refused("one_vote", _("A member has one vote, or none."), "votes")
    try:
        NoticeRule.of(terms.get("notice_rule") or {})
    except ValueError as wrong:
        raise Refused("notice_rule_wrong", str(wrong), "notice_rule") from wrong
    if terms.get("entry_fee", 0) < 0:
        raise Refused("fee_negative", _("A joining fee cannot be negative."), "entry_fee")
