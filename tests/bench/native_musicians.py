"""Six systems of music as one server, in a process of its own: each sends its pieces in a format of its own.

`POST /NAME` with a prompt is answered by a piece that nobody else has. `GET /sent` tells what a browser must not
learn: of every clip the name, the prompt, its size and its first bytes. Prints its port; runs until its input ends.
"""

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any, Final

from tests.media.formats import NAMES, sent
from tests.media.sounds import melody
from tests.support.http_process import serve

HEAD_BYTES: Final = 48
_SENT: Final[list[dict[str, Any]]] = []


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        """Make a piece."""
        name = self.path.strip("/")
        prompt = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["prompt"]
        rng = random.Random(f"{name} {prompt}")
        clip = sent(name, melody(rng.uniform(5.5, 8), seed=rng.randrange(2**31), level=1.0))
        _SENT.append({"name": name, "prompt": prompt, "bytes": len(clip), "head": list(clip[:HEAD_BYTES])})
        self._say(clip, f"audio/{name}")

    def do_GET(self) -> None:
        """Tell what was sent."""
        self._say(json.dumps(_SENT).encode(), "application/json")

    def _say(self, body: bytes, content_type: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Be quiet."""


@contextmanager
def musicians() -> Iterator[str]:
    """The server's process; its host and port."""
    command = [sys.executable, "-m", "tests.bench.native_musicians"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield f"127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.stdin.close()
            process.wait(10)


def systems_file(host_port: str) -> dict[str, Any]:
    """The systems file of an arena with these six."""
    entry = {"backend": "audio_http", "body": {"prompt": "{prompt}"}, "access": "open", "licence": "MIT"}
    return {
        "arena": "music",
        "arena_name": "Music",
        "modality": "music",
        "demo": True,
        "systems": [
            {**entry, "name": name, "organisation": "Ours", "url": f"http://{host_port}/{name}", "signature": {}}
            for name in NAMES
        ],
    }


if __name__ == "__main__":
    serve(_Handler)
