"""Which addresses a backend may have: the rule against server-side request forgery. Pure."""

import ipaddress
from dataclasses import dataclass
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from arena.systems.backends.base import AddressForbidden, Misconfigured

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

DEFAULT_PORTS: Final = {"https": 443, "http": 80}
# Its last 32 bits are an IPv4 address (RFC 6052).
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
# Not routed on the internet, and not known to the `ipaddress` of every Python that we run on.
_NEVER: Final = tuple(
    ipaddress.ip_network(network)
    for network in (
        "100.64.0.0/10",  # carrier-grade NAT, RFC 6598
        "192.0.0.0/24",  # IETF protocol assignments, RFC 6890
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
        "198.18.0.0/15",  # benchmarks, RFC 2544
        "64:ff9b:1::/48",  # local-use NAT64, RFC 8215
        "100::/64",  # discard, RFC 6666
        "2001::/32",  # Teredo, RFC 4380
        "2001:db8::/32",  # documentation, RFC 3849
        "3fff::/20",  # documentation, RFC 9637
        "5f00::/16",  # segment routing, RFC 9602
        "fec0::/10",  # site-local, RFC 3879
    )
)


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Where backends may be.

    Attributes:
        private: `host:port` entries, lower case, that may be private and may speak plain HTTP.
    """

    private: frozenset[str] = frozenset()

    @classmethod
    def of(cls, entries: list[str]) -> "AddressPolicy":
        """The policy for `host:port` entries as an operator writes them (`LOCALHOST:11434`, `[::1]:8000`)."""
        split = (entry.strip().rpartition(":") for entry in entries)
        return cls(frozenset(_key(host, int(port)) for host, _colon, port in split))

    def lists(self, host: str, port: int) -> bool:
        """Whether the operator has listed this host and port."""
        return _key(host, port) in self.private

    def check_url(self, url: str) -> None:
        """Refuse a base URL that no connection could be allowed for.

        Raises:
            Misconfigured: no http(s) URL, or one with a user name, query or fragment.
            AddressForbidden: plain HTTP to a host that is not listed.
        """
        host, port = endpoint_of(url)
        if urlsplit(url).scheme != "https" and not self.lists(host, port):
            raise AddressForbidden(f"{host}:{port}: https is required unless ARENA_PRIVATE_BACKENDS lists it")

    def check_address(self, host: str, port: int, address: str) -> None:
        """Refuse an address that `host` resolved to.

        Raises:
            AddressForbidden: it is not public, and host and port are not listed.
        """
        if not self.lists(host, port) and not is_public(ipaddress.ip_address(address)):
            raise AddressForbidden(f"{host}:{port} is {address}, which is not a public address")


def endpoint_of(url: str) -> tuple[str, int]:
    """Host and port of a base URL. Raises Misconfigured when it is none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Misconfigured(f"{url!r} is no URL: {error}") from error
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise Misconfigured(f"{url!r} is no http(s) URL")
    if parts.username is not None or parts.query or parts.fragment:
        raise Misconfigured(f"the URL of {parts.hostname} has a user name, query or fragment")
    return parts.hostname, port or DEFAULT_PORTS[parts.scheme]


def is_public(address: Address) -> bool:
    """Whether the address is one of the open internet, also when it wraps an IPv4 address."""
    if isinstance(address, ipaddress.IPv6Address):
        # The same host by another way: an IPv4 address as IPv6 sockets write it, or through the gateway of a network
        # that has IPv6 only.
        inner = address.ipv4_mapped or (_low_bits(address) if address in _NAT64 else None)
        if inner is not None:
            return is_public(inner)
        if address.sixtofour is not None and not is_public(address.sixtofour):
            return False
    return (
        address.is_global
        and not (address.is_multicast or address.is_reserved or address.is_unspecified)
        and not any(address in network for network in _NEVER)
    )


def _low_bits(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)


def _key(host: str, port: int) -> str:
    return f"{host.strip('[]').rstrip('.').lower()}:{port}"
