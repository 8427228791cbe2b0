"""Certificates over shares: which there are, and what one says."""

from __future__ import annotations

from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coop.kernel import money
from coop.kernel.paper import language, letterhead
from ledger.models import Certificate
from ledger.selectors.shares import holding_of


def certificates_of(membership) -> list[Certificate]:
    """Every certificate a member was given, newest first; ``replaced_by`` says which still stands."""
    return list(
        Certificate.objects.filter(membership=membership)
        .select_related("share_class", "replaced_by", "membership__party", "coop")
        .order_by("-number")
    )


def still_true(certificate: Certificate) -> bool:
    """Whether the paper still says what the register says."""
    if getattr(certificate, "replaced_by", None) is not None:
        return False
    holding = holding_of(certificate.membership, share_class=certificate.share_class)
    return holding.paid_up // certificate.share_class.par >= certificate.shares


def words(certificate: Certificate) -> dict[str, Any]:
    """Everything the paper says, in words: what ``documents.certificate_pdf`` lays out."""
    coop, share = certificate.coop, certificate.share_class
    number, name = f"{certificate.number:04d}", certificate.membership.party.name
    count = ngettext("%(n)s share", "%(n)s shares", certificate.shares) % {"n": certificate.shares}
    day = date_format(certificate.issued_on, "j F Y")
    return {
        "lang": language(),
        "title": _("Certificate %(number)s · %(coop)s · %(name)s")
        % {"number": number, "coop": coop.name, "name": name},
        "coop": letterhead(coop),
        "void": "" if still_true(certificate) else _("Replaced"),
        "over": _("Share certificate number %(number)s") % {"number": number},
        "headline": _("%(name)s holds %(count)s") % {"name": name, "count": count},
        "lead": _("of %(par)s each, fully paid, of the class “%(class)s”.")
        % {"par": money.format_minor(share.par, share.currency), "class": share.name},
        "facts": [
            [_("Member number"), f"{certificate.membership.number:04d}"],
            [_("Paid up"), money.format_minor(certificate.shares * share.par, share.currency)],
            [_("As at"), day],
        ],
        "note": _(
            "This paper says what the register of shares says on that day. The register decides, not the paper: "
            "it cannot be sold or pledged by handing it over."
        ),
        "signatures": [_("For the board"), _("For the treasurer")],
        "place": _("Issued on %(day)s") % {"day": day},
    }
