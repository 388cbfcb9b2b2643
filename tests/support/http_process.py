"""What a process does that is one HTTP server for a test: it prints its port and serves until its input ends."""

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_args: object) -> None:
        """A client that hung up is no news."""


def serve(handler: type[BaseHTTPRequestHandler]) -> None:
    """Serve on a free port of the loopback address."""
    server = _Server(("127.0.0.1", 0), handler)
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
