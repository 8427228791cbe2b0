"""By which words somebody is recognised in a text or a file, however a program wrote them down. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from coop.kernel import reading

from .folding import LETTERS, fold

SHORTEST = 5  # a shorter phrase would be found in anything
LONGEST_LINE = 4000  # letters; what is longer is no line of a list
_TAG = re.compile(r"<[^<>]{1,200}>")
_ACCOUNT = re.compile(r"^[a-z]{2}[0-9]{2}[0-9a-z]{9,30}$")
_PAIRS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})  # as a bank's file writes them


@dataclass(frozen=True)
class Words:
    """What somebody is known by: whole phrases, and names whose parts may stand apart in one line of a list."""

    phrases: tuple[str, ...]
    names: tuple[frozenset[str], ...] = ()

    @classmethod
    def of(cls, phrases: Iterable[str], names: Iterable[str] = ()) -> Words:
        """Out of words as they were typed; case, accents and what stands between two words make no difference."""
        said = {form for phrase in phrases for form in _forms(phrase)}
        parts = {frozenset(form.split()) for name in names for form in _forms(name)}
        return cls(tuple(sorted(said)), tuple(sorted((each for each in parts if len(each) > 1), key=sorted)))

    @cached_property
    def keys(self) -> frozenset[str]:
        """The longest word of each phrase and name: where none of them stands, nothing does."""
        return frozenset(max(said, key=len) for said in (*(each.split() for each in self.phrases), *self.names))

    def speak_in(self, text: str) -> bool:
        """Does the text name them: a whole phrase, or in one line all words of a name?"""
        if not self._may_speak(text):
            return False
        plain = _TAG.sub(" ", text)
        folded = fold(plain)
        if any(phrase in folded and _stands(phrase, folded) for phrase in self.phrases):
            return True
        apart = [name for name in self.names if all(part in folded for part in name)]
        lines = (line for line in plain.splitlines() if len(line) <= LONGEST_LINE) if apart else ()
        return any(name <= said for said in (_parts(line) for line in lines) for name in apart)

    def _may_speak(self, text: str) -> bool:
        """A quick look that misses nothing; most text of most files names nobody."""
        if not all(key.isascii() for key in self.keys):
            return True
        if not text.isascii():
            bare = unicodedata.normalize("NFKD", text.casefold().translate(LETTERS))
            text = bare.encode("ascii", "ignore").decode()
        text = text.casefold()
        return any(key in text for key in self.keys)

    def speak_in_file(self, data: bytes | memoryview) -> bool:
        """Does the text in a file name them? Raises :class:`~coop.kernel.reading.Unread` where none of what could be
        read does, and not all of it could."""
        return any(self.speak_in(text) for text in reading.texts(data))


def _forms(phrase: str) -> set[str]:
    forms = {fold(phrase), fold(phrase.casefold().translate(_PAIRS))}
    account = "".join(phrase.casefold().split())
    if _ACCOUNT.match(account):
        forms |= {account, " ".join(account[at : at + 4] for at in range(0, len(account), 4))}
    return {form for form in forms if len(form) >= SHORTEST}


def _parts(line: str) -> set[str]:
    return {part.strip(".") for part in fold(line).split()}


def _stands(phrase: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", text) is not None
