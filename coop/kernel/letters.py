"""What a letter says, written once: a text template gives the subject, the plain letter and its HTML twin.

A letter's template lies under ``templates/mail/`` (or an app's folder below it) and holds nothing but text: the first
line is the subject, an empty line, then the letter in paragraphs. Names, amounts and links are put in as they are;
the HTML twin escapes them. So the two cannot say different things.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.template import Context
from django.template.loader import get_template, render_to_string


@dataclass(frozen=True)
class Letter:
    """Ready for ``outbox.put(to=…, subject=…, text=…, html=…)``."""

    subject: str
    text: str
    html: str


def write(template: str, *, coop: Any = None, **values: Any) -> Letter:
    """The letter of ``templates/mail/<template>.txt``, with ``values`` and ``coop`` in it.

    Raises ``ValueError`` when the template has no subject line or no body.
    """
    # Plain text is not HTML: nothing is escaped here, and the twin escapes the finished words.
    plain: Any = get_template(f"mail/{template}.txt")
    whole = str(plain.template.render(Context(values | {"coop": coop}, autoescape=False))).strip()
    subject, _, body = whole.partition("\n")
    subject, body = " ".join(subject.split()), body.strip()
    if not subject or not body:
        raise ValueError(f"mail/{template}.txt needs a subject line, an empty line, and a letter.")
    frame = {"coop": coop, "subject": subject, "body": body}
    text = render_to_string("mail/base.txt", frame).strip() + "\n"
    return Letter(subject, text, render_to_string("mail/base.html", frame))
