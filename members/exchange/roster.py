"""A list of members from another program: which column means what, and what each line says in our terms.

Nothing is guessed silently: a value that cannot be read becomes a problem with a code and a sentence, and the line is
either held back or comes in with the remark. Amounts are minor units.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.kernel.csv_table import fold
from coop.kernel.money import parse_minor
from members.typed import visible

# Our fields, in the order the page shows them.
FIELDS = {
    "number": gettext_lazy("Member number"),
    "person": gettext_lazy("Person within the number"),
    "family_name": gettext_lazy("Family name"),
    "given_names": gettext_lazy("Forenames"),
    "name": gettext_lazy("Whole name"),
    "firm": gettext_lazy("Organisation"),
    "email": gettext_lazy("E-mail"),
    "phone": gettext_lazy("Telephone"),
    "street": gettext_lazy("Street"),
    "street_more": gettext_lazy("Street, second line"),
    "postcode": gettext_lazy("Postcode"),
    "place": gettext_lazy("Town"),
    "member_class": gettext_lazy("Class"),
    "admitted_on": gettext_lazy("Member since"),
    "ends_on": gettext_lazy("Last day"),
    "standing": gettext_lazy("Standing in the old program"),
    "units": gettext_lazy("Shares"),
    "capital": gettext_lazy("Paid-up capital"),
}
_ALIASES = {
    "number": "number membernumber memberno memberid cardno mitgliedsnummer mitgliednr numeroexistant numero no nr",
    "person": "personnum personno",
    "family_name": "lastname familyname surname nachname name nom familienname",
    "given_names": "firstname forenames givennames vorname vornamen prenom",
    "name": "fullname membername",
    "firm": "companyname company organisation organization firma firm",
    "email": "email emailaddress emailadresse courriel mail",
    "phone": "phone telephone telefon telefonprivat tel handy mobilephone",
    "street": "street address adresse strasse rue anschrift",
    "street_more": "address2 complementadresse adressierungszusatz",
    "postcode": "postcode zip zipcode plz codepostale codepostal",
    "place": "place town city ort ville",
    "member_class": "class membershiptype membertype beitragsgruppe",
    "admitted_on": "admittedon membersince since joindate joindt eintritt beitrittsdatum effectivedate dateinscription",
    "ends_on": "endson lefton lastday austritt austrittsdatum expiredt",
    "units": "shares quantity anzahlanteile orderedparts",
    "capital": "paid capital total montant bezahlt geschaeftsguthaben",
}
ALIASES = {alias: name for name, aliases in _ALIASES.items() for alias in aliases.split()}


@dataclass(frozen=True)
class Preset:
    """A program's file we know by sight: its columns, and what its words mean."""

    title: str
    width: int
    mapping: Mapping[str, int]
    standings: Mapping[str, str] = field(default_factory=dict)


# CORE-POS/IS4C writes custdata without a heading: CardNo, personNum, LastName, FirstName, …, Type (13th), … 23 columns.
CORE_POS = Preset(
    "CORE-POS custdata",
    23,
    {"number": 0, "person": 1, "family_name": 2, "given_names": 3, "standing": 12},
    {"PC": "active"},
)
PRESETS = {"core-pos": CORE_POS}
LONGEST = {
    "family_name": 150,
    "given_names": 150,
    "firm": 300,
    "street": 200,
    "phone": 60,
    "postcode": 20,
    "place": 120,
}

HOLDING = frozenset(
    "no_name number_invalid number_taken number_twice known_already unknown_class bad_units bad_capital bad_date"
    " not_yet".split()
)


