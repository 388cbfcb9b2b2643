"""What a socket is sent when it opens: the part of the battle that its client has not seen. Pure.

Where the client names an event that the stream still holds, it gets what came after. Otherwise it gets the battle
from the start: the stream's own frames, joined, where the stream is whole; a snapshot of the stored text where not.
How far two clips are is told last, to every client.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from arena.battles.selectors import BlindBattle
from arena.battles.states import SIDES
from arena.common.live import PROGRESS, Event
from arena.media.progress import Progress

#: The id of a message that no stream holds; a client that names it again gets everything again.
STORED_ID: Final = "0"
#: The place before the first event of any stream.
BEGINNING: Final = "0-0"


@dataclass(frozen=True, slots=True)
class Opening:
    """The first messages of a socket and the event after which the live ones follow."""

    messages: tuple[str, ...]
    cursor: str


def _message(event_id: str, kind: str, fields: Mapping[str, Any]) -> str:
    return json.dumps({"id": event_id, "type": kind, **fields}, ensure_ascii=False, separators=(",", ":"))


def state_message(event_id: str, battle: BlindBattle) -> str:
    """The state of a battle as PostgreSQL has it."""
    return _message(event_id, "state", {"state": battle.state, "reason": battle.reason or None})


def stored_messages(battle: BlindBattle, *, skip: frozenset[int] = frozenset()) -> list[str]:
    """Snapshots of the turns whose answers are stored, except those in `skip`."""
    return [
        _message(STORED_ID, "snapshot", {"turn": turn.n, **{side: getattr(turn, side) for side in SIDES}})
        for turn in battle.turns
        if turn.n not in skip and any(getattr(turn, side) for side in SIDES)
    ]


def opening(
    battle: BlindBattle, events: Sequence[Event], after: str | None, progress: Progress | None = None
) -> Opening:
    """Plan a socket's first messages.

    Args:
        battle: the battle as stored, read *before* `events`: where it says that a turn is complete, the stream holds
            all of that turn or nothing of it.
        events: the whole stream, oldest first.
        after: the last event id that the client has, if any.
        progress: how far the clips of an unfinished battle are, read *after* `events`.
    """
    cursor = events[-1].id if events else BEGINNING
    told_under = cursor if events else STORED_ID
    last = [state_message(told_under, battle)]
    if progress is not None:
        last.append(_message(told_under, PROGRESS, asdict(progress)))
    ids = [event.id for event in events]
    if after in ids:
        fresh = events[ids.index(after) + 1 :]
        return Opening((*(event.as_message() for event in fresh), *last), cursor)
    turns = _joined(events)
    messages = stored_messages(battle, skip=frozenset(turns))
    for turn, (event_id, texts) in sorted(turns.items()):
        kind = "frame" if after is None else "snapshot"
        messages.append(_message(event_id, kind, {"turn": turn, **texts}))
    return Opening((*messages, *last), cursor)


def _joined(events: Sequence[Event]) -> dict[int, tuple[str, dict[str, str]]]:
    """The text of each turn in the stream, with the id of the last event that changed it."""
    turns: dict[int, tuple[str, dict[str, str]]] = {}
    for event in events:
        body = json.loads(event.body)
        if "turn" not in body:
            continue
        before = turns.get(body["turn"], ("", dict.fromkeys(SIDES, "")))[1]
        keep = body["type"] == "frame"
        turns[body["turn"]] = (event.id, {side: (before[side] if keep else "") + body[side] for side in SIDES})
    return turns
