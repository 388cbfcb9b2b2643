"""The listening frames of one socket: read, timed, and added to the battle's account.

    {"type": "listen", "side": "left", "event": "tick", "media_s": 3.2, "seq": 17, "muted": false}

A frame is timed when it arrives, by this process's monotonic clock on top of what the database's clock said at first.
The account is written by one task, so that a slow database delays the writing and not the timing.
"""

import asyncio
import json
import logging
import math
import secrets
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

from channels.db import database_sync_to_async
from django.db import Error

from arena.accounts.models import Voter
from arena.battles.states import SIDES
from arena.votes.listening import Report, ReportKind
from arena.votes.services import Heard, record_listening, server_clock_s

logger = logging.getLogger(__name__)

#: Reports kept while the database is away; the frames that follow are lost.
MAX_WAITING: Final = 200
#: What JSON numbers hold exactly everywhere.
_MAX_SEQ: Final = 2**53 - 1
#: The frame's `media_s` beyond this is no time of a clip.
_MAX_MEDIA_S: Final = 86_400.0
_KINDS: Final = {kind.value: kind for kind in ReportKind}


class FrameInvalid(ValueError):
    """No listening frame of the contract."""


def heard_message(heard: Heard) -> str:
    """The server's frame: what was heard so far."""
    return json.dumps({"type": "heard", **heard.as_dict()})


def parsed(text: str, source: str, at_s: float) -> Report:
    """The report that a frame makes.

    Raises:
        FrameInvalid: not JSON, another type, or a field that is missing or no value of the contract.
    """
    try:
        frame: Any = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise FrameInvalid("not JSON") from error
    if not isinstance(frame, dict) or frame.get("type") != "listen":
        raise FrameInvalid("not a listening frame")
    try:
        said = {name: frame[name] for name in ("side", "event", "media_s", "seq", "muted")}
    except KeyError as error:
        raise FrameInvalid("a field is missing") from error
    good = (
        said["side"] in SIDES
        and said["event"] in tuple(_KINDS)
        and type(said["media_s"]) in {int, float}
        and abs(said["media_s"]) <= _MAX_MEDIA_S
        and type(said["seq"]) is int
        and 0 <= said["seq"] <= _MAX_SEQ
        and type(said["muted"]) is bool
    )
    if not good:
        raise FrameInvalid("a field has no value of the contract")
    return Report(source, said["side"], _KINDS[said["event"]], said["media_s"], said["seq"], said["muted"], at_s)


def _no_number(name: str) -> float:
    raise ValueError(name)


class Listener:
    """One socket of a battle that is listened to. `say` sends a frame to its client."""

    def __init__(self, battle_id: uuid.UUID, voter: Voter, say: Callable[[str], Awaitable[None]]) -> None:
        self._battle_id, self._voter, self._say = battle_id, voter, say
        self._source = secrets.token_urlsafe(6)
        self._ahead_s = math.nan
        self._waiting: list[Report] = []
        self._writing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Set the socket's clock."""
        before_s = time.monotonic()
        self._ahead_s = await database_sync_to_async(server_clock_s)() - before_s

    def take(self, text: str) -> None:
        """Take a frame; what is none is left unheard."""
        with suppress(FrameInvalid):
            self._waiting.append(parsed(text, self._source, time.monotonic() + self._ahead_s))
        if self._waiting and (self._writing is None or self._writing.done()):
            self._writing = asyncio.create_task(self._write(), name="arena-listen")

    async def finish(self) -> None:
        """Write what is still waiting: the end of a page is the end of what was heard."""
        if self._writing is not None:
            await self._writing

    async def _write(self) -> None:
        while self._waiting:
            reports, self._waiting = self._waiting, []
            try:
                heard = await database_sync_to_async(record_listening)(self._battle_id, self._voter, reports)
            except Error as error:
                logger.warning("listening is written later: %s", type(error).__name__)
                self._waiting = [*reports, *self._waiting][:MAX_WAITING]
                return
            if heard is not None:
                await self._say(heard_message(heard))
