"""No test may speak to the outside: connections and name look-ups beyond this machine raise."""

import ipaddress
from types import ModuleType
from typing import Any


class OutsideNetwork(Exception):
    """A test tried to leave the machine. Not an OSError, which clients would report as "unreachable"."""


def is_local(host: object) -> bool:
    """Say whether `host` is this machine: a loopback address, its name, or the wildcard of a listener."""
    if host in (None, "", b"", "localhost", b"localhost"):
        return True
    try:
        address = ipaddress.ip_address(host.decode() if isinstance(host, bytes) else str(host))
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def forbid_outside_sockets(socket: ModuleType) -> None:
    """Patch `socket` so that only this machine can be reached. Numeric addresses still parse."""
    connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def checked(address: Any) -> None:
        if isinstance(address, tuple) and not is_local(address[0]):
            raise OutsideNetwork(f"connection to {address[0]}:{address[1]}")

    def guarded_connect(self: Any, address: Any) -> Any:
        checked(address)
        return connect(self, address)

    def guarded_connect_ex(self: Any, address: Any) -> Any:
        checked(address)
        return connect_ex(self, address)

    def guarded_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            ipaddress.ip_address(host.decode() if isinstance(host, bytes) else str(host))
        except ValueError:
            if not is_local(host):
                raise OutsideNetwork(f"look-up of {host!r}") from None
        return getaddrinfo(host, *args, **kwargs)

    socket.socket.connect = guarded_connect
    socket.socket.connect_ex = guarded_connect_ex
    socket.getaddrinfo = guarded_getaddrinfo
