"""Where a request comes from: the rightmost hop that is not a trusted proxy, as a prefix."""

import pytest
from django.test import RequestFactory, override_settings
from hypothesis import assume, given
from hypothesis import strategies as st

from arena.integrity.network import client_address, client_network, parse_address, prefix_of

PROXIES = ["10.0.0.0/8", "2001:db8:ffff::/48"]


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        # Nobody trusted in between: the header is the client's own invention.
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        # One proxy, then two.
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1, 10.2.0.7", "198.51.100.1"),
        # What Mallory wrote further left does not count.
        ("10.0.0.1", "1.2.3.4, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "10.9.9.9, 198.51.100.1, 10.2.0.7", "198.51.100.1"),
        # Only proxies: the leftmost of them.
        ("10.0.0.1", "10.1.1.1, 10.2.0.7", "10.1.1.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        # Garbage: the last hop that can be believed.
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, nonsense, 10.2.0.7", "10.2.0.7"),
        ("10.0.0.1", ", ,198.51.100.1,", "198.51.100.1"),
        # Spellings.
        ("10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        ("10.0.0.1", '"[2001:db8:1::7]:443"', "2001:db8:1::7"),
        ("10.0.0.1", "fe80::1%eth0", "fe80::1"),
        ("::ffff:10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
        ("2001:db8:ffff::1", "2001:db8:7:8::9", "2001:db8:7:8::9"),
    ],
)
def test_the_client_is_the_rightmost_untrusted_hop(peer: str, forwarded: str, expected: str) -> None:
    assert str(client_address(peer, forwarded, PROXIES)) == expected


def test_a_proxy_on_a_socket_is_trusted_only_by_name() -> None:
    assert client_address("", "198.51.100.1", PROXIES) is None
    assert str(client_address("", "198.51.100.1", ["unix"])) == "198.51.100.1"


@pytest.mark.parametrize(
    ("address", "prefix"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:7:8:9::1", "2001:db8:7::/48"),
        ("127.0.0.1", "127.0.0.0/24"),
        ("", "unix"),
    ],
)
def test_only_a_prefix_is_kept(address: str, prefix: str) -> None:
    assert prefix_of(parse_address(address)) == prefix


@given(st.text(max_size=60), st.lists(st.text(max_size=20), max_size=5))
def test_no_header_breaks_the_reading(peer: str, hops: list[str]) -> None:
    prefix_of(client_address(peer, ",".join(hops), ["unix", "0.0.0.0/0", "::/0"]))


@given(st.ip_addresses(), st.ip_addresses(v=4), st.lists(st.ip_addresses().map(str), max_size=4))
def test_mallory_cannot_choose_her_network(mallory: object, proxy: object, forged: list[str]) -> None:
    assume(parse_address(str(mallory)) != parse_address(str(proxy)))
    found = client_address(str(proxy), ", ".join([*forged, str(mallory)]), [str(proxy)])
    assert found == parse_address(str(mallory))


def test_the_settings_name_the_proxies() -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="198.51.100.1")
    with override_settings(ARENA_TRUSTED_PROXIES=[]):
        assert client_network(request) == "10.0.0.0/24"
    with override_settings(ARENA_TRUSTED_PROXIES=["10.0.0.1"]):
        assert client_network(request) == "198.51.100.0/24"
