"""Files of the books that speak of somebody who is erased: what may go, goes; papers behind entries stay."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from coop.kernel import audit, rules
from coop.kernel.reading import Unread
from ledger.models import DebitFile, DebitRun, PatronageFile, PatronageImport, PayoutFile, PayoutRun
from members.recognising import Words

UNDER_WAY: dict[Any, tuple[str, ...]] = {
    PayoutFile: (PayoutRun.State.DRAFT, PayoutRun.State.RELEASED),
    DebitFile: (DebitRun.State.DRAFT, DebitRun.State.RELEASED),
}


@transaction.atomic
def forget_files(*, actor, words: Words) -> int:
    """Remove the files of purchases and of the bank that name somebody; how many. Rows, sums and digests stay.

    A file of purchases that was not recorded yet is thrown away, to be chosen anew. What names them in somebody else's
    pay-out or collection goes once that is over: until then the bank may still ask for the file.
    """
    rules.require(actor, "members.keep_register")
    purchases = _naming(PatronageFile.objects.filter(source__coop=actor.coop), words)
    waiting = PatronageImport.objects.filter(pk__in=purchases, state__in=("reading", "checked"))
    waiting.update(state=PatronageImport.State.DISCARDED)
    gone = PatronageFile.objects.filter(pk__in=purchases).delete()[0]
    for model, states in UNDER_WAY.items():
        over = model._default_manager.filter(run__coop=actor.coop).exclude(run__state__in=states)
        gone += model._default_manager.filter(pk__in=_naming(over, words)).delete()[0]
    if gone:
        audit.record(actor=actor, kind="ledger.files_forgotten", subject="files", files=gone)
    return gone


def _naming(files: QuerySet, words: Words) -> list[int]:
    return [pk for pk in list(files.values_list("pk", flat=True)) if _names(files.filter(pk=pk), words)]


def _names(one: QuerySet, words: Words) -> bool:
    content = one.values_list("content", flat=True).first()
    try:
        return content is not None and words.speak_in_file(content)
    except Unread:
        return False  # the search afterwards says so
