"""One HTTP request to a backend: where it goes, and what its headers say. Framework-free."""

import httpx

from arena.common import tracing
from arena.systems.backends.addresses import AddressPolicy
from arena.systems.backends.base import GenerationRequest, Misconfigured


def allowed_url(policy: AddressPolicy, base_url: str, path: str = "") -> httpx.URL:
    """The address to ask: `path` below a base URL, or the URL itself.

    Raises:
        Misconfigured, AddressForbidden: it can never be allowed.
    """
    policy.check_url(base_url)
    try:
        return httpx.URL(base_url.rstrip("/") + path if path else base_url)
    except httpx.InvalidURL as error:
        # The client knows fewer spellings of a host than the system's resolver.
        raise Misconfigured(f"{base_url!r} is no URL: {error}") from error


def headers_of(request: GenerationRequest, api_key: str) -> dict[str, str]:
    """What every backend is told: nothing about the visitor. `api_key`: sent as a bearer token; empty for none."""
    # A compressed body could unfold without bound.
    headers = {"Accept-Encoding": "identity", "User-Agent": "preference-arena"}
    if request.request_id:
        headers[tracing.HEADER] = request.request_id
    if api_key:
        headers["Authorization"] = f"Bearer {api_key}"
    return headers
