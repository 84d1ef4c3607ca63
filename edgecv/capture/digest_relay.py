"""A relay on the loopback between FFmpeg and a camera whose digest FFmpeg cannot answer: it answers in its place.

FFmpeg asks the relay without a login, and everything else passes as it is: requests and interleaved packets of RTSP
(RFC 2326, section 10.12), and the endless answer of HTTP. One connection is taken, by an address nobody can guess.
"""

from __future__ import annotations

import secrets
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import unquote, urlsplit

from edgecv.capture.digest import Answer, Challenge, challenge_of, strongest
from edgecv.capture.tls_end import TlsEnd
from edgecv.config.camera_address import place_of

_CONNECT_S = 10.0
_PIECE = 64 * 1024
_MOST_HEAD_BYTES = 64 * 1024
_MOST_BODY_BYTES = 1024 * 1024
End = socket.socket | TlsEnd
Message = tuple[bytes, bytes]
"""The head of a request or an answer with its blank line, and the body; or an interleaved packet and nothing."""


def challenges_at(address: str, method: str = "") -> tuple[Challenge, ...]:
    """What a camera asks for when it is asked without a login; nothing where it does not answer.

    Args:
        address: without a fault.
        method: of the request; that which opens a stream when left out.
    """
    try:
        with _connected(address) as camera:
            camera.settimeout(_CONNECT_S)
            camera.sendall(_first_request(address, method))
            head, _ = next(_messages(camera), (b"", b""))
    except (OSError, ValueError):
        return ()
    lines = head.decode("latin-1").split("\r\n")
    headers = [line.partition(":") for line in lines[1:]]
    return tuple(challenge_of(value) for name, _, value in headers if name.strip().lower() == "www-authenticate")


class DigestRelay:
    """The relay of one connection, closed with it.

    Args:
        address: the camera's, without a fault; what it holds of a login is not used.
        user: the camera's user.
        password: the password.
        challenge: what the camera asked for.

    Attributes:
        address: what to open in the camera's place.
    """

    def __init__(self, address: str, user: str, password: str, challenge: Challenge) -> None:
        self._camera_address = address
        self._login = user, password
        self._answer = Answer(challenge, user, password)
        self._is_rtsp = address.startswith("rtsp")
        scheme, _, rest = address.partition("://")
        self._camera_base = f"{scheme}://{rest.partition('/')[0].rpartition('@')[2]}"
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1)
        self._listener.settimeout(_CONNECT_S)
        port = self._listener.getsockname()[1]
        self._base = f"{scheme[:4]}://127.0.0.1:{port}/{secrets.token_hex(16)}"
        self.address = self._base + _path_of(address)
        self._sockets: list[End] = []
        self._closed = False
        self._sending = threading.Lock()
        self._asked: dict[str, bytes] = {}
        threading.Thread(target=self._run, name="digest-relay", daemon=True).start()

    def close(self) -> None:
        """End both connections."""
        self._closed = True
        for end in (self._listener, *self._sockets):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _run(self) -> None:
        try:
            player, _ = self._listener.accept()
            self._listener.close()
            self._sockets.append(player)
            player.settimeout(None)
            requests = _messages(player)
            first = next(requests, None)
            if first is None or not self._is_ours(first[0]):
                return
            camera = _connected(self._camera_address)
            camera.settimeout(None)
            self._sockets.append(camera)
            if self._is_rtsp:
                threading.Thread(target=self._pass_back, args=(camera, player), daemon=True).start()
                self._pass_on(camera, first)
                for message in requests:
                    self._pass_on(camera, message)
            else:
                self._exchange(camera, player, first)
        except (OSError, ValueError):
            pass  # either side broke off: the other one is told by the end of its connection
        finally:
            self.close()

    def _is_ours(self, head: bytes) -> bool:
        target = head.split(b" ", 2)[1:2]
        secret = self._base.rpartition("/")[2].encode()
        return bool(target) and secrets.compare_digest(_first_part(target[0]), secret)

    def _pass_on(self, camera: End, message: Message) -> None:
        head, body = message
        if head[:1] == b"$":
            with self._sending:
                camera.sendall(head)
            return
        with self._sending:
            self._asked[_sequence_of(head)] = head + body
            camera.sendall(self._answered(head, body))

    def _pass_back(self, camera: End, player: End) -> None:
        """Everything that the camera sends, but for a refusal of an answer whose challenge was out of date."""
        tried: set[str] = set()
        try:
            for head, body in _messages(camera):
                if head[:1] != b"$" and head.split(b" ", 2)[1:2] == [b"401"]:
                    number, challenge = _sequence_of(head), strongest(_challenges_in(head))
                    if number in self._asked and number not in tried and challenge is not None:
                        tried.add(number)
                        with self._sending:
                            self._answer = Answer(challenge, *self._login)
                            request, _, rest = self._asked[number].partition(b"\r\n\r\n")
                            camera.sendall(self._answered(request + b"\r\n\r\n", rest))
                        continue
                if head[:1] == b"$":
                    player.sendall(head)
                else:
                    self._asked.pop(_sequence_of(head), None)
                    player.sendall(_without_challenges(head) + body)
        except (OSError, ValueError):
            pass
        finally:
            self.close()

    def _exchange(self, camera: End, player: End, request: Message) -> None:
        """One request of HTTP, asked again where its challenge was out of date, and its answer without an end."""
        for attempt in range(2):
            camera.sendall(self._answered(*request))
            head = _head_of(camera)
            challenge = strongest(_challenges_in(head))
            if attempt or head.split(b" ", 2)[1:2] != [b"401"] or challenge is None:
                break
            self._answer = Answer(challenge, *self._login)
            camera.close()
            camera = _connected(self._camera_address)
            camera.settimeout(None)
            self._sockets.append(camera)
        player.sendall(_without_challenges(head))
        while piece := camera.recv(_PIECE):
            player.sendall(piece)

    def _answered(self, head: bytes, body: bytes) -> bytes:
        """A request as the camera gets it: to its own address, with our answer to its challenge."""
        first, *headers = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
        method, target, version = first.split(" ", 2)
        secret = self._base.rpartition("/")[2]
        if self._is_rtsp:
            target = target.replace(self._base, self._camera_base, 1)
        else:
            target = target.removeprefix(f"/{secret}") or "/"
            headers = [f"Host: {self._camera_base.partition('://')[2]}" if _is(h, "host") else h for h in headers]
        headers = [header for header in headers if not _is(header, "authorization")]
        lines = "\r\n".join([f"{method} {target} {version}", *headers, ""]).encode("latin-1")
        return lines + f"Authorization: {self._answer.authorization(method, target, body)}\r\n\r\n".encode() + body


