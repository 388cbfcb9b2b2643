"""One question to a server that the operator named, answered within a budget or not at all.

NoAnswer    no connection, no time, no status 200, no JSON, too much of it, or JSON of another form; the message names
            which, never the text
"""

import asyncio
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from arena.systems.backends.addresses import AddressPolicy
from arena.systems.backends.base import BackendError

if TYPE_CHECKING:
    import httpx

MAX_ANSWER_BYTES: Final = 65_536


class NoAnswer(Exception):
    """There is no usable answer."""


def ask(url: str, payload: Mapping[str, Any], api_key: str, policy: AddressPolicy, budget_s: float) -> Any:
    """POST a JSON body and give the JSON of the answer; `budget_s` for everything. Raises NoAnswer."""
    # Most arenas name no server to ask.
    import httpx  # noqa: PLC0415

    from arena.systems.backends.transport import GuardedTransport  # noqa: PLC0415

    # Not compressed: a few bytes could unpack to very many.
    headers = {"Accept-Encoding": "identity"} | ({"Authorization": f"Bearer {api_key}"} if api_key else {})
    try:
        policy.check_url(url)
        http = httpx.AsyncClient(
            transport=GuardedTransport(policy), follow_redirects=False, trust_env=False, timeout=budget_s
        )
        body = asyncio.run(_ask(http, url, payload, headers, budget_s))
        return json.loads(body)
    except (httpx.HTTPError, httpx.InvalidURL, BackendError, TimeoutError) as error:
        raise NoAnswer(type(error).__name__) from error
    except (ValueError, RecursionError) as error:
        raise NoAnswer("no JSON") from error


def completion_of(answer: Any) -> str:
    """What a chat model says in this answer. Raises NoAnswer."""
    match answer:
        case {"choices": [{"message": {"content": str(content)}}, *_]}:
            return content
    raise NoAnswer("no completion")


async def _ask(
    http: "httpx.AsyncClient", url: str, payload: Mapping[str, Any], headers: Mapping[str, str], budget_s: float
) -> bytes:
    async with asyncio.timeout(budget_s), http, http.stream("POST", url, json=payload, headers=headers) as response:
        if response.status_code != HTTPStatus.OK:
            raise NoAnswer(f"status {response.status_code}")
        body = b""
        async for block in response.aiter_raw():
            body += block
            if len(body) > MAX_ANSWER_BYTES:
                raise NoAnswer("too large")
    return body
