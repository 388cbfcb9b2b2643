"""Every answer has a request id, and one line in the log that says neither who nor what."""

import json
import logging
import re

import pytest
from django.test import Client

from arena.common import tracing
from arena.config.logs import Lines

GIVEN = "0e4fd4c3-95c1-4a7f-9d2e-6b5f0c1d2e3f"


@pytest.fixture
def lines():
    """The lines that the request wrote, read back from their JSON."""
    written = []

    class Keep(logging.Handler):
        def emit(self, record):
            written.append(json.loads(self.format(record)))

    handler = Keep()
    handler.setFormatter(Lines())
    logger = logging.getLogger("arena.requests")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield written
    logger.setLevel(logging.NOTSET)
    logger.removeHandler(handler)


def test_an_answer_names_its_request_and_two_requests_differ():
    first, second = (Client().get("/healthz")[tracing.HEADER] for _ in range(2))
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert first != second


def test_a_visitor_cannot_choose_the_id():
    assert Client().get("/healthz", headers={tracing.HEADER: GIVEN})[tracing.HEADER] != GIVEN


def test_a_trusted_proxy_chooses_it(settings):
    settings.ARENA_TRUSTED_PROXIES = ["127.0.0.1"]
    assert Client().get("/healthz", headers={tracing.HEADER: GIVEN})[tracing.HEADER] == GIVEN


@pytest.mark.parametrize("given", ["", "short", "x" * 65, "a b c d e f g h", "<script>alert(1)</script>"])
def test_not_even_a_trusted_proxy_can_give_what_is_no_id(settings, given):
    settings.ARENA_TRUSTED_PROXIES = ["127.0.0.1"]
    assert re.fullmatch("[0-9a-f]{32}", Client().get("/healthz", headers={tracing.HEADER: given})[tracing.HEADER])


@pytest.mark.parametrize(
    ("path", "route", "status"),
    [
        ("/api/v1/openapi.json?secret=canary", "/api/v1/openapi.json", 422),
        ("/canary/canary", "unmatched", 404),
        ("/battles/0e4fd4c3-95c1-4a7f-9d2e-6b5f0c1d2e3f", "/battles/<uuid:battle_id>", 404),
    ],
)
def test_a_line_has_the_route_instead_of_the_path(db, lines, path, route, status):
    answer = Client().get(path, headers={"X-Forwarded-For": "203.0.113.77", "Cookie": "canary=1"})
    (line,) = lines
    assert (line["route"], line["status"], line["method"]) == (route, status, "GET")
    assert line["request_id"] == answer[tracing.HEADER]
    assert line["duration_ms"] >= 0
    assert not re.search("canary|203.0.113|0e4fd4c3", json.dumps(line))


def test_a_method_that_is_none_is_not_repeated(db, lines):
    Client().generic("CANARY", "/api/v1/arenas")
    assert lines[0]["method"] == "other"


@pytest.mark.parametrize("path", ["/healthz", "/static/nothing.js"])
def test_probes_and_static_files_write_no_line(lines, path):
    Client().get(path)
    assert lines == []


def test_the_id_ends_with_its_request(db):
    Client().get("/api/v1/arenas")
    assert tracing.current() == ""


def test_what_a_view_raises_is_written_under_the_id_of_its_request_without_its_text(db, lines, monkeypatch):
    def broken(*_args):
        raise ValueError("zqxcanary")

    monkeypatch.setattr("arena.web.views.home.arena_states", broken)
    answer = Client(raise_request_exception=False).get("/")
    failure, line = lines
    assert failure["exception"][0]["class"] == "builtins.ValueError"
    assert "zqxcanary" not in json.dumps(failure)
    assert failure["request_id"] == line["request_id"] == answer[tracing.HEADER]
    assert line["status"] == 500


@pytest.mark.parametrize(
    ("method", "path", "slow_s", "level"),
    [
        ("GET", "/api/v1/openapi.json", 60, "debug"),
        ("GET", "/api/v1/openapi.json", 0, "info"),
        ("GET", "/nothing", 60, "info"),
        ("POST", "/consent", 60, "info"),
    ],
)
def test_what_was_read_without_trouble_is_a_line_for_debugging_alone(
    db, lines, monkeypatch, method, path, slow_s, level
):
    monkeypatch.setattr("arena.config.middleware.SLOW_S", slow_s)
    Client().generic(method, path)
    assert lines[0]["level"] == level