@dataclass
class Row:
    """A line in our terms. ``codes`` and ``problems`` go together; a code in ``HOLDING`` keeps the line out."""

    line: int
    cells: list[str]
    number: int | None = None
    person: int | None = None
    data: dict = field(default_factory=dict)
    units: int = 0
    capital: int = 0
    codes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    group: str = ""
    is_holder: bool = True

    def says(self, code: str, sentence: str) -> None:
        self.codes.append(code)
        self.problems.append(sentence)

    @property
    def is_held(self) -> bool:
        return not HOLDING.isdisjoint(self.codes)

    @property
    def name(self) -> str:
        whole = " ".join(filter(None, (self.data.get("given_names"), self.data.get("family_name"))))
        return self.data.get("firm") or whole


@dataclass(frozen=True)
class Reading:
    """How a file is read: column by field, the co-op's currency, the order of days and months, known classes."""

    mapping: Mapping[str, int]
    currency: str
    date_order: str = "dmy"
    classes: Mapping[str, str] = field(default_factory=dict)  # folded slug or name → slug
    standings: Mapping[str, str] = field(default_factory=dict)


def suggest(heading: Sequence[str]) -> dict[str, int]:
    """The columns whose headings we know, by field; the first one of a kind counts."""
    found: dict[str, int] = {}
    for at, words in enumerate(heading):
        name = ALIASES.get(fold(words))
        if name is not None and name not in found:
            found[name] = at
    if "name" not in found and "family_name" in found and "given_names" not in found:
        found["name"] = found.pop("family_name")  # a lone "Name" is the whole of it
    return found


def order_of_dates(values: Sequence[str]) -> str:
    """``dmy`` unless some date can only be read month first."""
    numbers = [match for value in values if (match := _NUMBERS.fullmatch(value.strip().partition(" ")[0]))]
    month_first = any(int(match[2]) > 12 for match in numbers)
    day_first = any(int(match[1]) > 12 for match in numbers)
    return "mdy" if month_first and not day_first else "dmy"


_NUMBERS = re.compile(r"([0-9]{1,2})[./-]([0-9]{1,2})[./-]([0-9]{4})")


def parse_date(text: str, order: str) -> date | None:
    """A day as programs write it: ``2024-05-07``, ``7.5.2024``, ``05/07/2024``; None for empty and for 1900.

    Raises ``ValueError`` for anything else.
    """
    said = text.strip().partition(" ")[0].partition("T")[0]
    if not said:
        return None
    if match := _NUMBERS.fullmatch(said):
        first, second, year = int(match[1]), int(match[2]), int(match[3])
        day, month = (first, second) if order == "dmy" else (second, first)
        found = date(year, month, day)
    else:
        found = date.fromisoformat(said)
    return None if found <= date(1900, 1, 1) else found  # programs write 1900 for "not known"


def read_line(line: int, cells: list[str], reading: Reading) -> Row:
    """One line in our terms, with everything that is wrong with it."""
    row = Row(line, cells)
    said = {name: visible(cells[at]) if at < len(cells) else "" for name, at in reading.mapping.items()}
    _read_name(row, said)
    _read_numbers(row, said)
    for name in ("phone", "postcode", "place"):
        _keep(row, name, said.get(name, ""))
    _keep(row, "street", ", ".join(filter(None, (said.get("street"), said.get("street_more")))))
    _read_email(row, said.get("email", ""))
    _read_dates(row, said, reading)
    _read_class(row, said.get("member_class", ""), reading)
    _read_amounts(row, said, reading)
    standing = said.get("standing", "")
    if standing and reading.standings.get(standing) != "active":
        row.says(
            "old_standing",
            _("The old program calls this “%s”; it comes in as a member, so please look at it.") % standing[:30],
        )
    return row


def _keep(row: Row, name: str, text: str) -> None:
    """Into the row's data, cut to what its column holds; a cut is said."""
    longest = LONGEST[name]
    if len(text) > longest:
        row.says(
            "cut",
            _("“%(start)s …” has more than %(longest)s characters; the rest is left out.")
            % {"start": text[:30], "longest": longest},
        )
    row.data[name] = text[:longest]


