"""An e-mail nobody could deliver: written again on paper, or dealt with in another way."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from coop.kernel import audit, outbox, rules
from coop.kernel.errors import Refused
from coop.kernel.models import Mail
from members import notices
from members.models import Membership


def addressee(mail: Mail) -> Membership | None:
    """The membership the e-mail was about, or whose address it went to where one alone has it; the newest."""
    about, _colon, key = mail.subject_ref.partition(":")
    ours = Membership.objects.filter(coop_id=mail.coop_id).select_related("party", "coop").order_by("-pk")
    if key.isdecimal() and about in ("party", "membership"):
        return ours.filter(**{"party" if about == "party" else "pk": int(key)}).first()
    found = list(ours.filter(party__email__iexact=mail.to)[:2])
    return found[0] if len({each.party_id for each in found}) == 1 else None


@transaction.atomic
def settle_mail(*, actor, mail: Mail, on_paper: bool) -> Mail:
    """An e-mail that was given up is dealt with; ``on_paper``, the same words wait to be printed and posted.

    Refused: one that still waits, was sent or is dealt with; on paper, without anybody known to write to.
    """
    rules.require(actor, "members.keep_register")
    mail = Mail.objects.select_for_update(no_key=True).get(pk=mail.pk, coop_id=actor.coop_id)
    if mail.state != Mail.State.FAILED or mail.kind == outbox.SECURITY:
        raise Refused("not_given_up", _("Only an e-mail that was given up is dealt with, once."), status=409)
    if on_paper:
        to = addressee(mail)
        if to is None:
            raise Refused("nobody_known", _("Nobody on the register has this address; there is nobody to write to."))
        letter = {"kind": mail.kind, "ref": mail.subject_ref, "subject": mail.subject, "text": mail.text}
        notices.on_paper(to, **letter)
    mail.state = Mail.State.SETTLED
    mail.save(update_fields=["state"])
    audit.record(actor=actor, kind="members.mail_settled", subject=f"mail:{mail.pk}", on_paper=on_paper)
    return mail
