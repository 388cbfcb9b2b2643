"""A backend's address can name no machine inside, however it is written: a real listener counts who connects."""

import _socket
import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from arena.systems.backends.addresses import AddressPolicy
from arena.systems.backends.base import AddressForbidden, BackendError, BadResponse, Misconfigured
from arena.systems.backends.openai_http import OpenAIBackend
from tests.network import OutsideNetwork
from tests.support.fake_openai import FakeOpenAI
from tests.systems.conftest import events_of

LISTENS = ("127.0.0.1", "127.0.0.2", "127.255.255.254", "::1")
#: Spellings of this machine that a connection gets through with, if nobody stops it.
REACHABLE = (
    *("127.0.0.1", "127.1", "127.0.1", "127.0.0.2", "127.255.255.254", "2130706433", "0x7f000001", "0x7f.0.0.1"),
    *("0x7f.1", "017700000001", "0", "0.0.0.0", "localhost", "LOCALHOST"),
    *("[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "inner.example"),
)
#: Further spellings of it, and what else is inside: other networks, the metadata of clouds, translated addresses.
INSIDE = (
    *(
        "0177.0.0.1",
        "127.0.0.1.",
        "localhost.",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
    ),
    *(
        "[64:ff9b:1::7f00:1]",
        "[2002:7f00:1::]",
        "[2001::1]",
        "127\u30020\u30020\u30021",
        "\u2460\u2461\u2466.0.0.\u2460",
    ),
    *("169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "[::ffff:169.254.169.254]"),
    *("[fd00:ec2::254]", "169.254.170.2", "100.100.100.200", "192.0.0.192", "metadata.example"),
    *("10.0.0.1", "172.16.0.1", "192.168.0.1", "[fc00::1]", "[fe80::1]", "[ff02::1]", "255.255.255.255"),
    *("mixed.example", "mixed6.example"),
)
#: What a resolver says, in the order of the questions; the last answer stays.
NAMES: dict[str, list[list[str]]] = {
    "inner.example": [["127.0.0.1"]],
    "metadata.example": [["169.254.169.254"]],
    "mixed.example": [["8.8.8.8", "127.0.0.1"]],
    "mixed6.example": [["2606:4700::1111", "::1"]],
    "rebind.example": [["8.8.8.8"], ["127.0.0.1"]],
}
NO_URL = (
    *("file:///etc/passwd", "file://127.0.0.1:{port}/", "ftp://127.0.0.1:{port}/", "gopher://127.0.0.1:{port}/_GET"),
    *("unix:///run/x.sock", "//127.0.0.1:{port}/v1", "127.0.0.1:{port}/v1", "dict://127.0.0.1:{port}/d"),
    *("https://api.example@127.0.0.1:{port}/v1", "https://127.0.0.1:{port}#@api.example/v1"),
    *("https://127.0.0.1:{port}?x=https://api.example/v1", "https://[::1:{port}/v1", "jar:https://127.0.0.1:{port}!/"),
)


class Canary:
    """Listeners on several addresses of this machine, on one port."""

    def __init__(self) -> None:
        self.connections = 0
        self._sockets: list[socket.socket] = []
        self.port = 0
        for host in LISTENS:
            listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
            listener.bind((host, self.port))
            listener.listen()
            self.port = listener.getsockname()[1]
            self._sockets.append(listener)
            threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _address = listener.accept()
                self.connections += 1
                connection.close()

    def close(self) -> None:
        for listener in self._sockets:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()


@pytest.fixture
def canary() -> Iterator[Canary]:
    found = Canary()
    yield found
    found.close()


@pytest.fixture(autouse=True)
def _resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's own understanding of numbers, and names of ours: no test asks a name server."""
    asked = {name: iter(answers[:-1]) for name, answers in NAMES.items()}

    def answers_of(host: str, port: int) -> list[tuple[Any, ...]]:
        if host in NAMES:
            addresses = next(asked[host], NAMES[host][-1])
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]
        if "." in host.rstrip(".") and host.rstrip(".").split(".")[-1].isalpha():
            raise socket.gaierror(f"no such name: {host}")
        return _socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)

    async def getaddrinfo(_loop: Any, host: str, port: int, **_options: Any) -> list[tuple[Any, ...]]:
        return answers_of(host, port)

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)


async def _attempt(make: Callable[[], OpenAIBackend]) -> BaseException:
    """Ask the backend as a battle would; what came of it."""
    try:
        await events_of(make())
    except (BackendError, OutsideNetwork) as error:
        return error
    except ExceptionGroup as group:
        # How anyio reports what stopped its attempt to connect.
        (error,) = group.exceptions
        return error
    raise AssertionError("the backend answered")


@pytest.mark.parametrize("host", [*REACHABLE, *INSIDE])
@pytest.mark.parametrize("scheme", ["https", "http"])
async def test_no_spelling_of_an_address_inside_is_connected_to(canary: Canary, scheme: str, host: str) -> None:
    url = f"{scheme}://{host}:{canary.port}/v1"
    error = await _attempt(lambda: OpenAIBackend(url, "m"))
    assert isinstance(error, BackendError), "it went outside"
    await asyncio.sleep(0.01)
    assert canary.connections == 0


@pytest.mark.parametrize("host", REACHABLE)
async def test_the_canary_hears_whoever_is_let_through(canary: Canary, host: str) -> None:
    policy = AddressPolicy.of([f"{host}:{canary.port}"])
    await _attempt(lambda: OpenAIBackend(f"http://{host}:{canary.port}/v1", "m", policy=policy))
    await asyncio.sleep(0.05)
    assert canary.connections == 1


@pytest.mark.parametrize("url", NO_URL)
async def test_what_is_no_http_url_is_never_opened(canary: Canary, url: str) -> None:
    error = await _attempt(lambda: OpenAIBackend(url.format(port=canary.port), "m"))
    assert isinstance(error, Misconfigured)
    await asyncio.sleep(0.01)
    assert canary.connections == 0


async def test_a_name_that_moves_inside_after_its_first_answer_is_not_followed(canary: Canary) -> None:
    backend = OpenAIBackend(f"https://rebind.example:{canary.port}/v1", "m")
    # The first answer is public, and the suite stops what would leave the machine.
    assert isinstance(await _attempt(lambda: backend), OutsideNetwork)
    assert isinstance(await _attempt(lambda: backend), AddressForbidden)
    assert canary.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "2130706433", "169.254.169.254"])
async def test_a_redirect_to_the_inside_is_not_followed(canary: Canary, fake: FakeOpenAI, host: str) -> None:
    where = f"redirect:http://{host}:{canary.port}/v1"
    error = await _attempt(lambda: OpenAIBackend(fake.base_url, where, policy=fake.policy))
    assert isinstance(error, BadResponse)
    assert len(fake.asked) == 1
    assert canary.connections == 0


def test_there_are_forty_addresses_and_more() -> None:
    assert len({*REACHABLE, *INSIDE}) >= 40
