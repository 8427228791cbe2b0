"""How a person is forgotten, table by table. ``erasing`` says when that may be."""

from __future__ import annotations

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from coop.kernel import clock
from coop.kernel.accounts import forget_in_sessions, forget_login
from coop.kernel.errors import Refused
from coop.kernel.models import AuditPayload, Job, Mail
from members.folding import fold, grams
from members.models import (
    Application,
    ChangeRequest,
    Completion,
    Enrolment,
    EventNote,
    Household,
    ImportBatch,
    ImportRow,
    Invitation,
    PaperLetter,
    Party,
    PartyAddress,
    PartyContact,
    PartyName,
    PartyTag,
    Relationship,
    SavedFilter,
    StepDone,
)
from members.recognising import Words
from members.selectors.rights import applications_of, known_names, known_words, pattern_of

ERASED = "(erased)"
_SAID = (
    "given_names family_name firm register_court register_number email phone street postcode place country note"
).split()


def forget(party: Party, *, everything: bool) -> dict[str, int]:
    """Remove contact data and free text, and with ``everything`` the name; rows gone or blanked, by kind.

    Records that were merged into this one are the same person and are forgotten with it.
    """
    gone = _forget_one(party, everything=everything)
    for stub in Party.objects.filter(merged_into=party, erased_at=None).select_related("coop", "account"):
        for what, rows in _forget_one(stub, everything=everything).items():
            gone[what] = (gone.get(what) or 0) + (rows or 0)
    return gone


def _forget_one(party: Party, *, everything: bool) -> dict[str, int]:
    words = known_words(party)
    if not everything:  # the name and the address of the register stay
        kept = {*PartyName.objects.filter(party=party), *PartyAddress.objects.filter(party=party)}
        plain = {str(each) for each in kept} | {getattr(each, "street", "") for each in kept}
        words = [word for word in words if word not in plain | {party.name}]
    applications = list(applications_of(party))
    streams = [*party.memberships.values_list("stream", flat=True), *(each.stream for each in applications)]
    refs = [f"party:{party.pk}", *(f"application:{each.pk}" for each in applications)]
    refs += [f"membership:{pk}" for pk in party.memberships.values_list("pk", flat=True)]
    mails = Mail.objects.filter(Q(coop=party.coop) | Q(coop=None))  # what another co-op wrote is its own
    gone = {
        "contacts": _drop(PartyContact.objects.filter(party=party)),
        "courses": _drop_courses(party, applications),
        "tags": _drop(PartyTag.objects.filter(party=party)),
        "notes": _drop(EventNote.objects.filter(event__stream__in=streams)),
        "letters": Mail.objects.filter(coop=party.coop, subject_ref__in=refs).delete()[0]
        + _drop_naming(mails, ("to", "subject", "text", "html"), words),
        "audit": AuditPayload.objects.filter(event__coop=party.coop, event__subject__in=refs).delete()[0]
        + _drop_naming(AuditPayload.objects.filter(event__coop=party.coop), ("body",), words),
        "files": _drop_files(party, Words.of(words, known_names(party) if everything else ())),
        "file_lines": _blank_lines(party, words),
        "sessions": forget_in_sessions(Words.of(words).speak_in),
        "applications": _blank_applications(applications, everything=everything),
    }
    wards = Application.objects.filter(coop=party.coop)
    wards.filter(pk__in=_naming(wards, ("guardian",), words)).update(guardian={})
    gone["paper"] = _blank_letters(party, refs, words)
    _close_requests(party)
    Relationship.objects.filter(subject=party).update(evidence="")
    Relationship.objects.filter(object=party).update(evidence="")
    account, party.account = party.account, None
    party.email = party.phone = ""
    party.search = fold(f"{party.name} {party.place}")
    if everything:
        gone["names"] = _drop(PartyName.objects.filter(party=party))
        gone["addresses"] = _drop(PartyAddress.objects.filter(party=party))
        for column in ("title", "error"):
            _rename(Job.objects.filter(coop=party.coop), column, words)
        _rename(ImportBatch.objects.filter(coop=party.coop), "file_name", words)
        gone["filters"] = _drop_filters(party, words)
        _rename(Household.objects.filter(coop=party.coop), "name", words)
        party.name, party.sort_name, party.place, party.search = _("Erased"), "erased", "", ""
        party.born_on = party.died_on = None
        party.erased_at = clock.now()
    party.grams = grams(party.search)
    party.save()
    if everything:
        gone["reasons_for_looks"] = _forget_in_history(party, words)
    if account is not None:
        gone["login"] = int(forget_login(account) if not account.parties.exists() else False)
    return gone


