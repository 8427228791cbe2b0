"""A letter is written once, and its two forms say the same."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.template import engines

from coop.kernel import letters

RIVERSIDE = SimpleNamespace(name="Corn & Co", registration="society 4471", address="12 Mill Lane\nRiverside", email="")


@pytest.fixture
def templates(tmp_path, monkeypatch):
    """A folder in front of the project's templates."""
    (tmp_path / "mail").mkdir()
    engine = engines["django"].engine
    monkeypatch.setattr(engine, "dirs", [tmp_path, *engine.dirs])
    monkeypatch.setattr(engine, "loaders", ["django.template.loaders.filesystem.Loader"])
    engine.__dict__.pop("template_loaders", None)
    yield tmp_path / "mail"
    engine.__dict__.pop("template_loaders", None)


def test_the_html_twin_escapes_what_the_plain_letter_says(templates):
    (templates / "admitted.txt").write_text(
        "You are a member of {{ coop.name }}\n\nDear {{ member.name }},\n\nsee https://example.org/x?a=1&b=2"
    )
    letter = letters.write("admitted", coop=RIVERSIDE, member=SimpleNamespace(name="Ann <O'Brien> & Sons"))
    assert letter.subject == "You are a member of Corn & Co"
    assert "Dear Ann <O'Brien> & Sons,\n\nsee https://example.org/x?a=1&b=2" in letter.text
    assert letter.text.rstrip().endswith("12 Mill Lane\nRiverside")
    assert "<p>Dear Ann &lt;O&#x27;Brien&gt; &amp; Sons,</p>" in letter.html
    assert 'href="https://example.org/x?a=1&amp;b=2"' in letter.html
    assert "<h1>You are a member of Corn &amp; Co</h1>" in letter.html
    assert "style=" not in letter.html


def test_a_subject_cannot_carry_a_second_header(templates):
    (templates / "x.txt").write_text("Hello {{ name }}\n\nBody")
    letter = letters.write("x", name="Eve\r\nBcc: all@example.org")
    assert "\n" not in letter.subject
    assert letter.subject == "Hello Eve"


@pytest.mark.parametrize("source", ["Only a subject", "\n\n"])
def test_a_letter_without_subject_or_body_is_refused(templates, source):
    (templates / "x.txt").write_text(source)
    with pytest.raises(ValueError, match="needs a subject line"):
        letters.write("x")


def test_no_letter_in_plain_text_holds_the_markup_of_a_page():
    """The filters ``day`` and ``moment`` draw ``<time>``; a letter takes the words alone."""
    mails = sorted((Path(settings.BASE_DIR) / "templates" / "mail").rglob("*.txt"))
    drawn = re.compile(r"\|(?:day|moment|together)\b(?!(?::[^|\s%}]+)?\|striptags)")
    assert mails
    assert [(mail.name, found) for mail in mails for found in drawn.findall(mail.read_text("utf-8"))] == []
