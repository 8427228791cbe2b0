"""Papers behind entries by hand: kept as they came, known by their fingerprint, never changed or removed."""

from __future__ import annotations

import re
from hashlib import sha256

from django.db import transaction
from django.utils.translation import gettext as _

from coop.kernel import audit, rules
from coop.kernel.errors import Refused
from ledger.models import Entry, EntryDocument, EntryDraft
from ledger.models.manual import LARGEST_DOCUMENT
from ledger.selectors.manual import documents_of

MOST = 20
Kind = EntryDocument.Kind
# What a file begins with says what it is; its name does not.
BEGINNINGS = {b"%PDF-": Kind.PDF, b"\xff\xd8\xff": Kind.JPEG, b"\x89PNG\r\n\x1a\n": Kind.PNG}


@transaction.atomic
def attach(*, actor, to: Entry | EntryDraft, name: str, data: bytes) -> EntryDocument:
    """Keep a paper with an entry by hand or its draft. The same file again is the one that is there.

    Refused: anything but PDF, JPEG and PNG, an empty file, more than 5 MB, more than 20 papers, entries of other acts.
    """
    rules.require(actor, "ledger.keep_books")
    if to.coop_id != actor.coop_id:
        raise Refused("other_coop", _("This entry belongs to another co-op."))
    if isinstance(to, Entry) and to.kind != "manual":
        raise Refused("not_by_hand", _("Papers are kept with entries by hand; this one has its own act."), "document")
    kind = kind_of(data)
    digest = sha256(data).hexdigest()
    there = list(documents_of(to))
    known = next((each for each in there if each.digest == digest), None)
    if known is not None:
        return known
    if len(there) >= MOST:
        raise Refused("too_many", _("An entry keeps at most %(n)s papers.") % {"n": MOST}, "document")
    made = EntryDocument.objects.create(
        coop=actor.coop,
        draft=to if isinstance(to, EntryDraft) else None,
        entry=to if isinstance(to, Entry) else None,
        name=_file_name(name, kind),
        kind=kind,
        size=len(data),
        digest=digest,
        content=data,
        added_by=actor.user,
    )
    what = "entry" if isinstance(to, Entry) else "entry-draft"
    audit.record(actor=actor, kind="ledger.document_added", subject=f"{what}:{to.pk}", name=made.name, digest=digest)
    return made


def kind_of(data: bytes) -> str:
    """What a file is by its first bytes. Refuses an empty one, one that is too large, and any other kind."""
    if not data:
        raise Refused("empty", _("The file is empty."), "document")
    if len(data) > LARGEST_DOCUMENT:
        raise Refused("too_large", _("The file has more than 5 MB; scan it smaller."), "document")
    for beginning, kind in BEGINNINGS.items():
        if data.startswith(beginning):
            return kind
    raise Refused("kind", _("The file is no PDF, JPEG or PNG; only these are kept."), "document")


def _file_name(name: str, kind: str) -> str:
    """The last part of the name in harmless letters, with the ending of what it is."""
    stem = re.sub(r"[^\w .-]+", "_", name.replace("\\", "/").rsplit("/", 1)[-1]).rsplit(".", 1)[0].strip(" .")
    return f"{stem[:100] or 'document'}.{'jpg' if kind == Kind.JPEG else kind}"