def _forget_in_history(party: Party, words: list[str]) -> int:
    """Where history that nobody edits names the person, the database empties the words by itself."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT members_forget(%s, %s, %s)", [party.coop_id, party.pk, pattern_of(words) or "(?!)"])
        return cursor.fetchone()[0]


def _drop(rows: QuerySet) -> int:
    """Delete rows that may point at each other; the database checks the whole of them at the end."""
    return rows._raw_delete(rows.db)


def _drop_courses(party: Party, applications: list[Application]) -> int:
    """What somebody learned, signed up for and ticked: no law asks for it once they have left."""
    mine = Q(party=party) | Q(application__in=applications)
    ticked = StepDone.objects.filter(party=party)
    return sum(map(_drop, (Completion.objects.filter(mine), Enrolment.objects.filter(mine), ticked)))


def _drop_filters(party: Party, words: list[str]) -> int:
    """Saved filters that look for this person, by two words of the name or a whole phrase, or are called after it."""
    filters, name = SavedFilter.objects.filter(coop=party.coop), set(fold(party.name).split())
    asked = {each.pk: set(fold(str(each.query.get("q", ""))).split()) for each in filters}
    mine = {pk for pk, said in asked.items() if len(said) > 1 and said <= name}
    named = filters.filter(pk__in=mine.union(_naming(filters, ("name", "query"), words)))
    return named.update(name=ERASED, query={}, removed_at=clock.now())


def _naming(rows: QuerySet, columns: tuple[str, ...], words: list[str]) -> list[int]:
    """The keys of the rows of one table in whose text any of these phrases stands."""
    if not words:
        return []
    table, key = rows.model._meta.db_table, rows.model._meta.pk.column
    quote = connection.ops.quote_name
    said = " OR ".join(f"{quote(column)}::text ~* %s" for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {quote(key)} FROM {quote(table)} WHERE {said}",  # noqa: S608 - names of our own tables
            [pattern_of(words)] * len(columns),
        )
        return [row[0] for row in cursor]


def _drop_naming(rows: QuerySet, columns: tuple[str, ...], words: list[str]) -> int:
    return rows.filter(pk__in=_naming(rows, columns, words)).delete()[0]


def _rename(rows: QuerySet, column: str, words: list[str]) -> None:
    rows.filter(pk__in=_naming(rows, (column,), words)).update(**{column: ERASED})


def _blank_lines(party: Party, words: list[str]) -> int:
    """Lines of imported files that speak of the person; a list that was taken in is kept as its lines alone."""
    lines = ImportRow.objects.filter(coop_id=party.coop_id)
    spoken = lines.filter(pk__in=_naming(lines, ("cells", "problems"), words))
    if party.batch_id is not None:
        numbers = list(party.memberships.values_list("number", flat=True))
        spoken = spoken | lines.filter(batch_id=party.batch_id, data__number__in=numbers)
    keys = list(spoken.values_list("pk", flat=True))
    return lines.filter(pk__in=keys).update(cells=[], data={}, problems=[])


def _drop_files(party: Party, words: Words) -> int:
    """Lists that wait to be taken in and name the person are thrown away; without that line they are chosen anew."""
    kept = ImportBatch.objects.filter(coop_id=party.coop_id).exclude(content=None)
    dropped = 0
    for pk, state in list(kept.values_list("pk", "state")):  # one file in memory at a time
        content = kept.filter(pk=pk).values_list("content", flat=True).first()
        if content is None or not words.speak_in_file(content):
            continue
        if state == ImportBatch.State.COMMITTING:
            raise Refused("import_under_way", _("A list that names this person is being taken in; wait until it is."))
        ImportRow.objects.filter(batch=pk).delete()
        dropped += kept.filter(pk=pk).update(state=ImportBatch.State.DISCARDED, content=None)
    return dropped


def _blank_applications(applications: list[Application], *, everything: bool) -> int:
    for each in applications:
        for field in _SAID if everything else ("email", "phone", "note"):
            setattr(each, field, "")
        if everything:
            each.born_on = None
        each.guardian = {}
        if each.refusal:
            each.refusal = ERASED
        each.account, each.search = None, "" if everything else fold(each.full_name)
        each.save()
    return len(applications)


def _blank_letters(party: Party, refs: list[str], words: list[str]) -> int:
    """Letters on paper keep that they were posted, and say nothing any more."""
    ours = PaperLetter.objects.filter(coop_id=party.coop_id)
    keys = _naming(ours, ("name", "address", "text", "proof", "tracking"), words)
    blank = {"text": "", "subject": "", "name": "", "address": "", "tracking": "", "proof": ""}
    Invitation.objects.filter(party=party, used_at=None, revoked_at=None).update(revoked_at=clock.now())
    return ours.filter(Q(party=party) | Q(ref__in=refs) | Q(pk__in=keys)).update(**blank)


def _close_requests(party: Party) -> None:
    """What was asked for is answered by this; what was answered keeps no words."""
    mine = ChangeRequest.objects.filter(party=party)
    mine.filter(state="open").update(state="withdrawn", decided_at=clock.now(), said={})
    mine.exclude(answer="").update(answer=ERASED)