def _read_name(row: Row, said: Mapping[str, str]) -> None:
    family, given = said.get("family_name", ""), said.get("given_names", "")
    if not (family or given) and (whole := said.get("name", "")):
        family, comma, given = (part.strip() for part in whole.partition(","))
        if not comma:
            given, _space, family = whole.rpartition(" ")
    for name, text in (("family_name", family), ("given_names", given), ("firm", said.get("firm", ""))):
        _keep(row, name, text)
    if not row.name:
        row.says("no_name", _("This line has no name."))


def _read_numbers(row: Row, said: Mapping[str, str]) -> None:
    number = said.get("number", "")
    if number and (not number.isdecimal() or not number.isascii() or not 0 < int(number) < 10**12):
        row.says("number_invalid", _("“%s” is not a member number.") % number[:30])
    elif number:
        row.number = int(number)
    person = said.get("person", "")
    if person.isdecimal() and person.isascii() and len(person) < 6:
        row.person = int(person)


def _read_email(row: Row, said: str) -> None:
    row.data["email"] = ""
    if not said:
        return
    try:
        validate_email(said)
    except ValidationError:
        row.says("bad_email", _("“%s” is not an e-mail address; it is left out.") % said[:60])
    else:
        row.data["email"] = said.lower()


def _read_dates(row: Row, said: Mapping[str, str], reading: Reading) -> None:
    for name in ("admitted_on", "ends_on"):
        text = said.get(name, "")
        try:
            found = parse_date(text, reading.date_order)
        except ValueError:
            row.says("bad_date", _("“%s” is not a date.") % text[:30])
            found = None
        row.data[name] = found.isoformat() if found else ""


def _read_class(row: Row, said: str, reading: Reading) -> None:
    row.data["member_class"] = reading.classes.get(fold(said), "")
    if said and not row.data["member_class"]:
        row.says("unknown_class", _("There is no class “%s” here.") % said[:40])


def _read_amounts(row: Row, said: Mapping[str, str], reading: Reading) -> None:
    readers: tuple[tuple[str, Callable[[str], int], str], ...] = (
        ("units", _whole, _("“%s” is not a number of shares.")),
        ("capital", lambda text: parse_minor(text, reading.currency), _("“%s” is not an amount of money.")),
    )
    for name, reader, sentence in readers:
        text = said.get(name, "")
        if not text:
            continue
        try:
            amount = reader(text)
            if amount < 0:
                raise ValueError
        except ValueError:
            row.says(f"bad_{name}", sentence % text[:30])
        else:
            setattr(row, name, amount)


def _whole(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise ValueError
    return int(text)


def gather(rows: Sequence[Row], *, has_persons: bool) -> None:
    """Put the lines of one number together, say who holds it, and mark a number that stands twice."""
    groups: dict[int, list[Row]] = {}
    for row in rows:
        row.group = str(row.number) if row.number is not None else f"line-{row.line}"
        if row.number is not None:
            groups.setdefault(row.number, []).append(row)
    for number, members in groups.items():
        if has_persons:
            _hold(number, members)
        else:
            for other in members[1:]:
                other.says(
                    "number_twice",
                    _("Number %(number)s stands in line %(line)s already.")
                    % {"number": number, "line": members[0].line},
                )


def _hold(number: int, members: list[Row]) -> None:
    members.sort(key=lambda row: (row.person is None, row.person, row.line))
    seen: dict[int | None, int] = {}
    for row in members:
        if row.person in seen:
            words = _("Person %(person)s of number %(number)s stands in line %(line)s already.")
            row.says("number_twice", words % {"person": row.person, "number": number, "line": seen[row.person]})
        seen.setdefault(row.person, row.line)
    for row in members[1:]:
        row.is_holder = False
    if members[0].person != 1:
        members[0].says(
            "no_first_person",
            _("Number %(number)s has no first person; person %(person)s holds it for now.")
            % {"number": number, "person": members[0].person},
        )
