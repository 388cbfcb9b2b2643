"""The server in this process, until standard input ends."""

import json
import sys
import threading
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

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


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_args: object) -> None:
        """A client that hung up is no news."""


if __name__ == "__main__":
    server = Server(("127.0.0.1", 0), Handler)
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
