"""Which addresses a backend may have."""

import _socket
import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.systems.backends.addresses import AddressPolicy, endpoint_of, is_public
from arena.systems.backends.base import AddressForbidden, Misconfigured


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "0.1.2.3",
        "10.1.2.3",
        "100.64.0.1",
        "100.127.255.254",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.254",
        "192.0.0.1",
        "192.0.0.170",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a00:1",
        "64:ff9b:1::808:808",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:a00:1::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_an_address_inside_is_refused(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    with pytest.raises(AddressForbidden):
        AddressPolicy().check_address("host.example", 443, address)


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "8.8.8.8",
        "100.63.255.255",
        "172.15.0.1",
        "172.32.0.1",
        "2606:4700::1111",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
    ],
)
def test_an_address_outside_is_allowed(address: str) -> None:
    AddressPolicy().check_address("host.example", 443, address)


@given(st.ip_addresses(v=4))
def test_wrapping_an_address_changes_nothing(address: ipaddress.IPv4Address) -> None:
    mapped = ipaddress.IPv6Address(f"::ffff:{address}")
    translated = ipaddress.IPv6Address(int(ipaddress.IPv6Address("64:ff9b::")) + int(address))
    assert is_public(mapped) == is_public(translated) == is_public(address)


@pytest.mark.parametrize("spelling", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0x7f.1", "017700000001"])
def test_an_odd_spelling_is_resolved_before_it_is_checked(spelling: str) -> None:
    # The system's own, because the suite lets no names be looked up; a number needs no server.
    found = {entry[4][0] for entry in _socket.getaddrinfo(spelling, 443, 0, _socket.SOCK_STREAM)}
    assert found == {"127.0.0.1"}
    for address in found:
        with pytest.raises(AddressForbidden):
            AddressPolicy().check_address(spelling, 443, address)


@pytest.mark.parametrize(
    ("entry", "host", "port"),
    [
        ("127.0.0.1:11434", "127.0.0.1", 11434),
        ("LocalHost:8000", "localhost", 8000),
        ("localhost.:8000", "localhost", 8000),
        ("localhost:8000", "LOCALHOST.", 8000),
        ("[::1]:8000", "::1", 8000),
        (" vllm:8000 ", "vllm", 8000),
    ],
)
def test_a_listed_host_may_be_private_and_plain(entry: str, host: str, port: int) -> None:
    policy = AddressPolicy.of([entry])
    policy.check_address(host, port, "127.0.0.1")
    assert not policy.lists(host, port + 1)
    with pytest.raises(AddressForbidden):
        policy.check_address("other", port, "127.0.0.1")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example/v1",
        "api.example/v1",
        "https://",
        "https://user:word@a.example/v1",
        "https://a.example:99999/v1",
        "https://a.example/v1?x=1",
        "https://a.example/v1#x",
        "https://[::1/v1",
        "file:///etc/passwd",
    ],
)
def test_what_is_no_base_url_is_refused(url: str) -> None:
    with pytest.raises(Misconfigured):
        AddressPolicy().check_url(url)


def test_a_password_in_a_url_is_not_repeated() -> None:
    with pytest.raises(Misconfigured) as caught:
        endpoint_of("https://user:canary@a.example/v1")
    assert "canary" not in str(caught.value)


def test_https_is_required_of_an_unlisted_host() -> None:
    AddressPolicy().check_url("https://a.example/v1")
    with pytest.raises(AddressForbidden):
        AddressPolicy().check_url("http://a.example/v1")
    AddressPolicy.of(["a.example:80"]).check_url("http://a.example/v1")


def test_the_default_port_is_that_of_the_scheme() -> None:
    assert endpoint_of("https://A.example/v1") == ("a.example", 443)
    assert endpoint_of("http://[::1]:8000/v1") == ("::1", 8000)
