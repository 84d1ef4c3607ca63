"""What to open of a camera and how, and why it cannot be opened."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote

from edgecv.config.addresses import redacted_address
from edgecv.config.camera_address import meant_address
from edgecv.config.known_secrets import hide_secrets
from edgecv.config.stream_address import is_recorded
from edgecv.errors import EdgecvError
from edgecv.messages import mapped


class StreamError(EdgecvError):
    """A stream cannot be opened or has broken off.

    Attributes:
        kind: ``login`` where the camera refuses user and password, ``unreachable``, ``silent``, ``ended``, ``damaged``.
    """

    def __init__(self, message: str, kind: Literal["login", "unreachable", "silent", "ended", "damaged"]) -> None:
        super().__init__(mapped(message, hide_secrets))  # FFmpeg's texts hold whole addresses
        self.kind = kind


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """What to open and how.

    Attributes:
        address: an rtsp:// or http:// address, a file, or a device.
        transport: of RTSP.
        user: the camera's user, or None.
        password: never shown.
        decoding: software, or the hardware to try first.
        size_px: width and height to ask a device for, or None.
        fps: frames a second to ask a device for, or None.
    """

    address: str
    transport: Literal["tcp", "udp"] = "tcp"
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    decoding: Literal["software", "vaapi", "v4l2m2m", "cuda"] = "software"
    size_px: tuple[int, int] | None = None
    fps: float | None = None

    @property
    def is_file(self) -> bool:
        """Whether it is recorded video, that has an end and whose every picture counts."""
        return is_recorded(self.address)

    @property
    def shown(self) -> str:
        """The address without user and password."""
        return self.address if self.is_file else hide_secrets(redacted_address(self.address))

    def address_with_login(self) -> str:
        """The address with user and password: for FFmpeg only."""
        address = meant_address(self.address)
        scheme, separator, rest = address.partition("://")
        if self.user is None or not separator:
            return address
        # by hand: urlsplit refuses hosts that it cannot read, and what cannot be reached is for FFmpeg to say
        path_at = min((at for mark in "/?#" if (at := rest.find(mark)) >= 0), default=len(rest))
        host, path = rest[:path_at].rpartition("@")[2], rest[path_at:]
        user, password = (quote(text or "", safe="", errors="replace") for text in (self.user, self.password))
        return f"{scheme}://{user}:{password}@{host}{path}"
