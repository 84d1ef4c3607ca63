"""Nobody holds a server up: half requests, dripping bodies, unread answers, and too many connections at once."""

from __future__ import annotations

import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from waiting import wait_for

from edgecv.serving import Limits, WebServer
from edgecv.serving.limits import HEAD_BYTES

QUICK = Limits(connections=12, per_address=8, head_s=1.0, body_bytes_s=1000.0, body_window_s=1.0, answer_s=2.0)
_REQUEST = b"GET /length HTTP/1.1\r\nHost: a\r\n\r\n"
PATIENCE_S = 30.0
"""Far more than the limits, less than the minute that the servers waited before."""


async def _length(request: Request) -> Response:
    try:
        return PlainTextResponse(str(len(await request.body())))
    except ClientDisconnect:
        return Response(status_code=400)


async def _large(_request: Request) -> Response:
    return Response(b"x" * 64 * 1024 * 1024)


async def _unread(_request: Request) -> Response:
    return PlainTextResponse("refused", 401)


@contextmanager
def serving(limits: Limits = QUICK, *, is_proxy: bool = False, tls: dict[str, str] | None = None) -> Iterator[int]:
    routes = [
        Route("/length", _length, methods=["GET", "POST"]),
        Route("/large", _large),
        Route("/unread", _unread, methods=["POST"]),
    ]
    server = WebServer(Starlette(routes=routes), "127.0.0.1:0", "here", limits, is_proxy=lambda _: is_proxy, tls=tls)
    server.start()
    try:
        yield server.port
    finally:
        server.stop()


def _connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)


def _is_closed_while_dripping(connection: socket.socket, drop: bytes) -> bool:
    """Send a drop now and then until the server closes, or patience ends."""
    connection.settimeout(0.3)
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        try:
            connection.sendall(drop)
            if connection.recv(65536) == b"":
                return True
        except TimeoutError:
            continue
        except OSError:
            return True
    return False


@pytest.mark.parametrize(
    ("begin", "drop"),
    [
        pytest.param(b"GET / HTTP/1.1\r\nX-A: ", b"a", id="a header that never ends"),
        pytest.param(b"", b"", id="nothing at all"),
        pytest.param(b"POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n", b"b", id="a body in drops"),
        pytest.param(
            b"POST /length HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"1\r\nb\r\n",
            id="chunks in drops",
        ),
        pytest.param(
            b"POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n", b"b", id="a body that was refused"
        ),
        pytest.param(b"GET /length HTTP/1.1\r\nHost: a\r\n\r\nGET ", b"/", id="a second request that does not end"),
    ],
)
def test_a_request_that_is_only_half_sent_is_given_up(begin: bytes, drop: bytes) -> None:
    with serving() as port, _connected(port) as slow:
        slow.sendall(begin)
        assert _is_closed_while_dripping(slow, drop)


def test_an_answer_that_nobody_reads_is_given_up() -> None:
    with serving(Limits(connections=1, per_address=1, answer_s=2.0)) as port, _connected(port) as deaf:
        deaf.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")

        def is_served() -> bool:
            try:
                return httpx.get(f"http://127.0.0.1:{port}/length", timeout=5).status_code == 200
            except httpx.HTTPError:
                return False

        wait_for(is_served, "the only place is free again", PATIENCE_S)


def test_a_long_body_that_keeps_its_pace_is_taken() -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(8):
            time.sleep(0.5)
            yield b"x" * 10_000

    with serving() as port:
        answer = httpx.post(f"http://127.0.0.1:{port}/length", content=pieces(), timeout=PATIENCE_S)
    assert answer.text == "80000", "longer than head_s and body_window_s"


def test_connections_beyond_the_limit_of_an_address_are_closed_and_others_go_on() -> None:
    with serving(Limits(connections=12, per_address=4)) as port, ExitStack() as stack:
        held = [stack.enter_context(_connected(port)) for _ in range(4)]
        assert _is_refused(stack.enter_context(_connected(port)))
        held[0].sendall(_REQUEST)
        assert held[0].recv(100).startswith(b"HTTP/1.1 200")


def test_a_proxy_from_which_all_come_may_have_more_connections_but_not_all() -> None:
    with serving(Limits(connections=12, per_address=4), is_proxy=True) as port, ExitStack() as stack:
        held = [stack.enter_context(_connected(port)) for _ in range(12)]
        assert _is_refused(stack.enter_context(_connected(port)))
        for connection in held:
            connection.sendall(_REQUEST)
            assert connection.recv(100).startswith(b"HTTP/1.1 200")


def _is_refused(connection: socket.socket) -> bool:
    try:
        connection.sendall(_REQUEST)
        return connection.recv(100) == b""
    except OSError:
        return True


def test_closed_connections_make_room_for_others() -> None:
    with serving(Limits(connections=2, per_address=2)) as port:
        for _ in range(20):
            with _connected(port) as quick:
                quick.sendall(b"GET /length HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                assert quick.recv(100).startswith(b"HTTP/1.1 200")
                while quick.recv(100):
                    pass


@pytest.mark.parametrize("pieces", [1, 64])
def test_a_head_that_is_too_long_is_refused_however_it_comes(pieces: int) -> None:
    head = b"GET /length HTTP/1.1\r\nHost: a\r\n" + b"X-Long: " + b"x" * 8 * HEAD_BYTES + b"\r\n\r\n"
    step = len(head) // pieces + 1
    with serving() as port, _connected(port) as connection:
        answered = b""
        try:
            for start in range(0, len(head), step):
                connection.sendall(head[start : start + step])
            answered = connection.recv(100)
        except OSError:
            pass  # closed with bytes of ours unread
    assert b"200" not in answered


def test_what_is_not_http_is_refused_without_a_line_each_and_without_a_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with serving() as port:
        for _ in range(20):
            with _connected(port) as connection:
                connection.sendall(b"\x16\x03\x01 hello\r\n\r\n")
                assert connection.recv(100).startswith(b"HTTP/1.1 400")
        with _connected(port) as connection:  # broken after its answer has begun
            connection.sendall(b"POST /unread HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 401")
            connection.sendall(b"no length\r\n")
            assert connection.recv(1000).partition(b"HTTP/1.1")[1] == b""
    lines = [record for record in caplog.records if record.levelname in {"WARNING", "ERROR"}]
    assert len(lines) <= 1, [record.getMessage() for record in lines]


def test_a_tls_handshake_that_does_not_come_is_given_up(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command.split(), *files], check=True, capture_output=True)
    tls = {"ssl_certfile": str(certificate), "ssl_keyfile": str(key)}
    with serving(tls=tls) as port, _connected(port) as silent:
        answer = httpx.get(f"https://localhost:{port}/length", verify=ssl.create_default_context(cafile=certificate))
        assert answer.status_code == 200
        assert _is_closed_while_dripping(silent, b"")
