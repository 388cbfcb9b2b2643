"""An S3 server of our own on the loopback. The servers of one process share what they hold."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from moto.server import ThreadedMotoServer


@contextmanager
def s3_server() -> Iterator[tuple["ThreadedMotoServer", str]]:
    """The server, while it is needed, and its address."""
    from moto.server import ThreadedMotoServer  # half a second that every process would take to collect the tests

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield server, f"http://{host}:{port}"
    finally:
        server.stop()
