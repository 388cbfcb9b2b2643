"""The server in this process, until standard input ends."""

import json
from collections import defaultdict
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.support.http_process import serve
from tests.support.music_server.behaviours import BEHAVIOURS

ASKED: dict[str, list[Any]] = defaultdict(list)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        name, _slash, what = self.path.strip("/").partition("/")
        if what == "asked":
            self.say(200, json.dumps(ASKED[name]).encode())
        elif what.startswith("files/"):
            BEHAVIOURS["file"](self, {})
        elif name == "unhealthy":
            self.say(503, b'{"status": "loading"}')
        else:
            self.say(200, b'{"status": "ok"}')

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        name = self.path.strip("/").partition("/")[0]
        asked = json.loads(body)
        ASKED[name].append(asked)
        try:
            BEHAVIOURS[name](self, asked)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def say(self, status: int, body: bytes, content_type: str = "application/json", **headers: str) -> None:
        """One whole answer."""
        self.send_response(status)
        for key, value in {"Content-Type": content_type, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Be quiet."""


if __name__ == "__main__":
    serve(Handler)
