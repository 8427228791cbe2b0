"""Saved filters, and letters to everybody on a list: seen before they go, gone once each, with progress."""

from __future__ import annotations

from collections.abc import Callable

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, jobs, rules
from coop.kernel.errors import Refused
from members import notices
from members.exchange.packs import csv_text
from members.models import AccessLog, BulkLetter, BulkLine, Membership, SavedFilter
from members.selectors.bulk import How, Mailing, mailing

from .access import looked_at

KEYS = ("tab", "q", "member_class", "state", "tag")
AT_ONCE = 100
MOST = 200_000  # members one letter may go to


@transaction.atomic
def save_filter(*, actor, name: str, query: dict[str, str], shared: bool = False) -> SavedFilter:
    """Keep a question to the list under a name. The same name again replaces what it asked."""
    rules.require(actor, "members.read_register")
    name = " ".join(name.split())[:80]
    if not name:
        raise Refused("name_missing", _("Give the filter a name."), "name")
    asked = {key: str(query.get(key, ""))[:100] for key in KEYS if query.get(key)}
    if not asked:
        raise Refused("filter_empty", _("Filter the list first; everybody needs no filter."), "name")
    kept, is_new = SavedFilter.objects.update_or_create(
        coop_id=actor.coop_id,
        owner_id=actor.user_id,
        name=name,
        removed_at=None,
        defaults={"query": asked, "shared": shared},
    )
    audit.record(actor=actor, kind="members.filter_saved", subject=f"filter:{kept.pk}", new=is_new, shared=shared)
    return kept


@transaction.atomic
def remove_filter(*, actor, saved: SavedFilter) -> None:
    """One's own filter goes; a shared one the secretary may take away, too."""
    rules.require(actor, "members.read_register", saved)
    if saved.owner_id != actor.user_id:
        rules.require(actor, "members.keep_register", saved)
    if SavedFilter.objects.filter(pk=saved.pk, removed_at=None).update(removed_at=clock.now()):
        audit.record(actor=actor, kind="members.filter_removed", subject=f"filter:{saved.pk}")


@transaction.atomic
def write_to(
    *, actor, found: QuerySet[Membership], about: str, subject: str, text: str, digest: str, key: str
) -> BulkLetter:
    """Write to everybody on the list, as the preview with this ``digest`` showed it; the worker does it, with progress.

    ``key`` names the page it was sent from: sent twice, it is the same letter. Refused where the list changed since
    the preview, or nobody would get it.
    """
    rules.require(actor, "members.keep_register")
    known = BulkLetter.objects.filter(coop_id=actor.coop_id, key=key).first()
    if known is not None:
        return known
    _refuse_empty(about, subject, text, key)
    planned = mailing(found, about)
    going = len(planned.recipients) - len(planned.left_out)
    _refuse_mailing(planned, going, digest)
    try:
        with transaction.atomic():
            letter = BulkLetter.objects.create(
                coop_id=actor.coop_id,
                key=key,
                about=about,
                subject=" ".join(subject.split())[:200],
                text=text.strip(),
                digest=digest,
                made_by_id=actor.user_id,
            )
    except IntegrityError:  # the same page was sent twice at once, and the other came first
        return BulkLetter.objects.get(coop_id=actor.coop_id, key=key)
    lines = (
        BulkLine(coop_id=actor.coop_id, letter=letter, membership=each.membership, how=each.how, why=each.why)
        for each in planned.recipients
    )
    BulkLine.objects.bulk_create(lines, batch_size=2000)
    audit.record(
        actor=actor,
        kind="members.letter_to_many",
        subject=f"bulk:{letter.pk}",
        about=about,
        digest=digest,
        by_mail=len(planned.by_mail),
        on_paper=len(planned.on_paper),
        left_out=len(planned.left_out),
    )
    jobs.enqueue("members.write_to_many", letter.pk, actor=actor, title=_("Writing “%s”") % letter, total=going)
    return letter


def _refuse_empty(about: str, subject: str, text: str, key: str) -> None:
    for value, field, sentence in (
        (subject, "subject", _("A letter needs a subject.")),
        (text, "text", _("The letter is empty.")),
        (key, "key", _("Look at the list again before you send.")),
    ):
        if not value.strip():
            raise Refused(f"{field}_missing", sentence, field)
    if about not in BulkLetter.About.values:
        raise Refused("about_unknown", _("Say what the letter is about."), "about")


def _refuse_mailing(planned: Mailing, going: int, digest: str) -> None:
    if planned.digest != digest:
        raise Refused("list_changed", _("The list changed since you looked at it; please look again."))
    if not going:
        raise Refused("nobody", _("Nobody on this list would get the letter."))
    if len(planned.recipients) > MOST:
        raise Refused("too_many", _("A letter goes to %s members at most; narrow the list.") % MOST)


def send_lines(letter: BulkLetter, progress: Callable[[int, int], None] = lambda done, total: None) -> int:
    """Write what is not written yet, a hundred at a time; how many were. May be broken off and begun again."""
    waiting = BulkLine.objects.filter(letter=letter).exclude(how=How.LEFT_OUT)
    total, sent = waiting.count(), 0
    while chunk := _send_some(letter):
        sent += chunk
        progress(waiting.filter(done_at__isnull=False).count(), total)
    if not waiting.filter(done_at=None).exists():
        BulkLetter.objects.filter(pk=letter.pk, finished_at=None).update(finished_at=clock.now())
    return sent


@transaction.atomic
def _send_some(letter: BulkLetter) -> int:
    locked = BulkLine.objects.select_for_update(no_key=True, of=("self",), skip_locked=True).filter(
        letter=letter, done_at=None
    )
    lines = locked.exclude(how=How.LEFT_OUT).select_related("membership__party", "membership__coop").order_by("pk")
    chunk = list(lines[:AT_ONCE])
    for line in chunk:
        notices.to_many(line.membership, letter)
    BulkLine.objects.filter(pk__in=[line.pk for line in chunk]).update(done_at=clock.now())
    return len(chunk)


@transaction.atomic
def export_list(*, actor, found: QuerySet[Membership], basis: str) -> bytes:
    """The list as a CSV file, with the basis on which it leaves, which is kept."""
    rules.require(actor, "members.export_register")
    if not basis.strip():
        raise Refused("basis_missing", _("Say what the list is for."), "basis")
    cells = [[_("Number"), _("Name"), _("Class"), _("Since"), _("Standing"), _("E-mail"), _("Place")]]
    for each in found.select_related("party", "member_class").order_by("number"):
        party = each.party
        state = str(each.get_state_display())
        since = each.admitted_on.isoformat()
        cells.append([each.number_text, party.name, each.member_class.name, since, state, party.email, party.place])
    looked_at(actor=actor, what=AccessLog.What.EXPORT, subject="members list", basis=basis[:200], rows=len(cells) - 1)
    audit.record(
        actor=actor, kind="members.list_exported", subject="members", basis=basis.strip()[:200], rows=len(cells) - 1
    )
    return csv_text(cells).encode("utf-8-sig")
