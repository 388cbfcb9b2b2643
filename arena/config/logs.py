"""One JSON object per line on standard error, for every process, without anything that somebody typed or keeps secret.

Three walls, since whoever writes a log line thinks of the one value before him:

- An exception is printed as its class and the places it went through, never its text: database errors quote values.
- The arena's own messages are written as they are. Of a library's message only the template is: the values in it are
  replaced by "…" unless they are numbers, and an exception among them by its class.
- Whatever the settings keep secret is cut out of the finished line.

Libraries speak from WARNING up, whatever `ARENA_LOG_LEVEL` says: on DEBUG they write headers and parameters.
"""

import json
import logging
import os
import re
import sys
import threading
import traceback
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final

from arena.common import tracing

#: Loggers whose messages are ours to answer for.
OURS: Final = ("arena", "workers", "ops")
#: What a line may carry besides its message: `logger.info("…", extra={…})`.
FIELDS: Final = ("method", "route", "status", "duration_ms")
_MAX_FOREIGN_CHARS: Final = 200
_MIN_SECRET_CHARS: Final = 8
_HIDDEN: Final = "…"
_QUOTED: Final = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")


class _Process:
    """How this process calls itself in its lines."""

    name = "command"


def name_process(name: str) -> None:
    """Say what this process is: `web`, `worker:streams`, `beat`."""
    _Process.name = name


def _is_ours(logger_name: str) -> bool:
    return logger_name.split(".", 1)[0] in OURS


def _message_of(record: logging.LogRecord) -> str:
    """The message with its values: all of them in ours, harmless ones in a library's."""
    template = str(record.msg)
    if _is_ours(record.name):
        return _filled(template, record.args)
    # Without arguments, the values may be in the text already; what libraries quote is a value.
    filled = _filled(template, _shown_args(record.args)) if record.args else _QUOTED.sub(_HIDDEN, template)
    return next(iter(filled.splitlines()), "")[:_MAX_FOREIGN_CHARS]


def _filled(template: str, args: Any) -> str:
    try:
        return template % args if args else template
    except (TypeError, ValueError, KeyError):
        return template


def _shown_args(args: Any) -> Any:
    if isinstance(args, Mapping):
        return {name: _shown(value) for name, value in args.items()}
    return tuple(_shown(value) for value in args)


def _shown(value: object) -> object:
    if isinstance(value, int | float) or value is None:
        return value
    return type(value).__name__ if isinstance(value, BaseException) else _HIDDEN


def _chain(error: BaseException | None) -> Iterable[BaseException]:
    """The exception and what led to it, as Python would print them, the newest first."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _described(error: BaseException) -> dict[str, Any]:
    """Class and places; of a database error its SQLSTATE and constraint too, which name no value."""
    frames = traceback.extract_tb(error.__traceback__)
    described: dict[str, Any] = {
        "class": f"{type(error).__module__}.{type(error).__qualname__}",
        "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
    if sqlstate := getattr(error, "sqlstate", None):
        described["sqlstate"] = sqlstate
        described["constraint"] = getattr(getattr(error, "diag", None), "constraint_name", None)
    return described


def _facts_of(record: logging.LogRecord) -> dict[str, Any]:
    """What a line says, in its order."""
    facts: dict[str, Any] = {
        "event": _message_of(record),
        "level": record.levelname.lower(),
        "logger": record.name,
        "process": _Process.name,
        "pid": os.getpid(),
    }
    if request_id := tracing.current():
        facts["request_id"] = request_id
    facts |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
    facts["at"] = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    if record.exc_info and record.exc_info[1] is not None:
        facts["exception"] = [_described(error) for error in _chain(record.exc_info[1])]
    return facts


class Lines(logging.Formatter):
    """The formatter of every line; `secrets` are cut out wherever they turn up."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        # The longest first: one secret may hold another. What is very short would blank half of every line.
        self._secrets = sorted({one for one in secrets if len(one) >= _MIN_SECRET_CHARS}, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        """One JSON object."""
        line = json.dumps(_facts_of(record), ensure_ascii=False, default=repr)
        for secret in self._secrets:
            line = line.replace(secret, "[secret]")
        return line


def logging_config(level: str, secrets: Iterable[str]) -> dict[str, Any]:
    """The `LOGGING` setting. uvicorn brings handlers of its own, which would write plain text: they are taken away."""
    through = {"handlers": [], "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": Lines, "secrets": list(secrets)}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            **{name: {"level": level} for name in OURS},
            # Its handlers write to the console in debug mode alone, and mail to nobody. What it says of a request is
            # the path, which a visitor writes; `arena.requests` has the route, and what a view raised.
            "django": through,
            "django.request": {"level": "CRITICAL"},
            **dict.fromkeys(("uvicorn", "uvicorn.error", "uvicorn.access"), through),
        },
    }


def log_uncaught() -> None:
    """What nobody catches becomes a line too, instead of a traceback with its values on standard error."""
    logger = logging.getLogger(__name__)

    def uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt | SystemExit):
            sys.__excepthook__(kind, error, trace)
            return
        logger.critical("uncaught", exc_info=(kind, error, trace))

    def in_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            uncaught(args.exc_type, args.exc_value, args.exc_traceback)

    def unraisable(args: Any) -> None:
        if args.exc_value is not None:
            logger.error("unraisable", exc_info=(args.exc_type, args.exc_value, args.exc_traceback))

    sys.excepthook, threading.excepthook, sys.unraisablehook = uncaught, in_thread, unraisable
    logging.captureWarnings(capture=True)
