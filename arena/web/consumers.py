"""The WebSocket of a battle: `/ws/v1/battles/{id}?after=EVENT_ID`; see `docs/api.md`."""

import asyncio
import logging
import time
import uuid
from contextlib import suppress
from http.cookies import SimpleCookie
from typing import Any, Final
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import Error
from redis.exceptions import RedisError

from arena.accounts.models import Voter
from arena.accounts.services import voter_of_cookie
from arena.battles.errors import BattleNotFound
from arena.battles.selectors import BlindBattle, battle_of, blind_battle
from arena.battles.states import UNFINISHED
from arena.common import live
from arena.common.live import Event
from arena.integrity.programs import ProgramRefused, program_actor, says_bearer
from arena.media.progress import progress_now
from arena.votes.services import Heard, heard_of, is_heard
from arena.web import replay
from arena.web.hub import Subscription, TooSlow, hub
from arena.web.listening import Listener, heard_message
from arena.web.seats import FrameBudget, Seats

logger = logging.getLogger(__name__)

NOT_FOUND: Final = 4404
TRY_AGAIN: Final = 1013
TOO_BIG: Final = 1009
TOO_MUCH: Final = 1008
MAX_FRAME_BYTES: Final = 1024
#: Silence for so long makes the socket look into PostgreSQL: Redis may have lost the end.
LOOK_AFTER_S: Final = 2.0

_seats: Final = Seats()


class BattleConsumer(AsyncWebsocketConsumer):
    """Relays one battle's stream to one socket."""

    async def connect(self) -> None:
        """Accept the voter of the battle; close with 4404 for everybody else."""
        self._pump: asyncio.Task[None] | None = None
        self._seat: int | None = None
        self._listener: Listener | None = None
        self._budget, self._cut_off = FrameBudget(time.monotonic()), False
        await self.accept()
        try:
            self._battle_id = _id(self.scope["url_route"]["kwargs"]["battle_id"])
            self._voter = await database_sync_to_async(_voter)(self.scope)
            battle, heard = await database_sync_to_async(_joined)(self._battle_id, self._voter)
            if heard is not None and self._voter is not None:
                self._listener = Listener(self._battle_id, self._voter, self._say)
                await self._listener.start()
        except (BattleNotFound, ProgramRefused):
            await self.close(code=NOT_FOUND)
            return
        except Error as error:
            logger.warning("socket closed, its client comes again: %s", type(error).__name__)
            await self.close(code=TRY_AGAIN)
            return
        if not self._sit_down():
            await self.close(code=TRY_AGAIN)
            return
        self._pump = asyncio.create_task(self._relay(battle, heard), name="arena-relay")

    def _sit_down(self) -> bool:
        """Take one of the voter's seats. A reload may come before its old socket is gone: it comes again."""
        voter_id = self._voter.pk if self._voter is not None else 0
        if not _seats.take(voter_id, 0 if settings.ARENA_LIMITS_OFF else settings.ARENA_MAX_SOCKETS):
            return False
        self._seat = voter_id
        return True

    async def disconnect(self, code: int) -> None:  # noqa: ARG002 - Channels' signature
        """End the relay with its socket."""
        if self._seat is not None:
            _seats.leave(self._seat)
            self._seat = None
        if self._pump is not None:
            self._pump.cancel()
            with suppress(asyncio.CancelledError):
                await self._pump
        if self._listener is not None:
            await self._listener.finish()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Where there is something to listen to, hear how; who talks too much is cut off soon."""
        if self._cut_off:
            return
        too_big = len(text_data or bytes_data or "") > MAX_FRAME_BYTES
        self._cut_off = too_big or not self._budget.spend(time.monotonic())
        if self._cut_off:
            await self.close(code=TOO_BIG if too_big else TOO_MUCH)
        elif self._listener is not None and text_data:
            self._listener.take(text_data)

    async def _say(self, message: str) -> None:
        await self.send(text_data=message)

    async def _read(self) -> BlindBattle:
        battle: BlindBattle = await database_sync_to_async(_blind)(self._battle_id, self._voter)
        return battle

    async def _relay(self, battle: BlindBattle, heard: Heard | None) -> None:
        query = parse_qs(self.scope["query_string"].decode("latin-1"))
        try:
            events = await self._events()
            # Asked after the stream was read: whatever is newer still comes by it.
            waits = heard is not None and battle.state in UNFINISHED
            progress = await database_sync_to_async(progress_now)(self._battle_id) if waits else None
            start = replay.opening(battle, events, query.get("after", [None])[0], progress)
            for message in start.messages:
                await self.send(text_data=message)
            if heard is not None:
                await self.send(text_data=heard_message(heard))
            async with hub().subscribe(live.stream_key(self._battle_id), start.cursor) as subscription:
                await self._follow(subscription, told=battle.state)
        except (TooSlow, Error) as error:
            logger.warning("socket closed, its client comes again: %s", type(error).__name__)
            await self.close(code=TRY_AGAIN)

    async def _events(self) -> list[Event]:
        try:
            return await live.read_all(hub().connection, self._battle_id)
        except RedisError as error:
            logger.warning("live stream unavailable: %s", type(error).__name__)
            return []

    async def _follow(self, subscription: Subscription, told: str) -> None:
        """Send what comes; `told` is the state that the client knows."""
        while True:
            event = await subscription.next(LOOK_AFTER_S)
            if event is not None:
                told = _state_in(event) or told
                await self.send(text_data=event.as_message())
                continue
            battle = await self._read()
            if battle.state != told:
                # The stream lost its end: give the stored text and state instead.
                for message in (*replay.stored_messages(battle), replay.state_message(replay.STORED_ID, battle)):
                    await self.send(text_data=message)
                told = battle.state


def _state_in(event: Event) -> str | None:
    # Every event passes here: look at the text before parsing it.
    if not event.body.startswith('{"type":"state"'):
        return None
    return event.body.split('"state":"', 1)[1].split('"', 1)[0]


def _id(text: str) -> uuid.UUID:
    """The battle's id; what is none names no battle, and is told so like any unknown one."""
    try:
        return uuid.UUID(text)
    except ValueError:
        raise BattleNotFound(text) from None


def _voter(scope: Any) -> Voter | None:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    authorization = headers.get("authorization", "")
    if says_bearer(authorization):
        return program_actor(authorization, headers.get("x-voter"), network="", voter_needed=True).voter
    cookie = SimpleCookie(headers.get("cookie", "")).get(settings.VOTER_COOKIE)
    return voter_of_cookie(cookie.value if cookie else None)


def _joined(battle_id: uuid.UUID, voter: Voter | None) -> tuple[BlindBattle, Heard | None]:
    """The battle and, where votes rest on listening, what was heard of it."""
    battle = battle_of(battle_id, voter)
    return blind_battle(battle), heard_of(battle) if is_heard(battle.arena.modality) else None


def _blind(battle_id: uuid.UUID, voter: Voter | None) -> BlindBattle:
    return blind_battle(battle_of(battle_id, voter))
