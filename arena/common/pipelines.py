"""One round trip to Redis for what many coroutines write at about the same time.

A process that conducts two hundred battles writes two thousand frames a second. Alone, each would cost a connection
from the pool, a system call each way and a wake-up; together, those of some milliseconds share them.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from itertools import islice
from typing import Any, Final, TypeAlias

import redis.asyncio
from redis.exceptions import ConnectionError, RedisError  # noqa: A004 - redis-py's own name

#: How long the first command of a round trip waits for others: a tenth of a frame.
WINDOW_S: Final = 0.01

Command: TypeAlias = Sequence[str]
#: Commands of one caller, and where their answers go.
Waiting: TypeAlias = tuple[Sequence[Command], "asyncio.Future[list[Any]]"]


class Pipelines:
    """Collects commands and sends them together; belongs to one event loop."""

    def __init__(self, connection: "redis.asyncio.Redis") -> None:
        self._redis = connection
        self._waiting: list[Waiting] = []
        self._running: set[asyncio.Task[None]] = set()

    async def send(self, *commands: Command) -> list[Any]:
        """Send the commands, in this order, with those of others; returns their answers.

        Raises:
            RedisError: one of them failed, or Redis did not answer.
        """
        loop = asyncio.get_running_loop()
        answers: asyncio.Future[list[Any]] = loop.create_future()
        self._waiting.append((commands, answers))
        if len(self._waiting) == 1:
            loop.call_later(WINDOW_S, self._begin)
        return await answers

    def _begin(self) -> None:
        batch, self._waiting = self._waiting, []
        task = asyncio.create_task(self._flush(batch), name="arena-pipeline")
        self._running.add(task)
        task.add_done_callback(partial(self._ended, batch))

    def _ended(self, batch: list[Waiting], task: "asyncio.Task[None]") -> None:
        """Nobody waits for ever for a round trip that was cancelled or has a defect."""
        self._running.discard(task)
        error = None if task.cancelled() else task.exception()
        for _commands, future in batch:
            _fail(future, error or ConnectionError("the round trip ended without an answer"))

    async def _flush(self, batch: list[Waiting]) -> None:
        pipe = self._redis.pipeline(transaction=False)
        for commands, _future in batch:
            for command in commands:
                pipe.execute_command(*command)
        try:
            answers = iter(await pipe.execute(raise_on_error=False))
        except RedisError as error:
            for _commands, future in batch:
                _fail(future, error)
            return
        for commands, future in batch:
            _settle(future, list(islice(answers, len(commands))))


def _settle(future: "asyncio.Future[list[Any]]", answers: list[Any]) -> None:
    for answer in answers:
        if isinstance(answer, RedisError):
            _fail(future, answer)
    if not future.done():
        future.set_result(answers)


def _fail(future: "asyncio.Future[list[Any]]", error: BaseException) -> None:
    # Done already: its coroutine was cancelled meanwhile.
    if not future.done():
        future.set_exception(error)
