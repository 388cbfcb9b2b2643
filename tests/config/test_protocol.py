"""A client that sends slowly, too much, or nothing keeps no connection; an ordinary one notices none of it."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from websockets.sync.client import connect

from arena.config.protocol import PatientProtocol
from ops.processes import wait_until
from tests.observatory import Answer, score

HEAD_S, BODY_S, ANSWER_S = 0.25, 0.5, 0.7
GET = b"GET / HTTP/1.1\r\nHost: x\r\n"


class Hurried(PatientProtocol):
    """With deadlines that a test can wait for."""

    HEAD_S = HEAD_S
    BODY_S = BODY_S
    MAX_HEAD_BYTES = 4096


async def site(scope: Any, receive: Any, send: Any) -> None:
    """Says how long the body was; `/slow` takes longer than every deadline; a WebSocket echoes."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})
        return
    length, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        length, more = length + len(message.get("body", b"")), message.get("more_body", False)
    if scope["path"] == "/slow":
        import asyncio

        await asyncio.sleep(ANSWER_S)
    said = str(length).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(said))]})
    await send({"type": "http.response.body", "body": said})


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    config = uvicorn.Config(site, port=0, http=Hurried, lifespan="off", log_level="critical", timeout_keep_alive=5)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert wait_until(lambda: server.started, timeout_s=10)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(10)


@contextlib.contextmanager
def dialled(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        yield connection


def rest(connection: socket.socket) -> bytes:
    """Everything until the server closes."""
    heard = b""
    with contextlib.suppress(ConnectionError):
        while part := connection.recv(4096):
            heard += part
    return heard


def dribble(connection: socket.socket, data: bytes, every_s: float = 0.05) -> float:
    """Send byte by byte until the server hangs up; how many seconds that took."""
    began = time.monotonic()
    connection.setblocking(False)
    for byte in data:
        with contextlib.suppress(BlockingIOError):
            if connection.recv(1, socket.MSG_PEEK) is not None:
                break
        with contextlib.suppress(ConnectionError):
            connection.send(bytes([byte]))
        time.sleep(every_s)
    connection.settimeout(10)
    return time.monotonic() - began


def test_a_head_that_comes_byte_by_byte_is_refused_in_time(port: int) -> None:
    with dialled(port) as connection:
        took_s = dribble(connection, GET + b"X-Slow: " + b"a" * 1000)
        assert rest(connection).startswith(b"HTTP/1.1 408 ")
    assert HEAD_S * 0.8 <= took_s < HEAD_S + 1


def test_a_connection_without_a_word_is_closed_without_a_word(port: int) -> None:
    began = time.monotonic()
    with dialled(port) as connection:
        assert rest(connection) == b""
    assert time.monotonic() - began < HEAD_S + 1


def test_empty_lines_do_not_keep_a_connection(port: int) -> None:
    with dialled(port) as connection:
        assert dribble(connection, b"\r\n" * 200) < HEAD_S + 1


def test_empty_lines_after_an_answer_do_not_keep_it_either(port: int) -> None:
    with dialled(port) as connection:
        connection.sendall(GET + b"\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
        assert dribble(connection, b"\r\n" * 200) < HEAD_S + 1


def test_a_body_that_comes_byte_by_byte_is_refused_in_time(port: int) -> None:
    with dialled(port) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
        took_s = dribble(connection, b"a" * 1000)
        assert rest(connection).startswith(b"HTTP/1.1 408 ")
    assert BODY_S * 0.8 <= took_s < BODY_S + 1


@pytest.mark.parametrize("head", [GET + b"X: " + b"a" * 9000, GET + b"X: a\r\n" * 2000, b"GET /" + b"a" * 9000])
def test_a_head_without_end_is_refused_for_its_size(port: int, head: bytes) -> None:
    with dialled(port) as connection:
        connection.sendall(head)
        assert rest(connection).startswith(b"HTTP/1.1 431 ")


def test_many_requests_on_one_connection_are_answered_each(port: int) -> None:
    with dialled(port) as connection:
        for number in range(100):
            body = b"b" * number
            connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (number, body))
            assert connection.recv(4096).endswith(b"\r\n\r\n%d" % number)


def test_an_answer_may_take_longer_than_a_request(port: int) -> None:
    with dialled(port) as connection:
        connection.sendall(GET.replace(b"/ ", b"/slow ", 1) + b"\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")


def test_a_large_body_in_good_time_is_taken(port: int) -> None:
    with dialled(port) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n" + b"a" * 900_000)
        assert connection.recv(4096).endswith(b"900000")


def test_a_websocket_outlives_the_deadlines(port: int) -> None:
    with connect(f"ws://127.0.0.1:{port}/") as socket_:
        time.sleep(BODY_S + 0.1)
        socket_.send("still here")
        assert socket_.recv(timeout=5) == "still here"


def test_what_is_no_http_is_refused_with_the_headers_of_every_other_answer(port: int) -> None:
    with dialled(port) as connection:
        connection.sendall(b"\x16\x03\x01 canary\r\n\r\n")
        said = rest(connection)
    assert said.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert said.endswith(b"\r\n\r\n")
    assert all(
        line in said
        for line in (b"x-content-type-options: nosniff", b"content-security-policy: default-src 'none'", b"no-store")
    )


@pytest.mark.parametrize(
    ("status", "sent"),
    [(400, b"\x16\x03\x01 canary\r\n\r\n"), (408, GET), (431, GET + b"X: " + b"a" * 9000)],
)
def test_what_the_site_never_sees_earns_as_many_points_at_the_observatory(
    port: int, settings: Any, status: int, sent: bytes
) -> None:
    settings.SECURE_HSTS_SECONDS = 63_072_000
    with dialled(port) as connection:
        connection.sendall(sent)
        first, *lines = rest(connection).decode().split("\r\n")
    assert first.startswith(f"HTTP/1.1 {status} ")
    assert score(Answer(dict(line.split(": ", 1) for line in lines if line))) >= 130


def test_without_https_nobody_is_told_to_come_by_https(port: int) -> None:
    with dialled(port) as connection:
        connection.sendall(b"\x16\x03\x01 canary\r\n\r\n")
        assert b"strict-transport-security" not in rest(connection)
