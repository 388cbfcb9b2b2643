"""GET /api/v1/openapi.json: complete, and true."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from typing import Any
from zlib import crc32

import pytest
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, settings
from pytest_django import DjangoDbBlocker

from arena.accounts.services import voter_of_token
from arena.api.application import api
from arena.api.openapi import document, operations
from tests.api.callers import Program, program
from tests.ballots import make_arena, make_battle, make_versions
from tests.kept_rows import kept_rows

DOCUMENT = document(api)
OPERATIONS = list(operations(DOCUMENT))
PROTECTED = [each for each in OPERATIONS if each[0].startswith(("/api/v1/battles", "/api/v1/consent"))]
#: Each beside a document of the same.
TABLES = [path for path, _method, _operation in OPERATIONS if path.endswith(".csv")]
OF_THE_DOCUMENT = (
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "negative_data_rejection",
    "response_schema_conformance",
)


def test_the_document_is_served_without_asking_who_reads_it() -> None:
    response = Client().get("/api/v1/openapi.json")

    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    assert response.json()["openapi"].startswith("3.1")


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS, ids=lambda part: str(part)[:60])
def test_every_endpoint_says_what_it_does_and_what_can_go_wrong(path: str, method: str, operation: Any) -> None:
    assert operation["description"]
    assert operation["tags"]
    for status, response in operation["responses"].items():
        if int(status) >= 400:
            assert "application/problem+json" in response["content"]
            assert response["description"].startswith("Problem: `")
        if int(status) in {429, 503}:
            assert "Retry-After" in response["headers"]
    assert {405, 500, 503} <= {int(status) for status in operation["responses"]}


@pytest.mark.parametrize(("path", "method", "operation"), PROTECTED, ids=lambda part: str(part)[:60])
def test_every_endpoint_of_a_voter_names_both_ways_to_say_who_one_is(path: str, method: str, operation: Any) -> None:
    assert operation["security"] == [{"Program": []}, {"Browser": []}]
    assert set(DOCUMENT["components"]["securitySchemes"]) == {"Program", "Browser"}
    named = {parameter["name"] for parameter in operation["parameters"]}
    assert "X-Voter" in named
    assert ("X-CSRFToken" in named) == (method == "post")


def test_every_request_body_has_an_example_that_the_endpoint_takes() -> None:
    for _path, _method, operation in OPERATIONS:
        if "requestBody" in operation:
            reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
            assert DOCUMENT["components"]["schemas"][reference.rsplit("/", 1)[1]]["examples"]


def test_no_request_body_takes_unknown_fields() -> None:
    for name, schema in DOCUMENT["components"]["schemas"].items():
        if name.endswith("In"):
            assert schema["additionalProperties"] is False, name


@pytest.mark.parametrize("path", TABLES)
def test_a_table_takes_what_its_document_takes(path: str) -> None:
    table, beside = (DOCUMENT["paths"][each]["get"] for each in (path, path.removesuffix(".csv")))
    assert table["parameters"] == beside["parameters"]


@contextmanager
def _one_transaction(*, undone: bool = False) -> Iterator[None]:
    """Keep Django from closing the connection of the test's transaction around a request, as its test client does.

    `undone`: what the request changed is as it was before.
    """
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        with transaction.atomic() if undone else nullcontext():
            yield
            if undone:
                transaction.set_rollback(True)
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


@cache
def _served() -> Any:
    """The document as it is served, read by schemathesis: an import of seconds, so only where it is asked."""
    import schemathesis

    with _one_transaction():
        read = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())
    # Of the methods that no address takes a safe one and an unsafe one; `test_problems` sends them all.
    read.config.phases.coverage.unexpected_methods = {"options", "delete"}
    return read


def _run_with_every_case(path: str, method: str, check: Callable[..., None]) -> None:
    """As `schema.parametrize()` does for an operation: examples, the bounds of every field, and drawn cases."""
    from schemathesis.generation.feedback import NO_FEEDBACK
    from schemathesis.pytest._test_builder import build_operation_test

    schema = _served()
    # The bounds of every field go to one of two addresses that take the same; what is drawn goes to both.
    schema.config.phases.coverage.enabled = path not in TABLES
    build_operation_test(
        config=schema.config, operation=schema[path][method], test_func=check, given_kwargs={}, feedback=NO_FEEDBACK
    )()


@pytest.fixture(scope="module")
def owned(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[Program, str]]:
    """Alice, and the id of a battle that is ready for her vote."""
    with kept_rows(django_db_blocker):
        arena = make_arena()
        left, right = make_versions(arena, ["CanaryLeft", "CanaryRight"])
        alice = program("study", "alice")
        yield alice, str(make_battle(arena, left, right, voter=voter_of_token(alice.token, "alice")).id)


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "method"), [each[:2] for each in OPERATIONS])
def test_whatever_is_sent_is_answered_as_the_document_says(
    path: str, method: str, valkey: Any, owned: tuple[Program, str]
) -> None:
    from schemathesis import checks
    from schemathesis.specs.openapi import checks as of_document

    alice, ready = owned
    promises = [checks.not_a_server_error, *(getattr(of_document, name) for name in OF_THE_DOCUMENT)]

    @settings(
        max_examples=5,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def answered(case: Any) -> None:
        parameters = case.path_parameters or {}
        # Half of the examples meet what exists, the same ones when they are repeated; the other half meets the 404s.
        if crc32(repr((parameters, case.query, case.headers, case.body)).encode()) % 2:
            if "battle_id" in parameters:
                parameters["battle_id"] = ready
            if "slug" in parameters:
                parameters["slug"] = "text"

        headers = alice.headers()
        if "X-Voter" in (case.headers or {}) and case.meta.generation.mode.is_negative:
            # A name that is wrong on purpose stays wrong.
            del headers["X-Voter"]
        with _one_transaction(undone=parameters.get("battle_id") == ready):
            response = case.call(headers=headers)

        case.validate_response(response, checks=promises)

    _run_with_every_case(path, method, answered)
