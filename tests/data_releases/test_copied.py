"""Texts come out of the database as they are, whatever they hold."""

import pyarrow as pa
import pytest
from django.db.models import F, TextField, Value
from django.db.models.functions import Concat

from arena.arenas.models import Arena
from data_releases.copied import copied, source_of
from tests.ballots import make_arena

pytestmark = pytest.mark.django_db

ODD = [
    "", " ", "plain", "NULL", 'she said "no"', '"', '""', "back\\slash", "\\", "end\\", '\\"', "\\n", "a,b", "(a)",
    ")", "line\nbreak", "\r\n", "\n", "\ttab ", "{}", "漢字 é 🎵",
]  # fmt: skip


def test_odd_texts_and_none_come_as_they_are_in_every_place_of_a_row():
    arenas = [make_arena(slug=f"arena-{n}") for n in range(3)]
    rows = Arena.objects.filter(pk__in=[arena.pk for arena in arenas])
    columns = {}
    for n, text in enumerate(ODD):
        columns[f"own_{n}"] = (Concat(Value(text), F("slug"), output_field=TextField()), pa.string())
        columns[f"none_{n}"] = (Value(None, output_field=TextField()), pa.string())
        columns[f"same_{n}"] = (Value(text, output_field=TextField()), pa.string())
    for last in ("none_0", "same_0", "own_3"):
        order = [name for name in columns if name != last] + [last]
        found = copied(source_of(rows, **{name: columns[name] for name in order})).to_pylist()
        assert sorted(found, key=lambda row: row["own_0"]) == [
            {name: _expected(name, arena.slug) for name in order} for arena in arenas
        ]


def _expected(name, slug):
    kind, _, number = name.partition("_")
    return {"own": ODD[int(number)] + slug, "same": ODD[int(number)], "none": None}[kind]


def test_no_row_is_a_table_without_rows():
    nobody = Arena.objects.filter(slug="nobody")
    assert copied(source_of(nobody, slug=("slug", pa.string()))).to_pydict() == {"slug": []}
