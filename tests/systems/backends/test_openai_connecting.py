"""Where chat completions are asked for: what does not answer, and what must not be asked."""

import asyncio
import socket
from collections.abc import AsyncIterator

import httpcore
import pytest

from arena.systems.backends.addresses import AddressPolicy
from arena.systems.backends.base import (
    AddressForbidden,
    ConnectFailed,
    Limits,
    TimedOut,
)
from arena.systems.backends.openai_http import OpenAIBackend
from tests.support.fake_openai import FakeOpenAI
from tests.systems.conftest import asking, events_of


@pytest.fixture
async def full_port() -> AsyncIterator[int]:
    """A port whose queue is full: further connections are neither accepted nor refused."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _n in range(4)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
        for client in waiting:
            client.close()


async def test_a_port_that_does_not_answer_times_out(full_port: int, fake: FakeOpenAI) -> None:
    backend = OpenAIBackend(
        f"http://127.0.0.1:{full_port}/v1", "m", policy=AddressPolicy.of([f"127.0.0.1:{full_port}"])
    )
    with pytest.raises(TimedOut) as caught:
        await events_of(backend, asking(limits=Limits(connect_s=0.2)))
    assert caught.value.phase == "connect"


async def test_a_closed_port_is_a_failed_connection(fake: FakeOpenAI) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    backend = OpenAIBackend(f"http://localhost:{port}/v1", "m", policy=AddressPolicy.of([f"localhost:{port}"]))
    with pytest.raises(ConnectFailed):
        await events_of(backend)


async def test_a_private_address_is_refused_when_it_is_connected_to(fake: FakeOpenAI) -> None:
    backend = OpenAIBackend(f"https://localhost:{fake.port}/v1", "m")
    with pytest.raises(AddressForbidden):
        await events_of(backend)
    assert not fake.asked


async def test_a_name_that_changes_its_address_gains_nothing(
    fake: FakeOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([["8.8.8.8"], ["127.0.0.1"]])
    connected = []

    async def getaddrinfo(_loop, _host, port, **_options):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in next(answers)]

    async def connect_tcp(_self, host, *_options):
        connected.append(host)
        raise httpcore.ConnectError("not today")

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect_tcp)
    backend = OpenAIBackend("https://rebind.example/v1", "m")
    with pytest.raises(ConnectFailed):
        await events_of(backend)
    with pytest.raises(AddressForbidden):
        await events_of(backend)
    assert connected == ["8.8.8.8"]


async def test_one_private_address_among_public_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async def getaddrinfo(_loop, _host, port, **_options):
        return [(2, 1, 6, "", (address, port)) for address in ("8.8.8.8", "10.0.0.1")]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)
    with pytest.raises(AddressForbidden):
        await events_of(OpenAIBackend("https://mixed.example/v1", "m"))


def test_plain_http_needs_an_entry() -> None:
    with pytest.raises(AddressForbidden):
        OpenAIBackend("http://api.example.com/v1", "m")
    OpenAIBackend("http://api.example.com/v1", "m", policy=AddressPolicy.of(["api.example.com:80"]))
