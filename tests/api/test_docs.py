"""docs/api.md and the code say the same."""

import re
from pathlib import Path

from django.urls import resolve

from arena.api.application import api
from arena.api.openapi import document, operations
from arena.api.problems import TYPES
from arena.api.schemas import BattleOut, RevealedOut
from arena.battles.states import BattleState
from arena.votes.outcome import Outcome

DOCS = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text()


def test_every_endpoint_is_in_the_docs_and_every_address_of_the_docs_exists() -> None:
    written = set(re.findall(r"`(GET|POST) (/api/v1/[^\s`?]+)`?", DOCS))
    served = {(method.upper(), path) for path, method, _operation in operations(document(api))}

    assert written == served | {("GET", "/api/v1/openapi.json")}


def test_every_problem_type_is_in_the_docs_with_its_status() -> None:
    table = dict(re.findall(r"^\| (\d{3}) \| (.*) \|$", DOCS, re.MULTILINE))
    written = {(slug, int(status)) for status, slugs in table.items() for slug in re.findall(r"`([a-z0-9-]+)`", slugs)}

    assert written == {(kind.slug, kind.status) for kind in TYPES.values()}


def test_the_states_outcomes_and_keys_of_the_docs_are_those_of_the_code() -> None:
    [states] = re.findall(r"^- States: (.*)\.$", DOCS, re.MULTILINE)

    assert re.findall(r"`(\w+)`", states) == [state.value for state in BattleState]
    assert "|".join(outcome.value for outcome in Outcome) in DOCS
    for key in (*BattleOut.model_fields, *RevealedOut.model_fields):
        assert re.search(rf"\b{key}\b", DOCS), key


def test_the_docs_name_the_socket_its_messages_and_its_close_codes() -> None:
    from arena.web import consumers

    assert "`/ws/v1/battles/{id}?after=EVENT_ID`" in DOCS
    for kind in ("frame", "snapshot", "state"):
        assert f'type: "{kind}"' in DOCS
    for code in (consumers.NOT_FOUND, consumers.TRY_AGAIN, consumers.TOO_BIG):
        assert str(code) in DOCS


def test_the_probes_of_the_docs_exist() -> None:
    assert [resolve(path).url_name for path in re.findall(r"`GET (/(?:healthz|readyz|metrics))`", DOCS)] == [
        "healthz",
        "readyz",
        "metrics",
    ]
