"""Why somebody's words may still stand somewhere after an erasure: by which rule, until when, or what is to be done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.core.files.storage import default_storage
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coop.kernel import clock
from coop.kernel.models import Cooperative
from coop.kernel.reading import Unread
from ledger.models import EntryDocument
from ledger.retention import paper_kept_until, paper_time
from members.recognising import Words
from members.selectors.stored import Held, files_naming

PAPERS = "ledger_entrydocument.content"
LOGO = "media"


@dataclass(frozen=True)
class Left:
    """One place where words are left: what it is called, how many rows, and why they stay."""

    where: str
    rows: int
    why: str


@dataclass(frozen=True)
class Files:
    """What a search through all stored files found: those that name somebody, and those no program can read."""

    naming: tuple[Held, ...]
    unread: tuple[Held, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Files by ``table.column``."""
        found: dict[str, int] = {}
        for each in self.naming:
            found[each.where] = found.get(each.where, 0) + 1
        return found


def search_files(coop: Cooperative, words: Words) -> Files:
    """Open every file the co-op keeps, in the database and its logo, and look for the words in it.

    A candidate's picture is the candidate's own and went with their words; a paper behind an entry nobody can read is
    said.
    """
    held = [*files_naming(words, coop), *_logo(coop, words)]
    unread = (each for each in held if each.unread and each.where == PAPERS)
    return Files(tuple(each for each in held if not each.unread), tuple(unread))


def _logo(coop: Cooperative, words: Words) -> Iterable[Held]:
    name = coop.logo.name or ""
    if not name or not default_storage.exists(name):
        return
    named = words.speak_in(name)
    try:
        with default_storage.open(name) as file:
            named = words.speak_in_file(file.read()) or named
    except Unread:  # a picture: what stands beside it was searched
        pass
    if named:
        yield Held(LOGO, name, coop.pk)


def explained(coop: Cooperative, left: dict[str, int], files: Files) -> list[Left]:
    """Every place with its reason. Papers behind entries are named one by one, each with its day."""
    said = [Left(where, rows, _why(coop, where)) for where, rows in left.items() if where != PAPERS]
    return [*said, *_papers(coop, files.naming)]


def _why(coop: Cooperative, where: str) -> str:
    table = where.partition(".")[0]
    if table.startswith("ledger_"):
        years, cite = paper_time(coop.law).years, paper_time(coop.law).cite
        return _("What stands in the books is kept with them, %(years)s years from the end of its year%(cite)s.") % {
            "years": years,
            "cite": f" ({cite})" if cite else "",
        }
    if table.startswith("governance_"):
        return _("Published with a result or in minutes; it is kept as they are, and ends with the society.")
    if table.startswith(("kernel_user", "account_", "usersessions_")):
        return _("A login that is used elsewhere too, or that signed for the co-op in an office.")
    if table == LOGO:
        return _("The co-op’s logo; put another picture in its place under Settings.")
    return _("Nothing asks for this. Look at it, and have whoever runs this installation take it out.")


def _papers(coop: Cooperative, naming: Iterable[Held]) -> list[Left]:
    keys = [each.key for each in naming if each.where == PAPERS]
    papers = EntryDocument.objects.filter(pk__in=keys).select_related("entry").defer("content").order_by("pk")
    return [Left(_paper(each), 1, _paper_why(coop, each)) for each in papers]


def unreadable(coop: Cooperative, files: Files) -> list[str]:
    """The papers nobody can search, by name; a person has to look at them."""
    keys = [each.key for each in files.unread]
    papers = EntryDocument.objects.filter(pk__in=keys).select_related("entry").defer("content").order_by("pk")
    return [_paper(each) for each in papers]


def _paper(paper: EntryDocument) -> str:
    if paper.entry_id is None:
        return _("Paper %(paper)s with a draft of the books") % {"paper": paper.pk}
    return _("Paper %(paper)s behind entry %(entry)s") % {"paper": paper.pk, "entry": paper.entry_id}


def _paper_why(coop: Cooperative, paper: EntryDocument) -> str:
    entered = paper.entry.posted_on if paper.entry is not None else clock.local_day(paper.added_at, coop)
    cite = paper_time(coop.law).cite
    return _("A paper of the books is kept until %(day)s%(cite)s.") % {
        "day": date_format(paper_kept_until(coop.law, entered), "j F Y"),
        "cite": f" ({cite})" if cite else "",
    }
