"""Entries by hand: what no other act of the platform posts, by one officer or, above the board's limit, by two."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db import connection, transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coop.kernel import audit, clock, money, rules
from coop.kernel.errors import Refused
from ledger.models import Entry, EntryDraft, EntryDraftLine, EntryLimit
from ledger.selectors.manual import takes_two
from ledger.services.accounts import OF_MEMBERS
from ledger.services.posting import Line, check_entry, post_entry, request_hash

State = EntryDraft.State
MANUAL = "manual"


@transaction.atomic
def post_manual_entry(*, actor, on: date, memo: str, lines: Sequence[Line], key: str) -> Entry:
    """Post what the treasurer wrote by hand. Refuses members' money, which moves by its own acts, and days to come.

    Refused (``takes_two``) above the board's limit: that is drafted and approved by somebody else.
    """
    memo = _checked(actor, on, memo, lines)
    if takes_two(actor.coop, lines):
        raise Refused(
            "takes_two",
            _("This is more than one person posts alone; draft it, and somebody else approves it."),
            "lines",
        )
    entry = post_entry(actor=actor, on=on, kind=MANUAL, memo=memo, lines=lines, key=key)
    audit.record(actor=actor, kind="ledger.entry_posted", subject=f"entry:{entry.pk}", key=key, memo=memo)
    return entry


@transaction.atomic
def draft_entry(*, actor, on: date, memo: str, lines: Sequence[Line], key: str) -> EntryDraft:
    """Write an entry down for a second person. Refuses what would not be posted; the same key again is the same draft.

    Nothing of a draft changes afterwards; whoever approves it names its hash.
    """
    memo = _checked(actor, on, memo, lines)
    check_entry(actor, memo, lines, key)
    said = request_hash(on=on, kind=MANUAL, memo=memo, says=lines)
    draft, made = EntryDraft.objects.get_or_create(
        coop=actor.coop,
        key=key,
        defaults={"on": on, "memo": memo, "request_hash": said, "drafted_by": actor.user},
    )
    if draft.request_hash != said:
        raise Refused("key_used", _("“%(key)s” was used before for another draft.") % {"key": key}, "key", status=409)
    if made:
        EntryDraftLine.objects.bulk_create(
            EntryDraftLine(coop=actor.coop, draft=draft, n=n, account=line.account, amount=line.amount)
            for n, line in enumerate(lines, start=1)
        )
        _say(actor, "ledger.entry_drafted", draft)
    return draft


@transaction.atomic
def approve_draft(*, actor, draft: EntryDraft, seen: str) -> Entry:
    """A second person posts exactly the draft whose hash they saw. Asked twice, it is the one entry.

    Refused: whoever drafted it; another hash; a draft that was refused; what may not be posted any more (a year closed
    since, an account shut).
    """
    rules.require(actor, "ledger.approve_entry")
    found = _locked(actor, draft)
    if found.entry_id is not None:
        return Entry.objects.get(pk=found.entry_id)
    _only_waiting(found)
    if found.drafted_by_id == actor.user_id:
        raise Refused("same_person", _("You drafted this entry; somebody else has to approve it."), status=403)
    lines = [Line(each.account, each.amount) for each in found.lines.select_related("account").order_by("n")]
    said = request_hash(on=found.on, kind=MANUAL, memo=found.memo, says=lines)
    if seen != found.request_hash or said != found.request_hash:
        raise Refused("not_what_was_seen", _("This is not the draft you looked at; read it again."), status=409)
    entry = post_entry(actor=actor, on=found.on, kind=MANUAL, memo=found.memo, lines=lines, key=f"draft:{found.pk}")
    found.state, found.approved_by, found.decided_at, found.entry = State.POSTED, actor.user, clock.now(), entry
    found.save(update_fields=["state", "approved_by", "decided_at", "entry"])
    _say(actor, "ledger.entry_approved", found, entry=entry.pk)
    return entry


@transaction.atomic
def refuse_draft(*, actor, draft: EntryDraft, because: str) -> EntryDraft:
    """Give a draft up, with the reason: the one who wrote it, or whoever was to approve it. Nothing was posted."""
    if not rules.may(actor, "ledger.approve_entry"):
        rules.require(actor, "ledger.keep_books")
    found = _locked(actor, draft)
    because = " ".join(because.split())[:300]
    if not because:
        raise Refused("no_reason", _("Say why."), "because")
    _only_waiting(found)
    found.state, found.refused_by, found.decided_at, found.because = State.REFUSED, actor.user, clock.now(), because
    found.save(update_fields=["state", "refused_by", "decided_at", "because"])
    _say(actor, "ledger.entry_refused", found, because=because)
    return found


@transaction.atomic
def set_entry_limit(*, actor, amount: int | None, resolution: str) -> EntryLimit:
    """The board says up to what amount (minor units; None: any) one officer posts by hand alone. The newest counts."""
    rules.require(actor, "ledger.set_limit")
    resolution = " ".join(resolution.split())
    if not resolution:
        raise Refused("resolution", _("Name the resolution of the board."), "resolution")
    if amount is not None and not 0 <= amount <= money.LARGEST:
        raise Refused("amount", _("A limit is not less than nothing."), "amount")
    with connection.cursor() as cursor:  # what this transaction posted before is judged by the limit before
        cursor.execute("SET CONSTRAINTS ledger_entry_complete, manual_takes_two IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ledger_entry_complete, manual_takes_two DEFERRED")
    made = EntryLimit.objects.create(
        coop=actor.coop, amount=amount, currency=actor.coop.currency, resolution=resolution[:80], actor=actor.user
    )
    audit.record(
        actor=actor, kind="ledger.entry_limit_set", subject=f"entry-limit:{made.pk}",
        amount=None if amount is None else str(amount), resolution=made.resolution,
    )  # fmt: skip
    return made


def _checked(actor, on: date, memo: str, lines: Sequence[Line]) -> str:
    """The memo, tidied, of an entry that may be written by hand."""
    rules.require(actor, "ledger.keep_books")
    memo = " ".join(memo.split())
    if not memo:
        raise Refused("memo", _("Say what the entry is for."), "memo")
    if on > clock.today(actor.coop):
        raise Refused("future", _("%(day)s is still to come.") % {"day": date_format(on)}, "on")
    for line in lines:
        if line.account.purpose in OF_MEMBERS:
            raise Refused(
                "members_money",
                _("“%(account)s” holds members’ money, which moves by payments, transfers and distributions only.")
                % {"account": line.account},
                "lines",
            )
    return memo


def _locked(actor, draft: EntryDraft) -> EntryDraft:
    return EntryDraft.objects.select_for_update(no_key=True).get(coop=actor.coop, pk=draft.pk)


def _only_waiting(draft: EntryDraft) -> None:
    if draft.state != State.DRAFT:
        raise Refused(
            "decided", _("This draft is decided: %(state)s.") % {"state": draft.get_state_display().lower()}, status=409
        )


def _say(actor, kind: str, draft: EntryDraft, **more) -> None:
    audit.record(
        actor=actor, kind=kind, subject=f"entry-draft:{draft.pk}", memo=draft.memo, hash=draft.request_hash, **more
    )
