"""What no template of ours may hold: inline styles and scripts, other hosts, words that cannot be translated twice."""

import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
COMMENT = re.compile(r"{% comment.*?endcomment %}", re.S)


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: str(file.relative_to(ROOT / "templates")))
def test_a_template_keeps_the_policy(file):
    text = COMMENT.sub("", file.read_text())
    if file.name == "base.html" and file.parent.name == "mail":
        assert "style=" not in text  # a letter has no policy to keep and no file to link
        return
    assert not re.search(r"\sstyle\s*=", text), "inline style"
    assert "<style" not in text, "inline style sheet"
    assert not re.search(r"\son\w+\s*=\s*[\"']", text), "inline handler"
    assert not re.search(r"(?:src|href|action)=[\"']?(?:https?:)?//", text), "another host"
    for tag in re.findall(r"<script\b[^>]*>", text):
        assert "src=" in tag or 'type="application/json"' in tag, f"inline script: {tag}"
    assert "|safe" not in text.replace("help_text|safe", ""), "markup that nobody cleaned"


def test_the_style_sheet_asks_nobody_else():
    css = (ROOT / "coop/kernel/static/coop/app.css").read_text()
    assert "url(" not in css
    assert "@import" not in css
    assert "!important" not in re.sub(r"@layer (?:utilities|print) {.*", "", css, flags=re.S)


def test_the_policy_of_the_answers_is_strict(client, db):
    policy = client.get("/accounts/login/")["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "*" not in policy
