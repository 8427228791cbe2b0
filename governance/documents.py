"""Papers of the ballots: a question's result, for the meeting and the minutes, and the form of a proxy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coop.kernel.paper import compiled, language, letterhead

from .models import Count, Meeting
from .selectors.outcomes import Outcome, outcome
from .selectors.results import participation
from .words import local

ACROSS = 6  # columns of figures that a page takes beside the names


def result_pdf(count: Count) -> bytes:
    """One question's result on A4: who and why, every stage, and what anybody needs to count again."""
    return compiled("result.typ", [result_data(count)], count.counted_at)


def result_data(count: Count) -> dict[str, Any]:
    """Everything the paper says, in words. ``tables`` hold at most ``ACROSS`` columns beside the names."""
    shown, ballot = outcome(count.question, count.result), count.ballot
    part, title = participation(ballot), count.question.title
    counted = date_format(count.counted_at.astimezone(ZoneInfo(ballot.coop.time_zone)), "j F Y, H:i")
    return {
        "lang": language(),
        "title": f"{title} · {ballot.title} · {ballot.coop.name}",
        "coop": letterhead(ballot.coop),
        "over": _("%(ballot)s · counted %(when)s") % {"ballot": ballot.title, "when": counted},
        "headline": title,
        "lead": f"{shown.sentence} {shown.detail}".strip(),
        "text": count.question.text,
        "facts": {
            "head": [_("Papers"), ""],
            "rows": [
                [_("On the roll"), f"{part.roll:,}"],
                [_("Papers"), f"{count.papers:,}"],
                [_("Blank"), f"{shown.blank:,}"],
                [_("Valid"), f"{count.valid:,}"],
                *([[_("Quota"), shown.quota_text]] if shown.quota_text else []),
            ],
        },
        "moved": [
            _("The close was moved from %(was)s to %(until)s: %(because)s")
            % {"was": local(each.was, ballot.coop), "until": local(each.until, ballot.coop), "because": each.because}
            for each in (ballot.extensions.all() if ballot.was_extended else ())
        ],
        "tables_heading": _("One against one") if shown.pairs else _("The count, stage by stage"),
        "tables_note": _("How many voters prefer the row to the column.") if shown.pairs else "",
        "tables": list(_one_against_one(shown) if shown.pairs else _stages(shown)),
        "stages_heading": _("Each stage in a sentence"),
        "stages": list(shown.stages) if shown.has_stages else [],
        "ties": list(shown.ties),
        "check_heading": _("Anyone can count again"),
        "check": _(
            "The papers, without names, and this count are on the result page. These sums tell that they are whole."
        ),
        "hashes": [
            [_("Papers counted"), count.papers_hash],
            [_("Manifest: what was put to the vote"), ballot.manifest_hash],
            [_("Commitment to the lot, from before the opening"), ballot.tie_commitment],
        ],
        "foot": f"{ballot.coop.name} · {ballot.title}",
    }


def _parts(columns: Sequence) -> Iterator[range]:
    for start in range(0, len(columns), ACROSS):
        yield range(start, min(start + ACROSS, len(columns)))


def _stages(shown: Outcome) -> Iterator[dict[str, list]]:
    for part in _parts(shown.exhausted):
        rows = [[row.name, *(_said(row.cells[at]) for at in part)] for row in shown.rows]
        if shown.has_stages:
            rows.append([_("No further choice"), *(shown.exhausted[at] for at in part)])
        head = [_("Stage %s") % (at + 1) for at in part] if shown.has_stages else [_("Votes")]
        yield {"head": [_("Candidate"), *head], "rows": rows}


def _said(cell) -> str:
    """The figure, and beside it only that somebody is in: what moved stands in the stage's sentence."""
    return f"{cell.text} · {cell.note}" if cell.state == "in" and cell.note else cell.text


def _one_against_one(shown: Outcome) -> Iterator[dict[str, list]]:
    names = shown.result.candidates
    for part in _parts(names):
        yield {
            "head": [_("Candidate"), *(names[at] for at in part)],
            "rows": [[name, *(row[at] or "–" for at in part)] for name, row in shown.pairs],
        }


def proxy_form_pdf(meeting: Meeting) -> bytes:
    """The form to give a proxy at a meeting that takes them, on one A4, to fill in and sign by hand."""
    return compiled("form.typ", [proxy_form_data(meeting)], meeting.starts_at)


def proxy_form_data(meeting: Meeting) -> dict[str, Any]:
    """Everything the form says. Its rules are the meeting's own."""
    rule, coop = meeting.proxy_rule, meeting.coop
    blanks = [_("Name"), _("Member number"), _("Signature"), _("Date")]
    most = ngettext("One member holds one proxy at most.", "One member holds %s proxies at most.", rule.per_holder)
    lines = [
        _("This form must be with us before %s, signed by both.") % local(rule.until, coop),
        f"{(most % rule.per_holder) if rule.per_holder > 1 else most} {rule.get_holders_display()}.",
        *([] if rule.officers_hold else [_("Nobody who holds an office of the co-op may hold a proxy.")]),
        _("Whoever gives a proxy holds none, and whoever holds one gives none: a vote is not handed on."),
        _("You can take the proxy back. What was cast for you before that stands: one member, one vote."),
        _("It holds for every vote of this meeting. In a secret ballot the holder casts a paper of its own for you."),
        *([rule.cite] if rule.cite else []),
    ]
    return {
        "lang": language(),
        "title": f"{_('Proxy')} · {meeting.title} · {coop.name}",
        "coop": letterhead(coop),
        "over": f"{meeting.title} · {local(meeting.starts_at, coop)}",
        "headline": _("Proxy"),
        "lead": _("For a member who cannot come and wants another member to vote for them at this meeting."),
        "parts": [
            {
                "heading": _("Who gives the proxy"),
                "words": _("The member named below votes for me at this meeting."),
                "blanks": blanks,
            },
            {"heading": _("Who holds it"), "words": _("I accept, and vote for the member above."), "blanks": blanks},
        ],
        "rules": lines,
        "foot": f"{coop.name} · {meeting.title}",
    }
