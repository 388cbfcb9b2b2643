"""One event loop per process, however many task threads ask for it at once."""

import asyncio
import threading
import time

import pytest

from workers import loop


async def _which():
    return asyncio.get_running_loop()


def test_threads_that_start_together_share_one_loop(monkeypatch):
    monkeypatch.setattr(loop._Process, "loop", None)
    threads, loops, gate = [], [], threading.Barrier(16)

    def ask():
        gate.wait()
        loops.append(loop.run(_which(), every_s=1, tick=lambda: True))

    for _ in range(16):
        threads.append(threading.Thread(target=ask))
        threads[-1].start()
    for thread in threads:
        thread.join()
    assert len(set(loops)) == 1
    loops[0].call_soon_threadsafe(loops[0].stop)
    while loops[0].is_running():
        time.sleep(0.01)
    loops[0].close()


def test_a_tick_that_says_no_cancels_the_coroutine():
    ended = threading.Event()

    async def endless():
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    with pytest.raises(loop.Abandoned):
        loop.run(endless(), every_s=0.05, tick=lambda: False)
    assert ended.wait(2)
