"""Why a camera's stream cannot be opened, as far as one more look at its port tells, and what to change."""

from __future__ import annotations

import errno
import re
import socket
from pathlib import Path
from typing import Literal

import av
from av.error import HTTPClientError, HTTPServerError

from edgecv.config.camera_address import address_fault, place_of
from edgecv.config.stream_address import is_device, is_recorded, lacks_scheme
from edgecv.messages import addresses
from edgecv.messages import camera as messages
from edgecv.messages.message import Message

Kind = Literal["login", "unreachable"]
_LOOK_S = 2.0
_REFUSALS = ("401", "403", "unauthor")


def wrong_address(address: str, shown: str) -> Message | None:
    """What is wrong with an address before anything is opened; None where nothing is.

    Args:
        address: the camera's.
        shown: the same without secrets.
    """
    fault = address_fault(address)
    if fault is None and is_recorded(address) and lacks_scheme(address) and not Path(address).exists():
        fault = addresses.NO_SCHEME()
    return None if fault is None else messages.ADDRESS_WRONG(source=shown, why=fault)


def open_failure(address: str, shown: str, has_login: bool, error: BaseException) -> tuple[Message, Kind]:
    """Why it cannot be opened, and of which kind that is.

    Args:
        address: the camera's, without a fault.
        shown: the same without secrets.
        has_login: whether user and password were given.
        error: what was raised.
    """
    reason = "no answer" if isinstance(error, (TimeoutError, av.error.ExitError)) else system_error(error)
    if any(word in reason.lower() for word in _REFUSALS):
        refuses = messages.REFUSES_LOGIN if has_login else messages.ASKS_FOR_LOGIN
        return refuses(source=shown), "login"
    if is_recorded(address):
        missing = isinstance(error, FileNotFoundError)
        return messages.NO_FILE(source=shown) if missing else messages.FILE_NOT_OPENED(source=shown, why=reason), (
            "unreachable"
        )
    if is_device(address):
        return messages.NOT_OPENED(source=shown, why=reason), "unreachable"
    return _of_network(address, shown, reason, error), "unreachable"


def system_error(error: BaseException) -> str:
    """The system's words only: the whole message of FFmpeg's errors holds the address, and that the password."""
    text = getattr(error, "strerror", None)
    return str(text) if text else type(error).__name__


def _of_network(address: str, shown: str, reason: str, error: BaseException) -> Message:
    host, port = place_of(address)
    number = getattr(error, "errno", None)
    if number == errno.ECONNREFUSED:
        return messages.NOTHING_LISTENS(source=shown, why=reason, port=port)
    if isinstance(error, HTTPServerError) or re.search(r"\b5\d\d\b", reason):
        return messages.BUSY(source=shown, why=reason)
    if isinstance(error, HTTPClientError):
        return messages.NO_SUCH_STREAM(source=shown, why=reason)
    if number == errno.EPROTONOSUPPORT:
        return messages.OTHER_TRANSPORT(source=shown)
    try:
        other = _other_listener(shown, address.partition("://")[0], port, _first_words(host, port))
    except (socket.gaierror, UnicodeError):
        other = messages.UNKNOWN_NAME(source=shown, host=host.encode(errors="replace").decode())
    except OSError:
        other = None
    return other or messages.NOT_OPENED(source=shown, why=reason)


def _other_listener(shown: str, scheme: str, port: int, said: bytes) -> Message | None:
    """Who listens at the port in place of what the scheme names, by the first words; None where nothing tells."""
    protocol = other = None
    if said.startswith(b"RTSP/") and scheme != "rtsp":
        protocol, other = "RTSP", "rtsp"
    elif said[:1] == b"\x15" and scheme in {"rtsp", "http"}:  # an alert of TLS
        protocol, other = "TLS", f"{scheme}s"
    elif said.startswith((b"HTTP/", b"<")):
        if scheme.startswith("rtsp"):
            return messages.WEB_SERVER(source=shown, port=port)
        protocol, other = ("HTTP", "http") if scheme == "https" else (None, None)
    if protocol is None or other is None:
        return None
    return messages.OTHER_PROTOCOL(source=shown, port=port, protocol=protocol, scheme=other)


def _first_words(host: str, port: int) -> bytes:
    """What whoever listens there answers to a request of RTSP; nothing where it keeps silent."""
    with socket.create_connection((host, port), _LOOK_S) as connection:
        try:
            connection.settimeout(_LOOK_S)
            connection.sendall(b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
            return connection.recv(64)
        except OSError:
            return b""
