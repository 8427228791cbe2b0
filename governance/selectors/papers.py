"""The papers of a question, aggregated by the database and streamed: marks and how many papers bear them."""

from __future__ import annotations

import json
from collections.abc import Iterator

from django.db import connection, models, transaction

from ..models import PaperBatch, Question

# jsonb text is canonical for lists of numbers, so equal marks are equal text; "C" sorts alike on every machine.
AGGREGATED = """
    SELECT mark::text, sum(papers)::bigint FROM (
        SELECT v.marks -> %(key)s AS mark, 1::bigint AS papers
          FROM governance_recordedvote v
         WHERE v.ballot_id = %(ballot)s
           AND NOT EXISTS (SELECT FROM governance_recordedvote later WHERE later.replaces_id = v.id)
        UNION ALL
        SELECT p.mark, p.count
          FROM governance_paperpack p JOIN governance_paperbatch b ON b.id = p.batch_id
         WHERE b.question_id = %(question)s AND b.sealed AND b.undone_at IS NULL
    ) cast_papers
    GROUP BY mark ORDER BY mark::text COLLATE "C"
"""


def aggregated(question: Question) -> Iterator[tuple[str, int]]:
    """Every different paper as JSON text with its number, in a fixed order, over a server-side cursor.

    Recorded votes count in their current version, paper batches unless undone.
    """
    values: dict[str, str | int] = {"key": str(question.pk), "ballot": question.ballot_id, "question": question.pk}
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(AGGREGATED, values)
        while rows := cursor.fetchmany(5000):
            yield from rows


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
