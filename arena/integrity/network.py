"""Where a request comes from, as a network prefix. The address itself is neither stored nor logged.

Only a proxy named in `ARENA_TRUSTED_PROXIES` may say for whom it asks: the header's hops are read from the right, and
the first one that is not a trusted proxy is the client. Anything further left was written by the client.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final, TypeAlias

from django.conf import settings
from django.http import HttpRequest

Address: TypeAlias = IPv4Address | IPv6Address

#: Households and small offices share a /24 (IPv4) or a /48 (IPv6); a single IPv6 host can have a whole /64.
IPV4_PREFIX: Final = 24
IPV6_PREFIX: Final = 48
#: The network of a peer without an address, and its name in `ARENA_TRUSTED_PROXIES`: a proxy on a UNIX socket.
UNIX: Final = "unix"


def parse_address(text: str) -> Address | None:
    """Read an address as proxies write it: with or without port or brackets; IPv4 inside IPv6 becomes IPv4."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def is_among(address: Address | None, entries: Sequence[str]) -> bool:
    """Whether an address is one of these addresses or networks; no address at all is a UNIX socket."""
    if address is None:
        return UNIX in entries
    return any(address in ip_network(entry, strict=False) for entry in entries if entry != UNIX)


def client_address(peer: str, forwarded_for: str, trusted: Sequence[str]) -> Address | None:
    """The address that a request comes from; None if the peer has none.

    Args:
        peer: address of the other end of the connection, empty on a UNIX socket.
        forwarded_for: the X-Forwarded-For header, hops separated by commas.
        trusted: addresses, CIDR ranges or `unix`.
    """
    address = parse_address(peer)
    for hop in reversed([hop for hop in forwarded_for.split(",") if hop.strip()]):
        if not is_among(address, trusted):
            break
        further = parse_address(hop)
        if further is None:
            break  # garbage: the last hop that we can believe is the client
        address = further
    return address


def is_trusted_proxy(peer: str) -> bool:
    """Whether the other end of a connection, an address or empty, is a proxy that may speak for others."""
    return is_among(parse_address(peer), settings.ARENA_TRUSTED_PROXIES)


def prefix_of(address: Address | None) -> str:
    """The /24 or /48 around an address."""
    if address is None:
        return UNIX
    length = IPV4_PREFIX if isinstance(address, IPv4Address) else IPV6_PREFIX
    return str(ip_network((address, length), strict=False))


def client_network(request: HttpRequest) -> str:
    """The network prefix of whoever sent the request: `203.0.113.0/24`, `2001:db8:7::/48`, `unix`."""
    return prefix_of(
        client_address(
            request.META.get("REMOTE_ADDR", ""),
            request.META.get("HTTP_X_FORWARDED_FOR", ""),
            settings.ARENA_TRUSTED_PROXIES,
        )
    )
