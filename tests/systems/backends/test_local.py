"""Python generators as contenders."""

import threading
import time

import pytest

from arena.systems import offline
from arena.systems.backends import local
from arena.systems.backends.base import Finished, Misconfigured, ServerFailed, TextDelta, Unsupported
from arena.systems.backends.local import LocalBackend
from tests.systems.conftest import asking, events_of

ELIZA = "arena.systems.offline.eliza:reply"


@pytest.mark.parametrize("entry", ["os:system", "arena.systems.offline.eliza:respond", "", "../x"])
def test_only_entries_of_the_allow_list_are_run(entry: str) -> None:
    with pytest.raises(Misconfigured):
        LocalBackend(entry)
    with pytest.raises(KeyError):
        offline.load(entry)


def test_it_runs_in_a_process_of_its_own() -> None:
    assert LocalBackend.capabilities.needs_own_process


def test_iterating_gives_the_same_as_streaming() -> None:
    events = list(LocalBackend(ELIZA).iterate(asking("I am sad.")))
    assert isinstance(events[0], TextDelta)
    assert isinstance(events[-1], Finished)


async def test_streaming_gives_the_same_as_iterating() -> None:
    backend = LocalBackend(ELIZA)
    assert await events_of(backend, asking("I am sad.")) == list(backend.iterate(asking("I am sad.")))


def test_without_its_packages_it_is_unsupported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(offline.CONTENDERS, ELIZA, offline.Contender(requires=("no_such_package",)))
    backend = LocalBackend(ELIZA)
    assert not backend.supports(asking().messages)
    with pytest.raises(Unsupported):
        backend.iterate(asking())


async def test_its_errors_are_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def reply(_request):
        yield "so far "
        raise ServerFailed("the model is gone")

    monkeypatch.setattr(local, "load", lambda _entry: reply)
    with pytest.raises(ServerFailed):
        await events_of(LocalBackend(ELIZA))


async def test_closing_the_stream_closes_the_generator(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = threading.Event()

    def reply(_request):
        try:
            while True:
                time.sleep(0.01)
                yield "word "
        finally:
            closed.set()

    monkeypatch.setattr(local, "load", lambda _entry: reply)
    stream = LocalBackend(ELIZA).stream(asking())
    await anext(stream)
    await stream.aclose()
    assert closed.is_set()


async def test_a_defect_of_a_contender_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    def reply(_request):
        yield "so far "
        raise ZeroDivisionError

    monkeypatch.setattr(local, "load", lambda _entry: reply)
    with pytest.raises(ZeroDivisionError):
        await events_of(LocalBackend(ELIZA))


async def test_a_package_that_does_not_run_here_is_a_misconfiguration(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(_entry):
        raise ImportError("libgomp.so.1: cannot open shared object file")

    monkeypatch.setattr(local, "load", load)
    with pytest.raises(Misconfigured, match="libgomp"):
        await events_of(LocalBackend(ELIZA))
