"""The papers of a question, aggregated by the database and streamed: marks and how many papers bear them."""

from __future__ import annotations

import json
from collections.abc import Iterator

from django.db import connection, models, transaction

from ..models import PaperBatch, Question
from ..tally import Votes

# jsonb text is canonical for lists of numbers, so equal marks are equal text; "C" sorts alike on every machine.
AGGREGATED = """
    SELECT mark::text, sum(papers)::bigint FROM (
        SELECT v.marks -> %(key)s AS mark, e.votes::bigint AS papers
          FROM governance_recordedvote v JOIN governance_rollentry e ON e.id = v.entry_id
         WHERE v.ballot_id = %(ballot)s
           AND NOT EXISTS (SELECT FROM governance_recordedvote later WHERE later.replaces_id = v.id)
        UNION ALL
        SELECT o.mark, o.count FROM governance_openedpack o WHERE o.question_id = %(question)s
        UNION ALL
        SELECT u.mark, u.count FROM governance_urnpack u WHERE u.question_id = %(question)s
        UNION ALL
        SELECT p.mark, p.count
          FROM governance_paperpack p JOIN governance_paperbatch b ON b.id = p.batch_id
         WHERE b.question_id = %(question)s AND b.sealed AND b.undone_at IS NULL
    ) cast_papers
    GROUP BY mark ORDER BY mark::text COLLATE "C"
"""


def aggregated(question: Question) -> Iterator[tuple[str, int]]:
    """Every different paper as JSON text with its number, in a fixed order, over a server-side cursor.

    Recorded votes count in their current version, secret papers once their box is open, paper batches unless undone.
    """
    values: dict[str, str | int] = {"key": str(question.pk), "ballot": question.ballot_id, "question": question.pk}
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(AGGREGATED, values)
        while rows := cursor.fetchmany(5000):
            yield from rows


BY_CLASS = """
    SELECT e.class_name,
           sum(e.votes) AS roll,
           coalesce(sum(e.votes) FILTER (WHERE v.id IS NOT NULL), 0) AS present,
           coalesce(sum(e.votes) FILTER (WHERE v.marks -> %(key)s = '[0]'), 0) AS in_favour,
           coalesce(sum(e.votes) FILTER (WHERE v.marks -> %(key)s = '[1]'), 0) AS against,
           coalesce(sum(e.votes) FILTER (WHERE v.marks -> %(key)s = '[2]'), 0) AS abstain
      FROM governance_rollentry e
      JOIN governance_ballot b ON b.roll_id = e.roll_id
      LEFT JOIN governance_recordedvote v ON v.ballot_id = b.id AND v.entry_id = e.id
           AND NOT EXISTS (SELECT FROM governance_recordedvote later WHERE later.replaces_id = v.id)
     WHERE b.id = %(ballot)s AND e.eligible
     GROUP BY e.class_name
"""


OPENED_BY_CLASS = """
    SELECT e.class_name,
           sum(e.votes) AS roll,
           coalesce(max(o.present), 0), coalesce(max(o.in_favour), 0),
           coalesce(max(o.against), 0), coalesce(max(o.abstain), 0)
      FROM governance_rollentry e
      JOIN governance_ballot b ON b.roll_id = e.roll_id
      LEFT JOIN (SELECT k.class_name, sum(k.count)::bigint AS present,
                        sum(k.count) FILTER (WHERE k.mark = '[0]')::bigint AS in_favour,
                        sum(k.count) FILTER (WHERE k.mark = '[1]')::bigint AS against,
                        sum(k.count) FILTER (WHERE k.mark = '[2]')::bigint AS abstain
                   FROM (SELECT class_name, mark, count, question_id FROM governance_openedpack UNION ALL
                         SELECT class_name, mark, count, question_id FROM governance_urnpack) k
                  WHERE k.question_id = %(question)s GROUP BY k.class_name) o
             ON o.class_name = e.class_name
     WHERE b.id = %(ballot)s AND e.eligible
     GROUP BY e.class_name
"""


def motion_by_class(question: Question) -> dict[str, Votes]:
    """A motion's votes apart for each class on the roll, with how many were cast and how many there are."""
    values: dict[str, str | int] = {
        "key": str(question.pk),
        "ballot": question.ballot_id,
        "question": question.pk,
    }
    query = OPENED_BY_CLASS if question.ballot.is_secret else BY_CLASS
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return {
            name: Votes(in_favour, against, abstain, present=present, roll=roll)
            for name, roll, present, in_favour, against, abstain in cursor
        }


def as_key(mark: list) -> tuple:
    """A mark as the tally takes it: tuples within tuples for equal ranks."""
    return tuple(tuple(part) if isinstance(part, list) else part for part in mark)


def papers_of(question: Question) -> dict[tuple, int]:
    """Every different paper of a question and how many there are of it."""
    return {as_key(json.loads(mark)): count for mark, count in aggregated(question)}


def papers_in(question: Question) -> int:
    """How many papers of a question came in from files and stand."""
    found = PaperBatch.objects.filter(question=question).standing()
    return found.aggregate(total=models.Sum("papers"))["total"] or 0
