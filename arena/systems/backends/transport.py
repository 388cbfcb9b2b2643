"""Connections to backends: one pool per event loop, every address checked when it is connected to.

The check sits under the HTTP client, between resolving a name and opening the socket, and the socket is opened to
the checked address: a name that answers differently the second time (DNS rebinding) gains nothing.
"""

import asyncio
import socket
import ssl
import weakref
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import httpcore
import httpx

from arena.systems.backends.addresses import AddressPolicy

MAX_CONNECTIONS: Final = 512
_KEEPALIVE_S: Final = 30.0


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Opens sockets to allowed addresses only."""

    def __init__(self, policy: AddressPolicy) -> None:
        self._policy = policy
        self._sockets = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface of httpcore
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolve, check every address, connect to the first that answers; `timeout` seconds for all of it.

        Raises:
            AddressForbidden: one of the addresses is not allowed.
            httpcore.ConnectError, httpcore.ConnectTimeout: no connection.
        """
        try:
            async with asyncio.timeout(timeout):
                addresses = await _resolve(host, port)
                for address in addresses:
                    self._policy.check_address(host, port, address)
                return await self._connect_any(addresses, port, timeout, local_address, socket_options)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"{host}:{port}") from error

    async def _connect_any(
        self,
        addresses: list[str],
        port: int,
        timeout: float | None,  # noqa: ASYNC109
        local_address: str | None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None,
    ) -> httpcore.AsyncNetworkStream:
        # Every address gets its share of the time: a silent one (IPv6 without a route) leaves some for the next.
        share = None if timeout is None else timeout / max(1, len(addresses))
        failure: Exception = httpcore.ConnectError("no address")
        for address in addresses:
            try:
                return await self._sockets.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def sleep(self, seconds: float) -> None:
        """Pause (httpcore's own retries; we use none)."""
        await asyncio.sleep(seconds)


async def _resolve(host: str, port: int) -> list[str]:
    """Addresses in the system's order. Also understands the odd spellings (`2130706433`, `0x7f.1`)."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"{host} cannot be resolved: {error}") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """Trusted certificates take a tenth of a second to read."""
    return httpx.create_ssl_context(trust_env=False)


class GuardedTransport(httpx.AsyncHTTPTransport):
    """httpx's transport over `GuardedNetwork`; no proxy from the environment, no HTTP/2."""

    def __init__(self, policy: AddressPolicy) -> None:
        super().__init__(verify=_tls(), trust_env=False)
        # httpx takes no network backend, so its pool is replaced whole; a test proves that the guard is asked.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=_tls(),
            max_connections=MAX_CONNECTIONS,
            max_keepalive_connections=MAX_CONNECTIONS,
            keepalive_expiry=_KEEPALIVE_S,
            network_backend=GuardedNetwork(policy),
        )


_clients: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[AddressPolicy, httpx.AsyncClient]] = (
    weakref.WeakKeyDictionary()
)


def client(policy: AddressPolicy) -> httpx.AsyncClient:
    """The shared client of the running event loop."""
    clients = _clients.setdefault(asyncio.get_running_loop(), {})
    if policy not in clients:
        clients[policy] = httpx.AsyncClient(
            transport=GuardedTransport(policy), follow_redirects=False, trust_env=False
        )
    return clients[policy]


async def close_clients() -> None:
    """Close the clients of the running event loop (before the loop ends)."""
    for shared in _clients.pop(asyncio.get_running_loop(), {}).values():
        await shared.aclose()
