"""The fast ways to hash and to write say exactly what the slow ones say."""

import hashlib
import json
from datetime import UTC, date, datetime

import pytest
import rfc8785
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from coop.kernel.canonical import plain
from coop.kernel.copying import Json, Rows, Written, next_keys, text_of
from governance.digests import entry_digest
from members.models import ImportBatch, ImportRow, Party

WORDS = st.text(st.characters(exclude_categories=["Cs"]))
PARTS = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | WORDS
FACTS = st.dictionaries(st.text(st.characters(max_codepoint=127)), PARTS | st.lists(PARTS | st.lists(PARTS)))


@given(FACTS)
def test_plain_facts_have_their_rfc_8785_form(facts):
    assert plain(facts) == rfc8785.dumps(facts)


@given(WORDS, WORDS, st.integers(0, 2**53 - 1), st.booleans(), st.lists(WORDS))
def test_a_line_of_a_roll_is_hashed_in_its_rfc_8785_form(name, class_name, number, eligible, reasons):
    said = {"name": name, "number": number, "eligible": eligible, "reasons": reasons}
    digest = entry_digest(salt="00ff", class_name=class_name, **said)
    assert digest == hashlib.sha256(b"\x00\xff" + rfc8785.dumps(said | {"class": class_name})).hexdigest()


@pytest.mark.parametrize("facts", [{"a": 1.5}, {"ä": 1}, {"a": 2**53}, {"a": {"b": 1}}, {"a": [[{"b": 1}]]}])
def test_what_is_not_plain_is_refused(facts):
    with pytest.raises(ValueError, match="canonical|ASCII"):
        plain(facts)


@pytest.mark.django_db
def test_what_is_copied_is_what_was_meant(coop):
    batch = ImportBatch.objects.create(coop=coop, file_name="a", digest="d", size=1, encoding="UTF-8", delimiter=",")
    odd = 'a\\b\tc\nd\r"e" {f},\\N \N{SNOWMAN}'
    names = ["id", "line", "cells", "data", "group", "state", "codes", "problems"]
    rows = Rows(ImportRow, names, coop_id=coop.pk, batch_id=batch.pk)
    keys = next_keys(ImportRow, 2)
    rows.add(keys[0], 1, Json([odd]), Json({"k": odd, "n": None}), odd, ImportRow.State.READY, [odd, ""], Json([odd]))
    rows.add(keys[1], 2, Json([]), Json({}), "", "held", [], Json([]))
    rows.send()
    one, two = ImportRow.objects.order_by("line")
    assert [one.pk, two.pk] == keys
    assert (one.cells, one.data, one.group, one.codes) == ([odd], {"k": odd, "n": None}, odd, [odd, ""])
    assert (one.state, one.is_holder, two.state, two.codes) == ("ready", True, "held", [])
    with connection.cursor() as cursor:
        cursor.execute("SELECT cells::text FROM members_importrow WHERE id = %s", [one.pk])
        assert json.loads(cursor.fetchone()[0]) == [odd]


def test_values_as_copy_reads_them():
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert [text_of(each) for each in (None, True, False, 7, date(2026, 3, 1), moment)] == [
        r"\N", "t", "f", "7", "2026-03-01", "2026-03-01T12:00:00+00:00",
    ]  # fmt: skip
    assert text_of(Written(r"[\\n]")) == r"[\\n]"
    with pytest.raises(TypeError, match="float"):
        text_of(1.5)
    with pytest.raises(ValueError, match="colour"):
        Rows(Party, ["colour"])
