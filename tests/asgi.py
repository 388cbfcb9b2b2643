"""Requests to the site's HTTP handler, as the server passes them on."""

from asgiref.testing import ApplicationCommunicator

from arena.config.http import ThreadedHandler

TIMEOUT_S = 30


class Request(ApplicationCommunicator):
    """One request to the handler."""

    def __init__(self, handler: ThreadedHandler, path: str, method: str = "GET", **headers: str) -> None:
        path, _mark, query = path.partition("?")
        sent = {"host": "127.0.0.1", **headers}
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in sent.items()],
            "client": ["127.0.0.1", 0],
        }
        super().__init__(handler, scope)

    async def send(self, body: bytes = b"", *, more: bool = False) -> None:
        await self.send_input({"type": "http.request", "body": body, "more_body": more})

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        start = await self.receive_output(TIMEOUT_S)
        body, more = b"", True
        while more:
            part = await self.receive_output(TIMEOUT_S)
            body, more = body + part.get("body", b""), part.get("more_body", False)
        await self.wait(TIMEOUT_S)
        return start["status"], {name.decode(): value.decode() for name, value in start["headers"]}, body


async def ask(handler: ThreadedHandler, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """A whole request without a body."""
    request = Request(handler, path, **headers)
    await request.send()
    return await request.answer()
