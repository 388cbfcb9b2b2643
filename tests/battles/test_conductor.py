"""Both sides run beside each other, are shown at one pace, and end as what was shown."""

import asyncio
import json
import uuid

import pytest

from arena.battles.conductor import Call, Completed, Conductor, Failed, Pace, Stopped
from arena.battles.states import SIDES
from arena.battles.work import SideWork, TurnWork
from arena.common import live
from arena.common.pipelines import Pipelines
from arena.systems.backends.base import (
    Finished,
    GenerationRequest,
    Message,
    Misconfigured,
    ReasoningDelta,
    Restarted,
    ServerFailed,
    TextDelta,
)

REQUEST = GenerationRequest((Message("user", "hi"),))


#: A step of a script: go on once the reader has seen some text.
SHOWN = object()


class Script:
    """A backend that plays a list: events, errors, numbers (seconds to wait), and what else it waits for."""

    stage: "Stage"

    def __init__(self, *plays):
        self.plays = list(plays)
        self.closed = False

    async def stream(self, request):
        try:
            for step in self.plays.pop(0):
                if isinstance(step, Exception):
                    raise step
                if isinstance(step, float):
                    await asyncio.sleep(step)
                elif isinstance(step, asyncio.Event):
                    await step.wait()
                elif step is SHOWN:
                    await self.stage.shown()
                else:
                    yield step
        finally:
            self.closed = True


def _text(*parts):
    return [*(TextDelta(part) for part in parts), Finished("stop", 3, 4)]


def _pace(retries=2):
    return Pace(
        frame_s=0.02,
        max_chars_per_s=20_000,
        retries=retries,
        backoff_s=lambda error, n: 0.0 if isinstance(error, ServerFailed) else None,
    )


class Stage:
    """One turn on a real Redis, and what a reader of its stream sees."""

    def __init__(self, redis, left, right, *, may_redraw=True, pace=None):
        self.redis = redis
        self.battle_id = uuid.uuid4()
        self.scripts = {"left": left, "right": right}
        self.restarts = []
        left.stage = right.stage = self
        work = TurnWork(1, self.battle_id, 1, 1, {side: SideWork(1, None, ()) for side in SIDES}, may_redraw)
        self.writer = live.TurnWriter(Pipelines(redis), self.battle_id, 1)
        calls = {side: Call(script, REQUEST) for side, script in self.scripts.items()}
        self.conductor = Conductor(work, calls, self.writer, pace or _pace(), self._restart)

    async def _restart(self, work, side, error):
        self.restarts.append((side, type(error).__name__))
        return work, Call(self.scripts[side], REQUEST)

    async def bodies(self):
        return [json.loads(event.body) for event in await live.read_all(self.redis, self.battle_id)]

    async def seen(self):
        texts = dict.fromkeys(SIDES, "")
        for body in await self.bodies():
            for side in SIDES:
                texts[side] = body[side] if body["type"] == "snapshot" else texts[side] + body[side]
        return texts

    async def shown(self, characters=1):
        """Wait until so much of both sides was shown."""
        for _ in range(1000):
            if min(map(len, (await self.seen()).values())) >= characters:
                return
            await asyncio.sleep(0.01)
        pytest.fail("nothing is shown")


@pytest.fixture
async def redis(valkey):
    connection = live.async_client()
    yield connection
    await connection.aclose()


LONG = "".join(f"word{n} " for n in range(400))


async def test_what_was_shown_is_what_is_stored_byte_for_byte(redis):
    texts = {"left": "Grüße, 世界 🌍! " * 50, "right": LONG}
    stage = Stage(
        redis, *(Script(_text(*(text[i : i + 7] for i in range(0, len(text), 7)))) for text in texts.values())
    )
    outcome = await stage.conductor.run()
    assert isinstance(outcome, Completed)
    assert {side: output.content for side, output in outcome.outputs.items()} == texts
    assert await stage.seen() == texts


async def test_reasoning_and_usage_are_kept_and_never_shown(redis):
    plays = [ReasoningDelta("SECRET-THOUGHT"), *_text("answer")]
    stage = Stage(redis, Script(plays), Script(_text("other")))
    outcome = await stage.conductor.run()
    assert outcome.outputs["left"].reasoning == "SECRET-THOUGHT"
    assert (outcome.outputs["left"].input_tokens, outcome.outputs["left"].output_tokens) == (3, 4)
    assert "SECRET-THOUGHT" not in json.dumps(await stage.bodies())


async def test_nothing_is_shown_until_both_sides_speak(redis):
    speaks = asyncio.Event()
    stage = Stage(redis, Script(_text(LONG)), Script([speaks, *_text(LONG)]))
    running = asyncio.create_task(stage.conductor.run())
    await asyncio.sleep(10 * _pace().frame_s)
    assert await stage.seen() == {"left": "", "right": ""}
    speaks.set()
    await running


