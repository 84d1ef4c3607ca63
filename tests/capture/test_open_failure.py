"""Why a stream cannot be opened: each reason with its own remedy."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from running import free_port

from edgecv.capture import stream
from edgecv.capture.stream import LiveStream, StreamError, StreamSettings


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "OPEN_S", 1.0)


@contextmanager
def listener(answer: bytes) -> Iterator[int]:
    """Somebody who answers the same to everything."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection, suppress(OSError):
                    while connection.recv(4096):
                        connection.sendall(answer)
                        if not answer.startswith(b"RTSP/"):
                            break

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def told(address: str) -> str:
    with pytest.raises(StreamError) as raised:
        LiveStream(StreamSettings(address))
    return str(raised.value)


RTSP = b"RTSP/1.0 400 Bad Request\r\nCSeq: 1\r\n\r\n"
HTTP = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"
ALERT = b"\x15\x03\x01\x00\x02\x02\x46"


@pytest.mark.parametrize(
    ("scheme", "answer", "says"),
    [
        ("rtsp", HTTP, "a web server answers"),
        ("rtsp", b"<html>Bad request", "a web server answers"),
        ("rtsps", RTSP, "RTSP answers at port"),
        ("https", HTTP, "write http:// in front of it"),
        ("rtsp", ALERT, "write rtsps:// in front of it"),
        ("rtsp", b"RTSP/1.0 404 Not Found\r\nCSeq: 1\r\n\r\n", "no such stream; check the path"),
        ("rtsp", b"RTSP/1.0 503 Service Unavailable\r\nCSeq: 1\r\n\r\n", "no further viewer now"),
        (
            "rtsp",
            b"RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\nWWW-Authenticate: Basic realm=a\r\n\r\n",
            "asks for user and",
        ),
        ("http", b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "no such stream; check the path"),
        ("http", b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", "no further viewer now"),
    ],
)
def test_who_answers_otherwise_is_named(scheme: str, answer: bytes, says: str) -> None:
    with listener(answer) as port:
        assert says in told(f"{scheme}://127.0.0.1:{port}/x")


def test_a_digest_that_nobody_can_answer_is_named_with_what_to_set() -> None:
    challenge = b'Digest realm="r", nonce="n", algorithm=SHA3-512'
    with listener(b"RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\nWWW-Authenticate: " + challenge + b"\r\n\r\n") as port:
        assert "by SHA3-512, which cannot be answered; set the camera to" in told(f"rtsp://u:p@127.0.0.1:{port}/x")


def test_where_nothing_listens_the_port_is_named() -> None:
    port = free_port()
    assert f"nothing listens at port {port}" in told(f"rtsp://127.0.0.1:{port}/x")


def test_a_name_that_nobody_knows_is_told_as_that() -> None:
    assert "the name camera.invalid is not known" in told("rtsp://camera.invalid/x")


def test_a_file_is_told_without_power_and_cable(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_text("no video")
    assert "check that it is a video" in told(str(tmp_path / "a.mp4"))
    assert "there is no such file" in told(str(tmp_path / "b.mp4"))
