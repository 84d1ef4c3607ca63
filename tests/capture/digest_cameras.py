"""Cameras that ask for a digest of SHA-256, on the loopback."""

from __future__ import annotations

import hashlib
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

USER, PASSWORD, REALM = "admin", "Gehe/im 99", "IP Camera(GH455)"


def challenge(nonce: str) -> str:
    return f'Digest realm="{REALM}", nonce="{nonce}", algorithm="SHA-256", qop="auth"'


def is_right(header: str, method: str, nonce: str) -> bool:
    """By RFC 7616, section 3.4.1."""
    fields = dict(re.findall(r'(\w+)="?([^",]*)"?', header))

    def hashed(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    secret = hashed(f"{USER}:{REALM}:{PASSWORD}")
    request = hashed(f"{method}:{fields.get('uri')}")
    asked = f"{nonce}:{fields.get('nc')}:{fields.get('cnonce')}:auth"
    return fields.get("nonce") == nonce and fields.get("response") == hashed(f"{secret}:{asked}:{request}")


@contextmanager
def http_camera(video: bytes) -> Iterator[int]:
    """Sends a file over HTTP; its nonce is good for one connection."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        nonces = iter(f"nonce{number}" for number in range(1000))
        offered = ""

        def do_GET(self) -> None:
            header = self.headers.get("Authorization", "")
            if not is_right(header, "GET", Handler.offered):
                Handler.offered = next(Handler.nonces)
                self.send_response(401)
                self.send_header("WWW-Authenticate", challenge(Handler.offered))
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(200)
            self.send_header("Content-Type", "video/mp4")
            self.send_header("Content-Length", str(len(video)))
            self.end_headers()
            self.wfile.write(video)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


class RtspCamera:
    """Answers requests of RTSP whose digest is right, and sends back the packets it gets.

    Attributes:
        port: where it listens.
        uris: of the requests whose digest was right.
        nonce: the good one; another makes the answers of before stale.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.uris: list[str] = []
        self.nonce = "first"
        threading.Thread(target=self._run, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        buffer = b""
        while data := connection.recv(65536):
            buffer += data
            while buffer:
                if buffer[:1] == b"$" and len(buffer) >= 4 + int.from_bytes(buffer[2:4], "big"):
                    size = 4 + int.from_bytes(buffer[2:4], "big")
                    connection.sendall(buffer[:size])
                    buffer = buffer[size:]
                elif buffer[:1] != b"$" and b"\r\n\r\n" in buffer:
                    head, _, buffer = buffer.partition(b"\r\n\r\n")
                    connection.sendall(self._answer(head.decode()))
                else:
                    break

    def _answer(self, head: str) -> bytes:
        method, uri, _ = head.split("\r\n", maxsplit=1)[0].split(" ")
        number = re.search(r"CSeq: *(\d+)", head)
        sequence = "" if number is None else number[1]
        header = re.search(r"Authorization: (.*)", head)
        if header is None or not is_right(header[1], method, self.nonce):
            text = f"RTSP/1.0 401 Unauthorized\r\nCSeq: {sequence}\r\nWWW-Authenticate: {challenge(self.nonce)}\r\n\r\n"
            return text.encode()
        self.uris.append(uri)
        return f"RTSP/1.0 200 OK\r\nCSeq: {sequence}\r\nContent-Length: 3\r\n\r\nyes".encode()
