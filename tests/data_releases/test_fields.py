"""A database column is released only where somebody decided so."""

import re

import pytest
from django.apps import apps

from data_releases.extract import Window, sources
from data_releases.fields import EXPORTED, WITHHELD
from tests.ballots import make_arena
from tests.data_releases.world import FIRST

OURS = [
    model
    for model in apps.get_models()
    # A proxy has the columns of its model.
    if model.__module__.startswith(("arena.", "data_releases.")) and not model._meta.proxy
]


def _fields():
    for model in OURS:
        label = f"{model._meta.app_label}.{model.__name__}"
        for field in model._meta.concrete_fields:
            yield label, f"{label}.{field.name}", (model._meta.db_table, field.column)


def test_every_column_of_a_model_that_feeds_a_release_is_exported_or_withheld_with_a_reason():
    feeding = {name.rpartition(".")[0] for name in EXPORTED}
    undecided = [name for label, name, _column in _fields() if label in feeding and name not in EXPORTED | WITHHELD]
    assert undecided == [], "decide in data_releases/fields.py whether a release may hold them"


def test_the_lists_name_only_what_exists_and_nothing_twice():
    names = {name for _label, name, _column in _fields()}
    assert set(EXPORTED) <= names
    assert set(WITHHELD) <= names
    assert not set(EXPORTED) & set(WITHHELD)


@pytest.mark.django_db
def test_the_queries_read_nothing_but_exported_columns_and_keys():
    by_column = {column: name for _label, name, column in _fields()}
    read = set()
    for source in sources(make_arena(), Window(FIRST, FIRST)).values():
        sql = str(source.rows.query)
        read |= {by_column[found] for found in re.findall(r'"(\w+)"\."(\w+)"', sql) if found in by_column}
    keys = {name for name, why in WITHHELD.items() if why == "a key of the database"}
    # `redraw_of`, policies and the like are only followed; `identity_matches` is only counted.
    assert read <= set(EXPORTED) | keys
