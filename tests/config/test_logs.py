"""A log line is one JSON object, and holds nothing that somebody typed or keeps secret."""

import json
import logging
import sys

import pytest
from django.db import IntegrityError, connection

from arena.common import tracing
from arena.config import logs

CANARY = "zqx canary of a visitor"


def line_of(
    logger="arena.test", message="a message", *args, level=logging.WARNING, exc_info=None, secrets=(), **extra
):
    record = logging.getLogger(logger).makeRecord(logger, level, __file__, 1, message, args, exc_info, extra=extra)
    text = logs.Lines(secrets).format(record)
    assert "\n" not in text
    return json.loads(text), text


def caught(raising):
    try:
        raising()
    except (LookupError, ValueError, IntegrityError):
        return sys.exc_info()
    raise AssertionError("nothing was raised")


def test_a_line_says_when_who_and_what():
    line, _text = line_of("arena.web.hub", "stream of %s away", "redis")
    assert {"at", "level", "logger", "event", "process", "pid"} == set(line)
    assert (line["level"], line["logger"], line["event"]) == ("warning", "arena.web.hub", "stream of redis away")


def test_a_line_of_a_request_carries_its_id():
    with tracing.use("a1b2c3d4e5f6"):
        assert line_of()[0]["request_id"] == "a1b2c3d4e5f6"


def test_only_fields_that_are_agreed_upon_are_added():
    line, text = line_of(route="/x", prompt=CANARY)
    assert line["route"] == "/x"
    assert CANARY not in text


def test_a_message_with_line_breaks_stays_one_line():
    assert line_of("arena.test", "first\nsecond")[0]["event"] == "first\nsecond"


def inner():
    prompt = CANARY
    raise ValueError(f"cannot parse {prompt}")


def outer():
    try:
        inner()
    except ValueError as error:
        raise KeyError(CANARY) from error


def test_an_exception_is_its_class_and_its_places_without_text_or_locals():
    line, text = line_of(exc_info=caught(outer))
    assert [one["class"] for one in line["exception"]] == ["builtins.KeyError", "builtins.ValueError"]
    assert any(place.endswith(" inner") for place in line["exception"][1]["at"])
    assert CANARY not in text


def test_a_chain_that_was_hidden_stays_hidden_and_one_that_loops_ends():
    def hidden():
        try:
            inner()
        except ValueError:
            raise KeyError from None

    def looping():
        error = ValueError()
        error.__cause__ = error
        raise error

    assert len(line_of(exc_info=caught(hidden))[0]["exception"]) == 1
    assert len(line_of(exc_info=caught(looping))[0]["exception"]) == 1


@pytest.mark.django_db
def test_an_error_of_the_database_keeps_its_state_and_constraint_but_no_value():
    def violate():
        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE canaries (word text CONSTRAINT one_word UNIQUE)")
            cursor.execute("INSERT INTO canaries VALUES (%s), (%s)", [CANARY, CANARY])

    info = caught(violate)
    assert isinstance(info[1], IntegrityError)
    assert CANARY in str(info[1])  # the reason for all this
    line, text = line_of(exc_info=info)
    assert line["exception"][1]["sqlstate"] == "23505"
    assert line["exception"][1]["constraint"] == "one_word"
    assert CANARY not in text


@pytest.mark.parametrize(
    ("message", "args", "expected"),
    [
        ("Task %s raised: %s after %d s", ("arena.x", ValueError(CANARY), 3), "Task … raised: ValueError after 3 s"),
        ("Task %(name)s: %(exc)r", ({"name": CANARY, "exc": CANARY},), "Task …: '…'"),
        (
            f"Task exception was never retrieved\nfuture: ValueError({CANARY!r})",
            (),
            "Task exception was never retrieved",
        ),
        (f"Invalid HTTP_HOST header: {CANARY!r}. Add {CANARY!r}.", (), "Invalid HTTP_HOST header: …. Add …."),
        ("Cannot connect to %s: %s.\n%s", ("redis://x", OSError(CANARY), CANARY), "Cannot connect to …: OSError."),
        ("%s and %s", (1,), "%s and %s"),
    ],
)
def test_of_a_librarys_message_only_the_template_and_numbers_are_written(message, args, expected):
    line, text = line_of("celery.app.trace", message, *args)
    assert line["event"] == expected
    assert CANARY not in text


def test_secrets_are_cut_out_wherever_they_turn_up_the_longest_first():
    line, text = line_of(
        "arena.test", "key %s", "sk-canary-12345678", secrets=["sk-canary", "sk-canary-12345678", "no"]
    )
    assert line["event"] == "key [secret]"
    assert "sk-canary" not in text
    assert line_of(secrets=["no"], message="nobody")[0]["event"] == "nobody"


def test_libraries_speak_from_warning_up_whatever_the_level_of_the_arena():
    config = logs.logging_config("DEBUG", [])
    assert config["root"]["level"] == "WARNING"
    assert all(config["loggers"][name]["level"] == "DEBUG" for name in logs.OURS)


def test_uvicorn_writes_through_our_handler():
    config = logs.logging_config("INFO", [])
    assert all(config["loggers"][name]["handlers"] == [] for name in ("uvicorn", "uvicorn.error"))
