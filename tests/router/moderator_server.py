"""A remote moderator on this machine, well-behaved or not."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class ModeratorServer:
    """What it will answer, and what it was asked."""

    def __init__(self) -> None:
        self.answer: Any = {"results": [{"flagged": False, "categories": {}}]}
        self.raw: bytes | None = None
        self.status = 200
        self.headers: dict[str, str] = {}
        self.silent_s = 0.0
        self.drip_s = 0.0
        self.asked: list[dict[str, Any]] = []
        self.authorizations: list[str | None] = []
        self.port = 0

    @property
    def private(self) -> list[str]:
        return [f"127.0.0.1:{self.port}"]

    def url(self, path: str = "/v1/moderations") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def says(self, content: object) -> None:
        """Answer like a chat model."""
        self.answer = {"choices": [{"message": {"role": "assistant", "content": content}}]}


@contextmanager
def running() -> Iterator[ModeratorServer]:
    """The server, until the end of the block."""
    state = ModeratorServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            state.authorizations.append(self.headers.get("Authorization"))
            state.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            time.sleep(state.silent_s)
            body = state.raw if state.raw is not None else json.dumps(state.answer).encode()
            try:
                self.send_response(state.status)
                for name, value in state.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                for byte in (body[i : i + 1] for i in range(len(body))) if state.drip_s else [body]:
                    self.wfile.write(byte)
                    self.wfile.flush()
                    time.sleep(state.drip_s)
            except (BrokenPipeError, ConnectionResetError):
                return  # the client did not wait

        def log_message(self, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
