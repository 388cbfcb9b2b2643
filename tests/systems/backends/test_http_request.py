"""What every HTTP backend is sent: to the address that was allowed, and with nothing about the visitor."""

import httpx
import pytest

from arena.common import tracing
from arena.systems.backends.addresses import AddressPolicy
from arena.systems.backends.base import AddressForbidden, GenerationRequest, Limits, Message, Misconfigured
from arena.systems.backends.http_request import allowed_url, headers_of

ANY = AddressPolicy(frozenset({"127.0.0.1:80", "localhost:8000"}))


def asked(request_id: str = "") -> GenerationRequest:
    return GenerationRequest((Message("user", "a secret of mine"),), Limits(), request_id=request_id)


@pytest.mark.parametrize(
    "base", ["http://localhost:8000/v1", "http://localhost:8000/v1/", "http://localhost:8000/v1//"]
)
def test_a_path_stands_below_the_base_however_that_ends(base: str) -> None:
    assert str(allowed_url(ANY, base, "/health")) == "http://localhost:8000/v1/health"


def test_an_address_without_a_path_below_is_asked_as_it_was_written() -> None:
    assert str(allowed_url(ANY, "http://localhost:8000/make/")) == "http://localhost:8000/make/"


@pytest.mark.parametrize("url", ["ftp://localhost:8000/", "http://", "http://localhost:8000/?key=x"])
def test_what_is_no_web_address_is_a_mistake_of_the_operator(url: str) -> None:
    with pytest.raises(Misconfigured):
        allowed_url(ANY, url)


def test_an_address_that_no_rule_allows_is_refused_before_anybody_is_asked() -> None:
    with pytest.raises(AddressForbidden):
        allowed_url(ANY, "http://elsewhere.test/v1", "/health")


def test_what_only_the_client_cannot_read_is_a_mistake_of_the_operator() -> None:
    with pytest.raises(Misconfigured, match="is no URL"):
        allowed_url(ANY, "http://localhost:8000/" + "a" * 70_000)


def test_a_key_goes_into_one_header_and_the_request_id_into_another() -> None:
    sent = httpx.Headers(headers_of(asked("abc"), "key"))
    assert sent["authorization"] == "Bearer key"
    assert sent[tracing.HEADER] == "abc"


def test_without_a_key_and_an_id_two_headers_are_left_and_no_compression_is_asked_for() -> None:
    assert headers_of(asked(), "") == {"Accept-Encoding": "identity", "User-Agent": "preference-arena"}