def login_in(address: str) -> tuple[str, str] | None:
    """User and password of an address that holds them; decoded."""
    parts = urlsplit(address)
    return None if parts.username is None else (unquote(parts.username), unquote(parts.password or ""))


def _connected(address: str) -> End:
    host, port = place_of(address)
    plain = socket.create_connection((host, port), _CONNECT_S)
    if not address.startswith(("rtsps://", "https://")):
        return plain
    # as FFmpeg: cameras have certificates of their own making
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        return TlsEnd(plain, context, host)
    except OSError:
        plain.close()
        raise


def _first_request(address: str, method: str) -> bytes:
    scheme, _, rest = address.partition("://")
    host = rest.partition("/")[0].rpartition("@")[2]
    if scheme.startswith("rtsp"):
        bare = f"{scheme}://{host}{_path_of(address)}"
        return f"{method or 'DESCRIBE'} {bare} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n".encode()
    head = f"{method or 'GET'} {_path_of(address) or '/'} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    return head.encode()


def _path_of(address: str) -> str:
    rest = address.partition("://")[2]
    host = urlsplit(address).netloc
    return rest.removeprefix(host).partition("#")[0]


def _messages(end: End) -> Iterator[Message]:
    """Requests or answers, and interleaved packets between them, until the connection ends."""
    buffer = b""
    while True:
        if buffer[:1] == b"$":
            size = 4 + int.from_bytes(buffer[2:4], "big")
            if len(buffer) >= 4 and len(buffer) >= size:
                yield buffer[:size], b""
                buffer = buffer[size:]
                continue
        elif (at := buffer.find(b"\r\n\r\n")) >= 0:
            head, body_bytes = buffer[: at + 4], _length_in(buffer[: at + 4])
            if len(buffer) >= at + 4 + body_bytes:
                yield head, buffer[at + 4 : at + 4 + body_bytes]
                buffer = buffer[at + 4 + body_bytes :]
                continue
        elif len(buffer) > _MOST_HEAD_BYTES:
            raise ValueError("a head without an end")
        piece = end.recv(_PIECE)
        if not piece:
            return
        buffer += piece


def _head_of(end: End) -> bytes:
    """The head of an answer of HTTP, and what came with it."""
    buffer = b""
    while b"\r\n\r\n" not in buffer and len(buffer) < _MOST_HEAD_BYTES:
        piece = end.recv(_PIECE)
        if not piece:
            break
        buffer += piece
    return buffer


def _length_in(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip().isdigit():
            size = int(value)
            if size > _MOST_BODY_BYTES:
                raise ValueError("a body beyond all measure")
            return size
    return 0


def _challenges_in(head: bytes) -> tuple[Challenge, ...]:
    lines = head.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
    return tuple(challenge_of(line.partition(":")[2]) for line in lines if _is(line, "www-authenticate"))


def _without_challenges(head: bytes) -> bytes:
    """An answer without what the player would try to answer once more by itself."""
    lines, end, rest = head.partition(b"\r\n\r\n")
    remaining = [line for line in lines.split(b"\r\n") if not line.lower().startswith(b"www-authenticate")]
    return b"\r\n".join(remaining) + end + rest


def _sequence_of(head: bytes) -> str:
    lines = head.decode("latin-1").split("\r\n")
    return next((line.partition(":")[2].strip() for line in lines if _is(line, "cseq")), "")


def _is(header: str, name: str) -> bool:
    return header.partition(":")[0].strip().lower() == name


def _first_part(target: bytes) -> bytes:
    """The first part of a target's path, of a whole address or of the path alone."""
    path = target.partition(b"://")[2].partition(b"/")[2] if b"://" in target else target.removeprefix(b"/")
    return path.partition(b"/")[0].partition(b"?")[0]
