"""The libraries' words in our voice: the compiled catalogue is that of the source, and every line still matters."""

import ast
import gettext
import re

import pytest
from django.conf import settings
from django.utils.translation import gettext as translate

FOLDER = settings.BASE_DIR / "locale/en_GB/LC_MESSAGES"
ENTRY = re.compile(r'^(msgid|msgid_plural|msgstr|msgstr\[\d\]) (".*(?:\n".*)*)', re.M)


def written():
    """``{msgid: msgstr or [one, many]}`` as it stands in the source."""
    words, key = {}, ""
    for kind, text in ENTRY.findall((FOLDER / "django.po").read_text()):
        value = "".join(ast.literal_eval(line) for line in text.splitlines())
        if kind == "msgid":
            key = value
        elif kind == "msgstr":
            words[key] = value
        elif kind.startswith("msgstr["):
            words.setdefault(key, []).append(value)
    words.pop("")
    return words


def test_the_compiled_words_are_those_of_the_source():
    with (FOLDER / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for source, words in written().items():
        if isinstance(words, list):
            assert [compiled.ngettext(source, "", 1), compiled.ngettext(source, "", 2)] == words
        else:
            assert compiled.gettext(source) == words
    assert len([key for key in compiled._catalog if key and not (isinstance(key, tuple) and key[1])]) == len(written())


def test_the_words_are_shown():
    assert translate("This field is required.") == "Please fill this in."


def _libraries():
    from pathlib import Path

    import allauth
    import django

    for root in (Path(django.__file__).parent, Path(allauth.__file__).parent):
        for file in (*root.rglob("*.py"), *root.rglob("*.txt"), *root.rglob("*.html")):
            yield file.read_text(errors="replace")


def test_the_libraries_still_say_what_we_replace():
    said = re.sub(r'"\s*\n\s*"', "", "\n".join(_libraries()))
    said = re.sub(r"{{ ?(\w+) ?}}", r"%(\1)s", said)
    gone = [source for source in written() if source not in said]
    assert gone == [], "no library says this any more; take it out of locale/en_GB"


@pytest.mark.parametrize(
    "words", [text for entry in written().values() for text in ([entry] if isinstance(entry, str) else entry)]
)
def test_no_sentence_is_in_the_libraries_voice(words):
    assert not re.search(r"\b(invalid|valid|submitted|ensure|successfully|account)\b", words, re.I), words