async def test_a_failure_before_anything_was_shown_asks_for_another_pair_and_ends_both_calls(redis):
    stage = Stage(redis, Script([ServerFailed("down")]), Script([TextDelta("half"), 30.0]))
    outcome = await stage.conductor.run()
    assert isinstance(outcome, Failed)
    assert not outcome.shown
    assert set(outcome.failures) == {"left"}
    assert {side: output.content for side, output in outcome.unused.items()} == {"right": "half"}
    assert stage.scripts["right"].closed
    assert stage.restarts == []


async def test_a_failure_after_text_was_shown_is_retried_on_the_same_system(redis):
    cut = [TextDelta(LONG), SHOWN, ServerFailed("cut")]
    stage = Stage(redis, Script(cut, _text("second try, in full")), Script(_text(LONG)))
    outcome = await stage.conductor.run()
    assert isinstance(outcome, Completed)
    assert stage.restarts == [("left", "ServerFailed")]
    assert await stage.seen() == {"left": "second try, in full", "right": LONG}
    assert outcome.outputs["left"].content == "second try, in full"


async def test_when_the_retries_end_the_turn_has_failed(redis):
    cut = [TextDelta(LONG), SHOWN, ServerFailed("cut")]
    stage = Stage(redis, Script(cut, cut, cut), Script(_text(LONG)))
    outcome = await stage.conductor.run()
    assert isinstance(outcome, Failed)
    assert outcome.shown
    assert len(stage.restarts) == 2


async def test_what_cannot_be_retried_is_not(redis):
    stage = Stage(redis, Script([TextDelta(LONG), SHOWN, Misconfigured("401")]), Script(_text(LONG)), may_redraw=False)
    assert isinstance(await stage.conductor.run(), Failed)
    assert stage.restarts == []


async def test_an_answer_without_text_is_a_failure(redis):
    stage = Stage(redis, Script([Finished("stop")]), Script(_text("fine")))
    outcome = await stage.conductor.run()
    assert type(outcome.failures["left"]).__name__ == "NothingSaid"


async def test_a_defect_in_a_backend_ends_the_turn_loudly(redis):
    stage = Stage(redis, Script([ValueError("bug")]), Script([TextDelta("x"), 30.0]))
    with pytest.raises(ValueError, match="bug"):
        await stage.conductor.run()
    assert stage.scripts["right"].closed


async def test_a_stop_keeps_exactly_what_was_shown(redis):
    endless = [step for n in range(2000) for step in (TextDelta(f"more{n} "), 0.005)]
    stage = Stage(redis, Script(endless), Script(list(endless)))
    running = asyncio.create_task(stage.conductor.run())
    await stage.shown(characters=100)
    stage.conductor.stop()
    outcome = await running
    assert isinstance(outcome, Completed)
    seen = await stage.seen()
    assert seen["left"]
    assert {side: output.content for side, output in outcome.outputs.items()} == seen
    assert outcome.outputs["left"].finish_reason == "stopped"
    assert stage.scripts["left"].closed


async def test_a_stop_before_any_text_leaves_nothing_to_judge(redis):
    stage = Stage(redis, Script([30.0]), Script([30.0]))
    running = asyncio.create_task(stage.conductor.run())
    await asyncio.sleep(0.1)
    stage.conductor.stop()
    outcome = await running
    assert isinstance(outcome, Stopped)
    assert {side: output.content for side, output in outcome.unused.items()} == {"left": "", "right": ""}


async def test_a_flushed_redis_in_mid_stream_costs_no_text(redis):
    slow = [step for n in range(100) for step in (TextDelta(f"part{n} "), 0.003)]
    stage = Stage(redis, Script([*slow, Finished("stop")]), Script([*slow, Finished("stop")]))
    running = asyncio.create_task(stage.conductor.run())
    for _ in range(3):
        await asyncio.sleep(0.1)
        await redis.flushdb()
    outcome = await running
    assert {side: output.content for side, output in outcome.outputs.items()} == await stage.seen()


async def test_a_source_that_begins_again_replaces_its_column(redis):
    plays = [TextDelta(LONG), SHOWN, Restarted(), *_text("fresh start")]
    stage = Stage(redis, Script(plays), Script(_text(LONG)))
    outcome = await stage.conductor.run()
    assert outcome.outputs["left"].content == "fresh start"
    assert (await stage.seen())["left"] == "fresh start"


async def test_frames_carry_text_and_turn_and_nothing_else(redis):
    stage = Stage(redis, Script(_text(LONG)), Script(_text(LONG)))
    await stage.conductor.run()
    assert {frozenset(body) for body in await stage.bodies()} == {frozenset({"type", "turn", "left", "right"})}
